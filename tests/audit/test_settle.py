"""What nobody knows the end of is found out by reading, and never by reading once."""

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
from console.audit import record, settling
from console.audit.models import Entry

START = datetime.datetime(2026, 11, 3, 12, tzinfo=datetime.UTC)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as moment:
        yield moment


@pytest.fixture
def cut_off(alice: Person, clock: Any) -> Entry:
    """An act whose process was killed a minute and a half ago."""
    act = record.act(actor=alice, action="slice.create", thing_kind="slice", thing_name="Rain")
    act.__enter__()
    clock.shift(90)
    return act.entry


@pytest.fixture
def finding(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Entry]]]:
    """Registers a reading that finds what the test says, and lists what it was asked."""
    cache.clear()

    def reads(*found: Any) -> list[Entry]:
        asked: list[Entry] = []

        def read(entry: Entry) -> Any:
            asked.append(entry)
            return found[min(len(asked), len(found)) - 1]

        monkeypatch.setitem(settling._settlers, "slice.create", read)
        return asked

    yield reads
    cache.clear()


def run(clock: Any) -> str:
    out = StringIO()
    call_command("settle", stdout=out, pause=lambda seconds: clock.shift(seconds))
    return out.getvalue()


def test_found_is_done_and_says_after_a_restart(cut_off: Entry, finding: Any, clock: Any) -> None:
    asked = finding(("done", {"thing_id": "northwind/rain"}))
    assert "found done" in run(clock)
    entry = Entry.objects.get(pk=cut_off.pk)
    assert (entry.outcome, entry.result_id, entry.result["found"]) == ("done", "northwind/rain", "after a restart")
    assert len(asked) == 1


def test_not_found_is_believed_after_three_reads_over_a_minute(cut_off: Entry, finding: Any, clock: Any) -> None:
    asked = finding(("not done", {}))
    assert "found not done" in run(clock)
    assert len(asked) == 3
    assert timezone.now() - START >= datetime.timedelta(seconds=150)
    assert Entry.objects.get(pk=cut_off.pk).outcome == "failed"


def test_a_stale_read_proves_nothing(cut_off: Entry, finding: Any, clock: Any) -> None:
    finding(("not done", {}), ("not done", {}), ("done", {}))
    run(clock)
    assert Entry.objects.get(pk=cut_off.pk).outcome == "done"


def test_unsure_is_left_to_a_person_and_marked_unknown(cut_off: Entry, finding: Any, clock: Any) -> None:
    finding(("unsure", {}))
    assert "still unknown" in run(clock)
    assert Entry.objects.get(pk=cut_off.pk).outcome == "unknown"
    before = Entry.objects.count()
    run(clock)
    assert Entry.objects.count() == before
    finding(("done", {}))
    run(clock)
    assert Entry.objects.get(pk=cut_off.pk).result["found"] == "after a restart"


def test_what_nobody_can_look_up_becomes_unknown(cut_off: Entry, clock: Any) -> None:
    run(clock)
    assert Entry.objects.get(pk=cut_off.pk).outcome == "unknown"


def test_a_reading_that_breaks_does_not_stop_the_others(
    cut_off: Entry, alice: Person, finding: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(entry: Entry) -> Any:
        raise ConnectionError("no answer")

    finding(("done", {}))
    monkeypatch.setitem(settling._settlers, "batch.create", break_down)
    other = record.act(actor=alice, action="batch.create")
    other.__enter__()
    clock.shift(90)
    run(clock)
    assert Entry.objects.get(pk=cut_off.pk).outcome == "done"
    assert Entry.objects.get(pk=other.id).outcome == "unknown"


def test_an_act_under_way_is_left_alone(alice: Person, finding: Any, clock: Any) -> None:
    asked = finding(("done", {}))
    with record.act(actor=alice, action="slice.create"):
        assert "Nothing to look up" in run(clock)
    assert asked == []


def test_the_end_of_a_slow_act_counts_after_it_was_given_up(alice: Person, clock: Any) -> None:
    with record.act(actor=alice, action="slice.create") as act:
        clock.shift(90)
        run(clock)
        assert Entry.objects.get(pk=act.id).outcome == "unknown"
    assert Entry.objects.get(pk=act.id).outcome == "done"


def test_looking_once_waits_for_nobody_and_is_remembered(cut_off: Entry, finding: Any, clock: Any) -> None:
    asked = finding(("not done", {}))
    for _ in range(3):
        before = timezone.now()
        call_command("settle", once=True, stdout=StringIO())
        assert timezone.now() == before
        clock.shift(40)
    assert len(asked) == 3
    assert Entry.objects.get(pk=cut_off.pk).outcome == "failed"
