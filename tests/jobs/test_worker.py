"""Real processes, killed with SIGKILL in the middle of their work: nothing is lost and nothing is sent twice."""

import signal
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import verify
from console.audit.models import Entry
from console.emulator.server import Running
from console.exports.models import ExportRequest, Receipt
from console.jobs import services
from console.jobs.models import Operation, State
from tests.exports.making import COINS, EYES, SURFACES, finish, form, sent, start, work
from tests.upstream.rawserver import Peer, RawServer, serving
from tests.waiting import PATIENCE, until
from tests.workers import LEASE, ROOT, Start, environment, kill, workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
ClientAs = Callable[[Person], Client]

PRESS = """
import django, sys, uuid
django.setup()
from accounts import connections
from accounts.models import Person
from console.exports import services
from console.exports.models import ExportRequest
from console.exports.selection import ExportSelection
alice, one_time_id = Person.objects.get(name="Alice"), uuid.UUID(sys.argv[1])
selection = ExportSelection((sys.argv[2],))
names = {"projects": ["Eyes"], "batches": []}
services.start(export_request=ExportRequest(
    id=one_time_id, act_id=one_time_id, person=alice, space=connections.space(alice).id, name="Killed",
    selection_data=selection.to_json(), names=names,
))
"""


@pytest.fixture
def world(slow: Running, settings: Any, tmp_path: Path, audit_anchor: Path) -> dict[str, str]:
    """The environment of a process that shares this test's database, vendors and audit."""
    settings.SHARED_READ_SECONDS, settings.EXPORT_FIRST_LOOK = 0, 0
    settings.AUDIT_GRACE, settings.AUDIT_SETTLE_SPAN = 1, 0
    queue = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    return environment(slow, audit_anchor, JOBS_URL=queue, EXPORT_FIRST_LOOK="0")


@pytest.fixture
def slow(emulator: Running) -> Running:
    emulator.act("set_pace", seconds=6000)
    return emulator


@pytest.fixture
def worker(world: dict[str, str]) -> Iterator[Start]:
    with workers(world) as begin:
        yield begin


def is_done(kind: str) -> bool:
    return Operation.objects.filter(kind=kind, state=State.DONE).exists()


def test_a_worker_killed_while_its_call_is_on_the_way_starts_one_export(
    alice: Person, client_as: ClientAs, slow: Running, worker: Any
) -> None:
    export_request = start(client_as(alice), name="Queued", when="free")
    slow.fault("cloudfactory", "slow-8", method="POST", path="/exports$")
    Operation.objects.update(due_at=export_request.created_at)
    first = worker()
    until(lambda: slow.world.exports and any(row["name"] == "Queued" for row in slow.world.exports))
    kill(first)
    export_request.refresh_from_db()
    assert (export_request.state, Entry.objects.get(pk=export_request.act_id).outcome) == ("sending", "open")
    assert Operation.objects.get(kind="exports.start").state == State.RUNNING
    time.sleep(LEASE)
    worker()
    until(lambda: is_done("audit.reconcile"))
    export_request.refresh_from_db()
    entry = Entry.objects.get(pk=export_request.act_id)
    assert (export_request.state, entry.outcome, entry.result["found"]) == ("started", "done", "after a restart")
    assert [row["name"] for row in slow.world.exports].count("Queued") == 1
    assert len(sent(slow, "POST")) <= 1
    assert Entry.objects.lines().filter(action="export.create").count() == 1
    assert verify.check().is_whole


def test_a_worker_killed_while_it_reads_a_file_reads_it_again(
    alice: Person, client_as: ClientAs, slow: Running, worker: Any
) -> None:
    export_request = start(client_as(alice), name="Eyes")
    finish(slow, export_request)
    slow.fault("storage", "slow-8")
    first = worker()
    until(lambda: Operation.objects.filter(kind="exports.receipt", state=State.RUNNING).exists())
    kill(first)
    assert Receipt.objects.get().state == Receipt.State.WAITING
    time.sleep(LEASE)
    worker()
    until(lambda: Receipt.objects.filter(state=Receipt.State.CHECKED).exists())
    until(lambda: is_done("exports.receipt"))
    assert len(sent(slow, "POST")) == 1
    assert Entry.objects.filter(action="export.receipt").count() == 1


def test_a_worker_that_starts_again_waits_for_no_lease(
    alice: Person, client_as: ClientAs, slow: Running, world: dict[str, str], settings: Any
) -> None:
    """Where one died and is not started again, its neighbours on the machine see that with their next sweep."""
    world["JOBS_LEASE"] = "3600"
    settings.WORKER_LOCKS = world["WORKER_LOCKS"]
    export_request = start(client_as(alice), name="Eyes")
    finish(slow, export_request)
    slow.fault("storage", "slow-8")
    with workers(world) as worker:
        first = worker()
        until(lambda: Operation.objects.filter(kind="exports.receipt", state=State.RUNNING).exists())
        held = Operation.objects.get(kind="exports.receipt")
        kill(first)
        slow.clear_faults()
        worker()
        until(lambda: is_done("exports.receipt"))
    assert Operation.objects.get(kind="exports.receipt").lease_id is None
    assert held.lease_until > timezone.now() + timedelta(minutes=50)
    assert Receipt.objects.get().state == Receipt.State.CHECKED


def test_a_press_killed_while_its_call_is_on_the_way_is_found_out(
    alice: Person, client_as: ClientAs, slow: Running, world: dict[str, str]
) -> None:
    press = uuid.uuid4()
    slow.fault("cloudfactory", "slow-8", method="POST", path="/exports$")
    web = subprocess.Popen([sys.executable, "-c", PRESS, str(press), EYES], cwd=ROOT, env=world)
    until(lambda: any(row["name"] == "Killed" for row in slow.world.exports))
    kill(web)
    assert Entry.objects.get(pk=press).outcome == "open"
    pressed = form(id=str(press), name="Killed", projects=[EYES])
    assert client_as(alice).post("/exports/new/", pressed)["Location"] == f"/exports/plan/{press}/"
    time.sleep(1.1)
    call_command("settle", verbosity=0)
    work()
    export_request = ExportRequest.objects.get(pk=press)
    assert (export_request.state, Entry.objects.get(pk=press).outcome) == ("started", "done")
    assert [row["name"] for row in slow.world.exports].count("Killed") == 1
    assert verify.check().is_whole


def test_an_idle_worker_ends_when_it_is_told(worker: Any, slow: Running) -> None:
    process = worker()
    operation = Operation.objects.create(kind="unknown.kind", subject="x")
    until(lambda: Operation.objects.get(pk=operation.pk).attempts)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) is not None


@pytest.fixture
def endless_store(slow: Running, world: dict[str, str]) -> Iterator[RawServer]:
    """A store that hands out files of 1 GB, a byte every half second."""

    def hand_out(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: 1073741824\r\n\r\n")
        peer.send(struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 10**9, 10**9, 6, 0) + b"a.json")
        peer.drip(b" " * 1000, every=0.5)

    usual = slow.world.storage_url
    with serving(hand_out) as store:
        # The queue of this process, so that what is pressed here wakes the worker.
        world["JOBS_URL"] = f"sqlite:///{live_settings.HUEY['connection']['filename']}"
        world["TRUSTED_LOCAL_ORIGINS"] = slow.world.storage_url = store.origin
        yield store
        slow.world.storage_url = usual


@pytest.mark.parametrize("queues", [[[]], [["--queue", "quick"], ["--queue", "bulk"]]], ids=["together", "apart"])
def test_exports_start_while_large_files_are_read_for_their_receipts(
    alice: Person, client_as: ClientAs, slow: Running, worker: Any, endless_store: RawServer, queues: list[list[str]]
) -> None:
    client = client_as(alice)
    for project in (EYES, COINS):
        finish(slow, start(client, projects=[project]))
    for options in queues:
        worker(*options)
    until(lambda: endless_store.requests)
    queued = start(client, name="Queued", projects=[SURFACES], when="free")
    until(lambda: ExportRequest.objects.get(pk=queued.pk).state == "started")
    receipts = Operation.objects.filter(kind="exports.receipt")
    assert {one.state for one in receipts} <= {State.RUNNING, State.WAITING}
    assert not Receipt.objects.exclude(state=Receipt.State.WAITING).exists()


def test_a_signal_waits_for_no_large_file(
    alice: Person, client_as: ClientAs, slow: Running, worker: Any, endless_store: RawServer
) -> None:
    """Two files of half an hour leave one of two workers free."""
    for project in (EYES, COINS):
        finish(slow, start(client_as(alice), projects=[project]))
    worker("--workers", "2")
    until(lambda: endless_store.requests and Operation.objects.filter(kind="exports.receipt").count() == 2)
    # Of a request that was deleted: done as soon as a worker has it.
    Operation.objects.create(kind="items.bulk", subject=str(uuid.uuid4()), person=alice)
    services.wake(Operation.objects.get(kind="items.bulk"), 0)
    until(lambda: is_done("items.bulk"))
    states = sorted(Operation.objects.filter(kind="exports.receipt").values_list("state", flat=True))
    assert states[:1] == [State.RUNNING]
    assert set(states[1:]) <= {State.WAITING}


def test_both_queues_end_when_their_worker_is_told(worker: Any, slow: Running) -> None:
    process = worker("--graceful-signal", "TERM")
    kinds = ("unknown.kind", "exports.receipt")
    made = [Operation.objects.create(kind=kind, subject="x").pk for kind in kinds]
    until(lambda: all(one.attempts for one in Operation.objects.filter(pk__in=made)))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
