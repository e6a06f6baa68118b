"""Bulk signals as rows, in the state in which the sender leaves them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Person
from console.audit import record
from console.items.bulk.actions import action_named
from console.items.models import BulkItem, BulkSignal
from tests.conftest import SPACE
from tests.items.decision_helpers import PROJECT


def bulk_signal(person: Person, items: Sequence[str], *, state: str = "sending", **fields: Any) -> BulkSignal:
    """A signal to these items that is under way; `outcome`, `before` and `after` are those of every item."""
    about = {name: fields.pop(name, "") for name in ("outcome", "before", "after")}
    now = timezone.now()
    place = {"space": SPACE, "project": PROJECT, "project_name": "Coins"}
    times = {"read_at": now, "started_at": now, "planned_count": len(items)}
    columns: dict[str, Any] = {"person": person, "state": state, "action": "approve", **place, **times}
    bulk = BulkSignal.objects.create(**(columns | fields))
    part = uuid.uuid4()
    for position, item in enumerate(items, start=1):
        BulkItem.objects.create(
            bulk=bulk,
            position=position,
            item=item,
            name=f"Item {position}",
            kind="likely",
            status_seen=about["before"],
            status_before=about["before"],
            status_after=about["after"],
            outcome=about["outcome"],
            act_id=part,
        )
    return bulk


def record_entry(bulk: BulkSignal, outcome: str = "done") -> record.audited_call:
    """The entry of its only part in the audit."""
    action = action_named(bulk.action)
    assert action is not None
    [part] = set(bulk.items.values_list("act_id", flat=True))
    choice, ids = action.choice, [str(item) for item in bulk.items.values_list("item", flat=True)]
    detail: Mapping[str, Any] = {"items": len(ids), "ids": ids, "signal": choice.signal, "outcome": choice.outcome}
    act = record.audited_call(
        actor=bulk.person,
        action=choice.action,
        thing_kind="project",
        thing_id=str(bulk.project),
        thing_name=bulk.project_name,
        vendor="cloudfactory",
        group=bulk.pk,
        act_id=part,
        detail={**detail, "project_id": str(bulk.project), "task_type": choice.task_type},
    )
    with act:
        {"done": act.done, "failed": act.failed, "unknown": act.unknown, "open": act.detach}[outcome]()
    return act


def ended_signal(person: Person, items: Sequence[str], *, at: datetime | None = None, **fields: Any) -> BulkSignal:
    """A finished signal, by default finished just now."""
    end = at or timezone.now() - timedelta(seconds=1)
    return bulk_signal(person, items, **{"state": "ended", "outcome": "done", "finished_at": end, **fields})


def first_step(sql: str) -> str:
    """How SQLite begins to look for what the statement asks for."""
    return query_plan(sql)[0]


def query_plan(sql: str) -> list[str]:
    """Every step of how SQLite looks for it."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [str(row[3]) for row in cursor.fetchall()]
