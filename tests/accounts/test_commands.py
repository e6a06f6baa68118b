import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import demo
from accounts.models import ApiKey, Person
from accounts.rights import Role

pytestmark = pytest.mark.django_db

GOOD = "a-long-and-winding-road"


def test_the_first_administrator_is_made_with_a_piped_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{GOOD}\n"))
    call_command("create_admin", "First@Northwind.example", "First One", "--password-stdin", verbosity=0)
    person = Person.objects.get(email="first@northwind.example")
    assert person.role == Role.ADMINISTRATOR
    assert person.check_password(GOOD)


def test_the_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", GOOD)
    call_command("create_admin", "first@northwind.example", "First One")
    assert Person.objects.get().check_password(GOOD)


@pytest.mark.parametrize(
    ("email", "name", "password", "said"),
    [
        ("no-address", "First", GOOD, "not an email address"),
        ("first@northwind.example", " ", GOOD, "name is missing"),
        ("first@northwind.example", "First", "short", "at least 12"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    email: str, name: str, password: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", password)
    with pytest.raises(CommandError, match=said):
        call_command("create_admin", email, name)
    assert not Person.objects.exists()


def test_nobody_is_made_twice(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", GOOD)
    with pytest.raises(CommandError, match="already"):
        call_command("create_admin", alice.email.upper(), "Alice")


def test_the_demo_people_are_made_once_and_keep_what_they_changed() -> None:
    first = demo.make_people()
    Person.objects.filter(email="ops@northwind.example").update(name="Renamed")
    again = demo.make_people()
    assert [person.pk for person in again] == [person.pk for person in first]
    assert {person.email for person in again} == {
        f"{key}@northwind.example" for key in ("ops", "reviewer", "auditor", "admin")
    }
    assert Person.objects.get(email="ops@northwind.example").name == "Renamed"
    assert ApiKey.objects.get(person=first[0], vendor="avala").reveal() == "avk_demo_ops"
    assert ApiKey.objects.count() == 8


def test_demo_keys_are_sealed_again_when_the_secrets_were_lost(settings: Any) -> None:
    demo.make_people()
    settings.KEY_SECRETS = {"fresh": bytes(range(40, 72))}
    [ops, *_] = demo.make_people()
    assert ApiKey.objects.get(person=ops, vendor="cloudfactory").reveal() == "cf_demo_ops"
