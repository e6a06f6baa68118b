"""An unknown address, an expired session, an old form: a page that says so."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.common.cache import configuration
from tests.services import free_port

As = Callable[[Person], Client]


def test_an_unknown_address_is_a_page(client_as: As, alice: Person) -> None:
    answer = client_as(alice).get("/slices/nobody/nothing/at/all/")
    assert answer.status_code == 404
    assert b"<h1>" in answer.content


@pytest.mark.django_db
def test_a_signed_out_person_comes_back_to_the_page_first_asked_for() -> None:
    answer = Client(HTTP_HOST="localhost").get("/slices/?owner=northwind&page=2")
    assert answer.status_code == 302
    assert answer["Location"] == "/account/login/?next=%2Fslices%2F%3Fowner%3Dnorthwind%26page%3D2"


@pytest.mark.django_db
def test_a_fragment_of_a_signed_out_person_sends_the_whole_page_to_sign_in() -> None:
    answer = Client(HTTP_HOST="localhost").get(
        "/home/slices/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://localhost/slices/?page=2"
    )
    assert answer["HX-Redirect"] == "/account/login/?next=%2Fslices%2F%3Fpage%3D2"


@pytest.mark.django_db
def test_a_foreign_current_address_is_not_believed() -> None:
    answer = Client(HTTP_HOST="localhost").get(
        "/home/slices/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="https://evil.example/slices/"
    )
    assert answer["HX-Redirect"] == "/account/login/?next=%2F"


@pytest.mark.django_db
def test_a_current_address_with_two_slashes_names_no_other_host() -> None:
    answer = Client(HTTP_HOST="localhost").get(
        "/home/slices/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://localhost//evil.example/"
    )
    assert answer["HX-Redirect"] == "/account/login/?next=%2F%252Fevil.example%2F"


def test_an_old_form_is_told_and_what_was_typed_is_kept(alice: Person) -> None:
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    client.force_login(alice)
    typed = {"name": "Night & rain", "password": "not-to-be-kept"}
    answer = client.post("/account/logout/", typed, HTTP_SEC_FETCH_SITE="same-origin")
    assert answer.status_code == 403
    assert b"Night &amp; rain" in answer.content
    assert b"not-to-be-kept" not in answer.content


def test_a_strangers_form_gets_nothing_back(alice: Person) -> None:
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post("/account/logout/", {"name": "planted"}, HTTP_SEC_FETCH_SITE="cross-site")
    assert answer.status_code == 403
    assert b"planted" not in answer.content


@pytest.mark.django_db
def test_health_is_told_to_supervisors(client: Client) -> None:
    assert client.get("/livez", HTTP_HOST="localhost").status_code == 200
    ready = client.get("/readyz", HTTP_HOST="localhost")
    assert ready.json() == {"database": True, "cache": True}


@pytest.mark.django_db
def test_a_cache_that_is_gone_is_told_to_supervisors(client: Client, settings: Any) -> None:
    settings.CACHES = {"default": configuration(f"redis://127.0.0.1:{free_port()}/0")}
    answer = client.get("/readyz", HTTP_HOST="localhost")
    assert (answer.status_code, answer.json()) == (503, {"database": True, "cache": False})
