"""A process killed in the middle of an act: the entry is there, and its end is found out afterwards."""

import os
import signal
import subprocess
import sys
import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Person
from console.audit import reconciliation, record, verify
from console.audit.models import Entry

ACT = """
import django, os, sys, time
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.AUDIT_ANCHOR = sys.argv[2]
django.setup()
from accounts.models import Person
from console.audit import record
with record.audited_call(actor=Person.objects.get(), action="slice.create", thing_name="Rain", act_id=sys.argv[3]):
    print("sending", flush=True)
    time.sleep(60)
"""


@pytest.mark.django_db(transaction=True)
def test_a_kill_between_entry_and_answer_loses_nothing(
    alice: Person, audit_anchor: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    press = uuid.uuid4()
    arguments = [sys.executable, "-c", ACT, str(connection.settings_dict["NAME"]), str(audit_anchor), str(press)]
    acting = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert acting.stdout is not None
    assert acting.stdout.readline() == "sending\n"
    os.kill(acting.pid, signal.SIGKILL)
    acting.communicate()
    with (
        pytest.raises(record.AlreadyActed) as again,
        record.audited_call(actor=alice, action="slice.create", act_id=press),
    ):
        pytest.fail("sent twice")
    assert again.value.entry.outcome == "open"

    settings.AUDIT_GRACE = 0
    found = reconciliation.Reconciler(lambda entry: ("done", {"thing_id": "northwind/rain"}))
    monkeypatch.setitem(reconciliation._reconcilers, "slice.create", found)
    call_command("settle", verbosity=0)
    entry = Entry.objects.get(pk=press)
    assert (entry.outcome, entry.result["found"]) == ("done", "after a restart")
    assert verify.check().is_whole
