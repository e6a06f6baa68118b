"""A short audit against a long one: each page's time, the median of 15 requests after 3 to warm up.

On SQLite the processor's time is taken, so that other work on the machine counts less; on PostgreSQL the clock's.
`BENCH_ROWS=100000 python -m tests.bench audit` makes the long one shorter; a million rows take some minutes to write.
`TEST_DATABASE_URL` names another database than SQLite.
"""

import io
import os
import resource
import statistics
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

from tests.bench.stage import stage  # sets Django up

# isort: split
from django.core.management import call_command
from django.db import connection

from accounts.models import Person
from console.audit import line_index, verify
from tests.audit import many

ROUNDS, WARM_UP = 15, 3
SHORT, LONG = 1_000, int(os.environ.get("BENCH_ROWS", "1000000"))
PAGES = {
    "home": "/",
    "audit": "/audit/",
    "from the beginning": "/audit/?period=all",
    "unresolved": "/audit/?outcome=unknown&period=all",
    "failed": "/audit/?outcome=failed&period=all",
    "one kind": "/audit/?group=exports&period=all",
    "one person": "/audit/?person={person}&period=all",
    "search, in every line": "/audit/?q=harbour&period=all",
    "search, in a few lines": "/audit/?q=yard+lighthouse&period=all",
    "search, in none": "/audit/?q=zeppelin&period=all",
    "search, two letters in none": "/audit/?q=zz&period=all",
    "a day": "/audit/?since=2020-01-01&until=2020-01-02",
}


def main() -> None:
    with stage("demo") as (client, _, person):
        measured = [_measure(client, person, SHORT), _measure(client, person, LONG)]
    print(f"\n{connection.vendor:30} {SHORT:>10,} {LONG:>10,}   times", flush=True)
    for name in measured[0]:
        short, long = (found[name] for found in measured)
        print(f"{name:30} {short * 1000:7.1f} ms {long * 1000:7.1f} ms {long / short:6.1f}", flush=True)


def _measure(client: Any, person: Person, rows: int) -> dict[str, float]:
    begun = time.perf_counter()
    many.fill(rows - _rows_so_far(), [person, *Person.objects.exclude(pk=person.pk)])
    _tell(f"{rows:,} rows written", begun)
    begun = time.perf_counter()
    line_index.rebuild()
    _tell("tables beside the chain made anew, as `settle --rebuild` does", begun)
    begun = time.perf_counter()
    assert verify.check().is_whole
    _tell("chain checked", begun)
    asked: dict[str, Callable[[], Any]] = {
        name: lambda path=path: _get(client, path.format(person=person.pk)) for name, path in PAGES.items()
    }
    asked["settle"] = _reconcile
    return {name: _median(ask) for name, ask in asked.items()}


def _rows_so_far() -> int:
    """How many rows the audit has so far."""
    head = verify.newest_are_whole(1)
    return head.rows


def _tell(what: str, begun: float) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}: {time.perf_counter() - begun:.0f} s, at most {memory:.0f} MB so far", flush=True)


def _get(client: Any, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")


def _reconcile() -> None:
    with redirect_stdout(io.StringIO()):
        call_command("settle")


def _median(ask: Callable[[], Any]) -> float:
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    took = []
    for turn in range(WARM_UP + ROUNDS):
        begun = clock()
        ask()
        if turn >= WARM_UP:
            took.append(clock() - begun)
    return statistics.median(took)
