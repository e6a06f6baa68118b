"""Finding out whether a slice was made, by reading alone: by its name, among the slices of its owner."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser

from accounts import connections
from console.audit import reconciliation, sanitize, signals
from console.audit.models import DONE, Entry
from console.slices.builder import services
from console.slices.provenance import thing_id
from console.upstream.avala import Avala
from console.upstream.errors import NotFound
from console.upstream.response_models import Slice

WINDOW = timedelta(minutes=5)
# The two clocks need not agree to the second.
SKEW = timedelta(seconds=5)
PAGES = 50
"""No loop over a vendor's pages is longer (FACTS 1.2)."""


class TooMany(Exception):
    """The list did not end within the bound, so that "not found" would be a guess."""


def register() -> None:
    reconciliation.register("slice.create", find_slice)
    signals.outcome_known.connect(_follow, dispatch_uid="slices.follow")


def find_slice(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """The slice an entry speaks of. Names are unique per owner, so one match that no other person created is ours."""
    try:
        named = [
            avala_slice for avala_slice in _slices(entry) if sanitize.clean(avala_slice.name, 300) == entry.thing_name
        ]
    except (TooMany, NotFound):
        return "unsure", {}
    matches = [
        avala_slice for avala_slice in named if _is_in_time(avala_slice, entry) and not _is_claimed(avala_slice, entry)
    ]
    if len(matches) > 1:
        return "unsure", {}
    return ("done", _detail(matches[0])) if matches else ("not found", {})


def _follow(entry: Entry, **fields: Any) -> None:
    if entry.action == "slice.create":
        services.follow(entry)


def _slices(entry: Entry) -> Iterator[Slice]:
    """Every slice of every owner that the new one may belong to."""
    actor = entry.actor or AnonymousUser()
    avala = connections.avala(actor)
    fields = entry.detail.get("organization") or entry.detail.get("owner")
    for owner in (str(fields),) if fields else connections.owners(actor):
        yield from _of_owner(avala, owner)


def _of_owner(avala: Avala, owner: str) -> Iterator[Slice]:
    for page in range(1, PAGES + 1):
        listed = avala.list_slices(owner, page=page, limit=100)
        yield from listed.items
        if listed.is_last:
            return
        if listed.unclear:
            raise TooMany
    raise TooMany


def _is_in_time(avala_slice: Slice, entry: Entry) -> bool:
    """Created between the press and five minutes later: what a second press made after ten is not the first's."""
    if avala_slice.created_at is None:
        return True
    return entry.at - SKEW <= avala_slice.created_at <= entry.at + WINDOW


def _is_claimed(avala_slice: Slice, entry: Entry) -> bool:
    """Whether another entry is already known to have made it."""
    if not thing_id(avala_slice):
        return False
    others = Entry.objects.filter(thing_kind="slice", thing_id=thing_id(avala_slice), action=entry.action)
    return others.filter(recorded_outcome=DONE, kind=Entry.Kind.OUTCOME).exclude(opens=entry).exists()


def _detail(avala_slice: Slice) -> dict[str, Any]:
    return {"thing_id": thing_id(avala_slice), "thing_name": avala_slice.name or "", "uid": avala_slice.uid}
