"""What a misbehaving vendor can do to us over a socket, with short limits (PROMISES 2, 3, 4, 7)."""

import gzip
import http.client
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import metadata
from typing import Any

import pytest
import urllib3

from console.upstream import connections, errors, http_internals
from console.upstream.transport import CallLimits
from tests.upstream import samples as s
from tests.upstream.clients import REQUEST_ID, avala, platform
from tests.upstream.rawserver import Peer, serving

ONCE = CallLimits(calls=1, body=100_000, pause=0.01)
SHORT = CallLimits(connect=0.2, silence=0.25, total=0.5, calls=1, body=100_000, pause=0.01)
SLACK = 2.0
"""Seconds that a busy machine may take more; every slow answer here would last longer than both."""
"""What a busy machine may add before a test calls a limit broken."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BATCH = b'{"id": 42, "name": "Harbour"}'


def read(base: str, limits: CallLimits = ONCE) -> Any:
    return avala(base, limits=limits).get_me()


def write(base: str, limits: CallLimits = ONCE) -> Any:
    return platform(base, limits=limits).create_batch(s.PROJECT, name="Harbour", request_id=REQUEST_ID)


def then(step: Callable[[Peer], Any]) -> Callable[[Peer], None]:
    """Takes one request, then does that."""

    def script(peer: Peer) -> None:
        if peer.request():
            step(peer)

    return script


def always(*bodies: bytes) -> Callable[[Peer], None]:
    """Answers every request on a connection that stays open."""

    def script(peer: Peer) -> None:
        while peer.request():
            peer.answer(bodies[min(len(peer.server.requests), len(bodies)) - 1])

    return script


SLOW = {
    "silence": lambda peer: peer.wait(),
    "silence after headers": lambda peer: (peer.send(HEAD + b"Content-Length: 20\r\n\r\n"), peer.wait()),
    "dripped status line": lambda peer: peer.drip(HEAD, 0.1),
    "dripped headers": lambda peer: (peer.send(HEAD), peer.drip(b"X-Slow: " + b"x" * 99, 0.05)),
    "dripped body": lambda peer: (peer.send(HEAD + b"Content-Length: 99\r\n\r\n"), peer.drip(b" " * 99, 0.05)),
    "dripped chunks": lambda peer: (
        peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
        peer.drip(b"1\r\n \r\n" * 20, 0.05),
    ),
    "dripped body without a length": lambda peer: (
        peer.send(HEAD + b"Connection: close\r\n\r\n"),
        peer.drip(b'{"uid": ' + b" " * 99, 0.05),
    ),
    "dripped blanks without a length": lambda peer: (
        peer.send(HEAD + b"Connection: close\r\n\r\n"),
        peer.drip(b" " * 99, 0.05),
    ),
    "dripped 100 Continue": lambda peer: peer.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 9, 0.02),
}


@pytest.mark.parametrize("slow", SLOW.values(), ids=SLOW.keys())
def test_every_call_ends_in_time_however_slowly_the_answer_drips(slow: Callable[[Peer], Any]) -> None:
    with serving(then(slow)) as server:
        began = time.monotonic()
        with pytest.raises(errors.TimedOut) as caught:
            write(server.base, SHORT)
        took = time.monotonic() - began

    assert took < SHORT.total + SLACK
    assert caught.value.outcome == "unknown"
    assert "did not answer in 0." in caught.value.message
    assert len(server.requests) == 1


CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(BATCH), BATCH)


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_a_word_ahead_of_the_answer_is_not_taken_for_the_answer(status: str) -> None:
    ahead = f"HTTP/1.1 {status}\r\nLink: </style.css>\r\n\r\n".encode()
    with serving(then(lambda peer: peer.send(ahead * 3 + CREATED))) as server:
        assert write(server.base).id == 42


CUT = {
    "closed without a word": lambda peer: peer.sock.close(),
    "reset": lambda peer: peer.reset(),
    "cut in the status line": lambda peer: peer.send(b"HTTP/1.1"),
    "cut in the headers": lambda peer: peer.send(HEAD + b"X-Half: he"),
    "cut after a header": lambda peer: peer.send(HEAD),
    "cut in the body": lambda peer: peer.send(HEAD + b"Content-Length: 999\r\n\r\n" + BATCH),
    "cut in a chunk": lambda peer: peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"),
    "cut between chunks": lambda peer: peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1d\r\n" + BATCH + b"\r\n"),
    "reset in the body": lambda peer: (peer.send(HEAD + b"Content-Length: 99\r\n\r\n{"), peer.reset()),
}


@pytest.mark.parametrize("cut", CUT.values(), ids=CUT.keys())
def test_a_write_that_was_cut_off_is_unknown_and_sent_once(cut: Callable[[Peer], Any]) -> None:
    with serving(then(cut)) as server, pytest.raises(errors.Unknown) as caught:
        write(server.base)

    assert caught.value.outcome == "unknown"
    assert len(server.requests) == 1
    assert server.requests[0].count(b"Idempotency-Key: " + REQUEST_ID.encode()) == 1


LARGE = b'{"id": 42, "uid": "u", "x": "' + b"x" * 200_000 + b'"}'
BOMB = gzip.compress(LARGE.replace(b"x" * 200_000, b"x" * 50_000_000))
GARBAGE = {
    "another protocol": lambda peer: peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    "words ahead without end": lambda peer: peer.send(b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 3000),
    "no HTTP at all": lambda peer: peer.send(b"SSH-2.0-OpenSSH_9.2\r\n" * 3),
    "a nonsense status": lambda peer: peer.send(b"HTTP/1.1 abc OK\r\n\r\n"),
    "one endless header": lambda peer: peer.send(HEAD + b"X: " + b"x" * 70_000 + b"\r\n\r\n{}"),
    "many headers": lambda peer: peer.send(HEAD + b"".join(b"X%d: y\r\n" % n for n in range(150)) + b"\r\n{}"),
    "64 KiB of headers": lambda peer: peer.send(HEAD + (b"X: " + b"x" * 7000 + b"\r\n") * 10 + b"\r\n{}"),
    "HTML": lambda peer: peer.answer(b"<html>ok</html>"),
    "a body of 200 kB": lambda peer: peer.answer(LARGE),
    "a bomb": lambda peer: peer.answer(BOMB, "200 OK", "Content-Encoding: gzip"),
    "no gzip after all": lambda peer: peer.answer(b"x" * 50, "200 OK", "Content-Encoding: gzip"),
    "gzip twice": lambda peer: peer.answer(gzip.compress(b"{}"), "200 OK", "Content-Encoding: gzip, gzip"),
    "another packing": lambda peer: peer.answer(b"x", "200 OK", "Content-Encoding: br"),
    "a chunk of less than nothing": lambda peer: peer.send(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n"
    ),
    "half of a document": lambda peer: peer.answer(BATCH[:-3]),
    "an empty body": lambda peer: peer.answer(b""),
}


@pytest.mark.parametrize("cut", ["cut in the headers", "cut after a header", "cut in the status line"])
def test_an_answer_cut_within_its_headers_is_no_empty_one(cut: str) -> None:
    with serving(then(CUT[cut])) as server, pytest.raises(errors.Broken):
        platform(server.base, limits=ONCE).delete_export(s.SPACE, s.EXPORT_ID, request_id=REQUEST_ID)


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_an_answer_that_cannot_be_believed_is_unreadable(garbage: Callable[[Peer], Any]) -> None:
    with serving(then(garbage)) as server, pytest.raises(errors.Unreadable) as caught:
        write(server.base)
    assert caught.value.outcome == "unknown"

    with serving(then(garbage)) as server, pytest.raises(errors.Unreadable) as caught:
        read(server.base)
    assert caught.value.outcome == "failed"


def test_a_packed_answer_is_unpacked() -> None:
    packed = gzip.compress(b'{"uid": "packed"}')
    with serving(then(lambda peer: peer.answer(packed, "200 OK", "Content-Encoding: gzip"))) as server:
        assert read(server.base).uid == "packed"


def test_nothing_was_sent_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(errors.Unreachable) as caught:
        write(f"http://127.0.0.1:{port}/api/v1")
    assert caught.value.outcome == "failed"
    assert caught.value.message == "CloudFactory could not be reached."


def test_a_connection_that_does_not_come_about_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        began = time.monotonic()
        with pytest.raises(errors.Unreachable):
            write(f"http://127.0.0.1:{address[1]}/api/v1", SHORT)
        took = time.monotonic() - began
        for filler in fillers:
            filler.close()

    assert took < SHORT.connect + SLACK


def test_a_tls_handshake_that_never_ends_is_cut_as_well() -> None:
    with serving(lambda peer: peer.drip(b"\x16\x03\x03\x40\x00" + b"x" * 99, 0.1)) as server:
        began = time.monotonic()
        with pytest.raises(errors.NotSent):
            write(server.base.replace("http://", "https://"), SHORT)

    assert time.monotonic() - began < SHORT.total + SLACK


def test_a_name_that_takes_for_ever_to_resolve_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: over.wait(5) and [])
    began = time.monotonic()
    with pytest.raises(errors.Unreachable):
        write("https://slow.example/api/v1", SHORT)
    over.set()

    assert time.monotonic() - began < SHORT.connect + SLACK


def test_no_more_than_so_many_names_are_resolved_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    over, running = threading.Event(), []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: running.append(args) or (over.wait(20) and []))

    def connect(number: int) -> None:
        with pytest.raises((TimeoutError, socket.gaierror)):
            connections.connect(f"slow{number}.example", 443, 0.3, [], public_only=True)

    count = connections.MOST_LOOKUPS + 8
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(connect, range(count)))
    assert 0 < len(running) <= connections.MOST_LOOKUPS

    monkeypatch.undo()
    with serving(always(ONCE)) as server:
        port = int(server.origin.rpartition(":")[2])
        # A vendor is reached although links use up all that is theirs, and they are given back when they end.
        connections.connect("127.0.0.1", port, 2, [], public_only=False).close()
        over.set()
        with pytest.raises(PermissionError):
            connections.connect("127.0.0.1", port, 5, [], public_only=True)


def test_the_internals_are_those_of_the_versions_they_were_checked_with() -> None:
    assert metadata.version("urllib3") == http_internals.CHECKED_URLLIB3
    assert sys.version_info[:2] in http_internals.CHECKED_PYTHONS


def test_the_libraries_still_have_the_names_that_are_overridden() -> None:
    for owner, names in (
        (http.client.HTTPResponse, ("begin", "_read_status")),
        (urllib3.connection.HTTPConnection("host.example"), ("_new_conn", "_dns_host", "response_class")),
        (urllib3.connectionpool.HTTPConnectionPool, ("_put_conn", "ConnectionCls")),
    ):
        assert [name for name in names if not hasattr(owner, name)] == []
    assert "pool_classes_by_scheme" in vars(urllib3.PoolManager())


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed_and_the_key_stays_here(status: str) -> None:
    with (
        serving(then(lambda peer: peer.answer())) as elsewhere,
        serving(then(lambda peer: peer.answer(b"", status, f"Location: {elsewhere.base}/users/me/"))) as server,
        pytest.raises(errors.PointedElsewhere),
    ):
        read(server.base)

    assert elsewhere.connections == 0


def test_one_connection_serves_call_after_call_and_person_after_person() -> None:
    with serving(always(b'{"uid": "u"}')) as server:
        for _ in range(5):
            read(server.base)

    assert (server.connections, len(server.requests)) == (1, 5)


def test_a_cookie_is_not_kept_for_the_next_person() -> None:
    def script(peer: Peer) -> None:
        while peer.request():
            peer.answer(b'{"uid": "u"}', "200 OK", "Set-Cookie: session=alice; Path=/")

    with serving(script) as server:
        read(server.base)
        read(server.base)

    assert all(b"cookie" not in request.lower() for request in server.requests)


def test_connections_are_reused_after_refusals_and_empty_answers() -> None:
    def script(peer: Peer) -> None:
        while peer.request():
            peer.answer(b'{"detail": "no"}', "404 Not Found")

    with serving(script) as server:
        for _ in range(3):
            with pytest.raises(errors.NotFound):
                read(server.base)

    assert server.connections == 1


def test_many_threads_share_the_pool_without_mixing_answers() -> None:
    def script(peer: Peer) -> None:
        while head := peer.request():
            name = head.split(b"/slices/o/")[1].split(b"/")[0]
            peer.answer(b'{"uid": null, "slug": "' + name + b'"}')

    with serving(script) as server:
        client = avala(server.base)
        with ThreadPoolExecutor(8) as pool:
            slugs = list(pool.map(lambda n: client.get_slice("o", f"s{n}").slug, range(200)))

    assert slugs == [f"s{n}" for n in range(200)]
    assert server.connections <= 8


def test_a_write_does_not_start_on_a_connection_the_vendor_has_closed() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(BATCH)  # and closes without a word

    with serving(script) as server:
        for turn in range(1, 4):
            assert write(server.base).id == 42
            while server.closed < turn:
                time.sleep(0.005)

    assert (server.connections, len(server.requests)) == (3, 3)


def test_a_write_takes_a_fresh_connection_when_the_old_one_rested_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(always(BATCH)) as server:
        write(server.base)
        write(server.base)
        assert server.connections == 1
        monkeypatch.setattr(http_internals, "IDLE_BEFORE_WRITE", 0.01)
        time.sleep(0.03)
        write(server.base)

    assert (server.connections, len(server.requests)) == (2, 3)


def test_a_write_on_a_connection_that_breaks_under_it_is_unknown_and_not_sent_again() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(BATCH)
        peer.request()
        peer.reset()

    with serving(script) as server:
        write(server.base)
        with pytest.raises(errors.Broken) as caught:
            write(server.base)

    assert caught.value.outcome == "unknown"
    assert len(server.requests) == 2


def test_a_read_that_was_cut_off_is_sent_again() -> None:
    def script(peer: Peer) -> None:
        if peer.request():
            peer.reset() if len(peer.server.requests) < 3 else peer.answer()

    with serving(script) as server:
        assert read(server.base, replace(ONCE, calls=3)).uid == "u"

    assert len(server.requests) == 3


def test_repeats_of_a_slow_read_stay_within_the_whole_limit() -> None:
    with serving(then(SLOW["silence"])) as server:
        began = time.monotonic()
        with pytest.raises(errors.TimedOut):
            read(server.base, replace(SHORT, calls=3))
        took = time.monotonic() - began

    assert took < SHORT.total + SLACK
    assert len(server.requests) == 2


def test_a_refusal_whose_body_never_ends_is_a_refusal_still() -> None:
    half = b"HTTP/1.1 409 Conflict\r\nContent-Length: 99\r\n\r\n{"
    stuck = then(lambda peer: (peer.send(half), peer.wait()))
    with serving(stuck) as server, pytest.raises(errors.Conflict) as caught:
        write(server.base, SHORT)

    assert caught.value.outcome == "failed"


def test_no_proxy_and_no_netrc_of_the_surroundings_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    with serving(always(b'{"uid": "u"}')) as server, serving(always(b"{}")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        monkeypatch.setenv("NETRC", str(netrc))
        read(server.base)

    assert proxy.connections == 0
    assert b"authorization" not in server.requests[0].lower()


def test_the_key_and_the_address_stand_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    strange = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nno colon here\r\n\r\n"
    with serving(then(lambda peer: peer.send(strange + b'{"uid": "u"}'))) as server:
        read(server.base)

    assert [record.name for record in caplog.records if record.name.startswith("urllib3")] == []


@pytest.mark.parametrize(
    "address",
    [
        "http://api.avala.ai/api/v1",
        "ftp://127.0.0.1/",
        "https://",
        "https://user:pass@api.avala.ai/api/v1",
        "https://api.avala.ai/api/v1?x=1",
        "https://api.avala.ai/../v1",
        "https://api.avala.ai//v1",
        "https://api.avala.ai\\@evil.example/",
        "https://api.avala.ai:port/",
        "http://localhost.evil.example/",
        "",
    ],
)
def test_a_base_address_a_key_must_not_go_to_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(ValueError, match=r"(must|is not an address).*\.$"):
        avala(address)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/api/v1/", "http://[::1]:1/v1", "http://localhost/v1", "https://x.org/v1"]
)
def test_https_and_this_machine_are_fine(address: str) -> None:
    assert not avala(address)._transport.base_url.endswith("/")
