"""One work item: its picture, its labels, its facts."""

import uuid

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.requests import SignedIn
from console import htmx, plain_answers
from console.common.parsing import read_int
from console.items import decision_selectors, item_page, selectors
from console.items import download as label_download


@require_safe
def detail(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    """The page stands after two calls; its labels come as a part of their own, or with it where `labels` asks so."""
    found = selectors.get_item(user=request.user, project=project, item=item)
    listed = request.GET.get("list", "")
    context = item_page.about_item(user=request.user, project=project, item=found, listed=listed)
    context["panel"] = decision_selectors.read_panel(user=request.user, project=project, item=found)
    context["strips"] = decision_selectors.read_tray(user=request.user, project=project)
    return render(request, "items/detail.html", context)


@require_safe
def names(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """Names that a page did not remember, put into their places once it stands."""
    batch = read_int(request.GET.get("batch"))
    return render(request, "items/_names.html", item_page.find_names(user=request.user, project=project, batch=batch))


@require_safe
def labels(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    raise Http404


@require_safe
def download(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponseBase:
    """The label file, recorded as `item.download`; HEAD takes nothing and is not."""
    try:
        if request.method == "HEAD":
            return label_download.announce(user=request.user, project=project, item=item)
        return label_download.hand_over(user=request.user, project=project, item=item, request=request)
    except label_download.NoLabelFile as error:
        status = 409 if error.is_expected else 410
        if plain_answers.is_for_tool(request):
            return plain_answers.answer(status, error.message)
        context = {"error": error, "project_id": project, "item_id": item}
        return render(request, "items/no_labels.html", context, status=status)


@require_safe
def renew(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    """The picture with a fresh link, or a quiet tile with the reason."""
    if not htmx.is_htmx(request):
        return redirect("items:detail", project, item)
    context = item_page.renew_picture(user=request.user, project=project, item=item)
    return render(request, "components/_fresh_picture.html", context | {"again": request.path})
