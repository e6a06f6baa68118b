"""Jobs that were queued, running or finished before jobs had parts and workers are done by this version."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from console.jobs import handlers, services, worker
from console.jobs.handlers import Done, Handler
from console.jobs.models import Operation, State

KIND = "tests.work"
BEFORE = [("jobs", "0001_initial")]


@pytest.fixture
def old(transactional_db: None) -> Iterator[Any]:
    """The model as it was; afterwards the tables are as they are now."""
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield MigrationExecutor(connection).migrate(BEFORE).apps.get_model("jobs", "Operation")
    MigrationExecutor(connection).migrate(newest)


def bring_up_to_date() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_unfinished_jobs_of_the_version_before_are_done(old: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now, lease = timezone.now(), {"lease_id": uuid.uuid4(), "attempts": 1}
    old.objects.create(kind=KIND, subject="waiting", payload={"about": "Eyes"}, due_at=now)
    old.objects.create(kind=KIND, subject="later", due_at=now + timedelta(hours=1))
    old.objects.create(kind=KIND, subject="cut off", state="running", lease_until=now - timedelta(hours=1), **lease)
    old.objects.create(kind=KIND, subject="at work", state="running", lease_until=now + timedelta(minutes=1), **lease)
    old.objects.create(kind=KIND, subject="done", state="done", words="Checked.", finished_at=now)
    old.objects.create(kind=KIND, subject="failed", state="failed", words="No key.", finished_at=now)
    bring_up_to_date()
    done: list[str] = []

    def do(operation: Operation) -> handlers.Result:
        done.append(operation.subject)
        return Done("Well done.")

    monkeypatch.setitem(handlers.HANDLERS, KIND, Handler(do))
    worker.sweep()
    assert sorted(done) == ["cut off", "waiting"]
    states = dict(Operation.objects.values_list("subject", "state"))
    assert states == {
        "waiting": State.DONE,
        "later": State.WAITING,
        "cut off": State.DONE,
        "at work": State.RUNNING,
        "done": State.DONE,
        "failed": State.FAILED,
    }
    assert Operation.objects.get(subject="waiting").about == "Eyes"
    assert services.retry(operation=Operation.objects.get(subject="failed"))
    worker.sweep()
    assert Operation.objects.get(subject="failed").state == State.DONE


def test_the_same_job_still_waits_only_once(old: Any) -> None:
    old.objects.create(kind=KIND, subject="same")
    bring_up_to_date()
    with pytest.raises(IntegrityError):
        Operation.objects.create(kind=KIND, subject="same", state=State.PAUSED)
