"""Holds a connection until its request has arrived, so that no thread waits for somebody who sends slowly or nothing.

One thread for each gunicorn worker watches all connections that have no whole request yet; the bytes stay in the
kernel's buffer and are only looked at. A request counts as whole when its headers, and a body that is not large, are
there. gunicorn checks everything itself afterwards: what is malformed is let through at once.
"""

import contextlib
import re
import select
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

HEADERS_END = b"\r\n\r\n"
# A larger request is let through when this much of it has arrived; the kernel's buffer holds at least so much.
LOOKED_AT_BYTES = 32 * 1024
PATIENCE_SECONDS = 10.0
_LENGTH = re.compile(rb"\r\ncontent-length: ?([0-9]{1,9})\r\n", re.IGNORECASE)


class Gate(threading.Thread):
    """`admit` gets a connection whose request is there; `refuse` one that took too long, with whether it sent a part.

    Both are called in this thread.
    """

    def __init__(self, admit: Callable[[Any], None], refuse: Callable[[Any, bool], None]) -> None:
        super().__init__(name="request-gate", daemon=True)
        self._admit, self._refuse = admit, refuse
        self._poll = select.epoll()
        self._held: dict[int, tuple[Any, float]] = {}

    def hold(self, connection: Any) -> None:
        """Takes a connection, with its `sock`, until it is admitted or refused."""
        number = connection.sock.fileno()
        connection.sock.setblocking(False)
        self._held[number] = (connection, time.monotonic() + PATIENCE_SECONDS)
        # Edge-triggered: a part of a request wakes this thread once, not for as long as it lies there.
        self._poll.register(number, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET)

    def refuse_all(self) -> None:
        """At the end of the worker."""
        self._expire(float("inf"))

    def run(self) -> None:
        while True:
            for number, happened in self._poll.poll(0.25):
                self._look(number, has_ended=bool(happened & ~select.EPOLLIN))
            self._expire(time.monotonic())

    def _look(self, number: int, *, has_ended: bool) -> None:
        connection, _ = self._held.get(number, (None, 0.0))
        if connection is not None and (has_ended or is_whole(_arrived(connection.sock))):
            self._let_go(number, partial(self._admit, connection))

    def _expire(self, now: float) -> None:
        for number, (connection, until) in list(self._held.items()):
            if until <= now:
                self._let_go(number, partial(self._refuse, connection, bool(_arrived(connection.sock))))

    def _let_go(self, number: int, then: Callable[[], None]) -> None:
        if self._held.pop(number, None) is not None:
            with contextlib.suppress(OSError):
                self._poll.unregister(number)
            then()


def is_whole(arrived: bytes) -> bool:
    """Whether everything that is waited for has arrived."""
    if len(arrived) >= LOOKED_AT_BYTES:
        return True
    headers, found, body = arrived.partition(HEADERS_END)
    length = _LENGTH.search(headers + b"\r\n")
    wanted = int(length[1]) if length else 0
    return bool(found) and (len(body) >= wanted or len(headers) + wanted >= LOOKED_AT_BYTES)


def _arrived(sock: socket.socket) -> bytes:
    """What lies in the kernel's buffer, without taking it out."""
    try:
        return sock.recv(LOOKED_AT_BYTES, socket.MSG_PEEK)
    except OSError:
        return b""
