"""Uploading files from the browser: the page, its ledger, and what its script asks for."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts import connections
from accounts.http_types import SignedIn
from console import plain_text_responses
from console.common.parsing import read_page_number
from console.files import failure_reasons, ledger, selectors, services, store_checks
from console.files.presenters import UploadPage, read_rows
from console.files.script_bodies import UNREADABLE, UnreadableBody, read_body, read_id, read_list, row_json
from console.files.upload_origins import sends_files

E = TypeVar("E", bound=Callable[..., HttpResponse])


def for_upload_script(view: E) -> E:
    """A POST of JSON that is answered with JSON."""

    @wraps(view)
    def answer(request: SignedIn, *args: Any, **kwargs: Any) -> HttpResponse:
        if not plain_text_responses.is_for_script(request):
            return plain_text_responses.for_script(415, UNREADABLE)
        try:
            return view(request, *args, **kwargs)
        except UnreadableBody:
            return plain_text_responses.for_script(400, UNREADABLE)
        except ledger.SpaceGone as error:
            return plain_text_responses.for_script(409, error.message)
        except services.NoOrigins:
            return plain_text_responses.for_script(409, failure_reasons.not_set_up(request.user))

    return cast(E, require_POST(answer))


@require_safe
@sends_files
def upload(request: SignedIn) -> HttpResponse:
    """Where the files go and what the limits are, then the place to drop them."""
    page = UploadPage.new(request.user, connections.space(request.user))
    return render(request, "files/upload.html", {"page": page, "crumbs": _crumbs()})


@require_safe
@sends_files
def detail(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """The ledger of one upload."""
    upload = selectors.find_upload(user=request.user, upload_id=upload_id)
    rows = read_rows(upload, request.GET.get("state", ""), read_page_number(request.GET.get("page")))
    context = {"page": UploadPage.of(request.user, upload), "rows": rows, "crumbs": _crumbs()}
    return render(request, "files/upload.html", context)


@require_safe
def rows(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """One page of the ledger."""
    upload = selectors.find_upload(user=request.user, upload_id=upload_id)
    page = read_rows(upload, request.GET.get("state", ""), read_page_number(request.GET.get("page")))
    return render(request, "files/_rows.html", {"rows": page})


@for_upload_script
def add(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """Adds chosen files to the ledger; those that are saved already are said to be."""
    body = read_body(request)
    files, space = read_list(body, most=ledger.MOST_AT_ONCE), body.get("space")
    upload, added = ledger.add_files(
        user=request.user, upload_id=upload_id, files=files, space=space if isinstance(space, str) else ""
    )
    answers = [{"id": str(one.id) if one.id else None, "state": one.state, "message": one.message} for one in added]
    return JsonResponse({"files": answers, "totals": selectors.count_files(upload).as_json})


@for_upload_script
def links(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """Links for up to ten files that are sent next (P1)."""
    upload = selectors.find_upload(user=request.user, upload_id=upload_id)
    body = read_body(request)
    ids = [read_id(one) for one in read_list(body, most=services.MOST_LINKS)]
    again = body.get("again") is True
    result = services.hand_out_links(user=request.user, upload=upload, ids=ids, request=request, again=again)
    answers = [
        {"id": str(link.id), "url": link.url, "contentType": link.content_type}
        if link.url
        else {"id": str(link.id), "state": link.state, "message": link.message}
        for link in result.links
    ]
    return JsonResponse({"files": answers, "message": result.message})


@for_upload_script
def report(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """What became of files, as the browser saw it."""
    upload = selectors.find_upload(user=request.user, upload_id=upload_id)
    reported = {}
    for one in read_list(read_body(request), most=ledger.MOST_AT_ONCE):
        outcome = failure_reasons.read_reported(one, request)
        if outcome is None:
            raise UnreadableBody
        reported[read_id(one.get("id"))] = outcome
    changed = services.report(user=request.user, upload=upload, reported=reported, request=request)
    totals = selectors.count_files(upload).as_json
    return JsonResponse({"files": [row_json(row) for row in changed], "totals": totals})


@for_upload_script
def check(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """Looks one file up whose answer was lost (P2 and a HEAD)."""
    upload = selectors.find_upload(user=request.user, upload_id=upload_id)
    row = upload.files.filter(pk=read_id(read_body(request).get("file"))).first()
    if row is None:
        raise Http404
    looked_up = store_checks.check(user=request.user, upload=upload, row=row)
    return JsonResponse({**row_json(looked_up), "totals": selectors.count_files(upload).as_json})


def _crumbs() -> list[tuple[str, str]]:
    return [("Files", reverse("files:index"))]
