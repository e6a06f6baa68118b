"""What `make run` starts, as a stranger has it: from a copy of the tree, on free ports, with the printed people."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console import demo_env
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[1]
READY = "Ctrl-C ends everything."


@dataclass(frozen=True)
class PracticeSpace:
    running: "subprocess.Popen[str]"
    printed: list[str]
    ports: list[int]


@contextlib.contextmanager
def practice_space(folder: Path, **settings: str) -> Iterator[PracticeSpace]:
    """`settings` are environment variables beside those of a bare shell."""
    for part in ("console", "accounts", "templates", "static", "manage.py", "requirements.txt"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    ports = [free_port() for _ in demo_env.PORTS]
    # A proxy that is not there: nothing on this machine may be asked for through it.
    environment = {"PATH": os.environ["PATH"], "http_proxy": "http://127.0.0.1:9", **settings}
    environment |= dict(zip(demo_env.PORTS, map(str, ports), strict=True))
    command = [sys.executable, "manage.py", "demo"]
    running = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    printed: list[str] = []
    for line in running.stdout:
        printed.append(line)
        if READY in line:
            break
    try:
        yield PracticeSpace(running, printed, ports)
    finally:
        running.send_signal(signal.SIGINT)  # killed at once, it would leave behind what it started
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(timeout=30)
        running.kill()
        running.wait()
