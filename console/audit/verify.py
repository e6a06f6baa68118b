"""Reads the whole chain once, in constant memory, and names the first row that is not as it was written."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from console.audit import chain, line_index
from console.audit.models import AnchorGap, ChainCheck, ChainHead, Entry

AT_ONCE = 1_000
# Seconds from a row's commit to its line in the file, with much to spare.
PUBLISHED_WITHIN = 1.0


@dataclass(frozen=True)
class ChainVerdict:
    """`problem` is empty when every row is as it was written."""

    rows: int
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.problem


class CheckStopped(Exception):
    """A person stopped the check; no problem was found so far."""


def check(goes_on: Callable[[int], bool] = lambda rows: True) -> ChainVerdict:
    """Checks every row, the head and the published links, and remembers the verdict for the auditors' banner.

    The states of lines, stored beside the chain, are corrected where the chain differs.
    `goes_on` is called now and then with the number of rows checked; when it returns False, CheckStopped is raised.
    """
    # Read first what must be contained: rows written while the check runs can then only add to it.
    head = ChainHead.objects.filter(pk=1).first() or ChainHead()
    verdict = _rows(goes_on)
    if verdict.is_whole:
        verdict = ChainVerdict(verdict.rows, _cut_tail(head, verdict.rows) or _published(head.sequence))
    ChainCheck.objects.update_or_create(
        pk=1, defaults={"at": timezone.now(), "rows": verdict.rows, "problem": verdict.problem}
    )
    return verdict


def newest_are_whole(count: int = 50) -> ChainVerdict:
    """The cheap check that every visit of an auditor can afford: the newest rows and the newest published link."""
    newest = list(Entry.objects.order_by("-sequence")[: count + 1])[::-1]
    before = newest[0] if len(newest) > count else None
    rows = _chained(iter(newest[1:] if before else newest), before)
    problem = next(rows, "")
    total = newest[-1].sequence if newest else 0
    head = ChainHead.objects.filter(pk=1).first() or ChainHead()
    return ChainVerdict(total, problem or _cut_tail(head, total) or _compare_newest())


def _compare_newest() -> str:
    try:
        return _compare(_newest_published())
    except OSError:
        return ""  # `anchor_problem` reports it


def anchor_problem() -> str:
    """What is wrong with the anchor file now, as one sentence, or ""."""
    head = ChainHead.objects.filter(pk=1).first() or ChainHead()
    gap = AnchorGap.objects.filter(last=head.sequence).first()
    if gap:
        return f"The chain head could not be written to the anchor file since {_utc(gap.since)}: {gap.error}."
    try:
        newest = max((sequence for sequence, _ in _newest_published()), default=0)
    except OSError as error:
        return f"The anchor file can't be read: {error.strerror}."
    first = Entry.objects.filter(sequence=newest + 1).first() if Path(settings.AUDIT_ANCHOR).is_file() else None
    if first and first.at < timezone.now() - timedelta(seconds=PUBLISHED_WITHIN):
        return f"The chain head was not written to the anchor file since {_utc(first.at)}."
    return ""


def anchor_gaps(most: int = 5) -> list[str]:
    """A sentence for each gap in the anchor file, newest first. They stay after the file can be written to again."""
    return [
        f"The anchor file has no line for {_rows_in_words(gap)}, written from {_utc(gap.since)} on: {gap.error}."
        for gap in AnchorGap.objects.order_by("-last")[:most]
    ]


def last_check() -> ChainCheck | None:
    return ChainCheck.objects.filter(pk=1).first()


def _rows(goes_on: Callable[[int], bool]) -> ChainVerdict:
    """The first row in sequence that does not follow from the one before."""
    before: Entry | None = None
    count = 0
    while rows := list(
        Entry.objects.filter(sequence__gt=before.sequence if before else 0).order_by("sequence")[:AT_ONCE]
    ):
        if problem := next(_chained(iter(rows), before), ""):
            return ChainVerdict(count, problem)
        count, before = count + len(rows), rows[-1]
        line_index.check_states(rows[0].sequence, rows[-1].sequence)
        if not goes_on(count):
            raise CheckStopped
    return ChainVerdict(count)


def _chained(rows: Iterator[Entry], before: Entry | None) -> Iterator[str]:
    """A sentence for each row that is missing, changed or not ours."""
    sequence, digest = (before.sequence, before.digest) if before else (0, chain.START)
    for row in rows:
        if row.sequence != sequence + 1:
            yield f"Row {sequence + 1} is missing: the next one found is {row.sequence} ({_named(row)})."
        elif row.digest != chain.digest(row):
            yield f"Row {row.sequence} was changed after it was written ({_named(row)})."
        elif row.previous != digest:
            yield f"Row {row.sequence} does not follow the row before it ({_named(row)})."
        sequence, digest = row.sequence, row.digest


def _cut_tail(head: ChainHead, last: int) -> str:
    if head.sequence <= last:
        return ""
    return f"Row {last + 1} is missing: {head.sequence} rows were written, {last} are there."


def _published(rows: int) -> str:
    """Compares every published link with its row. A file that is missing or lags behind is reported."""
    if rows and not Path(settings.AUDIT_ANCHOR).exists():
        return f"The file of published links is missing ({settings.AUDIT_ANCHOR}): a cut tail would not show."
    try:
        return _published_links(rows)
    except OSError as error:
        return f"The file of published links can't be read ({settings.AUDIT_ANCHOR}): {error.strerror}."


def _published_links(rows: int) -> str:
    links, runs = chain.published(), _Runs()
    while some := list(islice(links, AT_ONCE)):
        if problem := _compare(some):
            return problem
        for sequence, _ in some:
            runs.add(sequence)
    _remember(runs.holes())
    return _lag(rows, runs.last)


class _Runs:
    """The numbers that were met, as runs without a hole: one run where the file is complete."""

    def __init__(self) -> None:
        self._runs: list[list[int]] = []

    @property
    def last(self) -> int:
        return max((end for _, end in self._runs), default=0)

    def add(self, number: int) -> None:
        if self._runs and number == self._runs[-1][1] + 1:
            self._runs[-1][1] = number
        else:
            self._runs.append([number, number])

    def holes(self) -> Iterator[tuple[int, int]]:
        """First and last number of each hole between the runs."""
        end = 0
        for start, stop in sorted(self._runs):
            if end and start > end + 1:
                yield end + 1, start - 1
            end = max(end, stop)


def _remember(holes: Iterator[tuple[int, int]]) -> None:
    """Gaps that were not recorded, as after a kill between a commit and its line. A line can be a little late."""
    for first, last in islice(holes, 100):
        row = Entry.objects.filter(sequence=first).first()
        on_its_way = row is not None and row.at > timezone.now() - timedelta(seconds=PUBLISHED_WITHIN)
        if row and not on_its_way and not AnchorGap.objects.filter(first__lte=last, last__gte=first).exists():
            AnchorGap.objects.create(first=first, last=last, since=row.at, error="missing when the file was checked")


def _lag(rows: int, newest: int) -> str:
    """What was committed just now can still be on its way into the file, so a gap counts only if it stays."""
    if newest < rows:
        time.sleep(PUBLISHED_WITHIN)
        newest = max((sequence for sequence, _ in _newest_published()), default=newest)
    if newest >= rows:
        return ""
    return f"The rows from {newest + 1} on were not published ({settings.AUDIT_ANCHOR}): a cut tail would not show."


def _compare(links: list[tuple[int, str]]) -> str:
    there = dict(Entry.objects.filter(sequence__in=[one for one, _ in links]).values_list("sequence", "digest"))
    for sequence, digest in sorted(links):
        if sequence not in there:
            return f"Row {sequence} is missing: it was published, and is no longer there."
        if there[sequence] != digest:
            return f"Row {sequence} is not the one that was published under its number."
    return ""


def _newest_published(reach: int = 4096) -> list[tuple[int, str]]:
    """Every link whose line lies within the last `reach` bytes of the anchor file, which can grow meanwhile."""
    path = Path(settings.AUDIT_ANCHOR)
    if not path.is_file():
        return []
    with path.open("rb") as file:
        start = max(0, os.fstat(file.fileno()).st_size - reach)
        # From the byte before on: if that ends a line, the first line is complete; else it is cut and passed over.
        file.seek(max(0, start - 1))
        text = file.read(reach + 1)
    complete = text.partition(b"\n")[2] if start else text
    return [link for line in complete.decode("ascii", "replace").splitlines() if (link := chain.read_link(line))]


def _named(row: Entry) -> str:
    return f"{row.action} of {row.at:%Y-%m-%d %H:%M:%S} UTC, id {row.id}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _rows_in_words(gap: AnchorGap) -> str:
    return f"row {gap.first}" if gap.first == gap.last else f"rows {gap.first} to {gap.last}"
