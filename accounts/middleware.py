"""What a session is allowed to last, and the time zone a person reads times in."""

import time
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

SEEN = "seen_at"
SINCE = "signed_in_at"
NOTED_EVERY = 60

GetResponse = Callable[[HttpRequest], HttpResponse]


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
                logout(request)
                return self.get_response(request)
            if not _is_background(request) and now - request.session.get(SEEN, 0) >= NOTED_EVERY:
                begin(request)
            vars(request)["session_ends_at"] = datetime.fromtimestamp(ends_at(request), UTC)
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


def ends_at(request: HttpRequest) -> float:
    """When this session ends unless the person does something, in Unix time."""
    now = time.time()
    idle = request.session.get(SEEN, now) + settings.SESSION_COOKIE_AGE
    return float(min(idle, request.session.get(SINCE, now) + settings.SESSION_LASTS))


def _is_background(request: HttpRequest) -> bool:
    return request.method == "GET" and request.headers.get("HX-Request") == "true"
