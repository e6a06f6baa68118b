"""What several tests of people and keys do: sign in, confirm the password, set a second secret."""

import base64
from datetime import timedelta
from typing import Any

import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from console.jobs import worker
from tests.conftest import PASSWORD

LOGIN = "/account/login/"


def browser(**headers: Any) -> Client:
    return Client(HTTP_HOST="localhost", **headers)


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: Any) -> HttpResponse:
    return client.post(LOGIN, {"login": email, "password": password}, **more)


def signed_in(person: Person, **headers: Any) -> Client:
    client = browser(**headers)
    assert sign_in(client, person.email).status_code == 302
    return client


def confirmed(person: Person) -> Client:
    """Signed in just now, which counts as confirmation for sensitive acts."""
    return signed_in(person)


def unconfirmed(person: Person) -> Client:
    """Signed in 31 minutes ago, so that sensitive acts ask for the password."""
    client = browser()
    with time_machine.travel(timezone.now() - timedelta(minutes=31)):
        sign_in(client, person.email)
    assert is_signed_in(client)
    return client


def words(response: Any) -> str:
    return str(response.content.decode())


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("accounts:profile")).status_code == 200


def secret(number: int) -> bytes:
    return bytes((number * 7 + place * 11) % 256 for place in range(32))


def as_setting(key_id: str, number: int) -> str:
    return f"{key_id}:{base64.b64encode(secret(number)).decode()}"


def sent_mail() -> list[EmailMessage]:
    """What went out, once the worker has nothing more in hand."""
    worker.sweep()
    return list(mail.outbox)
