"""Finding out by reading what became of acts nobody knows the end of.

An app registers one function for each action it can look up:

    settling.register("slice.create", find_slice)      # find_slice(entry) -> ("done", {"thing_id": "northwind/rain"})

Such a function only reads. "done" is believed at once; "not done" only after three reads over a minute, because a
vendor's list may lag behind; "unsure" is left to a person, who closes the entry with a note.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from console.audit import record
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry
from console.audit.rows import Outcome

log = logging.getLogger(__name__)

Finding = Literal["done", "not done", "unsure"]
Settler = Callable[[Entry], tuple[Finding, dict[str, Any]]]

LOOKS = 3
REMEMBERED = 24 * 60 * 60

_settlers: dict[str, Settler] = {}


@dataclass(frozen=True)
class Look:
    """What one look found. `looks` counts the reads so far that found nothing."""

    entry: Entry
    finding: Finding
    looks: int = 0
    settled: bool = False


def register(action: str, settler: Settler) -> None:
    _settlers[action] = settler


def can_look(entry: Entry) -> bool:
    return entry.action in _settlers


def look(entry: Entry) -> Look:
    """Reads once, and settles the entry if that is enough."""
    finding, detail = _ask(entry)
    if finding == "done":
        return Look(entry, finding, settled=_settle(entry, DONE, detail))
    if finding == "unsure":
        cache.delete(_name(entry))
        return Look(entry, finding)
    looks = _remember(entry)
    enough = len(looks) >= LOOKS and looks[-1] - looks[0] >= span()
    return Look(entry, finding, len(looks), enough and _settle(entry, FAILED, detail))


def settle_all(*, once: bool = False, pause: Callable[[float], object] = time.sleep) -> list[Look]:
    """Looks up all that is open or unknown, and again until "not done" is sure; what stays open becomes unknown.

    With `once` nobody waits: the looks are remembered, and a later run or a press on "Check now" goes on from them.
    """
    last: dict[Any, Look] = {}
    waiting: Iterable[Entry] = list(record.open_or_unknown())
    for turn in range(LOOKS + 1):
        found = [look(entry) for entry in waiting if can_look(entry)]
        last |= {one.entry.pk: one for one in found}
        waiting = [one.entry for one in found if one.finding == "not done" and not one.settled]
        if not waiting or once or turn == LOOKS:
            break
        pause(span() / (LOOKS - 1))
    _mark_unknown()
    return list(last.values())


def span() -> float:
    """Over how many seconds the reads behind a "not done" are spread."""
    return float(settings.AUDIT_SETTLE_SPAN)


def _ask(entry: Entry) -> tuple[Finding, dict[str, Any]]:
    try:
        return _settlers[entry.action](entry)
    except Exception as error:  # Any app's reading may fail in its own way; the other entries must still be looked up.
        log.warning("Could not look up %s %s: %s", entry.action, entry.pk, error)
        return "unsure", {}


def _settle(entry: Entry, outcome: Outcome, detail: dict[str, Any]) -> bool:
    cut_off = entry.outcome == OPEN or entry.result.get("cut_off")
    said = {**detail, "found": "after a restart" if cut_off else "by looking"}
    try:
        record.settle(
            entry, outcome, said, thing_id=detail.get("thing_id", ""), thing_name=detail.get("thing_name", "")
        )
    except record.AlreadySettled:
        return True
    cache.delete(_name(entry))
    return True


def _mark_unknown() -> None:
    """An open entry older than the grace was cut off: from now on its row says that nobody knows."""
    for entry in record.open_or_unknown().standing(OPEN):
        try:
            record.settle(entry, UNKNOWN, {"error": "The console stopped before an answer came.", "cut_off": True})
        except record.AlreadySettled as meanwhile:
            log.info("Settled meanwhile: %s", meanwhile.entry.pk)


def _remember(entry: Entry) -> list[float]:
    """When this entry was looked for and not found. In the cache: were it lost, only another minute passes."""
    looks = [*cache.get(_name(entry), []), timezone.now().timestamp()]
    cache.set(_name(entry), looks, REMEMBERED)
    return looks


def _name(entry: Entry) -> str:
    return f"audit-looks-{entry.pk}"
