"""A proxy of this machine between the console and the emulator that makes chosen requests go wrong.

It parses one request per connection, decides by its rules whether the vendor gets it, and writes back whatever bytes
the rule's fault says. Standard library only; it binds to loopback and connects to loopback alone.
"""

import http.client
import json
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

VENDORS = ("avala", "cloudfactory", "storage")
LARGEST_REQUEST = 16 * 2**20
LONGEST_HOLD = 20.0
"""Seconds after which the proxy lets go of a connection, whatever its fault says."""


@dataclass(frozen=True)
class Reply:
    """What the vendor answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Received:
    """One request that arrived at the proxy, and what became of it."""

    vendor: str
    method: str
    target: str
    body: Any
    reply: Reply | None = None
    """The vendor's own answer; None if the request was not passed on."""
    fault: str = ""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def performed(self) -> bool:
        return self.reply is not None and self.reply.succeeded


class Wire:
    """The console's end of one connection, as a fault writes to it."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self._connection = connection
        self._stopping = stopping

    def send(self, content: bytes) -> bool:
        """False once the console has gone away."""
        try:
            self._connection.sendall(content)
        except OSError:
            return False
        return True

    def reset(self) -> None:
        """Ends the connection with RST instead of FIN."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def wait(self, seconds: float) -> None:
        """Holds the connection in silence, until the proxy stops at the latest."""
        self._stopping.wait(min(seconds, LONGEST_HOLD))

    def wait_for_end(self, seconds: float = LONGEST_HOLD) -> None:
        """Holds the connection in silence until the console closes it."""
        self._connection.settimeout(seconds)
        try:
            self._connection.recv(1)
        except OSError:
            return


@dataclass(frozen=True)
class Fault:
    """What happens to a request.

    `passes`: whether the vendor gets it first. `answer` writes the response; it is given the vendor's reply, or None.
    """

    name: str
    passes: bool
    answer: Callable[[Wire, Reply | None], None]
    stale: bool = False
    """Whether reads show the world as it was before, from this request on."""
    refused: bool = False
    """Whether the vendor's port is closed altogether; `answer` is then never called."""
    shapes: bool = False
    """Whether it changes the vendor's own JSON, and so means nothing to a file."""


@dataclass
class Rule:
    """The next `times` requests that match have this fault; 0 means all of them."""

    vendor: str
    method: str
    path: str
    fault: Fault
    times: int = 0
    used: int = 0

    def matches(self, request: Received) -> bool:
        return (
            self.vendor == request.vendor
            and (not self.times or self.used < self.times)
            and re.fullmatch(self.method, request.method) is not None
            and re.search(self.path, request.path) is not None
        )


@dataclass
class _State:
    """What the three listeners share."""

    rules: list[Rule] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    earlier: dict[tuple[str, str], Reply] = field(default_factory=dict)
    """The newest good answer to each read, kept while nothing is stale."""
    stale: bool = False
    hidden: str = ""
    """Rows that hold this text are left out of stale reads nobody made before."""
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, vendor: str, origin: str, state: _State, stopping: threading.Event) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.vendor, self.upstream, self.state, self.stopping = vendor, urlsplit(origin), state, stopping
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A console that hangs up is what many faults are about."""


class _Connection(socketserver.BaseRequestHandler):
    server: _Listener

    def handle(self) -> None:
        self.request.settimeout(LONGEST_HOLD)
        parsed = _read_request(self.request)
        if parsed is None:
            return
        received, headers, raw = parsed
        received.vendor = self.server.vendor
        state, wire = self.server.state, Wire(self.request, self.server.stopping)
        with state.lock:
            rule = next((one for one in state.rules if one.matches(received)), None)
            if rule:
                rule.used += 1
                received.fault = rule.fault.name
                state.stale = state.stale or rule.fault.stale
            state.received.append(received)
        if rule is None or rule.fault.passes:
            received.reply = self._forward(received, headers, raw)
        if rule is not None:
            rule.fault.answer(wire, received.reply)
        elif received.reply is not None:
            wire.send(as_bytes(self._shown(received, received.reply)))

    def _forward(self, received: Received, headers: list[tuple[str, str]], raw: bytes) -> Reply:
        upstream = self.server.upstream
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=LONGEST_HOLD)
        try:
            connection.putrequest(received.method, received.target, skip_host=True, skip_accept_encoding=True)
            for name, value in [("Host", upstream.netloc), *headers]:
                connection.putheader(name, value)
            connection.endheaders(raw or None)
            response = connection.getresponse()
            kept = [pair for pair in response.getheaders() if pair[0].lower() not in _HOP_BY_HOP]
            return Reply(response.status, tuple(kept), response.read())
        finally:
            connection.close()

    def _shown(self, received: Received, reply: Reply) -> Reply:
        """The reply, or an older one while reads are stale."""
        state, key = self.server.state, (received.vendor, received.target)
        if received.method != "GET":
            return reply
        with state.lock:
            if not state.stale:
                if reply.succeeded and len(reply.body) < 2**20:
                    state.earlier[key] = reply
                return reply
            return state.earlier.get(key) or _without_rows(reply, state.hidden)


class Proxy:
    """Three listeners in front of a running emulator, their rules, and what they received."""

    def __init__(self, avala_url: str, cloudfactory_url: str, storage_url: str) -> None:
        self._state, self._stopping = _State(), threading.Event()
        self._listeners: dict[str, _Listener] = {}
        for vendor, address in zip(VENDORS, (avala_url, cloudfactory_url, storage_url), strict=True):
            parts = urlsplit(address)
            origin = f"{parts.scheme}://{parts.netloc}"
            self._listeners[vendor] = _Listener(vendor, origin, self._state, self._stopping)
        self.avala_url = self._listeners["avala"].origin + urlsplit(avala_url).path
        self.cloudfactory_url = self._listeners["cloudfactory"].origin + urlsplit(cloudfactory_url).path
        self.storage_url = self._listeners["storage"].origin

    @property
    def received(self) -> list[Received]:
        with self._state.lock:
            return list(self._state.received)

    def apply(self, vendor: str, method: str, path: str, fault: Fault, *, times: int = 0, hidden: str = "") -> None:
        """Requests of this method whose path the pattern finds have the fault; 0 times means all."""
        with self._state.lock:
            self._state.hidden = hidden
            self._state.rules.append(Rule(vendor, method, path, fault, times))

    def heal(self) -> None:
        """No faults any more, and reads show what is."""
        with self._state.lock:
            self._state.rules.clear()
            self._state.stale = False

    def reset(self) -> None:
        """As at the start: no rules, nothing received."""
        self.heal()
        with self._state.lock:
            self._state.received.clear()
            self._state.earlier.clear()

    def stop(self) -> None:
        self._stopping.set()
        for listener in self._listeners.values():
            listener.shutdown()
            listener.server_close()


def closed_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_bytes(reply: Reply) -> bytes:
    """The reply on the wire, of its own length and with the end of the connection."""
    return response(reply.status, reply.body, reply.headers)


def response(status: int, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> bytes:
    named = {name.lower() for name, _ in headers}
    more = [] if "content-length" in named or "transfer-encoding" in named else [("Content-Length", str(len(body)))]
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Odd')}"]
    lines += [f"{name}: {value}" for name, value in [*headers, *more, ("Connection", "close")]]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + body


_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


def _read_request(connection: socket.socket) -> tuple[Received, list[tuple[str, str]], bytes] | None:
    """Method, target, headers and body; None for a connection that was closed early."""
    content = b""
    while b"\r\n\r\n" not in content:
        piece = connection.recv(65_536)
        content += piece
        if not piece or len(content) > LARGEST_REQUEST:
            return None
    head, _, body = content.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    length = int(next((value for name, value in headers if name.lower() == "content-length"), "0"))
    while len(body) < min(length, LARGEST_REQUEST):
        piece = connection.recv(65_536)
        if not piece:
            return None
        body += piece
    kept = [pair for pair in headers if pair[0].lower() not in {"host", "connection"}]
    return Received("", method, target, _json(body)), kept, body


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("latin-1")


def _without_rows(reply: Reply, hidden: str) -> Reply:
    """A list without the rows that hold this text, as a replica that lags behind would answer it."""
    data = _json(reply.body)
    if not hidden or not isinstance(data, dict | list):
        return reply
    return Reply(reply.status, reply.headers, json.dumps(_pruned(data, hidden)).encode())


def _pruned(data: Any, hidden: str) -> Any:
    if isinstance(data, list):
        return [_pruned(row, hidden) for row in data if hidden not in json.dumps(row)]
    return {name: _pruned(value, hidden) for name, value in data.items()} if isinstance(data, dict) else data
