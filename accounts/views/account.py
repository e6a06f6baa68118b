"""One's own name and time zone, and the sessions in which one is signed in."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import user_agents
from accounts.forms import ProfileForm
from accounts.http_types import SignedIn
from accounts.middleware import ENDED_ELSEWHERE, SEEN_AT, session_end
from accounts.models import Person
from accounts.sessions import end_sessions, live_sessions, row_key
from console import saved_forms
from console.audit import record
from console.common.parsing import read_int
from console.common.typed_fields import hand_back


@dataclass(frozen=True)
class OwnSession:
    pk: int
    browser: str
    address: str
    began: datetime
    last_seen_at: datetime
    is_current: bool


@hand_back("name", "time_zone", "single_keys")
@require_http_methods(["GET", "POST"])
def profile(request: SignedIn) -> HttpResponse:
    person = Person.objects.get(pk=request.user.pk)
    data = request.POST if request.method == "POST" else saved_forms.read_form(request)
    form = ProfileForm(data, instance=person)
    if request.method == "POST" and form.is_valid():
        # These fields alone: saving the whole row could overwrite a role change or a disabling.
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
        "idle": settings.SESSION_IDLE,
        "longest": settings.SESSION_LASTS,
    }
    return render(request, "accounts/sessions.html", context)


@require_POST
def stay(request: SignedIn) -> HttpResponse:
    """The answer to "your session is about to end": the request itself is the sign of life."""
    return HttpResponse(status=204)


def _end(request: SignedIn, which: str) -> None:
    if which == "others":
        count = end_sessions(request.user, but=request.session.session_key or "", why=ENDED_ELSEWHERE)
    else:
        number = read_int(which, 1, 2**63 - 1)
        count = end_sessions(request.user, only=number, why=ENDED_ELSEWHERE) if number else 0
        if not count:
            raise Http404
    if count:
        record.event(actor=request.user, action="session.end", request=request, detail={"sessions": count})
        messages.success(request, "1 session ended." if count == 1 else f"{count} sessions ended.")


def _own_sessions(request: SignedIn) -> list[OwnSession]:
    current = row_key(request.session.session_key or "")
    own_sessions = [
        OwnSession(
            pk=line.pk,
            browser=user_agents.in_words(line.user_agent),
            address=line.ip,
            began=line.created_at,
            last_seen_at=_last_seen(line, content),
            is_current=line.session_key == current,
        )
        for line, content in live_sessions(request.user)
        if session_end(content) > time.time()
    ]
    return sorted(own_sessions, key=lambda session: (session.is_current, session.last_seen_at), reverse=True)


def _last_seen(line: UserSession, content: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(content[SEEN_AT], UTC) if content.get(SEEN_AT) else line.last_seen_at
