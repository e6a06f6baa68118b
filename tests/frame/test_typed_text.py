"""Whatever goes wrong while a form is sent, what was typed comes back with a sentence that is true."""

import re
import uuid
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from accounts.demo import connect_key
from accounts.models import ApiKey, Person
from console.emulator.server import Running
from tests.accounts.asking import confirmed
from tests.batches import boards
from tests.batches.boards import BATCHES, FIRST, HTMX, ORDER, START, WORN
from tests.conftest import SPACE
from tests.exports import making
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]
TYPED = "Typed by hand"
BATCH = f"{BATCHES}{FIRST}/"


def new_batch(client: Client) -> tuple[str, dict[str, Any]]:
    return f"{BATCHES}new/", {"name": TYPED, "act_id": str(uuid.uuid4())}


def new_name(client: Client) -> tuple[str, dict[str, Any]]:
    return f"{BATCH}name/", {"name": TYPED, "act_id": str(uuid.uuid4())}


def new_metadata(client: Client) -> tuple[str, dict[str, Any]]:
    lines = {"key": ["site", "", ""], "value": [TYPED, "", ""], "kind": ["text", "text", "text"]}
    return f"{BATCH}metadata/", {"act_id": str(uuid.uuid4()), "base": "{}", **lines}


def new_order(client: Client) -> tuple[str, dict[str, Any]]:
    return ORDER, boards.opened(client) | {"batch": boards.moved(START, WORN, 1), "note": TYPED}


def new_export(client: Client) -> tuple[str, dict[str, Any]]:
    return "/exports/new/", making.form(name=TYPED)


FORMS = [new_batch, new_name, new_metadata, new_order, new_export]
forms = pytest.mark.parametrize("form", FORMS)


def fault_writes(emulator: Running, fault: str) -> None:
    for method in ("POST", "PATCH", "PUT"):
        emulator.fault("cloudfactory", fault, method=method, times=0)


@forms
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(("fault", "status"), [("401", 403), ("403", 403), ("429", 503)])
def test_a_refused_form_comes_back_with_what_was_typed(
    alice: Person,
    client_as: ClientAs,
    emulator: Running,
    form: Any,
    headers: dict[str, str],
    fault: str,
    status: int,
) -> None:
    client = client_as(alice)
    address, sent = form(client)
    fault_writes(emulator, fault)
    answer = client.post(address, sent, headers=headers)
    assert answer.status_code == status
    assert "Nothing was changed" in text_of(answer)
    # With script the board itself stays on the page; the notice is only put beside it.
    if not (headers and form is new_order):
        assert TYPED in answer.content.decode()
    if fault == "429":
        assert 'data-countdown="' in answer.content.decode()


@forms
@pytest.mark.parametrize("where", ["nothing listens", "every read fails", "held back"])
def test_a_silent_vendor_takes_nothing_that_was_typed(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any, form: Any, where: str
) -> None:
    client = client_as(alice)
    address, sent = form(client)
    if where == "every read fails":
        emulator.fault("cloudfactory", "503", times=0)
    else:
        settings.CLOUDFACTORY_BASE_URL = "http://127.0.0.1:9/api/v1"
    for _ in range(8 if where == "held back" else 0):
        client.get(f"{BATCH}counts/?count=yes")
    answer = client.post(address, sent)
    assert answer.status_code in (502, 503, 504), answer.status_code
    assert TYPED in answer.content.decode()
    assert "Nothing was changed" in text_of(answer) or "Check now" in text_of(answer)


@forms
def test_without_an_entry_nothing_is_sent_and_the_text_stays(
    alice: Person, client_as: ClientAs, emulator: Running, monkeypatch: pytest.MonkeyPatch, form: Any
) -> None:
    from console.audit import chain

    def broken() -> None:
        raise DatabaseError("disk full")

    client = client_as(alice)
    address, sent = form(client)
    monkeypatch.setattr(chain, "lock", broken)
    answer = client.post(address, sent)
    assert answer.status_code == 503
    assert TYPED in answer.content.decode()
    assert "could not be recorded" in text_of(answer)
    assert boards.changes(emulator) == []


@forms
def test_a_key_is_connected_and_the_half_filled_form_is_there_again(
    alice: Person, client_as: ClientAs, emulator: Running, form: Any
) -> None:
    client = client_as(alice)
    address, sent = form(client)
    ApiKey.objects.filter(person=alice, vendor="cloudfactory").delete()
    refused = client.post(address, sent)
    assert refused.status_code == 409
    assert TYPED in refused.content.decode()
    link = re.search(r'href="(/keys/\?next=[^"]+typed[^"]+)"', refused.content.decode())
    assert link, "no way to the keys and back"
    keys = client.get(unescape(link[1]))
    back = re.search(r'name="next" value="((?!/keys/)[^"]+typed[^"]+)"', keys.content.decode())
    assert back
    connect_key(alice, "cloudfactory", "cf_demo_ops", SPACE, "Northwind")
    again = client.get(unescape(back[1]), follow=True)
    assert again.status_code == 200
    assert TYPED in again.content.decode()


@forms
def test_the_text_of_another_is_nobody_elses(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running, form: Any
) -> None:
    client = client_as(alice)
    address, sent = form(client)
    fault_writes(emulator, "401")
    page = unescape(client.post(address, sent).content.decode())
    token = re.search(r"typed%3D([0-9a-f]{32})", page)
    assert token
    answer = client_as(erin).get(f"{address}?typed={token[1]}", follow=True)
    assert f'value="{TYPED}"' not in answer.content.decode()


OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize("headers", [OURS, {"Sec-Fetch-Site": "cross-site"}], ids=["ours", "another site's"])
def test_a_form_without_a_page_of_its_own_error_hands_back_what_was_typed(
    erin: Person, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    from console.audit import record

    def refuse(*words: Any, **more: Any) -> None:
        raise record.NotRecorded

    client = confirmed(erin)
    monkeypatch.setattr(record, "event", refuse)
    sent = {"email": "new@northwind.example", "name": TYPED, "role": "reviewer"}
    answer = client.post("/people/invite/", sent, headers=headers)
    assert answer.status_code == 503
    assert (TYPED in answer.content.decode()) == (headers == OURS)


def test_a_right_that_was_taken_away_leaves_what_was_typed_to_read(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    address, sent = new_batch(client_as(bob))
    answer = client_as(bob).post(address, sent, headers=OURS)
    assert answer.status_code == 403
    assert TYPED in text_of(answer)
    assert "Try again" not in text_of(answer)


def test_a_page_that_hands_text_back_lists_what_a_person_typed_alone(bob: Person, client_as: ClientAs) -> None:
    sent = {"act_id": str(uuid.uuid4()), "base": "{}", "key": "weather", "value": TYPED, "kind": "text"}
    answer = client_as(bob).post(f"{BATCH}metadata/", sent, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403
    listed = re.findall(r"<li><bdi>(.*?)</bdi></li>", answer.content.decode().partition("What you typed</summary>")[2])
    assert listed == ["weather", TYPED, "text"]
