"""What only a browser can show: passkeys, and the way of an invited person, without one complaint of the policy."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[Any, Person], None]


def _authenticator(page: Any) -> None:
    """A passkey device inside the browser, as developers' tools offer one."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_made_signs_in_and_confirms(
    page: Any, live: str, alice: Person, sign_in_by_form: SignIn, complaints: list[str]
) -> None:
    _authenticator(page)
    sign_in_by_form(page, alice)
    page.goto(live + reverse("mfa_add_webauthn"))
    page.get_by_label("Use it instead of the password").check()
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(lambda address: "/add/" not in address)
    page.goto(live + reverse("accounts:profile"))
    page.context.clear_cookies()
    page.goto(f"{live}{reverse('account_login')}?next={reverse('accounts:sessions')}")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(live + reverse("accounts:sessions"))
    page.goto(live + reverse("accounts:remove", args=["avala"]))
    page.get_by_role("button", name="Remove").wait_for()
    page.goto(f"{live}{reverse('mfa_reauthenticate_webauthn')}?next={reverse('accounts:remove', args=['avala'])}")
    page.get_by_role("button", name=re.compile("security key", re.IGNORECASE)).click()
    page.wait_for_url(live + reverse("accounts:remove", args=["avala"]))


def test_an_invited_person_follows_the_link_and_is_in(
    page: Any, live: str, erin: Person, sign_in_by_form: SignIn, complaints: list[str]
) -> None:
    sign_in_by_form(page, erin)
    page.goto(live + reverse("accounts:invite"))
    page.get_by_label("Email").fill("new@northwind.example")
    page.get_by_label("Operator").check()
    page.get_by_role("button", name="Make the invitation").click()
    link = page.get_by_label("Link", exact=True).input_value()
    page.context.clear_cookies()
    page.goto(link)
    page.get_by_label("Your name").fill("Nia Novak")
    page.get_by_label("Password", exact=True).fill("Gertrude-likes-tall-trees")
    page.get_by_role("button", name="Join").click()
    page.wait_for_url(f"{live}/")
    assert Person.objects.get(email="new@northwind.example").state == "active"


def test_a_rejected_key_is_replaced_on_the_way_and_the_person_comes_back(
    page: Any, live: str, emulator: Any, nobody: Person, sign_in_by_form: SignIn, complaints: list[str]
) -> None:
    sign_in_by_form(page, nobody)
    page.goto(f"{live}{reverse('accounts:keys')}?next={reverse('accounts:profile')}")
    card = page.locator("#avala")
    card.get_by_label("Key", exact=True).fill("avk_demo_ops")
    card.get_by_role("button", name="Save and test").click()
    page.wait_for_url(live + reverse("accounts:profile"))
    page.get_by_text("Your Avala key works and is saved.").wait_for()


def test_the_computers_own_time_zone_is_one_press_away(
    page: Any, live: str, alice: Person, sign_in_by_form: SignIn, complaints: list[str]
) -> None:
    sign_in_by_form(page, alice)
    state = page.context.storage_state()
    with page.context.browser.new_context(timezone_id="America/New_York", storage_state=state) as abroad:
        there = abroad.new_page()
        there.goto(live + reverse("accounts:profile"))
        there.get_by_role("button", name="Use this computer’s: New York").click()
        there.get_by_role("button", name="Save").click()
        there.get_by_text("Saved.").wait_for()
    assert Person.objects.get(pk=alice.pk).time_zone == "America/New_York"


def test_signing_out_closes_the_pages_of_other_tabs(
    page: Any, live: str, alice: Person, sign_in_by_form: SignIn, complaints: list[str]
) -> None:
    sign_in_by_form(page, alice)
    other = page.context.new_page()
    other.goto(live + reverse("accounts:sessions"))
    page.goto(live + reverse("account_logout"))
    page.locator("main").get_by_role("button", name="Sign out").click()
    other.wait_for_url(f"{live}{reverse('account_login')}?**")


def test_a_page_that_comes_back_as_it_was_shows_itself_to_its_own_session_alone(
    page: Any, live: str, alice: Person, sign_in_by_form: SignIn
) -> None:
    """As Safari brings pages back; Chromium asks for them once more, so the event is made."""
    sign_in_by_form(page, alice)
    for event in ("pagehide", "pageshow"):
        page.evaluate("event => dispatchEvent(new PageTransitionEvent(event, {persisted: true}))", event)
    page.get_by_role("heading", name="Profile").wait_for()
    page.context.clear_cookies()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert not page.get_by_role("heading", name="Profile").is_visible()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.wait_for_url(f"{live}{reverse('account_login')}?**")


PASSKEYS = [
    ("account_login", "Sign in with a passkey"),
    ("mfa_index", "Add one"),
    ("mfa_list_webauthn", "Add one"),
    ("mfa_add_webauthn", "Add it"),
]


@pytest.mark.parametrize("has_passkeys", [True, False], ids=["with passkeys", "without passkeys"])
def test_passkeys_are_offered_where_the_browser_has_them(
    page: Any, live: str, alice: Person, sign_in_by_form: SignIn, has_passkeys: bool
) -> None:
    if not has_passkeys:
        page.add_init_script("delete window.PublicKeyCredential")
    for name, words in PASSKEYS:
        page.goto(live + reverse(name))
        offer = page.locator("main [data-with-passkeys]").filter(has_text=words)
        expect(offer).to_be_visible(visible=has_passkeys)
        if name == "account_login":
            sign_in_by_form(page, alice)
        else:
            expect(page.get_by_text("This browser can't use passkeys")).to_be_visible(visible=not has_passkeys)
