import re
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import Person
from tests.accounts.asking import browser, is_signed_in, sign_in, signed_in, words

pytestmark = pytest.mark.django_db

NEW = "Gertrude-likes-tall-trees"
ASK = "/account/password/reset/"


@pytest.fixture(autouse=True)
def _mail(settings: Any) -> None:
    settings.MAIL_IS_SET_UP = True


def test_a_forgotten_password_is_reset_by_mail_and_ends_every_session(alice: Person) -> None:
    theirs, client = signed_in(alice), browser()
    client.post(ASK, {"email": alice.email})
    [link] = re.findall(r"http://localhost(/account/password/reset/key/\S+)", mail.outbox[0].body)
    form = client.get(link)["Location"]
    client.post(form, {"password1": NEW, "password2": NEW})
    assert not is_signed_in(theirs)
    sign_in(client, alice.email, NEW)
    assert is_signed_in(client)
    assert browser().get(link, follow=True).context["token_fail"]


def test_an_unknown_address_gets_the_same_page_and_no_mail(alice: Person) -> None:
    known = words(browser().post(ASK, {"email": alice.email}, follow=True))
    unknown = words(browser().post(ASK, {"email": "nobody@northwind.example"}, follow=True))
    assert [message.to for message in mail.outbox] == [[alice.email]]
    assert _without_tokens(known) == _without_tokens(unknown)


def test_a_disabled_person_gets_no_mail(alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    browser().post(ASK, {"email": alice.email})
    assert mail.outbox == []


def test_the_sign_in_page_offers_it_only_where_mail_is_set_up(settings: Any) -> None:
    assert ASK in words(browser().get(reverse("account_login")))
    settings.MAIL_IS_SET_UP = False
    assert ASK not in words(browser().get(reverse("account_login")))


def _without_tokens(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
