"""Sensitive pages ask for the password only where nobody has proved who they are within the last 30 minutes."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import people
from accounts.models import Person
from tests.accounts.asking import browser, is_signed_in, signed_in, unconfirmed
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

INVITE = "accounts:invite"
OWN = ["accounts:remove", "mfa_activate_totp", "mfa_add_webauthn"]


def address(name: str) -> str:
    return reverse(name, args=["avala"] if name == "accounts:remove" else [])


def is_asked(client: Client, name: str) -> bool:
    return client.get(address(name)).headers.get("Location", "").startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize("name", [INVITE, *OWN])
def test_a_sign_in_just_now_counts_as_confirmation(erin: Person, name: str) -> None:
    assert not is_asked(signed_in(erin), name)


@pytest.mark.parametrize("name", [INVITE, *OWN])
def test_after_thirty_minutes_the_password_is_asked_once(erin: Person, name: str) -> None:
    client = unconfirmed(erin)
    assert is_asked(client, name)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert not is_asked(client, name)


def test_using_or_extending_a_session_confirms_nothing(erin: Person) -> None:
    client = signed_in(erin)
    for minutes in (10, 20, 31):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            client.post(reverse("accounts:stay"))
            assert is_signed_in(client)
            assert is_asked(client, INVITE) == (minutes == 31)


def test_a_confirmation_from_the_future_confirms_nothing(erin: Person) -> None:
    client = browser()
    with time_machine.travel(time.time() + 3600):
        client.post(reverse("account_login"), {"login": erin.email, "password": PASSWORD})
    assert is_asked(client, INVITE)


def test_a_session_begun_without_any_proof_is_asked(erin: Person) -> None:
    client = browser()
    client.force_login(erin)
    assert is_asked(client, INVITE)


def test_whoever_joins_has_just_chosen_a_password_and_is_not_asked(erin: Person) -> None:
    inviting = signed_in(erin)
    sent = {"email": "nia@northwind.example", "name": "Nia", "role": "administrator"}
    page = inviting.get(inviting.post(reverse(INVITE), sent)["Location"])
    client = browser()
    link = page.context["link"]
    assert people.find_invitation(link.rstrip("/").rpartition("/")[2])
    joined = client.post(link, {"name": "Nia", "password": "Gertrude-likes-tall-trees"})
    assert joined.status_code == 302
    assert not is_asked(client, INVITE)
