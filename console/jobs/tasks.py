"""What huey calls, on either queue. The work itself, and how a failed job is tried again, is in `worker.py`.

`manage.py run_huey` finds this file by its name.
"""

import logging
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from django.conf import settings
from huey import crontab
from huey.contrib.djhuey import HUEY, close_db, db_periodic_task, db_task, on_startup
from huey.utils import load_class

from accounts import people
from console.common import database, write_behind
from console.jobs import process, worker
from console.jobs.queues import HUEYS, TASKS, Queue

P = ParamSpec("P")
log = logging.getLogger(__name__)


def _bulk_queue() -> Any:
    """Kept in the same place as the quick one, with messages of its own."""
    configured = settings.HUEY
    options = {name: configured[name] for name in ("immediate", "results", "serializer")}
    return load_class(configured["huey_class"])(f"{configured['name']}-bulk", **options, **configured["connection"])


BULK = _bulk_queue()
HUEYS.update({Queue.QUICK: HUEY, Queue.BULK: BULK})


def outlasts_outages(task: Callable[P, None]) -> Callable[P, None]:
    """A database that fails is one line in the log. What is due stays due in its row, and the next sweep finds it."""

    @wraps(task)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            task(*args, **kwargs)
        except database.FAILURES as error:
            if not database.is_failure(error):
                raise
            log.warning("The task %s waits, because the database fails: %s", task.__name__, error)

    return run


@db_task()  # type: ignore[untyped-decorator]
@outlasts_outages
def perform(pk: str) -> None:
    worker.perform(uuid.UUID(pk))


@BULK.task()  # type: ignore[untyped-decorator]
@close_db  # type: ignore[untyped-decorator]
@outlasts_outages
def perform_bulk(pk: str) -> None:
    worker.perform(uuid.UUID(pk))


TASKS.update({Queue.QUICK: perform, Queue.BULK: perform_bulk})


@db_periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
@outlasts_outages
def sweep() -> None:
    worker.sweep(Queue.QUICK)


@BULK.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
@close_db  # type: ignore[untyped-decorator]
@outlasts_outages
def sweep_bulk() -> None:
    worker.sweep(Queue.BULK)


@db_periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
@outlasts_outages
def write_notes_of_use() -> None:
    write_behind.flush()


@db_periodic_task(crontab(hour="3", minute="17"))  # type: ignore[untyped-decorator]
@outlasts_outages
def clean_up() -> None:
    people.forget_expired_sessions()
    worker.clean_up()


@close_db  # type: ignore[untyped-decorator]
@outlasts_outages
def take_back() -> None:
    """By this process itself: the sweep below can be done on another machine."""
    process.take_back()


@on_startup()  # type: ignore[untyped-decorator]
def begin() -> None:
    """What a killed worker left is looked for at once, not only at the next full minute."""
    take_back()
    sweep()


@BULK.on_startup()  # type: ignore[untyped-decorator]
def begin_bulk() -> None:
    take_back()
    sweep_bulk()
