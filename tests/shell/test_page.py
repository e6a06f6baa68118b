import json
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from accounts.models import Person
from tests.markup import folded

pytestmark = pytest.mark.django_db
As = Callable[[Person], Client]


def page(client: Client, address: str, **headers: str) -> str:
    return client.get(address, headers=headers).content.decode()


def test_htmx_is_kept_on_a_short_leash(client_as: As, alice: Person) -> None:
    text = page(client_as(alice), "/keys/")
    config = json.loads(unescape(text.split('name="htmx-config"')[1].split("content='")[1].split("'>")[0]))
    assert config["selfRequestsOnly"] is True
    for switch in ("allowEval", "allowScriptTags", "includeIndicatorStyles", "historyRestoreAsHxRequest"):
        assert config[switch] is False
    assert config["historyCacheSize"] == 0


def test_refused_forms_swap_in_place_and_other_errors_become_notices(client_as: As, alice: Person) -> None:
    text = page(client_as(alice), "/keys/")
    config = json.loads(unescape(text.split('name="htmx-config"')[1].split("content='")[1].split("'>")[0]))
    rules = {rule["code"]: rule for rule in config["responseHandling"]}
    assert rules["409|422"]["swap"] is True
    assert "target" not in rules["409|422"]
    assert (rules["[45].."]["target"], rules["[45].."]["swapOverride"]) == ("#notices", "beforeend")


def test_everybody_finds_their_work_and_only_administrators_the_people(
    client_as: As, alice: Person, erin: Person
) -> None:
    mine, hers = page(client_as(alice), "/keys/"), page(client_as(erin), "/keys/")
    for address in ("/slices/", "/projects/", "/audit/", "/keys/"):
        assert f'class="nav-link" href="{address}"' in mine
    assert 'class="nav-link" href="/people/"' not in mine
    assert 'class="nav-link" href="/people/"' in hers


def test_the_page_one_is_on_is_marked(client_as: As, alice: Person) -> None:
    text = folded(page(client_as(alice), "/keys/"))
    assert text.count('aria-current="page"') == 1
    assert '<a class="nav-link" href="/keys/" aria-current="page">' in text


def test_the_owner_and_the_space_are_named_and_can_be_switched(client_as: As, alice: Person) -> None:
    text = page(client_as(alice), "/keys/")
    assert "Avala owner" in text
    assert "CloudFactory space" in text
    assert 'name="next" value="/keys/"' in text


def test_a_person_without_places_sees_no_switcher(client_as: As, nobody: Person) -> None:
    assert "switcher-summary" not in page(client_as(nobody), "/keys/")


def test_a_name_from_a_vendor_is_text(client_as: As, alice: Person) -> None:
    alice.places.filter(vendor="avala").update(name="<script>\u202e")
    text = page(client_as(alice), "/keys/")
    assert "<bdi>&lt;script&gt;[U+202E]</bdi>" in text


def test_a_rejected_key_shows_a_way_to_fix_it_and_to_come_back(client_as: As, alice: Person) -> None:
    alice.api_keys.filter(vendor="avala").update(rejected=True)
    text = page(client_as(alice), "/audit/?q=rain")
    assert "Avala no longer accepts your key" in text
    assert "next=%2Faudit%2F%3Fq%3Drain" in text


def test_an_unknown_address_says_so_inside_the_shell(client_as: As, alice: Person) -> None:
    answer = client_as(alice).get("/nowhere/")
    text = answer.content.decode()
    assert answer.status_code == 404
    assert "There is no such page" in text
    assert '<nav class="nav"' in text


def test_htmx_gets_only_the_notice_of_an_error(client_as: As, alice: Person) -> None:
    answer = client_as(alice).get("/nowhere/", headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 404
    assert text.strip().startswith('<div class="notice notice-bad"')
    assert "<html" not in text


def test_a_signed_out_person_gets_a_bare_page(client: Client) -> None:
    text = client.get("/account/login/", headers={"host": "localhost"}).content.decode()
    assert '<nav class="nav"' not in text
    assert "htmx-2" not in text
    assert "sign up" not in text.lower()


def test_the_end_of_the_session_is_known_to_the_page(client_as: As, alice: Person) -> None:
    text = page(client_as(alice), "/keys/")
    assert 'data-session-ends="' in text
    assert 'data-session-stay="/' in text
