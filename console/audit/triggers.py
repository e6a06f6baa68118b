"""The triggers that make the table add-only for everyone with SQL, and their removal.

Only the test suite, whose flush empties tables, may call `remove`. A later migration that alters the table calls
`install` again at its end: SQLite rebuilds a table for that, without its triggers.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "audit_entry"

# INSERT OR REPLACE deletes the old row without asking delete triggers, so inserts over an existing row are refused too.
SQLITE = {
    "audit_entry_no_update": "BEFORE UPDATE ON audit_entry",
    "audit_entry_no_delete": "BEFORE DELETE ON audit_entry",
    "audit_entry_no_replace": (
        "BEFORE INSERT ON audit_entry WHEN EXISTS (SELECT 1 FROM audit_entry"
        " WHERE id = NEW.id OR sequence = NEW.sequence OR previous = NEW.previous)"
    ),
}
POSTGRESQL = {
    "audit_entry_no_change": "BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW",
    "audit_entry_no_truncate": "BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT",
}
FUNCTION = """
CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'Audit rows are only ever added' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def install(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'Audit rows are only ever added'); END"
        _run(connection, [f"CREATE TRIGGER IF NOT EXISTS {name} {when} {refuse}" for name, when in SQLITE.items()])
    else:
        statements = [
            f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION audit_entry_refuse()" for name, when in _postgresql()
        ]
        remove(connection)
        _run(connection, [FUNCTION, *statements])


def remove(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor == "sqlite":
        _run(connection, [f"DROP TRIGGER IF EXISTS {name}" for name in SQLITE])
    else:
        _run(connection, [f"DROP TRIGGER IF EXISTS {name} ON {TABLE}" for name, _ in _postgresql()])


def _postgresql() -> list[tuple[str, str]]:
    return list(POSTGRESQL.items())


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
