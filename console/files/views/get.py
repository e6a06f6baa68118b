"""Files by their paths: which exist, how large they are, one or all to download (P2)."""

import uuid

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import connections
from accounts.http_types import SignedIn
from console import htmx, plain_text_responses, saved_forms
from console.common.parsing import read_page_number
from console.common.typed_fields import hand_back
from console.files import download as downloading
from console.files import path_checks, path_lists, zip_stream
from console.files.download import NoFile
from console.files.forms import PathsForm
from console.files.path_presenters import PathListPage, read_state
from console.upstream.download_ranges import NoSuchPart


@hand_back("paths")
@require_http_methods(["GET", "HEAD", "POST"])
def get(request: SignedIn) -> HttpResponse:
    """The form to paste paths into. They are checked at once, as far as the time allows."""
    space = connections.space(request.user)
    data = request.POST if request.method == "POST" else saved_forms.read_form(request)
    form = PathsForm(data, space=space.id)
    context = {"form": form, "space": space}
    if request.method != "POST":
        return render(request, "files/get.html", context)
    if not form.is_valid():
        part = "#form" if htmx.is_htmx(request) else ""
        return render(request, f"files/get.html{part}", context, status=422)
    path_list = path_lists.create_list(user=request.user, space=space, pasted=form.pasted)
    path_checks.check_list(user=request.user, path_list=path_list)
    return htmx.redirect(request, reverse("files:list", args=[path_list.pk]))


@require_safe
def path_list(request: SignedIn, list_id: uuid.UUID) -> HttpResponse:
    """The paths of one list with what was found at each, a hundred a page."""
    path_list = path_lists.get_list(user=request.user, list_id=list_id)
    page = PathListPage(path_list, read_state(request.GET.get("show")), read_page_number(request.GET.get("page")))
    return render(request, "files/get_list.html", {"page": page})


@require_POST
def sizes(request: SignedIn, list_id: uuid.UUID) -> HttpResponse:
    """Checks what is not known yet, or with `again` all of them."""
    path_list = path_lists.get_list(user=request.user, list_id=list_id)
    path_checks.check_list(user=request.user, path_list=path_list, is_again=request.POST.get("again") == "1")
    if not htmx.is_htmx(request):
        return htmx.redirect(request, reverse("files:list", args=[list_id]))
    return render(request, "files/get_list.html#list", {"page": PathListPage(path_list), "is_swapped": True})


@require_safe
def download(request: SignedIn, list_id: uuid.UUID, number: int) -> HttpResponseBase:
    """One of the files, recorded as `file.download`; HEAD takes nothing and is not."""
    path_list = path_lists.get_list(user=request.user, list_id=list_id)
    if not 1 <= number <= len(path_list.paths):
        raise Http404
    try:
        if request.method == "HEAD":
            return downloading.describe_file(user=request.user, path_list=path_list, number=number)
        return downloading.stream_file(user=request.user, path_list=path_list, number=number, request=request)
    except NoSuchPart as error:
        place = {} if error.total is None else {"Content-Range": f"bytes */{error.total}"}
        return plain_text_responses.answer(416, error.message, headers=place)
    except NoFile as error:
        return _no_file(request, error, list_id, path_list.paths[number - 1])


@require_safe
def zip_all(request: SignedIn, list_id: uuid.UUID) -> HttpResponseBase:
    """All of the files as one zip, each recorded; HEAD takes nothing and is not."""
    path_list = path_lists.get_list(user=request.user, list_id=list_id)
    if request.method == "HEAD":
        return zip_stream.describe_zip(path_list)
    try:
        return zip_stream.stream_zip(user=request.user, path_list=path_list, request=request)
    except NoFile as error:
        return _no_file(request, error, list_id)


def _no_file(request: SignedIn, error: NoFile, list_id: uuid.UUID, path: str = "") -> HttpResponse:
    if plain_text_responses.is_for_tool(request):
        return plain_text_responses.answer(410, error.message)
    context = {"error": error, "path": path, "list_id": list_id}
    return render(request, "files/get_no_file.html", context, status=410)
