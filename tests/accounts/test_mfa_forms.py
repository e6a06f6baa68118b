import base64
import json
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from console.audit.models import Entry
from tests.accounts.asking import browser, confirmed, is_signed_in, sign_in, signed_in, unconfirmed, words

pytestmark = pytest.mark.django_db


def _code(secret: str, later: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def _enrol(person: Person) -> tuple[Client, str]:
    client = confirmed(person)
    address = reverse("mfa_activate_totp")
    secret = client.get(address).context["form"].secret
    assert client.post(address, {"code": _code(secret)}).status_code == 302
    return client, secret


def test_signing_in_then_asks_for_the_code(alice: Person) -> None:
    _, secret = _enrol(alice)
    client = browser()
    assert sign_in(client, alice.email)["Location"].startswith(reverse("mfa_authenticate"))
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": _code(secret, 1)})
    assert is_signed_in(client)


@pytest.mark.parametrize("later", [0, 31, 59])
def test_a_code_opens_once_for_as_long_as_it_would_be_taken(alice: Person, later: int) -> None:
    _, secret = _enrol(alice)
    began = timezone.now().replace(second=0, microsecond=0) + timedelta(minutes=5)
    with time_machine.travel(began, tick=False):
        code, first = _code(secret), browser()
        sign_in(first, alice.email)
        first.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(first)
    with time_machine.travel(began + timedelta(seconds=later), tick=False):
        again = browser()
        sign_in(again, alice.email)
        answer = again.post(reverse("mfa_authenticate"), {"code": f" {code[:3]} {code[3:]}"})
        assert "used already" in words(answer)
        assert not is_signed_in(again)


@pytest.mark.parametrize(
    "typed", ["", "x", "[]", "null", "[" * 5000, "9" * 5000, '{"id": NaN}', '{"response": {"a": []}}']
)
def test_a_passkey_that_is_none_is_refused(typed: str) -> None:
    client = browser()
    answer = client.post(reverse("mfa_login_webauthn"), {"credential": typed})
    assert answer["Location"] == reverse("account_login")
    assert not is_signed_in(client)


def test_a_refused_passkey_is_in_the_audit(alice: Person) -> None:
    browser().post(reverse("mfa_login_webauthn"), {"credential": '{"id": "none"}'})
    row = Entry.objects.get(action="session.refused")
    assert (row.actor, row.recorded_outcome, row.detail) == (None, "failed", {"reason": "wrong passkey"})


def test_a_passkey_after_the_password_may_be_tried_five_times(alice: Person) -> None:
    _enrol(alice)
    client = browser()
    sign_in(client, alice.email)
    said = [client.post(reverse("mfa_authenticate"), {"credential": _strange_key()}) for _ in range(7)]
    assert ["was not accepted" in words(answer) for answer in said] == [True] * 5 + [False] * 2
    assert "Too many tries. Wait five minutes" in words(said[-1])
    assert not [answer for answer in said if "Hidden field" in words(answer)]
    rows = Entry.objects.filter(action="session.refused", detail__reason="wrong passkey")
    assert [row.actor for row in rows] == [alice] * 5


def _strange_key() -> str:
    """Of the right shape, and nobody's."""
    asked = b'{"type": "webauthn.get", "challenge": "AAAA", "origin": "https://localhost"}'
    parts = {"clientDataJSON": asked, "authenticatorData": bytes(37), "signature": b"x"}
    answer = {name: base64.urlsafe_b64encode(part).decode().rstrip("=") for name, part in parts.items()}
    return json.dumps({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": answer})


def test_a_recovery_code_works_once(alice: Person) -> None:
    client, _ = _enrol(alice)
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    for expected in (True, False):
        other = browser()
        sign_in(other, alice.email)
        other.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert is_signed_in(other) is expected


def test_five_wrong_codes_close_the_second_step(alice: Person) -> None:
    _, secret = _enrol(alice)
    client = browser()
    sign_in(client, alice.email)
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    answer = client.post(reverse("mfa_authenticate"), {"code": _code(secret, 1)})
    assert "Too many tries" in words(answer)
    assert not is_signed_in(client)


def test_neither_secret_nor_codes_lie_in_the_clear(alice: Person) -> None:
    client, secret = _enrol(alice)
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            found = str(cursor.fetchall())
            assert all(text not in found for text in (secret, *codes)), table


def test_a_secret_copied_to_another_person_opens_nothing(alice: Person, bob: Person) -> None:
    _, secret = _enrol(alice)
    copied = Authenticator.objects.get(user=alice, type="totp").data
    Authenticator.objects.create(user=bob, type="totp", data=copied)
    client = browser()
    sign_in(client, bob.email)
    answer = client.post(reverse("mfa_authenticate"), {"code": _code(secret, 1)})
    assert "cannot be read any more" in words(answer)
    assert not is_signed_in(client)


def test_an_administrator_helps_after_a_lost_phone(alice: Person, erin: Person) -> None:
    _enrol(alice)
    confirmed(erin).post(reverse("accounts:person", args=[alice.pk]), {"act": "factors"})
    client = browser()
    sign_in(client, alice.email)
    assert is_signed_in(client)
    assert Entry.objects.get(action="person.factors").actor == erin


def test_changing_the_second_step_asks_for_the_password(alice: Person) -> None:
    response = unconfirmed(alice).get(reverse("mfa_activate_totp"))
    assert response["Location"].startswith(reverse("account_reauthenticate"))


def test_only_the_page_with_the_picture_may_show_pictures_made_of_data(alice: Person) -> None:
    client = confirmed(alice)
    policies = {
        name: client.get(reverse(name)).headers["Content-Security-Policy"]
        for name in ("mfa_activate_totp", "mfa_index", "accounts:profile")
    }
    assert [name for name, policy in policies.items() if "data:" in policy] == ["mfa_activate_totp"]


@pytest.mark.django_db(transaction=True)
def test_second_steps_are_in_the_audit_without_their_secret(alice: Person) -> None:
    _, secret = _enrol(alice)
    assert Entry.objects.filter(action="factor.add").exists()
    assert secret not in str(list(Entry.objects.values()))


@pytest.mark.parametrize(
    "name",
    [
        "mfa_index",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "mfa_activate_totp",
        "account_logout",
        "account_change_password",
        "account_login",
    ],
)
def test_the_librarys_pages_render_within_our_own(name: str, alice: Person) -> None:
    client: Any = confirmed(alice) if name != "account_login" else browser()
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert "style=" not in words(response)
    assert "Annotation Console" in words(response)


def test_recovery_codes_are_shown_and_made_anew_in_our_words(alice: Person) -> None:
    client, _ = _enrol(alice)
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    page = words(client.get(reverse("mfa_view_recovery_codes")))
    assert "10 of 10 are left" in page
    assert all(f"<code>{code}</code>" in page for code in codes)
    address = reverse("mfa_generate_recovery_codes")
    assert "Make new ones, end 10 old ones" in words(client.get(address))
    client.post(address)
    assert not set(codes) & set(client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"])


def test_the_second_step_asks_in_words_and_can_be_left(alice: Person) -> None:
    _enrol(alice)
    client = browser()
    page = words(client.get(sign_in(client, alice.email)["Location"]))
    assert "six digits your authenticator app shows" in page
    assert client.post(reverse("account_logout"), {"next": reverse("account_login")})["Location"] == reverse(
        "account_login"
    )
    assert client.get(reverse("mfa_authenticate"))["Location"] == reverse("account_login")


def test_a_key_is_renamed_and_removed_after_the_password(alice: Person) -> None:
    hasty, client = unconfirmed(alice), confirmed(alice)
    key = Authenticator.objects.create(user=alice, type="webauthn", data={"name": "Old <b>", "credential": {}})
    edit, remove = reverse("mfa_edit_webauthn", args=[key.pk]), reverse("mfa_remove_webauthn", args=[key.pk])
    asked = [hasty.post(address).get("Location", "") for address in (edit, remove)]
    assert all(address.startswith(reverse("account_reauthenticate")) for address in asked)
    assert "Old &lt;b&gt;" in words(client.get(remove))
    client.post(edit, {"name": "Work laptop"})
    key.refresh_from_db()
    assert key.data["name"] == "Work laptop"
    client.post(remove)
    assert not Authenticator.objects.exists()


def _elsewhere(person: Person, secret: str, later: int) -> Client:
    """The same person on another desk, code and all."""
    client = browser()
    sign_in(client, person.email)
    client.post(reverse("mfa_authenticate"), {"code": _code(secret, later)})
    assert is_signed_in(client)
    return client


@pytest.mark.django_db(transaction=True)
def test_a_second_step_that_is_added_or_removed_ends_the_other_sessions(alice: Person) -> None:
    before = signed_in(alice)
    here, secret = _enrol(alice)
    assert is_signed_in(here)
    assert not is_signed_in(before)
    other = _elsewhere(alice, secret, 1)
    assert here.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(other)


@pytest.mark.django_db(transaction=True)
def test_new_recovery_codes_end_the_other_sessions(alice: Person) -> None:
    here, secret = _enrol(alice)
    other = _elsewhere(alice, secret, 1)
    assert here.post(reverse("mfa_generate_recovery_codes")).status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(other)
