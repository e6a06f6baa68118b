"""The cast and the stage. Alice may, Bob may only look, Carol is elsewhere, Dana reads the audit, Erin administers."""

import os
import threading
from collections.abc import Callable, Iterator
from http.cookies import Morsel
from typing import Any

import pytest
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import connection
from django.test import Client
from playwright.sync_api import expect

from accounts.demo import connect_key
from accounts.models import Person
from console.emulator.server import Running, start
from tests.audit.flushing import audit_anchor, audit_rows_can_be_flushed
from tests.audit.wording import each_recorded_action_has_words
from tests.waiting import until

__all__ = ["audit_anchor", "audit_rows_can_be_flushed", "each_recorded_action_has_words"]

PASSWORD = "correct-horse-battery-staple"
SPACE = "5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10"
OWNER = "northwind"


@pytest.fixture(scope="session")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Both vendors and their storage over real sockets, once for the whole run."""
    running = start(state_dir=tmp_path_factory.mktemp("vendors"), pace=0.2, rate=0, scale="demo")
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """No test knows what another one kept."""
    cache.clear()


class Requests:
    """How many requests the live server is at work on; what tests ask without a server is not counted."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.open = 0
        request_started.connect(self.begin)
        request_finished.connect(self.end)

    def begin(self, sender: type | None, **about: Any) -> None:
        self._add(1, sender)

    def end(self, sender: type | None, **about: Any) -> None:
        self._add(-1, sender)

    def _add(self, number: int, handler: type | None) -> None:
        if handler and issubclass(handler, WSGIHandler):
            with self.lock:
                self.open += number


LIVE = Requests()


@pytest.fixture(autouse=True)
def answered() -> Iterator[None]:
    """A test ends when everything its browser asked for is answered.

    What was still being answered would find another test's database, and vendors that no address leads to.
    """
    yield
    until(lambda: LIVE.open <= 0)


@pytest.fixture
def emulator(vendors: Running, settings: Any, db: None) -> Running:
    """The vendors in their first state and the console pointed at them."""
    vendors.reset()
    point_at(vendors, settings)
    return vendors


def point_at(vendors: Running, settings: Any) -> None:
    settings.AVALA_BASE_URL = vendors.avala_url
    settings.CLOUDFACTORY_BASE_URL = vendors.cloudfactory_url
    settings.TRUSTED_LOCAL_ORIGINS = settings.UPLOAD_ORIGINS = [vendors.storage_url]
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    images = [*policy["img-src"], vendors.storage_url]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**policy, "img-src": images}}


def _person(name: str, role: str, key: str | None) -> Person:
    person = Person.objects.create_user(f"{name.lower()}@northwind.example", PASSWORD, name=name, role=role)
    if key:
        connect_key(person, "avala", f"avk_demo_{key}", OWNER, "Northwind")
        connect_key(person, "cloudfactory", f"cf_demo_{key}", SPACE, "Northwind")
    return person


@pytest.fixture
def alice(db: None) -> Person:
    return _person("Alice", "operator", "ops")


@pytest.fixture
def bob(db: None) -> Person:
    return _person("Bob", "reviewer", "reviewer")


@pytest.fixture
def carol(db: None) -> Person:
    return _person("Carol", "operator", "outsider")


@pytest.fixture
def dana(db: None) -> Person:
    return _person("Dana", "auditor", "auditor")


@pytest.fixture
def erin(db: None) -> Person:
    return _person("Erin", "administrator", "admin")


@pytest.fixture
def nobody(db: None) -> Person:
    """An operator who has connected nothing yet."""
    return _person("Nobody", "operator", None)


@pytest.fixture
def client_as() -> Callable[[Person], Client]:
    """A browser without script, signed in."""

    def sign_in(person: Person) -> Client:
        client = Client(HTTP_HOST="localhost")
        client.force_login(person)
        return client

    return sign_in


# Browsers


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is about the other database alone is no test of this run, and what uses no database runs once, on SQLite.

    A browser on a starved machine now and then misses a moment of its own and may try once more. Whatever did is named
    at the end of the run: a name that keeps coming back is a race of ours, as it has been every time so far."""
    other = "postgresql" if connection.vendor == "sqlite" else "sqlite"
    left_out = {item for item in items if item.get_closest_marker(other)}
    if connection.vendor == "postgresql":
        left_out |= {item for item in items if not _uses_database(item)}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]
    for item in items:
        if item.get_closest_marker("browser") or item.get_closest_marker("engines"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    marked = item.get_closest_marker("django_db") or item.get_closest_marker("postgresql")
    return bool(marked or fixtures & {"db", "transactional_db", "live_server"})


CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Five seconds, the default, are few for a machine whose cores are all at work.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    from tests.services import browser

    # Playwright's loop runs in the test's own thread, which Django would otherwise take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    return {**browser_type_launch_args, "executable_path": browser(), "args": CHROMIUM_FLAGS}


@pytest.fixture
def live(live_server: Any, emulator: Running, settings: Any) -> str:
    """The console on a real socket with the vendors behind it; the address to open."""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    return str(live_server.url).replace("127.0.0.1", "localhost")


@pytest.fixture
def complaints(page: Any) -> Iterator[list[str]]:
    """What the browser complained about; a test that uses it fails if anything is left in it at the end."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield heard
    assert heard == []


@pytest.fixture
def sign_in(live: str) -> Callable[[Any, Person], None]:
    """Signs a person in by the sign-in view, as the form does, and gives the page's browser the cookies that it set.

    The page stays where it is. What a browser does with the form itself is `sign_in_by_form`."""

    def enter(page: Any, person: Person) -> None:
        client = Client(HTTP_HOST="localhost")
        response = client.post("/account/login/", {"login": person.email, "password": PASSWORD})
        assert response.status_code == 302
        page.context.add_cookies([_for_browser(cookie) for cookie in client.cookies.values()])

    return enter


def _for_browser(cookie: Morsel[str]) -> Any:
    """A cookie named `__Host-` is of this very host, and Secure also where the host is this machine."""
    about = {"domain": "localhost", "path": cookie["path"], "sameSite": cookie["samesite"]}
    flags = {"secure": bool(cookie["secure"]), "httpOnly": bool(cookie["httponly"])}
    return {"name": cookie.key, "value": cookie.value, **about, **flags}


@pytest.fixture
def sign_in_by_form(live: str) -> Callable[[Any, Person], None]:
    """Signs a person in through the real form, and leads to a page that asks no vendor for anything: what the first
    page asks for later would else arrive in the middle of the test."""

    def enter(page: Any, person: Person) -> None:
        page.goto(f"{live}/account/login/?next=/profile/")
        page.get_by_label("Email").fill(person.email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda address: "/account/login" not in address)

    return enter
