"""One batch: its place, its figures, its name and metadata changed in place, its history."""

import html
import json
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import ARCHIVE, BATCHES, COINS, HTMX, NAPLES_EARLY, OVERLAPPING, SECOND
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]

PAGE = f"{BATCHES}{NAPLES_EARLY}/"


def rename(client: Client, name: str, act_id: str = "", **headers: str) -> Any:
    return client.post(f"{PAGE}name/", {"name": name, "act_id": act_id or str(uuid.uuid4())}, headers=headers)


def lines(*rows: tuple[str, str, str], base: dict[str, Any]) -> dict[str, Any]:
    keys, values, kinds = zip(*rows, strict=True) if rows else ((), (), ())
    return {"act_id": str(uuid.uuid4()), "base": json.dumps(base), "key": keys, "value": values, "kind": kinds}


def describe(client: Client, form: dict[str, Any], **headers: str) -> Any:
    return client.post(f"{PAGE}metadata/", form, headers=headers)


BASE = {"site": "Naples", "shift": "early"}


def test_the_page_says_rank_number_and_metadata(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(alice).get(PAGE))
    assert "Naples, early shift" in text
    assert "2nd of 6" in text
    assert "5 of 14 finished" in text
    assert "CloudFactory offers no way to delete a batch." in text


def test_items_are_counted_by_status_in_words(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(alice).get(f"{PAGE}counts/", headers=HTMX))
    assert "Waiting for review 9" in text
    assert "Completed 5" in text
    assert "CLIENT_REVIEW" not in text


def test_counting_stops_at_ten_calls_and_says_so(
    alice: Person, client_as: ClientAs, emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.items.counts.PAGE", 1)
    text = text_of(client_as(alice).get(f"{PAGE}counts/", headers=HTMX))
    assert "10+ work items" in text
    assert len(emulator.requests("cloudfactory")) == 10


def test_renaming_sends_the_name_alone(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = rename(client, "Night rain", **HTMX)
    assert response.status_code == 200
    assert "Night rain" in text_of(response)
    assert [one["body"] for one in boards.changes(emulator)] == [{"name": "Night rain"}]
    entry = Entry.objects.get(action="batch.rename", kind="opening")
    assert (entry.detail["before"], entry.detail["after"]) == ("Naples, early shift", "Night rain")


def test_the_same_name_is_not_sent_and_not_recorded(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert rename(client_as(alice), "Naples, early shift").status_code == 302
    assert boards.changes(emulator) == []
    assert not Entry.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 10_000])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_bad_name_is_refused_at_the_field(
    alice: Person, client_as: ClientAs, emulator: Running, name: str, headers: dict[str, str]
) -> None:
    response = rename(client_as(alice), name, **headers)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert boards.changes(emulator) == []


def test_a_taken_name_is_said_at_the_field(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    response = rename(client_as(alice), "Worn edges", **HTMX)
    assert response.status_code == 422
    assert "already has a batch with this name" in text_of(response)
    assert 'value="Worn edges"' in response.content.decode()


def test_a_refused_rename_can_be_sent_again(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, act_id = client_as(alice), str(uuid.uuid4())
    emulator.fault("cloudfactory", "403", method="PATCH")
    assert rename(client, "Night rain", act_id, **HTMX).status_code == 403
    again = rename(client, "Night rain", act_id, **HTMX)
    assert "Nothing was changed" in text_of(again)
    fresh = boards.hidden(again.content.decode(), "act_id")
    assert rename(client, "Night rain", fresh, **HTMX).status_code == 200


def test_a_key_that_does_not_allow_it_leads_to_another_key_and_back(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    emulator.fault("cloudfactory", "403", method="PATCH")
    response = rename(client, "Night rain")
    assert "CloudFactory does not allow this with this key." in text_of(response)
    [address] = re.findall(
        r'href="([^"]+)">\s*<svg.{1,300}?</svg>\s*Use another key', response.content.decode(), re.DOTALL
    )
    back = parse_qs(urlsplit(html.unescape(address)).query)["next"][0]
    assert 'value="Night rain"' in client.get(back).content.decode()


def test_who_made_a_batch_is_not_claimed_without_a_record(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    page_text = text_of(client_as(alice).get(PAGE))
    assert "Made by not recorded here" in page_text


def test_only_metadata_that_changed_is_sent_over_what_is_there_now(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    row = emulator.world.batches[COINS].get(NAPLES_EARLY)
    emulator.world.batches[COINS].put({**row, "metadata": {**BASE, "added": {"meanwhile": [1, 2.5, None]}}})
    form = lines(("site", "Naples", "text"), ("shift", "late", "text"), ("trays", "12", "number"), base=BASE)
    assert describe(client, form).status_code == 302
    assert [one["body"] for one in boards.changes(emulator)] == [
        {"metadata": {"site": "Naples", "added": {"meanwhile": [1, 2.5, None]}, "shift": "late", "trays": 12}}
    ]
    entry = Entry.objects.get(action="batch.metadata", kind="opening")
    assert entry.detail["summary"] == "added trays; changed shift"


@pytest.mark.parametrize(
    ("shift", "page_text"), [("late", "The metadata is saved."), ("early", "The metadata is already like this.")]
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_saving_metadata_says_so(
    alice: Person, client_as: ClientAs, emulator: Running, shift: str, page_text: str, headers: dict[str, str]
) -> None:
    client = client_as(alice)
    form = lines(("site", "Naples", "text"), ("shift", shift, "text"), base=BASE)
    answer = describe(client, form, **headers)
    assert page_text in text_of(answer if headers else client.get(PAGE))


def test_unchanged_metadata_is_not_sent(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    form = lines(("site", "Naples", "text"), ("shift", "early", "text"), ("", "", "text"), base=BASE)
    assert describe(client_as(alice), form).status_code == 302
    assert boards.changes(emulator) == []


def test_a_line_left_out_is_removed(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    describe(client_as(alice), lines(("site", "Naples", "text"), base=BASE))
    assert boards.changes(emulator)[0]["body"] == {"metadata": {"site": "Naples"}}


def test_values_keep_their_kind(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    stored_metadata = {
        "n": 3,
        "f": 1.5,
        "yes": True,
        "none": None,
        "list": [1, {"a": "b"}],
        "text": "12",
        "long": "one\ntwo",
    }
    row = emulator.world.batches[COINS].get(OVERLAPPING)
    emulator.world.batches[COINS].put({**row, "metadata": stored_metadata})
    client, page = client_as(alice), f"{BATCHES}{OVERLAPPING}/"
    form = client.get(f"{page}?edit=metadata").context["metadata"]
    # As a browser sends it: every line break as two characters.
    rows = [(line.key, line.value.replace("\n", "\r\n"), line.kind) for line in form.lines]
    client.post(f"{page}metadata/", lines(*rows, ("new", "x", "text"), base=form.base))
    assert boards.changes(emulator)[0]["body"] == {"metadata": {**stored_metadata, "new": "x"}}


@pytest.mark.parametrize(
    ("key", "value", "kind", "message"),
    [
        ("", "lost", "text", "Name this line"),
        ("site", "twice", "text", "This name stands twice."),
        ("n", "twelve", "number", "This is not a number."),
        ("n", "NaN", "number", "This is not a number."),
        ("n", "9" * 5000, "number", "This is not a number."),
        ("b", "perhaps", "yes-no", "Write yes or no."),
        ("d", "{", "data", "This is not valid JSON."),
        ("d", "[" * 5000 + "]" * 5000, "data", "This is not valid JSON."),
        ("k" * 300, "x", "text", "At most 200 characters."),
    ],
)
def test_a_line_that_cannot_be_read_is_said_at_the_line(
    alice: Person, client_as: ClientAs, emulator: Running, key: str, value: str, kind: str, message: str
) -> None:
    form = lines(("site", "Naples", "text"), (key, value, kind), base=BASE)
    response = describe(client_as(alice), form, **HTMX)
    assert response.status_code == 422
    assert message in text_of(response)
    assert boards.changes(emulator) == []


def test_a_line_somebody_else_changed_is_not_overwritten(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    row = emulator.world.batches[COINS].get(NAPLES_EARLY)
    emulator.world.batches[COINS].put({**row, "metadata": {"site": "Naples", "shift": "swapped"}})
    form = lines(("site", "Naples", "text"), ("shift", "late", "text"), base=BASE)
    response = describe(client_as(alice), form, **HTMX)
    assert response.status_code == 422
    assert "Somebody changed “shift”" in text_of(response)
    assert "late" in response.content.decode()
    assert boards.changes(emulator) == []


def test_a_batch_nobody_knows_is_not_found(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    assert client.get(f"{BATCHES}999999/").status_code == 404
    assert client.get(f"{BATCHES}{10**30}/").status_code == 404
    assert client.get(f"/projects/{ARCHIVE}/batches/{SECOND}/").status_code == 404


def test_its_history_is_told_in_sentences(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    rename(client, "Night rain")
    assert "Alice renamed the batch Naples, early shift to Night rain" in text_of(client.get(PAGE))


def test_a_refused_rename_is_told_of_the_batch_it_was_tried_on(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    rename(client, "Worn edges")
    sentence = "tried to rename the batch Naples, early shift to Worn edges, but it failed: This project already has"
    assert sentence in text_of(client.get(PAGE))


def test_a_reviewer_changes_nothing(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    text = text_of(client.get(f"{PAGE}?edit=name"))
    assert "Save" not in text
    assert rename(client, "Night rain").status_code == 403
    assert describe(client, lines(base=BASE)).status_code == 403
    assert boards.changes(emulator) == []


def test_what_is_due_is_said_with_the_figures(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    counts_page = client_as(alice).get(f"{BATCHES}{NAPLES_EARLY}/counts/", headers=HTMX)
    assert "7 items past due" in text_of(counts_page)


def test_the_next_date_is_called_so_only_where_all_were_counted(
    alice: Person, client_as: ClientAs, emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = client_as(alice), f"{BATCHES}{SECOND}/counts/"
    assert "past due Next due" in text_of(client.get(address, headers=HTMX))
    cache.clear()
    monkeypatch.setattr("console.items.counts.PAGE", 1)
    assert "Of those counted, next due" in text_of(client.get(address, headers=HTMX))


def reorder(client: Client, *, first: int) -> None:
    page = boards.opened(client)
    assert client.post(boards.ORDER, page | {"batch": boards.moved(page["batch"], first, 1)}).status_code == 302


def test_moving_a_batch_is_part_of_its_history(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    assert "No recent changes by you." in text_of(client.get(f"{BATCHES}{OVERLAPPING}/"))
    reorder(client, first=OVERLAPPING)
    page_text = text_of(client.get(f"{BATCHES}{OVERLAPPING}/"))
    assert "No recent changes" not in page_text
    assert "Alice changed the order of Coin outlines: Overlapping coins" in page_text
    assert "No recent changes by you." in text_of(client.get(f"{BATCHES}{NAPLES_EARLY}/")), "it was only shifted"


def test_a_colleague_s_move_is_in_the_history_for_those_who_see_all(
    alice: Person, bob: Person, dana: Person, client_as: ClientAs, emulator: Running
) -> None:
    reorder(client_as(alice), first=OVERLAPPING)
    assert "Alice changed the order" in text_of(client_as(dana).get(f"{BATCHES}{OVERLAPPING}/"))
    assert "Alice changed the order" not in text_of(client_as(bob).get(f"{BATCHES}{OVERLAPPING}/"))
