"""What the page shell shows around every page. It is asked for only when a whole page is drawn, not for fragments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.db.models import Exists
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from accounts import access, connections
from accounts.models import ApiKey, Person, Place, Vendor
from accounts.rights import Right
from accounts.vendor_status import VendorState
from console import saved_forms, sign_in
from console.audit import availability
from console.common import cache, database, shell_registry
from console.common.shell_registry import Menu, News

NAME = "Annotation Console"


@dataclass(frozen=True)
class NavItem:
    label: str
    icon: str
    url: str
    current: bool


@dataclass(frozen=True)
class VendorStatus:
    vendor: str
    label: str
    state: VendorState

    @property
    def tone(self) -> str:
        return {"working": "good", "slow": "warn", "refusing": "bad"}.get(self.state.state, "quiet")

    @property
    def text(self) -> str:
        labels = {"working": "working", "slow": "slow", "refusing": "not answering"}
        return labels.get(self.state.state, "not asked yet")


@dataclass(frozen=True)
class PlaceGroup:
    """The owners of Avala or the spaces of CloudFactory that the person may switch between."""

    vendor: str
    title: str
    places: Sequence[Place]

    @property
    def current(self) -> Place | None:
        return next((place for place in self.places if place.is_current), self.places[0] if self.places else None)


class Shell:
    name = NAME

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user = getattr(request, "user", None)

    @property
    def signed_in(self) -> bool:
        return bool(self.user and self.user.is_authenticated)

    @cached_property
    def work(self) -> list[NavItem]:
        return self._links_of("work")

    @cached_property
    def settings(self) -> list[NavItem]:
        return self._links_of("settings")

    @cached_property
    def personal(self) -> list[NavItem]:
        return self._links_of("personal")

    @cached_property
    def places(self) -> list[PlaceGroup]:
        if self.user is None or not self.signed_in:
            return []
        mine = connections.places(self.user)
        titles = {Vendor.AVALA: "Avala owner", Vendor.CLOUDFACTORY: "CloudFactory space"}
        groups = [
            PlaceGroup(vendor, titles[vendor], [place for place in mine if place.vendor == vendor]) for vendor in Vendor
        ]
        return [group for group in groups if group.places]

    @cached_property
    def vendor_statuses(self) -> list[VendorStatus]:
        user = self.user if self.signed_in else None
        return [
            VendorStatus(vendor.value, vendor.label, connections.vendor_state(vendor.value, user)) for vendor in Vendor
        ]

    @property
    def troubled_vendors(self) -> list[VendorStatus]:
        """The vendors that do not answer as they should; a phone has room for one sentence about them."""
        return [vendor for vendor in self.vendor_statuses if vendor.tone in {"warn", "bad"}]

    @cached_property
    def rejected_keys(self) -> Sequence[ApiKey]:
        return connections.rejected(self.user) if self.user is not None and self.signed_in else ()

    @property
    def cache_is_down(self) -> bool:
        """Shown to administrators, who can do something about it."""
        return self._is_administrator and not cache.state().available

    @property
    def database_has_failed(self) -> bool:
        """Shown to administrators: whether the database refused something in the last two minutes."""
        return self._is_administrator and database.has_failed_recently()

    @cached_property
    def _is_administrator(self) -> bool:
        return bool(self.user and self.signed_in and self.user.can(Right.PEOPLE))

    @property
    def audit_is_left_out(self) -> bool:
        """Whether the audit could not be read for this page."""
        return availability.is_left_out()

    @property
    def mail_is_set_up(self) -> bool:
        return bool(settings.MAIL_IS_SET_UP)

    @cached_property
    def may_change(self) -> bool:
        return bool(self.user and self.signed_in and self.user.can("change"))

    @cached_property
    def may_download(self) -> bool:
        return bool(self.user and self.signed_in and self.user.can("download"))

    @cached_property
    def awaited_news(self) -> list[News]:
        """The news this person waits for: only then their pages ask for it. One statement for all apps."""
        if not (self.user and self.signed_in):
            return []
        awaited = [(news, queryset) for news in shell_registry.news for queryset in news.list_awaited(self.user)]
        person = Person.objects.filter(pk=self.user.pk)
        answers = person.values_list(*(Exists(queryset) for _, queryset in awaited)).first() or ()
        current = [news for (news, _), is_awaited in zip(awaited, answers, strict=False) if is_awaited]
        return [news for news in shell_registry.news if news in current]

    @property
    def session_ends(self) -> datetime | None:
        """Set by the middleware that ends idle sessions; without it nothing is said."""
        return getattr(self.request, "session_ends_at", None)

    @property
    def signed_out_because(self) -> str:
        """What the sign-in page says of the session that ended; "" where nothing is known of one."""
        return sign_in.explain_sign_out(self.request)

    @property
    def keeps_typed_text(self) -> bool:
        """Whether something typed comes back after signing in."""
        return saved_forms.has_form(self.request)

    @property
    def brings_typed_text_back(self) -> bool:
        """Whether this page shows again what was typed before."""
        return self.signed_in and self.request.method == "GET" and saved_forms.read_form(self.request) is not None

    def _links_of(self, menu: Menu) -> list[NavItem]:
        if self.user is None:
            return []
        links = sorted((link for link in shell_registry.links if link.menu == menu), key=lambda link: link.position)
        allowed = ((link, _address(link.view)) for link in links if access.allowed(self.user, link.view))
        return [NavItem(link.label, link.icon, url, self._is_current(link.view)) for link, url in allowed if url]

    def _is_current(self, view: str) -> bool:
        """A page belongs to the link of its app; pages of `accounts` to the link of their own name."""
        match = self.request.resolver_match
        if match is None:
            return False
        app, here = view.partition(":")[0], shell_registry.parents.get(match.app_name, match.app_name)
        return match.view_name == view or (app != "accounts" and here == app)


def shell(request: HttpRequest) -> dict[str, Shell]:
    return {"shell": Shell(request)}


def _address(view: str) -> str:
    try:
        return reverse(view)
    except NoReverseMatch:
        return ""
