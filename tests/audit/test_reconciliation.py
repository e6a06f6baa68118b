"""An unknown outcome is resolved by reading, and "not found" is never taken for "not done"."""

import contextlib
import datetime
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Person
from console.audit import reconciliation, record
from console.audit.models import Entry
from console.jobs import worker
from console.jobs.models import Operation, State

START = datetime.datetime(2026, 11, 3, 12, tzinfo=datetime.UTC)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as moment:
        yield moment


@pytest.fixture
def cut_off(alice: Person, clock: Any) -> Entry:
    """An act whose process was killed a minute and a half ago."""
    act = record.audited_call(actor=alice, action="slice.create", thing_kind="slice", thing_name="Rain", vendor="avala")
    act.__enter__()
    clock.shift(90)
    return act.entry


@pytest.fixture
def unknown(alice: Person, clock: Any) -> Entry:
    """An act that was sent and got no clear answer just now."""
    fields: dict[str, Any] = {"thing_kind": "slice", "thing_name": "Rain", "vendor": "avala"}
    with pytest.raises(TimeoutError), record.audited_call(actor=alice, action="slice.create", **fields) as act:
        raise TimeoutError
    return act.entry


@pytest.fixture
def finding(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Entry]]:
    """Registers a reading that finds what the test says, and lists what it was asked."""

    def reads(*found: Any) -> list[Entry]:
        asked: list[Entry] = []

        def read(entry: Entry) -> Any:
            asked.append(entry)
            answer = found[min(len(asked), len(found)) - 1]
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setitem(reconciliation._reconcilers, "slice.create", reconciliation.Reconciler(read))
        return asked

    return reads


def run() -> str:
    out = StringIO()
    call_command("settle", stdout=out)
    return out.getvalue()


def work_for(clock: Any, seconds: int, *, step: int = 1) -> None:
    """The worker's turns over some time: every due job, and the sweep each minute."""
    for second in range(0, seconds, step):
        for pk in Operation.objects.due(timezone.now()).values_list("pk", flat=True):
            worker.perform(pk)
        if second % 60 == 0:
            worker.sweep()
        clock.shift(step)


def outcome(entry: Entry) -> str:
    return Entry.objects.get(pk=entry.pk).outcome


def status(entry: Entry) -> str:
    return reconciliation.state(Entry.objects.get(pk=entry.pk)).status


def test_found_is_done_and_says_after_a_restart(cut_off: Entry, finding: Any) -> None:
    asked = finding(("done", {"thing_id": "northwind/rain"}))
    assert "found done" in run()
    entry = Entry.objects.get(pk=cut_off.pk)
    assert (entry.outcome, entry.result_id, entry.result["found"]) == ("done", "northwind/rain", "after a restart")
    assert len(asked) == 1


@pytest.mark.parametrize("stale", [3, 6, 8])
def test_stale_reads_are_not_believed(unknown: Entry, finding: Any, clock: Any, stale: int) -> None:
    finding(*[("not found", {})] * stale, ("done", {"thing_id": "northwind/rain"}))
    work_for(clock, 590)
    assert outcome(unknown) == "done"
    assert not Entry.objects.filter(recorded_outcome="failed").exists()


def test_the_worker_checks_by_itself_with_growing_waits_for_ten_minutes(
    unknown: Entry, finding: Any, clock: Any
) -> None:
    asked = finding(("not found", {}))
    work_for(clock, 600)
    assert status(unknown) == "checking"
    assert 8 <= len(asked) <= 14
    work_for(clock, 140)
    state = reconciliation.state(Entry.objects.get(pk=unknown.pk))
    assert (state.status, outcome(unknown)) == ("not found", "unknown")
    assert state.can_send_again
    assert "a second one may result" in state.message


def test_checking_by_hand_does_not_shorten_the_ten_minutes(unknown: Entry, finding: Any, clock: Any) -> None:
    finding(("not found", {}))
    for _ in range(20):
        assert reconciliation.look(Entry.objects.get(pk=unknown.pk)).status == "checking"
        clock.shift(1)
    clock.shift(600)
    assert reconciliation.look(Entry.objects.get(pk=unknown.pk)).status == "not found"


def test_a_lost_cache_does_not_lose_the_checks(unknown: Entry, finding: Any, clock: Any) -> None:
    finding(("not found", {}))
    work_for(clock, 400, step=2)
    cache.clear()
    work_for(clock, 340, step=2)
    assert status(unknown) == "not found"


def test_a_late_find_turns_not_found_into_done(unknown: Entry, finding: Any, clock: Any) -> None:
    finding(("not found", {}))
    work_for(clock, 900, step=60)
    assert status(unknown) == "not found"
    finding(("done", {"thing_id": "northwind/rain"}))
    work_for(clock, 2 * 3600, step=60)
    assert outcome(unknown) == "done"


def test_checks_end_after_a_day_and_the_entry_stays_for_a_person(unknown: Entry, finding: Any, clock: Any) -> None:
    asked = finding(("unsure", {}))
    work_for(clock, 26 * 3600, step=300)
    assert status(unknown) == "unsure"
    assert Operation.objects.filter(state=State.WAITING).count() == 0
    assert len(asked) < 40
    rows = Operation.objects.count()
    work_for(clock, 3600, step=300)
    assert Operation.objects.count() == rows


def test_a_service_that_does_not_answer_is_no_finding(unknown: Entry, finding: Any, clock: Any) -> None:
    finding(ConnectionError("no answer"))
    work_for(clock, 1200, step=2)
    state = reconciliation.state(Entry.objects.get(pk=unknown.pk))
    assert state.status == "checking"
    assert "could not be read" in state.message
    finding(("done", {}))
    work_for(clock, 130, step=2)
    assert outcome(unknown) == "done"


def test_what_a_killed_process_left_is_settled_within_two_minutes_without_a_restart(
    alice: Person, finding: Any, clock: Any
) -> None:
    finding(("done", {"thing_id": "northwind/rain"}))
    worker.sweep()
    clock.shift(1)
    act = record.audited_call(actor=alice, action="slice.create", thing_name="Rain")
    act.__enter__()
    for _ in range(2):
        clock.shift(59.5)
        worker.sweep()
    entry = Entry.objects.get(pk=act.id)
    assert (entry.outcome, entry.result["found"]) == ("done", "after a restart")


def test_a_disabled_person_s_key_is_not_used_and_no_job_is_made_again(
    alice: Person, unknown: Entry, finding: Any, clock: Any
) -> None:
    asked = finding(("done", {}))
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    work_for(clock, 600, step=60)
    assert asked == []
    assert Operation.objects.count() == 1
    state = reconciliation.state(Entry.objects.get(pk=unknown.pk))
    assert (state.status, state.can_check) == ("unsure", False)


def test_several_candidates_are_for_a_person(cut_off: Entry, finding: Any) -> None:
    finding(("unsure", {}))
    assert "for a person" in run()
    assert outcome(cut_off) == "unknown"
    before = Entry.objects.count()
    run()
    assert Entry.objects.count() == before
    finding(("done", {}))
    run()
    assert Entry.objects.get(pk=cut_off.pk).result["found"] == "after a restart"


def test_what_nobody_can_check_becomes_unknown(alice: Person, clock: Any) -> None:
    act = record.audited_call(actor=alice, action="nothing.known")
    act.__enter__()
    clock.shift(90)
    run()
    assert outcome(act.entry) == "unknown"
    assert status(act.entry) == "unsure"


def test_a_reading_that_breaks_does_not_stop_the_others(
    cut_off: Entry, alice: Person, finding: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(entry: Entry) -> Any:
        raise ConnectionError("no answer")

    finding(("done", {}))
    monkeypatch.setitem(reconciliation._reconcilers, "batch.create", reconciliation.Reconciler(break_down))
    other = record.audited_call(actor=alice, action="batch.create")
    other.__enter__()
    clock.shift(90)
    run()
    assert outcome(cut_off) == "done"
    assert outcome(other.entry) == "unknown"


def test_an_act_under_way_is_left_alone(alice: Person, finding: Any, clock: Any) -> None:
    asked = finding(("done", {}))
    with record.audited_call(actor=alice, action="slice.create") as act:
        assert "Nothing to check" in run()
        worker.sweep()
        assert status(act.entry) == "under way"
    assert asked == []


def test_the_end_of_a_slow_act_counts_after_it_was_given_up(alice: Person, finding: Any, clock: Any) -> None:
    finding(("not found", {}))
    with record.audited_call(actor=alice, action="slice.create") as act:
        clock.shift(90)
        run()
        assert outcome(act.entry) == "unknown"
    assert outcome(act.entry) == "done"


def test_a_slow_act_that_gives_up_does_not_take_back_what_a_check_found(
    alice: Person, finding: Any, clock: Any
) -> None:
    finding(("done", {}))
    with contextlib.suppress(TimeoutError), record.audited_call(actor=alice, action="slice.create") as act:
        clock.shift(90)
        run()
        raise TimeoutError
    assert outcome(act.entry) == "done"


def test_an_outcome_that_could_not_be_written_is_found_by_the_sweep(
    alice: Person, finding: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def locked(entry: Entry) -> None:
        raise OperationalError("database is locked")

    finding(("done", {"thing_id": "northwind/rain"}))
    with record.audited_call(actor=alice, action="slice.create", thing_name="Rain") as act:
        monkeypatch.setattr("console.audit.chain.add", locked)
    monkeypatch.undo()
    finding(("done", {"thing_id": "northwind/rain"}))
    assert outcome(act.entry) == "open"
    clock.shift(60)
    worker.sweep()
    assert outcome(act.entry) == "done"


def test_a_clock_that_was_days_ahead_keeps_no_act_under_way(cut_off: Entry, finding: Any, clock: Any) -> None:
    finding(("done", {"thing_id": "northwind/rain"}))
    clock.shift(datetime.timedelta(days=-3))
    run()
    assert outcome(cut_off) == "done"


def test_a_clock_that_was_days_ahead_puts_off_no_check(unknown: Entry, finding: Any, clock: Any) -> None:
    finding(("not found", {}), ("done", {"thing_id": "northwind/rain"}))
    reconciliation.look(unknown)
    clock.shift(datetime.timedelta(days=-3))
    assert reconciliation.due() == [unknown]
