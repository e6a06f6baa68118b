"""Reading a review run: which of its items are still open, and the current state of the next ones at CloudFactory."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts import connections
from accounts.models import Person
from console.items.models import Decision, ReviewRun
from console.items.selectors import MOST_IDS, NOT_ANSWERED, VENDOR, read_by_ids
from console.upstream.errors import NotFound, Unreadable
from console.upstream.response_models import WorkItem

AHEAD = 20
"""So many items are read and signed together."""

State = Decision.State
DECIDED = (State.WAITING, State.SENDING, State.SENT, State.UNKNOWN)


@dataclass(frozen=True)
class ReviewItem:
    """An item of a run as it was when the run listed it."""

    id: str
    name: str
    status: str


@dataclass(frozen=True)
class ChangedItem:
    """An item that changed since the run listed it; `status` is None where the project doesn't have it any more."""

    item: ReviewItem
    status: str | None


@dataclass(frozen=True)
class UpcomingItems:
    """Items with their current state, in the run's order, without those that have changed since."""

    items: tuple[WorkItem, ...] = ()
    passed_over: tuple[ChangedItem, ...] = ()


def find_run(*, user: Person, project: uuid.UUID, run: uuid.UUID) -> ReviewRun | None:
    """The run with this id, if it belongs to the person."""
    return ReviewRun.objects.filter(pk=run, person=user, project=project).first()


def run_items(run: ReviewRun) -> list[ReviewItem]:
    """All items of the run, in its order."""
    return [ReviewItem(**entry) for entry in run.items]


def open_items(run: ReviewRun, *, after: str = "") -> list[ReviewItem]:
    """The items that wait for a decision in this run; only those behind `after`, where that is one of its items."""
    closed_ids = set(run.skipped) | decided_ids(run)
    items = run_items(run)
    start = next((place + 1 for place, item in enumerate(items) if item.id == after), 0)
    return [item for item in items[start:] if item.id not in closed_ids]


def decided_ids(run: ReviewRun) -> set[str]:
    """The items whose decision waits, is sent, or is unresolved: those that failed or were taken back are open."""
    return {str(item) for item in run.decisions.filter(state__in=DECIDED).values_list("item", flat=True)}


def newest_decisions(run: ReviewRun) -> dict[str, Decision]:
    """The newest decision of each item of the run that wasn't taken back."""
    decisions = run.decisions.exclude(state=State.TAKEN_BACK).order_by("created_at")
    return {str(decision.item): decision for decision in decisions}


def find_next(*, user: Person, run: ReviewRun, after: str = "") -> UpcomingItems:
    """The next open items, AHEAD at most, by one call to P16; by more only where all of them have changed meanwhile."""
    passed_over: tuple[ChangedItem, ...] = ()
    remaining_items, size = open_items(run, after=after), AHEAD
    while remaining_items:
        upcoming = read_upcoming(user=user, run=run, items=remaining_items[:size])
        passed_over += upcoming.passed_over
        if upcoming.items:
            return UpcomingItems(upcoming.items, passed_over)
        remaining_items, size = remaining_items[size:], MOST_IDS
    return UpcomingItems(passed_over=passed_over)


def read_from(*, user: Person, run: ReviewRun, item: ReviewItem) -> UpcomingItems:
    """This item in any state, and the open ones after it, AHEAD in all: one P16. Raises NotFound."""
    behind = [one for one in open_items(run, after=item.id) if one.id != item.id]
    items_ahead, now = _read_states(user, run, [item, *behind[: AHEAD - 1]])
    if item.id not in now and item.id not in {one.item.id for one in items_ahead.passed_over}:
        raise Unreadable(NOT_ANSWERED, vendor=VENDOR, changes=False)
    if item.id not in now:
        raise NotFound(f"{item.name} isn’t in this project any more.", vendor=VENDOR, changes=False)
    others = tuple(one for one in items_ahead.items if one.id != item.id)
    passed_over = tuple(one for one in items_ahead.passed_over if one.item.id != item.id)
    return UpcomingItems((now[item.id], *others), passed_over)


def check_from(*, user: Person, run: ReviewRun, item: str) -> UpcomingItems:
    """The open items from this one on, AHEAD at most, as they are now: one call to P16."""
    behind = open_items(run, after=item)
    here = [one for one in open_items(run) if one.id == item and one not in behind]
    return read_upcoming(user=user, run=run, items=[*here, *behind][:AHEAD])


def read_upcoming(*, user: Person, run: ReviewRun, items: Sequence[ReviewItem]) -> UpcomingItems:
    """The current state of the first hundred of these items: one call to P16 (FACTS 2.9), none without items."""
    return _read_states(user, run, items)[0] if items else UpcomingItems()


def _read_states(
    user: Person, run: ReviewRun, items: Sequence[ReviewItem]
) -> tuple[UpcomingItems, Mapping[str, WorkItem]]:
    """An item that the answer does not hold is neither waiting nor passed over."""
    items = items[:MOST_IDS]
    answer = read_by_ids(connections.cloudfactory(user), project=run.project, ids=[item.id for item in items])
    now = answer.items
    is_waiting = {item.id: item.id in now and (now[item.id].status or "") == item.status for item in items}
    waiting_items = tuple(now[item.id] for item in items if is_waiting[item.id])
    changed = [item for item in items if not is_waiting[item.id] and (item.id in now or answer.is_whole)]
    return UpcomingItems(waiting_items, tuple(ChangedItem(item, _status(now.get(item.id))) for item in changed)), now


def _status(item: WorkItem | None) -> str | None:
    return None if item is None else item.status or ""
