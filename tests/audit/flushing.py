"""Empties the tables after tests that commit. The audit's are add-only while a test runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from console.audit import triggers
from console.audit.models import SearchText

# What migrations fill, and no test changes.
FILLED = {"django_content_type", "auth_permission"}


@pytest.fixture(scope="session", autouse=True)
def audit_rows_can_be_flushed() -> Iterator[None]:
    """Takes the triggers away for the moment in which all tables are emptied, and not a moment longer."""

    def without_triggers(case: TransactionTestCase) -> None:
        triggers.remove(connection)
        try:
            delete_rows()
        finally:
            triggers.install(connection)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


def delete_rows() -> None:
    """In place of Django's flush, which costs more than many a test: PostgreSQL makes each truncated table and index
    anew, and after it Django makes all types and permissions again."""
    made = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = [*set(made) - FILLED, SearchText._meta.db_table]  # Django lists only what it has created itself
    # Foreign keys are checked at the end of a transaction.
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


@pytest.fixture(autouse=True)
def audit_anchor(settings: Any, tmp_path: Path) -> Path:
    """Each test publishes into a file of its own: its rows begin again at 1."""
    settings.AUDIT_ANCHOR = tmp_path / "audit-anchor.txt"
    return Path(settings.AUDIT_ANCHOR)
