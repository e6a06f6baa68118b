"""The console's own time per page: total minus what the vendors took, the median of 15 requests after 3 to warm up.

In one process, by Django's test client (no network between browser and console), SQLite, both vendors' emulator over
sockets, other work on the machine not excluded.
"""

import statistics
import time

from django.test import Client

from console.emulator.sample import PROJECTS
from tests.bench.stage import stage, upstream_clock

ROUNDS, WARM_UP = 15, 3
COINS, ARCHIVE = PROJECTS["coins"], PROJECTS["archive"]
PAGES = {
    "home": "/",
    "slices, 24 cards": "/slices/?limit=24",
    "slices, 100 in a table": "/slices/?limit=100&view=table",
    "a slice with its gallery": "/slices/northwind/all-coins/",
    "builder": "/slices/new/",
    "keys": "/keys/",
    "projects": "/projects/",
    "a project": f"/projects/{COINS}/",
    "8 batches": f"/projects/{COINS}/batches/",
    "2,000 batches": f"/projects/{ARCHIVE}/batches/",
    "exports": "/exports/",
    "a new export": "/exports/new/",
    "audit": "/audit/",
    "people": "/people/",
}


def main() -> None:
    for scale in ("demo", "large"):
        print(f"\n{scale:26}  own ms   total ms   calls   kB", flush=True)
        with stage(scale) as (client, _, _):
            client.post("/slices/new/", {"resume": "yes"})
            for name, path in PAGES.items():
                measure(client, name, path)


def measure(client: Client, name: str, path: str) -> None:
    own, total, calls, size = [], [], 0, 0
    with upstream_clock() as clock:
        for turn in range(WARM_UP + ROUNDS):
            clock.reset()
            begun = time.perf_counter()
            answer = client.get(path, follow=True)
            took = time.perf_counter() - begun
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status_code}")
            if turn >= WARM_UP:
                own.append(took - clock.seconds)
                total.append(took)
                calls, size = clock.calls, len(answer.content)
    figures = (
        f"{statistics.median(own) * 1000:7.1f} {statistics.median(total) * 1000:10.1f} {calls:7} {size / 1000:6.0f}"
    )
    print(f"{name:26} {figures}", flush=True)
