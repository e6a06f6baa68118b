"""Connecting, testing, replacing and removing the two vendors' keys, and switching between owners and spaces."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import connections, demo, key_capabilities, key_usage
from accounts import keys as services
from accounts.allauth_internals import raise_if_reauthentication_required
from accounts.forms import KeyForm, PlaceForm
from accounts.http_types import SignedIn
from accounts.models import ApiKey, Place, Vendor
from console import htmx, saved_forms
from console.common.typed_fields import hand_back


@dataclass(frozen=True)
class KeyCard:
    """One vendor on the keys page."""

    vendor: Vendor
    key: ApiKey | None
    form: KeyForm
    place_form: PlaceForm
    place_word: str
    places: list[Place] = field(default_factory=list)

    @property
    def remembered(self) -> dict[str, str]:
        """What a replaced key keeps: its label, and the place it was used in."""
        current = next((place for place in self.places if place.is_current), None)
        if self.key is None:
            return {}
        return {
            "label": self.key.label,
            "place": current.value if current else "",
            "place_name": current.name if current else "",
        }

    @property
    def abilities(self) -> list[key_capabilities.Ability]:
        return key_capabilities.read_abilities(self.key) if self.key else []


@require_http_methods(["GET"])
def keys(request: SignedIn) -> HttpResponse:
    cards = [_card(request, vendor) for vendor in Vendor]
    context = {"cards": cards, "next": _next(request), "has_missing": not all(card.key for card in cards)}
    return render(request, "accounts/keys.html", context)


@hand_back("label", "place", "place_name", "next")
@sensitive_post_parameters("value")
@sensitive_variables("form")
@require_http_methods(["GET", "POST"])
def connect(request: SignedIn, vendor: Vendor) -> HttpResponse:
    """Save and test. Replacing asks for the password first, so that a key is not typed in vain."""
    card = _card(request, vendor)
    if card.key:
        raise_if_reauthentication_required(request, app="")
    form = KeyForm(
        request.POST if request.method == "POST" else None,
        vendor=vendor,
        initial=card.remembered | _saved_fields(request),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.connect(user=request.user, vendor=vendor, request=request, **_key_fields(form))
        except services.KeyRefused as refusal:
            form.add_error(refusal.on, _with_consolation(refusal.message, card.key))
        else:
            messages.success(request, f"Your {vendor.label} key works and is saved.")
            return redirect(_next(request) or f"{reverse('accounts:keys')}#{vendor}")
    context = {"card": card, "vendor": vendor, "form": form, "next": _next(request)}
    return render(request, "accounts/connect.html", context, status=422 if form.errors else 200)


@require_POST
def practice_keys(request: SignedIn) -> HttpResponse:
    """In the practice space: connects the invented vendors' keys that belong to the person's role."""
    if not settings.PRACTICE:
        raise Http404
    try:
        demo.take_keys(user=request.user, request=request)
    except services.KeyRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "You have the practice keys.")
    return redirect(_next(request) or "accounts:keys")


@require_POST
def test(request: SignedIn, vendor: Vendor) -> HttpResponse:
    """Asks the vendor again what the key may do."""
    if _card(request, vendor).key is None:
        raise Http404
    try:
        services.test_key(user=request.user, vendor=vendor)
    except services.KeyRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"Your {vendor.label} key works.")
    return redirect(f"{reverse('accounts:keys')}#{vendor}")


@require_http_methods(["GET", "POST"])
def remove(request: SignedIn, vendor: Vendor) -> HttpResponse:
    key = get_object_or_404(ApiKey, person=request.user, vendor=vendor)
    raise_if_reauthentication_required(request, app="")
    if request.method == "POST":
        services.remove(user=request.user, key=key, request=request)
        messages.success(request, f"Your {vendor.label} key is removed.")
        return redirect("accounts:keys")
    return render(request, "accounts/remove.html", {"key": key, "vendor": vendor, "stops": services.what_stops(key)})


@hand_back("place", "place_name", "next")
@require_http_methods(["GET", "POST"])
def place(request: SignedIn, vendor: Vendor) -> HttpResponse:
    """Adds an owner or a space and works in it from now on. GET is the form on a page of its own."""
    card = _card(request, vendor)
    if card.key is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = PlaceForm(data, vendor=vendor, initial=_saved_fields(request))
    if form.is_valid():
        fields = form.cleaned_data
        try:
            services.add_place(
                user=request.user, vendor=vendor, value=fields["place"], name=fields.get("place_name", "")
            )
        except services.KeyRefused as refusal:
            form.add_error("place", refusal.message)
        else:
            return redirect(_next(request) or f"{reverse('accounts:keys')}#{vendor}")
    context = {"card": card, "vendor": vendor, "form": form, "next": _next(request)}
    return render(request, "accounts/place.html", context, status=422 if form.errors else 200)


@require_POST
def forget(request: SignedIn, vendor: Vendor, pk: int) -> HttpResponse:
    services.forget_place(user=request.user, place=get_object_or_404(Place, pk=pk, person=request.user, vendor=vendor))
    return redirect(f"{reverse('accounts:keys')}#{vendor}")


@require_POST
def switch(request: SignedIn) -> HttpResponse:
    """The switcher of every page: another owner or space, and back to where the person was."""
    vendor, value = request.POST.get("vendor", ""), request.POST.get("place", "")
    if not services.switch(user=request.user, vendor=vendor, value=value):
        raise Http404
    return htmx.redirect(request, _next(request) or "/")


def _card(request: SignedIn, vendor: Vendor) -> KeyCard:
    key = ApiKey.objects.filter(person=request.user, vendor=vendor).first()
    return KeyCard(
        vendor=vendor,
        key=key_usage.with_latest_notes(key) if key else None,
        form=KeyForm(vendor=vendor),
        place_form=PlaceForm(vendor=vendor),
        place_word=connections.PLACE_WORDS[vendor],
        places=list(Place.objects.filter(person=request.user, vendor=vendor)),
    )


def _saved_fields(request: SignedIn) -> dict[str, str]:
    """What was typed before signing in again; a key is never among it."""
    fields = saved_forms.read_form(request)
    return {name: fields.get(name, "") for name in fields} if fields else {}


def _next(request: SignedIn) -> str:
    """Where the person came from, if that is a page of ours."""
    address = request.POST.get("next") or request.GET.get("next") or _saved_fields(request).get("next", "")
    return address if htmx.is_ours(request, address) else ""


@sensitive_variables("typed")
def _key_fields(form: KeyForm) -> dict[str, Any]:
    fields = form.cleaned_data
    return {
        "value": fields["value"],
        "label": fields["label"],
        "place": fields["place"],
        "place_name": fields.get("place_name", ""),
    }


def _with_consolation(message: str, old: ApiKey | None) -> str:
    return f"{message} Your old key stays in use." if old else message
