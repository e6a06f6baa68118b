"""A bulk signal after it was pressed: its progress, the result of each item, the CSV, the retry, the notice."""

import csv
import io
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from console.audit.models import Entry
from console.audit.selectors import line
from console.emulator.server import Running
from console.items.models import BulkItem, BulkSignal, Selection
from console.jobs.models import Operation
from tests.exports.making import text_of
from tests.items.bulk_factories import bulk_signal, ended_signal, query_plan, record_entry
from tests.items.decision_helpers import HTMX, ITEMS, PROJECT

ClientAs = Callable[[Person], Client]
State, Outcome = BulkSignal.State, BulkItem.Outcome


def ids(number: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(number)]


def page_of(bulk: BulkSignal, rest: str = "") -> str:
    return f"{ITEMS}bulk/{bulk.pk}/{rest}"


def mixed(person: Person, **fields: Any) -> BulkSignal:
    """Ended: three reopened, two refused, one unknown, one not sent, and one that the plan left out."""
    counts = {"planned_count": 7, "done_count": 3, "refused_count": 2, "unknown_count": 1, "not_sent_count": 1}
    bulk = ended_signal(
        person, ids(8), action="reopen", before="COMPLETED", after="NEW", **{**counts, "state": "stopped", **fields}
    )
    rows = list(bulk.items.all())
    for row in rows[3:5]:
        row.outcome, row.status_after, row.message = Outcome.REFUSED, "COMPLETED", "=cmd|' /C calc'!A0"
    rows[5].outcome, rows[5].status_after = Outcome.UNKNOWN, ""
    rows[6].outcome, rows[6].status_after = Outcome.NOT_SENT, ""
    rows[7].outcome, rows[7].act_id, rows[7].status_after = Outcome.NOT_SENT, None, ""
    BulkItem.objects.bulk_update(rows, ["outcome", "status_after", "message", "act_id"])
    return bulk


def tabs_of(answer: Any) -> dict[str, str]:
    tabs = re.findall(r'class="tab"[^>]*>([^<]+?)\s*<span class="badge">([\d,]+)</span>', answer.content.decode())
    return {word.strip(): count for word, count in tabs}


# Progress


def test_the_page_says_how_far_it_is(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    now = timezone.now()
    bulk = bulk_signal(
        bob,
        ids(1),
        action="reopen",
        planned_count=5000,
        done_count=2288,
        refused_count=12,
        started_at=now,
        progressed_at=now,
        paces=[0.02] * 5,
    )
    page = text_of(client_as(bob).get(page_of(bulk)))
    assert "Reopen 5,000 items" in page
    assert "Reopening 5,000 items" in page
    assert re.search(r"2,300 of 5,000, 12 refused, about (60 s|1 min) left", page)
    assert "You can leave this page" in page


def test_the_progress_is_one_row_to_read_however_many_items_there_are(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, few, many = client_as(bob), bulk_signal(bob, ids(1)), bulk_signal(bob, ids(150))
    statements = []
    for bulk in (few, many):
        client.get(page_of(bulk, "progress/"), headers=HTMX)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(page_of(bulk, "progress/"), headers=HTMX).status_code == 200
        statements.append([one["sql"] for one in queries if "items_bulk" in one["sql"]])
    assert [len(one) for one in statements] == [1, 1]
    assert not any("items_bulkitem" in sql for one in statements for sql in one)
    assert emulator.requests("cloudfactory") == []


def test_what_ended_while_somebody_watched_brings_its_result_along_and_asks_no_more(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, bulk = client_as(bob), bulk_signal(bob, ids(2), action="start")
    first = client.get(page_of(bulk, "progress/?look=1&was=sending"), headers=HTMX).content.decode()
    assert "hx-trigger" in first
    assert "hx-swap-oob" not in first
    BulkSignal.objects.filter(pk=bulk.pk).update(state=State.ENDED, done_count=2, finished_at=timezone.now())
    bulk.items.update(outcome=Outcome.DONE, status_before="NEW", status_after="IN_PROGRESS")
    last = client.get(page_of(bulk, "progress/?look=2&was=sending"), headers=HTMX)
    assert "2 started." in text_of(last)
    assert 'id="bulk-results"' in last.content.decode()
    assert re.search(r'id="bulk-about"[^>]* hx-swap-oob="true"', last.content.decode())
    assert " Finished " in text_of(last)
    assert 'id="live" hx-swap-oob="innerHTML">Finished: starting work on 2 items. 2 started.' in last.content.decode()
    assert "load delay" not in last.content.decode()


def test_what_pauses_while_somebody_watches_brings_its_results_along_and_promises_nothing(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, bulk = client_as(bob), mixed(bob, state="paused", message="CloudFactory has a problem right now.")
    first = client.get(page_of(bulk, "progress/?look=2&was=sending"), headers=HTMX)
    assert 'id="bulk-results"' in first.content.decode()
    assert "It stays paused until you choose “Carry on”." in text_of(first)
    assert "it goes on" not in text_of(first)
    assert "These are the results so far." in text_of(first)
    later = client.get(page_of(bulk, "progress/?look=3&was=paused"), headers=HTMX)
    assert 'id="bulk-results"' not in later.content.decode()


def test_the_focus_goes_to_what_can_be_done_next_after_a_move(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, bulk = client_as(bob), bulk_signal(bob, ids(1), state="waiting", due_at=timezone.now() + timedelta(days=1))
    assert "autofocus" not in client.get(page_of(bulk, "progress/"), headers=HTMX).content.decode()
    moved = client.post(page_of(bulk, "stop/"), headers=HTMX).content.decode()
    assert re.search(r'<a class="button button-small" id="bulk-[^"]+-stop" href="#bulk-results"\s+autofocus>', moved)


def test_the_result_that_comes_along_is_the_list_that_the_page_showed(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, bulk = client_as(bob), mixed(bob, state="sending")
    page = client.get(page_of(bulk, "?outcome=refused")).content.decode()
    [asks] = re.findall(r'hx-get="([^"]+/progress/[^"]+)"', page)
    BulkSignal.objects.filter(pk=bulk.pk).update(state=State.STOPPED)
    last = client.get(asks.replace("&amp;", "&"), headers=HTMX).content.decode()
    assert re.findall(r"<bdi>(Item \d+)</bdi>", last) == ["Item 4", "Item 5"]


def test_the_progress_asks_less_and_less_often(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, bulk = client_as(bob), bulk_signal(bob, ids(1))
    delays = []
    for look in (1, 3, 5, 50, 10_000):
        answer = client.get(page_of(bulk, f"progress/?look={look}"), headers=HTMX).content.decode()
        delays.append(re.findall(r"load delay:(\d+)s", answer))
    assert delays == [["1"], ["2"], ["3"], ["5"], []]


def test_without_script_the_progress_is_the_page_itself(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, bulk = client_as(bob), bulk_signal(bob, ids(1))
    assert client.get(page_of(bulk, "progress/")).headers["Location"] == page_of(bulk)
    assert "Reload for the progress" in text_of(client.get(page_of(bulk)))


def test_a_colleague_of_the_space_watches_and_can_press_nothing(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk = bulk_signal(bob, ids(1))
    client = client_as(alice)
    answer = client.get(page_of(bulk))
    assert "Started by Bob" in text_of(answer)
    assert "/stop/" not in answer.content.decode()
    for move in ("stop", "carry-on", "retry"):
        assert client.post(page_of(bulk, f"{move}/")).status_code == 404


def test_another_space_and_another_project_know_nothing_of_it(
    bob: Person, nobody: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk = mixed(bob)
    for rest in ("", "progress/", "results.csv"):
        assert client_as(nobody).get(page_of(bulk, rest)).status_code == 404
        elsewhere = page_of(bulk, rest).replace(PROJECT, str(uuid.uuid4()))
        assert client_as(bob).get(elsewhere).status_code == 404
    assert not Entry.objects.filter(action="item.results").exists()


def test_what_is_paused_says_why_and_offers_to_carry_on(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk = bulk_signal(bob, ids(1), state="paused", message="CloudFactory has a problem of its own.")
    answer = client_as(bob).get(page_of(bulk))
    assert "Paused: approving 1 item" in text_of(answer)
    assert "CloudFactory has a problem of its own." in text_of(answer)
    assert "Carry on" in text_of(answer)
    assert "Stop" in text_of(answer)


def test_what_still_waits_counts_down_and_can_be_undone(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    due = timezone.now() + timedelta(seconds=8)
    bulk = bulk_signal(bob, ids(3), state="waiting", due_at=due, started_at=None)
    answer = client_as(bob).get(page_of(bulk))
    assert re.search(r"Approving 3 items in [78] s", text_of(answer))
    assert "Nothing has been sent yet." in text_of(answer)
    assert "Undo" in text_of(answer)


def test_a_signal_nobody_is_at_work_on_says_so(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    bulk = bulk_signal(bob, ids(3), started_at=long_ago)
    client, words = client_as(bob), "No background worker seems to be at work on it."
    assert words in text_of(client.get(page_of(bulk)))
    BulkSignal.objects.filter(pk=bulk.pk).update(message="CloudFactory is busy. Again in 5 min.")
    answer = text_of(client.get(page_of(bulk)))
    assert words not in answer
    assert "CloudFactory is busy. Again in 5 min." in answer


def test_ones_own_signals_under_way_stand_above_the_table(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    running = bulk_signal(bob, ids(2), action="start")
    ended_signal(bob, ids(1))
    bulk_signal(alice, ids(1))
    page = client_as(bob).get(ITEMS).content.decode()
    assert page.count('class="callout callout-info run-progress"') == 1
    assert f"{page_of(running, 'progress/')}?look=1&amp;was=sending&amp;strip=1" in page
    answer = client_as(bob).get(page_of(running, "progress/?strip=1&was=sending"), headers=HTMX)
    assert "Show the progress" in text_of(answer)


# The result


def test_the_result_shows_each_item_with_before_asked_and_now(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk = mixed(bob)
    answer = client_as(bob).get(page_of(bulk))
    assert "Stopped: reopening 7 items" in text_of(answer)
    assert "3 reopened, 2 refused, 1 unknown, 1 not sent." in text_of(answer)
    assert tabs_of(answer) == {
        "All": "8",
        "Done": "3",
        "Refused": "2",
        "Unknown": "1",
        "Not sent": "1",
        "Left out of the plan": "1",
    }
    rows = re.findall(r"<tr data-row>.*?</tr>", answer.content.decode(), re.DOTALL)
    assert len(rows) == 8
    words = " ".join(re.sub("<[^>]+>", " ", rows[0]).split())
    assert words == "Item 1 Completed Not started Not started Done"


@pytest.mark.parametrize(
    ("outcome", "names"),
    [
        ("refused", ["Item 4", "Item 5"]),
        ("unknown", ["Item 6"]),
        ("not-sent", ["Item 7"]),
        ("left-out", ["Item 8"]),
        ("nonsense", [f"Item {number}" for number in range(1, 9)]),
    ],
)
def test_the_result_is_filtered_by_outcome(
    bob: Person, client_as: ClientAs, emulator: Running, outcome: str, names: list[str]
) -> None:
    answer = client_as(bob).get(page_of(mixed(bob), f"?outcome={outcome}"))
    assert re.findall(r"<bdi>(Item \d+)</bdi>", answer.content.decode()) == names


def test_a_long_result_is_paged_by_the_hundred(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk, client = ended_signal(bob, ids(205), done_count=205), client_as(bob)
    sizes = [
        len(re.findall("<tr data-row>", client.get(page_of(bulk, f"?page={number}")).content.decode()))
        for number in (1, 3, 99)
    ]
    assert sizes == [100, 5, 5]
    assert "101 to 200 of 205 items" in text_of(client.get(page_of(bulk, "?page=2")))
    few = text_of(client.get(page_of(ended_signal(bob, ids(1), done_count=1))))
    assert "1 item" in few
    assert "1 to 1" not in few


def test_the_page_of_many_results_asks_no_more_than_that_of_few(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, counts = client_as(bob), []
    for bulk in (ended_signal(bob, ids(2), done_count=2), ended_signal(bob, ids(150), done_count=150)):
        client.get(page_of(bulk))
        with CaptureQueriesContext(connection) as queries:
            client.get(page_of(bulk))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_unknown_outcome_offers_to_check_now_once_for_all_its_parts(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk = ended_signal(bob, ids(4), outcome=Outcome.UNKNOWN, unknown_count=4, done_count=0)
    first = record_entry(bulk, "unknown").id
    bulk.items.update(act_id=uuid.uuid4())
    record_entry(bulk, "unknown")
    bulk.items.filter(position__lte=2).update(act_id=first)
    other = ended_signal(bob, [], action="approve")
    answer = client_as(bob).get(page_of(bulk))
    assert "4 unknown." in text_of(answer)
    assert text_of(answer).count("We don't know whether") == 1
    assert f'action="/audit/acts/{bulk.pk}/settle/"' in answer.content.decode()
    assert "We don't know whether" not in text_of(client_as(alice).get(page_of(bulk)))
    assert "We don't know whether" not in text_of(client_as(bob).get(page_of(other)))


def test_the_way_back_has_the_filter_and_the_place(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk = mixed(bob, list_query="status=COMPLETED&cursor=abc")
    page = client_as(bob).get(page_of(bulk)).content.decode()
    assert f'class="button" href="{ITEMS}?status=COMPLETED&amp;cursor=abc"' in page


def test_names_and_messages_from_outside_are_text(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk = ended_signal(bob, ids(1), message="<b>stop</b>", state="stopped")
    bulk.items.update(name="<script>x</script>", message="<i>no\u202eon</i>", status_after="<s>NEW")
    page = client_as(bob).get(page_of(bulk)).content.decode()
    for bad in ("<script>x", "<i>no", "<b>stop", "<s>NEW", "\u202e"):
        assert bad not in page


# The CSV


def sheet_of(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_csv_has_every_item_is_recorded_and_harmless(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk, client = mixed(bob), client_as(bob)
    client.head(page_of(bulk, "results.csv"))
    assert not Entry.objects.exists()
    rows = sheet_of(client.get(page_of(bulk, "results.csv")))
    assert [row["Outcome"] for row in rows] == [*["Done"] * 3, *["Refused"] * 2, "Unknown", "Not sent", "Left out"]
    assert rows[0]["Status before"] == "Completed"
    assert rows[0]["Status now"] == "Not started"
    assert rows[3]["Message"] == "'=cmd|' /C calc'!A0"
    entry = Entry.objects.get()
    assert line(entry).text == "Bob downloaded the results of signals to work items of Coins as CSV: Reopen, 8 rows"
    assert entry.detail["bulk"] == str(bulk.pk)


def test_the_csv_of_one_outcome_has_those_alone(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    rows = sheet_of(client_as(bob).get(page_of(mixed(bob), "results.csv?outcome=refused")))
    assert [row["File"] for row in rows] == ["Item 4", "Item 5"]


def test_a_plan_has_no_results_to_download(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk = bulk_signal(bob, ids(1), state="ready")
    assert client_as(bob).get(page_of(bulk, "results.csv")).headers["Location"] == page_of(bulk)
    assert not Entry.objects.exists()


# Retry


def press_retry(client: Client, bulk: BulkSignal, new_id: object = "", **about: Any) -> Any:
    return client.post(page_of(bulk, "retry/"), {"new_id": str(new_id or uuid.uuid4())}, **about)


def test_a_retry_plans_what_was_surely_not_done_and_no_more(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk, client, new_id = mixed(bob, reason="Wrong class"), client_as(bob), uuid.uuid4()
    assert "Retry 3 items" in text_of(client.get(page_of(bulk)))
    for _ in range(2):
        answer = press_retry(client, bulk, new_id)
        assert answer.headers["Location"] == f"{ITEMS}bulk/{new_id}/"
    plan = BulkSignal.objects.get(pk=new_id)
    assert (plan.purpose, plan.origin, plan.action, plan.reason) == ("retry", bulk, "reopen", "Wrong class")
    assert [item.name for item in plan.items.all()] == ["Item 4", "Item 5", "Item 7"]
    assert Operation.objects.filter(kind="items.plan").count() == 1
    assert "Retry" in text_of(client.get(page_of(bulk)))


@pytest.mark.parametrize("state", ["waiting", "sending", "paused", "taken back", "ready"])
def test_nothing_is_retried_before_the_end(bob: Person, client_as: ClientAs, emulator: Running, state: str) -> None:
    bulk, client = mixed(bob, state=state), client_as(bob)
    press_retry(client, bulk)
    assert BulkSignal.objects.count() == 1


def test_a_retry_with_nothing_left_or_from_an_old_form_says_so(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, all_done = client_as(bob), ended_signal(bob, ids(2), done_count=2)
    assert "Retry" not in text_of(client.get(page_of(all_done)))
    assert "Nothing is left to retry." in text_of(press_retry(client, all_done, follow=True))
    assert "can no longer be used" in text_of(press_retry(client, mixed(bob), "no id", follow=True))
    assert BulkSignal.objects.count() == 2


def test_what_three_checks_found_unchanged_is_retried(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk, client = mixed(bob), client_as(bob)
    unknown = bulk.items.get(outcome=Outcome.UNKNOWN)
    bulk.items.filter(pk=unknown.pk).update(is_not_done=True)
    page = text_of(client.get(page_of(bulk, "?outcome=unknown")))
    assert "Not done Three checks found it unchanged." in page
    assert "Retry 4 items" in page


def test_what_a_retry_reached_is_not_offered_again(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk, client, new_id = mixed(bob), client_as(bob), uuid.uuid4()
    press_retry(client, bulk, new_id)
    assert "Retry 3 items" in text_of(client.get(page_of(bulk)))
    retry = BulkSignal.objects.get(pk=new_id)
    first, refused, waiting = retry.items.all()
    for item, outcome in ((first, Outcome.DONE), (refused, Outcome.REFUSED), (waiting, Outcome.NONE)):
        retry.items.filter(pk=item.pk).update(outcome=outcome, act_id=uuid.uuid4())
    BulkSignal.objects.filter(pk=new_id).update(state=State.SENDING)
    assert "Retry 1 item" in text_of(client.get(page_of(bulk)))


# Back to the table


@pytest.mark.parametrize(
    ("outcome", "button", "places"),
    [
        ("refused", "Select 2 refused", [3, 4]),
        ("not-sent", "Select 1 not sent", [6]),
        ("left-out", "Select 1 left out", [7]),
    ],
)
def test_items_of_one_outcome_are_selected_in_the_table_with_its_filters_and_place(
    bob: Person, client_as: ClientAs, emulator: Running, outcome: str, button: str, places: list[int]
) -> None:
    bulk, client = mixed(bob, list_query="status=COMPLETED&size=10"), client_as(bob)
    assert button in text_of(client.get(page_of(bulk, f"?outcome={outcome}")))
    answer = client.post(page_of(bulk, "select/"), {"outcome": outcome})
    assert answer.headers["Location"] == f"{ITEMS}?status=COMPLETED&size=10"
    items = list(bulk.items.all())
    selection = Selection.objects.get(person=bob)
    assert {one.item: one.status for one in selection.items.all()} == {
        items[place].item: items[place].status_after or items[place].status_before for place in places
    }


def test_a_selection_of_nothing_or_of_another_person_changes_nothing(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, bulk = client_as(bob), mixed(bob)
    client.post(page_of(bulk, "select/"), {"outcome": "refused"})
    for data in ({}, {"outcome": "nonsense"}, {"outcome": "waiting"}):
        answer = client.post(page_of(bulk, "select/"), data, follow=True)
        assert "No items have this outcome, so the selection is as it was." in text_of(answer)
    assert Selection.objects.get().items.count() == 2
    assert client_as(alice).post(page_of(bulk, "select/"), {"outcome": "refused"}).status_code == 302
    assert Selection.objects.get(person=alice).items.count() == 2
    assert client.post(f"{ITEMS}bulk/{uuid.uuid4()}/select/", {"outcome": "refused"}).status_code == 404


# The notice at the end


def test_the_person_is_told_of_the_end_once_wherever_they_are(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    assert "/signals/news/" not in client.get("/profile/").content.decode()
    bulk = bulk_signal(bob, ids(2), action="start")
    assert "/signals/news/" in client.get("/profile/").content.decode()
    waiting = client.post("/signals/news/?look=1", headers=HTMX)
    assert "hx-swap-oob" not in waiting.content.decode()
    BulkSignal.objects.filter(pk=bulk.pk).update(state=State.ENDED, done_count=1, refused_count=1)
    assert "Finished" not in text_of(client_as(alice).post("/signals/news/", headers=HTMX))
    answer = client.post("/signals/news/?look=2", headers=HTMX)
    assert "Finished: starting work on 2 items" in text_of(answer)
    assert "1 started, 1 refused." in text_of(answer)
    assert page_of(bulk) in answer.content.decode()
    again = client.post("/signals/news/?look=3", headers=HTMX).content.decode()
    assert "Finished" not in again
    assert "hx-post" not in again
    assert '<div id="signal-news" hidden></div>' in again, "an empty block would push the page down"
    assert "/signals/news/" not in client.get("/profile/").content.decode()


def test_nobody_is_told_of_what_their_page_shows(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk = ended_signal(bob, ids(1), done_count=1)
    here = {**HTMX, "HX-Current-URL": f"http://localhost{page_of(bulk)}"}
    assert "Finished" not in text_of(client_as(bob).post("/signals/news/", headers=here))


def test_home_names_what_is_paused(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk = bulk_signal(bob, ids(1), state="paused", message="CloudFactory has a problem of its own.")
    page = client_as(bob).get("/")
    assert "Paused: approving 1 item" in text_of(page)
    assert page_of(bulk) in page.content.decode()


@pytest.mark.sqlite
def test_what_a_person_was_told_of_long_ago_is_not_read_for_every_page(bob: Person, client_as: ClientAs) -> None:
    client = client_as(bob)
    with CaptureQueriesContext(connection) as queries:
        client.get("/profile/")
    [sql] = [query["sql"] for query in queries if "notified_state" in query["sql"]]
    assert any("USING INDEX bulk_signals_with_news" in step for step in query_plan(sql))


def test_a_second_pause_and_a_plan_that_changed_are_news_too(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, bulk = client_as(bob), bulk_signal(bob, ids(1), state="paused", message="CloudFactory is silent.")

    def read_notifications() -> str:
        return text_of(client.post("/signals/news/", headers=HTMX))

    assert "Paused: approving 1 item CloudFactory is silent." in read_notifications()
    assert "Paused" not in read_notifications()
    BulkSignal.objects.filter(pk=bulk.pk).update(state=State.ENDED, done_count=1, message="")
    assert "Finished: approving 1 item 1 approved." in read_notifications()
    plan = bulk_signal(bob, ids(1), state="ready")
    assert "Not sent yet" not in read_notifications()
    BulkSignal.objects.filter(pk=plan.pk).update(is_pressed=True)
    assert "Not sent yet: approving 1 item Items changed since you read the plan." in read_notifications()


def test_a_second_pause_is_news_also_after_it_was_carried_on_among_the_jobs(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, bulk = client_as(bob), bulk_signal(bob, ids(1), state="paused", message="CloudFactory is silent.")
    operation = Operation.objects.create(kind="items.bulk", subject=str(bulk.pk), person=bob, state="paused")
    assert "Paused" in text_of(client.post("/signals/news/", headers=HTMX))
    client.post(f"/jobs/{operation.pk}/carry-on/")
    BulkSignal.objects.filter(pk=bulk.pk, state=State.SENDING).update(state=State.PAUSED)
    assert "Paused" in text_of(client.post("/signals/news/", headers=HTMX))


def test_the_result_offers_the_undo_and_a_colleague_sees_none(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk = ended_signal(bob, ids(2), action="start", before="NEW", after="IN_PROGRESS", done_count=2)
    assert "Undo: release 2 items" in text_of(client_as(bob).get(page_of(bulk)))
    swapped = client_as(bob).get(page_of(bulk, "progress/?was=sending"), headers=HTMX)
    assert "Undo: release 2 items" in text_of(swapped)
    assert "Undo" not in text_of(client_as(alice).get(page_of(bulk)))
