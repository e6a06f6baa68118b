"""One new work item: each field arrives as typed, an empty one is not sent, and it is created once whatever breaks."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import connections
from accounts.models import ApiKey, Person
from console.audit import reconciliation, record
from console.audit.models import Entry
from console.emulator.sample import FIRST_BATCH
from console.emulator.server import Running
from console.items.console_ids import KEY, console_id_of
from console.items.create_form import NewItemForm
from console.items.item_fields import new_work_item
from tests import concurrent_requests
from tests.items.item_helpers import COINS
from tests.rewriting_proxy import rewriting
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]

ITEMS = f"/projects/{COINS}/items/"
NEW = f"{ITEMS}new/"
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
WORN = FIRST_BATCH["coins"] + 1


def form(**fields: Any) -> dict[str, Any]:
    lines = {"base": "{}", "key": [""], "value": [""], "kind": ["text"]}
    return {"act_id": str(uuid.uuid4()), "asset_url": "raw/a.jpg", "asset_type": "image", **lines, **fields}


def create(client: Client, **fields: Any) -> Any:
    return client.post(NEW, form(**fields))


def bodies(emulator: Running) -> list[dict[str, Any]]:
    requests = emulator.requests("cloudfactory")
    return [one["body"] for one in requests if one["method"] == "POST" and one["path"].endswith("/workItems")]


def body(emulator: Running) -> dict[str, Any]:
    """What was sent, without our id."""
    (only_body,) = bodies(emulator)
    metadata = {name: value for name, value in only_body["metadata"].items() if name != KEY}
    return {**only_body, "metadata": metadata}


def opening() -> Entry:
    return Entry.objects.get(action="item.create", kind="opening")


def test_the_least_that_is_needed_is_all_that_is_sent(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = create(client)
    assert response.status_code == 302
    assert body(emulator) == {"assetUrl": "raw/a.jpg", "assetType": "image", "metadata": {}}
    entry = opening()
    assert (entry.outcome, entry.thing_name) == ("done", "a.jpg")
    assert response["Location"] == f"{ITEMS}{entry.result_id}/"
    page = client.get(response["Location"])
    assert "The work item “a.jpg” was created in the batch “Default”." in text_of(page)
    assert str(entry.pk) not in page.content.decode().partition("</main>")[0].partition("item-facts")[2]


def test_the_item_carries_the_id_of_its_entry(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    create(client_as(alice))
    entry = opening()
    (item,) = connections.cloudfactory(alice).list_work_items(COINS, ids=[entry.result_id]).items
    assert console_id_of(item) == entry.pk


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"asset_url": "https://media.example/a%20b.jpg?x=1"}, {"assetUrl": "https://media.example/a%20b.jpg?x=1"}),
        ({"asset_url": "", "asset_id": "9223372036854775807"}, {"assetId": 2**63 - 1}),
        ({"asset_type": "video"}, {"assetType": "video"}),
        ({"batch": str(WORN)}, {"batchId": WORN}),
        ({"results_url": "https://results.example/1.json"}, {"resultsUrl": "https://results.example/1.json"}),
        (
            {"taxonomy_version_id": "5F0C2C1E-7D3A-4B57-9D2E-0A6D1F6B7C10"},
            {"taxonomyVersionId": "5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10"},
        ),
        ({"due_in_days": "30"}, {"dueInSeconds": 2_592_000}),
        ({"due_in_days": "1"}, {"dueInSeconds": 86_400}),
        ({"difficulty": "0"}, {"difficulty": 0}),
        ({"difficulty": "100"}, {"difficulty": 100}),
        ({"labels": '[{"label": "coin", "box": [1, 2.5]}]'}, {"labels": [{"label": "coin", "box": [1, 2.5]}]}),
        (
            {
                "key": ["site", "n", "wet", "deep", ""],
                "value": ["Naples", "1.5", "yes", '{"a": [1]}', ""],
                "kind": ["text", "number", "yes-no", "data", "text"],
            },
            {"metadata": {"site": "Naples", "n": 1.5, "wet": True, "deep": {"a": [1]}}},
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_each_field_arrives_as_typed_and_nothing_else_does(
    alice: Person, client_as: ClientAs, emulator: Running, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert create(client_as(alice), **fields).status_code == 302
    least = {"assetUrl": "raw/a.jpg", "assetType": "image", "metadata": {}}
    if "assetId" in expected:
        del least["assetUrl"]
    assert body(emulator) == {**least, **expected}


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as moment:
        yield moment


@pytest.mark.parametrize(
    ("due_at", "seconds"),
    [
        ("3 Nov 2026, 12:01", 60),
        ("3 Nov 2026", 12 * 3600),
        ("4 Nov 2026, 12:00", 86_400),
        ("2026-12-03 12:00", 2_592_000),
    ],
)
def test_a_date_is_sent_as_seconds_from_now(
    alice: Person, client_as: ClientAs, emulator: Running, clock: Any, due_at: str, seconds: int
) -> None:
    assert create(client_as(alice), due_at=due_at).status_code == 302
    assert body(emulator)["dueInSeconds"] == seconds


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"asset_url": ""}, "Enter the address of the asset, or its id."),
        ({"asset_id": "5"}, "not both"),
        ({"asset_url": "javascript:alert(1)"}, "https:// or s3://"),
        ({"asset_url": "../a.jpg"}, "not a path inside the space"),
        ({"asset_url": "", "asset_id": "1.5"}, "whole number"),
        ({"asset_type": "lidar"}, "Enter image or video."),
        ({"batch": "7"}, "Choose a batch of this project."),
        ({"batch": "x" * 500}, "Choose a batch of this project."),
        ({"results_url": "raw/a.json"}, "https://"),
        ({"taxonomy_version_id": "urn:uuid:1"}, "Enter a UUID"),
        ({"due_in_days": "31"}, "from 1 to 30"),
        ({"due_in_days": "0"}, "from 1 to 30"),
        ({"due_in_days": "1.5"}, "from 1 to 30"),
        ({"due_at": "4 Nov 2026", "due_in_days": "3"}, "not both"),
        ({"due_at": "2 Nov 2026"}, "has passed"),
        ({"due_at": "3 Dec 2026, 12:01"}, "at most 30 days"),
        ({"due_at": "31 Feb 2027"}, "no such day"),
        ({"due_at": "tomorrow"}, "Write the day like this"),
        ({"due_at": "1 Jan 9999"}, "between 2000 and 2100"),
        ({"difficulty": "101"}, "from 0 to 100"),
        ({"labels": "{}"}, "list of objects"),
        ({"labels": '[{"a": NaN}]'}, "NaN"),
        ({"labels": '[{"a": 1'}, "Line 1, column"),
        ({"labels": "[" * 3_000}, "more than 100 levels deep"),
        ({"labels": "[" + " " * 500_001 + "]"}, "At most 500,000 characters"),
        ({"key": [KEY], "value": ["x"], "kind": ["text"]}, "Use another name"),
        ({"key": ["a", "a"], "value": ["1", "2"], "kind": ["text", "text"]}, "twice"),
        ({"key": ["a"], "value": ["x"], "kind": ["number"]}, "not a number"),
        ({"base": ""}, "lost on the way"),
        ({"act_id": "nonsense"}, "Open this page again."),
    ],
)
def test_what_is_out_of_bounds_is_said_and_nothing_is_sent(
    alice: Person, client_as: ClientAs, emulator: Running, clock: Any, fields: dict[str, Any], message: str
) -> None:
    response = create(client_as(alice), **{"difficulty": "37"} | fields)
    assert response.status_code == 422
    assert message in text_of(response)
    assert bodies(emulator) == []
    assert not Entry.objects.filter(action="item.create").exists()
    if "difficulty" not in fields:
        assert 'value="37"' in response.content.decode(), "what was typed is still there"


FORM_FIELDS = st.dictionaries(
    st.sampled_from([name for name in NewItemForm.base_fields if name != "act_id"]), st.text()
)


@given(FORM_FIELDS)
@settings(deadline=None)
def test_no_text_breaks_the_form(fields: dict[str, str]) -> None:
    checked = NewItemForm(fields, batches=[("101", "One")], are_all=True)
    assert checked.is_valid() == (not checked.errors)
    assert str(checked)


@pytest.mark.parametrize("batch", ["", str(WORN), "7"], ids=["none", "known", "strange"])
def test_the_batch_one_comes_from_is_chosen(alice: Person, client_as: ClientAs, emulator: Running, batch: str) -> None:
    page = client_as(alice).get(NEW, {"batch": batch}).content.decode()
    selected = re.findall(
        r'<option value="(\d*)" selected', page.partition('name="batch"')[2].partition("</select>")[0]
    )
    assert selected == [batch if batch == str(WORN) else ""]
    assert ">Default</option>" in page
    assert ">Worn edges</option>" in page


def test_batches_that_cannot_be_read_leave_default_and_the_one_asked_for(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    emulator.fault("cloudfactory", "403", method="GET", path="/batches", times=0)
    page = client.get(NEW, {"batch": str(WORN)})
    assert "The batches couldn’t be read" in text_of(page)
    assert f'<option value="{WORN}" selected>Batch {WORN}</option>' in page.content.decode()
    assert create(client, batch=str(WORN)).status_code == 302
    assert body(emulator)["batchId"] == WORN


def test_a_duplicate_submission_gets_the_first_result(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, data = client_as(alice), form()
    answers = [client.post(NEW, data) for _ in range(3)]
    assert len({answer["Location"] for answer in answers}) == 1
    assert len(bodies(emulator)) == 1


def test_a_refusal_is_said_with_the_words_of_cloudfactory(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    emulator.fault("cloudfactory", "409", method="POST", path="/workItems$")
    response = create(client_as(alice))
    assert response.status_code == 422
    assert "CloudFactory refused this: The status has changed meanwhile." in text_of(response)
    assert 'value="raw/a.jpg"' in response.content.decode()
    assert opening().outcome == "failed"


@pytest.mark.parametrize("fault", ["drop-after", "garbage", "empty", "truncated"])
def test_an_unclear_answer_is_resolved_by_our_id(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    client, data = client_as(alice), form(batch=str(WORN))
    emulator.fault("cloudfactory", fault, method="POST", path="/workItems$")
    response = client.post(NEW, data)
    assert "We don't know whether the work item “a.jpg” was created." in text_of(response)
    assert f'name="act_id" value="{data["act_id"]}"' in response.content.decode(), "pressing again sends nothing"
    client.post(NEW, data)
    assert len(bodies(emulator)) == 1
    assert "We don't know whether" in text_of(client.get(NEW))
    client.post(f"/audit/{opening().pk}/settle/", {"next": NEW})
    entry = opening()
    assert entry.outcome == "done"
    (item,) = connections.cloudfactory(alice).list_work_items(COINS, ids=[entry.result_id]).items
    assert console_id_of(item) == entry.pk
    assert "We don't know whether" not in text_of(client.get(NEW))
    assert client.post(NEW, data)["Location"] == f"{ITEMS}{entry.result_id}/"
    assert len(bodies(emulator)) == 1


@pytest.mark.parametrize("carried", ["11111111-1111-4111-8111-111111111111", 7, "../x"])
def test_an_answer_about_another_item_is_not_taken_for_ours(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any, carried: Any
) -> None:
    client, other = client_as(alice), "22222222-2222-4222-8222-222222222222"
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        vendor.rewrite("POST", "/workItems$", lambda item: {**item, "id": other, "metadata": {KEY: carried}})
        assert "We don't know whether the work item “a.jpg” was created." in text_of(create(client))
    client.post(f"/audit/{opening().pk}/settle/", {"next": NEW})
    entry = opening()
    assert entry.outcome == "done"
    assert entry.result_id != other
    assert len(bodies(emulator)) == 1


def test_what_was_never_created_is_not_found_and_can_be_sent_again(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.AUDIT_SETTLE_SPAN = 0
    client, data = client_as(alice), form()
    emulator.fault("cloudfactory", "502", method="POST", path="/workItems$")
    client.post(NEW, data)
    statuses = [reconciliation.look(opening()).status for _ in range(3)]
    assert statuses == ["checking", "checking", "not found"]
    assert "a second one may result" in text_of(client.get(NEW))
    assert len(bodies(emulator)) == 1


def test_a_cut_list_does_not_say_that_nothing_was_created(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.AUDIT_SETTLE_SPAN = 0
    emulator.fault("cloudfactory", "502", method="POST", path="/workItems$")
    create(client_as(alice))
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        vendor.speak("GET", r"/workItems\?", lambda query: {"items": [], "meta": {"cursorNext": {"odd": 1}}})
        assert {reconciliation.look(opening()).status for _ in range(4)} == {"checking"}


def test_an_answer_about_another_item_is_no_answer(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        other = {"id": str(uuid.uuid4()), "metadata": {KEY: str(uuid.uuid4())}}
        vendor.rewrite("POST", "/workItems$", lambda answer: {**answer, **other})
        create(client_as(alice))
    assert opening().outcome == "unknown"
    reconciliation.look(opening())
    entry = opening()
    assert entry.outcome == "done"
    assert entry.result_id != other["id"]


def test_a_silent_vendor_loses_nothing_that_was_typed(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.fault("cloudfactory", "503", method="POST", path="/workItems$")
    lines = {"key": ["site"], "value": ["Naples"], "kind": ["text"]}
    page = create(client_as(alice), labels='[{"a": 1}]', due_in_days="3", **lines).content.decode()
    for text in ("raw/a.jpg", "Naples", "[{&quot;a&quot;: 1}]", 'value="3"'):
        assert text in page


def test_a_link_of_a_signed_address_is_not_in_the_audit(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    create(client_as(alice), asset_url="https://media.example/a.jpg?X-Amz-Signature=secret")
    rows = Entry.objects.filter(action__startswith="item.")
    assert all("secret" not in f"{row.thing_name} {row.detail}" for row in rows)


def test_others_see_no_button_and_create_nothing(
    bob: Person, dana: Person, client_as: ClientAs, emulator: Running
) -> None:
    for person in (bob, dana):
        client = client_as(person)
        assert client.get(NEW).status_code == 403
        assert create(client).status_code == 403
        for page in (ITEMS, f"/projects/{COINS}/", f"/projects/{COINS}/batches/{WORN}/"):
            assert "/items/new/" not in client.get(page).content.decode()
    assert bodies(emulator) == []


def test_the_batch_stays_chosen_where_the_key_was_removed_meanwhile(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    ApiKey.objects.filter(person=alice, vendor="cloudfactory").delete()
    page = create(client_as(alice), batch=str(WORN))
    assert f'<option value="{WORN}" selected>Batch {WORN}</option>' in page.content.decode()
    assert "CloudFactory key" in text_of(page)
    assert "Choose a batch of this project" not in text_of(page)
    assert bodies(emulator) == []


def test_it_is_reached_from_the_table_the_batch_and_the_project(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    for page, address in (
        (ITEMS, NEW),
        (f"/projects/{COINS}/", NEW),
        (f"/projects/{COINS}/batches/{WORN}/", f"{NEW}?batch={WORN}"),
    ):
        assert f'href="{address}"' in client.get(page).content.decode()


def test_a_project_of_another_space_is_not_there(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    absent = f"/projects/{uuid.uuid4()}/items/new/"
    assert client_as(alice).get(absent).status_code == 404
    response = client_as(alice).post(absent, form())
    assert response.status_code in (404, 422)
    assert all(urlsplit(one["path"]).path != absent for one in emulator.requests("cloudfactory"))
    assert not Entry.objects.filter(action="item.create").standing("done").exists()


def test_anothers_id_of_a_form_sends_nothing(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    data = form()
    client_as(alice).post(NEW, data)
    response = client_as(erin).post(NEW, data)
    assert "can no longer be used" in text_of(response)
    assert len(bodies(emulator)) == 1


def test_the_sentence_names_the_item_and_leads_to_it(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    create(client)
    page = client.get("/audit/")
    assert "created the work item a.jpg" in text_of(page).replace("“", "").replace("”", "")
    assert f"{ITEMS}{opening().result_id}/" in page.content.decode()


def test_the_due_date_on_the_page_is_the_one_that_was_chosen(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    due = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=3)
    create(client_as(alice), due_at=f"{due.day} {due:%b %Y, %H:%M}")
    (item,) = connections.cloudfactory(alice).list_work_items(COINS, ids=[opening().result_id]).items
    assert item.due_at is not None
    assert abs(item.due_at - due) < timedelta(seconds=5)


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_create_one_item(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    answers = concurrent_requests.press(lambda: client_as(alice), NEW, form(), {})
    assert len(bodies(emulator)) == 1
    ((status, address, _),) = concurrent_requests.answers(answers)
    assert (status, address) == (302, f"{ITEMS}{opening().result_id}/")


def test_a_process_that_was_killed_after_the_call_is_found_out(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    """The entry stands open, as a kill leaves it, and CloudFactory has the item."""
    act = record.audited_call(
        actor=alice,
        action="item.create",
        thing_kind="item",
        thing_name="a.jpg",
        vendor="cloudfactory",
        detail={"project_id": COINS, "batch_id": None, "batch": "Default"},
    )
    act.__enter__()
    new = new_work_item({"asset_url": "raw/a.jpg", "asset_type": "image"}, batch_id=None, console_id=act.id)
    created = connections.cloudfactory(alice).create_work_item(COINS, new, request_id=str(act.id))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)):
        reconciliation.mark_cut_off()
        assert reconciliation.look(Entry.objects.get(pk=act.id)).status == "done"
    assert opening().result_id == created.id


def test_as_many_labels_as_the_form_takes_arrive(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    label = '{"é写": "%s"}' % ("写" * 450_000)
    assert create(client_as(alice), labels=f"[{label}]").status_code == 302
    assert bodies(emulator)[0] is not None


def test_labels_that_went_along_are_said_where_more_are_added(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    with_labels = create(client, labels='[{"a": 1}, {"a": 2}]')["Location"]
    page = text_of(client.get(f"{with_labels}ground-truth/"))
    assert "This item may have labels already." in page
    assert "You sent 2 labels along when it was created" in page
    without = create(client)["Location"]
    assert "may have labels already" not in text_of(client.get(f"{without}ground-truth/"))
