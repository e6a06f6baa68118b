"""Plans of one person that name the same items, pressed at the same moment in two tabs."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from accounts.models import Person
from console.emulator.server import Running
from console.items.bulk import planning
from console.items.models import BulkSignal
from tests.items.bulk_driving import archive_ids, signals
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
            planning.press(user=alice, bulk=bulk, version=planning.version_of(bulk))
        finally:
            connection.close()

    with ThreadPoolExecutor(len(plans)) as pool:
        list(pool.map(press, plans))
    assert BulkSignal.objects.filter(state="sending").count() == 1
    work(3)
    listed = [item for call in signals(emulator) for item in call]
    assert len(listed) == len(set(listed))
