"""Plans and decisions of one person about the same items, pressed at the same moment in two tabs."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from accounts.models import Person
from console.emulator.server import Running
from console.items.bulk import plans as planning
from console.items.decisions import services as decisions
from console.items.models import BulkSignal, Decision
from console.items.signals import OTHERS
from tests.items.bulk_helpers import ARCHIVE, archive_ids, signals
from tests.items.test_bulk_send import ready, work

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_overlapping_plans_pressed_at_once_signal_each_item_once(
    alice: Person, emulator: Running, audit_anchor: Any
) -> None:
    items = archive_ids(alice, 30)
    plans = [ready(alice, some) for some in (items[:20], items[10:], items[5:25], items)]
    together = Barrier(len(plans))

    def press(bulk: BulkSignal) -> None:
        try:
            together.wait(10)
            planning.press(user=alice, bulk=bulk, version=bulk.plan_version)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(plans)) as pool:
        list(pool.map(press, plans))
    assert BulkSignal.objects.filter(state="sending").count() == 1
    work(3)
    listed = [item for call in signals(emulator) for item in call]
    assert len(listed) == len(set(listed))


def test_a_decision_and_a_plan_pressed_at_once_are_one_signal_to_the_item(
    alice: Person, emulator: Running, audit_anchor: Any
) -> None:
    reopen = next(choice for choice in OTHERS if choice.value == "reopen")
    for item in archive_ids(alice, 6):
        bulk, together = ready(alice, [item]), Barrier(2)

        def decide(item: str = item, together: Barrier = together) -> None:
            project, act = uuid.UUID(ARCHIVE), uuid.uuid4()
            try:
                together.wait(10)
                decisions.decide(user=alice, project=project, item=uuid.UUID(item), choice=reopen, act_id=act)
            except decisions.InBulkSignal:
                pass
            finally:
                connection.close()

        def press(bulk: BulkSignal = bulk, together: Barrier = together) -> None:
            try:
                together.wait(10)
                planning.press(user=alice, bulk=bulk, version=bulk.plan_version)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            for future in (pool.submit(decide), pool.submit(press)):
                future.result()
        decided = Decision.objects.filter(item=item).count()
        assert decided + BulkSignal.objects.filter(pk=bulk.pk, state="sending").count() == 1
