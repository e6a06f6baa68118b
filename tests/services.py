"""What a bare machine may lack: a browser, PostgreSQL, Redis. Found, and started on free ports of this machine only."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FIREFOXES = ("firefox-esr", "firefox")
REDIS_SERVERS = ("valkey-server", "redis-server")


def browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def firefox() -> str | None:
    return next(filter(None, map(shutil.which, FIREFOXES)), None)


class WebKitPrograms(NamedTuple):
    driver: str
    browser: str


def webkit() -> WebKitPrograms | None:
    """WebKitGTK's driver and its small browser, which is not on the PATH. Both need a screen, so Xvfb too."""
    driver, browsers = shutil.which("WebKitWebDriver"), sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    return WebKitPrograms(driver, str(browsers[-1])) if driver and browsers and shutil.which("Xvfb") else None


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
    server = RedisServer()
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


class RedisServer:
    """A server that keeps nothing, which a test can stop, hang and start again on the same port."""

    def __init__(self) -> None:
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = redis_server()
        assert program is not None
        arguments = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._server = subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL)
        wait_for_port(self._port)

    def stop(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def hang(self) -> None:
        """It still takes connections, but answers nothing."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)


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
