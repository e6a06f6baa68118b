"""How far the work items of a slice are, batch by batch: the batches are known from the imports of the slice."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from accounts import connections
from accounts.models import Person
from console.common.coalescing import SharedAnswer
from console.items import console_ids, counts
from console.items.counts import Count, ItemQuery, StatusCount, StatusCounts
from console.items.models import Import
from console.items.statuses import COMPLETED
from console.upstream.errors import ACCESS_REFUSALS

MOST_BATCHES, MOST_IMPORTS = 50, 2_000
CACHE_SECONDS = 60
# The clocks of the console and of CloudFactory need not agree.
SKEW = timedelta(hours=1)
PLANNED = (Import.State.CREATING, Import.State.PAUSED, Import.State.STOPPED, Import.State.ENDED)


class SliceBatch(NamedTuple):
    """A batch that items of the slice were sent to; `since` is None where it held some before the imports we know."""

    project: uuid.UUID
    project_name: str
    batch_id: int
    batch_name: str
    space: str
    since: datetime | None
    were_there: int | None

    @property
    def name(self) -> str:
        return self.batch_name or f"Batch {self.batch_id}"

    @property
    def url(self) -> str:
        return reverse("batches:detail", args=[self.project, self.batch_id])

    @property
    def query(self) -> str:
        return urlencode({"project": self.project, "batch": self.batch_id})


@dataclass(frozen=True)
class SliceCounts:
    """The items of the slice in one batch, by status."""

    by_status: StatusCounts

    @property
    def total(self) -> Count:
        return self.by_status.total

    @property
    def completed(self) -> Count:
        return self.by_status.of(COMPLETED.value)

    @property
    def words(self) -> str:
        if not self.total:
            return "No items of this slice were found" if self.total.at_least else "No items of this slice"
        return f"{self.completed} of {self.total} completed"

    @property
    def others(self) -> list[StatusCount]:
        return [one for one in self.by_status.by_status if one.count]


def find_batches(*, user: Person, owner: str, slug: str, **only: Any) -> Sequence[SliceBatch]:
    """Batches in the person's spaces that somebody sent items of the slice to, the newest first.

    `only` are fields of the imports that are looked at.
    """
    spaces = [space.id for space in connections.spaces(user)]
    imports = Import.objects.filter(
        source=Import.Source.SLICE, source_key=f"{owner}/{slug}", space__in=spaces, state__in=PLANNED, **only
    )
    columns = ("project", "project_name", "batch_id", "batch_name", "space", "created_at", "plan__present")
    batches: dict[tuple[uuid.UUID, int], SliceBatch] = {}
    for batch in map(SliceBatch._make, imports.order_by("-created_at").values_list(*columns)[:MOST_IMPORTS]):
        key = batch.project, batch.batch_id
        newest = batches.setdefault(key, batch)
        batches[key] = newest._replace(since=None if batch.were_there else batch.since)
    return list(batches.values())[:MOST_BATCHES]


def find_batch(*, user: Person, owner: str, slug: str, project: uuid.UUID, batch_id: int) -> SliceBatch | None:
    batches = find_batches(user=user, owner=owner, slug=slug, project=project, batch_id=batch_id)
    return next(iter(batches), None)


def count_batch(*, user: Person, owner: str, slug: str, batch: SliceBatch) -> SliceCounts:
    """Ten calls of P16 at most, of items created since the first import; kept for a minute, for this key alone.

    Whoever asks meanwhile waits for the same answer. Raises UpstreamError.
    """
    scope = connections.cache_scope(user, counts.VENDOR)
    platform = connections.cloudfactory(user)

    def fetch() -> StatusCounts:
        filters: dict[str, Any] = {"batch_ids": (batch.batch_id,)}
        if batch.since is not None:
            filters["created_from"] = batch.since - SKEW
        walk = counts.read_list(platform, ItemQuery(str(batch.project), filters))
        mine = [item for item in walk.items if item.metadata.get(console_ids.SLICE) == f"{owner}/{slug}"]
        tally = counts.tally(mine)
        return StatusCounts(
            tuple(StatusCount(one, Count(tally[one.value], not walk.is_complete)) for one in counts.ordered(tally))
        )

    thing = counts.cache_key("slice", user=user, project=str(batch.project), about=(owner, slug, batch.batch_id))
    answer = SharedAnswer(counts.VENDOR, batch.space, thing)
    return SliceCounts(answer.read(fetch, reader=scope, seconds=CACHE_SECONDS, refusals=ACCESS_REFUSALS))
