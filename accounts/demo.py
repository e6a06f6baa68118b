"""The practice space's people, each with the practice vendors' keys of their name. No network is needed."""

from dataclasses import dataclass

from django.db import transaction

from accounts import crypto
from accounts import keys as services
from accounts.models import ApiKey, Person, Vendor
from accounts.rights import Role

PASSWORD = "practice-makes-perfect"  # noqa: S105 - printed on purpose, on this machine only
OWNER = ("northwind", "Northwind")
SPACE = ("5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10", "Northwind")


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
    _connect_once(person, Vendor.AVALA, f"avk_demo_{member.key}", *OWNER)
    _connect_once(person, Vendor.CLOUDFACTORY, f"cf_demo_{member.key}", *SPACE)
    return person


def _connect_once(person: Person, vendor: Vendor, value: str, place: str, place_name: str) -> None:
    """Again where the key cannot be opened any more, because the practice space's secrets were made anew."""
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
