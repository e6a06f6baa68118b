"""One's own name and time zone, and the sessions in which one is signed in."""

from dataclasses import dataclass
from datetime import UTC, datetime

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import browsers, people
from accounts.forms import ProfileForm
from accounts.middleware import SEEN
from accounts.models import Person
from accounts.requests import SignedIn
from accounts.sessions import SessionStore
from console.audit import record
from console.common.typed_fields import hand_back


@dataclass(frozen=True)
class OwnSession:
    pk: int
    browser: str
    address: str
    began: datetime
    seen: datetime
    is_current: bool


@hand_back("name", "time_zone", "single_keys")
@require_http_methods(["GET", "POST"])
def profile(request: SignedIn) -> HttpResponse:
    person = Person.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=person)
    if request.method == "POST" and form.is_valid():
        # These fields alone: a whole row, read a moment ago, could undo a role change or a disabling.
        person.save(update_fields=form.cleaned_data.keys())
        messages.success(request, "Saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def sessions(request: SignedIn) -> HttpResponse:
    """Where one is signed in. Each can be ended, and all others at once."""
    if request.method == "POST":
        _end(request, request.POST.get("session", ""))
        return redirect("accounts:sessions")
    context = {
        "sessions": _own_sessions(request),
        "idle": settings.SESSION_COOKIE_AGE,
        "longest": settings.SESSION_LASTS,
    }
    return render(request, "accounts/sessions.html", context)


@require_POST
def stay(request: SignedIn) -> HttpResponse:
    """The answer to "your session is about to end": the request itself is the sign of life."""
    return HttpResponse(status=204)


def _end(request: SignedIn, which: str) -> None:
    current = request.session.session_key or ""
    if which == "others":
        ended = people.end_sessions(request.user, but=current)
    else:
        session = get_object_or_404(UserSession, pk=which if which.isdecimal() else 0, user=request.user)
        session.end()
        ended = 1
    if ended:
        record.event(actor=request.user, action="session.end", request=request, detail={"sessions": ended})
        messages.success(request, "1 session ended." if ended == 1 else f"{ended} sessions ended.")


def _own_sessions(request: SignedIn) -> list[OwnSession]:
    found = [
        OwnSession(
            pk=session.pk,
            browser=browsers.in_words(session.user_agent),
            address=session.ip,
            began=session.created_at,
            seen=_seen(session),
            is_current=session.session_key == request.session.session_key,
        )
        for session in UserSession.objects.purge_and_list(request.user)
    ]
    return sorted(found, key=lambda session: (session.is_current, session.seen), reverse=True)


def _seen(session: UserSession) -> datetime:
    seen = SessionStore(session.session_key).get(SEEN)
    return datetime.fromtimestamp(seen, UTC) if seen else session.last_seen_at
