"""The job that checks the whole chain of the audit."""

from typing import Any

from django.urls import reverse

from accounts.models import Person
from console.audit import chain_check, signals
from console.jobs import handlers, selectors, services
from console.jobs.handlers import Done, Result
from console.jobs.models import Operation
from console.jobs.queues import Queue

KIND = "audit.check"
SUBJECT = "chain"


def register() -> None:
    handlers.register(
        KIND,
        check,
        title="Check every entry of the audit",
        on_abandon=_give_up,
        queue=Queue.BULK,
        is_long=True,
        address=_address,
    )
    handlers.every_minute(resume)
    signals.check_wanted.connect(_enqueue, dispatch_uid="jobs.chain_check")


def check(operation: Operation) -> Result:
    """Every row, from the first on. A worker that takes it over starts again."""
    verdict = chain_check.run(lambda: operation.renew(services.lease()))
    if verdict is None:
        return Done("It was stopped.")
    return Done(verdict.problem or f"All {verdict.rows:,} entries are as they were written.")


def resume() -> None:
    """A check that was started without a job for it, because a process was killed in between, gets one."""
    run = chain_check.current()
    if run is not None and run.is_active and not selectors.is_unfinished(kind=KIND, subject=SUBJECT):
        services.enqueue(kind=KIND, subject=SUBJECT, person=None)


def _address(operation: Operation) -> str:
    return reverse("audit:check")


def _enqueue(sender: Any, person: Person, **more: Any) -> None:
    services.enqueue(kind=KIND, subject=SUBJECT, person=person)


def _give_up(operation: Operation, message: str) -> None:
    chain_check.give_up(message)
