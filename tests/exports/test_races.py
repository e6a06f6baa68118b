"""At the very same moment: ten presses, ten people, ten workers. One export, one entry, and nobody sees an error."""

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
from console.exports.models import Plan
from console.jobs import services as jobs
from console.jobs.models import Operation
from tests.exports.making import form, sent, start, work

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
    assert Plan.objects.get().state == "started"
    assert Entry.objects.lines().filter(action="export.create").count() == 1
    assert Entry.objects.lines().filter(action="export.queue").count() == (when == "free")
    assert verify.check().is_whole


def test_ten_workers_at_once_start_one(alice: Person, client_as: ClientAs, slow: Running) -> None:
    start(client_as(alice), when="free")
    Operation.objects.update(due_at=Plan.objects.get().created_at)
    pk = Operation.objects.get().pk
    at_once(lambda number: jobs.perform(pk))
    assert len(sent(slow, "POST")) == 1
    assert Operation.objects.get(pk=pk).state == "done"
