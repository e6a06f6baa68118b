"""One entry: what stood before and after, how it went, and closing what nobody knows."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Person
from console.audit import reconciliation, record
from console.audit.models import Entry
from tests.audit.test_index import text_of
from tests.markup import folded

ClientAs = Callable[[Person], Client]


@pytest.fixture
def unknown(alice: Person) -> Entry:
    with pytest.raises(TimeoutError), record.audited_call(actor=alice, action="slice.create", thing_name="Rain") as act:
        raise TimeoutError
    return act.entry


@pytest.fixture
def finding(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    cache.clear()
    yield lambda found: monkeypatch.setitem(
        reconciliation._reconcilers, "slice.create", reconciliation.Reconciler(lambda entry: (found, {}))
    )
    cache.clear()


def test_before_and_after_stand_side_by_side(dana: Person, client_as: ClientAs) -> None:
    entry = record.event(
        actor=dana,
        action="batch.metadata",
        thing_name="Rain",
        note="asked by the client",
        reference="req-9",
        detail={"before": {"city": "Oslo", "same": 1}, "after": {"city": "Bergen", "same": 1}},
    )
    said = text_of(client_as(dana).get(f"/audit/{entry.pk}/"))
    assert "city Oslo Bergen" in said
    assert "same" not in said
    assert "asked by the client" in said
    assert "req-9" in said


def test_ids_stand_apart_from_what_a_person_reads(dana: Person, client_as: ClientAs) -> None:
    one = str(uuid.uuid4())
    entry = record.event(
        actor=dana,
        action="export.download",
        thing_kind="export",
        thing_id=one,
        thing_name="Q3",
        reference="req-9",
        key="80e0b3e35720ae7a",
        detail={"space": one, "from": "bytes=5-", "bytes": 5, "sha256": "a1" * 32, "asked": {"view": "leaving"}},
    )
    said, _, references = text_of(client_as(dana).get(f"/audit/{entry.pk}/")).partition("References, for support")
    assert not re.search(r"[0-9a-f]{8}-|a1a1|80e0b3|req-9|bytes=|leaving", said)
    for reference in (one, "req-9", "80e0b3e35720ae7a", "a1" * 32, str(entry.pk)):
        assert reference in references


def test_names_that_may_hold_commas_stand_one_a_line(dana: Person, client_as: ClientAs) -> None:
    detail = {"batches": ["Naples, night shift", "Naples, early shift"], "projects": ["Dashcam"]}
    entry = record.event(actor=dana, action="export.create", thing_name="Q3", detail=detail)
    page = folded(client_as(dana).get(f"/audit/{entry.pk}/").content.decode())
    for name in detail["batches"]:
        assert f"<li><bdi>{name}</bdi></li>" in page
    assert "<dd><bdi>Dashcam</bdi></dd>" in page


def test_orders_stand_side_by_side(dana: Person, client_as: ClientAs) -> None:
    detail = {"before": ["Night", "Rain"], "after": ["Rain", "Night"], "summary": "Rain 2nd to 1st"}
    entry = record.event(actor=dana, action="order.save", thing_name="Dashcam", detail=detail)
    said = text_of(client_as(dana).get(f"/audit/{entry.pk}/"))
    assert "Dana changed the order of Dashcam: Rain 2nd to 1st" in said
    assert "NightRain" in said
    assert "RainNight" in said


def test_htmx_gets_the_facts_alone(unknown: Entry, alice: Person, client_as: ClientAs) -> None:
    page = client_as(alice).get(f"/audit/{unknown.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "<h1" not in page
    assert "Check or close this entry" in page


def test_anothers_entry_looks_like_none(unknown: Entry, bob: Person, client_as: ClientAs) -> None:
    client = client_as(bob)
    assert client.get(f"/audit/{unknown.pk}/").status_code == 404
    assert client.post(f"/audit/{unknown.pk}/settle/").status_code == 404
    assert client.post(f"/audit/{unknown.pk}/close/", {"outcome": "done", "note": "x"}).status_code == 404


def test_an_outcome_row_leads_to_its_act(unknown: Entry, alice: Person, client_as: ClientAs) -> None:
    row = Entry.objects.get(kind="outcome")
    assert client_as(alice).get(f"/audit/{row.pk}/").url == f"/audit/{unknown.pk}/"


def test_check_now_finds_it_done(unknown: Entry, alice: Person, client_as: ClientAs, finding: Any) -> None:
    finding("done")
    response = client_as(alice).post(f"/audit/{unknown.pk}/settle/", follow=True)
    assert "Found: the slice “Rain” was created." in text_of(response)
    assert Entry.objects.get(pk=unknown.pk).outcome == "done"


def test_one_look_that_finds_nothing_settles_nothing(
    unknown: Entry, alice: Person, client_as: ClientAs, finding: Any
) -> None:
    finding("not found")
    response = client_as(alice).post(f"/audit/{unknown.pk}/settle/", follow=True)
    assert "Not found yet." in text_of(response)
    assert Entry.objects.get(pk=unknown.pk).outcome == "unknown"


def test_after_ten_minutes_of_checks_it_says_not_found_and_can_still_be_checked(
    unknown: Entry, alice: Person, client_as: ClientAs, finding: Any, settings: Any
) -> None:
    finding("not found")
    settings.AUDIT_SETTLE_SPAN = 0
    client = client_as(alice)
    for _ in range(3):
        client.post(f"/audit/{unknown.pk}/settle/")
    said = text_of(client.get(f"/audit/{unknown.pk}/"))
    assert "Not found so far, in 3 checks" in said
    assert "a second one may result" in said
    assert "Check now" in said
    finding("done")
    client.post(f"/audit/{unknown.pk}/settle/")
    assert Entry.objects.get(pk=unknown.pk).outcome == "done"


def test_a_person_closes_it_with_a_note(unknown: Entry, dana: Person, client_as: ClientAs) -> None:
    answer = {"outcome": "failed", "note": "Not in Avala's list"}
    said = text_of(client_as(dana).post(f"/audit/{unknown.pk}/close/", answer, follow=True))
    assert "Failed, closed by a person" in said
    assert "Not in Avala's list" in said
    closed = Entry.objects.get(pk=unknown.pk).newest_outcome
    assert (closed.actor, closed.recorded_outcome) == (dana, "failed")


@pytest.mark.parametrize("answer", [{}, {"outcome": "done"}, {"outcome": "maybe", "note": "x"}, {"note": "typed text"}])
def test_closing_asks_for_both(unknown: Entry, dana: Person, client_as: ClientAs, answer: dict[str, str]) -> None:
    response = client_as(dana).post(f"/audit/{unknown.pk}/close/", answer)
    assert response.status_code == 422
    assert answer.get("note", "") in response.content.decode()
    assert Entry.objects.get(pk=unknown.pk).outcome == "unknown"


def test_what_is_known_cannot_be_closed(dana: Person, client_as: ClientAs) -> None:
    with record.audited_call(actor=dana, action="slice.create") as act:
        pass
    response = client_as(dana).post(f"/audit/{act.id}/close/", {"outcome": "failed", "note": "x"}, follow=True)
    assert "Nothing was changed" in text_of(response)
    assert Entry.objects.get(pk=act.id).outcome == "done"


def test_looking_changes_nothing_by_get(unknown: Entry, dana: Person, client_as: ClientAs) -> None:
    assert client_as(dana).get(f"/audit/{unknown.pk}/settle/").status_code == 405
