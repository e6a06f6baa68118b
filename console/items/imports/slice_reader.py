"""Reading a slice for new work items (A5, A4), then its batch for those that are there already (P16).

A part is one page. What it adds is stored with the end of the part, so that a killed worker's page counts once; the
plan is ready when both lists were read to their end.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.models import Person
from accounts.rights import Right
from console.common.formatting import plural, show_controls
from console.common.parsing import read_uuid
from console.items import console_ids
from console.items.imports import job_hooks, services
from console.items.imports.services import ROLE_CHANGED, NewRow, NotStarted
from console.items.imports.slice_rows import Place, SliceRow, read_rows
from console.items.models import Import, ImportRow
from console.jobs import handlers, parts
from console.jobs import services as jobs
from console.jobs.handlers import Done, Result
from console.jobs.models import Operation, Part
from console.jobs.models import State as JobState
from console.jobs.parts import Busy, Halt, PartDone, PartResult
from console.upstream.errors import NotFound, RateLimited, UpstreamError
from console.upstream.response_models import Slice

KIND = "items.import_read"
State, Outcome = Import.State, ImportRow.Outcome
PAGE = 100
PARTS_A_TURN = 10
"""Then others of the queue have their turn."""
MOST_ITEMS = 50_000
MOST_PAGES = 1_000
"""Of each of the two lists."""
WAIT = 5.0
WAITS_FOR = timedelta(minutes=10)
"""So long a vendor that asks to wait, or doesn't answer, is asked again for the same page."""

BUILDING = "Avala is still building this slice. Send it once it is ready."
FAILED = "Avala could not build this slice, so it has no items to send."
EMPTY = "This slice has no items, so there is nothing to send."
GONE = "Avala has no such slice, or doesn’t show it to your key."
TOO_MANY = f"This slice holds more than {MOST_ITEMS:,} items, and no more than that can be sent to a batch at once."
ENDLESS_SLICE = "Avala’s list of the items doesn’t come to an end, so the slice could not be read."
ENDLESS_BATCH = "CloudFactory’s list of the batch doesn’t come to an end, so nobody can tell which items it holds."
INTERRUPTED = "Reading was interrupted."
UNREADABLE = "CloudFactory’s list of the batch has rows without a usable id, so some items may be there already."


def register() -> None:
    handlers.register(
        KIND,
        read,
        title="Read a slice for new work items",
        on_abandon=_give_up,
        address=job_hooks.address,
        stop=jobs.stop_parts,
    )
    handlers.every_minute(free_left_over)


def create_plan(
    *,
    user: Person,
    project: uuid.UUID,
    project_name: str,
    import_id: uuid.UUID,
    owner: str,
    slug: str,
    name: str,
    batch_id: int,
    batch_name: str,
) -> Import:
    """A plan for all items of a slice in this batch; a job reads it. A duplicate finds the first plan.

    `project_name` must not be empty: nobody is asked for it within the transaction.

    Raises NotStarted where the id belongs to something else.
    """
    with transaction.atomic():
        import_ = services.create_import(
            user=user,
            project=project,
            project_name=project_name,
            import_id=import_id,
            source=Import.Source.SLICE,
            source_name=name or slug,
            source_key=f"{owner}/{slug}",
            batch_id=batch_id,
            batch_name=batch_name,
            state=State.READING,
        )
        if (import_.source_key, import_.batch_id) != (f"{owner}/{slug}", batch_id):
            raise NotStarted(services.FORM_TAKEN)
        if import_.state == State.READING:
            _enqueue(import_)
    return import_


def read_again(*, user: Person, import_: Import) -> bool:
    """Has the slice and the batch read once more; False where it was started, or is being read."""
    with transaction.atomic():
        own = Import.objects.filter(pk=import_.pk, person=user, source=Import.Source.SLICE)
        unread: dict[str, Any] = {
            "state": State.READING,
            "message": "",
            "read_at": None,
            "planned_count": 0,
            "plan": {},
        }
        is_taken = own.filter(state__in=(State.READY, State.NOT_READ)).update(**unread) == 1
        if is_taken:
            import_.rows.all().delete()
            _enqueue(import_)
    import_.refresh_from_db()
    return is_taken


def stop(*, user: Person, import_: Import) -> bool:
    """The page in hand is finished, and then nothing more is read; False where nothing is being read."""
    is_own = Import.objects.filter(pk=import_.pk, person=user, state=State.READING).exists()
    return is_own and jobs.ask_to_stop(kind=KIND, subject=str(import_.pk))


def place_of(import_: Import) -> Place:
    owner, _, slug = import_.source_key.partition("/")
    return Place(import_.project, import_.batch_id or 0, owner, slug)


def why_not(found: Slice) -> str:
    """Why a slice can't be sent, "" where it can."""
    problems = {"pending": BUILDING, "failed": FAILED}
    return problems.get(found.status or "", EMPTY if found.item_count == 0 else "")


def read(operation: Operation) -> Result:
    """Reads what is left of the slice and the batch; at the end the plan can be started, or says why not."""
    import_ = _import_of(operation)
    if import_ is None:
        return Done("Its plan was deleted, or has been read.")
    if not operation.parts.exists():
        parts.add(operation, [{"slice": "", "first": 1}])
    result = parts.run(operation, partial(_read_part, import_), most=PARTS_A_TURN)
    if isinstance(result, Done) and result.message != parts.TAKEN_OVER:
        return _end(operation, import_, result.message)
    return result


def free_left_over() -> None:
    """A plan whose job nobody does any more can be read again."""
    reading = set(Import.objects.filter(state=State.READING).values_list("pk", flat=True))
    jobs_left = Operation.objects.unfinished().filter(kind=KIND) if reading else Operation.objects.none()
    at_work = {uuid.UUID(subject) for subject in jobs_left.values_list("subject", flat=True)}
    Import.objects.filter(pk__in=reading - at_work, state=State.READING).update(**_not_read(INTERRUPTED))


def _enqueue(import_: Import) -> None:
    payload = {"about": import_.source_name, "project": str(import_.project)}
    jobs.enqueue(kind=KIND, subject=str(import_.pk), person=import_.person, payload=payload)


def _give_up(operation: Operation, message: str) -> None:
    Import.objects.filter(pk=operation.subject, state=State.READING).update(**_not_read(message))


def _not_read(message: str) -> dict[str, Any]:
    return {"state": State.NOT_READ, "message": (message or INTERRUPTED)[:500]}


def _import_of(operation: Operation) -> Import | None:
    reading = Import.objects.select_related("person").filter(pk=operation.subject, state=State.READING)
    return reading.first()


def _read_part(import_: Import, operation: Operation, part: Part) -> PartResult:
    reading = _Reading(import_, operation, part)
    if not operation.person or not operation.person.can(Right.CHANGE):
        return Halt(ROLE_CHANGED)
    try:
        return reading.read_slice() if "slice" in part.sent else reading.read_batch()
    except UpstreamError as error:
        return reading.wait(error) if isinstance(error, RateLimited) or error.is_silence else Halt(_words(error))
    except ConnectionMissing as error:
        return Halt(error.message)


class _Reading:
    """One page of the slice or of the batch."""

    def __init__(self, import_: Import, operation: Operation, part: Part) -> None:
        self.import_, self.operation, self.part = import_, operation, part
        self.place = place_of(import_)

    def read_slice(self) -> PartResult:
        avala, owner, slug = connections.avala(self.import_.person), self.place.owner, self.place.slug
        cursor, first = str(self.part.sent["slice"]), int(self.part.sent["first"])
        if not cursor and (problem := why_not(avala.get_slice(owner, slug))):
            return Halt(problem)
        page = avala.list_slice_items(owner, slug, cursor=cursor or None, limit=PAGE)
        if page.unclear or self._came_before("slice", page.next):
            return Halt(page.unclear or ENDLESS_SLICE)
        if first + len(page.items) > MOST_ITEMS + 1:
            return Halt(TOO_MANY)
        usable = [item for item in page.items if item.uid]
        left_out = len(page.unusable) + len(page.items) - len(usable)
        listed = list(read_rows(usable, place=self.place, first=first, cursor=cursor))
        new = self._without_known(listed)
        if first == 1 and not listed and not left_out and not page.next:
            return Halt(EMPTY)
        came = {"repeated": len(listed) - len(new), "left_out": left_out, **_signed(new)}
        following = {"slice": page.next, "first": first + len(listed)} if page.next else {"batch": ""}
        return PartDone(came, record=partial(self._store, [one.row for one in new], following))

    def read_batch(self) -> PartResult:
        platform = connections.cloudfactory(self.import_.person)
        cursor = str(self.part.sent["batch"])
        pages = console_ids.walk_batch(
            platform, project=self.place.project, batch_id=self.place.batch_id, cursor=cursor or None, most=1
        )
        page = next(pages)
        if page.unclear or self._came_before("batch", page.next):
            return Halt(page.unclear or ENDLESS_BATCH)
        items = {our_id: item.id for item in page.items if (our_id := console_ids.console_id_of(item))}
        came = {"unreadable": len(page.unusable)}
        following = {"batch": page.next} if page.next else {}
        return PartDone(came, record=partial(self._mark_present, items, following))

    def wait(self, error: UpstreamError) -> PartResult:
        """The same page once more later; the plan's page says why."""
        if timezone.now() - (self.part.started_at or self.operation.created_at) > WAITS_FOR:
            return Halt(error.lasting_message)
        Import.objects.filter(pk=self.import_.pk, state=State.READING).update(message=error.lasting_message[:500])
        return Busy(error.retry_in or WAIT, error.lasting_message)

    def _without_known(self, listed: list[SliceRow]) -> list[SliceRow]:
        """Each item once, however often the slice lists it."""
        unique = {one.row.console_id: one for one in reversed(listed)}
        known = self.import_.rows.filter(console_id__in=unique).values_list("console_id", flat=True)
        for console_id in known:
            del unique[console_id]
        return sorted(unique.values(), key=lambda one: one.row.number)

    def _store(self, rows: list[NewRow], following: Mapping[str, Any]) -> None:
        services.add_rows(self.import_, rows)
        self._go_on(following)

    def _mark_present(self, items: Mapping[uuid.UUID, str], following: Mapping[str, Any]) -> None:
        there = list(self.import_.rows.filter(console_id__in=items, outcome__in=(Outcome.NONE, Outcome.INVALID)))
        for row in there:
            row.outcome, row.item, row.errors = Outcome.PRESENT, read_uuid(items[row.console_id]), []
        ImportRow.objects.bulk_update(there, ["outcome", "item", "errors"])
        has_open = self.import_.rows.filter(outcome=Outcome.NONE).exists()
        self._go_on(following if has_open else {})

    def _go_on(self, following: Mapping[str, Any]) -> None:
        Import.objects.filter(pk=self.import_.pk).exclude(message="").update(message="")
        if following:
            parts.add(self.operation, [following])

    def _came_before(self, which: str, cursor: str | None) -> bool:
        if cursor is None:
            return False
        before = self.operation.parts.filter(sent__has_key=which)
        return before.count() > MOST_PAGES or before.filter(**{f"sent__{which}": cursor}).exists()


def _signed(rows: list[SliceRow]) -> dict[str, Any]:
    """How many links carry a signature, and when the first of them ends, as far as they say."""
    signed = [one.signed for one in rows if one.signed is not None]
    ends = [one.expires_at for one in signed if one.expires_at is not None]
    return {"signed": len(signed), "first_end": min(ends).isoformat() if ends else ""}


def _end(operation: Operation, import_: Import, words: str) -> Result:
    """The job and the reading end together, so that a plan can be read again as soon as it says so."""
    unread = operation.parts.exclude(state=Part.State.DONE).order_by("number").first()
    message = "" if unread is None else unread.message or words or INTERRUPTED
    with transaction.atomic():
        if not operation.finish(JobState.DONE, message or words):
            return Done(parts.TAKEN_OVER)
        locked = Import.objects.select_for_update().filter(pk=import_.pk, state=State.READING).first()
        if locked is None:
            return Done(words)
        if unread is not None:
            Import.objects.filter(pk=locked.pk).update(**_not_read(message))
        else:
            _finish(operation, locked)
    return Done(message or words)


def _finish(operation: Operation, import_: Import) -> None:
    import_.state, import_.read_at, import_.message = State.READY, timezone.now(), ""
    import_.planned_count = import_.rows.filter(outcome=Outcome.NONE).count()
    import_.present_count = import_.rows.filter(outcome=Outcome.PRESENT).count()
    import_.plan = _plan(operation, import_)
    import_.save(update_fields=["state", "read_at", "message", "planned_count", "present_count", "plan"])


def _plan(operation: Operation, import_: Import) -> dict[str, Any]:
    came = list(operation.parts.values_list("came", flat=True))
    total = {name: sum(part.get(name, 0) for part in came) for name in ("repeated", "left_out", "signed", "unreadable")}
    ends = [part["first_end"] for part in came if part.get("first_end")]
    return {
        "items": import_.rows.count(),
        "present": import_.present_count,
        **total,
        "first_end": min(ends, default=""),
        "warnings": _warnings(total),
        "notes": _notes(total),
    }


def _warnings(total: Mapping[str, int]) -> list[str]:
    warnings = []
    if count := total["left_out"]:
        have = "has" if count == 1 else "have"
        warnings.append(f"{plural(count, 'row')} of Avala’s list {have} no usable id and can’t be sent.")
    if total["unreadable"]:
        warnings.append(UNREADABLE)
    return warnings


def _notes(total: Mapping[str, int]) -> list[str]:
    if not (count := total["repeated"]):
        return []
    return [
        f"{plural(count, 'row')} of the slice’s list {'repeats' if count == 1 else 'repeat'} an item of another row. "
        "Each item is sent once."
    ]


def _words(error: UpstreamError) -> str:
    if isinstance(error, NotFound) and error.vendor == "avala":
        return GONE
    return show_controls(error.lasting_message)
