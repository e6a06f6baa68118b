"""The faults: everything a vendor, or the way to it, can do wrong. Bytes as they go over the wire."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.faults.proxy import Fault, Reply, Wire, as_bytes, response

MARK = "Quartz vein 7f3a"
"""The text that is typed wherever a name is; what is asked for afterwards is found by it."""

JSON = ("Content-Type", "application/json")
PORTAL = b"<!doctype html><html><body><h1>Sign in to the network</h1><form><input name=user></form></body></html>"
MEGABYTE = b"x" * 2**20


def _sends(content: bytes) -> Callable[[Wire, Reply | None], None]:
    def answer(wire: Wire, reply: Reply | None) -> None:
        wire.send(content)

    return answer


def _status(status: int, *headers: tuple[str, str], body: bytes | None = None) -> bytes:
    said = json.dumps({"detail": f"emulated {status}", "message": f"emulated {status}"}).encode()
    return response(status, said if body is None else body, (JSON, *headers))


def _refusals() -> Iterator[Fault]:
    for status in (400, 401, 403, 404, 405, 409, 413, 422, 429):
        yield Fault(f"refused {status}", False, _sends(_status(status)))
    for name, wait in (("7", "7"), ("soon", "1"), ("nonsense", "soon²"), ("digits", "9" * 5000), ("negative", "-4")):
        yield Fault(f"429 Retry-After {name}", False, _sends(_status(429, ("Retry-After", wait))))
    yield Fault("400 with an HTML page", False, _sends(response(400, PORTAL)))
    yield Fault(
        "400 with odd messages", False, _sends(_status(400, body=b'{"name":[null,{"a":[1]}],"x":{"y":"\\ud800"}}'))
    )


def _server_failures() -> Iterator[Fault]:
    for status in (500, 502, 503, 504):
        for passes, when in ((False, "not performed"), (True, "performed")):
            yield Fault(f"{status}, {when}", passes, _sends(_status(status)))
    yield Fault("302 elsewhere", False, _sends(response(302, b"", (("Location", "http://127.0.0.1:9/login"),))))
    yield Fault("307 elsewhere", False, _sends(response(307, b"", (("Location", "//evil.example/x"),))))


def _unreadable(passes: bool) -> Iterator[Fault]:
    """A good status with something that is not the answer, whether the act was performed or not."""
    when = "performed" if passes else "not performed"
    deep, digits = b'{"results":' + b"[" * 600 + b"]" * 600 + b"}", b'{"results":[],"count":' + b"9" * 5000 + b"}"
    bodies = {
        "HTML": PORTAL,
        "empty": b"",
        "blanks": b" \n ",
        "garbage": b"\x00\xff\xfe{{{",
        "null": b"null",
        "list": b"[]",
        "number": b"7",
        "text": b'"done"',
        "error": b'{"error":"internal"}',
        "other shape": b'{"results":{"a":1},"items":7,"id":[],"uid":{},"exports":"x","projects":null}',
        "NaN": b'{"results":[],"count":NaN}',
        "duplicate keys": b'{"id":"a","id":"b","results":[],"results":[]}',
        "depth 600": deep,
        "5,000 digits": digits,
        "half a character": b'{"id":"\xc3","results":[]}',
    }
    for name, body in bodies.items():
        if not passes and name in {"empty", "blanks"}:
            continue  # A vendor that says in a clear 2xx that it did what it did not cannot be seen through.
        yield Fault(f"200 {name}, {when}", passes, _sends(response(200, body, (JSON,))))
    if passes:
        yield Fault("204, performed", passes, _sends(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"))
    yield Fault(f"200 of 11 MiB, {when}", passes, _large)
    yield Fault(f"endless body, {when}", passes, _endless)
    yield Fault(f"gzip bomb, {when}", passes, _bomb)
    yield Fault(f"70 KiB of headers, {when}", passes, _sends(response(200, b"{}", (JSON, ("X-Filler", "f" * 71_680)))))
    for coding in ("aws-chunked", "zstd", "gzip"):
        headers = (JSON, ("Content-Encoding", coding))
        yield Fault(f"coding {coding}, {when}", passes, _sends(response(200, b"not packed at all", headers)))


def _large(wire: Wire, reply: Reply | None) -> None:
    wire.send(response(200, b'{"results":["' + MEGABYTE * 11 + b'"]}', (JSON,)))


def _endless(wire: Wire, reply: Reply | None) -> None:
    wire.send(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{"results":["')
    for _ in range(64):
        if not wire.send(MEGABYTE):
            return


_BOMB = gzip.compress(b'{"results":["' + b" " * (64 * 2**20) + b'"]}', 1)


def _bomb(wire: Wire, reply: Reply | None) -> None:
    wire.send(response(200, _BOMB, (JSON, ("Content-Encoding", "gzip"))))


def _lengths() -> Iterator[Fault]:
    """The vendor's own answer under a length that is not its own."""
    for name, length in (
        ("²", "²"),
        ("negative", "-5"),
        ("1 too many", "+1"),
        ("half", "half"),
        ("digits", "9" * 5000),
    ):
        yield Fault(f"Content-Length {name}", True, _with_length(length))
    yield Fault("truncated answer", True, _truncated)


def _with_length(length: str) -> Callable[[Wire, Reply | None], None]:
    def answer(wire: Wire, reply: Reply | None) -> None:
        assert reply is not None
        told = {"+1": str(len(reply.body) + 7), "half": str(len(reply.body) // 2)}.get(length, length)
        wire.send(response(reply.status, reply.body, (*reply.headers, ("Content-Length", told))))

    return answer


def _truncated(wire: Wire, reply: Reply | None) -> None:
    assert reply is not None
    wire.send(response(reply.status, reply.body[: len(reply.body) // 2], reply.headers))


def _ahead(wire: Wire, reply: Reply | None) -> None:
    assert reply is not None
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
    wire.send(b"HTTP/1.1 102 Processing\r\n\r\n" + hints + as_bytes(reply))


# The vendor's own answer, with something else in it

Change = Callable[[Any], Any]
ROW_IDS = ("uid", "id", "slug", "exportId", "projectId", "batchId", "owner_name", "ownerName")
ODD_IDS = {
    "a number": 7,
    "null": None,
    "empty": "",
    "a path": "../x",
    "300 letters": "l" * 300,
    "urn": "urn:uuid:5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10",
    "braces": "{5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10}",
    "a list": ["5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10"],
    "NUL": "a\x00b",
    "half a character": "\ud800",
    "5,000 digits": "9" * 5000,
    "a huge number": 2**63,
}
ODD_NEXT = {
    "without a cursor": "/api/v1/x/",
    "of a foreign host": "https://evil.example/api/v1/x/?cursor=abc&page=2",
    "of 5,000 letters": "http://127.0.0.1/x/?cursor=" + "c" * 5000,
    "a number": 7,
    "a list": ["x"],
    "a script": "javascript:alert(1)",
    "repeated": "http://127.0.0.1/x/?cursor=same&page=2",
}
NEXT_FIELDS = ("next", "previous", "cursorNext", "cursorPrev", "cursor_next", "cursor_prev")


def _changed(name: str, change: Change) -> Fault:
    def answer(wire: Wire, reply: Reply | None) -> None:
        assert reply is not None
        try:
            data = change(json.loads(reply.body))
        except ValueError:
            data = change({})
        wire.send(response(reply.status, json.dumps(data).encode(), (JSON,)))

    return Fault(name, True, answer, shapes=True)


def _each(data: Any, names: tuple[str, ...], value: Any) -> Any:
    """The same JSON with these fields, wherever they are, set to the value."""
    if isinstance(data, list):
        return [_each(row, names, value) for row in data]
    if not isinstance(data, dict):
        return data
    return {name: value if name in names else _each(inner, names, value) for name, inner in data.items()}


def _missing(data: Any, names: tuple[str, ...]) -> Any:
    if isinstance(data, list):
        return [_missing(row, names) for row in data]
    if not isinstance(data, dict):
        return data
    return {name: _missing(inner, names) for name, inner in data.items() if name not in names}


def _all_values(data: Any, value: Any) -> Any:
    """Every text and number in the rows becomes this value."""
    if isinstance(data, list):
        return [_all_values(row, value) for row in data]
    if isinstance(data, dict):
        return {name: _all_values(inner, value) for name, inner in data.items()}
    return value if isinstance(data, str | int | float) and not isinstance(data, bool) else data


def _with_next(data: Any, value: Any) -> Any:
    if not isinstance(data, dict):
        return data
    paging = data.get("paging") or data.get("meta")
    more: dict[str, Any] = {name: value for name in NEXT_FIELDS if name in data} or {"next": value}
    if isinstance(paging, dict):
        key = "paging" if "paging" in data else "meta"
        more[key] = {name: value if name in NEXT_FIELDS else inner for name, inner in paging.items()}
    return {**data, **more}


def _shapes() -> Iterator[Fault]:
    for name, value in ODD_IDS.items():
        yield _changed(f"ids are {name}", lambda data, value=value: _each(data, ROW_IDS, value))
    for field in ("uid", "id", "slug", "name", "status", "owner_name", "createdAt", "created_at", "downloadUrl", "url"):
        yield _changed(f"{field} is missing", lambda data, field=field: _missing(data, (field,)))
        yield _changed(f"{field} is null", lambda data, field=field: _each(data, (field,), None))
    yield _changed("unknown status", lambda data: _each(data, ("status", "state", "visibility", "format"), "sleeping"))
    yield _changed("names of control characters", lambda data: _each(data, ("name",), "a\x00\r\n\u200b\u202e\ud800"))
    yield _changed("names are lists", lambda data: _each(data, ("name",), ["a"]))
    yield _changed("dates of year 1", lambda data: _each(data, _DATES, "0001-01-01T00:00:00+14:00"))
    yield _changed("dates of year 9999", lambda data: _each(data, _DATES, "9999-12-31T23:59:59-12:00"))
    yield _changed("dates are words", lambda data: _each(data, _DATES, "yesterday"))
    yield _changed("numbers are huge", lambda data: _each(data, _NUMBERS, 2**62))
    yield _changed("numbers are negative", lambda data: _each(data, _NUMBERS, -1))
    yield _changed("numbers are texts", lambda data: _each(data, _NUMBERS, "²"))
    yield _changed("links of another kind", lambda data: _each(data, _LINKS, "javascript:alert(1)"))
    yield _changed("links to this machine", lambda data: _each(data, _LINKS, "http://127.0.0.1:9/x"))
    yield _changed("every value null", lambda data: _all_values(data, None))
    yield _changed("every value a number", lambda data: _all_values(data, 7))
    yield _changed("every value a text", lambda data: _all_values(data, "x"))
    for name, value in ODD_NEXT.items():
        yield _changed(f"next is {name}", lambda data, value=value: _with_next(data, value))


_DATES = ("createdAt", "created_at", "updatedAt", "updated_at", "completedAt", "startedAt", "expiresAt")
_NUMBERS = ("item_count", "count", "itemCount", "size", "total", "priority", "workItemCount", "totalCount")
_LINKS = ("downloadUrl", "url", "gpu_texture_url", "thumbnails", "thumbnail", "coco_results_url")


def _connections() -> Iterator[Fault]:
    yield Fault("connection refused", False, _sends(b""), refused=True)
    yield Fault("reset before it is performed", False, lambda wire, reply: wire.reset())
    yield Fault("reset after it is performed", True, lambda wire, reply: wire.reset())
    yield Fault("closed without an answer, performed", True, _sends(b""))
    yield Fault("half a header, performed", True, _sends(b"HTTP/1.1 201 Crea"))
    yield Fault("102 and 103 ahead of the answer", True, _ahead)
    yield Fault("performed, answer lost, reads are stale", True, lambda wire, reply: wire.reset(), stale=True)
    yield Fault("performed, 500, reads are stale", True, _sends(_status(500)), stale=True)


def _slow() -> Iterator[Fault]:
    yield Fault("silence, not performed", False, lambda wire, reply: wire.wait_for_end())
    yield Fault("silence, performed", True, lambda wire, reply: wire.wait_for_end())
    yield Fault("drip, performed", True, _drip)
    yield Fault("drip of headers, not performed", False, _drip_headers)


def _drip(wire: Wire, reply: Reply | None) -> None:
    assert reply is not None
    content = as_bytes(reply)
    for place in range(min(len(content), 100)):
        if not wire.send(content[place : place + 1]):
            return
        wire.wait(0.2)


def _drip_headers(wire: Wire, reply: Reply | None) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\n")
    for place in range(100):
        if not wire.send(f"X-{place}: y\r\n".encode()):
            return
        wire.wait(0.2)


QUICK = (
    *_refusals(),
    *_server_failures(),
    *_unreadable(True),
    *_unreadable(False),
    *_lengths(),
    *_shapes(),
    *_connections(),
)
SLOW = tuple(_slow())
FAULTS = {fault.name: fault for fault in (*QUICK, *SLOW)}
