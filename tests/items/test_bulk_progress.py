"""How far a bulk signal is in words: what was measured, nothing invented."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from console.items.models import BulkSignal
from console.items.runs import progress

START = datetime(2026, 11, 3, 12, tzinfo=UTC)


def signal(planned: int = 5000, **fields: object) -> BulkSignal:
    about = {"state": BulkSignal.State.SENDING, "started_at": START, "planned_count": planned, **fields}
    return BulkSignal(action="reopen", **about)


def finish_part(bulk: BulkSignal, now: datetime, items: int = 100) -> None:
    for name, value in progress.measure(bulk, items=items, now=now).items():
        setattr(bulk, name, value)
    bulk.done_count += items


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_before_a_pace_was_measured_no_time_is_named() -> None:
    bulk = signal()
    assert progress.in_words(bulk, after(5)) == "0 of 5,000"
    finish_part(bulk, after(2))
    assert progress.in_words(bulk, after(2)) == "100 of 5,000"


def test_what_is_left_follows_from_the_parts_so_far() -> None:
    bulk = signal()
    for part in range(1, 24):
        finish_part(bulk, after(part * 2))
    bulk.done_count, bulk.refused_count = 2288, 12
    assert progress.seconds_left(bulk, after(46)) == 54
    assert progress.in_words(bulk, after(60)) == "2,300 of 5,000, 12 refused, about 40 s left"


def test_a_pause_of_an_hour_does_not_stretch_what_is_left() -> None:
    bulk = signal()
    for moment in (2, 4, 6, 3606, 3608):
        finish_part(bulk, after(moment))
    assert progress.seconds_left(bulk, after(3608)) == 90


def test_a_part_that_takes_much_longer_than_the_others_leaves_the_time_out() -> None:
    bulk = signal()
    for moment in (2, 4):
        finish_part(bulk, after(moment))
    assert "left" in progress.in_words(bulk, after(10))
    assert "left" not in progress.in_words(bulk, after(60))


def test_what_is_paused_or_finished_names_no_time() -> None:
    for state in (BulkSignal.State.PAUSED, BulkSignal.State.STOPPED, BulkSignal.State.ENDED):
        bulk = signal(state=state, progressed_at=after(4), paces=[0.02, 0.02], done_count=200)
        assert progress.in_words(bulk, after(4)) == "200 of 5,000"


moments = st.lists(st.floats(0, 10**6), min_size=1, max_size=30)


@given(moments, st.integers(0, 3000), st.floats(-3600, 10**7))
def test_whatever_the_clock_does_what_is_left_is_no_nonsense(ends: list[float], planned: int, now: float) -> None:
    bulk = signal(planned)
    for end in ends:
        finish_part(bulk, after(end))
    seconds = progress.seconds_left(bulk, after(now))
    assert seconds is None or 0 <= seconds <= progress.LONGEST_LEFT
    assert 0 <= progress.finished_count(bulk) <= planned
    assert "-" not in progress.in_words(bulk, after(now))
