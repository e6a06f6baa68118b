"""The undocumented names of allauth stand in one file, checked with the installed version."""

import ast
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

from accounts import allauth_internals

# As django-allauth itself divides its modules; `context` and the records of a sign-in are not documented either.
UNDOCUMENTED = ("allauth.core.context", "allauth.account.authentication", "allauth.usersessions.signals.on_")


def test_the_names_were_checked_with_the_installed_version() -> None:
    assert version("django-allauth") == allauth_internals.CHECKED_WITH


def test_no_other_module_imports_them() -> None:
    others = {str(path): name for path in _modules() for name in _imported(path) if _is_undocumented(name)}
    assert not others


def _modules() -> list[Path]:
    own = Path(allauth_internals.__file__)
    return [path for app in ("accounts", "console") for path in (settings.BASE_DIR / app).rglob("*.py") if path != own]


def _imported(path: Path) -> list[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return [f"{node.module}.{one.name}" for node in nodes if isinstance(node, ast.ImportFrom) for one in node.names]


def _is_undocumented(name: str) -> bool:
    return name.startswith("allauth.") and (".internal." in name or name.startswith(UNDOCUMENTED))
