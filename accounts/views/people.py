"""An administrator's pages about people, and the page behind an invitation."""

from typing import cast
from urllib.parse import urlencode

from allauth.account.models import Login
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import people
from accounts.allauth_internals import perform_login, raise_if_reauthentication_required, record_authentication
from accounts.forms import KNOWN_ALREADY, InviteForm, JoinForm, RoleForm
from accounts.http_types import SignedIn
from accounts.models import Person
from accounts.rights import ROLE_WORDS, Role
from console import htmx, saved_forms
from console.common.parsing import read_page_number
from console.common.typed_fields import hand_back

LINKS = "invitation_links"
ON_A_PAGE = 50
SEARCH_LENGTH = 100


@require_http_methods(["GET"])
def people_list(request: SignedIn) -> HttpResponse:
    """Everybody, the active ones first; `q` keeps those whose name, address, role or state holds every word of it."""
    search = " ".join(request.GET.get("q", "").split())[:SEARCH_LENGTH]
    everybody = list(Person.objects.order_by("-is_active", "name", "email"))
    pages = Paginator(people.search_people(everybody, search), ON_A_PAGE)
    page = pages.get_page(read_page_number(request.GET.get("page")))
    context = {
        "page": page,
        "search": search,
        "total": len(everybody),
        "previous_url": _page_address(search, page.number - 1) if page.has_previous() else "",
        "next_url": _page_address(search, page.number + 1) if page.has_next() else "",
    }
    whole = "accounts/people.html"
    return render(request, f"{whole}#list" if htmx.is_htmx(request) else whole, context)


@hand_back("email", "name", "role")
@require_http_methods(["GET", "POST"])
def invite(request: SignedIn) -> HttpResponse:
    raise_if_reauthentication_required(request, app="")
    form = InviteForm(request.POST if request.method == "POST" else saved_forms.read_form(request))
    if request.method == "POST" and form.is_valid():
        try:
            person, token = people.invite(by=request.user, request=request, **form.cleaned_data)
        except people.KnownAlready:
            form.add_error("email", KNOWN_ALREADY)
        else:
            _hand_over(request, person, token)
            return redirect("accounts:person", person.pk)
    context = {"form": form, "role_words": ROLE_WORDS}
    return render(request, "accounts/invite.html", context, status=422 if form.errors else 200)


@hand_back("role")
@require_http_methods(["GET", "POST"])
def person(request: SignedIn, pk: str) -> HttpResponse:
    """One person: role, link, disable. Each button posts here with its `act`."""
    person = get_object_or_404(Person.objects.select_related("invitation"), pk=pk)
    if request.method == "POST":
        raise_if_reauthentication_required(request, app="")
        try:
            ACTS.get(request.POST.get("act", ""), _nothing)(request, person)
        except people.LastAdministrator as error:
            messages.error(request, error.message)
        return redirect("accounts:person", pk)
    fields = saved_forms.read_form(request)
    context = {
        "person": person,
        "form": RoleForm(initial={"role": fields.get("role", person.role) if fields else person.role}),
        "role_words": ROLE_WORDS,
        "link": _link_for(request, person),
        "has_factors": Authenticator.objects.filter(user=person).exists(),
        "is_last_administrator": people.is_last_administrator(person),
    }
    return render(request, "accounts/person.html", context)


@hand_back("name")
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    """Name and password of an invited person, or a new password for one who forgot theirs."""
    invitation = people.find_invitation(token)
    if invitation is None:
        return render(request, "accounts/join_closed.html", status=410)
    form = JoinForm(
        request.POST if request.method == "POST" else None,
        person=invitation.person,
        initial={"name": invitation.person.name},
    )
    if request.method == "POST" and form.is_valid():
        joined = people.join(invitation=invitation, request=request, **form.cleaned_data)
        if joined is None:
            return render(request, "accounts/join_closed.html", status=410)
        record_authentication(request, joined, method="password")
        return cast(HttpResponseBase, perform_login(request, Login(user=joined, email=joined.email)))
    context = {"form": form, "invited": invitation.person}
    return render(request, "accounts/join.html", context, status=422 if form.errors else 200)


def _page_address(search: str, number: int) -> str:
    return f"?{urlencode({'q': search, 'page': number})}"


def _give_role(request: SignedIn, person: Person) -> None:
    form = RoleForm(request.POST)
    if form.is_valid():
        people.change_role(by=request.user, person=person, role=form.cleaned_data["role"], request=request)
        role = Role(form.cleaned_data["role"]).label
        if person.is_active:
            messages.success(request, f"{person} is now {role}.")
        else:
            messages.success(request, f"{person} will be {role} with access to the console.")


def _disable(request: SignedIn, person: Person) -> None:
    people.disable(by=request.user, person=person, request=request)
    messages.success(request, f"{person} is disabled and signed out everywhere.")


def _enable(request: SignedIn, person: Person) -> None:
    if person.state == "disabled":
        people.enable(by=request.user, person=person, request=request)
        messages.success(request, f"{person} can sign in again.")


def _renew(request: SignedIn, person: Person) -> None:
    if person.state != "disabled":
        _hand_over(request, person, people.renew_link(by=request.user, person=person, request=request))


def _withdraw(request: SignedIn, person: Person) -> None:
    people.withdraw_link(by=request.user, person=person, request=request)
    messages.success(request, "The link does not work any more.")


def _remove_factors(request: SignedIn, person: Person) -> None:
    people.remove_factors(by=request.user, person=person, request=request)
    messages.success(request, f"{person} signs in with the password alone, until a new second step is set up.")


def _nothing(request: SignedIn, person: Person) -> None:
    """A button this page does not have."""


ACTS = {
    "role": _give_role,
    "disable": _disable,
    "enable": _enable,
    "link": _renew,
    "withdraw": _withdraw,
    "factors": _remove_factors,
}


def _hand_over(request: SignedIn, person: Person, token: str) -> None:
    """Keeps the link for this administrator's session only: the database has no more than its hash."""
    request.session[LINKS] = request.session.get(LINKS, {}) | {str(person.pk): token}
    if people.mail_link(by=request.user, person=person, link=people.join_link(request, token)):
        messages.success(request, f"The link was sent to {person.email}.")


def _link_for(request: SignedIn, person: Person) -> str:
    token = request.session.get(LINKS, {}).get(str(person.pk), "")
    invitation = people.find_invitation(token) if token else None
    return people.join_link(request, token) if invitation and invitation.person_id == person.pk else ""
