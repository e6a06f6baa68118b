"""What lists ask instead of reading the whole chain. Written in the transaction of each row, restored by `rebuild`."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from console.audit import groups, search
from console.audit.models import DONE, ChainHead, ClockStep, Entry, GroupLine, LineState, SearchText

AT_ONCE = 5_000


def add(entry: Entry) -> None:
    """Notes how the line stands after this row of it, and the row's words."""
    line = entry.opens or entry
    _note_state(line, entry.recorded_outcome)
    outcomes = list(line.outcomes.order_by("sequence")) if entry.opens else []
    place = groups.add(line.group, entry, line, outcomes).sequence if line.group else line.sequence
    if line is entry:
        groups.note_items(line, place)
    if line.group:
        _add_words(place, entry.words)
    else:
        _save_words(place, search.document(row.words for row in (line, *outcomes)))


def _add_words(place: int, text: str) -> None:
    """The words of a part that no other part of its act has, so that the parts of a long act cost little."""
    words_so_far = SearchText.objects.filter(entry__sequence=place).values_list("words", flat=True).first() or ""
    if words := search.added(words_so_far, text):
        _save_words(place, words)


def _save_words(place: int, words: str) -> None:
    # The key is the entry's place in the chain, not its id, which the types do not know.
    SearchText.objects.update_or_create(pk=place, defaults={"words": words})  # type: ignore[misc]


def _note_state(line: Entry, outcome: str) -> None:
    if outcome == DONE:
        LineState.objects.filter(pk=line.pk).delete()
    else:
        LineState.objects.update_or_create(pk=line.pk, defaults={"outcome": outcome, "sequence": line.sequence})


def rebuild() -> None:
    """Rebuilds everything from the chain, some thousand rows at a time, while people work."""
    moments()
    in_steps(states)
    in_steps(groups.rebuild)
    in_steps(texts)


def in_steps(fill: Callable[[int, int], None]) -> None:
    """Calls `fill` for each stretch of the chain, with the chain locked. No stretch holds the lock for long."""
    newest = Entry.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    for first in range(1, newest + 1, AT_ONCE):
        with _locked():
            fill(first, first + AT_ONCE - 1)


def moments() -> None:
    """Whether the moments of the rows rise with the chain. What was known counts until every row was read."""
    head, step = ChainHead(), 0

    def read_on() -> None:
        nonlocal step
        rows = Entry.objects.order_by("sequence").values_list("sequence", "at")
        while some := list(rows.filter(sequence__gt=head.sequence)[:AT_ONCE]):
            for head.sequence, moment in some:
                if not head.note(moment):
                    step = step or head.sequence

    read_on()
    with _locked():
        read_on()
        ChainHead.objects.filter(pk=1).update(latest=head.latest)
        ClockStep.objects.all().delete()
        if step:
            ClockStep.objects.create(pk=1, sequence=step)


def states(first: int, last: int) -> None:
    """How the lines stand that were begun in this stretch of the chain."""
    right = _right_states(first, last)
    _recorded_states(first, last).delete()
    LineState.objects.bulk_create(LineState(pk=pk, outcome=outcome, sequence=place) for pk, outcome, place in right)


def check_states(first: int, last: int) -> None:
    """Corrects the states of the lines of this stretch that differ from the chain. Locks the chain only then."""
    if _right_states(first, last) != set(_recorded_states(first, last).values_list("pk", "outcome", "sequence")):
        with _locked():
            states(first, last)
    if not groups.is_right(first, last):
        with _locked():
            groups.rebuild(first, last)


def _right_states(first: int, last: int) -> set[tuple[uuid.UUID, str, int]]:
    newest = Entry.objects.filter(opens=OuterRef("pk")).order_by("-sequence").values("recorded_outcome")[:1]
    lines = Entry.objects.filter(~Q(kind=Entry.Kind.OUTCOME), sequence__range=(first, last))
    now = lines.annotate(now=Coalesce(Subquery(newest), "recorded_outcome")).exclude(now=DONE)
    return set(now.values_list("pk", "now", "sequence"))


def _recorded_states(first: int, last: int) -> QuerySet[LineState]:
    """Also those that name another place than their entry has."""
    rows = Entry.objects.filter(sequence__range=(first, last)).values("pk")
    return LineState.objects.filter(Q(sequence__range=(first, last)) | Q(pk__in=rows))


@contextmanager
def _locked() -> Iterator[None]:
    """Holds the lock of the chain, so that no row is added."""
    with transaction.atomic():
        ChainHead.objects.select_for_update().filter(pk=1).values_list("pk").first()
        yield


def texts(first: int, last: int) -> None:
    """The words of the lines that were begun in this stretch of the chain, and of their outcomes."""
    lines = Entry.objects.filter(~Q(kind=Entry.Kind.OUTCOME), sequence__range=(first, last), group__isnull=True)
    outcomes = Entry.objects.filter(opens__in=lines).order_by("sequence").values_list("opens__sequence", "words")
    words_of = {sequence: [words] for sequence, words in lines.values_list("sequence", "words")}
    for sequence, words in outcomes:
        words_of[sequence].append(words)
    documents = {sequence: search.document(words) for sequence, words in words_of.items()} | _of_groups(first, last)
    SearchText.objects.filter(pk__gte=first, pk__lte=last).delete()
    SearchText.objects.bulk_create(SearchText(pk=place, words=words) for place, words in sorted(documents.items()))


def _of_groups(first: int, last: int) -> dict[int, str]:
    """The words of all parts of each act, for the place of its first."""
    places = dict(GroupLine.objects.filter(sequence__range=(first, last)).values_list("group", "sequence"))
    documents: dict[int, str] = {}
    rows = Entry.objects.filter(group__in=places).order_by("sequence").values_list("group", "words")
    for group, words in rows:
        if group is not None:
            place = places[group]
            documents[place] = search.added(documents.get(place, ""), words) or documents[place]
    return documents
