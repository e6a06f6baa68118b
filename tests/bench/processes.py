"""Console, vendors and workers as processes of their own on this machine, and how to measure them."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings
from django.core.management import call_command
from django.test import Client

import tests.bench.stage  # noqa: F401 - sets Django up, before anything that needs it
from accounts.models import Person
from tests.services import free_port, wait_for_port

MEBIBYTE = 1024**2


@dataclass(frozen=True)
class Place:
    console: str
    vendor: str
    server: int
    """The process id of gunicorn's worker."""
    worker: int
    """That of the queues' workers, 0 without any."""


@contextlib.contextmanager
def place(*, scale: str = "demo", has_workers: bool = False) -> Iterator[Place]:
    """A fresh database, the vendors at this scale, and a console that serves pages; with `has_workers` both queues."""
    folder = Path(tempfile.mkdtemp(prefix="console-bench-"))
    ports = [free_port() for _ in range(4)]
    console, avala, vendor, storage = (f"http://127.0.0.1:{port}" for port in ports)
    settings.AVALA_BASE_URL, settings.CLOUDFACTORY_BASE_URL = f"{avala}/api/v1", f"{vendor}/api/v1"
    settings.TRUSTED_LOCAL_ORIGINS, settings.ALLOWED_HOSTS = [storage], ["127.0.0.1"]
    call_command("migrate", verbosity=0)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "WEB_CONCURRENCY": "1",
        "DATABASE_URL": f"sqlite:///{settings.DATABASES['default']['NAME']}",
        "AVALA_BASE_URL": settings.AVALA_BASE_URL,
        "CLOUDFACTORY_BASE_URL": settings.CLOUDFACTORY_BASE_URL,
        "TRUSTED_LOCAL_ORIGINS": storage,
        "UPLOAD_ORIGINS": storage,
        "ALLOWED_HOSTS": "127.0.0.1",
        "AVALA_EMULATOR_PORT": str(ports[1]),
        "CLOUDFACTORY_EMULATOR_PORT": str(ports[2]),
        "STORAGE_EMULATOR_PORT": str(ports[3]),
        "EMULATOR_STATE": str(folder),
        "EMULATOR_PACE": "0",
        "EMULATOR_RATE": "0",
        "EMULATOR_SCALE": scale,
    }
    gunicorn = ["gunicorn", "-c", "python:console.gunicorn_conf", "--bind", f"127.0.0.1:{ports[0]}", "console.wsgi"]
    # Each time, or the browser would be given what the scripts were at an earlier one.
    subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], env=environment, check=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(process(environment, "-m", "console.emulator"))
        master = stack.enter_context(process(environment, "-m", *gunicorn))
        for port in ports:
            wait_for_port(port, 60)
        worker = stack.enter_context(process(environment, "manage.py", "run_huey", "--quiet")) if has_workers else 0
        yield Place(console, vendor, child_of(master), worker)


@contextlib.contextmanager
def process(environment: dict[str, str], *program: str) -> Iterator[int]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = subprocess.Popen([sys.executable, *program], env=environment, cwd=settings.BASE_DIR, **quiet)
    try:
        yield started.pid
    finally:
        started.terminate()
        started.wait()


def child_of(master: int) -> int:
    children = Path(f"/proc/{master}/task/{master}/children")
    while not (found := children.read_text().split()):
        time.sleep(0.05)
    return int(found[0])


def browser(here: Place, person: Person) -> requests.Session:
    """Signed in, over a real socket."""
    client = Client()
    client.force_login(person)
    session = requests.Session()
    session.headers["Cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    session.get(f"{here.console}/exports/", timeout=60).raise_for_status()
    return session


@contextlib.contextmanager
def repeated(measure: Callable[[], float], pause: float) -> Iterator[list[float]]:
    found: list[float] = []
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            found.append(measure())
            over.wait(pause)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def memory(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE


def processor_seconds(pid: int) -> float:
    """What the process and its threads have spent of the processor so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(session: requests.Session, address: str) -> float:
    begun = time.perf_counter()
    session.get(address, timeout=60).raise_for_status()
    return time.perf_counter() - begun
