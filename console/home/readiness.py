"""What `/readyz` answers: which parts of the console work, and one sentence for each that doesn't."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from console.audit import verify
from console.audit.models import Entry
from console.common import cache, database
from console.jobs import services as jobs


def state() -> dict[str, Any]:
    """Each part's name with whether it works, and `problems`, the sentences about those that don't."""
    problems = {name: problem() for name, problem in PARTS.items()}
    working: dict[str, Any] = {name: not problem for name, problem in problems.items()}
    return working | {"problems": [problem for problem in problems.values() if problem]}


def _audit() -> str:
    try:
        Entry.objects.order_by("-sequence").values_list("sequence", flat=True).first()
    except database.FAILURES:
        return "The audit can't be read."
    return ""


def _anchor() -> str:
    path = Path(settings.AUDIT_ANCHOR)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return "The anchor file of the audit can't be written to."
    try:
        return verify.anchor_problem()
    except database.FAILURES:
        return ""  # the audit part says so


def _queue() -> str:
    return "" if jobs.queues_answer() else "The queue of background jobs doesn't answer."


def _cache() -> str:
    if cache.probe().available:
        return ""
    return "The cache is unavailable. Limits apply per server process until it's back."


PARTS: dict[str, Callable[[], str]] = {
    "database": database.read_problem,
    "writes": database.write_problem,
    "audit": _audit,
    "anchor": _anchor,
    "queue": _queue,
    "cache": _cache,
}
