"""At the very same moment: ten presses, ten people, ten workers. One export, one entry, and nobody sees an error."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Person
from console.audit import verify
from console.audit.models import Entry
from console.emulator.server import Running
from console.exports.models import ExportRequest
from console.jobs import worker
from console.jobs.models import Operation
from tests.concurrent_requests import answers, press
from tests.exports.making import HTMX, form, sent, start, work

pytestmark = pytest.mark.django_db(transaction=True)
ClientAs = Callable[[Person], Client]
MANY = 10


def at_once(act: Callable[[int], Any]) -> list[Any]:
    def alone(number: int) -> Any:
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(alone, range(MANY)))


@pytest.mark.parametrize("when", ["now", "free"])
def test_ten_presses_at_once_start_one(alice: Person, client_as: ClientAs, slow: Running, when: str) -> None:
    pressed, clients = form(when=when), [client_as(alice) for _ in range(MANY)]
    answers = at_once(lambda number: clients[number].post("/exports/new/", pressed).status_code)
    assert set(answers) == {302}
    work(2)
    assert len(sent(slow, "POST")) == 1
    assert ExportRequest.objects.get().state == "started"
    assert Entry.objects.lines().filter(action="export.create").count() == 1
    assert Entry.objects.lines().filter(action="export.queue").count() == (when == "free")
    assert verify.check().is_whole


FAULTS = ["slow-1", "401", "403", "429", "503", "drop-after", "garbage"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize("fault", FAULTS)
def test_ten_presses_at_once_get_the_answer_of_the_first(
    alice: Person, client_as: ClientAs, slow: Running, headers: dict[str, str], fault: str
) -> None:
    slow.fault("cloudfactory", fault, method="POST", path="/exports$")
    told = press(lambda: client_as(alice), "/exports/new/", form(), headers)
    assert len(answers(told)) == 1, answers(told)
    assert len(sent(slow, "POST")) == 1


def test_ten_presses_for_a_slot_that_is_in_use_are_all_told_so(
    alice: Person, client_as: ClientAs, slow: Running
) -> None:
    slow.act("start_export", name="Theirs")
    told = press(lambda: client_as(alice), "/exports/new/", form(), {})
    assert {one.status_code for one in told} == {409}
    assert all("CloudFactory runs one export per space at a time" in one.content.decode() for one in told)
    assert len(sent(slow, "POST")) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_ten_presses_of_delete_get_the_answer_of_the_first(
    alice: Person, client_as: ClientAs, slow: Running, fault: str
) -> None:
    export = slow.act("start_export", name="Theirs")["export"]["exportId"]
    slow.fault("cloudfactory", fault, method="DELETE")
    told = press(lambda: client_as(alice), f"/exports/{export}/delete/", {"act_id": str(uuid.uuid4())}, {})
    assert len(answers(told)) == 1, answers(told)
    assert len(sent(slow, "DELETE")) == 1


def test_ten_workers_at_once_start_one(alice: Person, client_as: ClientAs, slow: Running) -> None:
    start(client_as(alice), when="free")
    Operation.objects.update(due_at=ExportRequest.objects.get().created_at)
    pk = Operation.objects.get().pk
    at_once(lambda number: worker.perform(pk))
    assert len(sent(slow, "POST")) == 1
    assert Operation.objects.get(pk=pk).state == "done"
