"""An audit of the version before, with acts that nobody knows the end of, gets its tables beside the chain."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import Person
from console.audit import record, verify
from console.audit.models import ClockStep, Entry, SearchText
from tests.audit.test_flat import every_way, found, kept, recomputed

BEFORE = [("audit", "0004_anchor_gaps")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("jumps", [False, True], ids=["steady clock", "clock that went back"])
def test_open_and_unknown_acts_of_the_version_before_are_found(
    alice: Person, audit_anchor: object, jumps: bool
) -> None:
    every_way(alice)
    with time_machine.travel(timezone.now() - timedelta(days=2 if jumps else 0), tick=False):
        record.event(actor=alice, action="slice.create", thing_name="Harbour")
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate(BEFORE)
    assert "audit_linestate" not in connection.introspection.table_names()
    MigrationExecutor(connection).migrate(newest)
    assert kept() == recomputed() != set()
    assert found("harbour") == ["Harbour"]
    assert SearchText.objects.count() == Entry.objects.lines().count()
    assert ClockStep.objects.exists() == jumps
    assert verify.check().is_whole
