from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from accounts.sessions import SessionStore, row_key
from tests.accounts.asking import browser, confirmed, is_signed_in, sign_in, signed_in, words
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NEW = "another-long-password-9"


def test_an_unused_session_ends_after_two_hours(alice: Person) -> None:
    client = signed_in(alice)
    with time_machine.travel(timezone.now() + timedelta(hours=2, minutes=1)):
        assert not is_signed_in(client)


def test_a_used_session_goes_on(alice: Person) -> None:
    client = signed_in(alice)
    for minutes in (90, 180, 270):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            assert is_signed_in(client)


def test_what_a_page_fetches_by_itself_keeps_nobody_signed_in(alice: Person) -> None:
    client = signed_in(alice)
    assert is_signed_in(client)
    for minutes in (60, 110):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            client.get(reverse("accounts:profile"), headers={"HX-Request": "true"})
    with time_machine.travel(timezone.now() + timedelta(minutes=125)):
        assert not is_signed_in(client)


def test_every_session_ends_after_twelve_hours(alice: Person) -> None:
    client = signed_in(alice)
    for hours in range(1, 12):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            assert is_signed_in(client)
    with time_machine.travel(timezone.now() + timedelta(hours=12, minutes=1)):
        assert not is_signed_in(client)


def test_staying_is_a_sign_of_life(alice: Person) -> None:
    client = signed_in(alice)
    with time_machine.travel(timezone.now() + timedelta(minutes=118)):
        assert client.post(reverse("accounts:stay")).status_code == 204
    with time_machine.travel(timezone.now() + timedelta(minutes=200)):
        assert is_signed_in(client)


def test_own_sessions_are_listed_in_words(alice: Person) -> None:
    signed_in(
        alice, HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/130.0", REMOTE_ADDR="10.1.1.1"
    )
    here = signed_in(alice)
    page = words(here.get(reverse("accounts:sessions")))
    assert "Firefox on Windows" in page
    assert "10.1.1.1" in page
    assert "This one" in page


def test_another_session_can_be_ended(alice: Person) -> None:
    other, here = signed_in(alice), signed_in(alice)
    number = next(s.pk for s in here.get(reverse("accounts:sessions")).context["sessions"] if not s.is_current)
    here.post(reverse("accounts:sessions"), {"session": number})
    assert not is_signed_in(other)
    assert is_signed_in(here)


def test_all_others_can_be_ended_at_once(alice: Person) -> None:
    others, here = [signed_in(alice), signed_in(alice)], signed_in(alice)
    here.post(reverse("accounts:sessions"), {"session": "others"})
    assert not any(is_signed_in(other) for other in others)
    assert is_signed_in(here)


def test_a_request_under_way_does_not_revive_a_session_that_was_ended(alice: Person) -> None:
    other, here = signed_in(alice), signed_in(alice)
    under_way = SessionStore(other.session.session_key)
    under_way["seen_at"] = timezone.now().timestamp()
    here.post(reverse("accounts:sessions"), {"session": "others"})
    with pytest.raises(UpdateError):
        under_way.save()
    assert not is_signed_in(other)


def test_another_persons_session_is_not_found(alice: Person, bob: Person) -> None:
    other, here = signed_in(bob), signed_in(alice)
    number = other.get(reverse("accounts:sessions")).context["sessions"][0].pk
    assert here.post(reverse("accounts:sessions"), {"session": number}).status_code == 404
    assert here.post(reverse("accounts:sessions"), {"session": "x"}).status_code == 404
    assert is_signed_in(other)


def test_a_new_password_ends_the_other_sessions(alice: Person) -> None:
    other, here = signed_in(alice), confirmed(alice)
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post(reverse("account_change_password"), form).status_code == 302
    assert not is_signed_in(other)
    assert is_signed_in(here)
    again = browser()
    sign_in(again, alice.email, NEW)
    assert is_signed_in(again)


def test_a_session_does_not_lie_in_the_clear(alice: Person) -> None:
    client = signed_in(alice)
    row = Session.objects.get(pk=row_key(client.session.session_key))
    assert str(alice.pk) not in row.session_data
    assert row.session_data.startswith("t1.")


def test_no_table_holds_what_the_cookies_hold(alice: Person) -> None:
    client, other = signed_in(alice), signed_in(alice)
    client.get(reverse("accounts:sessions"))
    confirmed(alice)
    secrets = {cookie.value for browser in (client, other) for cookie in browser.cookies.values() if cookie.value}
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            told = {str(value) for row in cursor.fetchall() for value in row}
            assert not {secret for secret in secrets for value in told if secret in value}, table


def test_a_rows_key_opens_nothing_as_a_cookie(alice: Person) -> None:
    client = signed_in(alice)
    thief = browser()
    thief.cookies["__Host-session"] = row_key(client.session.session_key)
    assert not is_signed_in(thief)
    assert is_signed_in(client)


def test_a_sessions_content_opens_for_no_other_session(alice: Person) -> None:
    mine = signed_in(alice).session.session_key
    copied = Session.objects.get(pk=row_key(mine)).session_data
    tomorrow = timezone.now() + timedelta(days=1)
    Session.objects.create(pk=row_key("a" * 32), session_data=copied, expire_date=tomorrow)
    assert dict(SessionStore("a" * 32).items()) == {}
    assert SessionStore(mine).get("_auth_user_id") == str(alice.pk)


def test_a_session_that_is_over_is_not_listed(alice: Person) -> None:
    signed_in(alice)
    with time_machine.travel(timezone.now() + timedelta(hours=2, minutes=1)):
        here = signed_in(alice)
        assert [one.is_current for one in here.get(reverse("accounts:sessions")).context["sessions"]] == [True]
