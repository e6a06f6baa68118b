"""The rules of who may import whom hold for any app of INSTALLED_APPS, without a line about it."""

import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from grimp import ImportGraph

from tests import import_rules
from tests.import_rules import RULES

APPS = ("console.trucks", "console.depots", "console.drivers")
BROKEN = [
    ("foundations", "console.common.dates", "console.trucks.services"),
    ("foundations", "console.upstream.transport", "django.conf"),
    ("platform", "accounts.views", "console.trucks.services"),
    ("platform", "console.audit.record", "accounts.models"),
    ("frame", "console.shell", "console.trucks.selectors"),
    ("public_modules", "console.trucks.views.index", "console.depots.models"),
    ("public_modules", "console.trucks.services", "console.depots.views.index"),
    ("http_libraries", "console.trucks.services", "requests"),
    ("emulator", "console.emulator.server", "console.trucks.services"),
    ("emulator", "console.trucks.services", "console.emulator.server"),
]
KEPT = [
    ("foundations", "console.trucks.services", "console.common.dates"),
    ("platform", "console.trucks.services", "accounts.models"),
    ("frame", "console.trucks.views", "console.shell"),
    ("public_modules", "console.trucks.services", "console.depots.services"),
    ("public_modules", "console.trucks.services", "console.depots.loading.selectors"),
    ("public_modules", "console.trucks.views.index", "console.trucks.models"),
    ("circles", "console.trucks.services", "console.depots.services"),
    ("http_libraries", "console.upstream.transport", "requests"),
    ("emulator", "console.management.commands.emulator", "console.emulator.server"),
]


def graph_of(*imports: tuple[str, str]) -> ImportGraph:
    graph = ImportGraph()
    for importer, imported in imports:
        graph.add_import(importer=importer, imported=imported)
    return graph


@pytest.mark.parametrize(("rule", "importer", "imported"), BROKEN)
def test_a_rule_that_is_broken_names_the_import(rule: str, importer: str, imported: str) -> None:
    assert list(RULES[rule](graph_of((importer, imported)), APPS)) == [f"{importer} imports {imported}"]


@pytest.mark.parametrize(("rule", "importer", "imported"), KEPT)
def test_what_is_allowed_breaks_no_rule(rule: str, importer: str, imported: str) -> None:
    assert list(RULES[rule](graph_of((importer, imported)), APPS)) == []


def test_a_circle_of_three_apps_is_found() -> None:
    graph = graph_of(
        ("console.trucks.services", "console.depots.services"),
        ("console.depots.services", "console.drivers.selectors"),
        ("console.drivers.selectors", "console.trucks.selectors"),
    )
    assert len(list(RULES["circles"](graph, APPS))) == 3


def test_every_rule_is_checked_with_the_suite() -> None:
    project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text())
    checked = {contract["rule"] for contract in project["tool"]["importlinter"]["contracts"]}
    assert checked == RULES.keys()


def test_every_app_of_the_console_is_covered() -> None:
    assert {"console.slices", "console.home", "console.files"} <= set(import_rules.page_apps())
    assert "console.audit" not in import_rules.page_apps()
