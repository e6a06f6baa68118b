"""A disk that is full under the anchor file: acts go on, the auditor sees it, and the gap stays visible afterwards."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import record, verify
from console.audit.models import AnchorGap, Entry

pytestmark = pytest.mark.django_db(transaction=True)

As = Callable[[Person], Client]


def happen(person: Person, times: int = 1) -> None:
    for _ in range(times):
        record.event(actor=person, action="session.sign_in")


def page(client_as: As, person: Person) -> str:
    answer = client_as(person).get("/audit/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_full_disk_shows_on_the_auditors_page_and_acts_go_on(
    client_as: As, dana: Person, alice: Person, settings: Any
) -> None:
    happen(alice)
    settings.AUDIT_ANCHOR = "/dev/full"
    happen(alice, 2)
    assert Entry.objects.count() == 3
    since = Entry.objects.get(sequence=2).at
    shown = page(client_as, dana)
    assert f"could not be written to the anchor file since {since:%Y-%m-%d %H:%M}" in shown
    assert shown.index("The anchor file is behind.") < shown.index("audit-list"), "above what fills the window"
    assert "tamper-evident" not in shown, "a row at the end could be taken out unseen"
    assert "anchor file" not in page(client_as, alice)


def test_the_gap_stays_visible_after_the_disk_is_mended(
    client_as: As, dana: Person, alice: Person, settings: Any, audit_anchor: Path
) -> None:
    happen(alice)
    settings.AUDIT_ANCHOR = "/dev/full"
    happen(alice, 2)
    settings.AUDIT_ANCHOR = audit_anchor
    happen(alice)
    shown = page(client_as, dana)
    assert "The anchor file is behind" not in shown
    assert "The anchor file has no line for rows 2 to 3" in shown
    assert "4 entries, all tamper-evident." in shown
    errors = StringIO()
    call_command("verify_audit", stderr=errors, stdout=StringIO())
    assert "no line for rows 2 to 3" in errors.getvalue()


def test_a_check_finds_a_gap_that_nobody_could_record(
    client_as: As, dana: Person, alice: Person, audit_anchor: Path
) -> None:
    happen(alice, 5)
    lines = audit_anchor.read_text().splitlines(keepends=True)
    audit_anchor.write_text("".join([*lines[:1], *lines[3:]]))
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert verify.check().is_whole
    began = Entry.objects.get(sequence=2).at
    assert list(AnchorGap.objects.values_list("first", "last", "since")) == [(2, 3, began)]
    assert "no line for rows 2 to 3" in page(client_as, dana)


def test_lines_that_came_in_another_order_are_no_gap(alice: Person, audit_anchor: Path) -> None:
    happen(alice, 5)
    lines = audit_anchor.read_text().splitlines(keepends=True)
    audit_anchor.write_text("".join([lines[0], lines[2], lines[1], *lines[3:]]))
    assert verify.check().is_whole
    assert not AnchorGap.objects.exists()


def test_a_line_after_a_cut_one_is_read(alice: Person, audit_anchor: Path) -> None:
    happen(alice, 2)
    with audit_anchor.open("a") as file:
        file.write("3 abcdef")
    happen(alice)
    assert audit_anchor.read_text().splitlines()[-1].startswith("3 ")
    assert verify.check().is_whole


def test_a_file_that_cannot_be_read_is_a_sentence_not_a_broken_page(
    client_as: As, dana: Person, alice: Person, audit_anchor: Path
) -> None:
    happen(alice)
    audit_anchor.unlink()
    audit_anchor.mkdir()
    happen(alice)
    assert "could not be written to the anchor file" in page(client_as, dana)
    assert Client(HTTP_HOST="localhost").get("/readyz").json()["anchor"] is False


def test_readyz_says_that_the_anchor_file_is_behind(client: Client, alice: Person, settings: Any) -> None:
    settings.AUDIT_ANCHOR = "/dev/full"
    happen(alice)
    answer = client.get("/readyz", HTTP_HOST="localhost")
    assert answer.status_code == 503
    assert "could not be written to the anchor file" in answer.json()["problems"][0]
