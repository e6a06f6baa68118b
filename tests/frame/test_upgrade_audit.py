"""An audit of the version before, with acts that nobody knows the end of, gets its tables beside the chain."""

import ast
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from itertools import count
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from accounts.models import Person
from console.audit import groups, line_index, record, selectors, verify
from console.audit.models import ChainHead, ClockStep, Entry, LineState, SearchText
from tests.audit.signaling import item, send
from tests.audit.test_constant_cost import every_way, found, kept, recomputed

BEFORE = [("audit", "0004_anchor_gaps")]
UNFILLED = [("audit", "0008_chain_check_run")]
UNGROUPED = [("audit", "0009_fill_from_chain")]
FILL = ("audit", "0009_fill_from_chain")
# The triggers never change: a migration that alters them writes new ones.
FROZEN = {("console.audit.migrations.0002_guards", "console.audit")}


def migrate(targets: list[Any] | None = None) -> None:
    """To the newest version unless told otherwise."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets or executor.loader.graph.leaf_nodes())


def beside_the_chain() -> dict[str, Any]:
    return {
        "states": kept(),
        "texts": list(SearchText.objects.order_by("pk").values_list("pk", "words")),
        "latest": ChainHead.objects.values_list("latest", flat=True).get(),
        "clock steps": list(ClockStep.objects.values_list("pk", "sequence")),
    }


def write_audit(person: Person, *, jumps: bool = False) -> None:
    """Lines that ended in every way, in many scripts; with `jumps`, by a clock that was put back in the end."""
    every_way(person)
    record.event(actor=person, action="slice.create", thing_name="Zürich 東京湾 a@north-yard")
    with time_machine.travel(timezone.now() - timedelta(days=2 if jumps else 0), tick=False):
        record.event(actor=person, action="slice.create", thing_name="Harbour")


def assert_like_a_rebuild() -> None:
    filled = beside_the_chain()
    line_index.rebuild()
    assert filled == beside_the_chain()


@contextmanager
def broken_off(*, after: int) -> Iterator[None]:
    """The database is lost when so many parts of the search index are written."""
    parts = count()

    def execute(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "audit_search"') and next(parts) == after:
            raise OperationalError("the connection was lost")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(execute), pytest.raises(OperationalError, match="the connection was lost"):
        yield


@pytest.fixture
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("console.audit.migrations.0009_fill_from_chain"), "AT_ONCE", 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("jumps", [False, True], ids=["steady clock", "clock that went back"])
def test_open_and_unknown_acts_of_the_version_before_are_found(
    alice: Person, audit_anchor: object, jumps: bool
) -> None:
    write_audit(alice, jumps=jumps)
    migrate(BEFORE)
    assert "audit_linestate" not in connection.introspection.table_names()
    migrate()
    assert kept() == recomputed() != set()
    assert found("harbour") == ["Harbour"]
    assert SearchText.objects.count() == Entry.objects.lines().count()
    assert ClockStep.objects.exists() == jumps
    assert verify.check().is_whole
    assert_like_a_rebuild()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("jumps", [False, True], ids=["steady clock", "clock that went back"])
def test_an_upgrade_that_was_broken_off_goes_through_the_next_time(
    alice: Person, short_steps: None, jumps: bool
) -> None:
    write_audit(alice, jumps=jumps)
    migrate(BEFORE)
    with broken_off(after=3):
        migrate()
    assert 0 < SearchText.objects.count() < Entry.objects.lines().count()
    assert FILL not in MigrationExecutor(connection).loader.applied_migrations
    migrate()
    assert_like_a_rebuild()


@pytest.mark.django_db(transaction=True)
def test_an_upgrade_can_be_taken_back_and_made_again_with_rows_between(alice: Person, short_steps: None) -> None:
    write_audit(alice)
    for version in (BEFORE, UNFILLED):
        migrate(version)
        migrate()
        every_way(alice)
    migrate(UNFILLED)
    migrate()
    assert_like_a_rebuild()


@pytest.mark.django_db(transaction=True)
def test_tables_that_were_filled_wrongly_before_are_put_right(alice: Person, short_steps: None) -> None:
    write_audit(alice)
    migrate(UNFILLED)
    line = Entry.objects.lines().filter(state__isnull=True).earliest("sequence")
    LineState.objects.filter(outcome="unknown").delete()
    LineState.objects.create(entry=line, outcome="open", sequence=line.sequence)
    SearchText.objects.filter(pk=line.sequence).update(words="  nothing")
    ChainHead.objects.update(latest=timezone.now() + timedelta(days=9))
    ClockStep.objects.create(sequence=1)
    migrate()
    assert kept() == recomputed()
    assert_like_a_rebuild()


@pytest.mark.django_db(transaction=True)
def test_an_audit_without_acts_of_several_entries_gets_them_from_now_on(alice: Person, audit_anchor: object) -> None:
    write_audit(alice)
    before = beside_the_chain()
    migrate(UNGROUPED)
    assert "audit_groupline" not in connection.introspection.table_names()
    migrate()
    assert beside_the_chain() == before
    send(alice, "done", "done")
    assert selectors.latest(alice)[0].text == "Alice reopened 200 work items of Dashcam Q3"
    assert verify.check().is_whole
    assert_like_a_rebuild()


@pytest.mark.django_db(transaction=True)
def test_acts_that_were_recorded_before_an_upgrade_was_taken_back_become_one_line_again(
    alice: Person, audit_anchor: object
) -> None:
    group = send(alice, "done", "unknown", "done")
    migrate(UNGROUPED)
    migrate()
    assert len(selectors.latest(alice)) == 3
    assert verify.check().is_whole
    assert [line.text for line in selectors.latest(alice)] == [
        "Alice reopened 200 of 300 work items of Dashcam Q3 (100 unresolved)"
    ]
    assert groups.is_right(1, 99)
    assert [line.entry.group for line in selectors.history("item", item(7))] == [group]


@pytest.mark.django_db(transaction=True)
def test_an_empty_audit_is_upgraded() -> None:
    migrate(BEFORE)
    migrate()
    assert not SearchText.objects.exists()
    record.event(actor=None, action="session.refused", outcome="failed")
    assert kept() == recomputed() != set()


@pytest.mark.django_db
def test_migrations_call_no_code_that_changes() -> None:
    """A migration runs on a database of its own time, so today's models and functions don't fit it."""
    own = {m.__module__ for m in MigrationLoader(connection).disk_migrations.values()}
    own = {name for name in own if name.partition(".")[0] in ("console", "accounts")}
    assert len(own) > 10
    assert {(name, called) for name in own for called in imports(name) if called in own_packages()} == FROZEN


def imports(module: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(inspect.getsource(sys.modules[module]))))
    direct = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return direct | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def own_packages() -> set[str]:
    return {name for name in sys.modules if name.partition(".")[0] in ("console", "accounts")}
