"""A slice that was sent to ten batches: its page, the ten counts that the page asks for, and a plan for one more batch.

In one process, by Django's test client, SQLite, both vendors' emulator over sockets. Each batch holds all items of the
slice and `SLICE_BENCH_OTHERS` (default 400) others, so that a count reads several pages.
"""

import os
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.core.cache import cache

from tests.bench.stage import stage, upstream_clock  # sets Django up

# isort: split
from django.test import Client

from accounts import connections
from accounts.models import Person
from console.emulator.server import Running
from console.items import console_ids
from console.items.models import Import
from console.upstream.types import NewWorkItem
from tests.items import slice_driving as driving
from tests.items.deciding import HTMX, PROJECT

BATCHES, ROUNDS = 10, 10
OTHERS = int(os.environ.get("SLICE_BENCH_OTHERS", "400"))


def main() -> None:
    with stage("demo") as (client, emulator, person):
        found = driving.make_slice(person, emulator, "Bench", 30)
        batches = [_fill(client, person, emulator, found, number) for number in range(BATCHES)]
        page = f"/slices/{'/'.join(found.address or ())}/"
        counts = [f"{page}batches/?project={PROJECT}&batch={batch}" for batch in batches]
        _tell("the slice's page with 10 batches", lambda: client.get(page))
        _tell("its ten counts, fresh", lambda: [client.get(one, headers=HTMX) for one in counts], fresh=True)
        _tell("its ten counts, kept for a minute", lambda: [client.get(one, headers=HTMX) for one in counts])
        _tell("a plan of 30 items for one of them", lambda: driving.plan(client, found, batches[0]))


def _fill(client: Client, person: Person, emulator: Running, found: Any, number: int) -> int:
    batch = driving.make_batch(person, f"Batch {number} of the bench")
    import_run = driving.plan(client, found, batch)
    driving.create_items(person, import_run, 30)
    Import.objects.filter(pk=import_run.pk).update(state=Import.State.ENDED)
    platform = connections.cloudfactory(person)
    for _ in range(OTHERS):
        metadata = console_ids.with_console_id({}, uuid.uuid4())
        new = NewWorkItem("image", asset_url="https://pictures.example/a.jpg", batch_id=batch, metadata=metadata)
        platform.create_work_item(PROJECT, new, request_id=str(uuid.uuid4()))
    return batch


def _tell(name: str, do: Callable[[], Any], *, fresh: bool = False) -> None:
    took, calls = [], 0
    with upstream_clock() as clock:
        for _ in range(ROUNDS):
            if fresh:
                cache.clear()
            clock.reset()
            begun = time.perf_counter()
            do()
            took.append(time.perf_counter() - begun)
            calls = clock.calls
    print(f"{name:40} {statistics.median(took) * 1000:8.0f} ms, {calls} calls", flush=True)
