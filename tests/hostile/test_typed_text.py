"""What people and their tools type: names nobody can see, digits that are no numbers, JSON that is none."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.server import Running
from tests.accounts.asking import confirmed
from tests.batches.boards import COINS as PROJECT
from tests.batches.boards import FIRST
from tests.exports.making import form
from tests.slices.drafting import Desk
from tests.slices.making import COINS, text_of

ClientAs = Callable[[Person], Client]

UNSEEN = ["a\r\nb", "a\x00b", "a\x1bb", "\u200b\u200d", "\u202e", "\u3164", "a\u2028b"]
UNSEEN_IDS = [ascii(text) for text in UNSEEN]


def writes(emulator: Running) -> list[Any]:
    asked = [*emulator.requests("avala"), *emulator.requests("cloudfactory")]
    reading = ("/slice/validate/name", "/signedurls")
    return [one for one in asked if one["method"] != "GET" and not one["path"].endswith(reading)]


@pytest.mark.parametrize("name", UNSEEN, ids=UNSEEN_IDS)
def test_a_name_that_nobody_can_see_is_refused_at_its_field(
    name: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = confirmed(alice)
    desk = Desk(client, alice)
    desk.add(COINS)
    responses = [
        desk.create(name=name),
        client.post(f"/projects/{PROJECT}/batches/new/", {"name": name, "act_id": str(uuid.uuid4())}),
        client.post("/exports/new/", form(name=name)),
        client.post("/keys/avala/", {"value": "avk_demo_ops", "label": name, "place": "northwind"}),
        client.post("/keys/cloudfactory/places/", {"place": str(uuid.uuid4()), "place_name": name}),
        client.post("/profile/", {"name": name, "time_zone": ""}),
    ]

    for response in responses:
        assert response.status_code == 422
        words = text_of(response)
        assert "control characters" in words or "visible character" in words or "cannot be sent" in words
    assert writes(emulator) == []
    alice.refresh_from_db()
    assert alice.name == "Alice"


@pytest.mark.parametrize("name", UNSEEN, ids=UNSEEN_IDS)
def test_a_persons_name_that_nobody_can_see_is_refused(
    name: str, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    sent = {"email": "new@northwind.example", "name": name, "role": "reviewer"}
    response = confirmed(erin).post("/people/invite/", sent)

    assert response.status_code == 422
    assert not Person.objects.filter(email="new@northwind.example").exists()


@pytest.mark.parametrize("value", ["9" * 5000, "²", "-1", "1_0", "١", "1.0", "9" * 30])
def test_digits_that_are_no_number_never_break_a_page(
    value: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    addresses = ("/sessions/", "/slices/", "/exports/", "/exports/lane/", "/audit/", "/exports/news/")
    names = ("session", "page", "look", "limit", "before", "after", "cursor", "n")
    for address in (*addresses, f"/projects/{PROJECT}/batches/", f"/projects/{PROJECT}/batches/order/history/"):
        response = client.get(address, dict.fromkeys(names, value))
        assert response.status_code < 500, address
    assert client.post("/sessions/", {"session": value}).status_code == 404
    sent = {"act_id": str(uuid.uuid4()), "base": value, "batch": value, "place": value}
    assert client.post(f"/projects/{PROJECT}/batches/order/", sent).status_code < 500
    assert client.get(f"/projects/{PROJECT}/batches/waiting/", {"batch": value}).status_code < 500


JSONS = [
    "[" * 600,
    "{" * 600,
    r'"\ud800"',
    r'{"a": "\ud800"}',
    r'{"\u0000": 1}',
    "9" * 5000,
    "NaN",
    "[1e999]",
    '{"a":1,"a":2}',
]


@pytest.mark.parametrize("text", JSONS, ids=lambda text: text[:12])
def test_json_that_cannot_be_used_is_refused_in_every_form(
    text: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    address = f"/projects/{PROJECT}/batches/{FIRST}/metadata/"
    for field in ("value", "base", "key"):
        sent = {"act_id": str(uuid.uuid4()), "base": "{}", "key": "k", "value": "1", "kind": "data", field: text}
        response = client.post(address, sent)
        assert response.status_code < 500, field
        if field != "key":
            assert response.status_code == 422, field
    desk = Desk(client, alice)
    desk.add(COINS, "filters")
    part = f"{desk.address}parts/{desk.parts[0].id}/filter/"
    assert client.post(part, {"as": "json", "json": text, "do": "done"}).status_code == 422
    assert client.post(part, {"f0": text, "v0": text, "o0": text, "do": "fields"}).status_code < 500


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "rot13", "base64", "idna", "unicode_escape", "zlib"])
def test_an_encoding_that_is_not_ours_is_not_used(
    charset: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    kinds = (f"application/x-www-form-urlencoded; charset={charset}", f"text/plain; charset={charset}")
    for kind in kinds:
        response = client.generic("POST", "/profile/", b"name=%2B2AA-&time_zone=", content_type=kind)
        assert response.status_code < 500
        response = client.generic("GET", "/slices/?q=%2B2AA-&owner=%2B2AA-", b"", content_type=kind)
        assert response.status_code < 500
    part = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n+2AA-\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    response = client.generic("POST", "/profile/", part, content_type=kind)
    assert response.status_code < 500
    alice.refresh_from_db()
    assert "\ud800" not in alice.name


def test_a_note_keeps_its_lines_and_no_other_control_character(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    emulator.fault("cloudfactory", "drop-after", method="POST", path="/batches$")
    client = client_as(alice)
    client.post(f"/projects/{PROJECT}/batches/new/", {"name": "Night", "act_id": str(uuid.uuid4())})
    entry = Entry.objects.lines().get(action="batch.create")
    address = f"/audit/{entry.pk}/close/"
    assert client.post(address, {"outcome": "failed", "note": "a\x1bb"}).status_code == 422
    assert client.post(address, {"outcome": "failed", "note": "\u200b"}).status_code == 422
    assert client.post(address, {"outcome": "failed", "note": "one\r\ntwo"}).status_code == 302
