"""Holds a connection until its request has arrived, so that no thread waits for a slow sender.

One thread for each gunicorn worker watches all connections that have no whole request yet; the bytes stay in the
kernel's buffer and are only looked at. A request counts as whole when its headers, and a body that is not large, are
there. Large bodies and bodies without a length need a thread while they arrive: only some threads are given to them,
and for a bounded time. gunicorn checks everything itself afterwards.
"""

import contextlib
import enum
import re
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

HEADERS_END = b"\r\n\r\n"
# The kernel's buffer holds at least so much.
LOOKED_AT_BYTES = 32 * 1024
PATIENCE_SECONDS = 10.0
LARGE_BODY_SECONDS = 30.0
_LENGTH = re.compile(rb"\r\ncontent-length:([^\r\n]*)", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_SMALL = re.compile(rb"[ \t]*([0-9]{1,9})[ \t]*")


class Arrival(enum.Enum):
    """How much of a request is there."""

    PART = enum.auto()
    WHOLE = enum.auto()
    LARGE = enum.auto()
    """A part of what is too large, or of no known length, to be waited for."""


class Gate(threading.Thread):
    """`admit` gets a connection whose request is there; `refuse` one that took too long, with whether it sent a part.

    At most `most_large` connections are admitted with a part of a large request; `finished` says that one has ended.
    """

    def __init__(self, admit: Callable[[Any], None], refuse: Callable[[Any, bool], None], *, most_large: int) -> None:
        super().__init__(name="request-gate", daemon=True)
        self._admit, self._refuse, self._most_large = admit, refuse, most_large
        self._poll = select.epoll()
        self._lock = threading.Lock()
        # By the number of the socket: the connection, and when it has waited too long.
        self._held: dict[int, tuple[Any, float]] = {}
        # The held ones that wait for a large one to end, and the large ones that were admitted with their time.
        self._queued: dict[int, None] = {}
        self._large: dict[Any, float] = {}

    def hold(self, connection: Any) -> None:
        """Takes a connection, with its `sock`, until it is admitted or refused."""
        number = connection.sock.fileno()
        connection.sock.setblocking(False)
        with self._lock:
            self._held[number] = (connection, time.monotonic() + PATIENCE_SECONDS)
            # Edge-triggered: a part of a request wakes this thread once, not until it is read.
            self._poll.register(number, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET)

    def finished(self, connection: Any) -> None:
        """The request of an admitted connection was answered."""
        with self._lock:
            self._large.pop(connection, None)

    def refuse_all(self) -> None:
        """At the end of the worker."""
        with self._lock:
            self._expire(float("inf"))

    def run(self) -> None:
        while True:
            ready_connections = self._poll.poll(0.25)
            with self._lock:
                for number, events in ready_connections:
                    self._look(number, has_ended=bool(events & ~select.EPOLLIN))
                for number in list(self._queued):
                    self._look(number)
                self._expire(time.monotonic())
                self._end_slow_bodies(time.monotonic())

    def _look(self, number: int, *, has_ended: bool = False) -> None:
        if number not in self._held:
            return
        connection, _ = self._held[number]
        arrival = Arrival.WHOLE if has_ended else how_far(_arrived(connection.sock))
        if arrival is Arrival.WHOLE:
            self._admit(self._let_go(number))
        elif arrival is Arrival.LARGE and len(self._large) < self._most_large:
            self._large[connection] = time.monotonic() + LARGE_BODY_SECONDS
            self._admit(self._let_go(number))
        elif arrival is Arrival.LARGE:
            self._queued[number] = None

    def _expire(self, now: float) -> None:
        for number, (connection, until) in list(self._held.items()):
            if until <= now:
                self._refuse(self._let_go(number), bool(_arrived(connection.sock)))

    def _end_slow_bodies(self, now: float) -> None:
        """A thread that is still reading finds the end of the body. An answer that is being sent is sent to its end."""
        for connection, until in self._large.items():
            if until <= now:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RD)

    def _let_go(self, number: int) -> Any:
        connection, _ = self._held.pop(number)
        self._queued.pop(number, None)
        with contextlib.suppress(OSError):
            self._poll.unregister(number)
        return connection


def how_far(received_bytes: bytes) -> Arrival:
    """How much of the request is among the first bytes that arrived."""
    headers, separator, body = received_bytes.partition(HEADERS_END)
    if not separator:
        return Arrival.LARGE if len(received_bytes) >= LOOKED_AT_BYTES else Arrival.PART
    if _CODING.search(headers):
        return Arrival.LARGE
    lengths = [_SMALL.fullmatch(length) for length in _LENGTH.findall(headers)]
    body_length = max((int(length[1]) if length else LOOKED_AT_BYTES for length in lengths), default=0)
    if len(body) >= body_length:
        return Arrival.WHOLE
    return Arrival.PART if len(headers) + len(HEADERS_END) + body_length <= LOOKED_AT_BYTES else Arrival.LARGE


def _arrived(sock: socket.socket) -> bytes:
    """What has arrived, left in the kernel's buffer."""
    try:
        return sock.recv(LOOKED_AT_BYTES, socket.MSG_PEEK)
    except OSError:
        return b""
