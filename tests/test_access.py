"""Who may open what: every address of the console has a row in one table, and the table holds for every role."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.access import ACCESS, ANYONE, CLOSED, PUBLIC
from accounts.models import Person
from accounts.rights import ROLE_RIGHTS, Right, Role

SOME_ID = str(uuid.UUID(int=1))
ARGUMENTS = {
    "vendor": "avala",
    "token": "nobody-knows-this-link",
    "key": "a-b",
    "uidb36": "0",
    "owner": "northwind",
    "slug": "rain",
}
# Pages that must answer without a database, for whoever watches over the console from outside.
WATCHED = {"livez", "readyz"}


def _views(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = ":".join(filter(None, [namespace, pattern.namespace or ""]))
            yield from _views(pattern.url_patterns, inner)
        else:
            yield ":".join(filter(None, [namespace, pattern.name or ""])), pattern


ALL = dict(_views(get_resolver().url_patterns))
ROWS = sorted(name for name in ALL if ACCESS.get(name) not in {None, PUBLIC, CLOSED})


def _address(name: str) -> str:
    converters = ALL[name].pattern.converters
    for arguments in _candidates(name):
        filled = {word: arguments.get(word) or _value(converters.get(word)) for word in arguments}
        return reverse(name, kwargs=filled)
    raise AssertionError(name)


def _candidates(name: str) -> Iterator[dict[str, object]]:
    """The keyword arguments of a view, its prefix's too, as the resolver knows them."""
    for _, _, found in _reversible(name):
        yield {word: ARGUMENTS.get(word, "") for word in found}


def _reversible(name: str) -> Iterator[tuple[str, str, list[str]]]:
    resolver, path = get_resolver(), name.split(":")
    prefixed: list[str] = []
    for space in path[:-1]:
        prefix, resolver = resolver.namespace_dict[space]
        prefixed += [word for part in prefix.split("%(")[1:] for word in [part.partition(")")[0]]]
    for possibilities, pattern, _, _ in resolver.reverse_dict.getlist(path[-1]):
        for text, parameters in possibilities:
            yield text, pattern, [*prefixed, *parameters]


def _value(converter: object) -> str:
    kind = type(converter).__name__
    return {"IntConverter": "1", "UUIDConverter": SOME_ID}.get(kind, "words")


def _ask(client: Client, address: str) -> int:
    """The status of GET; a page that only takes POST says 405, which is an answer from behind the table."""
    client.raise_request_exception = False
    return client.get(address).status_code


def test_every_address_has_a_row() -> None:
    without = sorted(name for name in ALL if name not in ACCESS)
    assert without == []


def test_every_row_has_an_address() -> None:
    gone = sorted(name for name in ACCESS if name not in ALL and ACCESS[name] != CLOSED)
    assert gone == []


def test_every_rule_is_one_we_know() -> None:
    assert set(ACCESS.values()) <= {PUBLIC, ANYONE, CLOSED, *Right}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ROWS)
def test_a_stranger_is_asked_to_sign_in(name: str) -> None:
    address = _address(name)
    response = Client(HTTP_HOST="localhost").get(address)
    assert response.status_code == 302
    assert response["Location"].startswith(f"{reverse('account_login')}?next=")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ROWS)
def test_a_strangers_fragment_is_sent_to_the_sign_in_page(name: str) -> None:
    response = Client(HTTP_HOST="localhost").get(_address(name), headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"].startswith(reverse("account_login"))


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ROWS)
def test_a_role_opens_what_its_rights_allow_and_nothing_else(
    name: str, role: Role, client_as: Callable[[Person], Client]
) -> None:
    person = Person.objects.create_user(f"{role}@northwind.example", name="Someone", role=role)
    may = ACCESS[name] == ANYONE or ACCESS[name] in ROLE_RIGHTS[role]
    status = _ask(client_as(person), _address(name))
    assert (status != 403) is may, f"{role} got {status}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name in ALL if ACCESS.get(name) == CLOSED))
def test_a_page_we_do_not_offer_is_not_there(name: str, erin: Person, client_as: Callable[[Person], Client]) -> None:
    assert _ask(client_as(erin), _address(name)) == 404


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name in ALL if ACCESS.get(name) == PUBLIC and name not in WATCHED))
def test_a_public_page_asks_nobody_to_sign_in(name: str) -> None:
    response = Client(HTTP_HOST="localhost").get(_address(name))
    assert "next=" not in response.headers.get("Location", "")
    assert response.status_code < 500


@pytest.mark.django_db
def test_htmx_headers_grant_nothing(bob: Person, client_as: Callable[[Person], Client]) -> None:
    response = client_as(bob).get(reverse("accounts:people"), headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert response.status_code == 403


@pytest.mark.django_db
def test_a_refusal_says_whom_to_ask(bob: Person, erin: Person, client_as: Callable[[Person], Client]) -> None:
    response = client_as(bob).get(reverse("accounts:people"))
    assert erin.name in response.content.decode()


@pytest.mark.django_db
def test_a_role_that_is_taken_away_counts_at_once(erin: Person, client_as: Callable[[Person], Client]) -> None:
    client = client_as(erin)
    assert client.get(reverse("accounts:people")).status_code == 200
    Person.objects.filter(pk=erin.pk).update(role=Role.REVIEWER)
    assert client.get(reverse("accounts:people")).status_code == 403
