"""What the page of one work item shows beside its labels: status, names, history, pending decisions."""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.connections import ConnectionMissing
from accounts.models import Person
from accounts.rights import Right
from console.audit import selectors as audit
from console.audit import unresolved
from console.batches import selectors as batches
from console.items.breadcrumbs import remembered_breadcrumbs
from console.items.creation_selectors import read_import_place
from console.items.decisions.selectors import read_panel, read_tray
from console.items.detail_presenters import ItemFacts
from console.items.filters import ItemFilter
from console.items.history import history_of
from console.items.pictures import sign_pictures
from console.items.selectors import get_item, item_name
from console.projects import selectors as projects
from console.upstream.errors import KeyRejected, UpstreamError
from console.upstream.response_models import WorkItem

MOST_LINES = 20
"""Of an item's history; all of it is in the audit."""


def read_detail(*, user: Person, project: uuid.UUID, item: WorkItem, item_filter: ItemFilter) -> dict[str, Any]:
    """The context of an item's page: one call, for the link to its picture. `item_filter` is that of its list."""
    batch_names = batches.remembered_names(user=user, project=project) or {}
    facts = ItemFacts(item, project, batch_names.get(item.batch_id or 0, ""))
    crumbs = remembered_breadcrumbs(user=user, project=project, item_filter=item_filter)
    history = audit.history("item", item.id, limit=MOST_LINES + 1, person=user)
    here = reverse("items:detail", args=[project, item.id])
    list_query = item_filter.query()
    return {
        "project_id": project,
        "item_id": item.id,
        "facts": facts,
        "import_place": read_import_place(user=user, project=project, item=item),
        "picture": sign_pictures(user=user, project=project, items=[item])[item.id],
        "list_url": crumbs[-1][1],
        "crumbs": crumbs,
        "names_url": _names_url(facts, projects.remembered_name(user=user, project=project)),
        "labels_url": facts.labels_url,
        "inline_labels_url": f"{here}?{urlencode({'labels': 1} | ({'list': list_query} if list_query else {}))}",
        "renew_url": reverse("items:renew", args=[project, item.id]),
        "panel": read_panel(user=user, project=project, item=item),
        "strips": read_tray(user=user, project=project),
        "can_add_labels": user.can(Right.CHANGE),
        "can_download": user.can(Right.DOWNLOAD),
        "sees_all": user.can(Right.AUDIT_ALL),
        "history": history_of(uuid.UUID(item.id), history[:MOST_LINES]),
        "whole_history_url": _whole_history_url(item) if len(history) > MOST_LINES else "",
        "unresolved_acts": unresolved.of_thing(user, "item", item.id, back=here),
    }


def renew_picture(*, user: Person, project: uuid.UUID, item: uuid.UUID) -> dict[str, Any]:
    """The item's picture by a fresh link, or the reason why there is none; the page does not retry."""
    try:
        work_item = get_item(user=user, project=project, item=item)
    except KeyRejected:
        raise
    except UpstreamError as error:
        return {"reason": error.message}
    picture = sign_pictures(user=user, project=project, items=[work_item])[work_item.id]
    return {"url": picture.url, "reason": picture.reason, "alt": item_name(work_item)}


def read_names(*, user: Person, project: uuid.UUID, batch: int | None) -> dict[str, Any]:
    """The names of a project and a batch, requested if they are not cached; "" for those that can't be read."""
    return {
        "project_url": reverse("projects:detail", args=[project]),
        "project_name": _name(lambda: projects.name_of(user=user, project=project)),
        "batch_id": batch,
        "batch_name": _name(lambda: batches.names_reader(user=user, project=project)().get(batch or 0, "")),
    }


def _name(read_name: Callable[[], str]) -> str:
    """The name, or "" if it can't be read: the page then shows the id instead."""
    try:
        return read_name()
    except KeyRejected:
        raise
    except (UpstreamError, ConnectionMissing):
        return ""


def _whole_history_url(item: WorkItem) -> str:
    return reverse("audit:index", query={"thing": f"item:{item.id}", "period": "all"})


def _names_url(facts: ItemFacts, project_name: str) -> str:
    """The address that loads missing names, "" if none is missing."""
    batch = facts.item.batch_id if not facts.batch_name else None
    if project_name and batch is None:
        return ""
    query = {} if batch is None else {"batch": batch}
    return reverse("items:names", args=[facts.project], query=query or None)
