"""One signal to many work items as CloudFactory receives it: a hundred a call, each item once, each result true."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ApiKey, Person
from console.audit import verify
from console.audit.models import Entry
from console.emulator.server import Running
from console.items.bulk import services
from console.items.models import BulkItem, BulkSignal
from console.jobs import worker
from console.jobs.models import Operation, Part
from console.jobs.models import State as JobState
from tests.conftest import SPACE
from tests.items.bulk_helpers import ARCHIVE, archive_ids, outcomes, reads, signals, statuses

pytestmark = pytest.mark.django_db(transaction=True)
State, Outcome, Kind = BulkSignal.State, BulkItem.Outcome, BulkItem.Kind
POST = {"method": "POST", "path": "workItems/signals"}
BY_IDS = {"method": "GET", "path": "workItemIDs"}


@pytest.fixture(autouse=True)
def quick_checks(settings: Any, audit_anchor: Any) -> None:
    settings.AUDIT_SETTLE_SPAN = 0


def ready(
    person: Person, items: list[str], action: str = "reopen", before: str = "COMPLETED", **more: Any
) -> BulkSignal:
    """A plan as its reading leaves it: all of these items are likely."""
    now = timezone.now()
    fields = {"state": State.READY, "read_at": now, "project_name": "Archive", **more}
    bulk = BulkSignal.objects.create(
        id=uuid.uuid4(), person=person, space=SPACE, project=ARCHIVE, action=action, **fields
    )
    BulkItem.objects.bulk_create(
        BulkItem(
            bulk=bulk,
            position=place,
            item=item,
            name=f"Item {place}",
            kind=Kind.LIKELY,
            status_seen=before,
            status_before=before,
            read_at=now,
        )
        for place, item in enumerate(items, start=1)
    )
    return bulk


def start(bulk: BulkSignal) -> BulkSignal:
    services.start(bulk)
    return bulk


def work(times: int = 1) -> None:
    """The workers' turns, as if the waits were over."""
    for _ in range(times):
        Operation.objects.filter(state=JobState.WAITING).update(due_at=timezone.now() - timedelta(seconds=1))
        BulkSignal.objects.filter(state=State.WAITING).update(due_at=timezone.now() - timedelta(seconds=1))
        worker.sweep()


def sent_signal(person: Person, number: int = 250, **more: Any) -> BulkSignal:
    """Started and done by the worker."""
    bulk = start(ready(person, archive_ids(person, number), **more))
    work()
    bulk.refresh_from_db()
    return bulk


def figures(bulk: BulkSignal) -> tuple[int, int, int, int]:
    """Done, refused, unknown, not sent; as the row says and as its items are."""
    bulk.refresh_from_db()
    figures = (bulk.done_count, bulk.refused_count, bulk.unknown_count, bulk.not_sent_count)
    planned = bulk.items.filter(act_id__isnull=False)
    outcomes_with_a_count = (Outcome.DONE, Outcome.REFUSED, Outcome.UNKNOWN, Outcome.NOT_SENT)
    assert figures == tuple(planned.filter(outcome=outcome).count() for outcome in outcomes_with_a_count)
    return figures


def once_each(emulator: Running) -> bool:
    listed = [item for call in signals(emulator) for item in call]
    return len(listed) == len(set(listed))


def entries(bulk: BulkSignal) -> list[Entry]:
    return list(Entry.objects.lines().filter(group=bulk.pk).order_by("sequence"))


def test_250_items_are_three_calls_and_three_reads_with_an_entry_each(alice: Person, emulator: Running) -> None:
    items = archive_ids(alice)
    emulator.forget_requests()
    bulk = start(ready(alice, items, reason="Wrong taxonomy", assignee="pat@example.com", note="All of them"))
    work()
    assert signals(emulator) == [items[:100], items[100:200], items[200:]]
    assert reads(emulator) == 3
    assert figures(bulk) == (250, 0, 0, 0)
    assert (bulk.state, bulk.planned_count, bool(bulk.finished_at)) == (State.ENDED, 250, True)
    assert set(statuses(emulator, items)) == {"NEW"} == set(bulk.items.values_list("status_after", flat=True))
    lines = entries(bulk)
    assert [(line.outcome, line.detail["items"], line.result["items_done"]) for line in lines] == [
        ("done", 100, 100),
        ("done", 100, 100),
        ("done", 50, 50),
    ]
    assert lines[2].detail["ids"] == items[200:]
    assert {line.pk for line in lines} == set(Part.objects.values_list("pk", flat=True))
    [body] = [one["body"] for one in emulator.requests("cloudfactory") if one["method"] == "POST"][:1]
    assert (body["signal"], body["signalOutcome"], body["taskType"]) == ("reopen", "OK", "labeling")
    assert body["workItems"][0] == {
        "workItemId": items[0],
        "assignee": "pat@example.com",
        "feedback": {"comment": "All of them"},
        "reason": "Wrong taxonomy",
    }
    assert verify.check().is_whole


def test_two_presses_send_once(alice: Person, emulator: Running) -> None:
    bulk = ready(alice, archive_ids(alice, 3))
    services.start(bulk)
    services.start(BulkSignal.objects.get(pk=bulk.pk))
    work(2)
    assert [len(call) for call in signals(emulator)] == [3]


def test_what_the_plan_leaves_out_is_not_sent_and_says_why(alice: Person, emulator: Running) -> None:
    items = archive_ids(alice, 5)
    bulk = ready(alice, items)
    for item, kind in zip(items[1:], ("unlikely", "changed", "gone", "held"), strict=True):
        bulk.items.filter(item=item).update(
            kind=kind, message="Your own decision on it waits." if kind == "held" else ""
        )
    start(bulk)
    work()
    assert signals(emulator) == [items[:1]]
    assert [row.message for row in bulk.items.exclude(item=items[0])] == [
        "Left out: its status was “Completed”.",
        "Left out: it changed while you looked.",
        "Left out: the project has no such item.",
        "Your own decision on it waits.",
    ]
    assert figures(bulk) == (1, 0, 0, 0)


def test_unlikely_ones_are_sent_where_the_person_wants_them_too(alice: Person, emulator: Running) -> None:
    [item] = archive_ids(alice, 1)
    bulk = ready(alice, [item], action="release", includes_unlikely=True)
    bulk.items.update(kind=Kind.UNLIKELY)
    start(bulk)
    work()
    assert (figures(bulk), bulk.items.get().message) == ((0, 1, 0, 0), "status is COMPLETED")
    assert entries(bulk)[0].outcome == "failed"


def test_items_that_fail_are_refused_with_the_vendors_words_and_the_others_done(
    alice: Person, emulator: Running
) -> None:
    items = archive_ids(alice, 120)
    emulator.act("fail_items", items=items[98:105], error="locked by another process")
    bulk = start(ready(alice, items))
    work()
    assert figures(bulk) == (113, 7, 0, 0)
    assert outcomes(bulk, Outcome.REFUSED) == set(items[98:105])
    assert set(bulk.items.filter(outcome=Outcome.REFUSED).values_list("message", flat=True)) == {
        "locked by another process"
    }
    [first, _] = entries(bulk)
    assert first.result["refusals"] == [{"message": "locked by another process", "ids": items[98:100]}]
    assert statuses(emulator, items[98:105]) == ["COMPLETED"] * 7


@pytest.mark.parametrize("how", ["missing", "other spelling", "twice"])
def test_an_unclear_entry_is_looked_up_by_reading(alice: Person, emulator: Running, how: str) -> None:
    items = archive_ids(alice, 3)
    emulator.act("fail_items", items=items[:1], how=how)
    bulk = start(ready(alice, items))
    work()
    assert (figures(bulk), statuses(emulator, items[:1])) == ((3, 0, 0, 0), ["NEW"])


def test_an_item_without_an_entry_that_was_not_done_is_unknown_until_three_reads(
    alice: Person, emulator: Running
) -> None:
    items = archive_ids(alice, 3)
    emulator.act("fail_items", items=items[:1], how="missing", done=False)
    bulk = start(ready(alice, items))
    work()
    assert figures(bulk) == (2, 0, 1, 0)
    assert not bulk.items.get(item=items[0]).is_not_done
    work(4)
    assert bulk.items.get(item=items[0]).is_not_done
    assert figures(bulk) == (2, 0, 1, 0)
    assert (len(signals(emulator)), entries(bulk)[0].outcome) == (1, "unknown")


def test_an_item_found_done_later_is_done_and_settles_its_entry(alice: Person, emulator: Running) -> None:
    items = archive_ids(alice, 3)
    emulator.act("fail_items", items=items[:1], how="missing", done=False)
    bulk = start(ready(alice, items))
    work()
    emulator.act("set_status", item=items[0], status="NEW")
    work(2)
    assert (figures(bulk), entries(bulk)[0].outcome) == ((3, 0, 0, 0), "done")


@pytest.mark.parametrize("fault", ["drop-after", "truncated", "garbage", "reset", "empty"])
def test_a_lost_answer_is_looked_up_and_never_sent_again(alice: Person, emulator: Running, fault: str) -> None:
    items = archive_ids(alice)
    emulator.forget_requests()
    bulk = ready(alice, items)
    emulator.fault("cloudfactory", "503" if fault == "reset" else fault, **POST)
    start(bulk)
    work(6)
    is_done = fault not in ("reset",)
    assert (figures(bulk), once_each(emulator)) == ((250, 0, 0, 0) if is_done else (150, 0, 100, 0), True)
    assert len(signals(emulator)) == 3
    assert bulk.items.filter(is_not_done=True).count() == (0 if is_done else 100)
    assert verify.check().is_whole


def test_busy_waits_and_sends_the_same_part_under_its_one_entry(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "429", times=2, **POST)
    bulk = sent_signal(alice, 120)
    assert (bulk.state, bulk.message, figures(bulk)) == (State.SENDING, "CloudFactory is busy.", (0, 0, 0, 0))
    work(2)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.message, figures(bulk)) == (State.ENDED, "", (120, 0, 0, 0))
    assert [line.outcome for line in entries(bulk)] == ["done", "done"]
    assert Part.objects.get(number=1).attempts == 1
    assert verify.check().is_whole


@pytest.mark.parametrize(("fault", "words"), [("401", "does not know this key"), ("403", "does not allow this")])
def test_a_refused_key_stops_the_rest(alice: Person, emulator: Running, fault: str, words: str) -> None:
    emulator.fault("cloudfactory", fault, **POST)
    bulk = sent_signal(alice)
    assert (bulk.state, figures(bulk)) == (State.STOPPED, (0, 100, 0, 150))
    assert words in bulk.message
    assert set(bulk.items.filter(outcome=Outcome.NOT_SENT).values_list("message", flat=True)) == {bulk.message}
    work(2)
    assert len(signals(emulator)) == 1


def test_a_whole_call_that_is_refused_is_refused_for_each_item_and_the_next_is_sent(
    alice: Person, emulator: Running
) -> None:
    emulator.fault("cloudfactory", "409", **POST)
    bulk = sent_signal(alice, 120)
    assert (bulk.state, figures(bulk)) == (State.ENDED, (20, 100, 0, 0))
    assert bulk.items.filter(outcome=Outcome.REFUSED)[0].message == "The status has changed meanwhile."


def test_five_failures_in_a_row_pause_it_and_carry_on_goes_on(alice: Person, emulator: Running) -> None:
    bulk = start(ready(alice, [*archive_ids(alice), *[str(uuid.uuid4()) for _ in range(450)]]))
    emulator.fault("cloudfactory", "503", times=0, **POST)
    work(3)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.message) == (State.PAUSED, "CloudFactory has a problem right now.")
    assert (len(signals(emulator)), bulk.unknown_count) == (5, 500)
    emulator.clear_faults()
    assert services.carry_on(user=alice, bulk=bulk)
    assert not services.carry_on(user=alice, bulk=bulk)
    work()
    bulk.refresh_from_db()
    # The next hundred are read before they would have been sent, and none of them is there.
    assert (bulk.state, len(signals(emulator))) == (State.ENDED, 6)
    assert figures(bulk) == (0, 100, 500, 100)


def test_a_vendor_that_fails_at_everything_costs_one_part(alice: Person, emulator: Running) -> None:
    bulk = start(ready(alice, archive_ids(alice)))
    emulator.fault("cloudfactory", "503", times=0)
    work(12)
    bulk.refresh_from_db()
    assert len(signals(emulator)) == 1
    assert (bulk.unknown_count, bulk.not_sent_count) == (100, 0)
    emulator.clear_faults()


def test_a_stop_leaves_the_rest_untouched(alice: Person, emulator: Running) -> None:
    items = archive_ids(alice)
    bulk = start(ready(alice, items))
    emulator.fault("cloudfactory", "429", path="workItems/signals", method="POST")
    work()
    assert services.stop(user=alice, bulk=bulk)
    work()
    bulk.refresh_from_db()
    assert (bulk.state, figures(bulk), len(signals(emulator))) == (State.STOPPED, (0, 0, 0, 250), 1)
    assert not services.stop(user=alice, bulk=bulk)
    assert set(statuses(emulator, items)) == {"COMPLETED"}


def test_another_person_stops_nothing(alice: Person, bob: Person, emulator: Running) -> None:
    bulk = start(ready(alice, archive_ids(alice, 2)))
    assert not services.stop(user=bob, bulk=bulk)
    assert not services.take_back(user=bob, bulk=bulk)
    assert not services.carry_on(user=bob, bulk=bulk)
    work()
    assert figures(bulk) == (2, 0, 0, 0)


def review(person: Person, number: int = 2, **more: Any) -> BulkSignal:
    """An approval of items that wait for review."""
    items = archive_ids(person, number)
    return ready(person, items, action="approve", before="CLIENT_REVIEW", **more)


def test_approvals_wait_and_can_be_taken_back(alice: Person, emulator: Running) -> None:
    bulk = start(review(alice))
    assert (bulk.state, bool(bulk.due_at), signals(emulator)) == (State.WAITING, True, [])
    worker.sweep()
    assert signals(emulator) == []
    assert services.take_back(user=alice, bulk=bulk)
    work()
    assert (bulk.state, figures(bulk), signals(emulator)) == (State.TAKEN_BACK, (0, 0, 0, 2), [])
    assert not services.take_back(user=alice, bulk=bulk)


def test_approvals_are_sent_once_their_seconds_are_over(alice: Person, emulator: Running) -> None:
    bulk = review(alice)
    items = [str(row.item) for row in bulk.items.all()]
    emulator.act("set_status", items=items, status="CLIENT_REVIEW")
    start(bulk)
    work()
    assert not services.take_back(user=alice, bulk=bulk)
    assert (figures(bulk), statuses(emulator, items)) == ((2, 0, 0, 0), ["COMPLETED"] * 2)
    body = next(one["body"] for one in emulator.requests("cloudfactory") if one["method"] == "POST")
    assert (body["signal"], body["signalOutcome"], body["taskType"]) == ("complete", "OK", "external_review")


def test_what_changed_since_it_was_read_is_not_sent(alice: Person, emulator: Running, settings: Any) -> None:
    items = archive_ids(alice, 4)
    bulk = ready(alice, items)
    old = timezone.now() - timedelta(seconds=settings.SIGNAL_PLAN_FRESH + 1)
    bulk.items.update(read_at=old)
    emulator.act("set_status", items=items[:2], status="NEW")
    start(bulk)
    work()
    assert signals(emulator) == [items[2:]]
    assert figures(bulk) == (2, 0, 0, 2)
    changed = bulk.items.get(item=items[0])
    assert (changed.message, changed.status_after) == (
        "It changed before it was sent: from “Completed” to “Not started”.",
        "NEW",
    )
    assert entries(bulk)[0].detail["ids"] == items[2:]


def test_a_disabled_person_sends_nothing_further(alice: Person, erin: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "429", **POST)
    bulk = sent_signal(alice, 120)
    alice.is_active = False
    alice.save()
    work(2)
    assert (len(signals(emulator)), figures(bulk), bulk.state) == (1, (0, 0, 0, 120), State.STOPPED)
    assert bulk.message == "Alice was disabled."


def test_a_role_that_changed_sends_nothing_further(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "429", **POST)
    bulk = sent_signal(alice, 120)
    alice.role = "auditor"
    alice.save()
    work(2)
    assert (len(signals(emulator)), figures(bulk), bulk.state) == (1, (0, 0, 0, 120), State.STOPPED)
    assert bulk.message == "Your role can’t signal work items any more."


def test_a_removed_key_sends_nothing_further(alice: Person, emulator: Running) -> None:
    bulk = start(ready(alice, archive_ids(alice, 2)))
    ApiKey.objects.filter(person=alice).delete()
    work()
    assert (figures(bulk), bulk.state, signals(emulator)) == ((0, 0, 0, 2), State.STOPPED, [])


def test_two_people_on_overlapping_items_both_read_the_truth(alice: Person, bob: Person, emulator: Running) -> None:
    items = archive_ids(alice, 30)
    first, second = ready(alice, items[:20]), ready(bob, items[10:])
    start(first)
    start(second)
    work()
    assert (figures(first), figures(second)) == ((20, 0, 0, 0), (10, 10, 0, 0))
    assert outcomes(second, Outcome.REFUSED) == set(items[10:20])


def test_what_another_signal_can_have_done_is_not_claimed(alice: Person, bob: Person, emulator: Running) -> None:
    items = archive_ids(alice, 5)
    bulk, other = ready(alice, items), ready(bob, items)
    start(other)
    emulator.fault("cloudfactory", "503", times=1, **POST)
    work()  # Bob's is lost before it was done.
    start(bulk)
    work(4)
    assert figures(bulk) == (5, 0, 0, 0)
    assert figures(other) == (0, 0, 5, 0)


def test_a_signal_whose_job_is_gone_ends_by_itself(alice: Person, emulator: Running) -> None:
    """As a process leaves it that was killed between giving the job up and saying so."""
    bulk = start(ready(alice, archive_ids(alice, 3)))
    Operation.objects.update(state=JobState.FAILED, message="It was tried three times.", finished_at=timezone.now())
    work()
    assert (figures(bulk), bulk.state, bulk.message) == ((0, 0, 0, 3), State.STOPPED, "It was tried three times.")
    assert signals(emulator) == []


def test_ten_thousand_items_are_started_and_stopped_without_a_call(alice: Person, emulator: Running) -> None:
    bulk = start(ready(alice, [str(uuid.uuid4()) for _ in range(10_000)]))
    assert (Part.objects.count(), bulk.planned_count) == (100, 10_000)
    assert services.stop(user=alice, bulk=bulk)
    work()
    assert (figures(bulk), bulk.state, signals(emulator)) == ((0, 0, 0, 10_000), State.STOPPED, [])


def test_an_answer_without_a_body_is_read_item_by_item(alice: Person, emulator: Running) -> None:
    items = archive_ids(alice, 3)
    emulator.act("fail_items", items=items[:1], error="locked")
    emulator.fault("cloudfactory", "empty", **POST)
    bulk = start(ready(alice, items))
    work()
    assert (figures(bulk), entries(bulk)[0].outcome) == ((2, 0, 1, 0), "unknown")
    assert set(bulk.items.filter(outcome=Outcome.DONE).values_list("message", flat=True)) == {
        "No clear answer came. Reading it showed that it was done."
    }


def test_an_item_that_could_not_be_read_afterwards_is_what_the_answer_said(alice: Person, emulator: Running) -> None:
    bulk = ready(alice, archive_ids(alice, 3))
    emulator.fault("cloudfactory", "403", **BY_IDS)
    start(bulk)
    work()
    assert figures(bulk) == (3, 0, 0, 0)
    assert bulk.items.first().message == "It could not be read afterwards."


def test_a_person_who_closes_the_entry_settles_its_unknown_items(
    alice: Person, emulator: Running, client_as: Any
) -> None:
    items = archive_ids(alice, 3)
    emulator.act("fail_items", items=items[:1], how="missing", done=False)
    bulk = start(ready(alice, items))
    work(4)
    [entry] = entries(bulk)
    answer = client_as(alice).post(f"/audit/{entry.pk}/close/", {"outcome": "failed", "note": "Seen at CloudFactory"})
    assert answer.status_code == 302
    assert (figures(bulk), bulk.items.get(item=items[0]).outcome) == ((2, 1, 0, 0), Outcome.REFUSED)
