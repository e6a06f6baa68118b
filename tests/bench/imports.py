"""Bringing work in: the dry run of a CSV of 5,000 lines, its plan, and a slice's page with ten batches it was sent to.

In one process, by Django's test client, SQLite, both vendors' emulator over sockets, other work on the machine not
excluded. A dry run must answer within three seconds and ask CloudFactory for batches alone.
"""

import logging
import statistics
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.bench.stage import stage, upstream_clock  # sets Django up

# isort: split
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.common.parallel import gather
from console.emulator.server import Running
from console.items import console_ids
from console.items.models import Import
from console.upstream.errors import UpstreamError
from console.upstream.response_models import NewWorkItem
from tests.items import csv_helpers
from tests.items.decision_helpers import PROJECT

LINES, ROUNDS = 5_000, 5
BATCHES, ITEMS_EACH = 10, 60
OWNER, SLUG = "northwind", "all-coins"
HTMX = {"HX-Request": "true"}


def main() -> None:
    logging.disable(logging.INFO)
    with stage("demo") as (client, running, person):
        _dry_run(client, running)
        _slice_page(client, running, person)


def _dry_run(client: Client, running: Running) -> None:
    text = csv_helpers.sheet(csv_helpers.lines(LINES))
    broken = csv_helpers.sheet((address, kind, batch, "101") for address, kind, batch, _ in csv_helpers.lines(LINES))
    for name, sent in (("all lines right", text), ("all lines wrong", broken)):
        took, worked, answers = [], [], []
        running.forget_requests()
        for _ in range(ROUNDS):
            cache.clear()
            begun, begun_work = time.perf_counter(), time.thread_time()
            answers.append(csv_helpers.paste(client, sent))
            took.append(time.perf_counter() - begun)
            worked.append(time.thread_time() - begun_work)
        asked = {f"{one['method']} {one['path'].rpartition('/')[2]}" for one in running.requests("cloudfactory")}
        figures = f"{_spread(took)}, of the processor {_spread(worked)}"
        print(f"dry run of {LINES:,} lines, {name}: {figures}; asked for {sorted(asked)}", flush=True)
        plan = csv_helpers.plan_of(answers[-1])
        shown = [_timed(partial(client.get, answers[-1]["Location"])) for _ in range(ROUNDS)]
        print(f"its plan ({plan.rows.count():,} rows): {_spread(shown)}", flush=True)


def _slice_page(client: Client, running: Running, person: Person) -> None:
    page = reverse("slices:detail", args=[OWNER, SLUG])
    _measure("slice that was sent nowhere", lambda: client.get(page))
    platform, space = connections.cloudfactory(person), connections.space(person)
    batches = [
        platform.create_batch(PROJECT, name=f"Ride {number}", request_id=str(uuid.uuid4())) for number in range(BATCHES)
    ]
    for batch in batches:
        Import.objects.create(
            person=person,
            project=PROJECT,
            project_name="Coins",
            space=space.id,
            source=Import.Source.SLICE,
            source_key=f"{OWNER}/{SLUG}",
            batch_id=batch.id,
            batch_name=batch.name or "",
            state=Import.State.ENDED,
            created_at=timezone.now(),
        )
    calls = [_creating(platform, batch.id) for batch in batches for _ in range(ITEMS_EACH)]
    gather(calls, errors=UpstreamError)
    parts = [
        reverse("slices:batches", args=[OWNER, SLUG], query={"project": PROJECT, "batch": batch.id})
        for batch in batches
    ]
    _measure(f"slice with {BATCHES} batches, the page", lambda: client.get(page))
    _measure(f"slice with {BATCHES} batches, their counts", lambda: _parts(client, parts))


def _measure(name: str, act: Callable[[], Any]) -> None:
    took, own = [], []
    with upstream_clock() as clock:
        for _ in range(ROUNDS):
            cache.clear()
            clock.reset()
            took.append(_timed(act))
            own.append(took[-1] - clock.seconds)
    print(f"{name}: {_spread(took)}, own {_spread(own)}, {clock.calls} calls", flush=True)


def _creating(platform: Any, batch: int) -> Callable[[], Any]:
    metadata = console_ids.with_console_id({console_ids.SLICE: f"{OWNER}/{SLUG}"}, uuid.uuid4())
    new = NewWorkItem(asset_type="image", asset_url="raw/one.jpg", batch_id=batch, metadata=metadata)
    return lambda: platform.create_work_item(PROJECT, new, request_id=str(uuid.uuid4()))


def _parts(client: Client, parts: list[str]) -> Any:
    answers = [client.get(part, headers=HTMX) for part in parts]
    return next((one for one in answers if one.status_code != 200), answers[0])


def _timed(act: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    answer = act()
    took = time.perf_counter() - begun
    if answer.status_code != 200:
        raise SystemExit(f"It answered {answer.status_code}.")
    return took


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:,.0f} ms (at most {max(seconds) * 1000:,.0f})"
