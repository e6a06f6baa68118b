"""What other apps show on a project's page. Each registers its part in its `apps.py`; this app imports none of them."""

import uuid
from collections.abc import Callable
from typing import Any

from accounts.models import Person

Part = Callable[[Person, uuid.UUID], dict[str, Any]]
"""From reader and project to names of `projects/detail.html`."""

_page_parts: list[Part] = []
_figure_parts: list[Part] = []


def register(part: Part) -> None:
    """A part from our own database, that comes with the page."""
    if part not in _page_parts:
        _page_parts.append(part)


def register_figures(part: Part) -> None:
    """A part that needs a call, and comes with the figures."""
    if part not in _figure_parts:
        _figure_parts.append(part)


def read(*, user: Person, project: uuid.UUID) -> dict[str, Any]:
    return _merge(_page_parts, user, project)


def read_figures(*, user: Person, project: uuid.UUID) -> dict[str, Any]:
    return _merge(_figure_parts, user, project)


def _merge(parts: list[Part], user: Person, project: uuid.UUID) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part(user, project).items()}
