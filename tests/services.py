"""What a bare machine may lack: a browser, PostgreSQL, Redis. Found, and started on free ports of this machine only."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REDIS_SERVERS = ("valkey-server", "redis-server")


def browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def redis_server() -> str | None:
    return next(filter(None, map(shutil.which, REDIS_SERVERS)), None)


def postgres_programs() -> Path | None:
    """The folder of Debian's newest PostgreSQL server, which is not on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    return found[-1].parent if found else None


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A throw-away cluster; yields its DATABASE_URL."""
    programs, port = postgres_programs(), free_port()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="console-postgres-"))
    data, as_owner = folder / "data", _owner(folder)
    _run([*as_owner, str(programs / "initdb"), "-D", str(data), "-U", "console", "-A", "trust", "-E", "UTF8"])
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
    _run(
        [*as_owner, str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"]
    )
    try:
        yield f"postgres://console@127.0.0.1:{port}/postgres"
    finally:
        _run([*as_owner, str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"])
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A server that keeps nothing; yields its address."""
    program, port = redis_server(), free_port()
    assert program is not None
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"Nothing listens on port {port}.")


def _owner(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as the person Debian made for it."""
    if os.geteuid() != 0:
        return []
    person = pwd.getpwnam("postgres")
    os.chown(folder, person.pw_uid, person.pw_gid)
    return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
