"""Making and changing batches, and what a batch's page shows beside it."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from accounts.rights import Right
from console.audit import record, unresolved
from console.audit.models import DONE, Entry
from console.audit.selectors import Line
from console.audit.sentences import EntrySummary
from console.audit.unresolved import Unresolved
from console.batches import presenters, selectors
from console.batches.order_diff import Move
from console.duplicate_submissions import Submission, wait_for_result
from console.items import counts
from console.items.counts import Count, ItemQuery, StatusCount
from console.items.statuses import CLIENT_REVIEW, status_named
from console.upstream.errors import Conflict, Invalid, NotFound, UpstreamError
from console.upstream.response_models import Batch

VENDOR = "cloudfactory"
COUNTS_KEPT = 30
WAITING_BATCHES = 100
"""More than this the vendor does not take in one filter (FACTS 2.9)."""
HISTORY = 30
NEXT_UP = 5

TAKEN = "This project already has a batch with this name."


class ChangedMeanwhile(Exception):
    """Somebody changed the same line of a batch's metadata since the page was opened."""

    def __init__(self, keys: Sequence[str], now: Mapping[str, Any]) -> None:
        super().__init__("Changed meanwhile")
        self.keys, self.now = list(keys), dict(now)


@dataclass(frozen=True)
class Counts:
    """Work items by status. `at_least` is true where counting stopped at its bound."""

    by_status: tuple[StatusCount, ...]
    total: int
    at_least: bool
    overdue: int = 0
    next_due: datetime | None = None
    """The soonest date, not passed yet, of an item somebody still has to work on or look at."""

    @property
    def in_review(self) -> Count:
        return next((one.count for one in self.by_status if one.status is CLIENT_REVIEW), Count(0))


def create_batch(
    *, user: Person, project: uuid.UUID, name: str, act_id: uuid.UUID, request: HttpRequest | None = None
) -> tuple[str, str]:
    """Makes a batch and says its id ("" where the answer did not) and name. A duplicate gets the first result."""
    about: dict[str, Any] = {"thing_id": "", "thing_name": name, "detail": {}}
    try:
        with (
            _act(user, "batch.create", project, act_id, request, **about) as act,
            _refused_at_the_name(user, project, name),
        ):
            made = connections.cloudfactory(user).create_batch(str(project), name=name, request_id=str(act.id))
            act.done(thing_id=str(made.id or ""), detail={"created_by": made.created_by})
    except record.AlreadyActed as first:
        done = wait_for_result(first.entry)
        return done.result_id, done.thing_name
    selectors.forget(project=project)
    return str(made.id or ""), name


def unresolved_creates(*, user: Person, project: uuid.UUID) -> list[Unresolved]:
    """New batches of this person of which nobody knows whether they were created."""
    back = reverse("batches:index", args=[project])
    found = unresolved.of_thing(user, "batch", "", back=back)
    return [one for one in found if one.entry.detail.get("project_id") == str(project)]


def rename_batch(
    *, user: Person, project: uuid.UUID, batch_id: int, name: str, act_id: uuid.UUID, request: HttpRequest | None = None
) -> None:
    """Sends the name alone. An unchanged one is not sent and not recorded. A duplicate gets the first result."""
    submission = Submission(user, "batch.rename", act_id)
    if submission.was_done():
        return
    batch = get_batch(user=user, project=project, batch_id=batch_id)
    # The first submission can have given it this name.
    if submission.was_done() or name == batch.name:
        return
    # The act is told about the batch by the name it has until it is done.
    about: dict[str, Any] = {"thing_id": batch.id, "thing_name": batch.name or f"Batch {batch.id}"}
    about["detail"] = {"before": batch.name, "after": name}
    try:
        with (
            _act(user, "batch.rename", project, act_id, request, **about) as act,
            _refused_at_the_name(user, project, name),
        ):
            connections.cloudfactory(user).update_batch(str(project), batch.id, name=name, request_id=str(act.id))
    except record.AlreadyActed as first:
        wait_for_result(first.entry)
    selectors.forget(project=project)


def change_metadata(
    *,
    user: Person,
    project: uuid.UUID,
    batch_id: int,
    base: Mapping[str, Any],
    wanted: Mapping[str, Any],
    act_id: uuid.UUID,
    request: HttpRequest | None = None,
) -> bool:
    """Applies what differs from `base` to the metadata as it is now, and sends that. False: nothing differed.

    Whether the vendor replaces or merges is not documented, so the whole object goes along, read just before. A
    duplicate gets the first result.
    """
    gone = [key for key in base if key not in wanted]
    changed = {key: value for key, value in wanted.items() if key not in base or not same(base[key], value)}
    if not gone and not changed:
        return False
    submission = Submission(user, "batch.metadata", act_id)
    if submission.was_done():
        return True
    batch = get_batch(user=user, project=project, batch_id=batch_id)
    if clashes := [key for key in [*gone, *changed] if _clashes(key, base, batch.metadata, changed)]:
        # The first submission can have made these changes.
        if submission.was_done():
            return True
        raise ChangedMeanwhile(clashes, batch.metadata)
    fresh = {key: value for key, value in batch.metadata.items() if key not in gone} | changed
    detail = {"before": batch.metadata, "after": fresh, "summary": _said(base, gone, changed)}
    about = {"thing_id": batch.id, "thing_name": batch.name or "", "detail": detail}
    try:
        with _act(user, "batch.metadata", project, act_id, request, **about) as act:
            connections.cloudfactory(user).update_batch(str(project), batch_id, metadata=fresh, request_id=str(act.id))
    except record.AlreadyActed as first:
        wait_for_result(first.entry)
    selectors.forget(project=project)
    return True


def get_batch(*, user: Person, project: uuid.UUID, batch_id: int) -> Batch:
    found = selectors.find_batch(user=user, project=project, batch_id=batch_id)
    if found is None:
        raise NotFound("This project has no such batch.", vendor=VENDOR, changes=False)
    return found


def count_items(*, user: Person, project: uuid.UUID, batch_id: int) -> Counts:
    """Walks the batch's items, ten calls at most; past that the figures are a lower bound and say so."""
    key = counts.cache_key("batch", user=user, project=str(project), about=batch_id)
    kept: Counts | None = cache.get(key)
    if kept is None:
        kept = _count(user, project, batch_id)
        cache.set(key, kept, COUNTS_KEPT)
    return kept


def waiting(*, user: Person, project: uuid.UUID, batch_ids: Sequence[int]) -> dict[int, Count]:
    """How many items of each of some batches wait for the client's review: one walk for all, kept for a moment."""
    wanted = sorted(set(batch_ids))[:WAITING_BATCHES]
    key = counts.cache_key("waiting", user=user, project=str(project), about=wanted)
    kept: dict[int, Count] | None = cache.get(key)
    if kept is None:
        kept = _waiting(user, project, wanted)
        cache.set(key, kept, COUNTS_KEPT)
    return kept


def next_up(*, user: Person, project: uuid.UUID) -> list[presenters.Row]:
    """The unfinished batches worked on first, with their ranks."""
    board = selectors.read_board(user=user, project=project, age=selectors.RECENT)
    return [row for row in presenters.rows(board) if not row.finished][:NEXT_UP]


def history(*, user: Person, batch_id: int, moves: Mapping[uuid.UUID, Move]) -> list[Line]:
    """What was done to a batch here, the latest first: one's own acts, or everybody's for those who may see them.

    `moves` are the changes of the order that moved it (`ordering.moves_of`).
    """
    about = Entry.objects.about("batch", str(batch_id)).values_list("pk", flat=True)
    entries = Entry.objects.filter(pk__in={*about, *moves})
    if not user.can(Right.AUDIT_ALL):
        entries = entries.filter(actor=user)
    found = entries.prefetch_related("outcomes").order_by("-sequence")[:HISTORY]
    return [_line(entry, moves.get(entry.pk)) for entry in found]


def _line(entry: Entry, move: Move | None) -> Line:
    line = Line(entry, EntrySummary.whole(entry, entry.outcome))
    if move is None or move.text in line.text:
        return line
    return replace(line, after=f"This batch: {move.text}.")


def makers() -> dict[str, str]:
    """From the vendor's ids of users to names, as far as batches made here have taught us."""
    made = Entry.objects.filter(action="batch.create", kind=Entry.Kind.OUTCOME, recorded_outcome=DONE)
    found = made.select_related("opens").order_by("-sequence")[:500]
    known: dict[str, str] = {}
    for entry in found:
        vendor_id = entry.detail.get("created_by")
        if vendor_id and entry.opens:
            known.setdefault(str(vendor_id), entry.opens.actor_name)
    return known


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: `true` is not 1, though Python says so."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def _act(
    user: Person, action: str, project: uuid.UUID, act_id: uuid.UUID, request: HttpRequest | None, **said: Any
) -> record.audited_call:
    detail = {"project_id": str(project), **said["detail"]}
    return record.audited_call(
        actor=user,
        action=action,
        thing_kind="batch",
        thing_id=str(said["thing_id"]),
        thing_name=said["thing_name"],
        vendor=VENDOR,
        request=request,
        act_id=act_id,
        key=connections.key_fingerprint(user, VENDOR),
        detail=detail,
    )


@contextmanager
def _refused_at_the_name(user: Person, project: uuid.UUID, name: str) -> Iterator[None]:
    """Page and audit say what is wrong with the name, as far as CloudFactory tells, and not "something"."""
    try:
        yield
    except Conflict as refusal:
        if _is_taken(user, project, name):
            refusal.message = TAKEN
        elif refusal.vendor_text:
            refusal.message = f"CloudFactory refused this: {refusal.vendor_text}"
        raise
    except Invalid as refusal:
        refusal.message = " ".join(refusal.fields.get("name", [])) or refusal.message
        raise


def _is_taken(user: Person, project: uuid.UUID, name: str) -> bool:
    """Whether a batch of this name is in the list as it is now; False where it cannot be read."""
    try:
        return any(batch.name == name for batch in selectors.read_batches(user=user, project=project))
    except UpstreamError:
        return False


def _count(user: Person, project: uuid.UUID, batch_id: int) -> Counts:
    query = ItemQuery(str(project), {"batch_ids": (batch_id,)})
    walk = counts.read_list(connections.cloudfactory(user), query)
    tally, at_least = counts.tally(walk.items), not walk.is_complete
    unfinished = [item for item in walk.items if status_named(item.status).is_unfinished]
    due, now = [item.due_at for item in unfinished if item.due_at], timezone.now()
    found = [StatusCount(one, Count(tally[one.value], at_least)) for one in counts.ordered(tally) if tally[one.value]]
    return Counts(
        by_status=tuple(found),
        total=tally.total(),
        at_least=at_least,
        overdue=sum(moment <= now for moment in due),
        next_due=min((moment for moment in due if moment > now), default=None),
    )


def _waiting(user: Person, project: uuid.UUID, batch_ids: Sequence[int]) -> dict[int, Count]:
    if not batch_ids:
        return {}
    query = ItemQuery(str(project), {"batch_ids": batch_ids, "status": CLIENT_REVIEW.value})
    walk = counts.read_list(connections.cloudfactory(user), query)
    tally = Counter(item.batch_id for item in walk.items)
    return {batch_id: Count(tally[batch_id], not walk.is_complete) for batch_id in batch_ids}


def _clashes(key: str, base: Mapping[str, Any], now: Mapping[str, Any], changed: Mapping[str, Any]) -> bool:
    """Whether somebody touched this very line, and not in the way that is wanted anyway."""
    as_it_was = (key in now) == (key in base) and (key not in base or same(now[key], base[key]))
    as_wanted = key in changed and key in now and same(now[key], changed[key])
    return not as_it_was and not as_wanted


def _said(base: Mapping[str, Any], gone: Sequence[str], changed: Mapping[str, Any]) -> str:
    new = [key for key in changed if key not in base]
    other = [key for key in changed if key in base]
    parts = (("added", new), ("changed", other), ("removed", gone))
    return "; ".join(f"{verb} {', '.join(keys)}" for verb, keys in parts if keys)
