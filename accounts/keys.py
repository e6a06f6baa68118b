"""Connecting, testing and removing vendor keys. A key is tested before it is kept, and by reading only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts import connections, crypto, key_usage
from accounts.models import ApiKey, Person, Place, Vendor
from console.audit import record
from console.audit.models import Entry
from console.common import redaction
from console.common.errors import ConsoleError
from console.upstream import errors
from console.upstream.avala import Avala
from console.upstream.cloudfactory import CloudFactory

PLACES_OFFERED = 50
# What the vendors call a place may be longer than what is kept of it.
LONGEST_NAME, LONGEST_PLACE = 100, 255


@dataclass
class KeyProbe:
    """What a test brought to light: what the key may read, and the places it can see."""

    findings: dict[str, str] = field(default_factory=dict)
    places: list[tuple[str, str]] = field(default_factory=list)


class KeyRefused(ConsoleError):
    """The test failed; the sentence says which half was wrong. The field it belongs to is `value` or `place`."""

    def __init__(self, message: str, *, on: str = "value") -> None:
        super().__init__(message)
        self.on = on


@sensitive_variables("value")
def connect(
    *, user: Person, vendor: Vendor, value: str, label: str, place: str, place_name: str, request: HttpRequest
) -> ApiKey:
    """Tests a key and keeps it, instead of an older one if there was one. Raises KeyRefused, and nothing changes."""
    is_new = redaction.remember(value)
    old = ApiKey.objects.filter(person=user, vendor=vendor).first()
    action, fingerprint = ("key.replace" if old else "key.connect"), crypto.fingerprint(vendor, value)
    try:
        result = probe(vendor, value, place)
    except KeyRefused as refusal:
        record.event(
            actor=user, action=action, thing_kind="key", vendor=vendor, request=request, key=fingerprint,
            outcome="failed", detail={"reason": refusal.message},
        )  # fmt: skip
        if is_new:
            # Not in hand any more; kept, an ordinary word typed as a key would garble every later row of the audit.
            redaction.forget(value)
        raise
    with transaction.atomic():
        key = _keep(user, vendor, value, label, result)
        remember_places(user, vendor, [(place, place_name), *result.places], current=place)
        record.event(
            actor=user, action=action, thing_kind="key", thing_id=key.pk, thing_name=str(key), vendor=vendor,
            request=request, key=fingerprint, detail={"label": label},
        )  # fmt: skip
    return key


def test_key(*, user: Person, vendor: Vendor) -> ApiKey:
    """Asks the vendor again what the kept key may do. Raises KeyRefused."""
    key = key_usage.with_latest_notes(ApiKey.objects.get(person=user, vendor=vendor))
    value = _revealed(key)
    current = Place.objects.filter(person=user, vendor=vendor, is_current=True).first()
    result = probe(vendor, value, current.value if current else "", key=key)
    key_usage.note_findings(key, result.findings)
    remember_places(user, vendor, result.places)
    return key


def remove(*, user: Person, key: ApiKey, request: HttpRequest) -> None:
    """Forgets the key and its places at once; calls that are still to come find nothing to use."""
    with transaction.atomic():
        record.event(
            actor=user, action="key.remove", thing_kind="key", thing_id=key.pk, thing_name=str(key),
            vendor=key.vendor, request=request, key=key.fingerprint,
        )  # fmt: skip
        Place.objects.filter(person=user, vendor=key.vendor).delete()
        key.delete()


def what_stops(key: ApiKey) -> list[str]:
    """What removing a key ends, counted."""
    places = Place.objects.filter(person=key.person, vendor=key.vendor).count()
    under_way = Entry.objects.unreconciled().by(key.person).filter(vendor=key.vendor).count()
    word = connections.PLACE_WORDS[Vendor(key.vendor)]
    stops = [_count_in_words(places, f"remembered {word}", f"remembered {word}s")] if places else []
    if under_way:
        stops.append(_count_in_words(under_way, "act that is not settled yet", "acts that are not settled yet"))
    return stops


def add_place(*, user: Person, vendor: Vendor, value: str, name: str) -> None:
    """A further owner or space, tried with the kept key first, and used from now on. Raises KeyRefused."""
    key = ApiKey.objects.get(person=user, vendor=vendor)
    probe(vendor, _revealed(key), value, key=key)
    remember_places(user, vendor, [(value, name)], current=value)


def switch(*, user: Person, vendor: str, value: str) -> bool:
    """Makes one of the person's own places the current one; says whether there is such a place."""
    own_places = Place.objects.filter(person=user, vendor=vendor)
    with transaction.atomic():
        if not own_places.select_for_update().filter(value=value).exists():
            return False
        own_places.filter(is_current=True).exclude(value=value).update(is_current=False)
        own_places.filter(value=value).update(is_current=True)
    return True


def forget_place(*, user: Person, place: Place) -> None:
    with transaction.atomic():
        place.delete()
        first = Place.objects.filter(person=user, vendor=place.vendor).first()
        if place.is_current and first:
            switch(user=user, vendor=place.vendor, value=first.value)


def remember_places(user: Person, vendor: str, place_list: Sequence[tuple[str, str]], *, current: str = "") -> None:
    """Adds places without touching the names people gave; the first one is current unless another is named."""
    place_list = [(value, name[:LONGEST_NAME]) for value, name in place_list if value and len(value) <= LONGEST_PLACE]
    for value, name in place_list:
        place, _ = Place.objects.get_or_create(person=user, vendor=vendor, value=value, defaults={"name": name})
        if name and value == current and place.name != name:
            Place.objects.filter(pk=place.pk).update(name=name)
    has_current = Place.objects.filter(person=user, vendor=vendor, is_current=True).exists()
    if current or (place_list and not has_current):
        switch(user=user, vendor=vendor, value=current or place_list[0][0])


@sensitive_variables("value")
def probe(vendor: Vendor, value: str, place: str, *, key: ApiKey | None = None) -> KeyProbe:
    """Tries the key with cheap reads. Raises KeyRefused where none of them went through."""
    way = connections.transport(vendor, crypto.fingerprint(vendor, value))
    carrier = key_usage.record_calls(way, key) if key else way
    if vendor == Vendor.AVALA:
        return _probe_avala(Avala(carrier, value), place)
    return _probe_cloudfactory(CloudFactory(carrier, value), place)


def _probe_avala(client: Avala, owner: str) -> KeyProbe:
    result = KeyProbe()
    tries = _Tries(Vendor.AVALA, result)
    calls: list[Callable[[], Any]] = [
        client.get_me,
        lambda: client.list_organizations(limit=PLACES_OFFERED),
        lambda: client.list_datasets(limit=PLACES_OFFERED),
    ]
    _, organizations, datasets = tries.note(("A16", "A14", "A8"), connections.gather(calls))
    result.places = [
        (org.slug, org.name or org.slug) for org in (organizations.items if organizations else ()) if org.slug
    ]
    values = {value for value, _ in result.places}
    names = dict.fromkeys(dataset.owner_name for dataset in (datasets.items if datasets else ()))
    result.places += [(name, name) for name in names if name and name not in values]
    where = owner or next((value for value, _ in result.places), "")
    if where:
        listed = connections.gather([lambda: client.list_slices(where, limit=1)])
        tries.note(("A1",), listed, on="place" if owner else "value")
    tries.conclude()
    return result


def _probe_cloudfactory(client: CloudFactory, space: str) -> KeyProbe:
    result = KeyProbe()
    tries = _Tries(Vendor.CLOUDFACTORY, result)
    calls: list[Callable[[], Any]] = [
        lambda: client.list_projects(space),
        lambda: client.list_exports(space, limit=1),
    ]
    tries.note(("P12", "P8"), connections.gather(calls), on="place")
    tries.conclude()
    return result


class _Tries:
    """Collects how the reads of one test went."""

    def __init__(self, vendor: Vendor, result: KeyProbe) -> None:
        self._vendor = vendor
        self._result = result
        self._refusals: list[tuple[errors.UpstreamError, str]] = []

    def note(self, names: Sequence[str], answers: Sequence[Any], *, on: str = "value") -> list[Any]:
        """Of each read its answer, or None where the key may not, or the thing is not there.

        Raises KeyRefused for any other error; a rejected key says the most.
        """
        problems = [one for one in answers if isinstance(one, errors.UpstreamError)]
        others = [one for one in problems if not isinstance(one, errors.Forbidden | errors.NotFound)]
        # What the vendor answered says more than that it is given a rest.
        others.sort(key=lambda one: (not isinstance(one, errors.KeyRejected), isinstance(one, errors.HeldBack)))
        if others:
            raise KeyRefused(in_words(self._vendor, others[0])) from others[0]
        self._refusals += [(one, on) for one in problems]
        for name, one in zip(names, answers, strict=True):
            is_missing = isinstance(one, errors.NotFound)
            self._result.findings[name] = "unknown" if is_missing else "no" if one in problems else "yes"
        return [None if one in problems else one for one in answers]

    def conclude(self) -> None:
        """A key passes if one read went through, and the place it was named with is not unknown."""
        for error, on in self._refusals:
            if on == "place" and isinstance(error, errors.NotFound) and not self._seen_place():
                raise KeyRefused(_place_unknown(self._vendor), on="place")
        if "yes" not in self._result.findings.values():
            raise KeyRefused(in_words(self._vendor, self._refusals[0][0]))

    def _seen_place(self) -> bool:
        return any(self._result.findings.get(name) == "yes" for name in ("A1", "P12", "P8"))


def _revealed(key: ApiKey) -> str:
    try:
        return key.reveal()
    except crypto.CannotOpen:
        raise KeyRefused(connections.KeyUnreadable(key.vendor).message) from None


@sensitive_variables("value")
def _keep(user: Person, vendor: Vendor, value: str, label: str, result: KeyProbe) -> ApiKey:
    """Puts the new value into the person's row; what was noted about the old value goes."""
    Person.objects.select_for_update().get(pk=user.pk)  # so that of two presses the second replaces the first
    key = ApiKey.objects.filter(person=user, vendor=vendor).first() or ApiKey(person=user, vendor=vendor)
    key.put(value)
    key.label = label
    key.added_at = key.last_worked_at = timezone.now()
    key.last_failed_at, key.last_failure, key.rejected = None, "", False
    key.findings = result.findings
    key_usage.forget(key)
    key.save()
    return key


def in_words(vendor: Vendor, error: errors.UpstreamError) -> str:
    """Which of the things that can be wrong was wrong: the key, its rights, the address, or the vendor."""
    name = vendor.label
    if isinstance(error, errors.KeyRejected):
        return f"{name} does not know this key. Check that all of it was copied."
    if isinstance(error, errors.Forbidden):
        return f"{name} knows this key, but it may not read anything. Ask whoever made it for the right to read."
    if isinstance(error, errors.NotFound | errors.PointedElsewhere):
        setting = f"{vendor.upper()}_BASE_URL"
        return f"{name} did not answer at this address. Ask an administrator to check the setting {setting}."
    if isinstance(error, errors.RateLimited):
        return f"{name} is busy and could not test the key. Try again in a minute."
    if isinstance(error, errors.Refused):
        return f"{name} refused the test: {key_usage.failure_message(error)}"
    if isinstance(error, errors.ServerFailed):
        why = f"{name} had a problem ({error.status})"
    elif isinstance(error, errors.TimedOut | errors.OutOfTime):
        why = f"{name} didn't answer in time"
    elif isinstance(error, errors.Broken):
        why = f"The connection to {name} dropped"
    elif isinstance(error, errors.Unreadable):
        why = f"{name} sent an answer we couldn't read"
    else:
        why = f"{name} cannot be reached"
    return f"{why}, so the key could not be tested. It may still be valid. Try again in a minute."


def _place_unknown(vendor: Vendor) -> str:
    word = connections.PLACE_WORDS[vendor]
    return f"{vendor.label} knows the key, but not this {word}. Check the {word}, or ask who may let the key into it."


def _count_in_words(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number} {many}"
