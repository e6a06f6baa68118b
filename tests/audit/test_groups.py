"""One act on many work items is one line, however many entries it took."""

import csv
import html
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from console.audit import groups, line_index, multi_item, reconciliation, record, verify
from console.audit.models import Entry, GroupLine, NamedItem, SearchText
from console.audit.selectors import history, latest, line
from tests.audit.many import fill
from tests.audit.signaling import PROJECT, begin, figures, item, parts, send
from tests.audit.test_constant_cost import ADDRESSES, OWN, page, steps

ClientAs = Callable[[Person], Client]
pytestmark = pytest.mark.django_db(transaction=True)
SENTENCES: list[tuple[dict[str, Any], list[Any], str, str]] = [
    ({}, ["done"] * 3, "reopened 300 work items of Dashcam Q3", "Done"),
    ({}, ["done"], "reopened 100 work items of Dashcam Q3", "Done"),
    ({}, ["open", "open"], "started to reopen 200 work items of Dashcam Q3", "Running"),
    ({"planned": 5000}, ["done", "done", "open"], "reopened 200 of 5,000 work items of Dashcam Q3", "Running"),
    ({"planned": 300}, ["done"], "reopened 100 of 300 work items of Dashcam Q3", "In part"),
    (
        {"reason": "too dark", "signal": "cancel"},
        ["done", ("done", figures(88, 12))],
        "canceled 188 of 200 work items of Dashcam Q3 (12 refused): too dark",
        "In part",
    ),
    (
        {"signal": "start"},
        ["done", ("unknown", figures(95, 2, 3))],
        "started work on 195 of 200 work items of Dashcam Q3 (2 refused, 3 unresolved)",
        "Unresolved",
    ),
    (
        {"signal": "release"},
        ["unknown", "unknown"],
        "tried to release 200 work items of Dashcam Q3, but CloudFactory gave no clear answer,"
        " so we can't tell whether it worked",
        "Unresolved",
    ),
    (
        {"action": "item.approve", "signal": "complete"},
        ["failed", "failed"],
        "tried to approve 200 work items of Dashcam Q3, but it failed",
        "Failed",
    ),
    (
        {"action": "item.send_back", "signal": "complete", "outcome": "NOT_OK", "reason": "boxes too wide"},
        ["done", "done"],
        "sent back 200 work items of Dashcam Q3: boxes too wide",
        "Done",
    ),
]


@pytest.mark.parametrize(("said", "ends", "sentence", "state"), SENTENCES, ids=range(len(SENTENCES)))
def test_an_act_of_several_entries_reads_as_one_sentence(
    alice: Person, client_as: ClientAs, said: dict[str, Any], ends: list[Any], sentence: str, state: str
) -> None:
    send(alice, *ends, **said)
    [line] = latest(alice)
    assert (line.text, line.state) == (f"Alice {sentence}", state)
    [line] = client_as(alice).get("/audit/").context["page"].lines
    assert line.text == f"Alice {sentence}"


def test_one_item_is_one_work_item(alice: Person) -> None:
    send(alice, "done", items=1)
    assert latest(alice)[0].text == "Alice reopened 1 work item of Dashcam Q3"


def test_the_line_opens_into_its_parts(alice: Person, bob: Person, client_as: ClientAs) -> None:
    group = send(alice, "done", ("done", figures(88, 12)), "unknown")
    client = client_as(alice)
    page = client.get("/audit/").content.decode()
    assert f'hx-get="/audit/acts/{group}/"' in page
    assert "Its 3 parts" in page
    for headers in ({}, {"HX-Request": "true"}):
        page = client.get(f"/audit/acts/{group}/", headers=headers).content.decode()
        assert "reopened 88 of 100 work items of" in page
        assert "tried to reopen 100 work items of" in page
        for part in parts(group):
            assert f"/audit/{part.pk}/" in page
    page = client.get(f"/audit/{parts(group)[1].pk}/").content.decode()
    assert f'href="/audit/acts/{group}/"' in page
    assert item(100) in page
    assert client_as(bob).get(f"/audit/acts/{group}/").status_code == 404
    assert client.get(f"/audit/acts/{uuid.uuid4()}/").status_code == 404


def test_the_parts_of_a_long_act_come_in_pages(alice: Person, client_as: ClientAs) -> None:
    group = send(alice, *["done"] * 60, items=2)
    client, address = client_as(alice), f"/audit/acts/{group}/"
    first = client.get(address)
    second = client.get(address + first.context["next_url"])
    shown = [line.entry.pk for page in (first, second) for line in page.context["parts"]]
    assert shown == [part.pk for part in parts(group)]
    assert not second.context["next_url"]
    assert client.get(f"{address}?after=x").status_code == 200


def test_no_act_is_cut_by_the_end_of_a_page_or_shown_on_two(alice: Person, client_as: ClientAs) -> None:
    """Between its parts other things happen, and pages end."""
    group = uuid.uuid4()
    for number in range(60):
        record.event(actor=alice, action="slice.create", thing_name=f"Slice {number}")
        if number % 2:
            detail = {"signal": "reopen", "outcome": "OK", "items": 100}
            record.event(actor=alice, action="item.signal", thing_name="Dashcam Q3", group=group, detail=detail)
    client = client_as(alice)
    newest = client.get("/audit/?sign_ins=hidden").context
    older = client.get(newest["older"]).context
    back = client.get(older["newer"]).context
    assert [line.entry.pk for line in back["page"].lines] == [line.entry.pk for line in newest["page"].lines]
    lines = [line.text for page in (newest, older) for line in page["page"].lines]
    assert (len(lines), len(set(lines))) == (61, 61)
    assert lines.count("Alice reopened 3,000 work items of Dashcam Q3") == 1


FOUND = ["done", ("unknown", figures(90, 4, 6)), "done"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("outcome=done", 1),
        ("outcome=failed", 1),
        ("outcome=unknown", 1),
        ("group=items", 1),
        ("group=items&outcome=unknown", 1),
        ("group=exports", 0),
        ("person={alice}", 1),
        ("person={bob}", 0),
        ("q=reopened+dashcam", 1),
        ("q=zeppelin", 1),
        ("q=nowhere", 0),
        ("q={item}", 1),
        ("q={ITEM}+dashcam", 1),
        ("q={item}+nowhere", 0),
        ("q={other}", 0),
        ("thing=project:{project}", 1),
        ("thing=item:{item}", 1),
        ("thing=item:{other}", 0),
        ("outcome=unknown&thing=item:{item}&q=dashcam", 1),
        ("since=2001-01-01&until=2001-01-02&outcome=unknown", 0),
        ("since=2001-01-01&outcome=unknown", 1),
    ],
)
def test_every_filter_finds_an_act_once_and_its_sheet_has_each_entry(
    alice: Person, bob: Person, dana: Person, client_as: ClientAs, query: str, count: int
) -> None:
    group = send(alice, *FOUND)
    with_words = parts(group)[1]
    record.reconcile(with_words, "unknown", {"error": "Zeppelin", **figures(90, 4, 6)})
    record.event(actor=alice, action="export.queue", thing_kind="export", thing_name="Other")
    known = {"alice": alice.pk, "bob": bob.pk, "item": item(205), "ITEM": item(205).upper(), "other": item(999)}
    query = query.format(**known, project=PROJECT)
    client = client_as(dana)
    lines = [line for line in client.get(f"/audit/?{query}").context["page"].lines if line.entry.group]
    assert [line.text for line in lines] == [
        "Alice reopened 290 of 300 work items of Dashcam Q3 (4 refused, 6 unresolved)"
    ] * count
    body = b"".join(client.get(f"/audit/export.csv?{query}")).decode("utf-8-sig")
    rows = [row for row in csv.DictReader(body.splitlines()) if row["Part of act"]]
    assert [row["Entry"] for row in rows] == [str(part.pk) for part in reversed(parts(group))] * count
    export = Entry.objects.filter(action="audit.export").latest("sequence")
    assert export.detail["rows"] == len(list(csv.DictReader(body.splitlines())))


def test_the_sheet_says_of_each_part_what_became_of_it(alice: Person, dana: Person, client_as: ClientAs) -> None:
    group = send(alice, *FOUND, planned=300)
    body = b"".join(client_as(dana).get("/audit/export.csv?group=items")).decode("utf-8-sig")
    said = [(row["What happened"], row["Outcome"], row["Part of act"]) for row in csv.DictReader(body.splitlines())]
    whole = ("Alice reopened 100 work items of Dashcam Q3", "Done", str(group))
    in_part = "Alice reopened 90 of 100 work items of Dashcam Q3 (4 refused, 6 unresolved)"
    assert said == [whole, (in_part, "Unresolved", str(group)), whole]


def test_a_part_that_somebody_closed_as_not_done_keeps_what_was_done(alice: Person) -> None:
    group = send(alice, ("unknown", figures(95, 0, 5)))
    record.reconcile(parts(group)[0], "failed", {"found": "by a person"}, by=alice, note="Seen by phone")
    told = line(parts(group)[0])
    assert (told.text, told.state) == ("Alice reopened 95 of 100 work items of Dashcam Q3 (5 refused)", "In part")
    assert latest(alice)[0].text == told.text


def test_the_history_of_a_work_item_has_the_act(alice: Person) -> None:
    send(alice, *FOUND)
    record.event(actor=alice, action="item.approve", thing_kind="item", thing_id=item(150), thing_name="Left")
    assert [line.text for line in history("item", item(150))] == [
        "Alice approved the work item Left",
        "Alice reopened 290 of 300 work items of Dashcam Q3 (4 refused, 6 unresolved)",
    ]


def test_of_single_entries_the_one_that_names_the_item_is_found(alice: Person) -> None:
    group = send(alice, *FOUND)
    assert list(Entry.objects.about("item", item(250))) == [parts(group)[2]]


def test_the_handover_note_and_home_have_one_sentence(alice: Person, client_as: ClientAs) -> None:
    send(alice, "done", "done")
    send(alice, "unknown", "unknown", "done")
    client = client_as(alice)
    note = client.get("/audit/handover/?period=today").context["note"]
    assert [(section.title, len(section.lines)) for section in note.sections] == [("Work items", 1), ("Unresolved", 1)]
    [todo] = [todo for todo in client.get("/").context["todos"] if todo.button == "Check"]
    assert todo.text == "Alice reopened 100 of 300 work items of Dashcam Q3 (200 unresolved)"
    assert todo.address.startswith("/audit/acts/")


@pytest.fixture
def found_done(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """Every check finds the part done; lists the parts that were checked."""
    checked: list[Entry] = []

    def find(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
        checked.append(entry)
        return "done", figures(entry.detail["items"])

    monkeypatch.setitem(reconciliation._reconcilers, "item.signal", reconciliation.Reconciler(find))
    return checked


def test_unresolved_parts_are_one_strip_that_checks_some_and_leaves_the_rest_to_the_background(
    alice: Person, client_as: ClientAs, found_done: list[Entry]
) -> None:
    group = send(alice, "done", *["unknown"] * 5)
    client, page, check = client_as(alice), f"/audit/acts/{group}/", f"/audit/acts/{group}/settle/"
    said = html.unescape(client.get(page).content.decode())
    assert said.count("We don't know whether 500 work items of “Dashcam Q3” were reopened.") == 1
    assert f'action="{check}"' in said
    said = client.post(check, headers={"HX-Request": "true"}).content.decode()
    assert "200 work items of" in html.unescape(said)
    assert len(found_done) == 3
    assert {entry.pk for entry in reconciliation.due()} == {part.pk for part in parts(group)[4:]}
    answer = client.post(check, {"next": "/audit/"}, follow=True)
    assert "Every part is known now: Alice reopened 600 work items of Dashcam Q3." in answer.content.decode()
    assert answer.redirect_chain == [("/audit/", 302)]
    assert [todo for todo in client.get("/").context["todos"] if todo.button == "Check"] == []
    assert "We don" not in html.unescape(client.get(page).content.decode())


def test_a_part_that_is_sent_again_counts_anew(alice: Person) -> None:
    group = send(alice, "done", "failed")
    assert latest(alice)[0].text == "Alice reopened 100 of 200 work items of Dashcam Q3 (100 refused)"
    again = parts(group)[1]
    with begin(alice, group, 100, 98, act_id=again.pk, again=True) as act:
        assert latest(alice)[0].text == "Alice reopened 100 of 198 work items of Dashcam Q3 (98 unresolved)"
        act.done()
    assert latest(alice)[0].text == "Alice reopened 198 work items of Dashcam Q3"
    assert (latest(alice)[0].state, GroupLine.objects.get().items) == ("Done", 198)


@given(
    ends=st.lists(
        st.tuples(
            st.sampled_from(["done", "failed", "unknown", "open"]),
            st.none() | st.tuples(*[st.integers(0, 40)] * 3),
            st.sampled_from(["done", "failed", "unknown", ""]),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_figures_of_an_act_are_those_of_its_parts_however_they_end(alice: Person, ends: list[Any]) -> None:
    group = send(alice, *((outcome, figures(*said) if said else {}) for outcome, said, _ in ends))
    for part, (outcome, _, later) in zip(parts(group), ends, strict=True):
        if later and outcome in ("open", "unknown"):
            record.reconcile(part, later)
    whole = GroupLine.objects.get(pk=group)
    counted = [
        multi_item.counts_of(part, sorted(part.outcomes.all(), key=lambda row: row.sequence)) for part in parts(group)
    ]
    for name in ("open_parts", "unknown_parts", "items", "items_done", "items_failed", "items_unknown"):
        assert getattr(whole, name) == sum(getattr(one, name) for one in counted)
    assert groups.is_right(whole.sequence, whole.sequence)


def beside_the_chain() -> dict[str, Any]:
    named = NamedItem.objects.order_by("entry", "item").values_list("item", "entry", "line")
    return {
        "groups": list(GroupLine.objects.order_by("pk").values()),
        "items": list(named),
        "texts": {pk: set(words.split()) for pk, words in SearchText.objects.values_list("pk", "words")},
    }


def test_what_is_kept_beside_the_chain_is_made_anew(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    group = send(alice, *FOUND, "open", "failed", items=9)
    send(alice, "done", items=3)
    record.reconcile(parts(group)[1], "done", {"found": "by a person"})
    record.reconcile(parts(group)[3], "unknown", {"cut_off": True})
    right = beside_the_chain()
    monkeypatch.setattr(line_index, "AT_ONCE", 3)
    for spoil in (
        lambda: (GroupLine.objects.all().delete(), NamedItem.objects.all().delete(), SearchText.objects.all().delete()),
        lambda: GroupLine.objects.update(items_done=1, unknown_parts=7),
    ):
        spoil()
        call_command("settle", rebuild=True, verbosity=0)
        assert beside_the_chain() == right
    GroupLine.objects.update(items_done=1)
    GroupLine.objects.create(group=uuid.uuid4(), sequence=2, latest_at=parts(group)[0].at)
    assert verify.check().is_whole
    assert beside_the_chain() == right


def test_no_page_asks_more_of_the_database_when_an_act_has_more_parts(
    alice: Person, dana: Person, client_as: ClientAs
) -> None:
    auditor = client_as(dana)

    def statements(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert auditor.get(address).status_code == 200
        return len(asked)

    addresses = ("/", "/audit/", "/audit/?outcome=unknown", f"/audit/?q={item(3)}", "/audit/handover/?period=today")
    group = send(alice, "done", "unknown", items=5)
    # Once before it counts: the first visit reads more.
    _, few = ({address: statements(address) for address in addresses} for _ in range(2))
    send(alice, *["done", "unknown"] * 20, items=5, group=group)
    assert {address: statements(address) for address in addresses} == few


@pytest.mark.sqlite
def test_no_page_takes_more_steps_after_ten_thousand_results(alice: Person, dana: Person, client_as: ClientAs) -> None:
    """An act of a hundred parts against one of two, both the newest lines of the audit."""
    auditor, operator = client_as(dana), client_as(alice)
    named = {"alice": alice.pk, "erin": dana.pk}
    asked = {name: page(auditor, address.format(**named)) for name, address in ADDRESSES.items()}
    asked |= {f"{name}, one's own": page(operator, ADDRESSES[name]) for name in OWN}
    asked |= {
        "a work item": page(auditor, f"/audit/?thing=item:{item(105)}"),
        "a work item's id": page(auditor, f"/audit/?q={item(105)}"),
        "handover": page(auditor, "/audit/handover/?period=today"),
    }
    fill(300, [alice, dana])
    send(alice, "done", ("unknown", figures(90, 4, 6)))
    page(auditor, "/audit/")()
    few = {name: steps(ask) for name, ask in asked.items()}
    send(alice, *["done", ("unknown", figures(90, 4, 6))] * 50)
    most = {name: steps(ask) for name, ask in asked.items()}
    # 6,000 steps are a fraction of a millisecond.
    assert {name: (few[name], most[name]) for name in asked if most[name] >= 2 * few[name] + 60} == {}
