"""Stop and Carry on pressed one after the other: the page says what is true, and what was stopped stays so."""

from typing import Any

import pytest

from accounts.models import Person
from console.emulator.server import Running
from console.items.bulk import services
from console.items.models import BulkSignal
from console.jobs.models import Operation
from tests.items.bulk_helpers import archive_ids, signals
from tests.items.test_bulk_send import ready, start, work

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_being_stopped_is_not_carried_on(alice: Person, emulator: Running, audit_anchor: Any) -> None:
    bulk = start(ready(alice, archive_ids(alice, 3)))
    BulkSignal.objects.filter(pk=bulk.pk).update(state="paused", message="CloudFactory is away.")
    Operation.objects.filter(kind=BulkSignal.JOB).update(state="paused")
    assert services.stop(user=alice, bulk=bulk)
    assert not services.carry_on(user=alice, bulk=bulk)
    assert (bulk.state, bulk.message) == ("paused", BulkSignal.STOPPING)
    work()
    bulk.refresh_from_db()
    assert (bulk.state, bulk.not_sent_count, signals(emulator)) == ("stopped", 3, [])
