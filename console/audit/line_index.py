"""What lists ask instead of reading the whole chain. Written in the transaction of each row, made anew by `rebuild`."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from console.audit import search
from console.audit.models import DONE, ChainHead, ClockStep, Entry, LineState, SearchText

AT_ONCE = 5_000


def add(entry: Entry) -> None:
    """Notes how the line stands after this row of it, and the row's words."""
    line = entry.opens or entry
    _note_state(line, entry.recorded_outcome)
    rows = [line, *line.outcomes.order_by("sequence")] if entry.opens else [line]
    words = search.document(row.words for row in rows)
    # The key is the entry's place in the chain, not its id, which the types do not know.
    SearchText.objects.update_or_create(pk=line.sequence, defaults={"words": words})  # type: ignore[misc]


def _note_state(line: Entry, outcome: str) -> None:
    if outcome == DONE:
        LineState.objects.filter(pk=line.pk).delete()
    else:
        LineState.objects.update_or_create(pk=line.pk, defaults={"outcome": outcome, "sequence": line.sequence})


def rebuild() -> None:
    """Makes everything anew from the chain, some thousand rows at a time, while people work."""
    in_steps(moments)
    in_steps(states)
    in_steps(texts)


def in_steps(fill: Callable[[int, int], None]) -> None:
    """Calls `fill` for each stretch of the chain, while nobody else adds to it. No stretch holds the lock for long."""
    newest = Entry.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    for first in range(1, newest + 1, AT_ONCE):
        with transaction.atomic():
            ChainHead.objects.select_for_update().filter(pk=1).values_list("pk").first()
            fill(first, first + AT_ONCE - 1)


def moments(first: int, last: int) -> None:
    """Whether the moments of this stretch of the chain rise, after those of all stretches before it."""
    head = ChainHead.objects.only("latest").get(pk=1)
    if first == 1:
        head.latest = None
        ClockStep.objects.all().delete()
    rows = Entry.objects.filter(sequence__range=(first, last)).order_by("sequence")
    for sequence, moment in rows.values_list("sequence", "at"):
        if not head.note(moment):
            ClockStep.objects.get_or_create(pk=1, defaults={"sequence": sequence})
    head.save(update_fields=["latest"])


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


def texts(first: int, last: int) -> None:
    """The words of the lines that were begun in this stretch of the chain, and of their outcomes."""
    lines = Entry.objects.filter(~Q(kind=Entry.Kind.OUTCOME), sequence__range=(first, last))
    outcomes = Entry.objects.filter(opens__in=lines).order_by("sequence").values_list("opens__sequence", "words")
    found = {sequence: [words] for sequence, words in lines.values_list("sequence", "words")}
    for sequence, words in outcomes:
        found[sequence].append(words)
    SearchText.objects.filter(pk__gte=first, pk__lte=last).delete()
    SearchText.objects.bulk_create(
        SearchText(pk=sequence, words=search.document(words)) for sequence, words in sorted(found.items())
    )
