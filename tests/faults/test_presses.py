"""Ten presses of every button at once while its vendor fails: one write, and the same answer to all of them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from console.audit.models import Entry
from tests.faults.browser import Form
from tests.faults.driver import Stage, writes_of
from tests.faults.operations import OPERATIONS, WRITES, Desk, Operation
from tests.faults.table import FAULTS

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 10
NAMED = [one.name for one in WRITES]


@pytest.mark.parametrize("fault", ["refused 403", "503, performed"])
@pytest.mark.parametrize("name", NAMED)
def test_ten_presses_are_one_write_and_one_answer(stage: Stage, name: str, fault: str) -> None:
    operation = OPERATIONS[name]
    assert operation.writes
    desk = stage.desk("operator")
    operation.arrange(desk)
    entries = Entry.objects.filter(kind=Entry.Kind.OPENING).count()
    before = len(stage.proxy.received)
    stage.proxy.apply(*operation.writes, FAULTS[fault])
    answers = _at_once(stage, desk.kept, operation)
    assert len(writes_of(stage.proxy.received[before:], operation)) == 1
    assert Entry.objects.filter(kind=Entry.Kind.OPENING).count() == entries + 1
    assert len(answers) == 1, answers


def _at_once(stage: Stage, form: Form, operation: Operation) -> set[tuple[int, ...]]:
    """The different ways of statuses that the ten were answered with."""
    together, desks = Barrier(MANY), [stage.desk("operator") for _ in range(MANY)]

    def alone(desk: Desk) -> tuple[int, ...]:
        desk.kept = form
        together.wait()
        try:
            return operation.press(desk, False).statuses
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as pool:
        return set(pool.map(alone, desks))
