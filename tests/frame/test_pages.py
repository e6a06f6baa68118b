"""An unknown address, an expired session, an old form: a page that says so."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from django.utils.http import urlencode
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.common.cache import configuration
from tests.conftest import SPACE
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
    assert answer["HX-Redirect"] == "/account/login/?next=%2Fslices%2F%3Fpage%3D2&why=ended"


@pytest.mark.django_db
def test_a_foreign_current_address_is_not_believed() -> None:
    answer = Client(HTTP_HOST="localhost").get(
        "/home/slices/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="https://evil.example/slices/"
    )
    assert answer["HX-Redirect"] == "/account/login/?next=%2F&why=ended"


@pytest.mark.django_db
def test_a_current_address_with_two_slashes_names_no_other_host() -> None:
    answer = Client(HTTP_HOST="localhost").get(
        "/home/slices/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://localhost//evil.example/"
    )
    assert answer["HX-Redirect"] == "/account/login/?next=%2F%252Fevil.example%2F&why=ended"


NAMES = (
    "password password1 oldpassword value api_key apikey key code credential token secret recovery_code passphrase pin "
    "f1x unheard_of"
)
SECRETS = dict.fromkeys(NAMES.split(), "not-to-be-handed-back")
FORMS = [
    ("/keys/avala/", {"label": "My key", "place": "northwind"}),
    ("/keys/avala/places/", {"place": "northwind"}),
    ("/people/invite/", {"email": "nina@northwind.example", "name": "Nina", "role": "operator"}),
    ("/join/open-link/", {"name": "Nina"}),
    ("/profile/", {"name": "Nina"}),
    ("/exports/new/", {"name": "Night & rain", "projects": "one", "created_from": "2026-01-01"}),
    (f"/projects/{SPACE}/batches/new/", {"name": "Night & rain"}),
    (f"/projects/{SPACE}/batches/order/", {"batch": "7", "place": "1", "note": "Why"}),
    (f"/slices/new/{SPACE}/", {"name": "Night & rain"}),
    (f"/slices/new/{SPACE}/parts/a1/filter/", {"f12": "weather", "o12": "rain"}),
    (f"/audit/{SPACE}/close/", {"note": "Seen there"}),
]


@pytest.mark.parametrize(("path", "typed"), FORMS, ids=[path for path, _ in FORMS])
def test_an_old_form_gets_back_what_was_typed_and_nothing_else(alice: Person, path: str, typed: dict[str, str]) -> None:
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post(path, SECRETS | typed, HTTP_SEC_FETCH_SITE="same-origin")
    assert answer.status_code == 403
    page = answer.content.decode()
    for name, value in typed.items():
        assert f'name="{name}" value="{escape(value)}"' in page
    assert "not-to-be-handed-back" not in page


@pytest.mark.parametrize("path", ["/account/password/change/", "/account/2fa/authenticate/"])
def test_a_form_whose_page_names_no_field_gets_nothing_back(alice: Person, path: str) -> None:
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post(path, SECRETS | {"login": "alice"}, HTTP_SEC_FETCH_SITE="same-origin")
    assert answer.status_code == 403
    assert b"not-to-be-handed-back" not in answer.content
    assert b'type="hidden" name="login"' not in answer.content


@pytest.mark.parametrize(
    ("headers", "page"), [({"Referer": "http://localhost/jobs/?q=1"}, "/jobs/?q=1"), ({}, "/")], ids=["told", "untold"]
)
def test_reloading_leads_to_a_page_and_not_to_where_a_button_sends(
    alice: Person, headers: dict[str, str], page: str
) -> None:
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post("/keys/switch/", {"place": "1"}, headers=headers)
    assert answer.status_code == 403
    assert f'href="{page}">Reload the page' in answer.content.decode()


def test_a_strangers_form_gets_nothing_back(alice: Person) -> None:
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post("/profile/", {"name": "planted"}, HTTP_SEC_FETCH_SITE="cross-site")
    assert answer.status_code == 403
    assert b"planted" not in answer.content


@pytest.mark.django_db
def test_health_is_told_to_supervisors(client: Client) -> None:
    assert client.get("/livez", HTTP_HOST="localhost").status_code == 200
    ready = client.get("/readyz", HTTP_HOST="localhost")
    parts = dict.fromkeys(["database", "writes", "audit", "anchor", "queue", "cache"], True)
    assert (ready.status_code, ready.json()) == (200, {**parts, "problems": []})


@pytest.mark.django_db
def test_a_cache_that_is_gone_is_told_to_supervisors(client: Client, settings: Any) -> None:
    settings.CACHES = {"default": configuration(f"redis://127.0.0.1:{free_port()}/0")}
    answer = client.get("/readyz", HTTP_HOST="localhost")
    assert answer.status_code == 503
    assert (answer.json()["database"], answer.json()["cache"]) == (True, False)
    assert "cache is unavailable" in answer.json()["problems"][0]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
@pytest.mark.parametrize("person", ["alice", None], ids=["signed in", "nobody"])
def test_an_address_with_more_parameters_than_can_be_read_is_a_page(
    client_as: As, alice: Person, headers: dict[str, str], person: str | None
) -> None:
    client = client_as(alice) if person else Client(HTTP_HOST="localhost")
    client.raise_request_exception = False
    many = "&".join(f"projects={number}" for number in range(10_100))
    for path in ("/exports/new/", "/audit/", "/account/login/"):
        assert client.get(f"{path}?{many}", headers=headers).status_code in {302, 400, 401}


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
@pytest.mark.parametrize("kind", ["multipart/form-data", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("csrf", [True, False])
def test_more_text_than_a_form_can_hold_is_a_page(
    alice: Person, headers: dict[str, str], kind: str, csrf: bool
) -> None:
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=csrf)
    client.force_login(alice)
    sent: Any = {"name": "x" * 13_000_000}
    if kind != "multipart/form-data":
        sent = urlencode(sent)
    about = {"content_type": kind} if isinstance(sent, str) else {}
    answer = client.post("/profile/", sent, headers=headers, **about)
    assert answer.status_code == 400
    sentence = "This is more than a form can send." if headers else "which is the most that a form can send."
    assert sentence in " ".join(answer.content.decode().split())


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [13_000_000, 50_000_000])
def test_a_browser_that_sends_too_much_text_gets_the_page(
    page: Page, sign_in: Any, alice: Person, live: str, size: int
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}/profile/")
    # Hidden, so that no browser has to lay it out.
    fill = "(field, size) => { field.type = 'hidden'; field.value = 'x'.repeat(size); field.form.submit(); }"
    page.get_by_label("Name", exact=True).evaluate(fill, size)
    expect(page.get_by_text("the most that a form can send")).to_be_visible()
