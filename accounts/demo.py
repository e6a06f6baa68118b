"""The people of the demo environment, each with the practice vendors' keys of their name, and the same keys for the
people invited there."""

from dataclasses import dataclass

from django.db import transaction
from django.http import HttpRequest

from accounts import crypto
from accounts import keys as services
from accounts.models import ApiKey, Person, Vendor
from accounts.rights import Role

PASSWORD = "practice-makes-perfect"  # noqa: S105 - printed on purpose, on this machine only
OWNER = ("northwind", "Northwind")
SPACE = ("5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10", "Northwind")

KEYS = ((Vendor.AVALA, "avk", OWNER), (Vendor.CLOUDFACTORY, "cf", SPACE))


@dataclass(frozen=True)
class Cast:
    key: str
    name: str
    role: Role

    @property
    def email(self) -> str:
        return f"{self.key}@northwind.example"


CAST = (
    Cast("ops", "Olivia Ortiz", Role.OPERATOR),
    Cast("reviewer", "Ravi Raman", Role.REVIEWER),
    Cast("auditor", "Amina Adeyemi", Role.AUDITOR),
    Cast("admin", "Adrian Admin", Role.ADMINISTRATOR),
)


def make_people() -> list[Person]:
    """The four demo people, made once; a second run leaves what they have changed as it is."""
    return [_make(member) for member in CAST]


def take_keys(*, user: Person, request: HttpRequest) -> list[ApiKey]:
    """Connects the practice keys of the person's role for each vendor without a key. Raises `keys.KeyRefused`."""
    member = next(one for one in CAST if one.role == user.role)
    return [
        services.connect(
            user=user, vendor=vendor, value=f"{start}_demo_{member.key}", label="Practice", place=place,
            place_name=place_name, request=request,
        )
        for vendor, start, (place, place_name) in KEYS
        if not ApiKey.objects.filter(person=user, vendor=vendor).exists()
    ]  # fmt: skip


def connect_key(person: Person, vendor: str, value: str, place: str, place_name: str) -> ApiKey:
    """Seals a key without asking the vendor, and makes the place the current one."""
    key = ApiKey(person=person, vendor=vendor, label="Practice")
    key.put(value)
    key.save()
    services.remember_places(person, vendor, [(place, place_name)], current=place)
    return key


@transaction.atomic
def _make(member: Cast) -> Person:
    person = Person.objects.filter(email=member.email).first()
    if person is None:
        person = Person.objects.create_user(member.email, PASSWORD, name=member.name, role=member.role)
    for vendor, start, place in KEYS:
        _connect_once(person, vendor, f"{start}_demo_{member.key}", *place)
    return person


def _connect_once(person: Person, vendor: Vendor, value: str, place: str, place_name: str) -> None:
    """Again where the key cannot be opened any more, because the practice space has new secrets."""
    key = ApiKey.objects.filter(person=person, vendor=vendor).first()
    if key is not None and _opens(key):
        return
    if key is not None:
        key.delete()
    connect_key(person, vendor, value, place, place_name)


def _opens(key: ApiKey) -> bool:
    try:
        key.reveal()
    except crypto.CannotOpen:
        return False
    return True
