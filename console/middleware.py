"""What holds for every request: an id, headers, who may come in, and errors of the vendors as pages."""

import logging
import re
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.cache import patch_vary_headers

from accounts import access, audit_signals, pending_reauth
from accounts.connections import ConnectionMissing
from console import error_pages, json_logging, plain_text_responses, response_headers, saved_forms, sign_in
from console.audit import availability
from console.audit.client_ip import comes_from_proxy
from console.audit.record import NotRecorded
from console.common import database, deadline
from console.upstream.errors import UpstreamError

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


class Forwarded:
    """What only a configured proxy may say is taken off every other request, before anything reads it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not comes_from_proxy(request):
            for name in ("HTTP_X_FORWARDED_PROTO", "HTTP_X_REQUEST_ID"):
                request.META.pop(name, None)
        return self.get_response(request)


class Utf8:
    """Reads every text as UTF-8, whatever encoding a request names.

    Pages of ours send nothing else; others can hold half characters, or are no encodings of text at all.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.encoding is not None:
            request.encoding = "utf-8"
        return self.get_response(request)


class RequestId:
    """Gives each request the id that its log lines, audit rows and error pages share."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        header = request.headers.get("X-Request-Id", "")
        request_id = header if re.fullmatch(r"[A-Za-z0-9-]{8,64}", header) else uuid.uuid4().hex
        vars(request)["request_id"] = request_id
        token = json_logging.request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            json_logging.request_id.reset(token)
        response["X-Request-Id"] = request_id
        return response


class TimeBudget:
    """All calls of one request share one deadline; the sending of a file that the view has opened does not count."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with deadline.limit(settings.REQUEST_SECONDS):
            return self.get_response(request)


class Headers:
    """The headers that Django does not put on every answer: errors, fragments and files too; and no body for HEAD."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in response_headers.ALWAYS.items():
            response.headers.setdefault(name, value)
        patch_vary_headers(response, ["HX-Request"])
        if request.method == "HEAD" and not response.streaming:
            response.content = b""
        return response


class HealthChecks:
    """Answers supervisors before anything that asks the session, the database or the cache."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in {"/livez", "/readyz"}:
            return self.get_response(request)
        request.get_host()  # refuses a name out of ALLOWED_HOSTS, as for every page
        response: HttpResponse = resolve(request.path_info).func(request)
        return response


class DatabaseFailures:
    """Bounds how long a request waits for locks, and turns a failure of the database into a page that needs none."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with database.bounded_waits():
            response = self.get_response(request)
            if not vars(request).pop("audit_failed", False):
                return response
            with availability.left_out():
                return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Another page than the audit's own is shown once more, without what it would have read there."""
        if not database.is_failure(error):
            return None
        shows_audit = request.resolver_match is not None and request.resolver_match.app_name == "audit"
        if request.method in {"GET", "HEAD"} and not shows_audit:
            vars(request)["audit_failed"] = availability.is_about_audit(error)
        return error_pages.database_failed(request, error)


class Access:
    """Asks the one table who may open what, before any view runs."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        try:
            saved_forms.forget_sent_form(request, response)
            pending_reauth.keep(request, response)
        except database.FAILURES as error:
            return error_pages.database_failed(request, error)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if access.is_closed(name):
            return error_pages.not_found(request)
        if access.allowed(request.user, name):
            pending_reauth.forget_what_is_not_allowed(request)
            return None
        if not request.user.is_authenticated:
            if plain_text_responses.is_for_tool(request) or plain_text_responses.is_for_script(request):
                return plain_text_responses.sign_in_first(request)
            return sign_in.redirect_to_sign_in(request)
        audit_signals.refused(request, name)
        return error_pages.not_allowed(request)


class UpstreamErrors:
    """What a vendor did wrong and a view left alone becomes a page, or a notice where htmx asked."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, ConnectionMissing):
            return error_pages.connect(request, error)
        if isinstance(error, NotRecorded):
            return error_pages.not_recorded(request, error)
        if isinstance(error, UpstreamError):
            log.warning("%s: %s (reference %s)", type(error).__name__, error, error.reference)
            return error_pages.upstream(request, error)
        return None
