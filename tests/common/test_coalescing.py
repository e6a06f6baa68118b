"""One call for many readers, and a change that wins over a read under way."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection

from console.common import coalescing, deadline
from console.common.coalescing import SharedAnswer

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = SharedAnswer("cloudfactory", "space", "exports")
PATIENCE = 30


class Refused(Exception):
    pass


class SlowVendor:
    """Answers when the test says so, and counts how often it was asked."""

    def __init__(self, text: str = "found") -> None:
        self.text, self.calls = text, 0
        self.was_asked, self.may_answer = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.calls += 1
        self.was_asked.set()
        assert self.may_answer.wait(PATIENCE)
        return self.text


@pytest.fixture(autouse=True)
def readers() -> None:
    cache.clear()
    for name in ("alice", "bob", "carol"):
        coalescing.note_own_read("cloudfactory", "space", name)


def read(fetch: object, reader: str = "alice", seconds: float = 60) -> str:
    try:
        return ANSWER.read(fetch, reader=reader, seconds=seconds, refusals=(Refused,))  # type: ignore[arg-type]
    finally:
        connection.close()


def test_ten_readers_at_once_ask_once() -> None:
    vendor = SlowVendor()
    with ThreadPoolExecutor(10) as pool:
        answers = [pool.submit(read, vendor) for _ in range(10)]
        assert vendor.was_asked.wait(PATIENCE)
        vendor.may_answer.set()
        assert {answer.result(PATIENCE) for answer in answers} == {"found"}
    assert vendor.calls == 1


def test_a_change_wins_over_a_read_under_way() -> None:
    before, after = SlowVendor("before the change"), SlowVendor("after the change")
    after.may_answer.set()
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(read, before)
        assert before.was_asked.wait(PATIENCE)
        ANSWER.forget()
        assert read(after, "bob") == "after the change"
        before.may_answer.set()
        assert slow.result(PATIENCE) == "before the change"
    assert read(after, "carol") == "after the change"
    assert ANSWER.last(reader="carol") == "after the change"
    assert after.calls == 1


def test_a_reader_who_asks_alone_does_not_take_another_ones_lock() -> None:
    first, stranger = SlowVendor(), SlowVendor()
    stranger.may_answer.set()
    with ThreadPoolExecutor(3) as pool:
        leader = pool.submit(read, first)
        assert first.was_asked.wait(PATIENCE)
        assert read(stranger, "has not read the space yet", seconds=0) == "found"
        follower = pool.submit(read, first, "bob")
        first.may_answer.set()
        assert leader.result(PATIENCE) == follower.result(PATIENCE) == "found"
    assert first.calls == 1


def test_a_key_without_the_right_sees_no_shared_answer() -> None:
    read(lambda: "found")
    with pytest.raises(Refused):
        read(_refuse, "dana")
    assert ANSWER.last(reader="dana") is None


def test_after_a_refusal_a_reader_sees_nothing_older() -> None:
    read(lambda: "found", seconds=60)
    ANSWER.forget()
    with pytest.raises(Refused):
        read(_refuse)
    assert ANSWER.last(reader="alice") is None
    assert ANSWER.last(reader="bob") == "found"


def test_a_failed_read_leaves_the_turn_to_the_next_reader() -> None:
    with pytest.raises(Refused):
        read(_refuse)
    assert read(lambda: "found", "bob") == "found"


def test_waiting_ends_with_the_readers_own_time() -> None:
    vendor = SlowVendor()
    with ThreadPoolExecutor(1) as pool:
        leader = pool.submit(read, vendor)
        assert vendor.was_asked.wait(PATIENCE)
        with deadline.limit(0.1):
            assert read(lambda: "asked alone", "bob") == "asked alone"
        vendor.may_answer.set()
        assert leader.result(PATIENCE) == "found"


def _refuse() -> str:
    raise Refused
