"""The plan of a slice that is sent to a batch: both lists are read, page by page, and nothing is created."""

import html
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.emulator.server import Running
from console.items import console_ids
from console.items.imports import slice_reader
from console.items.models import Import, ImportRow
from console.jobs import worker
from console.jobs.models import Operation, Part
from tests.items.decision_helpers import PROJECT
from tests.items.slice_helpers import (
    create_items,
    create_plan,
    figures,
    form_data,
    form_url,
    make_batch,
    make_slice,
    page_url,
    read_plans,
    send,
)
from tests.rewriting_proxy import Query, Vendor, rewriting
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]
State, Outcome = Import.State, ImportRow.Outcome


@pytest.fixture
def avala(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "avala") as vendor:
        yield vendor


def plain_item(name: str) -> dict[str, Any]:
    return {"uid": str(uuid.uuid4()), "key": name, "url": f"https://pictures.example/{name}"}


def say_pages(avala: Vendor, *pages: list[dict[str, Any]]) -> None:
    """The slice, page by page."""

    def say(query: Query) -> Any:
        place = int(query.get("cursor", ["0"])[0])
        following = f"http://avala/?cursor={place + 1}" if place + 1 < len(pages) else None
        return {"next": following, "previous": None, "results": pages[place]}

    avala.speak("GET", "/items/list/", say)


def say_items(avala: Vendor, items: list[dict[str, Any]]) -> None:
    """The whole slice, on one page."""
    avala.speak("GET", "/items/list/", lambda query: {"next": None, "previous": None, "results": items})


def paths_of_writes(emulator: Running) -> list[str]:
    requests = emulator.requests("cloudfactory")
    return [one["path"] for one in requests if one["method"] == "POST" and "signedurls" not in one["path"]]


def test_a_plan_has_a_row_for_each_item_with_its_source(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    source, batch = make_slice(alice, emulator, "Thirty"), make_batch(alice)
    emulator.forget_requests()
    import_run = create_plan(client_as(alice), source, batch)
    assert (import_run.state, figures(import_run), import_run.planned_count) == (State.READY, (30, 0, 0), 30)
    items = connections.avala(alice).list_slice_items(*source.address or ("", ""), limit=100).items
    row, item = import_run.rows.first(), items[0]
    assert row is not None
    assert row.name == item.key
    assert row.fields["metadata"] == {
        console_ids.SLICE: "/".join(source.address or ()),
        console_ids.DATASET: item.extra["dataset"],
        console_ids.SLICE_ITEM: item.uid,
        console_ids.ASSET_KEY: item.key,
    }
    assert row.fields["asset_type"] == "image"
    assert paths_of_writes(emulator) == [], "a plan only reads"


def test_no_signed_link_is_stored_anywhere(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    import_run = create_plan(client_as(alice), make_slice(alice, emulator, "Signed"), make_batch(alice))
    assert import_run.plan["signed"] == 30
    assert not [row for row in import_run.rows.all() if "asset_url" in row.fields]
    assert "signature" not in repr(list(import_run.rows.values())) + repr(list(Operation.objects.values()))


def test_what_the_batch_holds_already_is_left_out_for_everybody(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, batch = make_slice(alice, emulator, "Twelve there"), make_batch(alice)
    create_items(alice, create_plan(client_as(alice), source, batch), 12)
    for person in (alice, erin):
        import_run = create_plan(client_as(person), source, batch)
        assert figures(import_run) == (18, 12, 0)
    create_items(alice, import_run, 18)
    nothing_left = create_plan(client_as(erin), source, batch)
    assert figures(nothing_left) == (0, 30, 0)
    assert "links that expire" in text_of(client_as(erin).get(page_url(import_run)))
    assert "links that expire" not in text_of(client_as(erin).get(page_url(nothing_left)))
    assert figures(create_plan(client_as(erin), source, make_batch(alice, "Another"))) == (30, 0, 0), "another batch"


def test_what_the_batch_holds_under_an_odd_id_is_there_all_the_same(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    source, batch = make_slice(alice, emulator, "Odd", 3), make_batch(alice)
    create_items(alice, create_plan(client_as(alice), source, batch), 2)
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        vendor.rewrite("GET", r"/workItems\?", with_odd_ids)
        import_run = create_plan(client_as(alice), source, batch)
    assert (import_run.state, figures(import_run)) == (State.READY, (1, 2, 0))
    assert client_as(alice).get(page_url(import_run)).status_code == 200


def with_odd_ids(page: dict[str, Any]) -> dict[str, Any]:
    return {**page, "items": [{**item, "id": f"odd {place}"} for place, item in enumerate(page["items"])]}


def test_a_slice_of_more_than_a_page_is_read_to_its_end(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor
) -> None:
    source, batch = make_slice(alice, emulator, "Long", 3), make_batch(alice)
    items = [plain_item(f"{number:03}.jpg") for number in range(230)]
    say_pages(avala, items[:100], items[100:200], items[200:])
    create_items(alice, create_plan(client_as(alice), source, batch), 225)
    import_run = create_plan(client_as(alice), source, batch)
    assert figures(import_run) == (5, 225, 0)
    assert list(import_run.rows.values_list("number", flat=True)) == list(range(1, 231))


def test_a_list_that_goes_round_is_no_plan(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor
) -> None:
    source, batch = make_slice(alice, emulator, "Round", 3), make_batch(alice)
    item = plain_item("a.jpg")
    avala.speak("GET", "/items/list/", lambda query: {"next": "http://x/?cursor=same", "results": [item]})
    import_run = create_plan(client_as(alice), source, batch)
    assert (import_run.state, import_run.message) == (State.NOT_READ, slice_reader.ENDLESS_SLICE)


def test_items_without_a_usable_link_are_named_with_the_reason(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor
) -> None:
    source, batch = make_slice(alice, emulator, "Odd links"), make_batch(alice)
    links = {
        "none.jpg": None,
        "script.jpg": "javascript:alert(1)",
        "data.jpg": "data:image/png;base64,AA",
        "path.jpg": "folder/picture.jpg",
        "login.jpg": "https://user:pass@example.com/a.jpg",
        "cloud.pcd": "https://example.com/cloud.pcd",
        "fine.jpg": "https://example.com/fine.jpg",
        "drive.mp4": "https://example.com/drive",
    }
    say_items(avala, [{"uid": str(uuid.uuid4()), "key": key, "url": url} for key, url in links.items()])
    import_run = create_plan(client_as(alice), source, batch)
    assert figures(import_run) == (2, 0, 6)
    fine = {row.name: row.fields for row in import_run.rows.filter(outcome=Outcome.NONE)}
    assert fine["fine.jpg"]["asset_url"] == "https://example.com/fine.jpg"
    assert fine["drive.mp4"]["asset_type"] == "video"
    for row in import_run.rows.filter(outcome=Outcome.INVALID):
        assert [column for column, _ in row.errors] == ["url"]
        assert all(message for _, message in row.errors)


def test_an_item_that_the_slice_repeats_is_sent_once(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor
) -> None:
    source, batch = make_slice(alice, emulator, "Twice"), make_batch(alice)
    one, other = plain_item("a.jpg"), plain_item("b.jpg")
    say_pages(avala, [one, other], [one, {**plain_item("c.jpg"), "uid": "no id"}])
    import_run = create_plan(client_as(alice), source, batch)
    assert figures(import_run) == (2, 0, 0)
    assert (import_run.plan["repeated"], import_run.plan["left_out"]) == (1, 1)
    assert len(import_run.plan["notes"]) == len(import_run.plan["warnings"]) == 1


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"status": "pending", "item_count": 0}, slice_reader.BUILDING),
        ({"status": "failed"}, slice_reader.FAILED),
        ({"item_count": 0}, slice_reader.EMPTY),
    ],
)
def test_a_slice_that_cannot_be_sent_is_one_sentence(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor, message: dict[str, Any], words: str
) -> None:
    source, client = make_slice(alice, emulator, "Unfit", 3), client_as(alice)
    data = form_data(name="Never made")
    avala.rewrite("GET", rf"/{source.slug}/$", lambda answer: {**answer, **message})
    emulator.forget_requests()
    assert words in text_of(client.get(form_url(source)))
    answer = client.post(form_url(source), data)
    assert (answer.status_code, words in text_of(answer)) == (422, True)
    assert (paths_of_writes(emulator), Import.objects.count()) == ([], 0)


def test_a_slice_that_turned_out_unfit_behind_the_form_is_said_by_its_plan(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor
) -> None:
    source, batch = make_slice(alice, emulator, "Unfit later", 3), make_batch(alice)
    assert send(client_as(alice), source, batch=str(batch)).status_code == 302
    say_items(avala, [])
    read_plans()
    import_run = Import.objects.get()
    assert (import_run.state, import_run.message) == (State.NOT_READ, slice_reader.EMPTY)
    avala.answer("GET", rf"/{source.slug}/$", b'{"detail": "Not found."}', 404)
    client_as(alice).post(f"{page_url(import_run)}read-again/")
    read_plans()
    import_run.refresh_from_db()
    assert (import_run.state, import_run.message) == (State.NOT_READ, slice_reader.NO_SLICE)


def test_a_slice_that_fails_to_answer_is_asked_again_and_then_said(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, batch = make_slice(alice, emulator, "Silent"), make_batch(alice)
    assert send(client_as(alice), source, batch=str(batch)).status_code == 302
    emulator.fault("avala", "503", path="/items/list/", times=0)
    operation = Operation.objects.get(kind="items.import_read")
    worker.perform(operation.pk)
    import_run = Import.objects.get()
    assert (import_run.state, import_run.message != "") == (State.READING, True)
    Part.objects.update(started_at=timezone.now() - timedelta(hours=1))
    Operation.objects.update(created_at=timezone.now() - timedelta(hours=1), due_at=timezone.now())
    worker.perform(operation.pk)
    import_run.refresh_from_db()
    assert import_run.state == State.NOT_READ
    emulator.clear_faults()
    client_as(alice).post(f"{page_url(import_run)}read-again/")
    read_plans()
    import_run.refresh_from_db()
    assert (import_run.state, figures(import_run)) == (State.READY, (30, 0, 0))


def test_a_stop_ends_the_reading_and_it_can_be_read_again(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, batch = make_slice(alice, emulator, "Stopped"), make_batch(alice)
    send(client_as(alice), source, batch=str(batch))
    import_run = Import.objects.get()
    page = client_as(alice).get(page_url(import_run)).content.decode()
    assert f'action="{page_url(import_run)}stop/"' in page
    assert client_as(alice).post(f"{page_url(import_run)}stop/").status_code == 302
    read_plans()
    import_run.refresh_from_db()
    assert import_run.state == State.NOT_READ
    client_as(alice).post(f"{page_url(import_run)}read-again/")
    read_plans()
    import_run.refresh_from_db()
    assert (import_run.state, figures(import_run)) == (State.READY, (30, 0, 0))


def test_another_persons_plan_is_not_read_again(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    import_run = create_plan(client_as(alice), make_slice(alice, emulator, "Hers", 3), make_batch(alice))
    assert client_as(erin).post(f"{page_url(import_run)}read-again/").status_code == 404


def test_a_new_batch_is_created_once_however_often_the_form_is_sent(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, client = make_slice(alice, emulator, "New batch", 3), client_as(alice)
    emulator.forget_requests()
    data = form_data(name="Fresh from the slice")
    first, second = client.post(form_url(source), data), client.post(form_url(source), data)
    assert first["Location"] == second["Location"]
    assert len(paths_of_writes(emulator)) == 1
    read_plans()
    assert (Import.objects.get().batch_name, figures(Import.objects.get())) == ("Fresh from the slice", (3, 0, 0))


def test_a_name_that_is_taken_is_said_at_the_name(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    source = make_slice(alice, emulator, "Taken", 3)
    make_batch(alice, "Night rides")
    answer = send(client_as(alice), source, name="Night rides")
    assert answer.status_code == 422
    assert "already has a batch with this name" in text_of(answer)
    assert 'value="Night rides"' in answer.content.decode()
    assert not Import.objects.exists()


@pytest.mark.parametrize("more", [{"batch": "999999"}, {"batch": "x"}, {"batch": ""}, {"name": "\x00"}, {"name": " "}])
def test_what_cannot_be_a_batch_is_refused_at_its_field(
    alice: Person, client_as: ClientAs, emulator: Running, more: dict[str, str]
) -> None:
    source = make_slice(alice, emulator, "Refused", 3)
    emulator.forget_requests()
    answer = send(client_as(alice), source, **more)
    assert answer.status_code == 422
    assert (paths_of_writes(emulator), Import.objects.count()) == ([], 0)
    assert 'aria-invalid="true"' in answer.content.decode()


def test_a_form_whose_id_belongs_to_another_plan_is_refused(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, batch = make_slice(alice, emulator, "Foreign", 3), make_batch(alice)
    import_run = create_plan(client_as(alice), source, batch)
    answer = send(client_as(erin), source, batch=str(batch), import_id=str(import_run.pk))
    assert answer.status_code == 409
    assert Import.objects.count() == 1


def test_a_reviewer_cannot_send_a_slice(alice: Person, bob: Person, client_as: ClientAs, emulator: Running) -> None:
    source = make_slice(alice, emulator, "Not his", 3)
    assert client_as(bob).get(form_url(source)).status_code == 403
    assert "Send to a batch" not in client_as(bob).get(f"/slices/{'/'.join(source.address or ())}/").content.decode()


def test_the_slices_page_leads_to_the_projects_and_these_to_the_form(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, client = make_slice(alice, emulator, "The way", 3), client_as(alice)
    here = f"/slices/{'/'.join(source.address or ())}/"
    assert f'href="{here}projects/"' in client.get(here).content.decode()
    assert f'href="/projects/{PROJECT}/items/from-slice/' in client.get(f"{here}projects/").content.decode()


def test_from_the_batch_a_slice_is_chosen_and_the_batch_with_it(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, batch, client = make_slice(alice, emulator, "From the batch", 3), make_batch(alice), client_as(alice)
    page = client.get(f"/projects/{PROJECT}/batches/{batch}/").content.decode()
    address = html.unescape(re.search(r'href="(/slices/choose/[^"]*)"', page)[1])  # type: ignore[index]
    listed = client.get(f"{address}&owner=northwind").content.decode()
    form = form_url(source)
    assert f'href="{form}?batch={batch}"' in listed
    assert f'<option value="{batch}" selected>' in client.get(f"{form}?batch={batch}").content.decode()
    assert "Send a slice here" not in client_as(bob).get(f"/projects/{PROJECT}/batches/{batch}/").content.decode()


@pytest.mark.parametrize("query", ["", "project=x", f"project={PROJECT}&batch=x&page=x&owner=%00"])
def test_choosing_a_slice_takes_any_address(alice: Person, client_as: ClientAs, emulator: Running, query: str) -> None:
    assert client_as(alice).get(f"/slices/choose/?{query}").status_code == (200 if PROJECT in query else 404)


def test_a_slice_is_the_same_however_its_address_is_spelled(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor
) -> None:
    source, batch, client = make_slice(alice, emulator, "Spelled", 3), make_batch(alice), client_as(alice)
    first = create_plan(client, source, batch)
    described = {
        "uid": source.uid,
        "name": source.name,
        "slug": source.slug,
        "owner_name": "northwind",
        "status": "created",
    }
    avala.speak("GET", rf"/slices/NorthWind/{source.slug}/$", lambda query: described)
    answer = client.post(form_url(source).replace("northwind", "NorthWind"), form_data(batch=str(batch)))
    read_plans()
    second = Import.objects.get(pk=answer["Location"].split("/")[-2])
    assert second.source_key == first.source_key
    assert set(second.rows.values_list("console_id")) == set(first.rows.values_list("console_id"))


def test_an_address_too_long_for_a_slice_is_none(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    url = f"/projects/{PROJECT}/items/from-slice/{'o' * 150}/{'s' * 150}/"
    assert client_as(alice).get(url).status_code == 404


def test_a_key_that_is_a_signed_link_loses_its_signature(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor
) -> None:
    source, batch = make_slice(alice, emulator, "Keys", 3), make_batch(alice)
    key = "https://pictures.example/a.jpg?X-Amz-Signature=abc"
    say_items(avala, [{**plain_item("a.jpg"), "key": key}, {**plain_item("b.jpg"), "key": "what?.jpg"}])
    rows = list(create_plan(client_as(alice), source, batch).rows.values())
    assert [row["name"] for row in rows] == ["https://pictures.example/a.jpg", "what?.jpg"]
    assert "Signature" not in repr(rows)


@pytest.mark.parametrize("key", ["", "x" * 5_000, "\x00\u202e\ud800../../etc", "<script>alert(1)</script>", "=1+1"])
def test_any_key_makes_a_row_and_a_page(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor, key: str
) -> None:
    source, batch = make_slice(alice, emulator, "Any key", 3), make_batch(alice)
    say_items(avala, [{**plain_item("a.jpg"), "key": key}])
    import_run = create_plan(client_as(alice), source, batch)
    assert figures(import_run) == (1, 0, 0)
    page = client_as(alice).get(page_url(import_run))
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_a_new_batch_that_may_have_been_created_is_not_asked_for_again(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, client = make_slice(alice, emulator, "Lost answer", 3), client_as(alice)
    emulator.forget_requests()
    emulator.fault("cloudfactory", "drop-after", method="POST", path="/batches$")
    data = form_data(name="Perhaps created")
    first, second = client.post(form_url(source), data), client.post(form_url(source), data)
    assert (first.status_code >= 500, second.status_code >= 500) == (True, True)
    assert 'value="Perhaps created"' in first.content.decode()
    assert len(paths_of_writes(emulator)) == 1
    assert not Import.objects.exists()


def test_the_plan_of_a_person_who_was_disabled_is_read_no_further(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, batch = make_slice(alice, emulator, "Disabled", 3), make_batch(alice)
    send(client_as(alice), source, batch=str(batch))
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    emulator.forget_requests()
    read_plans()
    assert Import.objects.get().state == State.NOT_READ
    assert emulator.requests("avala") == []


def test_whoever_lost_the_role_reads_no_further(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    source, batch = make_slice(alice, emulator, "Role", 3), make_batch(alice)
    send(client_as(alice), source, batch=str(batch))
    Person.objects.filter(pk=alice.pk).update(role="reviewer")
    emulator.forget_requests()
    read_plans()
    import_run = Import.objects.get()
    assert (import_run.state, import_run.message) == (State.NOT_READ, slice_reader.ROLE_CHANGED)
    assert emulator.requests("avala") == []


def test_a_reading_that_takes_long_still_waits_for_a_vendor_that_is_busy(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    """What counts is how long one page is waited for: 50,000 items take more than that by themselves."""
    source, batch = make_slice(alice, emulator, "Long"), make_batch(alice)
    answer = send(client_as(alice), source, batch=str(batch))
    Operation.objects.update(created_at=timezone.now() - timedelta(hours=1))
    emulator.fault("avala", "429", path="items/list", times=1)
    read_plans()
    assert Import.objects.get(pk=answer["Location"].split("/")[-2]).state == State.READY


def test_nobody_is_asked_for_the_name_of_the_project_while_the_plan_is_stored(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    """A call within the transaction would keep every other writer waiting for as long as it takes."""
    source, batch, client = make_slice(alice, emulator, "Named"), make_batch(alice), client_as(alice)
    client.get(form_url(source))
    cache.clear()
    emulator.fault("cloudfactory", "404", method="GET", path=f"projects/{PROJECT}$", times=0)
    emulator.forget_requests()
    assert send(client, source, batch=str(batch)).status_code == 302
    requests = [one["path"] for one in emulator.requests("cloudfactory")]
    assert len([path for path in requests if path.endswith(f"/projects/{PROJECT}")]) <= 1
