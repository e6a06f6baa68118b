"""The worker and the commands while the database takes no writes: one sentence, no trace, and later it goes on."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Person
from console.jobs import handlers, tasks
from console.jobs.models import Operation, State
from console.json_logging import JsonFormatter
from tests.frame.test_database import locked
from tests.settings import _environment
from tests.workers import address_of_database

pytestmark = pytest.mark.django_db(transaction=True)

MANAGE = Path(settings.BASE_DIR) / "manage.py"


@pytest.fixture
def due(alice: Person) -> Operation:
    handlers.register("tests.outage", lambda operation: handlers.Done("done"), title="Outage")
    return Operation.objects.create(kind="tests.outage", subject="one", person=alice, due_at=timezone.now())  # type: ignore[no-any-return]


def test_work_that_is_due_waits_for_the_database_and_is_done_afterwards(due: Operation, caplog: Any) -> None:
    with locked():
        tasks.perform.call_local(str(due.pk))
    due.refresh_from_db()
    assert due.state == State.WAITING
    (line,) = [one for one in caplog.records if one.name == "console.jobs.tasks"]
    assert line.exc_info is None
    assert "the database fails" in line.getMessage()
    tasks.sweep.call_local()
    due.refresh_from_db()
    assert due.state == State.DONE


def test_a_command_says_it_in_one_sentence(alice: Person) -> None:
    environment = {**os.environ, **_environment, "DATABASE_URL": address_of_database(), "DATABASE_LOCK_SECONDS": "0.2"}
    environment |= {"DJANGO_SETTINGS_MODULE": "console.settings", "ADMIN_PASSWORD": "a-long-and-winding-road"}
    with locked():
        command = [sys.executable, str(MANAGE), "create_admin", "new@northwind.example", "New"]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "The console's database can't be used right now" in ended.stderr.splitlines()[-1]


def test_a_queue_that_is_gone_is_one_line(caplog: Any) -> None:
    try:
        raise ConnectionRefusedError("nobody listens")
    except ConnectionRefusedError:
        logging.getLogger("huey.consumer").exception("Error reading from queue")
    (record,) = [one for one in caplog.records if one.name == "huey.consumer"]
    record.exc_text = logging.Formatter().formatException(record.exc_info)
    written = json.loads(JsonFormatter().format(record))
    assert "trace" not in written
    assert written["message"] == "Error reading from queue: ConnectionRefusedError: nobody listens"
