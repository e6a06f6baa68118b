"""The practice space: marked on every page, and whoever is invited there gets its keys with one press."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, Person
from console.audit.models import Entry
from console.emulator.server import Running
from tests.accounts.asking import browser, words

As = Callable[[Person], Client]
KEYS = "/keys/practice/"


@pytest.fixture
def practice(settings: Any) -> None:
    settings.PRACTICE = True


@pytest.mark.parametrize("path", ["/", "/keys/", "/profile/", "/nowhere/", "/audit/handover/"])
def test_every_page_is_marked(practice: None, client_as: As, nobody: Person, path: str) -> None:
    page = words(client_as(nobody).get(path))
    assert ">Practice</span>" in page
    assert "Practice space: the data on this page is invented." in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/login/", "/join/no-such-invitation/", "/nowhere/"])
def test_pages_of_strangers_are_marked(practice: None, path: str) -> None:
    assert ">Practice</span>" in words(browser().get(path, follow=True))


def test_a_page_of_the_real_console_is_not(client_as: As, nobody: Person) -> None:
    page = words(client_as(nobody).get("/keys/"))
    assert "Practice" not in page
    assert "practice keys" not in page


def test_whoever_has_no_key_takes_both_with_one_press(
    practice: None, client_as: As, nobody: Person, emulator: Running
) -> None:
    client = client_as(nobody)
    assert "Use the practice keys" in words(client.get("/keys/"))
    response = client.post(KEYS, {"next": "/projects/"})
    assert response["Location"] == "/projects/"
    assert sorted(ApiKey.objects.filter(person=nobody).values_list("vendor", flat=True)) == ["avala", "cloudfactory"]
    assert Entry.objects.filter(actor=nobody, action="key.connect", recorded_outcome="done").count() == 2
    assert "Coin outlines" in words(client.get("/projects/"))
    assert "Use the practice keys" not in words(client.get("/keys/"))


def test_a_key_that_is_there_is_left_alone(practice: None, client_as: As, alice: Person, emulator: Running) -> None:
    before = list(ApiKey.objects.filter(person=alice).values_list("pk", "fingerprint", "added_at"))
    client_as(alice).post(KEYS)
    assert list(ApiKey.objects.filter(person=alice).values_list("pk", "fingerprint", "added_at")) == before


def test_a_vendor_that_is_silent_is_told(practice: None, client_as: As, nobody: Person, emulator: Running) -> None:
    emulator.fault("avala", "503", times=0)
    page = words(client_as(nobody).post(KEYS, follow=True))
    assert "so the key could not be tested" in page
    assert not ApiKey.objects.filter(person=nobody).exists()


def test_outside_the_practice_space_there_are_no_such_keys(client_as: As, nobody: Person) -> None:
    assert client_as(nobody).post(reverse("accounts:practice_keys")).status_code == 404
