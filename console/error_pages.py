"""Pages for what went wrong: each says what happened, whether anything was changed, and what to do."""

import logging
import sys
import uuid
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.csrf import REASON_NO_CSRF_COOKIE, get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import form_owner
from accounts.connections import ConnectionMissing
from accounts.people import administrators
from accounts.views import sign_in_page_again
from console import htmx, json_logging, plain_text_responses, sign_in
from console.audit import record, unresolved
from console.audit.record import NotRecorded
from console.common import database
from console.common.errors import ConsoleError
from console.common.typed_fields import ONE_TIME, readable_values, typed_fields
from console.upstream import errors

log = logging.getLogger(__name__)

FAILED = "Something went wrong in this console."
# Of what goes wrong before a view runs.
SCRIPT_SENTENCES = {
    400: "This could not be read.",
    403: "Your role doesn't allow this any more.",
    404: "This is no longer here.",
}
# So much of a refused request is read: a hundred megabytes.
CHUNK, MOST_CHUNKS = 64 * 1024, 1_600
STATUSES: tuple[tuple[type[errors.UpstreamError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Forbidden, 403),
    (errors.KeyRejected, 403),
    (errors.Conflict, 409),
    (errors.PageExpired, 404),
    (errors.Invalid, 422),
    (errors.RateLimited, 503),
    (errors.HeldBack, 503),
    (errors.OutOfTime, 504),
    (errors.TimedOut, 504),
)


def upstream(request: HttpRequest, error: errors.UpstreamError, **about: object) -> HttpResponse:
    """An error of a vendor, with whether anything was changed and the number to quote.

    `about`: the `title` and `crumbs` of the page that was asked for, where they are known without the vendor.
    """
    status = status_of(error)
    reading = request.method in {"GET", "HEAD"}
    context: dict[str, object] = about | {
        "error": error,
        "wait": round(error.retry_in) if error.retry_in else None,
        "reading": reading,
        "unresolved": None if reading else unresolved.of_error(error, back=htmx.page_address(request)),
        "resend": error.outcome == "failed",
        "key_label": key_label(error),
        "again": htmx.page_address(request),
        "first_page": htmx.page_address(request).partition("?")[0] if isinstance(error, errors.PageExpired) else "",
    }
    response = _answer(request, "errors/upstream.html", context, status)
    if error.retry_in:
        response["Retry-After"] = str(max(1, round(error.retry_in)))
    return response


def status_of(error: errors.UpstreamError) -> int:
    """What we answer when a vendor failed us."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 502)


def key_label(error: errors.UpstreamError) -> str:
    """The link to "Your keys" beside an error that another key can mend; "" for every other error."""
    if isinstance(error, errors.KeyRejected):
        return "Replace the key"
    is_about_key = isinstance(error, errors.Forbidden) and not isinstance(error, errors.LinkExpired)
    return "Use another key" if is_about_key else ""


def connect(request: HttpRequest, missing: ConnectionMissing) -> HttpResponse:
    """No key, or no owner or space: how to connect one, and the way back here."""
    context = {"missing": missing, "again": htmx.page_address(request)}
    is_page = request.method == "GET" and not plain_text_responses.is_for_tool(request)
    return _answer(request, "errors/connect.html", context, 200 if is_page else 409)


def not_recorded(request: HttpRequest, error: NotRecorded) -> HttpResponse:
    """The audit took no entry, so nothing was sent."""
    context = {"error": error, "again": htmx.page_address(request)}
    return _answer(request, "errors/recorded.html", context, 503)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A missing right: whom to ask."""
    return _answer(request, "errors/403.html", {"ask": administrators(), "resend": False}, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, "errors/404.html", {}, 404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, TooManyFieldsSent) and "GET" not in vars(request):
        # The page around the message reads the address, which has too many parameters to be read.
        request.GET = QueryDict()
    if isinstance(exception, RequestDataTooBig):
        _read_to_the_end(request)
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024**2 if isinstance(exception, RequestDataTooBig) else 0
    return _answer(request, "errors/400.html", {"most_mib": most}, 400)


def failed(request: HttpRequest) -> HttpResponse:
    """Our own fault. Nothing here may fail again, so the page asks neither database nor session.

    Django calls this for what a middleware raised too, where no `process_exception` is asked.
    """
    error = sys.exc_info()[1]
    if database.is_failure(error):
        return database_failed(request, error)
    return _answer_alone(request, "errors/500.html", {}, 500)


def database_failed(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """The database is locked, full, read-only or gone. The page asks neither database nor session."""
    log.error("The database failed: %s: %s", type(error).__name__, error)
    database.note_failure()
    reading = request.method in {"GET", "HEAD"}
    context: dict[str, object] = {
        "title": f"The console's database can't be {'read' if reading else 'written to'} right now.",
        "kept": _own_fields(request),
        "address": request.get_full_path(),
        "csrf_token": get_token(request),
    }
    response = _answer_alone(request, "errors/database.html", context, 503)
    response["Retry-After"] = "10"
    return response


def _read_to_the_end(request: HttpRequest) -> None:
    """A browser that is still sending when its connection is closed shows an error of its own instead of the answer.

    How long it has for that, the request gate says.
    """
    with suppress(UnreadablePostError):
        for _ in range(MOST_CHUNKS):
            if not request.read(CHUNK):
                return


def _answer_alone(request: HttpRequest, template: str, context: dict[str, object], status: int) -> HttpResponse:
    """A page without the frame around it, which would read the person and the session."""
    if plain_text_responses.is_for_tool(request):
        return plain_text_responses.answer(status, str(context.get("title", "")))
    if plain_text_responses.is_for_script(request):
        return plain_text_responses.for_script(
            status, str(context.get("title", FAILED)), retry_in=10 if status == 503 else None
        )
    part = "#notice" if request.headers.get("HX-Request") == "true" else ""
    entry = record.act_of_this_request()
    context |= {
        "request_id": json_logging.request_id.get(),
        "entry_url": reverse("audit:detail", args=[entry]) if entry else "",
        "sentence": _what_became_of_it(request, is_recorded=entry is not None),
    }
    return HttpResponse(render_to_string(f"{template}{part}", context), status=status)


def _answer_script(request: HttpRequest, context: dict[str, object], status: int) -> HttpResponse:
    error = _error_in(context)
    sentence = (error.message if error else "") or SCRIPT_SENTENCES.get(status, FAILED)
    return plain_text_responses.for_script(status, sentence, retry_in=error.retry_in if error else None)


def _error_in(context: dict[str, object]) -> ConsoleError | None:
    error = context.get("error") or context.get("missing")
    return error if isinstance(error, ConsoleError) else None


def _what_became_of_it(request: HttpRequest, *, is_recorded: bool) -> str:
    if request.method in {"GET", "HEAD"}:
        return "Nothing was changed."
    if is_recorded:
        return "Your request was recorded and may have been sent. Check its audit entry before you send it again."
    return "Nothing was sent to Avala or CloudFactory."


def too_old(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """A form whose page was too old. What its view names as harmless goes back to the person who opened that page.

    Where the session is gone too, that is after signing in again.
    """
    is_refusal_of_ours = reason == REASON_NO_CSRF_COOKIE or sign_in.is_from_our_page(request)
    if is_refusal_of_ours and (page := sign_in_page_again(request)):
        return page
    if plain_text_responses.is_for_script(request):
        if not request.user.is_authenticated:
            return plain_text_responses.sign_in_first(request)
        return plain_text_responses.for_script(403, "This page has expired. Reload it to carry on.", expired=True)
    fields = _own_fields(request)
    if fields and not request.user.is_authenticated:
        return sign_in.redirect_to_sign_in(request)
    addresses = {"address": request.get_full_path(), "reload_url": sign_in.find_page(request)}
    context: dict[str, object] = {"kept": fields, **addresses}
    if form_owner.read_owner(request) not in ("", str(request.user.pk)):
        context |= {"is_anothers": True, "kept": [], "typed": []}
    return _answer(request, "errors/csrf.html", context, 403)


def _with_new_ids(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """With a new one-time id: under the old one another press is answered as this one was."""
    return [(name, str(uuid.uuid4()) if name in ONE_TIME else value) for name, value in fields]


def _own_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """What goes back to the person who sent it, from a page of ours: another site must not fill in a form here."""
    return typed_fields(request) if sign_in.is_from_our_page(request) else []


def _answer(request: HttpRequest, template: str, context: dict[str, object], status: int) -> HttpResponse:
    """The whole page, only its notice where htmx asked for a fragment, or its sentence for a tool that saves files."""
    if plain_text_responses.is_for_tool(request):
        error = _error_in(context)
        return plain_text_responses.answer(status, error.message if error else "")
    if plain_text_responses.is_for_script(request):
        return _answer_script(request, context, status)
    context |= {"request_id": json_logging.request_id.get(), "status": status}
    if request.method == "POST":
        fields = _with_new_ids(_own_fields(request))
        form_context = {
            "kept": fields,
            "typed": readable_values(fields),
            "address": request.get_full_path(),
            "resend": True,
        }
        context = form_context | context
    name = f"{template}#notice" if htmx.is_htmx(request) else template
    return render(request, name, context, status=status)
