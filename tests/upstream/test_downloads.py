"""Files behind signed links: without a key, from public addresses only, as long as they take (PROMISES 7)."""

import gzip
import socket
import traceback
from typing import Any

import pytest

from console.upstream import downloads, errors
from console.upstream.public_addresses import is_public
from console.upstream.transport import CallLimits
from tests.upstream.rawserver import Peer, RawServer, serving
from tests.upstream.test_connections import always, then

SHORT = CallLimits(silence=0.4)
SECRET = "/file.zip?signature=hunter2"


def opened(server: RawServer, **more: Any) -> downloads.Download:
    return downloads.stream(server.origin + SECRET, origins=[server.origin], limits=SHORT, **more)


def test_a_file_of_a_trusted_origin_is_fetched_without_any_key() -> None:
    with serving(always(b"bytes")) as server:
        assert downloads.fetch(server.origin + SECRET, limit=5, origins=[server.origin]) == b"bytes"

    head = server.requests[0].lower()
    assert head.startswith(b"get /file.zip?signature=hunter2 http/1.1\r\n")
    assert b"key" not in head
    assert b"cookie" not in head


TARGETS = [
    "/a%2fb%2Fc.zip?X-Amz-Signature=0aF%2f%2F",
    "/a+b%20c~d%7Ee.zip?name=a+b%20c~%7e&empty=&bare",
    "//two//slashes/../dots/./x?signature=1",
    "/%zz%?q=%&r=%2",
    '/(x)!*\',;:@$/"<>^`{|}?q=[1]"<>^`{|}',
    "/x??a=?&b=/",
    "/x?",
    "?signature=1",
    "/" + "x" * 5_000 + "?token=" + "y" * 5_000,
]


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
def test_a_link_goes_out_byte_for_byte_as_it_was_signed(target: str) -> None:
    with serving(always(b"bytes")) as server:
        downloads.fetch(f"{server.origin}{target}#fragment", limit=5, origins=[server.origin])

    wanted = target if target.startswith("/") else f"/{target}"
    assert server.requests[0].startswith(f"GET {wanted} HTTP/1.1\r\n".encode())
    assert f"\r\nHost: {server.origin[7:]}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize("start", ["HTTP://", "Http://"])
def test_a_scheme_in_capitals_is_no_part_of_what_is_asked_for(start: str) -> None:
    with serving(always(b"bytes")) as server:
        link = f"{start}{server.origin[7:]}/x%2f?signature=1"
        assert downloads.fetch(link, limit=5, origins=[server.origin]) == b"bytes"

    assert server.requests[0].startswith(b"GET /x%2f?signature=1 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example/x?signature=1",
        "ftp://files.example/x",
        "https://user:pass@files.example/x",
        "https:///x",
        "https://files.example/a b",
        "https://files.example\\@127.0.0.1/x",
        "https://files.example/\r\nX: 1",
        "https://[::1/x",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_link_that_is_no_plain_https_link_is_refused(url: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        downloads.fetch(url, limit=10)

    assert caught.value.vendor == "storage"


@pytest.mark.parametrize("other", ["http://127.0.0.1:{}", "http://localhost:{}", "https://127.0.0.1:{}"])
def test_only_exactly_the_trusted_origin_may_be_local(other: str) -> None:
    with serving(always(b"secret")) as server:
        port = server.origin.rpartition(":")[2]
        trusted = ["http://127.0.0.1:1", "http://127.0.0.2:" + port]
        with pytest.raises((errors.Invalid, errors.Unreachable)):
            downloads.fetch(other.format(port) + "/x", limit=10, origins=trusted)

    assert server.connections == 0


def test_a_public_name_that_leads_to_a_private_address_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(always(b"secret")) as server:
        port = int(server.origin.rpartition(":")[2])
        answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args: answer)
        with pytest.raises(errors.Unreachable):
            downloads.fetch(f"https://files.example:{port}/x", limit=10)

    assert server.connections == 0


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2002:808:808::1", True),
        ("2001:0:7f00:1::1", False),
        ("64:ff9b::808:808", True),
        ("64:ff9b:1::808:808", False),
        ("fec0::1", False),
        ("feff::1", False),
        ("5f00::1", False),
        ("3fff::1", False),
        ("2001:db8::1", False),
        ("::8.8.8.8", False),
        ("::10.0.0.1", False),
        ("ff02::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_range_is_passed_on_and_answered() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b"yte", "206 Partial Content", "Content-Range: bytes 1-3/5")

    with serving(script) as server, opened(server, range_header="bytes=1-3") as download:
        assert (download.status, download.length, str(download.part)) == (206, 3, "bytes 1-3/5")
        assert b"".join(download) == b"yte"

    assert b"\r\nRange: bytes=1-3\r\n" in server.requests[0]


def test_a_range_that_is_none_is_left_out() -> None:
    with serving(always(b"bytes")) as server, opened(server, range_header="bytes=0-\r\nX-Evil: 1") as download:
        assert b"".join(download) == b"bytes"

    assert b"Evil" not in server.requests[0]


def test_a_file_that_is_larger_than_allowed_is_stopped() -> None:
    with serving(always(b"x" * 300_000)) as server:
        with pytest.raises(errors.Unreadable):
            downloads.fetch(server.origin + SECRET, limit=200_000, origins=[server.origin])
        with pytest.raises(errors.Unreadable):
            list(opened(server, limit=200_000))


def test_a_packed_file_is_unpacked_within_the_limit() -> None:
    packed = gzip.compress(b"x" * 1_000_000)
    with serving(then(lambda peer: peer.answer(packed, "200 OK", "Content-Encoding: gzip"))) as server:
        with opened(server) as download:
            assert download.length is None
            assert len(b"".join(download)) == 1_000_000
        with pytest.raises(errors.Unreadable):
            downloads.fetch(server.origin + SECRET, limit=10_000, origins=[server.origin])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("302 Found", errors.PointedElsewhere),
        ("403 Forbidden", errors.Forbidden),
        ("404 Not Found", errors.NotFound),
        ("410 Gone", errors.NotFound),
        ("416 Range Not Satisfiable", errors.OtherRefusal),
        ("503 Slow Down", errors.ServerFailed),
    ],
)
def test_a_refused_file_is_an_error_and_changes_nothing(status: str, kind: type[errors.UpstreamError]) -> None:
    with (
        serving(then(lambda peer: peer.answer(b"<Error>", status, "Location: http://127.0.0.1:1/"))) as server,
        pytest.raises(kind) as caught,
    ):
        opened(server)

    assert (caught.value.outcome, caught.value.vendor) == ("failed", "storage")


def test_a_slow_file_may_take_longer_than_silence_may_last() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        peer.drip(b"12345678", 0.08)

    with serving(script) as server:
        assert b"".join(opened(server)) == b"12345678"


def test_headers_of_a_file_may_not_drip_for_ever() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        peer.drip(b"X: " + b"y" * 600, 0.05)

    with serving(script) as server, pytest.raises(errors.TimedOut):
        downloads.stream(server.origin + SECRET, origins=[server.origin], limits=CallLimits(silence=0.4, total=0.6))


def test_a_file_that_falls_silent_is_given_up() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    stuck = then(lambda peer: (peer.send(half), peer.wait()))
    with serving(stuck) as server, pytest.raises(errors.TimedOut):
        list(opened(server))


def test_a_file_that_ends_early_is_broken_not_short() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    with serving(then(lambda peer: peer.send(half))) as server, pytest.raises(errors.Broken):
        downloads.fetch(server.origin + SECRET, limit=99, origins=[server.origin])


def test_a_file_is_asked_for_again_when_a_rested_connection_breaks() -> None:
    def script(peer: Peer) -> None:
        if peer.request():
            peer.answer(b"bytes") if len(peer.server.requests) > 1 else peer.reset()

    with serving(script) as server:
        assert downloads.fetch(server.origin + SECRET, limit=5, origins=[server.origin]) == b"bytes"

    assert len(server.requests) == 2


def test_the_link_stands_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with serving(then(lambda peer: peer.reset())) as server, pytest.raises(errors.Broken) as caught:
        downloads.fetch(server.origin + SECRET, limit=99, origins=[server.origin])
    with pytest.raises(errors.Unreachable) as missed:
        downloads.fetch(server.origin + SECRET, limit=99, origins=[server.origin])

    for error in (caught.value, missed.value):
        shown = "".join(traceback.format_exception(error, limit=0)) + repr(vars(error)) + caplog.text
        assert "hunter2" not in shown
        assert error.__context__ is None
