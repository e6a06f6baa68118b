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
from console.items.imports import services
from console.items.imports.services import ROLE_CHANGED, NewRow, NotStarted
from console.items.imports.slice_rows import SlicePlanRow, SliceTarget, read_rows
from console.items.models import Import, ImportRow
from console.items.runs import plan_reading
from console.jobs import parts
from console.jobs import services as jobs
from console.jobs.handlers import Done, Result
from console.jobs.models import Operation, Part
from console.jobs.parts import Busy, Halt, PartDone, PartResult
from console.upstream.errors import NotFound, RateLimited, UpstreamError
from console.upstream.response_models import Slice

State, Outcome = Import.State, ImportRow.Outcome
PAGE = 100
MOST_ITEMS = 50_000
WAITS_FOR = timedelta(minutes=10)
"""So long a vendor that asks to wait, or doesn't answer, is asked again for the same page."""

BUILDING = "Avala is still building this slice. Send it once it is ready."
FAILED = "Avala could not build this slice, so it has no items to send."
EMPTY = "This slice has no items, so there is nothing to send."
NO_SLICE = "Avala has no such slice, or doesn’t show it to your key."
TOO_MANY = f"This slice holds more than {MOST_ITEMS:,} items, and no more than that can be sent to a batch at once."
ENDLESS_SLICE = "Avala’s list of the items doesn’t come to an end, so the slice could not be read."
ENDLESS_BATCH = "CloudFactory’s list of the batch doesn’t come to an end, so nobody can tell which items it holds."
UNREADABLE = "CloudFactory’s list of the batch has rows without a usable id, so some items may be there already."


def register() -> None:
    plan_reading.register(Import, read_plan, title="Read a slice for new work items")


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
        import_run = services.create_import(
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
        if (import_run.source_key, import_run.batch_id) != (f"{owner}/{slug}", batch_id):
            raise NotStarted(services.FORM_TAKEN)
        if import_run.state == State.READING:
            plan_reading.enqueue(import_run, about=import_run.source_name)
    return import_run


def read_again(*, user: Person, import_run: Import) -> bool:
    """Has the slice and the batch read once more; False where it was started, or is being read."""
    with transaction.atomic():
        own = Import.objects.filter(pk=import_run.pk, person=user, source=Import.Source.SLICE)
        unread: dict[str, Any] = {
            "state": State.READING,
            "message": "",
            "read_at": None,
            "planned_count": 0,
            "plan": {},
        }
        is_taken = own.filter(state__in=(State.READY, State.NOT_READ)).update(**unread) == 1
        if is_taken:
            import_run.rows.all().delete()
            plan_reading.enqueue(import_run, about=import_run.source_name)
    import_run.refresh_from_db()
    return is_taken


def stop(*, user: Person, import_run: Import) -> bool:
    """The page in hand is finished, and then nothing more is read; False where nothing is being read."""
    is_own = Import.objects.filter(pk=import_run.pk, person=user, state=State.READING).exists()
    return is_own and jobs.ask_to_stop(kind=Import.PLAN_JOB, subject=str(import_run.pk))


def place_of(import_run: Import) -> SliceTarget:
    owner, _, slug = import_run.source_key.partition("/")
    return SliceTarget(import_run.project, import_run.batch_id or 0, owner, slug)


def why_not(slice_: Slice) -> str:
    """Why a slice can't be sent, "" where it can."""
    problems = {"pending": BUILDING, "failed": FAILED}
    return problems.get(slice_.status or "", EMPTY if slice_.item_count == 0 else "")


def read_plan(operation: Operation) -> Result:
    """Reads what is left of the slice and the batch; at the end the plan can be started, or says why not."""
    import_run = plan_reading.find_run(Import, operation)
    if import_run is None:
        return Done("Its plan was deleted, or has been read.")
    if not operation.parts.exists():
        parts.add(operation, [{"slice": "", "first": 1}])
    result = parts.run(operation, partial(_read_part, import_run), most=plan_reading.PARTS_A_TURN)
    if isinstance(result, Done) and result.message != parts.TAKEN_OVER:
        return plan_reading.end_reading(operation, import_run, result.message, finish=partial(_finish, operation))
    return result


def _read_part(import_run: Import, operation: Operation, part: Part) -> PartResult:
    reading = _SliceReading(import_run, operation, part)
    if not operation.person or not operation.person.can(Right.CHANGE):
        return Halt(ROLE_CHANGED)
    try:
        return reading.read_slice() if "slice" in part.payload else reading.read_batch()
    except UpstreamError as error:
        return reading.wait(error) if isinstance(error, RateLimited) or error.is_silence else Halt(_words(error))
    except ConnectionMissing as error:
        return Halt(error.message)


class _SliceReading:
    """One page of the slice or of the batch."""

    def __init__(self, import_run: Import, operation: Operation, part: Part) -> None:
        self.import_run, self.operation, self.part = import_run, operation, part
        self.place = place_of(import_run)

    def read_slice(self) -> PartResult:
        avala, owner, slug = connections.avala(self.import_run.person), self.place.owner, self.place.slug
        cursor, first = str(self.part.payload["slice"]), int(self.part.payload["first"])
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
        platform = connections.cloudfactory(self.import_run.person)
        cursor = str(self.part.payload["batch"])
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
        Import.objects.filter(pk=self.import_run.pk, state=State.READING).update(message=error.lasting_message[:500])
        return Busy(error.retry_in or plan_reading.WAIT, error.lasting_message)

    def _without_known(self, listed: list[SlicePlanRow]) -> list[SlicePlanRow]:
        """Each item once, however often the slice lists it."""
        unique = {one.row.console_id: one for one in reversed(listed)}
        present = self.import_run.rows.filter(console_id__in=unique).values_list("console_id", flat=True)
        for console_id in present:
            del unique[console_id]
        return sorted(unique.values(), key=lambda one: one.row.number)

    def _store(self, rows: list[NewRow], following: Mapping[str, Any]) -> None:
        services.add_rows(self.import_run, rows)
        self._go_on(following)

    def _mark_present(self, items: Mapping[uuid.UUID, str], following: Mapping[str, Any]) -> None:
        there = list(self.import_run.rows.filter(console_id__in=items, outcome__in=(Outcome.NONE, Outcome.INVALID)))
        for row in there:
            row.outcome, row.item, row.errors = Outcome.PRESENT, read_uuid(items[row.console_id]), []
        ImportRow.objects.bulk_update(there, ["outcome", "item", "errors"])
        has_open = self.import_run.rows.filter(outcome=Outcome.NONE).exists()
        self._go_on(following if has_open else {})

    def _go_on(self, following: Mapping[str, Any]) -> None:
        Import.objects.filter(pk=self.import_run.pk).exclude(message="").update(message="")
        if following:
            parts.add(self.operation, [following])

    def _came_before(self, which: str, cursor: str | None) -> bool:
        if cursor is None:
            return False
        before = self.operation.parts.filter(payload__has_key=which)
        return before.count() > plan_reading.MOST_PAGES or before.filter(**{f"payload__{which}": cursor}).exists()


def _signed(rows: list[SlicePlanRow]) -> dict[str, Any]:
    """How many links carry a signature, and when the first of them ends, as far as they say."""
    signed = [one.signed for one in rows if one.signed is not None]
    ends = [one.expires_at for one in signed if one.expires_at is not None]
    return {"signed": len(signed), "first_end": min(ends).isoformat() if ends else ""}


def _finish(operation: Operation, import_run: Import) -> None:
    import_run.state, import_run.read_at, import_run.message = State.READY, timezone.now(), ""
    import_run.planned_count = import_run.rows.filter(outcome=Outcome.NONE).count()
    import_run.present_count = import_run.rows.filter(outcome=Outcome.PRESENT).count()
    import_run.plan = _plan(operation, import_run)
    import_run.save(update_fields=["state", "read_at", "message", "planned_count", "present_count", "plan"])


def _plan(operation: Operation, import_run: Import) -> dict[str, Any]:
    came = list(operation.parts.values_list("result", flat=True))
    total = {name: sum(part.get(name, 0) for part in came) for name in ("repeated", "left_out", "signed", "unreadable")}
    ends = [part["first_end"] for part in came if part.get("first_end")]
    return {
        "items": import_run.rows.count(),
        "present": import_run.present_count,
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
        return NO_SLICE
    return show_controls(error.lasting_message)
