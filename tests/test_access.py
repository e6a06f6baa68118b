"""Who may open what: every address of the console has a row in one table, and the table holds for every role."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.access import ACCESS, ANYONE, BY_MAIL, CLOSED_PAGES, PUBLIC
from accounts.models import Person
from accounts.rights import ROLE_RIGHTS, Right, Role
from console.audit import selectors
from console.audit.models import Entry
from tests.conftest import PASSWORD

SOME_ID = str(uuid.UUID(int=1))
VALUES = {"uuid": SOME_ID, "int": "1", "int64": "1", "vendor": "avala"}
# The library's addresses that are regular expressions.
SPELT_OUT = {
    "account_confirm_email": "/account/confirm-email/a-key/",
    "account_reset_password_from_key": "/account/password/reset/key/0-a-key/",
}
# Pages that must answer without a database, for whoever watches over the console from outside.
WATCHED = {"livez", "readyz"}


def _addresses(
    patterns: list[URLPattern | URLResolver], spaces: tuple[str, ...] = (), prefix: str = "/"
) -> Iterator[tuple[str, str]]:
    """Every view name with one address of it, each placeholder filled with something of its kind."""
    for pattern in patterns:
        route = prefix + re.sub(r"<(?:(\w+):)?\w+>", lambda found: VALUES.get(found[1], "words"), str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from _addresses(pattern.url_patterns, inner, route)
        else:
            name = ":".join([*spaces, pattern.name or route])
            yield name, SPELT_OUT.get(name, route)


ALL = dict(_addresses(get_resolver().url_patterns))
ROWS = sorted(name for name in ALL if ACCESS.get(name) not in {None, PUBLIC, BY_MAIL, CLOSED_PAGES})


def _ask(client: Client, address: str) -> int:
    """The status of GET; a page that only takes POST says 405, which is an answer from behind the table."""
    client.raise_request_exception = False
    return client.get(address).status_code


def test_every_address_has_a_row() -> None:
    without = sorted(name for name in ALL if name not in ACCESS)
    assert without == []


def test_every_row_has_an_address() -> None:
    gone = sorted(name for name in ACCESS if name not in ALL and ACCESS[name] != CLOSED_PAGES)
    assert gone == []


def test_every_rule_is_one_we_know() -> None:
    assert set(ACCESS.values()) <= {PUBLIC, ANYONE, BY_MAIL, CLOSED_PAGES, *Right}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ROWS)
def test_a_stranger_is_asked_to_sign_in(name: str) -> None:
    response = Client(HTTP_HOST="localhost").get(ALL[name])
    assert response.status_code == 302
    assert response["Location"].startswith(f"{reverse('account_login')}?next=")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ROWS)
def test_a_strangers_fragment_is_sent_to_the_sign_in_page(name: str) -> None:
    response = Client(HTTP_HOST="localhost").get(ALL[name], headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"].startswith(reverse("account_login"))


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ROWS)
def test_a_role_opens_what_its_rights_allow_and_nothing_else(
    name: str, role: Role, client_as: Callable[[Person], Client]
) -> None:
    person = Person.objects.create_user(f"{role}@northwind.example", PASSWORD, name="Someone", role=role)
    may = ACCESS[name] == ANYONE or ACCESS[name] in ROLE_RIGHTS[role]
    status = _ask(client_as(person), ALL[name])
    assert (status != 403) is may, f"{role} got {status}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name in ALL if ACCESS.get(name) in {CLOSED_PAGES, BY_MAIL}))
def test_a_page_we_do_not_offer_is_not_there(name: str, erin: Person, client_as: Callable[[Person], Client]) -> None:
    assert _ask(client_as(erin), ALL[name]) == 404


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name in ALL if ACCESS.get(name) == PUBLIC and name not in WATCHED))
def test_a_public_page_asks_nobody_to_sign_in(name: str) -> None:
    response = Client(HTTP_HOST="localhost").get(ALL[name])
    assert "next=" not in response.headers.get("Location", "")
    assert response.status_code < 500


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name in ALL if ACCESS.get(name) == BY_MAIL))
def test_a_password_is_reset_by_mail_where_mail_is_set_up(name: str, settings: Any) -> None:
    settings.MAIL_IS_SET_UP = True
    assert _ask(Client(HTTP_HOST="localhost"), ALL[name]) in {200, 302}


@pytest.mark.django_db
def test_htmx_headers_grant_nothing(bob: Person, client_as: Callable[[Person], Client]) -> None:
    response = client_as(bob).get(reverse("accounts:people"), headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert response.status_code == 403


@pytest.mark.django_db
def test_a_refusal_says_whom_to_ask(bob: Person, erin: Person, client_as: Callable[[Person], Client]) -> None:
    response = client_as(bob).get(reverse("accounts:people"))
    assert erin.name in response.content.decode()


@pytest.mark.django_db
def test_a_refusal_is_recorded_once_a_minute(bob: Person, client_as: Callable[[Person], Client]) -> None:
    client = client_as(bob)
    for _ in range(3):
        client.get(reverse("accounts:people"))
    [row] = Entry.objects.filter(action="page.refused")
    assert (row.actor, row.thing_id, row.recorded_outcome) == (bob, "accounts:people", "failed")
    assert row.thing_name == reverse("accounts:people")
    said = "".join(piece.text for piece in selectors.line(row).pieces)
    assert said == "Bob tried to open the list of people, but their role doesn't allow it"


@pytest.mark.django_db
def test_a_role_that_is_taken_away_counts_at_once(erin: Person, client_as: Callable[[Person], Client]) -> None:
    client = client_as(erin)
    assert client.get(reverse("accounts:people")).status_code == 200
    Person.objects.filter(pk=erin.pk).update(role=Role.REVIEWER)
    assert client.get(reverse("accounts:people")).status_code == 403
