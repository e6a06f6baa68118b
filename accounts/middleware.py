"""What a session is allowed to last, and the time zone a person reads times in."""

import contextlib
import logging
import time
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from accounts.sessions import WHY_ENDED, SessionStore
from console.common import database

log = logging.getLogger(__name__)

IDLE, TOO_LONG, NEW_PASSWORD, ENDED_ELSEWHERE, SESSION_ENDED = "idle", "too-long", "new-password", "elsewhere", "ended"
SEEN_AT = "seen_at"
SIGNED_IN_AT = "signed_in_at"
NOTED_EVERY = 60

GetResponse = Callable[[HttpRequest], HttpResponse]
Content = SessionBase | dict[str, Any]


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
    """Ends an idle session, and every session after its longest life.

    What a page fetches by itself is no sign of a person: a forgotten tab must not keep a shared desk signed in.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        owner = str(request.session.get(SESSION_KEY, ""))
        if request.user.is_authenticated:
            now = time.time()
            if now >= ends_at(request):
                why = IDLE if _idle_until(request.session) <= now else TOO_LONG
                _end(request)
                _note_end(request, why, owner)
                return self.get_response(request)
            if not _is_background(request) and now - request.session.get(SEEN_AT, 0) >= NOTED_EVERY:
                note_activity(request)
            vars(request)["session_ends_at"] = datetime.fromtimestamp(ends_at(request), UTC)
            response = self.get_response(request)
            if not request.user.is_authenticated:
                # What the pages left in this browser goes with the person. Not so when a session only ran out: what
                # they were typing waits in the tab. Cookies stay: those of this host are gone, or say nothing.
                response["Clear-Site-Data"] = '"cache", "storage"'
            return response
        _note_end(request, _why_nobody_is_signed_in(request, owner), owner)
        return self.get_response(request)


class LocalTime:
    """Times are shown in the person's own zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "time_zone", "")
        with timezone.override(zoneinfo.ZoneInfo(name) if name else timezone.get_default_timezone()):
            return self.get_response(request)


def note_activity(request: HttpRequest) -> None:
    """Notes a sign of the person; the first one, at signing in, starts the session's longest life."""
    now = time.time()
    request.session.setdefault(SIGNED_IN_AT, now)
    request.session[SEEN_AT] = now


def _end(request: HttpRequest) -> None:
    """Signs the person out. Where the row cannot be deleted it stays, but the session is over."""
    try:
        logout(request)
    except database.FAILURES as error:
        log.warning("An ended session could not be deleted: %s", error)
        request.session, request.user = SessionStore(), AnonymousUser()


def ends_at(request: HttpRequest) -> float:
    """When this session ends unless the person does something, in Unix time."""
    return session_end(request.session)


def session_end(content: Content) -> float:
    """The same of what any session holds."""
    return min(_idle_until(content), float(content.get(SIGNED_IN_AT, time.time()) + settings.SESSION_LASTS))


def why_it_ended(request: HttpRequest) -> str:
    """Why the session that this request's cookie opened is over; "" where the cookie opened none, or goes on."""
    return str(vars(request).get("ended_session", ("", ""))[0])


def owner_of_ended_session(request: HttpRequest) -> str:
    """The primary key of the person whose session ended with this request; "" where that is not known."""
    return str(vars(request).get("ended_session", ("", ""))[1])


def _note_end(request: HttpRequest, why: str, owner: str) -> None:
    """For this request, and where there was a session also for the next ones of this browser.

    What a page asks for by itself can be the first to meet the end, and its answer is not seen.
    """
    vars(request)["ended_session"] = (why, owner)
    if owner:
        request.session[WHY_ENDED] = why


def _idle_until(content: Content) -> float:
    return float(content.get(SEEN_AT, time.time()) + settings.SESSION_IDLE)


def _why_nobody_is_signed_in(request: HttpRequest, owner: str) -> str:
    """Of a session whose password was changed, Django leaves nothing; of a disabled person's, all but the person."""
    if owner:
        return SESSION_ENDED if SESSION_KEY in request.session else NEW_PASSWORD
    if reason := request.session.get(WHY_ENDED):
        return str(reason)
    # An emptied session has no key; one that holds a form or a half-finished sign-in has.
    had_a_session = settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.session_key is None
    return SESSION_ENDED if had_a_session else ""


def _is_background(request: HttpRequest) -> bool:
    """What a page asks for by itself: fragments, and what it marks so. Only our own pages can set such headers."""
    marked = request.headers.get("X-Background") == "true"
    return request.headers.get("HX-Request") == "true" and (request.method == "GET" or marked)
