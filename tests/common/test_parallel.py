"""Independent calls of one page run side by side, and one that fails takes no other along (PROMISES 25, 26)."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import connections
from accounts.models import Person
from console.common import deadline, parallel
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from tests.exports.making import text_of

As = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}


class Bad(Exception):
    pass


def fail() -> str:
    raise Bad


def test_each_call_gives_its_value_or_its_error_in_order() -> None:
    first, failed, last = parallel.gather([lambda: "a", fail, lambda: "c"], errors=Bad)
    assert (first, last) == ("a", "c")
    assert isinstance(failed, Bad)


def test_calls_run_side_by_side_within_one_budget() -> None:
    all_here = threading.Barrier(3, timeout=30)

    def call() -> float | None:
        all_here.wait()
        return deadline.remaining()

    with deadline.limit(60):
        assert all(left is not None for left in parallel.gather([call] * 3, errors=Bad))


def test_an_error_nobody_expects_is_raised_once_all_have_ended() -> None:
    with pytest.raises(ZeroDivisionError):
        parallel.gather([lambda: 1 / 0, lambda: 1.0], errors=Bad)


def waiting_for_review(client: Client) -> str:
    return text_of(client.get("/home/review/", headers=HTMX))


def test_projects_that_are_too_slow_are_owned_up_to_on_home(
    client_as: As, bob: Person, emulator: Running, settings: Any
) -> None:
    settings.REQUEST_SECONDS = 1.5
    slow = [PROJECTS["eyes"], PROJECTS["surfaces"]]
    for project in slow:
        emulator.fault("cloudfactory", "slow-3", path=f"{project}/workItems", times=0)
    said = waiting_for_review(client_as(bob))
    assert "18 items wait for review in Coin outlines" in said
    assert "2 of 8 projects didn’t answer in time." in said
    assert "or more items in total" in said


def test_a_project_that_fails_takes_no_other_along_on_home(client_as: As, bob: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "403", path=f"{PROJECTS['eyes']}/workItems", times=0)
    said = waiting_for_review(client_as(bob))
    assert "18 items wait for review in Coin outlines" in said
    assert "1 of 8 projects couldn’t be read." in said


def test_a_rejected_key_is_said_as_such_however_many_calls_there_were(
    client_as: As, bob: Person, emulator: Running
) -> None:
    emulator.fault("cloudfactory", "401", path="workItems", times=0)
    assert "18 items" not in waiting_for_review(client_as(bob))
    assert [key.vendor for key in connections.rejected(bob)] == ["cloudfactory"]


def test_slow_answers_are_waited_for_once_and_not_one_after_the_other(
    client_as: As, bob: Person, emulator: Running, settings: Any
) -> None:
    settings.REQUEST_SECONDS = 4.5
    emulator.fault("cloudfactory", "slow-1", path="workItems", times=0)
    assert "didn’t answer" not in waiting_for_review(client_as(bob))
    assert len([call for call in emulator.requests("cloudfactory") if "workItems" in call["path"]]) == 8
