"""What lists ask instead of reading the whole chain. Written in the transaction of each row, made anew by `rebuild`."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from console.audit.models import DONE, ChainHead, Entry, LineState

AT_ONCE = 5_000


def add(entry: Entry) -> None:
    """Notes how the line stands after this row of it."""
    line = entry.opens_id or entry.pk
    if entry.recorded_outcome == DONE:
        LineState.objects.filter(pk=line).delete()
    elif not LineState.objects.filter(pk=line).update(outcome=entry.recorded_outcome):
        sequence = entry.opens.sequence if entry.opens else entry.sequence
        LineState.objects.create(pk=line, outcome=entry.recorded_outcome, sequence=sequence)


def rebuild() -> None:
    """Makes everything anew from the chain, some thousand rows at a time, while people work."""
    in_steps(states)


def in_steps(fill: Callable[[int, int], None]) -> None:
    """Calls `fill` for each stretch of the chain, while nobody else adds to it. No stretch holds the lock for long."""
    newest = Entry.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    for first in range(1, newest + 1, AT_ONCE):
        with transaction.atomic():
            ChainHead.objects.select_for_update().filter(pk=1).first()
            fill(first, first + AT_ONCE - 1)


def states(first: int, last: int) -> None:
    """How the lines stand that were begun in this stretch of the chain."""
    newest = Entry.objects.filter(opens=OuterRef("pk")).order_by("-sequence").values("recorded_outcome")[:1]
    lines = Entry.objects.filter(~Q(kind=Entry.Kind.OUTCOME), sequence__range=(first, last))
    now = lines.annotate(now=Coalesce(Subquery(newest), "recorded_outcome")).exclude(now=DONE)
    LineState.objects.filter(sequence__range=(first, last)).delete()
    LineState.objects.bulk_create(
        LineState(pk=pk, outcome=outcome, sequence=sequence)
        for pk, outcome, sequence in now.values_list("pk", "now", "sequence")
    )
