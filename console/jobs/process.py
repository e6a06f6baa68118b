"""This worker process: its slot, whether it is about to end, and how many workers it has for each queue.

A slot is a file under WORKER_LOCKS that the process locks for as long as it lives, however it ends. A slot that can be
locked is therefore proof that no process uses its name any more: its rows need not wait for the end of their lease.
"""

import contextlib
import fcntl
import logging
import os
import socket
import threading
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from console.jobs.models import Operation, State

log = logging.getLogger(__name__)

MOST_SLOTS = 1000
MOST_HOST = 100
_guard = threading.RLock()


class WorkerSlot(NamedTuple):
    process: int
    file: int
    name: str


_slot: WorkerSlot | None = None
_stop_flags: Sequence[Any] = ()
_workers = int(settings.HUEY["consumer"]["workers"])


def describe(*, workers: int, stop_flags: Sequence[Any]) -> None:
    """What the command that runs the workers knows about them. Each flag is set once its workers are asked to stop."""
    global _workers, _stop_flags
    _workers, _stop_flags = workers, stop_flags


def is_ending() -> bool:
    """Whether the process was asked to stop: the running job is put back after its current part."""
    return any(flag.is_set() for flag in _stop_flags)


def workers() -> int:
    """How many workers this process has for each queue."""
    return _workers


def name() -> str:
    """`host:folder/number` of the slot; empty where files can't be locked: then rows wait for their lease."""
    global _slot
    with _guard:
        if _slot is None or _slot.process != os.getpid():
            try:
                _slot = _lock_any()
            except OSError as error:
                log.warning("No slot could be locked: what this worker holds waits for its lease. %s", error)
                _slot = WorkerSlot(os.getpid(), -1, "")
        return _slot.name


def take_back() -> int:
    """Makes the rows due that dead workers of this machine hold, and locks a slot; returns how many rows."""
    mine, count = name(), 0
    if not mine:
        return 0
    here, _, _ = mine.rpartition("/")
    others = Operation.objects.filter(state=State.RUNNING, worker__startswith=f"{here}/").exclude(worker=mine)
    for other in set(others.values_list("worker", flat=True)):
        number = other.removeprefix(f"{here}/")
        if number.isdecimal():
            count += _take_back_if_dead(other, int(number))
    return count


def host() -> str:
    """What the names of all workers begin with that share this machine and its folder of locks."""
    return name().rpartition("/")[0]


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Only one worker of this machine at a time does what has this name, where files can be locked."""
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open(_folder() / f"{name}.lock", "a"))
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            log.debug("The workers of this machine can't lock a file: %s", error)
        yield


def _lock_any() -> WorkerSlot:
    """The first free slot. What its former process left is taken back before it has a new owner."""
    folder = _folder()
    here = f"{socket.gethostname()[:MOST_HOST]}:{_identity(folder)}"
    for number in range(1, MOST_SLOTS + 1):
        file = _try_lock(folder / f"{number}.lock")
        if file is None:
            continue
        slot = WorkerSlot(os.getpid(), file, f"{here}/{number}")
        try:
            _release_rows(slot.name)
        except BaseException:
            os.close(file)
            raise
        return slot
    raise OSError("All slots are taken.")


def _folder() -> Path:
    folder = Path(settings.WORKER_LOCKS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _identity(folder: Path) -> str:
    """Machines can have the same name: only those that see the same locks may judge by them."""
    with alone("id"):
        path = folder / "id"
        if not path.exists():
            path.write_text(uuid.uuid4().hex[:12])
        return path.read_text()[:12]


def _try_lock(path: Path) -> int | None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(file)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return file


def _take_back_if_dead(worker: str, number: int) -> int:
    try:
        file = _try_lock(_folder() / f"{number}.lock")
    except OSError:
        return 0
    if file is None:
        return 0
    try:
        return _release_rows(worker)
    finally:
        os.close(file)


def _release_rows(worker: str) -> int:
    rows = Operation.objects.filter(state=State.RUNNING, worker=worker)
    return rows.update(lease_until=timezone.now() - timedelta(seconds=1))
