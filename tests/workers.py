"""Workers as processes of their own, which share a test's database, vendors and audit, and can be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from console.emulator.server import Running

ROOT = Path(settings.BASE_DIR)
LEASE = 2

Process = subprocess.Popen[bytes]
Start = Callable[..., Process]


def environment(emulator: Running, audit_anchor: Path, **more: str) -> dict[str, str]:
    """The environment of such a process, with short paces. `more` are settings of the test's own."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": address_of_database(),
        "JOBS_LEASE": str(LEASE),
        "AUDIT_GRACE": "1",
        "AUDIT_SETTLE_SPAN": "0",
        "AUDIT_ANCHOR": str(audit_anchor),
        # Those of tests that run at the same time have another database, and must not take each other's place.
        "WORKER_LOCKS": str(locks(audit_anchor)),
        "AVALA_BASE_URL": emulator.avala_url,
        "CLOUDFACTORY_BASE_URL": emulator.cloudfactory_url,
        "TRUSTED_LOCAL_ORIGINS": emulator.storage_url,
        **more,
    }


def locks(audit_anchor: Path) -> Path:
    """The folder in which such processes lock their slots."""
    return audit_anchor.parent / "workers"


@contextmanager
def workers(world: Mapping[str, str]) -> Iterator[Start]:
    """Starts a worker at each call, with options of `run_huey`; those that still run at the end are killed."""
    started: list[Process] = []

    def begin(*options: str) -> Process:
        command = [sys.executable, "manage.py", "run_huey", "--workers", "1", "--quiet", *options]
        started.append(subprocess.Popen(command, cwd=ROOT, env=world, stderr=subprocess.DEVNULL))
        return started[-1]

    yield begin
    for process in started:
        kill(process)


def kill(process: Process) -> None:
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()


def address_of_database() -> str:
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return f"{base}/{found['NAME']}"
