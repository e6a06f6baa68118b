"""Exports under load: a 2 GB download through a real server process, and ten people who watch one export.

Console and emulator are processes of their own on this machine: one gunicorn worker with its threads, SQLite, no worker
of the queue. Memory is the resident set of the gunicorn worker. The watchers ask as the page does, with its growing
delays. `EXPORT_BENCH_SIZE` (default `2gb`) and `EXPORT_BENCH_SECONDS` (default 60) make it shorter.
"""

import hashlib
import logging
import os
import re
import statistics
import threading
import time
import uuid
from typing import Any

import requests
from django.test import Client

from tests.bench.processes import MEBIBYTE, Place, browser, memory, place, repeated, timed  # sets Django up

# isort: split
from accounts.demo import connect_key, make_people
from accounts.models import Person
from console.audit import selectors
from console.emulator.bigzip import BigZip
from console.emulator.people import OWNER, SPACE
from console.emulator.zips import synthetic_size
from console.exports.models import ExportRequest

SIZE = os.environ.get("EXPORT_BENCH_SIZE", "2gb")
SECONDS = float(os.environ.get("EXPORT_BENCH_SECONDS", "60"))
CHUNK = 256 * 1024


def main() -> None:
    logging.disable(logging.INFO)
    with place() as here:
        olivia = next(person for person in make_people() if person.role == "operator")
        download(here, olivia)
        for number in (1, 10):
            watch(here, olivia, number)


def export(person: Person, name: str) -> ExportRequest:
    client, press = Client(HTTP_HOST="127.0.0.1"), uuid.uuid4()
    client.force_login(person)
    answer = client.post(
        "/exports/new/", {"id": str(press), "name": name, "projects": "all", "when": "now", "again": "1"}
    )
    if answer.status_code != 302:
        raise SystemExit(f"The export was not started: {answer.status_code}")
    return ExportRequest.objects.get(pk=press)


def download(here: Place, person: Person) -> None:
    export_request = export(person, f"big-{SIZE}")
    session, other = browser(here, person), browser(here, person)
    address = f"{here.console}/exports/{export_request.export_id}/download/"
    with session.get(address, headers={"Range": "bytes=0-1023"}, timeout=120) as warm_up:
        warm_up.raise_for_status()
    idle = [timed(other, f"{here.console}/exports/") for _ in range(10)]
    size, digest = synthetic_size(f"big-{SIZE}") or 0, hashlib.sha256()
    before = memory(here.server)
    asking = repeated(lambda: timed(other, f"{here.console}/exports/"), 0.5)
    with repeated(lambda: memory(here.server), 0.2) as memories, asking as pages:
        begun = time.monotonic()
        part, tag = take(session, address, digest, {}, most=size * 2 // 5)
        rest, _ = take(session, address, digest, {"Range": f"bytes={part}-", "If-Range": tag}, most=size)
        took = time.monotonic() - begun
    wanted = hashlib.sha256()
    for piece in BigZip(size).read(0, size):
        wanted.update(piece)
    time.sleep(1)
    print(f"download of {size / MEBIBYTE:,.0f} MiB, broken off at {part / MEBIBYTE:,.0f} MiB and resumed")
    print(f"  bytes equal: {part + rest == size and digest.digest() == wanted.digest()}")
    print(f"  {took:.0f} s, {size / MEBIBYTE / took:.0f} MiB/s")
    print(f"  server memory: {before:.1f} MiB before; least {min(memories):.1f}, most {max(memories):.1f} during")
    quarter = max(1, len(memories) // 4)
    print(f"  by quarters of the time: {', '.join(f'{m:.1f}' for m in memories[::quarter])} MiB")
    print(f"  another page: {said(idle)} idle; {said(pages)} meanwhile ({len(pages)} asked)")
    for line in selectors.history("export", export_request.export_id):
        print(f"  audit: {line.text}")


def take(
    session: requests.Session, address: str, digest: Any, headers: dict[str, str], *, most: int
) -> tuple[int, str]:
    """Bytes as they come, until there are so many; then the browser goes away."""
    done = 0
    with session.get(address, headers=headers, stream=True, timeout=120) as answer:
        answer.raise_for_status()
        for chunk in answer.iter_content(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if done >= most:
                break
        return done, answer.headers["ETag"]


def said(seconds: list[float]) -> str:
    return f"median {statistics.median(seconds) * 1000:.0f} ms, slowest {max(seconds) * 1000:.0f} ms"


def watch(here: Place, person: Person, number: int) -> None:
    requests.post(f"{here.vendor}/_emulator/act", json={"do": "set_pace", "seconds": 6000}, timeout=10)
    export_request = export(person, f"Watched by {number}")
    sessions = [browser(here, watcher(place)) for place in range(number)]
    requests.delete(f"{here.vendor}/_emulator/requests", timeout=10)
    looks: list[int] = []
    end = time.monotonic() + SECONDS
    address = f"{here.console}/exports/{export_request.export_id}/status/"
    threads = [threading.Thread(target=follow, args=(one, address, end, looks)) for one in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = requests.get(f"{here.vendor}/_emulator/requests", timeout=10).json()
    reads = [entry for entry in asked if entry["path"].endswith(export_request.export_id)]
    print(f"{number} watching for {SECONDS:.0f} s: {sum(looks)} looks cost {len(reads)} reads upstream", flush=True)
    requests.post(f"{here.vendor}/_emulator/act", json={"do": "delete_export"}, timeout=10)


def follow(session: requests.Session, address: str, end: float, looks: list[int]) -> None:
    """As the page does: look, wait as long as the answer says, look again."""
    look = 0
    while time.monotonic() < end:
        answer = session.get(address, params={"look": look}, headers={"HX-Request": "true"}, timeout=60)
        answer.raise_for_status()
        look += 1
        delay = re.search(r"load delay:(\d+)s", answer.text)
        if delay is None:
            raise SystemExit("The page does not look again.")
        time.sleep(max(0.0, min(float(delay[1]), end - time.monotonic())))
    looks.append(look)


def watcher(place: int) -> Person:
    email = f"watcher{place}@northwind.example"
    person = Person.objects.filter(email=email).first()
    if person is None:
        person = Person.objects.create_user(email, None, name=f"Watcher {place}", role="reviewer")
        connect_key(person, "avala", "avk_demo_reviewer", OWNER, "Northwind")
        connect_key(person, "cloudfactory", "cf_demo_reviewer", SPACE, "Northwind")
    return person
