"""Signals to many work items as the console records them: one entry for each hundred, all of one group."""

import uuid
from typing import Any

from accounts.models import Person
from console.audit import record
from console.audit.models import Entry

PROJECT = str(uuid.UUID(int=7))


def item(number: int) -> str:
    return str(uuid.UUID(int=number + (1 << 64)))


def begin(actor: Person, group: uuid.UUID, first: int, items: int = 100, **said: Any) -> record.audited_call:
    detail = {"signal": "reopen", "outcome": "OK", "project_id": PROJECT, "items": items}
    return record.audited_call(
        actor=actor,
        action=said.pop("action", "item.signal"),
        thing_kind="project",
        thing_id=PROJECT,
        thing_name=said.pop("project", "Dashcam Q3"),
        vendor="cloudfactory",
        group=group,
        act_id=said.pop("act_id", None),
        again=said.pop("again", False),
        detail={**detail, "ids": [item(number) for number in range(first, first + items)], **said},
    )


def send(actor: Person, *ends: Any, items: int = 100, **said: Any) -> uuid.UUID:
    """An act of as many parts as there are ends: an outcome, or one with its figures. Returns the group."""
    group = said.pop("group", None) or uuid.uuid4()
    for number, end in enumerate(ends):
        outcome, figures = end if isinstance(end, tuple) else (end, {})
        with begin(actor, group, number * items, items, **said) as act:
            act.detach() if outcome == "open" else getattr(act, outcome)(detail=figures)
    return group


def parts(group: uuid.UUID) -> list[Entry]:
    return list(Entry.objects.lines().filter(group=group).order_by("sequence"))


def figures(done: int, refused: int = 0, unknown: int = 0) -> dict[str, int]:
    return {"items_done": done, "items_refused": refused, "items_unknown": unknown}
