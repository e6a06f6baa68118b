"""Every operation's exact address, headers and body (FACTS 1.4, 1.5, 2.4 to 2.9)."""

import json
from typing import Any

import pytest
import responses

from console.upstream.operations import OPERATIONS
from tests.upstream.clients import AVALA_KEY, PLATFORM_KEY, REQUEST_ID, avala, platform
from tests.upstream.wires import WIRES, WRITES, Wire


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
@responses.activate
def test_an_operation_looks_on_the_wire_as_the_facts_say(wire: Wire) -> None:
    body = b"" if wire.answer is None else json.dumps(wire.answer).encode()
    # The client asks for packed answers, and the query is compared as it was written.
    responses.add(wire.method, wire.address.partition("?")[0], body=body, status=wire.status)

    wire.call(avala() if wire.is_avala else platform())

    assert len(responses.calls) == 1
    request = responses.calls[0].request
    assert (request.method, request.url) == (wire.method, wire.address)
    assert (json.loads(request.body) if request.body else None) == wire.sent
    assert dict(request.headers) == expected_headers(wire, request.body)


def expected_headers(wire: Wire, body: Any) -> dict[str, str]:
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "annotation-console"}
    headers |= {"X-Avala-Api-Key": AVALA_KEY} if wire.is_avala else {"X-API-Key": PLATFORM_KEY}
    if body or not wire.is_avala:
        headers["Content-Type"] = "application/json"
    if wire.name in WRITES:
        headers |= {"Idempotency-Key": REQUEST_ID, "X-Request-Id": REQUEST_ID}
    if body or wire.method != "GET":
        headers["Content-Length"] = str(len(body or b""))
    return headers


def test_the_table_and_these_tests_know_the_same_35_operations() -> None:
    assert [row.name for row in OPERATIONS] == [wire.name for wire in WIRES]
    assert {row.name for row in OPERATIONS if not row.reads} == WRITES


def test_guessed_addresses_are_marked_as_the_facts_mark_them() -> None:
    guessed = {row.name for row in OPERATIONS if not row.confirmed}

    assert guessed == {"P1", "P3", "P5", "P6", "P7", "P12", "P13", "P14", "P15", "P17", "P19"}
