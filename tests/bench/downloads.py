"""Files out: 980 paths checked by one call and a HEAD each, and a gigabyte as a zip: its pace and the memory it takes.

In one process, by Django's test client, SQLite, the emulator over sockets, other work on the machine not excluded.
"""

import logging
import resource
import time
from pathlib import Path
from typing import Any

from tests.bench.stage import stage  # sets Django up

# isort: split
from django.test import Client

from console.emulator.server import Running

PATHS, GIGABYTE = 980, 1024**3
MEBIBYTE = 1024**2


def main() -> None:
    logging.disable(logging.INFO)
    with stage("demo") as (client, running, _):
        _check(client, running)
        for name, paths in (
            ("one file of 1 GB", ["raw/big-1gb.bin"]),
            ("64 files of 16 MB", [f"raw/{place}/big-16mb.bin" for place in range(64)]),
        ):
            _zip(client, name, paths)


def _check(client: Client, running: Running) -> None:
    there = list(running.world.sample.by_asset)[:50]
    paths = [*there, *(f"raw/{place}/big-1mb.bin" for place in range(PATHS - len(there)))]
    running.forget_requests()
    begun = time.perf_counter()
    address = _listed(client, paths)
    took = time.perf_counter() - begun
    signed = sum(one["path"].endswith("/signedurls") for one in running.requests("cloudfactory"))
    asked = len(running.requests("storage"))
    print(f"{PATHS} paths checked in {took:.1f} s: {signed} call for links, {asked} requests to the store", flush=True)
    begun = time.perf_counter()
    client.get(address)
    print(f"their page: {(time.perf_counter() - begun) * 1000:.0f} ms", flush=True)


def _zip(client: Client, name: str, paths: list[str]) -> None:
    answer: Any = client.get(f"{_listed(client, paths)}files.zip")
    before, most, total = _resident(), 0, 0
    begun = time.perf_counter()
    for place, piece in enumerate(answer.streaming_content):
        total += len(piece)
        most = max(most, _resident()) if place % 200 == 0 else most
    took = time.perf_counter() - begun
    if total < GIGABYTE:
        raise SystemExit("The zip is not whole.")
    grown = (most - before) / MEBIBYTE
    print(f"{name} as a zip: {total / MEBIBYTE / took:.0f} MiB a second, memory grew by {grown:.1f} MiB", flush=True)


def _listed(client: Client, paths: list[str]) -> str:
    return str(client.post("/files/get/", {"paths": "\n".join(paths)})["Location"])


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
