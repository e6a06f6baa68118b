"""What gunicorn answers by itself: a request that is none, or too large. Asked over a plain socket."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.frame.test_headers import ALWAYS
from tests.services import free_port, wait_for_port
from tests.settings import _environment

ROOT = Path(__file__).resolve().parents[2]
HOST = b"Host: localhost\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Its port, and the file its log goes to."""
    port, log = free_port(), tmp_path_factory.mktemp("gunicorn") / "log"
    command = ["-m", "gunicorn", "-c", "python:console.gunicorn_conf", "--bind", f"127.0.0.1:{port}", "console.wsgi"]
    environment = {**_environment, "DJANGO_SETTINGS_MODULE": "tests.settings", "WEB_CONCURRENCY": "1"}
    with log.open("wb") as stderr:
        running = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stderr=stderr)
        try:
            wait_for_port(port)
            yield port, log
        finally:
            running.terminate()
            running.wait(timeout=30)


def ask(port: int, request: bytes) -> tuple[int, dict[str, str]]:
    """The status and the headers of what came back."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sent:
        sent.sendall(request)
        with contextlib.suppress(OSError):
            sent.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := sent.recv(65536):
            received += chunk
    head, _, _ = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin1").split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines)


REQUESTS = {
    "no request line": (b"nonsense\r\n\r\n", 400),
    "a line too long": (b"GET /?" + b"q" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "a header too large": (b"GET / HTTP/1.1\r\n" + HOST + b"X-Big: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    "a length that is no number": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: \xb2\r\n\r\n", 400),
    "a negative length": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "length and chunks": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "an unknown transfer coding": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: nonsense\r\n\r\n", 501),
    "an unknown version": (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", 400),
    "a blank in a header's name": (b"GET / HTTP/1.1\r\n" + HOST + b"X Y: 1\r\n\r\n", 400),
    "an expectation": (b"GET / HTTP/1.1\r\n" + HOST + b"Expect: the-moon\r\n\r\n", 417),
    "NUL in the path": (b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n", None),
    "NUL in the path, encoded": (b"GET /%00/ HTTP/1.1\r\n" + HOST + b"\r\n", None),
    "bad encoding in the path": (b"GET /%ff%zz/ HTTP/1.1\r\n" + HOST + b"\r\n", None),
    "bad encoding in the query": (b"GET /livez?%ff=%zz HTTP/1.1\r\n" + HOST + b"\r\n", 200),
    "an address with many choices": (b"GET /livez?" + b"q" * 8_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 200),
    "an absolute address": (b"GET http://localhost/livez HTTP/1.1\r\n" + HOST + b"\r\n", 200),
    "another's absolute address": (b"GET http://evil.example/livez HTTP/1.1\r\nHost: evil.example\r\n\r\n", 400),
    "an asterisk": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", None),
    "a tunnel": (b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", None),
    "no host": (b"GET /livez HTTP/1.1\r\n\r\n", None),
    "a body that ends early": (b"POST /account/login/ HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\nabc", None),
    "chunks that are none": (
        b"POST /account/login/ HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        None,
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_no_request_is_refused_with_our_headers(server: tuple[int, Path], name: str) -> None:
    request, expected = REQUESTS[name]
    status, headers = ask(server[0], request)
    assert status < 500 or status == expected
    assert expected in (None, status)
    assert {name: headers.get(name) for name in ALWAYS} == ALWAYS
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Request-Id"]


def test_no_such_request_leaves_a_traceback_or_its_own_words_in_the_log(server: tuple[int, Path]) -> None:
    port, log = server
    before = len(log.read_text())
    for request, _ in REQUESTS.values():
        ask(port, request.replace(HOST, HOST + b"Authorization: Bearer secret-of-a-person\r\n"))
    ask(port, b"GET /join/secret-of-an-invitation SPDY\r\n\r\n")
    written = log.read_text()[before:]
    assert "Traceback" not in written
    assert "secret-of" not in written
    assert ask(port, b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n")[0] == 200


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_a_form_that_is_too_large_is_read_before_it_is_answered(server: tuple[int, Path], kind: str) -> None:
    """Else the connection breaks while a browser still sends, and it shows an error of its own."""
    size = 30_000_000
    field = b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\n' if "multipart" in kind else b"login="
    head = b"POST /account/login/ HTTP/1.1\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server[0]), timeout=20) as sent:
        sent.sendall(head % (HOST, kind.encode(), size + len(field)) + field)
        for _ in range(0, size, 100_000):
            sent.sendall(b"x" * 100_000)
        assert sent.recv(65536).startswith(b"HTTP/1.1 ")


LIVEZ = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"
LOGIN = b"POST /account/login/ HTTP/1.1\r\n" + HOST
# With these Django reads the body to look for the form's token.
FORM = b"Cookie: __Host-csrf=" + b"a" * 32 + b"\r\nOrigin: http://localhost\r\n"
FORM += b"Content-Type: application/x-www-form-urlencoded\r\n"
SLOW = {
    "nothing": b"",
    "half a line": b"GET /livez",
    "half the headers": b"GET /livez HTTP/1.1\r\n" + HOST,
    "a header a time": b"GET /livez HTTP/1.1\r\n" + HOST + b"X-A: 1\r\n",
    "no body": LOGIN + b"Content-Length: 500\r\n\r\n",
    "no body of many digits": LOGIN + FORM + b"Content-Length: 99999999999\r\n\r\n",
    "half a large body": LOGIN + b"Content-Length: 100000\r\n\r\n" + b"y" * 40_000,
    "half a large form": LOGIN + FORM + b"Content-Length: 100000\r\n\r\n" + b"y" * 40_000,
    "half a chunk": LOGIN + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "half a chunk of a form": LOGIN + FORM + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "a third of large headers": LOGIN + (b"X-A: " + b"y" * 8_000 + b"\r\n") * 5,
    "half the next request": LIVEZ + b"GET /livez",
}


@pytest.mark.parametrize("name", SLOW)
def test_forty_who_send_slowly_keep_nobody_waiting(server: tuple[int, Path], name: str) -> None:
    """One worker of 16 threads: a thread for each of them would leave none."""
    port, _ = server
    with contextlib.ExitStack() as slow:
        for _ in range(40):
            connection = slow.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            connection.sendall(SLOW[name])
        with socket.create_connection(("127.0.0.1", port), timeout=4) as normal:
            normal.sendall(LIVEZ)
            assert normal.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_request_that_does_not_arrive_is_refused_with_our_headers(server: tuple[int, Path]) -> None:
    with socket.create_connection(("127.0.0.1", server[0]), timeout=30) as sent:
        sent.sendall(SLOW["half the headers"])
        received = sent.recv(65536).decode()
    assert received.startswith("HTTP/1.1 408 ")
    assert "Content-Security-Policy: default-src 'none'" in received


def test_a_request_in_pieces_and_the_next_ones_on_the_same_connection_are_answered(server: tuple[int, Path]) -> None:
    with socket.create_connection(("127.0.0.1", server[0]), timeout=20) as sent:
        for _ in range(3):
            for piece in (LIVEZ[:9], LIVEZ[9:-2], LIVEZ[-2:]):
                sent.sendall(piece)
                time.sleep(0.05)
            assert sent.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_large_body_is_read(server: tuple[int, Path]) -> None:
    body = b"x=" + b"y" * 300_000
    head = b"POST /account/logout/ HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body)
    assert ask(server[0], head + body)[0] == 403  # no token of a form of ours
