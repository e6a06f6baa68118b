"""A database of the version before is brought to this one with what is in it."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE = [("console", None), ("accounts", "0002_single_keys"), ("audit", "0002_guards")]


@pytest.mark.django_db(transaction=True)
def test_a_database_of_the_version_before_loses_its_cache_table_and_its_open_sessions() -> None:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate(BEFORE)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE console_cache (cache_key varchar(255) PRIMARY KEY, value text, expires timestamp)")
        cursor.execute("INSERT INTO console_cache VALUES ('a', 'b', '2026-01-01')")
    Session.objects.create(session_key="a-key-in-the-clear", session_data="", expire_date=timezone.now())
    MigrationExecutor(connection).migrate(newest)
    assert "console_cache" not in connection.introspection.table_names()
    assert {"audit_lookup", "audit_anchorgap"} <= set(connection.introspection.table_names())
    assert not Session.objects.exists()
