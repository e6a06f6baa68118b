import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation, Person
from accounts.rights import Role
from console.audit.models import Entry
from tests.accounts.asking import browser, confirmed, is_signed_in, sign_in, signed_in, unconfirmed, words
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NEW = "Gertrude-likes-tall-trees"


def _invite(client: Client, email: str = "new@northwind.example", role: str = "operator") -> str:
    """Invites somebody and returns the path of their link."""
    response = client.post(reverse("accounts:invite"), {"email": email, "name": "Nia", "role": role}, follow=True)
    [link] = re.findall(r"http://localhost(/join/[\w-]+/)", response.content.decode())[:1]
    return str(link)


def _press(client: Client, person: Person, act: str, **more: str) -> Any:
    return client.post(reverse("accounts:person", args=[person.pk]), {"act": act, **more}, follow=True)


def test_an_invited_person_sets_name_and_password_and_is_in(erin: Person) -> None:
    link, guest = _invite(confirmed(erin)), browser()
    assert "new@northwind.example" in words(guest.get(link))
    guest.post(link, {"name": "Nia Novak", "password": NEW})
    assert is_signed_in(guest)
    person = Person.objects.get(email="new@northwind.example")
    assert (person.name, person.role, person.state) == ("Nia Novak", Role.OPERATOR, "active")


def test_an_invitation_works_once(erin: Person) -> None:
    link = _invite(confirmed(erin))
    browser().post(link, {"name": "Nia", "password": NEW})
    again = browser().post(link, {"name": "Mallory", "password": NEW + "2"})
    assert again.status_code == 410
    assert Person.objects.get(email="new@northwind.example").check_password(NEW)


def test_an_invitation_ends_after_seven_days(erin: Person) -> None:
    link = _invite(confirmed(erin))
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert browser().get(link).status_code == 410


def test_a_newer_link_replaces_the_older(erin: Person) -> None:
    client = confirmed(erin)
    link = _invite(client)
    _press(client, Person.objects.get(email="new@northwind.example"), "link")
    assert browser().get(link).status_code == 410


def test_a_link_can_be_taken_back(erin: Person) -> None:
    client = confirmed(erin)
    link = _invite(client)
    _press(client, Person.objects.get(email="new@northwind.example"), "withdraw")
    assert browser().get(link).status_code == 410


def test_an_invited_person_cannot_sign_in_before_joining(erin: Person) -> None:
    _invite(confirmed(erin))
    guest = browser()
    sign_in(guest, "new@northwind.example", "")
    assert not is_signed_in(guest)


def test_a_weak_password_is_refused_on_its_field_and_the_name_kept(erin: Person) -> None:
    response = browser().post(_invite(confirmed(erin)), {"name": "Nia Novak", "password": "short"})
    assert response.status_code == 422
    assert response.context["form"].errors["password"]
    assert "Nia Novak" in words(response)


def test_the_database_holds_only_the_links_hash_and_the_audit_neither(erin: Person) -> None:
    token = _invite(confirmed(erin)).split("/")[2]
    assert token not in str(list(Invitation.objects.values()))
    assert token not in str(list(Entry.objects.values()))


def test_another_administrator_does_not_see_the_link(erin: Person) -> None:
    _invite(confirmed(erin))
    other = Person.objects.create_user("eve@northwind.example", PASSWORD, name="Eve", role=Role.ADMINISTRATOR)
    person = Person.objects.get(email="new@northwind.example")
    assert "/join/" not in words(signed_in(other).get(reverse("accounts:person", args=[person.pk])))


def test_the_link_is_mailed_where_mail_is_set_up(erin: Person, settings: Any) -> None:
    settings.MAIL_IS_SET_UP = True
    link = _invite(confirmed(erin))
    assert mail.outbox[0].to == ["new@northwind.example"]
    assert link in mail.outbox[0].body


def test_nothing_is_mailed_where_it_is_not(erin: Person) -> None:
    _invite(confirmed(erin))
    assert mail.outbox == []


def test_nobody_is_invited_twice(erin: Person, alice: Person) -> None:
    response = confirmed(erin).post(
        reverse("accounts:invite"), {"email": alice.email.upper(), "name": "", "role": "operator"}
    )
    assert response.status_code == 422
    assert alice.email.upper() in words(response)


def test_inviting_asks_for_the_password_first(erin: Person) -> None:
    response = unconfirmed(erin).get(reverse("accounts:invite"))
    assert response["Location"].startswith(reverse("account_reauthenticate"))


def test_a_role_can_be_changed_and_is_recorded(erin: Person, alice: Person) -> None:
    _press(confirmed(erin), alice, "role", role="auditor")
    alice.refresh_from_db()
    assert alice.role == Role.AUDITOR
    row = Entry.objects.get(action="person.role")
    assert (row.actor, row.detail) == (erin, {"before": "Operator", "after": "Auditor"})


def test_disabling_ends_sessions_at_once_and_enabling_lets_in_again(erin: Person, alice: Person) -> None:
    theirs, client = signed_in(alice), confirmed(erin)
    _press(client, alice, "disable")
    assert not is_signed_in(theirs)
    again = browser()
    sign_in(again, alice.email)
    assert not is_signed_in(again)
    _press(client, alice, "enable")
    sign_in(again, alice.email)
    assert is_signed_in(again)


def test_a_disabled_persons_fragments_get_the_sign_in_page(erin: Person, alice: Person) -> None:
    theirs = signed_in(alice)
    _press(confirmed(erin), alice, "disable")
    answer = theirs.get(reverse("accounts:profile"), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith(reverse("account_login"))


@pytest.mark.parametrize("act", ["disable", "role"])
def test_the_last_administrator_stays_one(erin: Person, act: str) -> None:
    page = words(_press(confirmed(erin), erin, act, role="reviewer"))
    assert "only active administrator" in page
    erin.refresh_from_db()
    assert (erin.role, erin.is_active) == (Role.ADMINISTRATOR, True)


def test_one_of_two_administrators_may_go(erin: Person) -> None:
    other = Person.objects.create_user("eve@northwind.example", PASSWORD, name="Eve", role=Role.ADMINISTRATOR)
    _press(confirmed(erin), other, "disable")
    other.refresh_from_db()
    assert not other.is_active


def test_a_forgotten_password_is_mended_with_a_new_link(erin: Person, alice: Person) -> None:
    theirs, client = signed_in(alice), confirmed(erin)
    page = words(_press(client, alice, "link"))
    [link] = re.findall(r"http://localhost(/join/[\w-]+/)", page)[:1]
    browser().post(link, {"name": "Alice", "password": NEW})
    assert not is_signed_in(theirs)
    again = browser()
    sign_in(again, alice.email, NEW)
    assert is_signed_in(again)


def test_a_name_from_outside_is_text(erin: Person) -> None:
    client = confirmed(erin)
    form = {"email": "x@northwind.example", "name": "<script>alert(1)</script>", "role": "reviewer"}
    page = words(client.post(reverse("accounts:invite"), form, follow=True))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_list_shows_everybody_in_words(erin: Person, alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    page = words(signed_in(erin).get(reverse("accounts:people")))
    assert "Disabled" in page
    assert "Administrator" in page


def test_an_address_chooses_no_role(erin: Person, alice: Person) -> None:
    page = confirmed(erin).get(reverse("accounts:person", args=[alice.pk]), {"role": "administrator"})
    assert page.context["form"]["role"].value() == Role.OPERATOR


def test_a_button_that_does_not_exist_does_nothing(erin: Person, alice: Person) -> None:
    _press(confirmed(erin), alice, "promote")
    alice.refresh_from_db()
    assert alice.role == Role.OPERATOR


def test_the_only_administrator_is_not_offered_to_leave(erin: Person) -> None:
    page = words(confirmed(erin).get(reverse("accounts:person", args=[erin.pk])))
    assert "the only active one" in page
    assert 'value="disable"' not in page
    assert 'value="role"' not in page


def test_an_administrator_beside_another_is_offered_to_leave(erin: Person) -> None:
    Person.objects.create_user("eve@northwind.example", PASSWORD, name="Eve", role=Role.ADMINISTRATOR)
    page = words(confirmed(erin).get(reverse("accounts:person", args=[erin.pk])))
    assert 'value="disable"' in page
    assert 'value="role"' in page


def test_a_disabled_administrator_is_no_other(erin: Person) -> None:
    Person.objects.create_user("eve@n.example", PASSWORD, name="Eve", role=Role.ADMINISTRATOR, is_active=False)
    assert 'value="disable"' not in words(confirmed(erin).get(reverse("accounts:person", args=[erin.pk])))


def test_a_disabled_persons_role_is_told_as_one_that_does_not_apply(erin: Person, alice: Person) -> None:
    client = confirmed(erin)
    _press(client, alice, "disable")
    assert "none, was Operator" in words(client.get(reverse("accounts:people")))
    assert "no role applies now" in words(client.get(reverse("accounts:person", args=[alice.pk])))
    assert "will be Auditor with access to the console" not in words(_press(client, alice, "role", role="nonsense"))
    assert "Alice will be Auditor" in words(_press(client, alice, "role", role="auditor"))


@pytest.mark.parametrize("search", ["aLiCe", "northwind alice", "operator", "active OPERATOR"])
def test_people_are_found_by_name_address_role_and_state(erin: Person, alice: Person, search: str) -> None:
    page = words(confirmed(erin).get(reverse("accounts:people"), {"q": search}))
    assert "alice@northwind.example" in page
    assert "erin@northwind.example" not in page.split('id="people-list"')[1]


def test_a_search_that_finds_nobody_says_so_and_leads_back(erin: Person) -> None:
    page = words(confirmed(erin).get(reverse("accounts:people"), {"q": "zebra"}))
    assert "No person matches “zebra”" in page
    assert "Show all" in page


def test_many_people_come_in_pages_at_the_same_number_of_statements(
    erin: Person, django_assert_max_num_queries: Any
) -> None:
    client = confirmed(erin)
    Person.objects.bulk_create(Person(email=f"p{number:03}@n.example", name=f"P {number:03}") for number in range(120))
    client.get(reverse("accounts:people"))
    with django_assert_max_num_queries(8):
        page = words(client.get(reverse("accounts:people"), {"q": "p", "page": "2"}))
    assert page.count("data-row") == 50
    assert "?q=p&amp;page=3" in page
