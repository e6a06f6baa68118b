"""The console in this process, a fresh SQLite file, and both vendors over real sockets."""

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.test import Client

from accounts.demo import make_people
from accounts.models import Person
from console.emulator.server import Running, start
from console.upstream.transport import Transport


@dataclass
class Clock:
    """How long calls to the vendors took, and how many there were."""

    seconds: float = 0.0
    calls: int = 0
    _begun: list[float] = field(default_factory=list)

    def reset(self) -> None:
        self.seconds, self.calls = 0.0, 0


@contextlib.contextmanager
def stage(scale: str, *, pace: float = 0.2) -> Iterator[tuple[Client, Running, Person]]:
    """Somebody who may do everything, signed in, with the vendors at this scale."""
    state = Path(tempfile.mkdtemp(prefix="console-bench-"))
    running = start(state_dir=state, pace=pace, rate=0, scale=scale)
    settings.AVALA_BASE_URL, settings.CLOUDFACTORY_BASE_URL = running.avala_url, running.cloudfactory_url
    settings.TRUSTED_LOCAL_ORIGINS = [running.storage_url]
    settings.ALLOWED_HOSTS = ["localhost"]
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    images = [*policy["img-src"], running.storage_url]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**policy, "img-src": images}}
    call_command("migrate", verbosity=0)
    person = next(one for one in make_people() if one.role == "administrator")
    client = Client(HTTP_HOST="localhost")
    client.force_login(person)
    try:
        yield client, running, person
    finally:
        running.stop()


@contextlib.contextmanager
def upstream_clock() -> Iterator[Clock]:
    """Counts what the one door to the vendors costs, so that the rest is the console's own time."""
    clock, send = Clock(), Transport.send

    def timed(self: Transport, *args: Any, **kwargs: Any) -> Any:
        begun = time.perf_counter()
        try:
            return send(self, *args, **kwargs)
        finally:
            clock.seconds += time.perf_counter() - begun
            clock.calls += 1

    Transport.send = timed  # type: ignore[method-assign]
    try:
        yield clock
    finally:
        Transport.send = send  # type: ignore[method-assign]


def median_of(rounds: int, act: Callable[[], float]) -> float:
    return statistics.median(act() for _ in range(rounds))
