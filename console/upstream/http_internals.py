"""Everything that relies on internals of urllib3 and http.client, with the versions it was checked with.

Overridden or read: `begin`, `_read_status` and `fp` of http.client; `_new_conn`, `_dns_host`, `response_class`,
`_put_conn`, `ConnectionCls` and `pool_classes_by_scheme` of urllib3. A test fails with other versions: read their
source, then add the version here.
"""

from __future__ import annotations

import http.client
import socket
import time
from typing import Any, ClassVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from console.upstream.connections import connect
from console.upstream.deadline import current_call

CHECKED_URLLIB3 = "2.8.0"
CHECKED_PYTHONS = ((3, 11), (3, 12))

IDLE_BEFORE_WRITE = 2.0
"""Seconds. A write does not start on a connection idle for longer: the peer can be closing it just then, and then it is
unknown whether the write arrived."""

_INFORMATIONAL = range(102, 200)
"""Statuses before the real answer. Not 100, which http.client handles, nor 101, after which no HTTP is spoken."""


class HeadersTooLarge(http.client.HTTPException):
    """More bytes of headers than the limit."""


class _BoundedLines:
    """The start of an answer, line by whole line, up to a number of bytes.

    http.client takes the end of the stream for the end of the headers; a connection cut there would
    pass for a complete, empty answer.
    """

    def __init__(self, plain: Any, most: int) -> None:
        self._plain = plain
        self._bytes_left = most
        self._has_started = False

    def readline(self, limit: int) -> bytes:
        length = min(limit, self._bytes_left + 1)
        line: bytes = self._plain.readline(length)
        self._bytes_left -= len(line)
        if self._bytes_left < 0:
            raise HeadersTooLarge
        if not line.endswith(b"\n") and len(line) < length and (line or self._has_started):
            raise http.client.IncompleteRead(b"")
        self._has_started = True
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


class _Response(http.client.HTTPResponse):
    """http.client allows a hundred lines of 64 KiB each; here all of them share one limit."""

    fp: Any

    def begin(self) -> None:
        plain, call = self.fp, current_call()
        self.fp = _BoundedLines(plain, call.headers_most if call else 65_536)
        super().begin()
        if self.fp is not None:
            self.fp = plain

    def _read_status(self) -> tuple[str, int, str]:
        """The status of the real answer.

        http.client passes over 100 alone. 102 or 103 before a 201 would be taken for the whole answer, and a
        write that was done for one that was refused.
        """
        version, status, reason = super()._read_status()  # type: ignore[misc]
        while status in _INFORMATIONAL:
            http.client.parse_headers(self.fp)
            version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, status, reason


class _Interruptible:
    """What the connection classes below share; a mixin over urllib3's HTTPConnection."""

    public_only: ClassVar[bool] = False
    sock: Any
    _idle_since: float | None = None
    """When the connection went back to its pool; None while it is fresh or in use."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        call = current_call()
        if call is not None and self.sock is not None:
            idle = 0.0 if self._idle_since is None else time.monotonic() - self._idle_since
            if call.writes and idle > IDLE_BEFORE_WRITE:
                self.close()  # type: ignore[attr-defined]
            else:
                call.watch(self.sock)
        target = url if call is None or call.target is None else call.target
        super().request(method, target, *args, **kwargs)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self.sock is None:
            # http.client would connect by itself, but then "not reached" and "sent" would look the same.
            self.connect()  # type: ignore[attr-defined]
        if call := current_call():
            call.is_sent = True
        super().send(data)  # type: ignore[misc]

    def note_idle(self) -> None:
        """Called when the connection goes back to its pool."""
        self._idle_since = time.monotonic()

    def _new_conn(self) -> socket.socket:
        connection: Any = self
        host, port, seconds = connection._dns_host, connection.port, connection.timeout
        try:
            sock = connect(host, port, seconds, connection.socket_options or [], public_only=self.public_only)
        except socket.gaierror as error:
            raise NameResolutionError(host, connection, error) from None
        except TimeoutError:
            raise ConnectTimeoutError(connection, "no connection in time") from None
        except OSError as error:
            raise NewConnectionError(connection, type(error).__name__) from None
        self._idle_since = None
        if call := current_call():
            call.watch(sock)
        return sock


class _Plain(_Interruptible, HTTPConnection):
    response_class = _Response


class _Secure(_Interruptible, HTTPSConnection):
    response_class = _Response


class _PublicPlain(_Plain):
    public_only = True


class _PublicSecure(_Secure):
    public_only = True


class _IdleNoting:
    """Notes when a connection became idle, and ends its call's deadline before another call can use it."""

    def _put_conn(self, conn: Any) -> None:
        if call := current_call():
            call.release()
        if conn is not None:
            conn.note_idle()
        super()._put_conn(conn)  # type: ignore[misc]


class _PlainPool(_IdleNoting, HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(_IdleNoting, HTTPSConnectionPool):
    ConnectionCls = _Secure


class _PublicPlainPool(_IdleNoting, HTTPConnectionPool):
    ConnectionCls = _PublicPlain


class _PublicSecurePool(_IdleNoting, HTTPSConnectionPool):
    ConnectionCls = _PublicSecure


def set_connection_classes(manager: urllib3.PoolManager, *, public_only: bool = False) -> None:
    """Make a pool manager use connections that can be cut, and that refuse private addresses if asked to."""
    plain, secure = (_PublicPlainPool, _PublicSecurePool) if public_only else (_PlainPool, _SecurePool)
    manager.pool_classes_by_scheme = {"http": plain, "https": secure}
