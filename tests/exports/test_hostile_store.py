"""Whatever the file store sends, the browser gets the file, or a page of ours that says why not."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
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

    def download(script: Script, **headers: str) -> Any:
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
        return client_as(alice).get(f"/exports/{EXPORT}/download/", headers=headers)

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
    assert outcome().result["bytes"] < length


def test_a_break_in_a_packed_file_is_never_a_whole_file(store: Callable[..., Any]) -> None:
    response = store(raw("200 OK\r\nContent-Encoding: gzip", PACKED[: len(PACKED) // 2], length=len(PACKED)))
    with pytest.raises(Exception, match=r"to the file store dropped|could not be read"):
        body_of(response)
    response._iterator.close()
    assert outcome().result["interrupted"] is True
