"""The check of the whole chain as work in the background: started and stopped on a page, with its progress."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from console.audit import signals, verify
from console.audit.models import ChainCheckRun, ChainHead, Entry

State = ChainCheckRun.State
ACTIVE = (State.WAITING, State.RUNNING)


def current() -> ChainCheckRun | None:
    """The check that was started last."""
    return ChainCheckRun.objects.filter(pk=1).first()


def start(person: Any) -> None:
    """Has every row checked, unless that is under way already."""
    run = current()
    if run is None or not run.is_active:
        ChainCheckRun.objects.update_or_create(
            pk=1,
            defaults={
                "state": State.WAITING,
                "started_by": str(person),
                "started_at": timezone.now(),
                "rows": 0,
                "total": _total(),
                "words": "",
            },
        )
    signals.check_wanted.send(ChainCheckRun, person=person)


def stop() -> bool:
    """Whether there was a check to stop. It ends before the next rows are read."""
    return _end(State.STOPPED, "") > 0


def give_up(reason: str) -> None:
    """Ends the run that has no worker any more."""
    _end(State.STOPPED, reason)


def run(is_wanted: Callable[[], bool]) -> verify.ChainVerdict | None:
    """Checks everything and returns the verdict; None where somebody stopped it.

    `is_wanted` is asked after each stretch of rows.
    """
    if not _active().update(state=State.RUNNING, rows=0, total=_total()):
        return None
    try:
        verdict = verify.check(lambda rows: is_wanted() and _active().update(rows=rows) == 1)
    except verify.CheckStopped:
        return None
    _end(State.FINISHED, "")
    return verdict


def _total() -> int:
    head = ChainHead.objects.filter(pk=1).first()
    return head.sequence if head else Entry.objects.count()


def _active() -> Any:
    return ChainCheckRun.objects.filter(pk=1, state__in=ACTIVE)


def _end(state: str, reason: str) -> int:
    return int(_active().update(state=state, words=reason[:300]))
