"""Parts of a file that make the whole: counted as a set of bytes would count them."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.audit.download_states import Share, State, Transfer

TOTAL = 12
spans = st.tuples(st.integers(0, TOTAL - 1), st.integers(1, TOTAL)).map(lambda span: (span[0], min(TOTAL, sum(span))))


# Slow when other processes run beside it, which is nothing about the code.
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(spans, max_size=30))
def test_parts_are_a_download_once_every_byte_was_taken(taken: list[tuple[int, int]]) -> None:
    share, bytes_taken, times = Share("Alice"), set[int](), 0
    for first, end in taken:
        share.add(Transfer(State.PART, size=end - first, first=first, total=TOTAL))
        bytes_taken |= set(range(first, end))
        if len(bytes_taken) == TOTAL:
            times, bytes_taken = times + 1, set()
    assert share.complete == times
    assert share.partial == (
        f"{len(bytes_taken)} byte{'s' * (len(bytes_taken) > 1)} of 12 bytes" if bytes_taken else ""
    )


def test_thousands_of_parts_of_one_tool_are_one_download() -> None:
    share, most = Share("Alice"), 20_000
    for first in range(most):
        share.add(Transfer(State.PART, size=1000, first=first * 1000, total=most * 1000))
    assert (share.complete, share.parts) == (1, {})
