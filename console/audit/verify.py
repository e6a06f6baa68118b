"""Reads the whole chain once, in constant memory, and names the first row that is not as it was written."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from console.audit import chain
from console.audit.models import ChainCheck, ChainHead, Entry

AT_ONCE = 500
# Seconds from a row's commit to its line in the file, with much to spare.
PUBLISHED_WITHIN = 1.0


@dataclass(frozen=True)
class Verdict:
    """`problem` is empty when every row is as it was written."""

    rows: int
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.problem


def check() -> Verdict:
    """Checks every row, the head and the published links, and remembers the verdict for the auditors' banner."""
    # Read first what must be contained: rows written while the check runs can then only add to it.
    head = ChainHead.objects.filter(pk=1).first() or ChainHead()
    verdict = _rows()
    if verdict.is_whole:
        verdict = Verdict(verdict.rows, _cut_tail(head, verdict.rows) or _published(head.sequence))
    ChainCheck.objects.update_or_create(
        pk=1, defaults={"at": timezone.now(), "rows": verdict.rows, "problem": verdict.problem}
    )
    return verdict


def newest_are_whole(count: int = 50) -> Verdict:
    """The cheap check that every visit of an auditor can afford: the newest rows and the newest published link."""
    newest = list(Entry.objects.order_by("-sequence")[: count + 1])[::-1]
    before = newest[0] if len(newest) > count else None
    rows = _chained(iter(newest[1:] if before else newest), before)
    problem = next(rows, "")
    total = newest[-1].sequence if newest else 0
    head = ChainHead.objects.filter(pk=1).first() or ChainHead()
    return Verdict(total, problem or _cut_tail(head, total) or _compare(_newest_published()))


def last_check() -> ChainCheck | None:
    return ChainCheck.objects.filter(pk=1).first()


def _rows() -> Verdict:
    """The first row in sequence that does not follow from the one before."""
    counted = _Counted(Entry.objects.order_by("sequence").iterator(chunk_size=AT_ONCE))
    problem = next(_chained(counted, None), "")
    return Verdict(counted.seen, problem)


class _Counted:
    def __init__(self, rows: Iterator[Entry]) -> None:
        self._rows, self.seen = rows, 0

    def __iter__(self) -> Iterator[Entry]:
        for row in self._rows:
            self.seen += 1
            yield row


def _chained(rows: "Iterator[Entry] | _Counted", before: Entry | None) -> Iterator[str]:
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
    """Compares every published link with its row. A file that is missing or lags behind proves nothing and is told."""
    if rows and not Path(settings.AUDIT_ANCHOR).exists():
        return f"The file of published links is missing ({settings.AUDIT_ANCHOR}): a cut tail would not show."
    links, newest = chain.published(), 0
    while some := list(islice(links, AT_ONCE)):
        if problem := _compare(some):
            return problem
        newest = max(newest, *(sequence for sequence, _ in some))
    return _lag(rows, newest)


def _lag(rows: int, newest: int) -> str:
    """What was committed a moment ago may still be on its way into the file, so a gap counts only if it stays."""
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
    path = Path(settings.AUDIT_ANCHOR)
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - reach))
        lines = file.read().decode("ascii", "replace").splitlines()[1:]
    return [link for line in lines if (link := chain.read_link(line))]


def _named(row: Entry) -> str:
    return f"{row.action} of {row.at:%Y-%m-%d %H:%M:%S} UTC, id {row.id}"
