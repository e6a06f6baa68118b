"""Finding out whether an export was started, by reading alone.

By its name, created between the entry and two minutes later, and claimed by no other entry: one such export is ours,
none is "not found" so far, several are for a person.
"""

from datetime import timedelta
from typing import Any

from accounts import connections
from accounts.models import Person
from console.audit import reconciliation, signals
from console.audit.models import DONE, Entry
from console.exports import monitor, services, slot
from console.exports.models import ExportRequest
from console.upstream.errors import NotFound
from console.upstream.pagination import pages
from console.upstream.response_models import Export

WINDOW = timedelta(minutes=2)
# The two clocks need not agree to the second.
SKEW = timedelta(seconds=5)


def register() -> None:
    reconciliation.register("export.create", find_export)
    reconciliation.register("export.delete", find_deleted, is_exact=True)
    signals.outcome_known.connect(_follow, dispatch_uid="exports.follow")


def find_export(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    space = str(entry.detail.get("space", ""))
    # The audit keeps names cleaned and cut; what was sent stands in the request.
    name = ExportRequest.objects.filter(act_id=entry.pk).values_list("name", flat=True).first() or entry.thing_name
    matching = [export for export in _since(entry, space) if export.name == name and _is_ours(export, entry)]
    if len(matching) > 1 or (matching and not matching[0].id):
        return "unsure", {}
    if not matching:
        return "not found", {}
    return "done", {"thing_id": matching[0].id, "thing_name": matching[0].name or entry.thing_name}


def find_deleted(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """A deleted export is a 404 (FACTS 2.7). So is one in a space the key can't read, so the space is read as well."""
    client, space = connections.cloudfactory(_actor(entry)), str(entry.detail.get("space", ""))
    try:
        client.get_export(space, entry.thing_id)
    except NotFound:
        client.list_exports(space, limit=1)
        return "done", {}
    return "not found", {}


def _follow(entry: Entry, **kwargs: Any) -> None:
    """A request follows what the audit found out about its call; a deleted export is offered no more."""
    if entry.action == "export.delete" and entry.outcome == DONE:
        space = str(entry.detail.get("space", ""))
        slot.forget_newest(space)
        monitor.shared_state(space, entry.thing_id).forget()
        monitor.mark_deleted(entry.thing_id)
    elif entry.action == "export.create" and (export_request := ExportRequest.objects.filter(act_id=entry.pk).first()):
        services.follow_audit(export_request, entry)


def _since(entry: Entry, space: str) -> list[Export]:
    """Newest first, until they are older than the entry."""
    client = connections.cloudfactory(_actor(entry))
    exports: list[Export] = []
    walk = pages(
        lambda cursor: client.list_exports(space, cursor=cursor, direction="NEXT" if cursor else None, limit=100)
    )
    for page in walk:
        exports += page.items
        oldest = page.items[-1].created_at if page.items else None
        if oldest is not None and oldest < entry.at - SKEW:
            break
    return exports


def _actor(entry: Entry) -> Person:
    if entry.actor is None:
        raise connections.KeyMissing("cloudfactory")
    return entry.actor


def _is_ours(export: Export, entry: Entry) -> bool:
    if export.created_at is None:
        return False
    in_time = entry.at - SKEW <= export.created_at <= entry.at + WINDOW
    return (
        in_time
        and not ExportRequest.objects.filter(export_id=export.id)
        .exclude(export_id="")
        .exclude(act_id=entry.pk)
        .exists()
    )
