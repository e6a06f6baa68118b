"""gunicorn's worker, with our headers on the answers it gives by itself: to what is no request, or is too large."""

import contextlib
import socket
import time
import uuid
from http import HTTPStatus
from typing import Any

from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from console import response_headers
from console.request_gate import Arrival, Gate, how_far

STATUSES: dict[type[Exception], HTTPStatus] = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.ForbiddenProxyRequest: HTTPStatus.FORBIDDEN,
    # A header of our own answer that cannot be sent: our fault, although it is a kind of the client's errors.
    errors.InvalidResponseHeader: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidResponseHeaderName: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ConfigurationProblem: HTTPStatus.INTERNAL_SERVER_ERROR,
}
DRAIN_SECONDS = 1.0
# Bytes that wait in the kernel for a connection. Without a bound these are megabytes, which count as sent although the
# browser went away; what is on its way to the browser is not bounded, so that a download is as fast as before.
MOST_UNSENT = 64 * 1024
# The standard library has no name for it: https://docs.kernel.org/networking/ip-sysctl.html#tcp-variables
TCP_NOTSENT_LOWAT = 25


class Worker(ThreadWorker):  # type: ignore[misc]  # the library is not typed
    """Hands a connection to a thread when its request has arrived. Written for gunicorn 27's gthread."""

    def init_process(self) -> None:
        self.gate = Gate(self._admit, self._refuse, most_large=max(1, self.cfg.threads // 4))
        self.gate.start()
        for listener in self.sockets:
            bound_unsent(listener.sock)
        super().init_process()

    def is_parent_alive(self) -> bool:
        """Asked every second. Without its gate a worker answers no request: it ends, and gunicorn starts another."""
        return self.gate.is_alive() and super().is_parent_alive()

    def enqueue_req(self, conn: Any) -> None:
        """Called for a new connection, and for one that was kept open when it can be read again."""
        came_along = conn.parser.unreader.buf.getvalue() if conn.parser else b""
        if not came_along:
            self.gate.hold(conn)
        elif how_far(came_along) is Arrival.WHOLE:
            super().enqueue_req(conn)
        else:
            # A part of the next request that was read along with the one before is where no gate can see it.
            self._close(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        self.gate.finished(conn)
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        super().murder_pending()
        if not self.alive:
            self.gate.refuse_all()

    def _admit(self, conn: Any) -> None:
        self.method_queue.defer(super().enqueue_req, conn)

    def _refuse(self, conn: Any, is_part: bool) -> None:
        """Without a word to who sent none: browsers open connections in advance."""
        if is_part:
            with contextlib.suppress(OSError):
                conn.sock.send(answer(HTTPStatus.REQUEST_TIMEOUT, uuid.uuid4().hex))
        self.method_queue.defer(self._close, conn)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Logs one line that quotes nothing of the request, which can hold tokens, and answers."""
        status, reference = status_of(exc), uuid.uuid4().hex
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.exception("A request could not be answered (reference %s)", reference)
        else:
            self.log.warning("Refused what was no request: %s (reference %s)", type(exc).__name__, reference)
        try:
            client.sendall(answer(status, reference))
            _drain(client)
        except OSError:
            self.log.debug("The answer to what was no request could not be sent.")


def bound_unsent(listener: socket.socket) -> None:
    """Every connection takes this over from its listener. Other kernels, and sockets that are files, can't."""
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, MOST_UNSENT)


def _drain(client: socket.socket) -> None:
    """Reads on for a moment: closed with unread bytes, the connection would be reset and the answer lost."""
    client.shutdown(socket.SHUT_WR)
    client.settimeout(0.2)
    end = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < end and client.recv(65536):
        pass


def status_of(error: Exception) -> HTTPStatus:
    """What to answer; everything that could not be read is a bad request, everything else our fault."""
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return status
    return HTTPStatus.BAD_REQUEST if isinstance(error, errors.ParseException) else HTTPStatus.INTERNAL_SERVER_ERROR


def answer(status: HTTPStatus, reference: str) -> bytes:
    """The whole answer, as it goes over the wire."""
    sentence = "The request could not be read. Nothing was changed."
    if status == HTTPStatus.REQUEST_TIMEOUT:
        sentence = "The request took too long to arrive. Nothing was changed."
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        sentence = "Something went wrong in this console."
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{status.phrase}</title></head>'
        f"<body><h1>{status.phrase}</h1><p>{sentence}</p><p>Reference {reference}</p></body></html>"
    ).encode()
    headers = response_headers.WITHOUT_DJANGO | {
        "Connection": "close",
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(page)),
        "X-Request-Id": reference,
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + page
