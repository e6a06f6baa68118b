import base64
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from console.audit.models import Entry
from tests.accounts.asking import LOGIN, browser, is_signed_in, sign_in, signed_in, words
from tests.conftest import PASSWORD
from tests.markup import folded

pytestmark = pytest.mark.django_db

WRONG = "do not go together"


def test_the_right_password_opens_the_page_first_asked_for(alice: Person) -> None:
    client = browser()
    asked = client.get(reverse("accounts:sessions"))
    response = client.post(
        asked["Location"], {"login": alice.email, "password": PASSWORD, "next": reverse("accounts:sessions")}
    )
    assert response["Location"] == reverse("accounts:sessions")


def test_the_address_may_be_typed_in_any_case(alice: Person) -> None:
    client = browser()
    sign_in(client, alice.email.upper())
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "foreign",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "http://127.0.0.1/slices/"],
)
def test_a_foreign_next_is_not_followed(alice: Person, foreign: str) -> None:
    """Another of ALLOWED_HOSTS is foreign too: what listens there need not be the console."""
    response = browser().post(f"{LOGIN}?{urlencode({'next': foreign})}", {"login": alice.email, "password": PASSWORD})
    assert response["Location"] == reverse("home:index")


def test_unknown_names_wrong_passwords_and_disabled_people_get_the_same_words(alice: Person, bob: Person) -> None:
    Person.objects.filter(pk=bob.pk).update(is_active=False)
    answers = [
        words(sign_in(browser(), alice.email, "not-my-password")),
        words(sign_in(browser(), "nobody@northwind.example", PASSWORD)),
        words(sign_in(browser(), bob.email, PASSWORD)),
    ]
    assert all(WRONG in answer for answer in answers)


def test_a_refusal_is_said_at_once_and_stays_a_list(alice: Person) -> None:
    assert '<div role="alert"><ul class="field-error' in folded(
        words(sign_in(browser(), alice.email, "not-my-password"))
    )


def test_the_typed_password_is_not_in_the_page(alice: Person) -> None:
    assert "a-wrong-password-typed" not in words(sign_in(browser(), alice.email, "a-wrong-password-typed"))


def test_a_new_session_id_comes_with_signing_in(alice: Person) -> None:
    client = browser()
    client.get(LOGIN)
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    client.cookies["__Host-session"] = before
    sign_in(client, alice.email)
    assert client.session.session_key != before


def test_five_misses_close_a_name_for_minutes(alice: Person) -> None:
    for turn in range(5):
        assert WRONG in words(sign_in(browser(REMOTE_ADDR=f"10.0.0.{turn}"), alice.email, "wrong"))
    answer = words(sign_in(browser(REMOTE_ADDR="10.0.0.9"), alice.email, PASSWORD))
    assert "Too many tries. Wait 5 minutes" in answer


def test_an_unknown_name_is_closed_in_the_same_words(alice: Person) -> None:
    for turn in range(5):
        sign_in(browser(REMOTE_ADDR=f"10.0.0.{turn}"), "nobody@northwind.example", "wrong")
    answer = words(sign_in(browser(REMOTE_ADDR="10.0.0.9"), "nobody@northwind.example", "wrong"))
    assert "Too many tries. Wait 5 minutes" in answer


def test_ten_misses_close_an_address_for_a_minute(alice: Person) -> None:
    for turn in range(10):
        sign_in(browser(REMOTE_ADDR="10.0.0.1"), f"guess{turn}@northwind.example", "wrong")
    answer = words(sign_in(browser(REMOTE_ADDR="10.0.0.1"), alice.email, PASSWORD))
    assert "Wait 1 minute," in answer


def test_others_at_another_address_are_not_locked_out(alice: Person, bob: Person) -> None:
    for turn in range(11):
        sign_in(browser(REMOTE_ADDR="10.0.0.1"), f"guess{turn}@northwind.example", "wrong")
    client = browser(REMOTE_ADDR="10.0.0.2")
    sign_in(client, bob.email)
    assert is_signed_in(client)


def test_a_stranger_cannot_lock_people_out_of_their_own_browser(alice: Person) -> None:
    own = signed_in(alice)
    own.post(reverse("account_logout"))
    for turn in range(6):
        sign_in(browser(REMOTE_ADDR=f"10.0.0.{turn}"), alice.email, "wrong")
    sign_in(own, alice.email)
    assert is_signed_in(own)


def test_a_known_browser_has_five_tries_too(alice: Person) -> None:
    own = signed_in(alice)
    own.post(reverse("account_logout"))
    for _ in range(5):
        sign_in(own, alice.email, "wrong")
    assert "Too many tries" in words(sign_in(own, alice.email))


def test_a_known_browser_counts_apart_for_its_owner_only(alice: Person, bob: Person) -> None:
    own = signed_in(alice)
    own.post(reverse("account_logout"))
    for turn in range(5):
        sign_in(browser(REMOTE_ADDR=f"10.0.0.{turn}"), bob.email, "wrong")
    assert "Too many tries" in words(sign_in(own, bob.email))


def test_the_cookie_of_a_known_browser_names_nobody(alice: Person) -> None:
    value = signed_in(alice).cookies[settings.KNOWN_BROWSER_COOKIE_NAME].value
    texts = [value, *(base64.urlsafe_b64decode(part + "==").decode("latin-1") for part in value.split(":"))]
    for name in (alice.email, alice.email.split("@")[0], str(alice.pk)):
        assert not any(name.lower() in text.lower() for text in texts)


def test_two_browsers_cannot_be_told_to_be_one_persons(alice: Person) -> None:
    first, second = (signed_in(alice).cookies[settings.KNOWN_BROWSER_COOKIE_NAME].value.split(":") for _ in range(2))
    assert set(first[:2]).isdisjoint(second[:2])


def test_a_cookie_that_still_names_the_person_makes_no_known_browser(alice: Person) -> None:
    client = browser()
    old = signing.TimestampSigner(salt="accounts.known-browser").sign(f"{alice.email}:abcdefghijklmnop")
    client.cookies[settings.KNOWN_BROWSER_COOKIE_NAME] = old
    for _ in range(5):
        sign_in(client, alice.email, "wrong")
    assert "Too many tries" in words(sign_in(browser(REMOTE_ADDR="10.0.0.9"), alice.email))


def test_signing_out_takes_along_what_the_pages_left_in_the_browser(alice: Person) -> None:
    client = signed_in(alice)
    assert "Clear-Site-Data" not in client.get(reverse("accounts:profile"))
    assert client.post(reverse("account_logout"))["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.post(reverse("account_logout"))


def test_a_session_that_ran_out_leaves_what_was_typed_in_the_tab(alice: Person) -> None:
    client = signed_in(alice)
    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        assert "Clear-Site-Data" not in client.get(reverse("accounts:profile"))


def test_a_made_up_cookie_makes_no_known_browser(alice: Person) -> None:
    client = browser()
    client.cookies[settings.KNOWN_BROWSER_COOKIE_NAME] = f"{alice.email}:abc:def"
    for _ in range(5):
        sign_in(client, alice.email, "wrong")
    assert "Too many tries" in words(sign_in(browser(REMOTE_ADDR="10.0.0.9"), alice.email))


def test_the_limits_lie_in_the_cache_all_processes_share(alice: Person) -> None:
    for turn in range(5):
        sign_in(browser(REMOTE_ADDR=f"10.0.0.{turn}"), alice.email, "wrong")
    cache.clear()
    client = browser()
    sign_in(client, alice.email)
    assert is_signed_in(client)


def test_forwarded_addresses_of_strangers_do_not_spread_the_guesses(alice: Person) -> None:
    for turn in range(10):
        sign_in(browser(HTTP_X_FORWARDED_FOR=f"10.9.9.{turn}"), f"guess{turn}@northwind.example", "wrong")
    answer = words(sign_in(browser(HTTP_X_FORWARDED_FOR="10.9.9.99"), alice.email))
    assert "Too many tries" in answer


def test_a_flood_of_sign_ins_from_one_address_gets_a_page_that_says_so(alice: Person, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    sign_in(browser(), alice.email)
    answer = sign_in(browser(), alice.email)
    assert answer.status_code == 429
    assert "Wait a minute" in words(answer)


def test_nobody_registers_by_themselves() -> None:
    assert browser().get("/account/signup/").status_code == 404
    refused = browser().post("/account/signup/", {"email": "me@evil.example", "password1": PASSWORD})
    assert refused.status_code == 404
    assert not Person.objects.exists()


def test_sign_ins_and_misses_are_in_the_audit(alice: Person) -> None:
    client = browser()
    sign_in(client, alice.email, "wrong")
    sign_in(client, alice.email)
    client.post(reverse("account_logout"))
    kept = list(Entry.objects.order_by("sequence").values_list("action", "recorded_outcome"))
    assert kept == [("session.refused", "failed"), ("session.sign_in", "done"), ("session.sign_out", "done")]


def test_a_password_typed_as_a_name_is_not_kept(db: None) -> None:
    sign_in(browser(), "my-secret-password@x", "my-secret-password")
    sign_in(browser(), "my secret password", "wrong")
    assert not Entry.objects.filter(words__contains="secret").exists()


def test_signing_out_takes_a_post(alice: Person) -> None:
    client: Client = signed_in(alice)
    client.get(reverse("account_logout"))
    assert is_signed_in(client)
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


@pytest.mark.parametrize("path", [LOGIN, "/account/2fa/webauthn/login/"])
def test_a_browser_that_refuses_cookies_is_told_so_on_the_sign_in_page(db: None, path: str) -> None:
    form = {"login": "alice@northwind.example", "password": PASSWORD, "next": "/audit/"}
    answer = browser(enforce_csrf_checks=True).post(path, form, headers={"Origin": "http://localhost"})
    assert answer.status_code == 403
    assert "Your browser sent no cookies back" in words(answer)
    assert "starts with https" in words(answer)
    assert 'value="alice@northwind.example"' in words(answer)
    assert 'name="next" value="/audit/"' in words(answer)
    assert PASSWORD not in words(answer)
    assert not Entry.objects.exists()


def test_over_https_refused_cookies_are_not_put_down_to_the_address(db: None) -> None:
    answer = browser(enforce_csrf_checks=True).post(
        LOGIN, secure=True, headers={"Referer": "https://localhost/account/login/"}
    )
    assert "Your browser sent no cookies back" in words(answer)
    assert "starts with https" not in words(answer)


def test_a_first_visit_and_an_old_page_say_nothing_of_refused_cookies(db: None) -> None:
    client = browser(enforce_csrf_checks=True)
    assert "cookies" not in words(client.get(LOGIN))
    assert "This page had expired" in words(sign_in(client, "alice@northwind.example"))


def token_of(client: Client) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', words(client.get(LOGIN)))
    assert found
    return found[1]


def test_a_sign_in_page_that_another_tab_made_old_asks_once_more_and_keeps_the_address(alice: Person) -> None:
    client = browser(enforce_csrf_checks=True)
    old = token_of(client)
    client.cookies.clear()
    new = token_of(client)
    form = {"login": alice.email, "password": PASSWORD, "next": "/audit/"}
    ours = {"Origin": "http://localhost"}
    again = client.post(LOGIN, form | {"csrfmiddlewaretoken": old}, headers=ours)
    assert again.status_code == 403
    assert "This page had expired" in words(again)
    assert f'value="{alice.email}"' in words(again)
    assert 'name="next" value="/audit/"' in words(again)
    assert PASSWORD not in words(again)
    assert client.post(LOGIN, form | {"csrfmiddlewaretoken": new}, headers=ours)["Location"] == "/audit/"


def test_a_sign_in_page_left_open_leads_on_once_another_tab_signed_in(alice: Person) -> None:
    client = browser(enforce_csrf_checks=True)
    form = {"login": alice.email, "password": PASSWORD, "next": "/audit/", "csrfmiddlewaretoken": token_of(client)}
    assert client.post(LOGIN, form).status_code == 302
    assert client.post(LOGIN, form, follow=True).redirect_chain[-1] == ("/audit/", 302)
    assert client.post(LOGIN, form | {"next": "https://evil.example/"}, follow=True).redirect_chain[-1] == ("/", 302)


def test_another_sites_form_fills_in_nothing(db: None) -> None:
    """Browsers send no cookies along with it either."""
    for headers in ({"Origin": "https://evil.example"}, {}):
        answer = browser(enforce_csrf_checks=True).post(LOGIN, {"login": "planted@evil.example"}, headers=headers)
        assert answer.status_code == 403
        assert "planted" not in words(answer)
