import re
import socket
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from console.jobs.models import Operation
from tests.accounts.asking import browser, is_signed_in, secret, sent_mail, sign_in, signed_in, words
from tests.services import free_port

pytestmark = pytest.mark.django_db

NEW = "Gertrude-likes-tall-trees"
ASK = "/account/password/reset/"


@pytest.fixture(autouse=True)
def _mail(settings: Any) -> None:
    settings.MAIL_IS_SET_UP = True


def test_a_forgotten_password_is_reset_by_mail_and_ends_every_session(alice: Person) -> None:
    theirs, client = signed_in(alice), browser()
    client.post(ASK, {"email": alice.email})
    [link] = re.findall(r"http://localhost(/account/password/reset/key/\S+)", sent_mail()[0].body)
    assert "If it was not you, do nothing" in sent_mail()[0].body
    form = client.get(link)["Location"]
    client.post(form, {"password1": NEW, "password2": NEW})
    assert not is_signed_in(theirs)
    sign_in(client, alice.email, NEW)
    assert is_signed_in(client)
    assert browser().get(link, follow=True).context["token_fail"]


def test_an_unknown_address_gets_the_same_page_and_no_mail(alice: Person) -> None:
    known = words(browser().post(ASK, {"email": alice.email}, follow=True))
    unknown = words(browser().post(ASK, {"email": "nobody@northwind.example"}, follow=True))
    assert [message.to for message in sent_mail()] == [[alice.email]]
    assert _without_tokens(known) == _without_tokens(unknown)


def test_a_disabled_person_gets_no_mail(alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    browser().post(ASK, {"email": alice.email})
    assert sent_mail() == []


def test_the_sign_in_page_offers_it_only_where_mail_is_set_up(settings: Any) -> None:
    assert ASK in words(browser().get(reverse("account_login")))
    settings.MAIL_IS_SET_UP = False
    assert ASK not in words(browser().get(reverse("account_login")))


def test_a_mail_server_that_is_down_tells_nobody_who_is_known(alice: Person, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = free_port()
    answers = [browser().post(ASK, {"email": email}) for email in (alice.email, "nobody@northwind.example")]
    sent_mail()
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, f"{ASK}done/")] * 2


def test_a_slow_mail_server_tells_nobody_who_is_known(alice: Person, settings: Any) -> None:
    """The page is answered before the worker calls the server, and costs the same job either way."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = silent.getsockname()[1], 10
        silent.settimeout(0.5)
        for email in (alice.email, "nobody@northwind.example"):
            browser().post(ASK, {"email": email})
            with pytest.raises(TimeoutError):
                silent.accept()
    assert Operation.objects.filter(kind="accounts.mail").count() == 2


def test_a_mail_waits_for_a_worker_and_its_link_is_sealed_until_it_is_sent(alice: Person) -> None:
    browser().post(ASK, {"email": alice.email})
    waiting = Operation.objects.get(kind="accounts.mail")
    assert "/account/password/reset/key/" not in str(waiting.payload)
    assert alice.email not in str(waiting.payload)
    [message] = sent_mail()
    assert "/account/password/reset/key/" in message.body
    assert Operation.objects.get(pk=waiting.pk).payload == {}


def test_a_waiting_mail_is_sealed_again_with_a_new_secret(alice: Person, settings: Any) -> None:
    browser().post(ASK, {"email": alice.email})
    settings.KEY_SECRETS = {"t2": secret(2), **settings.KEY_SECRETS}
    call_command("rotate_keys", verbosity=0)
    settings.KEY_SECRETS = {"t2": secret(2)}
    [message] = sent_mail()
    assert "/account/password/reset/key/" in message.body


def test_a_letter_that_no_server_could_take_is_told_in_the_log(
    alice: Person, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.test_password_reset.Refusing"
    assert browser().post(ASK, {"email": alice.email}).status_code == 302
    for minutes in range(3):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            sent_mail()
    assert "A mail could not be sent: no such letter" in caplog.text
    assert Operation.objects.get(kind="accounts.mail").payload == {}


class Refusing(BaseEmailBackend):
    def send_messages(self, email_messages: Any) -> int:
        raise UnicodeError("no such letter")


def _without_tokens(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
