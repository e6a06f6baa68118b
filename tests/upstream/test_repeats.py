"""Reads are repeated within limits, and a dead vendor is noticed (PROMISES 5 and 6)."""

from email.utils import formatdate
from time import time
from typing import Any

import pytest
import responses

from console.upstream import errors
from console.upstream.circuit_breaker import Budget, MemoryStore, VendorHealth
from console.upstream.response_models import Priority
from console.upstream.transport import CallLimits
from tests.upstream import samples as s
from tests.upstream.clients import AVALA, PLATFORM, REQUEST_ID, avala, platform

ME = f"{AVALA}/users/me/"


class Waits(list[float]):
    """A sleep that only takes notes."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def answers(*statuses: int, **more: Any) -> None:
    for status in statuses:
        responses.get(ME, status=status, json={"uid": "u"}, **more)


@responses.activate
def test_a_read_that_fails_twice_is_sent_three_times() -> None:
    answers(503, 502, 200)
    waits = Waits()

    assert avala(sleep=waits).get_me().uid == "u"
    assert len(responses.calls) == 3
    assert 0.15 <= waits[0] <= 0.45
    assert 0.3 <= waits[1] <= 0.9


@responses.activate
def test_a_read_is_sent_three_times_at_most() -> None:
    answers(500, 500, 500, 200)
    with pytest.raises(errors.ServerFailed):
        avala().get_me()

    assert len(responses.calls) == 3


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409])
@responses.activate
def test_a_refusal_is_not_asked_for_again(status: int) -> None:
    answers(status)
    with pytest.raises(errors.UpstreamError):
        avala().get_me()

    assert len(responses.calls) == 1


@responses.activate
def test_the_two_posts_that_only_read_may_be_repeated() -> None:
    for status in (503, 200):
        responses.post(f"{AVALA}/slice/validate/name", status=status, json={"name": "x", "isValid": False})
        responses.post(f"{PLATFORM}/spaces/{s.SPACE}/signedurls", status=status, json=s.LINKS)

    assert avala().validate_slice_name("x").is_valid is False
    assert len(platform().download_links(s.SPACE, ["raw/0001.jpg"])) == 1
    assert len(responses.calls) == 4


@pytest.mark.parametrize("status", [429, 503])
@responses.activate
def test_a_put_is_not_repeated_even_when_asked_to(status: int) -> None:
    address = f"{PLATFORM}/projects/{s.PROJECT}/batches/prioritization"
    responses.put(address, status=status, headers={"Retry-After": "0"})
    with pytest.raises(errors.UpstreamError):
        platform().save_priorities(s.PROJECT, [Priority(1, 1)], request_id=REQUEST_ID)

    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    ("asked", "waited"), [("3", 3.0), ("0", 0.0), ("nonsense", 2.0), ("-4", 2.0), ("9" * 30, 2.0), (None, 2.0)]
)
@responses.activate
def test_a_busy_vendor_is_asked_again_when_it_says(asked: str | None, waited: float) -> None:
    answers(429, headers={} if asked is None else {"Retry-After": asked})
    answers(200)
    waits = Waits()
    avala(sleep=waits).get_me()

    assert waits == [pytest.approx(waited + 0.3, abs=0.16)]


@pytest.mark.parametrize("asked", ["12", "date"])
@responses.activate
def test_a_long_wait_is_not_waited_for(asked: str) -> None:
    answers(429, headers={"Retry-After": formatdate(time() + 12.5, usegmt=True) if asked == "date" else asked})
    waits = Waits()
    with pytest.raises(errors.RateLimited) as caught:
        avala(sleep=waits).get_me()

    assert waits == []
    assert len(responses.calls) == 1
    assert caught.value.retry_in == pytest.approx(12, abs=1.1)
    assert "busy. Try again in 1" in caught.value.message


@responses.activate
def test_an_outage_that_names_its_end_is_not_waited_for_either() -> None:
    answers(503, headers={"Retry-After": "60"})
    with pytest.raises(errors.ServerFailed) as caught:
        avala().get_me()

    assert (len(responses.calls), caught.value.retry_in) == (1, 60)


@responses.activate
def test_without_retry_after_the_rate_limits_reset_is_used() -> None:
    answers(429, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time()) + 30)})
    with pytest.raises(errors.RateLimited) as caught:
        avala().get_me()

    assert caught.value.retry_in == pytest.approx(30, abs=1.5)


@responses.activate
def test_no_read_is_repeated_past_the_deadline() -> None:
    answers(503, 200)
    with pytest.raises(errors.ServerFailed):
        avala(limits=CallLimits(total=1.0, pause=9.0)).get_me()

    assert len(responses.calls) == 1


@responses.activate
def test_repeats_are_a_fifth_of_all_calls_at_most() -> None:
    health = VendorHealth("avala", now=lambda: 0.0)
    client = avala(health=health)
    responses.get(ME, status=503)
    for _ in range(100):
        health.record(ok=True)  # keeps the breaker out of it
        with pytest.raises(errors.ServerFailed):
            client.get_me()

    repeats = len(responses.calls) - 100
    assert repeats <= len(responses.calls) / 5 + 5
    assert repeats >= 20


def test_a_budget_does_not_grow_without_end() -> None:
    budget = Budget()
    for _ in range(10_000):
        budget.count_call()

    assert sum(budget.take() for _ in range(100)) <= 25


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@responses.activate
def test_after_five_failures_calls_rest_and_then_one_probe_goes_through() -> None:
    clock = Clock()
    client = avala(health=VendorHealth("avala", now=clock), limits=CallLimits(calls=1))
    answers(*[503] * 5)
    for _ in range(5):
        with pytest.raises(errors.ServerFailed):
            client.get_me()

    with pytest.raises(errors.HeldBack) as held:
        client.get_me()
    assert (len(responses.calls), held.value.retry_in, held.value.outcome) == (5, 30.0, "failed")

    clock.now += 31
    answers(200)
    assert client.get_me().uid == "u"
    assert client.get_me().uid == "u"


def test_only_one_probe_goes_through_and_its_failure_starts_another_rest() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    here, there = VendorHealth("avala", store, now=clock), VendorHealth("avala", store, now=clock)
    for _ in range(5):
        here.record(ok=False)

    assert there.seconds_until_allowed() == 30.0
    clock.now += 30
    assert here.seconds_until_allowed() == 0.0
    assert there.seconds_until_allowed() > 0.0
    here.record(ok=False)
    assert there.seconds_until_allowed() == 30.0
    assert there.resting() == 30.0


def test_a_success_in_between_starts_the_count_again() -> None:
    health = VendorHealth("avala")
    for ok in (False, False, False, False, True, False):
        health.record(ok)

    assert (health.seconds_until_allowed(), health.failures()) == (0.0, 1)


def test_a_probe_that_never_came_back_does_not_block_for_ever() -> None:
    clock = Clock()
    health = VendorHealth("avala", MemoryStore(clock), now=clock)
    for _ in range(5):
        health.record(ok=False)
    clock.now += 31
    assert health.seconds_until_allowed() == 0.0
    clock.now += 21

    assert health.seconds_until_allowed() == 0.0


@pytest.mark.parametrize("status", [401, 403, 404, 429])
@responses.activate
def test_refusals_do_not_trip_the_breaker(status: int) -> None:
    health = VendorHealth("avala")
    client = avala(health=health, limits=CallLimits(calls=1))
    answers(*[status] * 6)
    for _ in range(6):
        with pytest.raises(errors.Refused):
            client.get_me()

    assert health.failures() == 0


@responses.activate
def test_a_dead_vendor_does_not_hold_the_other_back() -> None:
    store = MemoryStore()
    for _ in range(5):
        VendorHealth("avala", store).record(ok=False)
    responses.get(f"{PLATFORM}/spaces/{s.SPACE}/projects", json={"items": []})

    assert platform(health=VendorHealth("cloudfactory", store)).list_projects(s.SPACE) == ()
    with pytest.raises(errors.HeldBack):
        avala(health=VendorHealth("avala", store)).get_me()


@responses.activate
def test_the_rate_limit_is_noted_for_each_key_apart() -> None:
    store = MemoryStore()
    soon = int(time()) + 30
    mine, theirs = VendorHealth("avala", store, who="a"), VendorHealth("avala", store, who="b")
    answers(200, headers={"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "97", "X-RateLimit-Reset": str(soon)})
    avala(health=mine).get_me()

    seen = mine.limits()
    assert seen is not None
    assert (seen.remaining, seen.limit, seen.reset) == (97, 100, soon)
    assert theirs.limits() is None


@responses.activate
@pytest.mark.parametrize("reset", ["9" * 18, "0", "-1", "²", "1e9", "253402300800"])
def test_a_reset_that_is_no_moment_near_now_is_not_noted(reset: str) -> None:
    """A page shows it as a moment: one beyond the calendar took every page down for two minutes."""
    health = VendorHealth("avala", MemoryStore())
    answers(200, headers={"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "97", "X-RateLimit-Reset": reset})
    avala(health=health).get_me()

    seen = health.limits()
    assert seen is not None
    assert (seen.remaining, seen.limit, seen.reset) == (97, 100, None)
