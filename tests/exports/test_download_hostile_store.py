"""Whatever the file store sends, the browser gets the file, or a page of ours that says why not."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit.download_states import State, transfer
from console.audit.models import Entry
from console.emulator.server import Running
from tests.exports.making import body_of, text_of
from tests.upstream.rawserver import Peer, RawServer, Script, serving

ClientAs = Callable[[Person], Client]
EXPORT = "5c1f1a5e-0000-4000-8000-000000000001"
FILE = b"PK\x03\x04" + b"bytes of a zip" * 10_000


def raw(head: str, body: bytes = b"", *, length: object = None) -> Script:
    lines = ["HTTP/1.1 " + head, *([f"Content-Length: {length}"] if length is not None else [])]

    def script(peer: Peer) -> None:
        peer.request()
        peer.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    return script


@pytest.fixture
def store(alice: Person, client_as: ClientAs, emulator: Running, settings: Any) -> Iterator[Callable[..., Any]]:
    """Downloads an export whose link leads to a store that does what the script says."""
    servers: list[Any] = []

    def download(script: Script, method: str = "get", **headers: str) -> Any:
        manager = serving(script)
        server: RawServer = manager.__enter__()
        servers.append(manager)
        settings.TRUSTED_LOCAL_ORIGINS = [server.origin]
        vendor = serving(
            lambda peer: (
                peer.request()
                and peer.answer(
                    b'{"exportId": "%s", "status": "COMPLETED", "name": "Eyes", "downloadUrl": "%s/e.zip?signature=x"}'
                    % (EXPORT.encode(), server.origin.encode())
                )
            )
        )
        settings.CLOUDFACTORY_BASE_URL = vendor.__enter__().base
        servers.append(vendor)
        return getattr(client_as(alice), method)(f"/exports/{EXPORT}/download/", headers=headers)

    yield download
    for manager in reversed(servers):
        manager.__exit__(None, None, None)


def outcome() -> Any:
    return Entry.objects.lines().get(action="export.download")


GZIPPED = zlib.compressobj(wbits=31)
PACKED = GZIPPED.compress(FILE) + GZIPPED.flush()


@pytest.mark.parametrize(
    "script",
    [
        raw("200 OK", FILE, length=len(FILE)),
        raw("200 OK", FILE),
        raw("200 OK\r\nContent-Encoding: identity", FILE, length=len(FILE)),
        raw("200 OK\r\nContent-Encoding: AWS-chunked", FILE, length=len(FILE)),
        raw("200 OK\r\nContent-Encoding: gzip", PACKED, length=len(PACKED)),
        raw("200 OK", FILE, length="\u00b2"),
        raw("200 OK", FILE, length="-5"),
        raw("200 OK\r\nContent-Type: text/html", FILE, length=len(FILE)),
    ],
)
def test_a_file_that_can_be_read_is_handed_over(store: Callable[..., Any], script: Script) -> None:
    response = store(script)
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    assert body_of(response) == FILE
    assert (outcome().outcome, outcome().result["bytes"]) == ("done", len(FILE))


HTML = b"<!doctype html><title>Sign in to the Wi-Fi</title>"
UNUSABLE = {
    "zstd": raw("200 OK\r\nContent-Encoding: zstd", b"\x28\xb5\x2f\xfd" + FILE, length=len(FILE) + 4),
    "br": raw("200 OK\r\nContent-Encoding: br", FILE, length=len(FILE)),
    "deflate": raw("200 OK\r\nContent-Encoding: deflate", zlib.compress(FILE)),
    "two packings": raw("200 OK\r\nContent-Encoding: gzip, gzip", PACKED, length=len(PACKED)),
    "a made-up packing": raw("200 OK\r\nContent-Encoding: x-" + "y" * 5_000, FILE, length=len(FILE)),
    "a packing of no letters": raw("200 OK\r\nContent-Encoding: \u00ff\u00fe<b>", FILE, length=len(FILE)),
    "no gzip": raw("200 OK\r\nContent-Encoding: gzip", FILE, length=len(FILE)),
    "framed": raw("200 OK\r\nContent-Encoding: aws-chunked", b"10000;chunk-signature=0\r\n" + FILE),
    "nothing": raw("200 OK", b"", length=0),
    "nothing, without a length": raw("200 OK"),
    "nothing of much": raw("200 OK", b"", length=1_000_000),
    "less than a start": raw("200 OK", b"PK", length=1_000_000),
    "a page": raw("200 OK", HTML, length=len(HTML)),
    "a page behind a line": raw("200 OK", b"\r\n " + HTML),
    "no chunks": raw("200 OK\r\nTransfer-Encoding: chunked", b"zzz\r\n"),
    "chunks of less than nothing": raw("200 OK\r\nTransfer-Encoding: chunked", b"-5\r\nhello\r\n0\r\n\r\n"),
    "a part nobody asked for": raw("206 Partial Content\r\nContent-Range: bytes 5-9/100", b"half!", length=5),
    "a part without a place": raw("206 Partial Content", b"half!", length=5),
    "text": raw("200 OK\r\nContent-Type: application/json", b'{"error": "denied"}', length=19),
    "a page behind a mark": raw("200 OK", b"\xef\xbb\xbf<html>", length=9),
    "a part that is not there, though none was asked for": raw("416 Range Not Satisfiable", b"", length=0),
    "garbage": raw("299 \x00\r\n\x00: \x00"),
    "no answer": lambda peer: peer.request() and peer.reset(),
}


@pytest.mark.parametrize("script", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_is_no_file_is_a_page_that_says_so(store: Callable[..., Any], script: Script) -> None:
    response = store(script)
    assert response.status_code == 502
    assert response["Content-Security-Policy"]
    assert not response.streaming
    assert "the file store" in text_of(response).lower()
    assert "signature" not in response.content.decode()
    assert outcome().outcome == "failed"


PLACE = "206 Partial Content\r\nContent-Range: bytes "
NOT_ASKED_FOR = {
    "elsewhere": (raw(PLACE + "5-9/100", b"half!", length=5), "bytes=50-"),
    "elsewhere, from the end": (raw(PLACE + "5-9/100", b"half!", length=5), "bytes=-50"),
    "more than was asked for": (raw(PLACE + "5-9/100", b"half!", length=5), "bytes=5-7"),
    "of another length": (raw(PLACE + "5-9/100", b"x" * 50, length=50), "bytes=5-"),
    "that ends before it begins": (raw(PLACE + "5-2/100", b"half!", length=5), "bytes=5-"),
    "behind the end": (raw(PLACE + "5-9/7", b"half!", length=5), "bytes=5-"),
    "of a packed file": (
        raw(PLACE + "0-99/1000\r\nContent-Encoding: gzip", PACKED, length=len(PACKED)),
        "bytes=0-99",
    ),
}


@pytest.mark.parametrize(("script", "asked"), NOT_ASKED_FOR.values(), ids=NOT_ASKED_FOR.keys())
def test_a_part_that_cannot_be_the_one_asked_for_is_not_joined_to_the_first(
    store: Callable[..., Any], script: Script, asked: str
) -> None:
    assert store(script, Range=asked).status_code == 502
    assert outcome().outcome == "failed"


@pytest.mark.parametrize("body", [b"half", b"half!!"])
def test_a_part_of_another_length_than_its_place_is_not_whole(store: Callable[..., Any], body: bytes) -> None:
    response = store(raw(PLACE + "5-9/100", body), Range="bytes=5-")
    assert response["Content-Length"] == "5"
    with pytest.raises(Exception, match=r"to the file store dropped|could not be read"):
        body_of(response)
    response._iterator.close()
    assert outcome().result["interrupted"] is True


def test_a_part_of_a_file_of_unknown_length_is_no_whole_file(store: Callable[..., Any]) -> None:
    part = raw(PLACE + "0-99/*", FILE[:100], length=100)
    assert body_of(store(part, Range="bytes=0-99")) == FILE[:100]
    assert transfer(outcome().result).state == State.PART


@pytest.mark.parametrize("length", [10, 10**7])
def test_a_length_beside_chunks_is_not_believed(store: Callable[..., Any], length: int) -> None:
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(FILE), FILE)
    response = store(raw("200 OK\r\nTransfer-Encoding: chunked", chunked, length=length))
    assert "Content-Length" not in response
    assert body_of(response) == FILE


@pytest.mark.parametrize("place", ["bytes 5-9/10", "bytes 0-9/10\r\n X: y", "\u00ff"])
def test_a_whole_file_has_no_place_in_itself(store: Callable[..., Any], place: str) -> None:
    response = store(raw(f"200 OK\r\nContent-Range: {place}", FILE, length=len(FILE)))
    assert "Content-Range" not in response
    assert body_of(response) == FILE


def test_the_rest_of_another_file_is_not_joined_to_the_first_part(store: Callable[..., Any]) -> None:
    first = store(raw('200 OK\r\nETag: "one"', FILE, length=len(FILE)))
    body_of(first)

    def changed(peer: Peer) -> None:
        ranged = b"Range: " in peer.request()
        place = f"Content-Range: bytes 5-{len(FILE) - 1}/{len(FILE)}"
        peer.answer(FILE[5:], "206 Partial Content", 'ETag: "two"', place) if ranged else peer.answer(FILE)

    rest = store(changed, Range="bytes=5-", **{"If-Range": first["ETag"]})
    assert (rest.status_code, body_of(rest)) == (200, FILE)
    same = store(
        raw(f'{PLACE}5-{len(FILE) - 1}/{len(FILE)}\r\nETag: "one"', FILE[5:], length=len(FILE) - 5),
        Range="bytes=5-",
        **{"If-Range": first["ETag"]},
    )
    assert (same.status_code, body_of(same)) == (206, FILE[5:])


def test_a_part_from_the_end_is_handed_over(store: Callable[..., Any]) -> None:
    response = store(raw("206 Partial Content\r\nContent-Range: bytes 95-99/100", b"half!", length=5), Range="bytes=-5")
    assert (response.status_code, response["Content-Range"], body_of(response)) == (206, "bytes 95-99/100", b"half!")


@pytest.mark.parametrize("length", [len(FILE) + 10_000, 10**17])
def test_a_break_in_the_middle_is_never_a_whole_file(store: Callable[..., Any], length: int) -> None:
    response = store(raw("200 OK", FILE, length=length))
    assert response.status_code == 200
    assert int(response["Content-Length"]) == length
    with pytest.raises(Exception, match="The connection to the file store dropped"):
        body_of(response)
    response._iterator.close()
    assert outcome().result["interrupted"] is True
    assert outcome().result["error"] == "The connection to the file store dropped."
    assert outcome().result["bytes"] < length


def test_a_break_in_a_packed_file_is_never_a_whole_file(store: Callable[..., Any]) -> None:
    response = store(raw("200 OK\r\nContent-Encoding: gzip", PACKED[: len(PACKED) // 2], length=len(PACKED)))
    with pytest.raises(Exception, match=r"to the file store dropped|could not be read"):
        body_of(response)
    response._iterator.close()
    assert outcome().result["interrupted"] is True


def error(code: str, message: str = "") -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()


EXPIRED = {
    "S3, token": ("400 Bad Request", error("ExpiredToken", "The provided token has expired.")),
    "S3, token of no use": ("400 Bad Request", error("InvalidToken", "The provided token is malformed or invalid.")),
    "S3, token to renew": ("400 Bad Request", error("TokenRefreshRequired")),
    "S3": ("403 Forbidden", error("AccessDenied", "Request has expired")),
    "R2": ("403 Forbidden", error("ExpiredRequest", "Request has expired")),
    "MinIO": ("403 Forbidden", error("ExpiredPresignRequest", "Request has expired")),
    "a key that is no more": ("403 Forbidden", error("InvalidAccessKeyId")),
    "without a word": ("403 Forbidden", b""),
    "Google": ("400 Bad Request", error("ExpiredToken", "Invalid argument.")),
    "Azure": ("403 Forbidden", error("AuthenticationFailed", "Signature not valid in the specified time frame")),
    "B2": ("401 Unauthorized", b'{"code": "expired_auth_token", "status": 401}'),
    "Swift": ("401 Unauthorized", b"401 Unauthorized: Temp URL invalid"),
}
GONE = {
    "S3": ("404 Not Found", error("NoSuchKey")),
    "Azure": ("404 Not Found", error("BlobNotFound")),
    "no more": ("410 Gone", b""),
}


@pytest.mark.parametrize("asked", ["get", "head"])
@pytest.mark.parametrize(("status", "body"), EXPIRED.values(), ids=EXPIRED.keys())
def test_a_link_that_is_accepted_no_longer_is_told_as_expired(
    store: Callable[..., Any], status: str, body: bytes, asked: str
) -> None:
    response = store(raw(status, body, length=len(body)), asked)
    assert response.status_code == 410
    if asked == "get":
        assert "The link to the file has expired, and CloudFactory gave no new one." in text_of(response)
        assert "Choose for a new export" in text_of(response)
        assert outcome().outcome == "failed"


@pytest.mark.parametrize(("status", "body"), GONE.values(), ids=GONE.keys())
def test_a_file_that_is_gone_can_be_made_again(store: Callable[..., Any], status: str, body: bytes) -> None:
    response = store(raw(status, body, length=len(body)))
    assert response.status_code == 410
    assert "The file is no longer in CloudFactory's file store." in text_of(response)
    assert "Choose for a new export" in text_of(response)


REFUSED = {
    "changed on the way": ("403 Forbidden", error("SignatureDoesNotMatch", "<a>/e.zip?signature=x</a>")),
    "archived": ("403 Forbidden", error("InvalidObjectState")),
    "a clock that is wrong": ("403 Forbidden", error("RequestTimeTooSkewed")),
    "not understood": ("400 Bad Request", error("InvalidArgument")),
    "a conflict": ("409 Conflict", b""),
}


@pytest.mark.parametrize(("status", "body"), REFUSED.values(), ids=REFUSED.keys())
def test_another_refusal_is_not_called_expired(store: Callable[..., Any], status: str, body: bytes) -> None:
    response = store(raw(status, body, length=len(body)))
    assert response.status_code == 502
    assert "The file store refused this." in text_of(response)
    assert "expired" not in text_of(response)
    assert "signature" not in text_of(response)


BUSY = {
    "S3": ("503 Slow Down", error("SlowDown", "Please reduce your request rate.")),
    "Azure": ("503 Service Unavailable", error("ServerBusy")),
    "a limit": ("429 Too Many Requests", b""),
    "a limit in a table": ("429 Too Many Requests", error("TooManyRequests")),
}


@pytest.mark.parametrize(("status", "body"), BUSY.values(), ids=BUSY.keys())
def test_a_busy_store_is_waited_for(store: Callable[..., Any], status: str, body: bytes) -> None:
    def script(peer: Peer) -> None:
        while peer.request():
            first = len(peer.server.requests) == 1
            peer.answer(body, status, "Retry-After: 0") if first else peer.answer(FILE)

    response = store(script)
    assert body_of(response) == FILE
    assert outcome().outcome == "done"


@pytest.mark.parametrize("wait", ["3600", "20"])
@pytest.mark.parametrize(("status", "body"), BUSY.values(), ids=BUSY.keys())
def test_a_store_that_stays_busy_says_when_to_try_again(
    store: Callable[..., Any], status: str, body: bytes, wait: str
) -> None:
    response = store(raw(f"{status}\r\nRetry-After: {wait}", body, length=len(body)))
    assert (response.status_code, response["Retry-After"]) == (503, wait)
    assert f"The file store is busy. Try again in {wait} s." in text_of(response)
    assert outcome().outcome == "failed"


def test_a_store_that_is_busy_at_every_try_is_asked_three_times(store: Callable[..., Any]) -> None:
    asked = []

    def script(peer: Peer) -> None:
        while peer.request():
            asked.append(1)
            peer.answer(b"", "429 Too Many Requests", "Retry-After: 0")

    assert store(script).status_code == 503
    assert len(asked) == 3


def sizes(peer: Peer, *, head: bool) -> None:
    """A store whose links are signed for GET alone, or for HEAD as well."""
    while asked := peer.request():
        if asked.startswith(b"HEAD") and head:
            peer.send(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "one"\r\n\r\n' % len(FILE))
        elif asked.startswith(b"HEAD"):
            peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 90\r\n\r\n")
        elif b"Range: bytes=0-0" in asked:
            peer.answer(FILE[:1], "206 Partial Content", f"Content-Range: bytes 0-0/{len(FILE)}", 'ETag: "one"')
        elif b"Range: " in asked:
            peer.answer(error("InvalidRange"), "416 Range Not Satisfiable")
        else:
            peer.answer(FILE, "200 OK", 'ETag: "one"')


@pytest.mark.parametrize("signed_for_head", [True, False])
def test_head_has_the_length_and_the_tag_of_the_file(store: Callable[..., Any], signed_for_head: bool) -> None:
    def script(peer: Peer) -> None:
        sizes(peer, head=signed_for_head)

    told, taken = store(script, "head"), store(script)
    assert told["Content-Length"] == str(len(FILE))
    for name in ("Content-Type", "Content-Length", "Content-Disposition", "Accept-Ranges", "ETag"):
        assert told[name] == taken[name]
    assert body_of(taken) == FILE
    assert Entry.objects.lines().filter(action="export.download").count() == 1


def test_a_length_nobody_knows_is_left_out(store: Callable[..., Any]) -> None:
    response = store(raw("200 OK\r\nTransfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(FILE), FILE)), "head")
    assert response.status_code == 200
    assert "Content-Length" not in response


@pytest.mark.parametrize("says_so", [True, False])
def test_a_part_behind_the_end_is_told_with_the_length_of_the_file(store: Callable[..., Any], says_so: bool) -> None:
    plain = raw(f"416 Range Not Satisfiable\r\nContent-Range: bytes */{len(FILE)}", b"", length=0)
    response = store(plain if says_so else lambda peer: sizes(peer, head=False), Range=f"bytes={len(FILE)}-")
    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{len(FILE)}")
    assert outcome().outcome == "failed"


def test_a_part_behind_the_end_of_a_file_that_has_changed_is_the_whole_file(store: Callable[..., Any]) -> None:
    old = f'"{EXPORT}-0000000000000000"'
    response = store(lambda peer: sizes(peer, head=False), Range="bytes=99999999-", **{"If-Range": old})
    assert (response.status_code, body_of(response)) == (200, FILE)
