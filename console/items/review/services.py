"""Starting a review run, appending its next page of items, and skipping."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import Person
from console.items import table_selectors
from console.items.filters import ItemFilter
from console.items.models import Decision, ReviewRun
from console.items.selectors import VENDOR, item_name
from console.projects import selectors as projects
from console.upstream.errors import NotFound
from console.upstream.response_models import WorkItem

PAGE_SIZE = 100
MOST_EMPTY = 10
"""The most pages without items that are skipped if the list continues after them."""
EMPTY_PAGES = "CloudFactory’s list goes on, but its next pages are empty."
LASTS = timedelta(days=180)
MOST_NAME = 300


@dataclass(frozen=True)
class RunPage:
    """Items of a filter in the table's order; `next_cursor` is "" where nothing follows.

    `left_out` counts those whose id can't be read; `unclear` is a sentence where CloudFactory has more, but not how.
    """

    items: tuple[WorkItem, ...]
    next_cursor: str
    left_out: int = 0
    unclear: str = ""


def start_run(
    *, user: Person, project: uuid.UUID, item_filter: ItemFilter, list_filter: ItemFilter
) -> ReviewRun | None:
    """A run through the first hundred items of the filter, from one call to P16; None where it matches nothing.

    `list_filter` is the view of the table that its end leads back to.
    """
    page = read_run_page(user=user, project=project, item_filter=item_filter.first_page())
    if not page.items:
        return None
    return ReviewRun.objects.create(
        person=user,
        space=projects.space_of(user=user, project=project).id,
        project=project,
        query=item_filter.query(),
        list_query=list_filter.query(),
        items=_entries(page.items),
        next_cursor=page.next_cursor,
    )


def append_next_page(*, user: Person, run: ReviewRun) -> None:
    """Appends the next items of the filter, if any: one call to P16. A second tab appends nothing twice.

    Raises NotFound where the filter's ids are no longer stored.
    """
    cursor = run.next_cursor
    if not cursor:
        return
    item_filter = replace(ItemFilter.from_query(run.query, user=user).first_page(), cursor=cursor)
    if item_filter.problems:
        raise NotFound(item_filter.problems[0].message, vendor=VENDOR, changes=False)
    next_page = read_run_page(user=user, project=run.project, item_filter=item_filter)
    known_ids = {entry["id"] for entry in run.items}
    items = [*run.items, *(entry for entry in _entries(next_page.items) if entry["id"] not in known_ids)]
    # A list that leads back to items that it had already would never end.
    goes_round = bool(next_page.items) and len(items) == len(run.items)
    same_place = ReviewRun.objects.filter(pk=run.pk, next_cursor=cursor)
    next_cursor = "" if goes_round or next_page.next_cursor == cursor else next_page.next_cursor
    same_place.update(items=items, next_cursor=next_cursor)
    run.refresh_from_db()


def read_run_page(*, user: Person, project: uuid.UUID, item_filter: ItemFilter) -> RunPage:
    """A hundred items of the filter from its place on, in the table's order: one call to P16 where it has any."""
    page = table_selectors.read_items(user=user, project=project, item_filter=replace(item_filter, size=PAGE_SIZE))
    for _ in range(MOST_EMPTY):
        if page.items or page.next is None:
            break
        page = table_selectors.read_items(user=user, project=project, item_filter=page.next)
    items = tuple(item for item in page.items if item.id)
    left_out = len(page.items) - len(items) + len(page.unusable)
    unclear = page.unclear or (EMPTY_PAGES if page.next and not page.items else "")
    return RunPage(items, page.next.cursor if page.next else "", left_out, unclear)


def skip(*, run: ReviewRun, item: str) -> None:
    """Leaves the item without a decision; it is found again among the skipped ones at the end."""
    with transaction.atomic():
        locked = ReviewRun.objects.select_for_update().get(pk=run.pk)
        if item not in locked.skipped:
            locked.skipped.append(item)
            locked.save(update_fields=["skipped"])


def reopen_skipped(*, run: ReviewRun) -> None:
    """Puts the skipped items back among those that wait for a decision."""
    ReviewRun.objects.filter(pk=run.pk).update(skipped=[])


def delete_old_runs() -> None:
    """Deletes runs without a decision in the last 180 days; the decisions stay."""
    used_since = timezone.now() - LASTS
    recent = Decision.objects.filter(run=OuterRef("pk"), created_at__gte=used_since)
    ReviewRun.objects.filter(~Exists(recent), created_at__lt=used_since).delete()


def _entries(items: Sequence[WorkItem]) -> list[dict[str, str]]:
    return [{"id": item.id, "name": item_name(item)[:MOST_NAME], "status": item.status or ""} for item in items]
