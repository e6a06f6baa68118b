"""A long audit with a valid chain, written in bulk: for tests of what must not grow with it, and for the benchmark."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Person
from console.audit import chain, line_index, sanitize
from console.audit.models import DONE, FAILED, OPEN, ChainHead, Entry

AT_ONCE = 2_000
# A million rows end before today.
ORIGIN = timezone.now() - timedelta(days=70)
# A few rows at the beginning that have a word of their own.
EARLY = range(20, 60)
ACTIONS = ("export.create", "export.download", "slice.create", "order.save", "batch.rename", "session.sign_in")


def fill(count: int, people: list[Person]) -> None:
    """So many rows more: acts with their outcomes, and sign-ins. One in ten failed; none is open."""
    head = ChainHead.objects.get_or_create(pk=1)[0]
    began = head.sequence
    rows: list[Entry] = []
    for row in _rows(began, count, people):
        row.sequence, row.previous = head.sequence + 1, head.digest
        row.digest = chain.digest(row)
        head.sequence, head.digest = row.sequence, row.digest
        head.note(row.at)
        rows.append(row)
        if len(rows) == AT_ONCE or head.sequence == began + count:
            Entry.objects.bulk_create(rows)
            rows.clear()
    head.save()
    chain.publish(head.sequence, head.digest)
    line_index.rebuild()


def _rows(began: int, count: int, people: list[Person]) -> Iterator[Entry]:
    """Each second row ends the one before, but for every sixth pair, which are two sign-ins."""
    opening: Entry | None = None
    for number in range(began, began + count):
        at = ORIGIN + number * timedelta(seconds=5)
        if opening is not None:
            outcome = FAILED if number % 20 < 2 else DONE
            yield _row(number, at, opening.action, Entry.Kind.OUTCOME, outcome, people, opens=opening)
            opening = None
            continue
        action = ACTIONS[number // 2 % len(ACTIONS)]
        is_act = action.partition(".")[0] != "session" and number + 1 < began + count
        row = _row(number, at, action, *((Entry.Kind.OPENING, OPEN) if is_act else (Entry.Kind.EVENT, DONE)), people)
        opening = row if is_act else None
        yield row


def _row(number: int, at: datetime, action: str, kind: Any, outcome: str, people: list[Person], **said: Any) -> Entry:
    person = people[number // 12 % len(people)]
    name = f"Yard {number // 2 % 997} of the {'lighthouse' if number in EARLY else 'harbour'}"
    row = Entry(
        id=uuid.UUID(int=number + (1 << 100)),
        kind=kind,
        actor=person,
        actor_name=person.name,
        actor_email=person.email,
        action=action,
        thing_kind=action.partition(".")[0],
        thing_id=f"thing-{number // 2 % 50_000}",
        thing_name=name,
        at=at,
        recorded_outcome=outcome,
        detail={"items": number % 5_000},
        **said,
    )
    row.words = sanitize.search_words(row)
    return row
