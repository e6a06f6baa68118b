"""A database that is locked, full, read-only or gone in parts: reading goes on, writing is refused in a sentence."""

import contextlib
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client

from accounts.models import Person
from console.audit import verify
from console.audit.models import Entry
from console.common import database
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.batches import boards
from tests.conftest import PASSWORD
from tests.exports import making

pytestmark = pytest.mark.django_db(transaction=True)

As = Callable[[Person], Client]

PAGES = [
    "/",
    "/home/slices/",
    "/home/review/",
    "/slices/",
    "/projects/",
    f"/projects/{boards.COINS}/",
    boards.BATCHES,
    boards.ORDER,
    f"{boards.ORDER}history/",
    f"{boards.BATCHES}{boards.FIRST}/",
    "/exports/",
    "/exports/new/",
    "/jobs/",
    "/people/",
    "/audit/",
    "/audit/handover/",
    "/keys/",
    "/profile/",
    "/sessions/",
    "/account/2fa/",
]


def sqlite(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Somebody else holds the write lock; ours gives up after a tenth of a second."""
    if connection.vendor == "sqlite":
        sqlite("PRAGMA busy_timeout = 100")
        holder = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    else:
        sqlite("SET lock_timeout = 100")
        about = connection.get_connection_params()
        holder = psycopg.connect(
            host=about.get("host"), port=about.get("port"), user=about.get("user"), dbname=about["dbname"]
        )
        with connection.cursor() as cursor:
            tables = ", ".join(connection.introspection.table_names(cursor))
        holder.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")
    try:
        yield
    finally:
        holder.rollback()
        holder.close()
        connection.close()


@contextlib.contextmanager
def full(spare: int = 0) -> Iterator[None]:
    """No more than `spare` pages can be added to the database file, and none of it is free, as after many deleted
    rows."""
    sqlite("VACUUM")
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
    sqlite(f"PRAGMA max_page_count = {pages + spare}")
    try:
        yield
    finally:
        connection.close()


@contextlib.contextmanager
def read_only() -> Iterator[None]:
    if connection.vendor == "sqlite":
        sqlite("PRAGMA query_only = ON")
    else:
        sqlite("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        connection.close()


Trouble = Callable[[], contextlib.AbstractContextManager[None]]
BLOCKED: list[Trouble] = [locked, read_only]
TROUBLES = [*BLOCKED, full] if connection.vendor == "sqlite" else BLOCKED


@pytest.fixture(params=BLOCKED, ids=lambda trouble: trouble.__name__)
def blocked(request: pytest.FixtureRequest) -> Trouble:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=TROUBLES, ids=lambda trouble: trouble.__name__)
def trouble(request: pytest.FixtureRequest) -> Trouble:
    return request.param  # type: ignore[no-any-return]


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_every_page_can_be_read_while_nothing_can_be_written(
    emulator: Running, client_as: As, erin: Person, trouble: Any
) -> None:
    browser = client_as(erin)
    with trouble():
        answers = {page: browser.get(page).status_code for page in PAGES}
    assert answers == dict.fromkeys(PAGES, 200)


def test_an_act_is_refused_in_a_sentence_and_nothing_is_sent(
    emulator: Running, client_as: As, alice: Person, blocked: Any
) -> None:
    browser = client_as(alice)
    with blocked():
        answer = browser.post(f"{boards.BATCHES}new/", {"name": "Night", "act_id": str(uuid.uuid4())})
    assert answer.status_code == 503
    assert "Nothing was sent" in text(answer)
    assert boards.changes(emulator) == []


@pytest.mark.sqlite
def test_acts_stop_with_a_sentence_when_the_database_is_full_and_none_is_lost(
    emulator: Running, client_as: As, alice: Person
) -> None:
    browser, statuses = client_as(alice), []
    with full(spare=24):
        for number in range(60):
            typed = {"name": f"Night {number} {'x' * 80}", "act_id": str(uuid.uuid4())}
            answer = browser.post(f"{boards.BATCHES}new/", typed)
            statuses.append(answer.status_code)
    assert set(statuses) == {302, 503}
    assert statuses[-1] == 503
    assert "Nothing was sent" in text(answer)
    assert len(boards.changes(emulator)) == Entry.objects.filter(action="batch.create", kind="opening").count()
    assert verify.check().problem == ""


def test_a_form_of_our_own_says_that_the_database_cannot_be_written_to(
    client_as: As, alice: Person, blocked: Any
) -> None:
    browser = client_as(alice)
    typed = {"name": "Alicia & Bob", "time_zone": ""}
    with blocked():
        answer = browser.post("/profile/", typed, HTTP_SEC_FETCH_SITE="same-origin")
    assert answer.status_code == 503
    assert "database can&#x27;t be written to right now" in text(answer)
    assert "Alicia &amp; Bob" in text(answer)
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    alice.refresh_from_db()
    assert alice.name == "Alice"


def test_administrators_see_on_every_page_that_the_database_refused_something(
    client_as: As, alice: Person, erin: Person, blocked: Any
) -> None:
    desk, hers = client_as(alice), client_as(erin)
    assert "The database refused something" not in text(hers.get("/profile/"))
    with blocked():
        desk.post("/profile/", {"name": "Alicia", "time_zone": ""})
        assert "The database refused something" in text(hers.get("/profile/"))
        assert "The database refused something" not in text(desk.get("/profile/"))


def test_a_fragment_gets_the_same_sentence_as_a_notice(client_as: As, alice: Person, blocked: Any) -> None:
    browser = client_as(alice)
    with blocked():
        answer = browser.post("/profile/", {"name": "Alicia", "time_zone": ""}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 503
    assert "<html" not in text(answer)
    assert "database can&#x27;t be written to" in text(answer)


def test_a_form_that_would_wait_for_the_password_is_handed_back_where_it_cannot_be_kept(
    erin: Person, blocked: Any
) -> None:
    browser = Client(HTTP_HOST="localhost")
    browser.force_login(erin)
    typed = {"name": "Nora & Sons", "email": "nora@example.org", "role": "operator"}
    with blocked():
        answer = browser.post("/people/invite/", typed, HTTP_SEC_FETCH_SITE="same-origin")
    assert answer.status_code == 503
    assert "database can&#x27;t be written to right now" in text(answer)
    assert "Nora &amp; Sons" in text(answer)
    assert Entry.objects.filter(action="person.invite").count() == 0


def test_nobody_is_signed_in_or_out_while_nothing_can_be_written(alice: Person, blocked: Any) -> None:
    browser = Client(HTTP_HOST="localhost")
    with blocked():
        answer = browser.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    assert answer.status_code == 503
    assert "Nothing was" in text(answer)
    assert "__Host-session" not in browser.cookies


def test_readyz_names_what_is_wrong(client: Client, trouble: Any) -> None:
    with trouble():
        answer = client.get("/readyz", HTTP_HOST="localhost")
    found = answer.json()
    assert answer.status_code == 503
    assert (found["database"], found["writes"]) == (True, False)
    assert any("can't be written to" in problem for problem in found["problems"])


@pytest.mark.parametrize("path", ["/livez", "/account/login/"])
def test_what_needs_no_database_works_without_one(path: str) -> None:
    with connection.execute_wrapper(refuse):
        assert Client(HTTP_HOST="localhost").get(path).status_code == 200


def test_livez_does_not_look_at_a_session(client_as: As, alice: Person) -> None:
    browser = client_as(alice)
    with connection.execute_wrapper(refuse):
        assert browser.get("/livez").status_code == 200


@pytest.mark.parametrize("headers", [{}, {"HTTP_HX_REQUEST": "true"}], ids=["page", "fragment"])
def test_a_signed_in_persons_page_without_a_database_is_a_sentence(
    client_as: As, alice: Person, headers: dict[str, str]
) -> None:
    browser = client_as(alice)
    browser.raise_request_exception = False
    with connection.execute_wrapper(refuse):
        answer = browser.get("/slices/", **headers)
    assert answer.status_code == 503
    assert "database can&#x27;t be read right now" in text(answer)
    assert "Nothing was changed" in text(answer)


def test_readyz_says_that_the_database_is_gone(client: Client) -> None:
    with connection.execute_wrapper(refuse):
        answer = client.get("/readyz", HTTP_HOST="localhost")
    assert answer.status_code == 503
    assert answer.json()["database"] is False
    assert "refused" not in text(answer), "what a driver says can name servers and paths"


def refuse(*args: Any) -> None:
    raise OperationalError("the connection was refused")


@pytest.fixture
def no_audit_table() -> Iterator[None]:
    sqlite("ALTER TABLE audit_entry RENAME TO audit_entry_elsewhere")
    yield
    sqlite("ALTER TABLE audit_entry_elsewhere RENAME TO audit_entry")


def test_without_the_audit_table_the_other_pages_can_be_read(
    emulator: Running, client_as: As, erin: Person, no_audit_table: None
) -> None:
    browser = client_as(erin)
    pages = [page for page in PAGES if not page.startswith("/audit/")]
    assert {page: browser.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
    assert "The audit can't be read right now" in text(browser.get("/slices/"))
    answer = browser.get("/audit/")
    assert answer.status_code == 503
    assert "can&#x27;t be read right now" in text(answer)
    assert client_as(erin).get("/readyz").json()["audit"] is False
    answer = browser.post(f"{boards.BATCHES}new/", {"name": "Night", "act_id": str(uuid.uuid4())})
    assert answer.status_code == 503
    assert "Nothing was sent" in text(answer)
    assert boards.changes(emulator) == []


def test_an_export_that_could_not_be_recorded_leaves_no_plan_behind(
    emulator: Running, client_as: As, alice: Person, no_audit_table: None
) -> None:
    browser, wanted = client_as(alice), making.form()
    assert browser.post("/exports/new/", wanted).status_code == 503
    assert making.sent(emulator, "POST") == []
    assert not ExportRequest.objects.exists()


@pytest.mark.sqlite
def test_a_request_waits_twice_for_a_lock_and_no_third_time() -> None:
    waits = []
    with locked(), database.bounded_waits():
        sqlite("PRAGMA busy_timeout = 200")
        for _ in range(3):
            with contextlib.suppress(OperationalError), connection.cursor() as cursor:
                waits.append(cursor.execute("PRAGMA busy_timeout").fetchone()[0])
                cursor.execute("BEGIN IMMEDIATE")
    assert waits == [200, 200, database.BRIEF_MILLISECONDS]
