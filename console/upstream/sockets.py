"""Connections that end when we say so.

Time-outs of sockets are per read: a server that sends one byte every nine seconds, of headers even,
holds a thread for ever. So each call keeps a second handle on its socket, and a timer pulls it at the
deadline: `shutdown` wakes whatever read, write or TLS handshake is under way. Names are
resolved in a thread that can be left behind, all addresses of a host share one connect limit, and
the addresses themselves are checked where only public ones may be spoken to.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from contextlib import suppress
from typing import Any, ClassVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

IDLE_BEFORE_WRITE = 2.0
"""A write does not start on a connection idle for longer: the peer may just be closing it, and then
nobody could tell whether the write arrived."""


class Call:
    """One request on its way: how far it got, and the cord to pull when its time is over."""

    def __init__(
        self, seconds: float | None, *, writes: bool = False, headers_most: int = 65_536, target: str | None = None
    ) -> None:
        self.seconds = seconds
        self.target = target
        """What to ask for, byte for byte: requests and urllib3 write addresses anew, and then no signature fits."""
        self.writes = writes
        self.headers_most = headers_most
        self.sent = False
        """Whether a byte may have left; before that, a failure surely changed nothing."""
        self.cut = False
        self._cord: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = None if seconds is None else threading.Timer(max(0.0, seconds), self._pull)

    def __enter__(self) -> Call:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        _current.call = self
        return self

    def __exit__(self, *exc: object) -> None:
        _current.call = None
        if self._timer is not None:
            self._timer.cancel()
        self.let_go()

    def hold(self, sock: socket.socket) -> None:
        """From now on this socket is what the timer cuts.

        A second handle is kept, because http.client closes its own while a body without a length is
        still being read, and because a closed number might be another socket a moment later.
        """
        if self._timer is None:
            return
        self.let_go()
        with self._lock:
            self._cord = socket.fromfd(sock.fileno(), sock.family, sock.type)
            if self.cut:
                _shut(self._cord)

    def let_go(self) -> None:
        """Forget the socket: it is done with, or the next call's."""
        with self._lock:
            cord, self._cord = self._cord, None
        if cord is not None:
            cord.close()

    def _pull(self) -> None:
        with self._lock:
            self.cut = True
            if self._cord is not None:
                _shut(self._cord)


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class _Current(threading.local):
    call: Call | None = None


_current = _Current()


_INFORMS = range(102, 200)
"""Statuses that only announce an answer. Not 100, which http.client knows, nor 101, after which no HTTP is spoken."""


class HeadersTooLarge(http.client.HTTPException):
    """More bytes of headers than anybody needs."""


class _CountedLines:
    """The start of an answer, line by whole line, up to a number of bytes.

    http.client takes the end of the stream for the end of the headers; a connection cut there would
    pass for a complete, empty answer.
    """

    def __init__(self, plain: Any, most: int) -> None:
        self._plain = plain
        self._left = most
        self._begun = False

    def readline(self, limit: int) -> bytes:
        asked = min(limit, self._left + 1)
        line: bytes = self._plain.readline(asked)
        self._left -= len(line)
        if self._left < 0:
            raise HeadersTooLarge
        if not line.endswith(b"\n") and len(line) < asked and (line or self._begun):
            raise http.client.IncompleteRead(b"")
        self._begun = True
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


class _Response(http.client.HTTPResponse):
    """http.client allows a hundred lines of 64 KiB each; here all of them share one limit."""

    fp: Any

    def begin(self) -> None:
        plain, call = self.fp, _current.call
        self.fp = _CountedLines(plain, call.headers_most if call else 65_536)
        super().begin()
        if self.fp is not None:
            self.fp = plain

    def _read_status(self) -> tuple[str, int, str]:
        """The status of the real answer.

        http.client passes over 100 alone. 102 or 103 before a 201 would be taken for the whole answer, and a
        write that was done for one that was refused.
        """
        version, status, reason = super()._read_status()  # type: ignore[misc]
        while status in _INFORMS:
            http.client.parse_headers(self.fp)
            version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, status, reason


class _Cuttable:
    """What the connection classes below share; a mixin over urllib3's HTTPConnection."""

    public_only: ClassVar[bool] = False
    sock: Any
    _idle_since: float | None = None
    """When the connection went back to its pool; None while it is fresh or in use."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        call = _current.call
        if call is not None and self.sock is not None:
            idle = 0.0 if self._idle_since is None else time.monotonic() - self._idle_since
            if call.writes and idle > IDLE_BEFORE_WRITE:
                self.close()  # type: ignore[attr-defined]
            else:
                call.hold(self.sock)
        target = url if call is None or call.target is None else call.target
        super().request(method, target, *args, **kwargs)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self.sock is None:
            # http.client would connect by itself, but then nobody could tell "not reached" from "sent".
            self.connect()  # type: ignore[attr-defined]
        if _current.call is not None:
            _current.call.sent = True
        super().send(data)  # type: ignore[misc]

    def rested(self) -> None:
        """Called when the connection goes back to its pool."""
        self._idle_since = time.monotonic()

    def _new_conn(self) -> socket.socket:
        connection: Any = self
        host, port, seconds = connection._dns_host, connection.port, connection.timeout
        try:
            sock = _connect(host, port, seconds, connection.socket_options or [], self.public_only)
        except socket.gaierror as error:
            raise NameResolutionError(host, connection, error) from None
        except TimeoutError:
            raise ConnectTimeoutError(connection, "no connection in time") from None
        except OSError as error:
            raise NewConnectionError(connection, type(error).__name__) from None
        self._idle_since = None
        if _current.call is not None:
            _current.call.hold(sock)
        return sock


class _Plain(_Cuttable, HTTPConnection):
    response_class = _Response


class _Secure(_Cuttable, HTTPSConnection):
    response_class = _Response


class _PublicPlain(_Plain):
    public_only = True


class _PublicSecure(_Secure):
    public_only = True


class _Resting:
    """Notes when a connection became idle, and takes the cord off before somebody else may use it."""

    def _put_conn(self, conn: Any) -> None:
        if _current.call is not None:
            _current.call.let_go()
        if conn is not None:
            conn.rested()
        super()._put_conn(conn)  # type: ignore[misc]


class _PlainPool(_Resting, HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(_Resting, HTTPSConnectionPool):
    ConnectionCls = _Secure


class _PublicPlainPool(_Resting, HTTPConnectionPool):
    ConnectionCls = _PublicPlain


class _PublicSecurePool(_Resting, HTTPSConnectionPool):
    ConnectionCls = _PublicSecure


def equip(manager: urllib3.PoolManager, *, public_only: bool = False) -> None:
    """Make a pool manager use connections that can be cut, and that refuse private addresses if asked to."""
    plain, secure = (_PublicPlainPool, _PublicSecurePool) if public_only else (_PlainPool, _SecurePool)
    manager.pool_classes_by_scheme = {"http": plain, "https": secure}


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet at large; an IPv4 address inside an IPv6 one has to as well."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and not ip.is_reserved
    mapped = ip.ipv4_mapped or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
    if mapped is not None:
        return is_public(str(mapped))
    # All other public IPv6 addresses are in 2000::/3, so site-local fec0::/10 is refused.
    is_unicast = ip in _GLOBAL_UNICAST and ip.is_global and not any(ip in network for network in _DOCUMENTATION)
    return is_unicast and (ip.sixtofour is None or is_public(str(ip.sixtofour)))


_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_DOCUMENTATION = (ipaddress.IPv6Network("3fff::/20"), ipaddress.IPv6Network("2001:db8::/32"))


def _connect(host: str, port: int, seconds: float, options: list[Any], public_only: bool) -> socket.socket:
    until = time.monotonic() + seconds
    last: OSError = socket.gaierror("no address")
    for family, kind, protocol, _, address in _resolve(host, port, seconds):
        if public_only and not is_public(str(address[0])):
            last = PermissionError("not a public address")
            continue
        sock = socket.socket(family, kind, protocol)
        try:
            for option in options:
                sock.setsockopt(*option)
            sock.settimeout(max(0.001, until - time.monotonic()))
            sock.connect(address)
            sock.settimeout(seconds)
            return sock
        except OSError as error:
            last = error
            sock.close()
    raise last


def _resolve(host: str, port: int, seconds: float) -> list[Any]:
    """getaddrinfo knows no time limit, so it runs in a thread that may be left behind."""
    found: list[Any] = _in_thread(
        lambda: socket.getaddrinfo(host.strip("[]"), port, 0, socket.SOCK_STREAM), max(0.001, seconds)
    )
    return found


def _in_thread(work: Callable[[], Any], seconds: float) -> Any:
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except (OSError, UnicodeError) as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return future.result(seconds)
    except NotInTime:
        raise TimeoutError from None
    except UnicodeError:
        raise socket.gaierror("not a host name") from None
