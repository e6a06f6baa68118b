"""What becomes of an item: every answer of FACTS 4, rows 6 and 7, with every way it can be read afterwards."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.items.bulk import results
from console.items.bulk.results import SentItem
from console.items.models import BulkItem
from console.upstream.response_models import SignalResult, WorkItem

Outcome = BulkItem.Outcome
ITEM = "0b6f4f1e-4c8e-4c52-9a49-6a3c2a7e6d11"
AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
EARLIER = AT - timedelta(minutes=1)
LATER = AT + timedelta(seconds=1)
NO_ENTRY = None
OK, OK_WITH_STATUS = SignalResult(ITEM), SignalResult(ITEM, status="NEW")
REFUSED = SignalResult(ITEM, error="status is COMPLETED")


def read_as(status: str | None, updated: datetime | None = LATER) -> WorkItem:
    return WorkItem(id=ITEM, status=status, updated_at=updated)


def sent_item(after: WorkItem | None, *, expected: str | None = "NEW", **more: Any) -> SentItem:
    """A Reopen of a completed item."""
    return SentItem(before="COMPLETED", expected=expected, at=AT, updated_before=EARLIER, after=after, **more)


AS_BEFORE = read_as("COMPLETED", EARLIER)
TABLE = [
    # What the answer said, the item afterwards, the result, the status that is kept.
    (OK, read_as("NEW"), Outcome.DONE, "NEW"),
    (OK_WITH_STATUS, read_as("NEW"), Outcome.DONE, "NEW"),
    (OK, read_as("IN_PROGRESS"), Outcome.DONE, "IN_PROGRESS"),
    (OK, read_as("WHATEVER"), Outcome.DONE, "WHATEVER"),
    (OK, None, Outcome.DONE, ""),
    (OK_WITH_STATUS, None, Outcome.DONE, "NEW"),
    (OK, read_as(None), Outcome.DONE, ""),
    (OK, AS_BEFORE, Outcome.UNKNOWN, "COMPLETED"),
    (OK_WITH_STATUS, AS_BEFORE, Outcome.UNKNOWN, "COMPLETED"),
    (SignalResult(ITEM, status="COMPLETED"), None, Outcome.UNKNOWN, "COMPLETED"),
    (REFUSED, AS_BEFORE, Outcome.REFUSED, "COMPLETED"),
    (REFUSED, read_as("NEW"), Outcome.REFUSED, "NEW"),
    (REFUSED, None, Outcome.REFUSED, ""),
    (NO_ENTRY, read_as("NEW"), Outcome.DONE, "NEW"),
    (NO_ENTRY, read_as("NEW", None), Outcome.DONE, "NEW"),
    (NO_ENTRY, read_as("NEW", EARLIER), Outcome.UNKNOWN, "NEW"),
    (NO_ENTRY, AS_BEFORE, Outcome.UNKNOWN, "COMPLETED"),
    (NO_ENTRY, read_as("IN_PROGRESS"), Outcome.UNKNOWN, "IN_PROGRESS"),
    (NO_ENTRY, read_as(None), Outcome.UNKNOWN, ""),
    (NO_ENTRY, None, Outcome.UNKNOWN, ""),
]


@pytest.mark.parametrize(("answer", "after", "outcome", "status"), TABLE)
def test_each_answer_and_each_reading_has_its_result(
    answer: SignalResult | None, after: WorkItem | None, outcome: str, status: str
) -> None:
    result = results.judge(sent_item(after), answer)
    assert (result.outcome, result.status_after) == (outcome, status)


def test_what_another_act_can_have_done_proves_nothing() -> None:
    one = sent_item(read_as("NEW"), is_perhaps_of_another=True)
    assert results.judge(one, NO_ENTRY).outcome == Outcome.UNKNOWN
    assert results.judge(one, OK).outcome == Outcome.DONE


def test_an_unlikely_signal_is_what_the_answer_says() -> None:
    assert results.judge(sent_item(AS_BEFORE, expected=None), OK).outcome == Outcome.DONE
    assert results.judge(sent_item(read_as("NEW"), expected=None), NO_ENTRY).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("after", "is_as_before"),
    [
        (AS_BEFORE, True),
        (read_as("COMPLETED", None), True),
        (read_as("COMPLETED", LATER), False),
        (read_as("NEW"), False),
        (None, False),
    ],
)
def test_an_item_that_changed_and_has_its_status_once_more_is_not_as_before(
    after: WorkItem | None, is_as_before: bool
) -> None:
    assert results.judge(sent_item(after), NO_ENTRY).is_miss is is_as_before


def test_the_vendors_words_are_kept_and_cut() -> None:
    long = SignalResult(ITEM, error="x" * 9_000)
    assert results.judge(sent_item(AS_BEFORE), REFUSED).message == "status is COMPLETED"
    assert len(results.judge(sent_item(AS_BEFORE), long).message) == 500


STATUSES = st.sampled_from(["NEW", "IN_PROGRESS", "COMPLETED", "FAILED", "ODD", "", None])
READS = st.none() | st.builds(read_as, STATUSES, st.sampled_from([None, EARLIER, AT, LATER]))
ANSWERS = st.none() | st.builds(
    SignalResult,
    st.just(ITEM),
    STATUSES.map(lambda status: status or None),
    st.sampled_from([None, "locked", "x" * 900]),
)


@given(after=READS, answer=ANSWERS, expected=STATUSES, other=st.booleans())
def test_no_result_says_more_than_was_said_or_read(
    after: WorkItem | None, answer: SignalResult | None, expected: str | None, other: bool
) -> None:
    one = sent_item(after, expected=expected or None, is_perhaps_of_another=other)
    result = results.judge(one, answer)
    is_refused = answer is not None and answer.error is not None
    assert (result.outcome == Outcome.REFUSED) is is_refused
    if result.outcome == Outcome.DONE and answer is None:
        assert after is not None
        assert after.status == expected != one.before
        assert not other
    if result.is_miss:
        assert result.outcome == Outcome.UNKNOWN
    assert result.outcome in (Outcome.DONE, Outcome.REFUSED, Outcome.UNKNOWN)
