"""The links above the pages of one project's work items, down to their list."""

import uuid

from django.urls import reverse

from accounts.models import Person
from console.items.filters import ItemFilter
from console.projects import selectors as projects

Breadcrumbs = list[tuple[str, str]]
WHOLE_LIST = ItemFilter()


def item_breadcrumbs(project: uuid.UUID, name: str, item_filter: ItemFilter = WHOLE_LIST) -> Breadcrumbs:
    """Words and addresses; the last one is the list as `item_filter` has it."""
    items_url = item_filter.address(reverse("items:index", args=[project]))
    return [*projects.breadcrumbs(project, name), ("Work items", items_url)]


def remembered_breadcrumbs(*, user: Person, project: uuid.UUID, item_filter: ItemFilter = WHOLE_LIST) -> Breadcrumbs:
    """The same without asking CloudFactory: "Project" where the project's name is not remembered."""
    name = projects.remembered_name(user=user, project=project)
    return item_breadcrumbs(project, name or "Project", item_filter)
