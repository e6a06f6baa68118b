"""Finding out whether an export was started, by reading alone.

By its name, created between the entry and two minutes later, and claimed by no other entry: one such export is ours,
none is "not done" after three reads, several are for a person to tell.
"""

from datetime import timedelta
from typing import Any

from accounts import connections
from accounts.models import Person
from console.audit import settling
from console.audit.models import Entry
from console.exports import watching
from console.exports.models import Plan
from console.upstream.errors import NotFound
from console.upstream.paging import pages
from console.upstream.types import Export

WINDOW = timedelta(minutes=2)
# The two clocks need not agree to the second.
SKEW = timedelta(seconds=5)


def register() -> None:
    settling.register("export.create", find_export)
    settling.register("export.delete", find_deleted)


def find_export(entry: Entry) -> tuple[settling.Finding, dict[str, Any]]:
    space = str(entry.detail.get("space", ""))
    # The audit keeps names cleaned and cut; what was sent stands in the plan.
    sent = Plan.objects.filter(act_id=entry.pk).values_list("name", flat=True).first() or entry.thing_name
    matching = [export for export in _since(entry, space) if export.name == sent and _is_ours(export, entry)]
    if len(matching) > 1:
        return "unsure", {}
    if not matching:
        return "not done", {}
    return "done", {"thing_id": matching[0].id, "thing_name": matching[0].name or entry.thing_name}


def find_deleted(entry: Entry) -> tuple[settling.Finding, dict[str, Any]]:
    """A deleted export is a 404 (FACTS 2.7); one that is still there was not deleted."""
    try:
        connections.cloudfactory(_actor(entry)).get_export(str(entry.detail.get("space", "")), entry.thing_id)
    except NotFound:
        watching.gone(entry.thing_id)
        return "done", {}
    return "not done", {}


def _since(entry: Entry, space: str) -> list[Export]:
    """Newest first, until they are older than the entry."""
    client = connections.cloudfactory(_actor(entry))
    found: list[Export] = []
    walk = pages(
        lambda cursor: client.list_exports(space, cursor=cursor, direction="NEXT" if cursor else None, limit=100)
    )
    for page in walk:
        found += page.items
        oldest = page.items[-1].created_at if page.items else None
        if oldest is not None and oldest < entry.at - SKEW:
            break
    return found


def _actor(entry: Entry) -> Person:
    if entry.actor is None:
        raise connections.KeyMissing("cloudfactory")
    return entry.actor


def _is_ours(export: Export, entry: Entry) -> bool:
    if export.created_at is None:
        return False
    in_time = entry.at - SKEW <= export.created_at <= entry.at + WINDOW
    return in_time and not Plan.objects.filter(export_id=export.id).exclude(act_id=entry.pk).exists()
