"""Pages for what went wrong: each says what happened, whether anything was changed, and what to do."""

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from accounts.connections import ConnectionMissing
from console import htmx, logs
from console.audit import unresolved
from console.audit.record import NotRecorded
from console.common.typed_fields import typed_fields
from console.upstream import errors

STATUSES: tuple[tuple[type[errors.UpstreamError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Forbidden, 403),
    (errors.KeyRejected, 403),
    (errors.Conflict, 409),
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
    retry_in: float | None = getattr(error, "retry_in", None)
    context: dict[str, object] = about | {
        "error": error,
        "wait": round(retry_in) if retry_in else None,
        "reading": reading,
        "unresolved": None if reading else unresolved.of_error(error, back=htmx.page_address(request)),
        "key_rejected": isinstance(error, errors.KeyRejected),
        "again": htmx.page_address(request),
    }
    response = _answer(request, "errors/upstream.html", context, status)
    if retry_in:
        response["Retry-After"] = str(max(1, round(retry_in)))
    return response


def status_of(error: errors.UpstreamError) -> int:
    """What we answer when a vendor failed us."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 502)


def connect(request: HttpRequest, missing: ConnectionMissing) -> HttpResponse:
    """No key, or no owner or space: how to connect one, and the way back here."""
    context = {"missing": missing, "again": htmx.page_address(request)}
    return _answer(request, "errors/connect.html", context, 409 if request.method != "GET" else 200)


def not_recorded(request: HttpRequest, error: NotRecorded) -> HttpResponse:
    """The audit took no entry, so nothing was sent."""
    context = {"error": error, "again": htmx.page_address(request)}
    return _answer(request, "errors/recorded.html", context, 503)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A missing right: whom to ask."""
    people = get_user_model().objects.filter(role="administrator", is_active=True).order_by("name")[:3]
    return _answer(request, "errors/403.html", {"ask": list(people)}, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, "errors/404.html", {}, 404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, "errors/400.html", {}, 400)


def failed(request: HttpRequest) -> HttpResponse:
    """Our own fault. Nothing here may fail again, so the page asks neither database nor session."""
    part = "#notice" if request.headers.get("HX-Request") == "true" else ""
    return HttpResponse(render_to_string(f"errors/500.html{part}", {"request_id": logs.request_id.get()}), status=500)


def too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose page was too old. What its view names as harmless goes back, if it came from a page of ours."""
    kept = typed_fields(request) if request.headers.get("Sec-Fetch-Site") == "same-origin" else []
    return _answer(request, "errors/csrf.html", {"kept": kept, "address": request.get_full_path()}, 403)


def _answer(request: HttpRequest, template: str, context: dict[str, object], status: int) -> HttpResponse:
    """The whole page, or only its notice where htmx asked for a fragment."""
    context |= {"request_id": logs.request_id.get(), "status": status}
    name = f"{template}#notice" if htmx.is_htmx(request) else template
    return render(request, name, context, status=status)
