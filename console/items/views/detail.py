"""One work item: its picture, its labels, its facts."""

import uuid
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.http_types import SignedIn
from console import error_pages, htmx, plain_text_responses
from console.common.parsing import INT64, read_int
from console.items import detail_selectors, selectors
from console.items.breadcrumbs import remembered_breadcrumbs
from console.items.filters import ItemFilter
from console.items.labels import download as label_download
from console.items.labels.presenters import LabelsPart, present_labels
from console.items.labels.selectors import ItemLabels, read_labels
from console.items.statuses import Status, status_named
from console.upstream.errors import KeyRejected, NotFound, UpstreamError


@require_safe
def detail(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    """The page needs two calls; its labels are loaded separately, or with it if `labels` is in the address."""
    item_filter = ItemFilter.from_query(request.GET.get("list", ""), user=request.user)
    try:
        work_item = selectors.get_item(user=request.user, project=project, item=item)
    except KeyRejected:
        raise
    except UpstreamError as error:
        crumbs = remembered_breadcrumbs(user=request.user, project=project, item_filter=item_filter)
        return error_pages.upstream(request, error, crumbs=crumbs)
    context = detail_selectors.read_detail(user=request.user, project=project, item=work_item, item_filter=item_filter)
    if request.GET.get("labels"):
        file_name = selectors.asset_file_name(work_item)
        item_labels = read_labels(user=request.user, project=project, item=item, file_name=file_name)
        context |= _labels_context(
            present_labels(item_labels, status_named(work_item.status)), context["facts"].is_picture
        )
    return render(request, "items/detail.html", context)


@require_safe
def names(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """Names that were not cached, swapped into the page after it has loaded."""
    batch = read_int(request.GET.get("batch"), INT64.start)
    context = detail_selectors.read_names(user=request.user, project=project, batch=batch)
    return render(request, "items/_names.html", context)


@require_safe
def labels(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    """The labels of an item, three calls at most, or an error in their place."""
    if not htmx.is_htmx(request):
        return redirect(reverse("items:detail", args=[project, item], query={"labels": 1}))
    item_labels, status = _labels_and_status(request, project, item)
    part = present_labels(item_labels, status)
    context = {"item_id": item, "project_id": project, "labels_url": request.get_full_path()}
    return render(request, "items/labels.html", context | _labels_context(part, request.GET.get("drawn") != "no"))


@require_safe
def download(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponseBase:
    """The label file, recorded as `item.download`; HEAD takes nothing and is not."""
    try:
        if request.method == "HEAD":
            return label_download.describe_labels(user=request.user, project=project, item=item)
        return label_download.stream_labels(user=request.user, project=project, item=item, request=request)
    except label_download.NoLabelFile as error:
        status = 409 if error.is_expected else 410
        if plain_text_responses.is_for_tool(request):
            return plain_text_responses.answer(status, error.message)
        crumbs = remembered_breadcrumbs(user=request.user, project=project)
        context = {"error": error, "project_id": project, "item_id": item, "crumbs": crumbs}
        return render(request, "items/no_labels.html", context, status=status)


@require_safe
def renew(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    """The picture with a fresh link, or a quiet tile with the reason."""
    if not htmx.is_htmx(request):
        return redirect("items:detail", project, item)
    context = detail_selectors.renew_picture(user=request.user, project=project, item=item)
    return render(request, "components/_fresh_picture.html", context | {"again": request.path})


def _labels_and_status(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> tuple[ItemLabels, Status]:
    """The labels, and the item's status from the address, or read if the item can be missing."""
    item_labels = read_labels(user=request.user, project=project, item=item, file_name=request.GET.get("file", ""))
    if (
        item_labels.document is not None
        or item_labels.problem is not None
        or (item_labels.annotation and "status" in request.GET)
    ):
        return item_labels, status_named(request.GET.get("status"))
    try:
        return item_labels, status_named(selectors.get_item(user=request.user, project=project, item=item).status)
    except (KeyRejected, NotFound):
        raise
    except UpstreamError as problem:
        return replace(item_labels, problem=problem), status_named(None)


def _labels_context(part: LabelsPart, is_picture: bool) -> dict[str, Any]:
    return {"part": part, "overlay": part.overlay, "is_drawn": is_picture}
