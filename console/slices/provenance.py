"""What the audit knows of slices that were made here: by whom, when, and how many items were left to chance.

Avala tells none of it (FACTS 1.4), so slices made elsewhere have no origin.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from console.audit.models import DONE, Entry
from console.upstream.response_models import Slice


@dataclass(frozen=True)
class Origin:
    by: str
    actor_id: uuid.UUID | None
    at: datetime
    random_count: int | None


def thing_id(avala_slice: Slice) -> str:
    """How the audit names a slice: the two parts of its address; empty for one that has none."""
    return "/".join(avala_slice.address) if avala_slice.address else ""


def origins_of(slices: Iterable[Slice]) -> Mapping[str, Origin]:
    """The origins of slices by `thing_id`, in one query for a whole list."""
    creations = Entry.objects.filter(
        thing_kind="slice",
        thing_id__in=[name for one in slices if (name := thing_id(one))],
        action="slice.create",
        kind=Entry.Kind.OUTCOME,
        recorded_outcome=DONE,
    )
    return {row.thing_id: _origin(row.opens) for row in creations.select_related("opens") if row.opens}


def _origin(opening: Entry) -> Origin:
    count = opening.detail.get("random")
    return Origin(opening.actor_name, opening.actor_id, opening.at, count if isinstance(count, int) else None)
