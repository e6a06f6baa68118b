"""What strangers, insiders and two hands at once may try."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.db.models.signals import pre_save
from django.urls import reverse
from django.utils import timezone

from accounts import keys, people
from accounts.models import ApiKey, Person, Place
from accounts.rights import Role
from accounts.sessions import row_key
from console.audit.models import Entry
from console.common import redaction
from tests.accounts.asking import browser, confirmed, is_signed_in, sign_in, signed_in, unconfirmed, words
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@contextmanager
def just_before_saving(happens: Callable[[], Any]) -> Iterator[None]:
    """Lets something happen between the reading of a person and the writing, once."""

    def interfere(**more: Any) -> None:
        pre_save.disconnect(interfere, sender=Person)
        happens()

    pre_save.connect(interfere, sender=Person, weak=False)
    try:
        yield
    finally:
        pre_save.disconnect(interfere, sender=Person)


def test_a_made_up_link_does_not_garble_the_audit(alice: Person) -> None:
    assert browser().get(reverse("accounts:join", args=[alice.email])).status_code == 410
    signed_in(alice)
    assert Entry.objects.get(action="session.sign_in").actor_email == alice.email


def test_a_word_typed_as_a_key_does_not_garble_the_audit(alice: Person, emulator: Any) -> None:
    client = confirmed(alice)
    response = client.post("/keys/avala/", {"value": alice.email, "label": "", "place": ""})
    assert response.status_code == 422
    assert redaction.hide(alice.email) == alice.email


def test_a_key_in_hand_stays_masked_when_it_is_tried_at_the_wrong_vendor(alice: Person, emulator: Any) -> None:
    ours = "key-without-any-usual-shape-7719"
    key = ApiKey.objects.get(person=alice, vendor="cloudfactory")
    key.put(ours)
    key.save()
    confirmed(alice).post("/keys/avala/", {"value": ours, "label": "", "place": ""})
    assert redaction.hide(f"no such key: {ours}") == "no such key: ••••7719"


def test_a_full_cache_does_not_forget_the_guesses(alice: Person) -> None:
    cache.clear()
    for _ in range(5):
        sign_in(browser(), alice.email, "not-my-password")
    for number in range(400):
        cache.set(f"zz{number}", True, 300)
    guest = browser()
    assert "Too many tries" in words(sign_in(guest, alice.email))
    assert not is_signed_in(guest)


def test_letters_that_look_alike_have_no_tries_of_their_own(db: None) -> None:
    cache.clear()
    Person.objects.create_user("sam@northwind.example", PASSWORD, name="Sam")
    for spelling in ("sam", "ſam", "Sam", "ſam", "SAM"):
        sign_in(browser(), f"{spelling}@northwind.example", "not-my-password")
    guest = browser()
    assert "Too many tries" in words(sign_in(guest, "sam@northwind.example"))
    assert not is_signed_in(guest)


@contextmanager
def without_an_audit() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_chainhead RENAME TO audit_gone")
        yield
        cursor.execute("ALTER TABLE audit_gone RENAME TO audit_chainhead")


def test_a_sign_in_that_cannot_be_recorded_does_not_stand(alice: Person) -> None:
    client = browser()
    with without_an_audit():
        assert sign_in(client, alice.email).status_code == 503
    assert not is_signed_in(client)


def test_whoever_leaves_may_leave_recorded_or_not(alice: Person) -> None:
    client = signed_in(alice)
    with without_an_audit():
        assert client.post(reverse("account_logout")).status_code == 302
    assert not is_signed_in(client)


def test_saving_the_profile_does_not_undo_a_disabling(alice: Person) -> None:
    client, mine = signed_in(alice), Person.objects.filter(pk=alice.pk)
    with just_before_saving(lambda: mine.update(is_active=False, role=Role.REVIEWER)):
        client.post(reverse("accounts:profile"), {"name": "Alicia", "time_zone": ""})
    assert mine.values_list("name", "is_active", "role").get() == ("Alicia", False, Role.REVIEWER)


def test_a_new_password_does_not_undo_a_disabling(alice: Person) -> None:
    client, mine = confirmed(alice), Person.objects.filter(pk=alice.pk)
    new = "Gertrude-likes-tall-trees"
    with just_before_saving(lambda: mine.update(is_active=False)):
        client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    changed = mine.get()
    assert (changed.is_active, changed.check_password(new)) == (False, True)


def test_joining_does_not_undo_a_change_of_role(erin: Person, alice: Person) -> None:
    mine, token = Person.objects.filter(pk=alice.pk), people._new_link(alice, erin)
    with just_before_saving(lambda: mine.update(role=Role.REVIEWER)):
        browser().post(reverse("accounts:join", args=[token]), {"name": "Alicia", "password": PASSWORD})
    assert mine.values_list("name", "role").get() == ("Alicia", Role.REVIEWER)


@pytest.mark.parametrize("left", [Role.REVIEWER, Role.ADMINISTRATOR])
def test_a_form_that_waited_for_a_password_asks_again_who_may_send_it(erin: Person, left: Role) -> None:
    client, form = unconfirmed(erin), {"email": "new@northwind.example", "name": "Nia", "role": Role.ADMINISTRATOR}
    asked = client.post(reverse("accounts:invite"), form)["Location"]
    Person.objects.filter(pk=erin.pk).update(role=left)
    client.post(asked, {"password": PASSWORD})
    assert Person.objects.filter(email="new@northwind.example").exists() is (left == Role.ADMINISTRATOR)


def test_the_audit_names_the_page_of_a_form_that_waited_for_a_password(erin: Person) -> None:
    client, form = unconfirmed(erin), {"email": "new@northwind.example", "name": "Nia", "role": Role.OPERATOR}
    client.post(client.post(reverse("accounts:invite"), form)["Location"], {"password": PASSWORD})
    assert Entry.objects.get(action="person.invite").page == "accounts:invite"


def test_two_invitations_of_one_address_at_once_are_told_on_the_field(erin: Person) -> None:
    client = confirmed(erin)
    other = Person(email="new@northwind.example", name="First")
    with just_before_saving(lambda: Person.objects.bulk_create([other])):
        response = client.post(
            reverse("accounts:invite"), {"email": other.email, "name": "Second", "role": Role.REVIEWER}
        )
    assert response.status_code == 422
    assert "somebody with this address already" in words(response)
    assert not Person.objects.filter(name="Second").exists()


def test_an_address_too_long_to_keep_is_told_on_the_field(erin: Person) -> None:
    long = "n@" + ".".join(["example" * 8] * 5)
    assert 254 < len(long) < 320
    response = confirmed(erin).post(reverse("accounts:invite"), {"email": long, "name": "", "role": Role.REVIEWER})
    assert response.status_code == 422
    assert "email" in response.context["form"].errors


def test_a_place_for_a_key_that_cannot_be_read_is_told(alice: Person, bob: Person, emulator: Any) -> None:
    stolen = ApiKey.objects.get(person=bob, vendor="avala").sealed
    ApiKey.objects.filter(person=alice, vendor="avala").update(sealed=stolen)
    response = signed_in(alice).post(reverse("accounts:place", args=["avala"]), {"place": "northwind-labs"})
    assert response.status_code == 422
    assert "cannot be read any more" in words(response)


def test_what_a_vendor_calls_a_place_is_cut_to_what_can_be_kept(nobody: Person) -> None:
    keys.remember_places(nobody, "avala", [("x" * 300, "Too long"), ("labs", "n" * 300)])
    kept = Place.objects.get(person=nobody)
    assert (kept.value, len(kept.name), kept.is_current) == ("labs", 100, True)


def test_what_no_browser_can_use_any_more_is_cleared(alice: Person) -> None:
    gone, still = signed_in(alice), signed_in(alice)
    Session.objects.filter(pk=row_key(gone.session.session_key)).update(
        expire_date=timezone.now() - timedelta(minutes=1)
    )
    UserSession.objects.update(created_at=timezone.now() - timedelta(days=2))
    people.forget_expired_sessions()
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [row_key(still.session.session_key)]
    assert not Session.objects.filter(pk=row_key(gone.session.session_key)).exists()
    assert is_signed_in(still)
