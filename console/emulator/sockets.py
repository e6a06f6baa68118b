"""The sockets: HTTP/1.1 with keep-alive on loopback, bytes in and bytes out."""

import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, cast

from console.emulator.wire import Answer, Request

LOOPBACK = "127.0.0.1"
LARGEST_BODY = 10 * 1024 * 1024
PIECE = 64 * 1024
NO_BODY = (204, 304)


class TooLarge(Exception):
    """The body passes what the listener takes."""


class BadFraming(Exception):
    """Content-Length or chunk sizes that are no numbers."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True

    answer: Callable[[Request], Answer]

    def __init__(self, port: int, *, streams_uploads: bool) -> None:
        self.streams_uploads = streams_uploads
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__((LOOPBACK, port), Handler)

    @property
    def origin(self) -> str:
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is everyday life; anything else is worth its trace."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def server_bind(self) -> None:
        """Without the base class's look-up of the host's full name, which can take seconds."""
        TCPServer.server_bind(self)

    def run(self, answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        with self._guard:
            for connection in self._open:
                _quietly(connection.shutdown, socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "vendor-emulator"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 120

    def handle_any(self) -> None:
        try:
            answer = self._answer(self._chunks())
        except (TooLarge, BadFraming) as error:
            refused = 413 if isinstance(error, TooLarge) else 400
            answer = replace(self._ask(b"", iter(()), refused), ending="close")
        self._send(answer)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Any method at all is for the listener to answer, if only with its 405."""
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def _answer(self, chunks: Iterator[bytes]) -> Answer:
        body = b"" if self.server.streams_uploads and self.command == "PUT" else _all(chunks)
        answer = self._ask(body, chunks)
        for _ in chunks:  # what was not read would be taken for the next request
            pass
        return answer

    def _ask(self, body: bytes, chunks: Iterator[bytes], refused: int | None = None) -> Answer:
        path, _, query = self.path.partition("?")
        host = self.headers.get("Host") or self.server.origin.removeprefix("http://")
        headers = cast(Mapping[str, str], self.headers)
        return self.server.answer(
            Request(self.command, path, query, headers, body, chunks, f"http://{host}", refused=refused)
        )

    def log_message(self, *args: Any) -> None:
        """Silence; `/_emulator/requests` is the log."""

    def _chunks(self) -> Iterator[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunked()
        length = self.headers.get("Content-Length", "0")
        return self._read_counted_body(length)

    def _read_counted_body(self, length: str) -> Iterator[bytes]:
        if not length.isascii() or not length.isdigit() or len(length) > 18:
            raise BadFraming
        remaining = int(length)
        while remaining > 0:
            piece = self.rfile.read(min(remaining, PIECE))
            if not piece:
                raise ConnectionResetError("the body ended early")
            remaining -= len(piece)
            yield piece

    def _chunked(self) -> Iterator[bytes]:
        while True:
            line = self.rfile.readline(128).split(b";")[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                raise BadFraming from None
            if size < 0:
                raise BadFraming
            if size:
                yield self.rfile.read(size)
                self.rfile.readline(8)
                continue
            while self.rfile.readline(PIECE).strip():
                pass
            return

    def _send(self, answer: Answer) -> None:
        if answer.ending in ("reset", "drop"):
            self._hang_up(reset=answer.ending == "reset")
            return
        length = answer.length if answer.length is not None else len(answer.body)
        bodiless = self.command == "HEAD" or answer.status in NO_BODY
        self.wfile.write(self._head(answer, length) + (b"" if bodiless else answer.body))
        if answer.stream is not None and not bodiless:
            for piece in answer.stream:
                self.wfile.write(piece)
        if answer.ending == "close":
            self.close_connection = True

    def _head(self, answer: Answer, length: int) -> bytes:
        reason = HTTPStatus(answer.status).phrase
        lines = [f"HTTP/1.1 {answer.status} {reason}", f"Date: {self.date_time_string()}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.status not in NO_BODY:
            lines.append(f"Content-Length: {length}")
        if answer.ending == "close":
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _hang_up(self, *, reset: bool) -> None:
        """Lingering for zero seconds turns the close into a reset."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()


def _all(chunks: Iterator[bytes]) -> bytes:
    data = bytearray()
    for piece in chunks:
        data += piece
        if len(data) > LARGEST_BODY:
            raise TooLarge
    return bytes(data)


def _quietly(act: Callable[..., Any], *args: Any) -> None:
    try:
        act(*args)
    except OSError:
        return
