"""What a session is allowed to last, and the time zone a person reads times in."""

import contextlib
import logging
import time
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from accounts.sessions import SessionStore
from console.common import database

log = logging.getLogger(__name__)

SEEN = "seen_at"
SINCE = "signed_in_at"
NOTED_EVERY = 60

GetResponse = Callable[[HttpRequest], HttpResponse]


class Sessions(SessionMiddleware):
    """Keeps an answer that is ready even where the session cannot be saved with it.

    What a page notes in the session (that it was used, that a message was shown) can be left out. What must not be
    lost, a sign-in or a sign-out, is saved by the view itself, which then says so.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        is_note = request.session.modified and request.method in {"GET", "HEAD"}
        waits = database.brief_waits() if is_note else contextlib.nullcontext()
        try:
            with waits:
                return super().process_response(request, response)
        except database.FAILURES as error:
            log.warning("The session could not be saved: %s", error)
            database.note_failure()
            patch_vary_headers(response, ("Cookie",))
            return response


class SessionLimits:
    """Ends a session that nobody uses, and every session after its longest life.

    What a page fetches by itself is no sign of a person: a forgotten tab must not keep a shared desk signed in.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = time.time()
            if now >= ends_at(request):
                _end(request)
                return self.get_response(request)
            if not _is_background(request) and now - request.session.get(SEEN, 0) >= NOTED_EVERY:
                begin(request)
            vars(request)["session_ends_at"] = datetime.fromtimestamp(ends_at(request), UTC)
            response = self.get_response(request)
            if not request.user.is_authenticated:
                # What the pages left in this browser goes with the person. Not so when a session only ran out: what
                # they were typing waits in the tab. Cookies stay: those of this host are gone, or say nothing.
                response["Clear-Site-Data"] = '"cache", "storage"'
            return response
        return self.get_response(request)


class LocalTime:
    """Times are shown in the person's own zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "time_zone", "")
        with timezone.override(zoneinfo.ZoneInfo(name) if name else timezone.get_default_timezone()):
            return self.get_response(request)


def begin(request: HttpRequest) -> None:
    """Notes a sign of the person; the first one, at signing in, starts the session's longest life."""
    now = time.time()
    request.session.setdefault(SINCE, now)
    request.session[SEEN] = now


def _end(request: HttpRequest) -> None:
    """Signs the person out. Where the row cannot be deleted it stays, but the session is over."""
    try:
        logout(request)
    except database.FAILURES as error:
        log.warning("An ended session could not be deleted: %s", error)
        request.session, request.user = SessionStore(), AnonymousUser()


def ends_at(request: HttpRequest) -> float:
    """When this session ends unless the person does something, in Unix time."""
    now = time.time()
    idle = request.session.get(SEEN, now) + settings.SESSION_COOKIE_AGE
    return float(min(idle, request.session.get(SINCE, now) + settings.SESSION_LASTS))


def _is_background(request: HttpRequest) -> bool:
    """What a page asks for by itself: fragments, and what it marks so. Only our own pages can set such headers."""
    marked = request.headers.get("X-Background") == "true"
    return request.headers.get("HX-Request") == "true" and (request.method == "GET" or marked)
