"""What huey calls. The work itself is in `services.py`; `manage.py run_huey` finds this file by its name."""

import uuid

from huey import crontab
from huey.contrib.djhuey import db_periodic_task, db_task, on_startup

from accounts import people
from console.common import write_behind
from console.jobs import services


@db_task()  # type: ignore[untyped-decorator]
def perform(pk: str) -> None:
    services.perform(uuid.UUID(pk))


@db_periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
def sweep() -> None:
    services.sweep()


@db_periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
def write_notes_of_use() -> None:
    write_behind.flush()


@db_periodic_task(crontab(hour="3", minute="17"))  # type: ignore[untyped-decorator]
def forget_expired_sessions() -> None:
    people.forget_expired_sessions()


@on_startup()  # type: ignore[untyped-decorator]
def begin() -> None:
    """What a killed worker left is looked for at once, not only at the next full minute."""
    sweep()
