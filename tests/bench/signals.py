"""One signal to 5,000 of 100,000 work items: calls, time, other pages meanwhile, the worker's memory, the audit after.

Console, worker and vendor are processes of their own on this machine: one gunicorn worker, `run_huey` with both queues,
SQLite; other work on the machine is not excluded. "One after the other" are the same 150 calls (a read, a signal and a
read for each hundred) by the console's own client from this process, with no plan, no record and no result kept. All of
it once with a vendor that answers at once, and once with one that takes `SIGNAL_BENCH_DELAY` seconds (default 0.2) for
each call about work items.
`SIGNAL_BENCH_ITEMS` (default 5000) makes it shorter.
"""

import logging
import os
import statistics
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import requests
from django.test import Client

from tests.bench.processes import Place, browser, memory, place, processor_seconds, repeated, timed  # sets Django up

# isort: split
from accounts import connections
from accounts.demo import make_people
from accounts.models import Person
from console.items.models import BulkSignal
from console.upstream.response_models import SignalItem
from tests.items import bulk_helpers

ITEMS = int(os.environ.get("SIGNAL_BENCH_ITEMS", "5000"))
DELAY = os.environ.get("SIGNAL_BENCH_DELAY", "0.2")
A_CALL = bulk_helpers.A_CALL
LOOKS = 60
OTHER_PAGES = {"audit": "/audit/", "batches": f"/projects/{bulk_helpers.PROJECTS['coins']}/batches/"}
MOST_SECONDS = 900


def main() -> None:
    logging.disable(logging.INFO)
    with place(scale="large", has_workers=True) as here:
        people = {person.role: person for person in make_people()}
        admin, person = people["administrator"], people["operator"]
        ids = bulk_helpers.archive_ids(person, 4 * ITEMS)
        pages = [browser(here, admin) for _ in OTHER_PAGES]
        audit_before = _audit_page(admin)
        for turn, delay in enumerate(("", DELAY)):
            print(f"\nthe vendor takes {delay or 'no'} seconds a call", flush=True)
            _set_delay(here, delay)
            plain, mine = (ids[start : start + ITEMS] for start in (2 * turn * ITEMS, (2 * turn + 1) * ITEMS))
            _measure(here, person, plain, mine, pages)
        _set_delay(here, "")
        _tell_audit(audit_before, _audit_page(admin))


def _measure(
    here: Place, person: Person, plain: Sequence[str], mine: Sequence[str], pages: Sequence[requests.Session]
) -> None:
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(person)
    in_order = _one_after_the_other(person, plain)
    before = _look(here, pages)
    bulk_helpers.select(client, mine)
    requests.delete(f"{here.vendor}/_emulator/requests", timeout=10)
    looks: list[list[float]] = [[] for _ in pages]
    memories: list[float] = []

    def look() -> float:
        for found, times in zip(_look(here, pages, 1), looks, strict=True):
            times.extend(found)
        memories.append(memory(here.worker))
        return 0

    worked = processor_seconds(here.worker)
    begun = time.perf_counter()
    with repeated(look, 0.05):
        bulk = bulk_helpers.create_plan(client, "reopen")
        _wait(lambda: bulk_helpers.state_of(bulk) != BulkSignal.State.READING)
        planned = time.perf_counter() - begun
        at_plan = len(memories)
        begun = time.perf_counter()
        bulk_helpers.press(client, bulk)
        _wait(lambda: bulk_helpers.state_of(bulk) in bulk_helpers.FINISHED)
        sent = time.perf_counter() - begun
    bulk.refresh_from_db()
    print(
        f"  result: {bulk.state}, {bulk.done_count:,} done, {bulk.refused_count} refused, {bulk.unknown_count} unknown"
    )
    print(f"  calls: {_calls(here)}")
    ratio = (planned + sent) / in_order
    print(f"  plan {planned:.1f} s, sending {sent:.1f} s; one after the other {in_order:.1f} s: {ratio:.2f} times")
    print(f"  the worker spent {worked:.1f} s of the processor")
    for name, was, now in zip(OTHER_PAGES, before, looks, strict=True):
        figures = f"p95 {_p95(was):.0f} ms before, {_p95(now):.0f} ms meanwhile ({len(now)} asked)"
        print(f"  {name}: {figures}: {_p95(now) / _p95(was):.2f} times")
    quarters = memories[at_plan :: max(1, (len(memories) - at_plan) // 4)]
    print(
        f"  memory of the worker, by quarters of the sending: {', '.join(f'{one:.1f}' for one in quarters)} MiB",
        flush=True,
    )


def _one_after_the_other(person: Person, ids: Sequence[str]) -> float:
    platform = connections.cloudfactory(person)
    begun = time.perf_counter()
    for start in range(0, len(ids), A_CALL):
        hundred = ids[start : start + A_CALL]
        items = [SignalItem(item) for item in hundred]
        platform.list_work_items(bulk_helpers.ARCHIVE, ids=hundred)
        platform.send_signals(bulk_helpers.ARCHIVE, signal="reopen", items=items, request_id=str(uuid.uuid4()))
        platform.list_work_items(bulk_helpers.ARCHIVE, ids=hundred)
    return time.perf_counter() - begun


def _look(here: Place, pages: Sequence[requests.Session], rounds: int = LOOKS) -> list[list[float]]:
    """How long each of the other pages took, in milliseconds."""
    addresses = [f"{here.console}{path}" for path in OTHER_PAGES.values()]
    found: list[list[float]] = [[] for _ in pages]
    for _ in range(rounds):
        for session, address, times in zip(pages, addresses, found, strict=True):
            times.append(timed(session, address) * 1000)
    return found


def _calls(here: Place) -> str:
    asked: list[dict[str, Any]] = requests.get(f"{here.vendor}/_emulator/requests", timeout=60).json()
    about = [one for one in asked if f"/{bulk_helpers.ARCHIVE}/workItems" in one["path"]]
    kinds = Counter("P14" if one["method"] == "POST" else "P16" for one in about)
    return ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))


def _set_delay(here: Place, seconds: str) -> None:
    requests.delete(f"{here.vendor}/_emulator/faults", timeout=10).raise_for_status()
    if seconds:
        rule = {"method": "*", "path": f"{bulk_helpers.ARCHIVE}/workItems", "fault": f"slow-{seconds}", "times": 0}
        requests.post(f"{here.vendor}/_emulator/faults", json=rule, timeout=10).raise_for_status()


def _audit_page(person: Person) -> float:
    """This process's own time for the first page of the audit, in milliseconds."""
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(person)
    took = []
    for _ in range(18):
        begun = time.thread_time()
        if client.get("/audit/").status_code != 200:
            raise SystemExit("The audit can't be read.")
        took.append((time.thread_time() - begun) * 1000)
    return statistics.median(took[3:])


def _tell_audit(before: float, after: float) -> None:
    results = sum(BulkSignal.objects.values_list("done_count", flat=True))
    print(f"\naudit page: own time {before:.1f} ms before, {after:.1f} ms after {results:,} results", flush=True)


def _wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + MOST_SECONDS
    while not true():
        if time.monotonic() > end:
            raise SystemExit("It took too long.")
        time.sleep(0.02)


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)] if times else float("nan")
