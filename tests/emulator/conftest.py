"""The emulator on free ports, and a plain client for it: the standard library's, never the console's own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest

from console.emulator.server import Running, start


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Caller:
    """Asks one vendor with one key."""

    base: str
    key_header: str = ""
    key: str = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key_header and self.key:
            sent[self.key_header] = self.key
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if content is not None and not isinstance(body, bytes):
            sent["Content-Type"] = "application/json"
        return ask(method, path if path.startswith("http") else self.base + path, content, sent)

    def get(self, path: str, **headers: str) -> Reply:
        return self("GET", path, None, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self("POST", path, body, **headers)


def ask(method: str, url: str, content: bytes | None, headers: dict[str, str]) -> Reply:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, content, headers)
        answer: HTTPResponse = connection.getresponse()
        return Reply(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def _started() -> Iterator[Running]:
    running = start(pace=0, rate=0)
    yield running
    running.stop()


@pytest.fixture
def running(_started: Running) -> Running:
    """Pace 0: what is asked for is there at once."""
    _started.reset()
    _started.act("set_rate", rate=0)
    return _started


@pytest.fixture
def avala(running: Running) -> Caller:
    return Caller(running.avala_url, "X-Avala-Api-Key", "avk_demo_ops")


@pytest.fixture
def platform(running: Running) -> Caller:
    return Caller(running.cloudfactory_url, "X-API-Key", "cf_demo_ops")


@pytest.fixture
def storage(running: Running) -> Caller:
    return Caller(running.storage_url)
