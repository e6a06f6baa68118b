"""`manage.py demo`: console and emulator on this machine, demo people ready, until Ctrl-C."""

import contextlib
import ctypes
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser

from accounts.demo import PASSWORD, make_people
from console import demo_env
from console.jobs.queues import Queue

PATIENCE = 60
# Seconds that what runs has to end by itself before it is killed.
GRACE = 10
PR_SET_PDEATHSIG = 1

_interrupted = threading.Event()


class Command(BaseCommand):
    help = "Runs the practice space: console and emulator on this machine, with demo people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fresh", action="store_true", help="start over: forget all demo data")

    def handle(self, *args: Any, **options: Any) -> None:
        # SIGINT too: a shell that starts this in the background tells it to ignore Ctrl-C.
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(ending, _interrupt)
        children: dict[str, subprocess.Popen[bytes]] = {}
        try:
            children["emulator"] = _start([sys.executable, "-m", "console.emulator"], demo_env.emulator_environment())
            _prepare_database()
            children["console"] = _start(_server())
            self._announce(children)
            # After the first page: nobody has queued anything yet, and they would only slow each other down.
            for queue in Queue:
                children[f"worker of the {queue} queue"] = _start(_worker(queue))
            _watch(children)
        except KeyboardInterrupt:
            self.stdout.write("\nStopping.")
        finally:
            _stop(children)

    def _announce(self, children: dict[str, subprocess.Popen[bytes]]) -> None:
        port = demo_env.port("CONSOLE_PORT")
        _wait_for(port, children)
        self.stdout.write(
            f"\n  Annotation Console is ready: http://localhost:{port}/\n\n  Sign in as one of the demo people:"
        )
        for person in make_people():
            self.stdout.write(f"    {person.email:<32} {PASSWORD}   ({person.get_role_display()})")
        self.stdout.write("\n  Ctrl-C ends everything.\n")
        self.stdout.flush()


def _prepare_database() -> None:
    call_command("migrate", verbosity=0)
    make_people()
    if not _static_is_fresh():
        call_command("collectstatic", interactive=False, verbosity=0)
    call_command("settle", verbosity=0)


def _static_is_fresh() -> bool:
    """Whether nothing under `static/` or in the installed packages is newer than what was collected."""
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if not manifest.exists():
        return False
    collected = manifest.stat().st_mtime
    sources = [path for folder in settings.STATICFILES_DIRS for path in folder.rglob("*")]
    sources.append(settings.BASE_DIR / "requirements.txt")
    return all(path.stat().st_mtime <= collected for path in sources)


def _server() -> list[str]:
    port = demo_env.port("CONSOLE_PORT")
    hosts = [f"[{host}]" if ":" in host else host for host in demo_env.loopback_hosts()]
    binds = [part for host in hosts for part in ("--bind", f"{host}:{port}")]
    return [sys.executable, "-m", "gunicorn", "-c", "python:console.gunicorn_conf", *binds, "console.wsgi"]


def _worker(queue: Queue) -> list[str]:
    return [sys.executable, "manage.py", "run_huey", "--queue", queue, "--graceful-signal", "TERM"]


def _start(command: list[str], env: Mapping[str, str] = os.environ) -> subprocess.Popen[bytes]:
    """A program with everything it starts in a group of its own, so that the whole group can be ended."""
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=settings.BASE_DIR,
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_end_with_parent,
    )


def _end_with_parent() -> None:
    """Runs in the new process: Linux ends it when this one is killed and can end nothing any more."""
    with contextlib.suppress(OSError, AttributeError):  # another system than Linux
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_for(port: int, children: dict[str, subprocess.Popen[bytes]]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        _demand_alive(children)
        if _answers(port):
            return
        time.sleep(0.05)
    raise CommandError(f"The console did not answer within {PATIENCE} s.")


def _answers(port: int) -> bool:
    """Asked by number and directly: a machine may lack the name `localhost`, and may send all else through a proxy."""
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    with contextlib.closing(asking), contextlib.suppress(OSError, http.client.HTTPException):
        asking.request("GET", "/livez")
        return asking.getresponse().status == 200
    return False


def _watch(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Returns when `make`, which started this, was killed; without `make` it goes on until it is interrupted."""
    parent = os.getppid()
    while "MAKELEVEL" not in os.environ or os.getppid() == parent:
        _demand_alive(children)
        time.sleep(0.5)


def _demand_alive(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Asked all the time: that nobody interrupted this, and that nothing it started has ended."""
    if _interrupted.is_set():
        raise KeyboardInterrupt
    for name, child in children.items():
        if child.poll() is not None:
            raise CommandError(f"The {name} ended with code {child.returncode}; everything else was stopped too.")


def _stop(children: dict[str, subprocess.Popen[bytes]]) -> None:
    # Whoever presses Ctrl-C twice shall not leave anything running.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for child in children.values():
        _signal_group(child, signal.SIGTERM)
    end = time.monotonic() + GRACE
    while time.monotonic() < end and any(_is_left(child) for child in children.values()):
        time.sleep(0.05)
    for child in children.values():
        _signal_group(child, signal.SIGKILL)
        child.wait()


def _is_left(child: subprocess.Popen[bytes]) -> bool:
    """Whether anything of the child's group still runs."""
    child.poll()  # one that ended counts until it is waited for
    return _signal_group(child, 0)


def _signal_group(child: subprocess.Popen[bytes], number: int) -> bool:
    """Whether there was anybody to signal."""
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return False
    return True


def _interrupt(signum: int, frame: FrameType | None) -> None:
    # Noted as well: raised while a process is being forked, within its hooks, the exception is lost.
    _interrupted.set()
    raise KeyboardInterrupt
