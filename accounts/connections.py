"""A person's way to the vendors: their own key, opened for the call, and the places it is used in.

Every call made through here is watched: the key's card says when it last worked and why it last failed, a 401 marks it,
and the key of a disabled person is refused at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts import crypto, key_usage, vendor_status
from accounts.models import ApiKey, Person, Place, Vendor
from console.common import cache_versions, parallel
from console.common.errors import ConsoleError
from console.common.formatting import with_article
from console.upstream import downloads as files
from console.upstream import errors
from console.upstream.avala import Avala
from console.upstream.cloudfactory import CloudFactory
from console.upstream.transport import Transport

T = TypeVar("T")

PLACE_WORDS = {Vendor.AVALA: "owner", Vendor.CLOUDFACTORY: "space"}
ARTICLES = {Vendor.AVALA: "an", Vendor.CLOUDFACTORY: "a"}


class ConnectionMissing(ConsoleError):
    """The person has not connected what a page needs. Nothing was sent, so nothing was changed."""

    def __init__(self, vendor: str, message: str) -> None:
        super().__init__(message)
        self.vendor = vendor
        self.vendor_name = errors.vendor_name(vendor)


class KeyMissing(ConnectionMissing):
    def __init__(self, vendor: str, message: str = "") -> None:
        super().__init__(
            vendor, message or f"You have not connected {with_article(errors.vendor_name(vendor))} key yet."
        )


class KeyUnreadable(KeyMissing):
    """The seal does not open: the row was moved or changed, or its secret is gone."""

    def __init__(self, vendor: str) -> None:
        super().__init__(vendor, f"Your {errors.vendor_name(vendor)} key cannot be read any more. Enter it again.")


class PlaceMissing(ConnectionMissing):
    def __init__(self, vendor: str) -> None:
        name, place = errors.vendor_name(vendor), f"{ARTICLES[Vendor(vendor)]} {PLACE_WORDS[Vendor(vendor)]}"
        super().__init__(vendor, f"Your {name} key works for {place} that the key itself does not tell. Name it once.")


@dataclass(frozen=True)
class Space:
    id: str
    name: str


def avala(user: Person | AnonymousUser) -> Avala:
    key = _key(user, Vendor.AVALA)
    return Avala(_recording_transport(key), _value(key))


def cloudfactory(user: Person | AnonymousUser) -> CloudFactory:
    key = _key(user, Vendor.CLOUDFACTORY)
    return CloudFactory(_recording_transport(key), _value(key))


def gather(calls: Sequence[Callable[[], T]]) -> list[T | errors.UpstreamError]:
    """Independent reads side by side: each one's answer or error, in order.

    Their client is made before, in the request's thread; the calls themselves touch no database.
    """
    with key_usage.deferred_notes():
        return parallel.gather(calls, errors=errors.UpstreamError)


class Storage:
    """For signed links: no key goes along, and only the named origins may be on this machine or without https."""

    def fetch(self, url: str, *, limit: int) -> bytes:
        return files.fetch(url, limit=limit, origins=settings.TRUSTED_LOCAL_ORIGINS)

    def stream(self, url: str, *, range_header: str | None = None, limit: int | None = None) -> files.Download:
        return files.stream(url, range_header=range_header, limit=limit, origins=settings.TRUSTED_LOCAL_ORIGINS)

    def measure(self, url: str) -> files.Measured:
        return files.measure(url, origins=settings.TRUSTED_LOCAL_ORIGINS)


def storage() -> Storage:
    return Storage()


def owner(user: Person | AnonymousUser) -> str:
    """The Avala owner the person works for now."""
    return _current(user, Vendor.AVALA).value


def space(user: Person | AnonymousUser, *, preferred: str = "") -> Space:
    """The platform space the person works in now, or the preferred one while it is among theirs."""
    return _as_space(_current(user, Vendor.CLOUDFACTORY, preferred=preferred))


def owners(user: Person | AnonymousUser) -> tuple[str, ...]:
    return tuple(place.value for place in places(user) if place.vendor == Vendor.AVALA)


def spaces(user: Person | AnonymousUser) -> tuple[Space, ...]:
    return tuple(_as_space(place) for place in places(user) if place.vendor == Vendor.CLOUDFACTORY)


def places(user: Person | AnonymousUser) -> Sequence[Place]:
    """Every owner and space the person may switch to, for the switcher; the current ones are marked."""
    return tuple(Place.objects.filter(person_id=user.pk)) if user.pk else ()


def rejected(user: Person | AnonymousUser) -> Sequence[ApiKey]:
    """The keys a vendor has refused: one banner on every page offers to replace them."""
    keys = map(key_usage.with_latest_notes, ApiKey.objects.filter(person_id=user.pk)) if user.pk else ()
    return tuple(key for key in keys if key.rejected)


def key_fingerprint(user: Person | AnonymousUser, vendor: str) -> str:
    """What the audit keeps of the key an act was done with."""
    if user.pk is None:
        return ""
    return ApiKey.objects.filter(person_id=user.pk, vendor=vendor).values_list("fingerprint", flat=True).first() or ""


def key_scope(user: Person | AnonymousUser, vendor: str) -> str:
    """Names the person's key in caches. What one key can read says nothing about another, of the same person even."""
    return key_usage.scope(vendor, key_fingerprint(user, vendor))


def cache_scope(user: Person | AnonymousUser, vendor: str) -> str:
    """The same as a part of cache keys: nothing that is stored under it is found again once the key was refused."""
    return cache_versions.versioned(key_scope(user, vendor))


def vendor_state(vendor: str, user: Person | None = None) -> vendor_status.VendorState:
    """How the vendor does, for the strip of vendor states; requests left are those of the person's own key."""
    return vendor_status.read_state(vendor, key_fingerprint(user, vendor) if user else "")


def transport(vendor: str, fingerprint: str = "") -> Transport:
    """The pool behind it is one per vendor and process; only the rate limit belongs to the key."""
    return Transport(vendor, base_url(vendor), health=vendor_status.health(vendor, fingerprint))


def base_url(vendor: str) -> str:
    return str(settings.AVALA_BASE_URL if vendor == Vendor.AVALA else settings.CLOUDFACTORY_BASE_URL)


def _key(user: Person | AnonymousUser, vendor: Vendor) -> ApiKey:
    key = ApiKey.objects.select_related("person").filter(person_id=user.pk, vendor=vendor).first() if user.pk else None
    if key is None or not key.person.is_active:
        raise KeyMissing(vendor)
    return key_usage.with_latest_notes(key)


def _value(key: ApiKey) -> str:
    try:
        return key.reveal()
    except crypto.CannotOpen:
        raise KeyUnreadable(key.vendor) from None


def _recording_transport(key: ApiKey) -> Transport:
    return key_usage.record_calls(transport(key.vendor, key.fingerprint), key)


def _current(user: Person | AnonymousUser, vendor: Vendor, *, preferred: str = "") -> Place:
    vendor_places = [place for place in places(user) if place.vendor == vendor]
    if not vendor_places:
        _key(user, vendor)  # Without a key that is what is missing.
        raise PlaceMissing(vendor)
    current = next((place for place in vendor_places if place.is_current), vendor_places[0])
    return next((place for place in vendor_places if place.value == preferred), current)


def _as_space(place: Place) -> Space:
    return Space(place.value, place.name or place.value)
