"""The deadline of one call: it ends in time whatever the other side sends.

Time-outs of sockets are per read, so a server that sends one byte every nine seconds would hold a thread forever.
`console.common.deadline` is the budget that all calls of one request share.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Call:
    """One request in flight. At its deadline a timer shuts its socket down, which ends any read, write or handshake."""

    def __init__(
        self, seconds: float | None, *, writes: bool = False, headers_most: int = 65_536, target: str | None = None
    ) -> None:
        self.seconds = seconds
        self.target = target
        """What to ask for, byte for byte: requests and urllib3 write addresses anew, and then no signature fits."""
        self.writes = writes
        self.headers_most = headers_most
        self.is_sent = False
        """Whether a byte can have left; before that, a failure changed nothing."""
        self.is_cut = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = None if seconds is None else threading.Timer(max(0.0, seconds), self._cut_off)

    def __enter__(self) -> Call:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        _thread.call = self
        return self

    def __exit__(self, *exc: object) -> None:
        _thread.call = None
        if self._timer is not None:
            self._timer.cancel()
        self.release()

    def watch(self, sock: socket.socket) -> None:
        """The timer cuts this socket from now on.

        A second handle is kept: http.client closes its own while a body without a length is still being read, and
        the number of a closed socket can soon belong to another one.
        """
        if self._timer is None:
            return
        self.release()
        with self._lock:
            self._socket = socket.fromfd(sock.fileno(), sock.family, sock.type)
            if self.is_cut:
                _shut_down(self._socket)

    def release(self) -> None:
        """The socket is no longer this call's."""
        with self._lock:
            handle, self._socket = self._socket, None
        if handle is not None:
            handle.close()

    def _cut_off(self) -> None:
        with self._lock:
            self.is_cut = True
            if self._socket is not None:
                _shut_down(self._socket)


def _shut_down(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class _Thread(threading.local):
    call: Call | None = None


_thread = _Thread()


def current_call() -> Call | None:
    """The call that this thread is making."""
    return _thread.call
