"""All calls of one request share one budget (PROMISES 25)."""

from collections.abc import Callable
from typing import Any

import pytest
import responses
from django.test import Client

from accounts.models import Person
from console.common import deadline
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.upstream import errors
from console.upstream.circuit_breaker import VendorHealth
from tests.upstream import samples as s
from tests.upstream.clients import AVALA, PLATFORM, REQUEST_ID, avala, platform

As = Callable[[Person], Client]
ME = f"{AVALA}/users/me/"


@responses.activate
def test_no_call_is_sent_once_the_time_is_used_up() -> None:
    responses.get(ME, json={"uid": "u"})
    with deadline.limit(0), pytest.raises(errors.OutOfTime, match="Avala was not asked: the time for this page"):
        avala().get_me()
    assert len(responses.calls) == 0


@responses.activate
def test_a_write_still_finds_time_after_slow_reads() -> None:
    responses.patch(f"{PLATFORM}/projects/{s.PROJECT}/batches/7", status=204)
    with deadline.limit(0):
        platform().update_batch(s.PROJECT, 7, name="Fog", request_id=REQUEST_ID)
        assert deadline.remaining() == pytest.approx(deadline.WRITE_SECONDS, abs=5)
    assert len(responses.calls) == 1


def test_writes_move_the_end_once_however_many_there_are() -> None:
    with deadline.limit(-deadline.WRITE_SECONDS):
        deadline.extend_for_write()
        assert deadline.remaining() == 0.0


def test_outside_a_request_there_is_no_limit() -> None:
    with deadline.limit(5):
        pass
    assert deadline.remaining() is None


@responses.activate
def test_used_up_time_is_no_failure_of_the_vendor() -> None:
    health = VendorHealth("avala")
    responses.get(ME, json={"uid": "u"})
    client = avala(health=health)
    for _ in range(6):
        with deadline.limit(0), pytest.raises(errors.OutOfTime):
            client.get_me()
    assert health.failures() == 0
    assert client.get_me().uid == "u"


def test_a_call_that_the_budget_cuts_short_is_no_failure_of_the_vendor(emulator: Running) -> None:
    emulator.fault("avala", "slow-2", times=0)
    health = VendorHealth("avala")
    with deadline.limit(0.4), pytest.raises(errors.TimedOut):
        avala(emulator.avala_url, health=health).get_me()
    assert health.failures() == 0


def test_a_page_that_has_used_up_its_time_asks_for_nothing_more(
    client_as: As, alice: Person, emulator: Running, settings: Any
) -> None:
    settings.REQUEST_SECONDS = 0
    page = client_as(alice).get(f"/projects/{PROJECTS['coins']}/")
    assert page.status_code == 504
    assert "CloudFactory was not asked: the time for this page was used up." in page.content.decode()
    assert emulator.requests("cloudfactory") == []
