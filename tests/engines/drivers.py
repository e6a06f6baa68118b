"""Debian's Firefox and WebKit, each driven by the standard it speaks: WebDriver BiDi and W3C WebDriver.

Both drivers can do four things: open an address, run a script in the page, perform input, and take a picture. All that
a test says in the words of a person is built on these, in `page.py`.
"""

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import requests
from websockets.sync.client import ClientConnection, connect

from tests import services

SECONDS = 30
PREFERENCES = {
    "browser.download.folderList": 2,
    "browser.download.dir": "",
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.server": "",
}


class Failed(Exception):
    """What a browser answered when it could not do something."""


class Driver(Protocol):
    name: str
    downloads: Path

    def open(self, address: str) -> None: ...

    def run(self, script: str, *arguments: Any) -> Any:
        """What the body of a function returns in the page, as JSON would carry it."""

    def perform(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Sources of input with their actions, as both standards write them."""

    def resize(self, width: int, height: int) -> None: ...

    def picture(self) -> bytes:
        """The visible part of the page, as PNG."""


class Firefox:
    name = "Firefox"

    def __init__(self, connection: ClientConnection, downloads: Path) -> None:
        self.downloads = downloads
        self._connection, self._last = connection, 0
        self._send("session.new", {"capabilities": {"alwaysMatch": {"unhandledPromptBehavior": {"default": "accept"}}}})
        self._context = self._send("browsingContext.create", {"type": "tab"})["context"]

    def open(self, address: str) -> None:
        self._send("browsingContext.navigate", {"context": self._context, "url": address, "wait": "complete"})

    def run(self, script: str, *arguments: Any) -> Any:
        answer = self._send(
            "script.callFunction",
            {
                "functionDeclaration": f"async (text) => JSON.stringify(await (async function () {{ {script} }})"
                ".apply(null, JSON.parse(text)) ?? null)",
                "arguments": [{"type": "string", "value": json.dumps(arguments)}],
                "target": {"context": self._context},
                "awaitPromise": True,
            },
        )
        if answer["type"] != "success":
            raise Failed(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def perform(self, actions: Sequence[Mapping[str, Any]]) -> None:
        self._send("input.performActions", {"context": self._context, "actions": actions})

    def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height}
        self._send("browsingContext.setViewport", {"context": self._context, "viewport": size})

    def picture(self) -> bytes:
        return base64.b64decode(self._send("browsingContext.captureScreenshot", {"context": self._context})["data"])

    def _send(self, method: str, parameters: Mapping[str, Any]) -> Any:
        self._last += 1
        self._connection.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._connection.recv(timeout=SECONDS))
            if answer.get("id") == self._last:
                break
        if answer["type"] == "error":
            raise Failed(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]


class WebKit:
    name = "WebKit"

    def __init__(self, address: str, browser: str, downloads: Path) -> None:
        self.downloads = downloads
        options = {"binary": browser, "args": ["--automation"]}
        wanted = {"webkitgtk:browserOptions": options, "unhandledPromptBehavior": "accept"}
        self._address = f"{address}/session"
        session = self._send("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self._address = f"{address}/session/{session['sessionId']}"

    def open(self, address: str) -> None:
        self._send("POST", "/url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        body = (
            f"const done = arguments[arguments.length - 1]; const given = [...arguments].slice(0, -1);"
            f"(async function () {{ {script} }}).apply(null, given).then((found) => done({{found: found ?? null}}),"
            "(error) => done({error: String(error)}))"
        )
        answer = self._send("POST", "/execute/async", {"script": body, "args": list(arguments)})
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["found"]

    def perform(self, actions: Sequence[Mapping[str, Any]]) -> None:
        self._send("POST", "/actions", {"actions": actions})

    def resize(self, width: int, height: int) -> None:
        """The size of the page itself: the window's frame is added."""
        self._send("POST", "/window/rect", {"width": width, "height": height})
        inner = self.run("return [window.innerWidth, window.innerHeight]")
        self._send("POST", "/window/rect", {"width": 2 * width - inner[0], "height": 2 * height - inner[1]})

    def picture(self) -> bytes:
        return base64.b64decode(self._send("GET", "/screenshot"))

    def quit(self) -> None:
        self._send("DELETE", "")

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, self._address + path, json=body, timeout=SECONDS).json()["value"]
        if isinstance(answer, dict) and "stacktrace" in answer:
            raise Failed(f"{path}: {answer['error']}: {answer.get('message')}")
        return answer


@contextlib.contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """A Firefox without a window and with a profile of its own; ended with all it started."""
    downloads = _folder(folder / "downloads")
    profile = _folder(folder / "profile")
    preferences = PREFERENCES | {"browser.download.dir": str(downloads)}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
    (profile / "user.js").write_text("\n".join(lines))
    program = services.firefox()
    assert program is not None
    command = [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    log = folder / "log"
    with _running(command, folder, log):
        address = _read(log, r"WebDriver BiDi listening on (ws://\S+)")
        with connect(f"{address}/session", max_size=None, proxy=None) as connection:
            yield Firefox(connection, downloads)


@contextlib.contextmanager
def webkit(folder: Path) -> Iterator[WebKit]:
    """WebKitGTK's small browser on a screen of its own; ended with all it started."""
    downloads = _folder(folder / "downloads")
    _folder(folder / ".config").joinpath("user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{downloads}"\n')
    programs = services.webkit()
    assert programs is not None
    with _screen(folder) as display:
        port = services.free_port()
        extra = {"DISPLAY": display, "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1", "LIBGL_ALWAYS_SOFTWARE": "1"}
        with _running([programs.driver, f"--port={port}"], folder, folder / "log", extra):
            services.wait_for_port(port)
            driver = WebKit(f"http://127.0.0.1:{port}", programs.browser, downloads)
            try:
                yield driver
            finally:
                with contextlib.suppress(Failed, requests.RequestException):
                    driver.quit()


@contextlib.contextmanager
def _screen(folder: Path) -> Iterator[str]:
    """A screen that nobody sees, on the first free number; yields its name."""
    log = folder / "screen"
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
    with _running(command, folder, log, pass_fds=(write,)), os.fdopen(read) as said:
        os.close(write)
        yield f":{said.readline().strip()}"


@contextlib.contextmanager
def _running(
    command: Sequence[str],
    home: Path,
    log: Path,
    extra: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Iterator[None]:
    """A program with a home of its own, which is ended together with everything that it started."""
    # A browser asks no bus and no proxy; XDG_RUNTIME_DIR must be its own, or it meets another one's sockets.
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "LANG": "C.UTF-8"}
    with log.open("wb") as heard:
        running = subprocess.Popen(
            command,
            env=environment | dict(extra or {}),
            stdin=subprocess.DEVNULL,
            stdout=heard,
            stderr=heard,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(timeout=10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def _read(log: Path, pattern: str) -> str:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := re.search(pattern, log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise TimeoutError(f"Nothing like {pattern} was printed:\n{log.read_text()}")


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path
