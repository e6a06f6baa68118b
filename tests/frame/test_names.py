"""The names of modules, classes and values follow one rule (CONTRIBUTING.md): the field's term, and once only."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tests.practice_space import ROOT

# Home-made names that were replaced, and what they became.
REPLACED_MODULES = {
    "kept": "stale_cache",
    "reads": "coalescing",
    "shown": "presenters",
    "reading": "selectors",
    "watching": "key_usage, monitor or build_times",
    "following": "notifications",
    "sequel": "audit_hooks",
    "same": "duplicates",
    "choice": "selection",
    "composing": "create_form",
    "archive": "coco_archive",
    "downloading": "download",
    "lane": "slot",
    "settlers": "reconcile",
    "settling": "reconciliation",
    "overtaking": "concurrency",
    "order_endings": "order_responses",
    "order_shown": "order_presenters",
    "ordering": "order_services",
    "changes": "order_diff",
    "merging": "three_way_merge",
    "address": "client_ip",
    "addresses": "filter_urls or urls",
    "rows": "entries",
    "sheets": "csv_export",
    "guards": "triggers",
    "wording": "sanitize",
    "facts": "details",
    "refusals": "status_errors",
    "faults": "network_errors",
    "health": "circuit_breaker",
    "sockets": "deadline, connections or public_addresses",
    "masked": "redaction",
    "weather": "vendor_status",
    "abilities": "key_capabilities",
    "guessing": "throttling",
    "post": "mail",
    "second_step": "mfa_forms",
    "suspended": "pending_reauth",
    "recording": "audit_signals",
    "browsers": "user_agents",
    "context": "shell",
    "words": "formatting",
    "vocabulary": "glossary",
    "practice": "demo_env",
    "serving": "gunicorn_conf",
    "logs": "json_logging",
    "arranging": "builder/views/parts",
    "picking": "builder/views/items",
    "filtering": "builder/views/filters",
}
REPLACED_NAMES = {
    "Wish": "ExportRequest",
    "Press": "OrderCommand",
    "Pressed": "OrderCommand",
    "Telling": "EntrySummary",
    "Held": "SnapshotInput",
    "Again": "Retry",
    "act": "audited_call",
    "told_at": "notified_at",
    "keep_open": "detach",
    "pick_up": "recover",
    "given_up": "on_abandon",
    "settle": "reconcile",
    "may": "can",
}
# Django's own inner classes, and choices that are named within their model.
INNER_CLASSES = {"Meta", "Media", "Migration", "Command", "State", "Kind", "Outcome"}


def modules() -> Iterator[Path]:
    """Every module of ours but migrations and the emulator, which is written from the vendors' documents alone."""
    for path in sorted(chain((ROOT / "console").rglob("*.py"), (ROOT / "accounts").rglob("*.py"))):
        if not {"migrations", "emulator"} & set(path.relative_to(ROOT).parts):
            yield path


def test_no_module_has_a_name_that_was_replaced() -> None:
    found = {
        str(path.relative_to(ROOT)): REPLACED_MODULES[path.stem] for path in modules() if path.stem in REPLACED_MODULES
    }
    assert found == {}


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    """`selectors` is what Django projects call functions that read; the library of that name is not used here."""
    names = {path.stem for path in modules()} - {"__init__", "__main__", "selectors"}
    assert names & sys.stdlib_module_names == set()


def test_no_class_or_function_has_a_name_that_was_replaced() -> None:
    names = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}, use {REPLACED_NAMES[node.name]}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in REPLACED_NAMES
    ]
    assert names == []


def test_a_class_name_means_one_thing() -> None:
    places = defaultdict(set)
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name not in INNER_CLASSES:
                places[node.name].add(str(path.relative_to(ROOT)))
    assert {name: sorted(paths) for name, paths in places.items() if len(paths) > 1} == {}
