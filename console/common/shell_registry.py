"""What apps put around every page: links of its navigation, and news that a person waits for.

Each app adds its own in its `apps.py`; `console/shell.py` shows them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import QuerySet

Menu = Literal["work", "settings", "personal"]


@dataclass(frozen=True)
class MenuLink:
    menu: Menu
    position: int
    label: str
    icon: str
    view: str


@dataclass(frozen=True)
class News:
    """A fragment that asks whether something has ended. It is in the pages of a person who waits for something.

    `list_awaited` returns the querysets of what a person waits for; `look` is the number of the first look.
    """

    template: str
    look: int
    list_awaited: Callable[[Any], Sequence[QuerySet[Any]]]


links: list[MenuLink] = []
news: list[News] = []
parents: dict[str, str] = {}
"""Apps whose pages belong to the link of another app."""


def add_link(menu: Menu, position: int, *, label: str, icon: str, view: str) -> None:
    """`position` orders the links of a menu."""
    links.append(MenuLink(menu, position, label, icon, view))


def add_news(template: str, list_awaited: Callable[[Any], Sequence[QuerySet[Any]]], *, look: int = 0) -> None:
    news.append(News(template, look, list_awaited))


def put_under(parent: str, app: str) -> None:
    """Pages of `app` lie within those of `parent`, whose link is the current one there."""
    parents[app] = parent
