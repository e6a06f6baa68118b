"""Lets the suite empty the audit table after tests that commit; the table itself stays add-only while they run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase

from console.audit import guards
from console.audit.models import SearchText


@pytest.fixture(scope="session", autouse=True)
def audit_rows_can_be_flushed() -> Iterator[None]:
    """Takes the triggers away for the moment in which Django flushes all tables, and not a moment longer."""
    flush = TransactionTestCase._fixture_teardown

    def without_triggers(case: TransactionTestCase) -> None:
        guards.remove(connection)
        try:
            flush(case)
            # Django flushes only the tables that it has created itself.
            SearchText.objects.all().delete()
        finally:
            guards.install(connection)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


@pytest.fixture(autouse=True)
def audit_anchor(settings: Any, tmp_path: Path) -> Path:
    """Each test publishes into a file of its own: its rows begin again at 1."""
    settings.AUDIT_ANCHOR = tmp_path / "audit-anchor.txt"
    return Path(settings.AUDIT_ANCHOR)
