import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import connections
from accounts.models import ApiKey, Person, Place
from console.audit.models import Entry
from console.common import write_behind
from tests.accounts.asking import confirmed, signed_in, unconfirmed, words
from tests.conftest import OWNER, SPACE

pytestmark = pytest.mark.django_db

AVALA, CLOUDFACTORY = ("/keys/avala/", "/keys/cloudfactory/")


def _save(client: Client, address: str, value: str, **more: str) -> Any:
    return client.post(address, {"value": value, "label": "Mine", "place": "", **more})


def _press_and_close(client: Client) -> int:
    try:
        return int(_save(client, AVALA, "avk_demo_ops").status_code)
    finally:
        connection.close()


def _all_of(emulator: Any) -> list[dict[str, Any]]:
    return emulator.requests("avala") + emulator.requests("cloudfactory")


def test_nobody_is_told_anything_but_how_to_connect(nobody: Person) -> None:
    page = words(signed_in(nobody).get(reverse("accounts:keys")))
    assert "Not connected" in page
    assert "Where to find it" in page


def test_no_two_fields_of_the_page_share_an_id(nobody: Person, alice: Person) -> None:
    for person in (nobody, alice):
        ids = re.findall(r' id="([^"]+)"', words(signed_in(person).get(reverse("accounts:keys"))))
        assert sorted(set(ids)) == sorted(ids)


def test_a_right_key_is_saved_and_the_person_goes_back_where_they_were(nobody: Person, emulator: Any) -> None:
    client = signed_in(nobody)
    response = _save(client, AVALA, "avk_demo_ops", next="/profile/")
    assert response["Location"] == "/profile/"
    assert connections.avala(nobody).get_me().uid
    assert connections.owner(nobody) == OWNER


def test_the_owners_a_key_can_see_are_offered(nobody: Person, emulator: Any) -> None:
    _save(signed_in(nobody), AVALA, "avk_demo_ops")
    assert {OWNER, "northwind-labs"} <= set(connections.owners(nobody))


def test_a_named_owner_is_the_one_in_use(nobody: Person, emulator: Any) -> None:
    _save(signed_in(nobody), AVALA, "avk_demo_ops", place="northwind-labs")
    assert connections.owner(nobody) == "northwind-labs"


def test_a_space_is_asked_for_and_named(nobody: Person, emulator: Any) -> None:
    client = signed_in(nobody)
    assert _save(client, CLOUDFACTORY, "cf_demo_ops").status_code == 422
    _save(client, CLOUDFACTORY, "cf_demo_ops", place=SPACE.upper(), place_name="Night shift")
    assert connections.space(nobody) == connections.Space(SPACE, "Night shift")


def test_spaces_and_line_breaks_around_a_key_are_trimmed(nobody: Person, emulator: Any) -> None:
    _save(signed_in(nobody), AVALA, "  avk_demo_ops \r\n")
    assert ApiKey.objects.get(person=nobody).reveal() == "avk_demo_ops"


@pytest.mark.parametrize(
    "typed",
    [
        "“avk_demo_ops”",
        "avk_demo ops",
        "avk_dem\u00f6_ops",
        "avk_demo\u200b_ops",
        "avk\r\nX-Evil: 1",
        "short",
        " ",
        "x" * 500,
    ],
)
def test_bad_characters_are_told_before_any_call(typed: str, nobody: Person, emulator: Any) -> None:
    emulator.forget_requests()
    assert _save(signed_in(nobody), AVALA, typed).status_code == 422
    assert _all_of(emulator) == []


def test_a_wrong_key_is_told_in_words(nobody: Person, emulator: Any) -> None:
    page = words(_save(signed_in(nobody), AVALA, "avk_wrong_0123456789"))
    assert "Avala does not know this key" in page
    assert not ApiKey.objects.filter(person=nobody).exists()


def test_a_key_without_rights_is_told_apart_from_a_wrong_one(nobody: Person, emulator: Any) -> None:
    emulator.fault("avala", "403", times=0)
    assert "knows this key, but it may not read anything" in words(_save(signed_in(nobody), AVALA, "avk_demo_ops"))


def test_a_vendor_that_is_down_is_told_apart_from_a_wrong_key(nobody: Person, emulator: Any) -> None:
    emulator.fault("avala", "503", times=0)
    page = words(_save(signed_in(nobody), AVALA, "avk_demo_ops"))
    assert "had a problem (503)" in page
    assert "does not know" not in page


def test_a_wrong_address_is_told(nobody: Person, emulator: Any, settings: Any) -> None:
    settings.AVALA_BASE_URL = emulator.avala_url.replace("/api/v1", "/api/v9")
    assert "AVALA_BASE_URL" in words(_save(signed_in(nobody), AVALA, "avk_demo_ops"))


def test_an_unknown_space_belongs_to_its_own_field(nobody: Person, emulator: Any) -> None:
    elsewhere = "00000000-0000-4000-8000-000000000001"
    response = _save(signed_in(nobody), CLOUDFACTORY, "cf_demo_ops", place=elsewhere)
    assert "not this space" in str(response.context["form"].errors["place"])
    assert elsewhere in words(response)


def test_the_key_is_never_in_a_page_log_or_row(nobody: Person, emulator: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    client, planted = signed_in(nobody), "avk_planted_7d3f5b9e"
    refused = _save(client, AVALA, planted)
    pages = [words(refused), words(client.get(reverse("accounts:keys")))]
    assert all(planted not in page for page in pages)
    assert planted not in caplog.text
    assert all(planted not in str(row) for row in Entry.objects.values())


def test_the_test_only_reads(nobody: Person, emulator: Any) -> None:
    emulator.forget_requests()
    client = signed_in(nobody)
    _save(client, AVALA, "avk_demo_ops")
    _save(client, CLOUDFACTORY, "cf_demo_ops", place=SPACE)
    assert {call["method"] for call in _all_of(emulator)} == {"GET"}


def test_replacing_asks_for_the_password_and_keeps_what_was_typed(alice: Person, emulator: Any) -> None:
    client = unconfirmed(alice)
    response = _save(client, AVALA, "avk_demo_admin")
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    client.post(response["Location"], {"password": "correct-horse-battery-staple", "next": AVALA})
    assert ApiKey.objects.get(person=alice, vendor="avala").reveal() == "avk_demo_admin"


def test_the_old_key_stays_until_the_new_one_passes(alice: Person, emulator: Any) -> None:
    page = words(_save(confirmed(alice), AVALA, "avk_wrong_0123456789"))
    assert "Your old key stays in use" in page
    assert ApiKey.objects.get(person=alice, vendor="avala").reveal() == "avk_demo_ops"


def test_a_replaced_key_starts_with_a_clean_card(alice: Person, emulator: Any) -> None:
    ApiKey.objects.filter(person=alice).update(rejected=True, last_failure="refused")
    _save(confirmed(alice), AVALA, "avk_demo_admin")
    key = ApiKey.objects.get(person=alice, vendor="avala")
    assert (key.rejected, key.last_failure, key.last4) == (False, "", "dmin")


def test_replacing_offers_the_place_the_old_key_was_used_in(alice: Person, emulator: Any) -> None:
    client = confirmed(alice)
    assert SPACE in words(client.get(CLOUDFACTORY))
    _save(client, CLOUDFACTORY, "cf_demo_admin", place=SPACE, place_name="Northwind")
    assert connections.space(alice).name == "Northwind"


@pytest.mark.django_db(transaction=True)
def test_two_presses_of_save_keep_one_key(nobody: Person, emulator: Any) -> None:
    clients = [signed_in(nobody), signed_in(nobody)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(_press_and_close, clients))
    assert answers == [302, 302]
    assert ApiKey.objects.filter(person=nobody).count() == 1


def test_removing_asks_for_the_password_counts_what_stops_and_forgets(alice: Person, emulator: Any) -> None:
    address = reverse("accounts:remove", args=["avala"])
    assert unconfirmed(alice).post(address).status_code == 302
    assert ApiKey.objects.filter(person=alice, vendor="avala").exists()
    client = confirmed(alice)
    assert "1 remembered owner" in words(client.get(address))
    client.post(address)
    assert not ApiKey.objects.filter(person=alice, vendor="avala").exists()
    with pytest.raises(connections.KeyMissing):
        connections.avala(alice)


def test_testing_again_says_what_the_key_may_do(bob: Person, emulator: Any) -> None:
    client = signed_in(bob)
    client.post(reverse("accounts:test", args=["avala"]))
    page = words(client.get(reverse("accounts:keys")))
    assert "read slices" in page
    write_behind.flush()
    assert ApiKey.objects.get(person=bob, vendor="avala").findings["A1"] == "yes"


def test_testing_a_key_the_vendor_no_longer_knows_marks_it_everywhere(alice: Person, emulator: Any) -> None:
    client = signed_in(alice)
    emulator.fault("avala", "401", times=0)
    page = words(client.post(reverse("accounts:test", args=["avala"]), follow=True))
    assert "Avala does not know this key" in page
    assert "no longer accepts your key" in words(client.get(reverse("accounts:profile")))


def test_another_owner_is_tried_before_it_is_used(alice: Person, emulator: Any) -> None:
    client, address = signed_in(alice), reverse("accounts:place", args=["avala"])
    assert client.post(address, {"place": "northwind-labs"}).status_code == 302
    assert connections.owner(alice) == "northwind-labs"
    assert client.post(address, {"place": "a/b"}).status_code == 422


def test_switching_brings_the_person_back_and_takes_only_their_own_places(alice: Person, carol: Person) -> None:
    client, address = signed_in(alice), reverse("accounts:switch")
    Place.objects.create(person=alice, vendor="avala", value="labs")
    response = client.post(address, {"vendor": "avala", "place": "labs", "next": "/profile/"})
    assert response["Location"] == "/profile/"
    assert connections.owner(alice) == "labs"
    assert client.post(address, {"vendor": "avala", "place": "elsewhere"}).status_code == 404
    leaving = client.post(address, {"vendor": "avala", "place": OWNER, "next": "https://evil.example/"})
    assert leaving["Location"] == "/"


def test_forgetting_the_current_place_falls_back_to_another(alice: Person) -> None:
    Place.objects.create(person=alice, vendor="avala", value="labs")
    current = Place.objects.get(person=alice, vendor="avala", value=OWNER)
    signed_in(alice).post(reverse("accounts:forget", args=["avala", current.pk]))
    assert connections.owner(alice) == "labs"


def test_another_persons_place_cannot_be_forgotten(alice: Person, bob: Person) -> None:
    theirs = Place.objects.get(person=bob, vendor="avala")
    assert signed_in(alice).post(reverse("accounts:forget", args=["avala", theirs.pk])).status_code == 404


def test_key_changes_and_failed_tests_are_in_the_audit(nobody: Person, emulator: Any) -> None:
    client = signed_in(nobody)
    _save(client, AVALA, "avk_wrong_0123456789")
    _save(client, AVALA, "avk_demo_ops")
    rows = Entry.objects.filter(action="key.connect").order_by("sequence")
    assert [row.recorded_outcome for row in rows] == ["failed", "done"]
    assert rows[1].key_fingerprint == ApiKey.objects.get(person=nobody).fingerprint


def test_the_field_asks_no_browser_to_remember_it(nobody: Person) -> None:
    page = words(signed_in(nobody).get(AVALA))
    assert 'type="password" name="value"' in page or 'name="value"' in page
    assert 'autocomplete="off"' in page


def test_a_key_can_be_tested_while_each_answer_is_slow(
    client_as: Any, alice: Person, emulator: Any, settings: Any
) -> None:
    settings.REQUEST_SECONDS = 5
    emulator.fault("avala", "slow-2", times=0)
    page = words(client_as(alice).post("/keys/avala/test/", follow=True))
    assert "cannot be reached" not in page
    assert len(emulator.requests("avala")) == 4
