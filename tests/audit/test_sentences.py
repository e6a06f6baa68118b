"""Every action as its sentence, in each way it can end."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.access import ACCESS
from accounts.models import Person
from accounts.rights import ROLE_RIGHTS, Right
from console.audit import actions, record
from console.audit.selectors import line

ROLE = {"before": "Reviewer", "after": "Operator"}
DATES = {"created_to": "2026-11-05T00:00:00+00:00", "updated_from": "2026-11-03T00:00:00+00:00"}
DONE: list[tuple[str, str, dict[str, Any], str]] = [
    ("slice.create", "Rain", {}, "created the slice Rain"),
    ("slice.send", "Rain", {"items": 30, "batch": "Harbour"}, "sent 30 items of the slice Rain to the batch Harbour"),
    (
        "slice.send",
        "Rain",
        {"items": 18, "items_done": 16, "items_refused": 2, "batch": "Harbour", "project_name": "Coins"},
        "sent 16 of 18 items of the slice Rain to the batch Harbour of Coins (2 refused)",
    ),
    ("item.create", "a.jpg", {}, "created the work item a.jpg"),
    ("item.create", "a.jpg", {"batch": "Harbour"}, "created the work item a.jpg in the batch Harbour"),
    ("item.create", "Coins", {"items": 1}, "created 1 work item in Coins"),
    ("item.create", "Coins", {"items": 4998, "batch": "3 batches"}, "created 4,998 work items in Coins (3 batches)"),
    (
        "item.create",
        "Coins",
        {"items": 5000, "items_done": 4990, "items_refused": 9, "items_unknown": 1, "batch": "Harbour"},
        "created 4,990 of 5,000 work items in Coins (batch Harbour, 9 refused, 1 unresolved)",
    ),
    ("file.upload", "Northwind", {"items": 25}, "uploaded 25 files to Northwind"),
    (
        "file.upload",
        "Northwind",
        {"items": 25, "items_done": 22, "items_refused": 3},
        "uploaded 22 of 25 files to Northwind (3 failed)",
    ),
    ("batch.create", "Rain", {}, "created the batch Rain"),
    ("batch.rename", "Rain", {"after": "Snow"}, "renamed the batch Rain to Snow"),
    (
        "batch.metadata",
        "Rain",
        {"summary": "added city"},
        "changed the metadata of the batch Rain: added city",
    ),
    ("order.undo", "Coins", {"summary": "Rain 2nd to 1st"}, "undid a change to the order of Coins: Rain 2nd to 1st"),
    ("export.create", "Q3", {"projects": ["Coins"], "items": 1}, "exported all of Coins as Q3 (COCO, about 1 item)"),
    ("export.create", "Q3", {"choice": {"projects": [], "batches": []}}, "exported all projects as Q3 (COCO)"),
    ("export.create", "Q3", {"choice": {"projects": ["p"]}}, "exported all of 1 project as Q3 (COCO)"),
    (
        "export.create",
        "Q3",
        {"projects": ["Coins"], "choice": {"projects": ["p"], **DATES}},
        "exported items of Coins created until 5 Nov 2026, 00:00 UTC"
        " and changed from 3 Nov 2026, 00:00 UTC as Q3 (COCO)",
    ),
    (
        "export.create",
        "Q3",
        {"choice": {"projects": [], "updated_from": "2026-11-03T00:00:00+00:00"}},
        "exported items of all projects changed from 3 Nov 2026, 00:00 UTC as Q3 (COCO)",
    ),
    ("export.queue", "Q3", {}, "queued the export Q3 (COCO)"),
    ("export.unqueue", "Q3", {}, "removed the export Q3 from the queue"),
    ("person.invite", "Bob", {"role": "Auditor"}, "invited Bob as an auditor"),
    ("person.invite", "Bob", {"role": "Reviewer"}, "invited Bob as a reviewer"),
    ("person.join", "Bob", {"role": "Operator"}, "joined the console as an operator"),
    ("person.link", "Bob", {}, "created a new sign-in link for Bob"),
    ("person.withdraw", "Bob", {}, "revoked the sign-in link for Bob"),
    ("person.role", "Bob", ROLE, "changed the role of Bob from reviewer to operator"),
    ("person.factors", "Bob", {}, "turned off two-step verification for Bob"),
    ("person.disable", "Bob", {}, "disabled the account of Bob"),
    ("person.enable", "Bob", {}, "enabled the account of Bob again"),
    ("session.end", "", {"sessions": 1}, "signed out of another session"),
    ("session.end", "", {"sessions": 2}, "signed out of 2 other sessions"),
    ("password.change", "", {}, "changed their password"),
    ("factor.add", "authenticator app", {}, "added an authenticator app to two-step verification"),
    ("factor.add", "passkey or security key", {}, "added a passkey or security key to two-step verification"),
    ("factor.renew", "recovery codes", {}, "created new recovery codes for two-step verification"),
    ("factor.remove", "recovery codes", {}, "removed recovery codes from two-step verification"),
]
FAILED: list[tuple[str, str, dict[str, Any], str]] = [
    ("slice.create", "Rain", {"error": "Busy."}, "tried to create the slice Rain, but it failed: Busy."),
    ("item.send_back", "7", {"reason": "too wide"}, "tried to send back the work item 7: too wide, but it failed"),
    (
        "export.download",
        "9fe9df11-b0f6-4e80-a8bd-3430bf82ae15",
        {},
        "tried to download the export (name unknown), but it failed",
    ),
    ("page.refused", "/jobs/", {}, "tried to open the page /jobs/, but their role doesn't allow it"),
]


@pytest.mark.parametrize(("action", "thing", "detail", "sentence"), DONE, ids=range(len(DONE)))
def test_what_was_done_is_a_sentence(alice: Person, action: str, thing: str, detail: Any, sentence: str) -> None:
    entry = record.event(actor=alice, action=action, thing_name=thing, detail=detail)
    assert line(entry).text == f"Alice {sentence}"


@pytest.mark.parametrize(("action", "thing", "detail", "sentence"), FAILED, ids=range(len(FAILED)))
def test_what_failed_is_a_sentence(alice: Person, action: str, thing: str, detail: Any, sentence: str) -> None:
    entry = record.event(actor=alice, action=action, thing_name=thing, detail=detail, outcome="failed")
    assert line(entry).text == f"Alice {sentence}"


def test_a_refused_sign_in_names_nobody_as_its_author(alice: Person) -> None:
    said = {"thing_name": "alice@northwind.example", "detail": {"reason": "wrong password"}, "outcome": "failed"}
    named = record.event(actor=alice, action="session.refused", **said)
    unnamed = record.event(actor=None, action="session.refused", outcome="failed")
    assert line(named).text == "Someone failed to sign in as alice@northwind.example: wrong password"
    assert line(unnamed).text == "Someone failed to sign in"


def test_each_page_that_a_role_may_not_use_is_named_by_what_it_is_for() -> None:
    everyones = frozenset.intersection(*ROLE_RIGHTS.values())
    refusable = {name for name, right in ACCESS.items() if isinstance(right, Right) and right not in everyones}
    assert refusable - actions.PAGES.keys() == set()


def test_each_action_in_the_code_has_words() -> None:
    """Also those that no test records."""
    files = [path for app in ("accounts", "console") for path in (Path(settings.BASE_DIR) / app).rglob("*.py")]
    said = "\n".join(path.read_text() for path in files if "emulator" not in path.parts)
    calls = r"(?:action=|\b_?(?:record|happened|tell|act|send|submission)\((?:\w+, )?)"
    named = set(re.findall(calls + r'"([a-z]+\.[a-z_]+)"', said, re.IGNORECASE))
    assert {"person.factors", "export.queue", "order.undo", "batch.create", "key.remove"} <= named
    assert named - actions.ACTIONS.keys() == set()
