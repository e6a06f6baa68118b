"""Reading writes nothing: every page opens while the database takes no writes, and asks it for none."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.access import ACCESS, BY_MAIL, CLOSED_PAGES
from accounts.models import Person
from console.audit.models import Entry
from console.batches.models import OrderSnapshot
from console.emulator.server import Running
from console.files.models import PathList
from console.items.models import ReviewRun
from tests.batches.boards import COINS, FIRST, NAPLES_EARLY, ORDER, moved, opened
from tests.conftest import OWNER
from tests.exports.making import start
from tests.frame.test_database import locked
from tests.items.bulk_factories import ended_signal
from tests.slices.drafting import Desk
from tests.slices.making import COINS as COINS_DATASET

ClientAs = Callable[[Person], Client]

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b|.*\bFOR UPDATE\b", re.IGNORECASE | re.DOTALL)
SESSIONS = '"django_session"'
HTMX = {"HX-Request": "true"}
# What leaves the console is recorded first, or does not leave.
RECORDED = {
    "exports:download",
    "items:download",
    "files:download",
    "files:zip",
    "items:bulk_results",
    "audit:export",
    "audit:handover_csv",
}
SLICE = "all-coins"
ITEM = re.compile(rf"/slices/{OWNER}/{SLICE}/items/([0-9a-f-]{{36}})/")


def _patterns(
    patterns: list[Any], spaces: tuple[str, ...] = (), known: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every view name with the names of its placeholders."""
    for pattern in patterns:
        names = (*known, *getattr(pattern.pattern, "converters", {}))
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from _patterns(pattern.url_patterns, inner, names)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield ":".join([*spaces, pattern.name]), names


VIEWS = {
    name: places
    for name, places in _patterns(get_resolver().url_patterns)
    if ACCESS.get(name) not in {BY_MAIL, CLOSED_PAGES}
}


class Refusals:
    """Stands before the database and refuses every write but that of a session's own idle time."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if WRITES.match(sql) and SESSIONS not in sql:
            self.statements.append(sql)
            raise OperationalError("attempt to write a readonly database")
        return execute(sql, params, many, context)


@contextmanager
def no_writes() -> Iterator[list[str]]:
    refusals = Refusals()
    with connection.execute_wrapper(refusals):
        yield refusals.statements


@pytest.fixture
def world(alice: Person, client_as: ClientAs, emulator: Running, settings: Any) -> dict[str, Any]:
    """Something of Alice's to look at on every page: an export that ended unseen, a saved order, a draft, a slice."""
    settings.SHARED_READ_SECONDS = 0
    client = client_as(alice)
    emulator.act("set_pace", seconds=6000)
    plan = start(client, name="Q3")
    emulator.act("finish_export", export=plan.export_id)
    board = opened(client)
    client.post(ORDER, {**board, "batch": moved(board["batch"], NAPLES_EARLY, 1)})
    desk = Desk(client, alice)
    desk.add(COINS_DATASET)
    item = ITEM.search(client.get(f"/slices/{OWNER}/{SLICE}/").content.decode())
    assert item
    client.post(f"/projects/{COINS}/items/review/", {"status": "CLIENT_REVIEW"})
    review = ReviewRun.objects.get()
    decided = str(uuid.uuid4())
    client.post(f"/projects/{COINS}/items/{review.items[1]['id']}/approve/", {"act_id": decided}, headers=HTMX)
    client.post("/files/get/", {"paths": next(iter(emulator.world.sample.by_asset))})
    return {
        "list_id": PathList.objects.get().pk,
        "number": 1,
        "vendor": "avala",
        "token": "no-such-token",
        "project": COINS,
        "batch": FIRST,
        "run": review.pk,
        "item": review.items[0]["id"],
        "decision": decided,
        "bulk_id": ended_signal(alice, [one["id"] for one in review.items[:2]], done_count=2).pk,
        "snapshot": OrderSnapshot.objects.get().pk,
        "plan": plan.pk,
        "export": plan.export_id,
        "entry": Entry.objects.first().pk,  # type: ignore[union-attr]
        "entry_id": Entry.objects.first().pk,  # type: ignore[union-attr]
        "owner": OWNER,
        "slug": SLICE,
        "item_uid": item[1],
        "draft_id": desk.draft.pk,
        "part_id": desk.parts[0].id,
        "pk": alice.pk,
    }


def address(name: str, world: dict[str, Any]) -> str:
    places = VIEWS[name]
    if name == "accounts:forget" or name.startswith("mfa_"):
        world = world | {"pk": 1}
    if not set(places) <= set(world):
        return ""
    return reverse(name, kwargs={place: world[place] for place in places})


def pages(world: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every page, whole and as htmx asks for it, with no memory of the page before."""
    for name in sorted(VIEWS):
        if place := address(name, world):
            for headers in ({}, HTMX):
                cache.clear()
                yield name, place, headers


@pytest.mark.parametrize("who", ["alice", "bob", "dana", "erin"])
def test_no_page_writes(who: str, world: dict[str, Any], request: pytest.FixtureRequest, client_as: ClientAs) -> None:
    client = client_as(request.getfixturevalue(who))
    client.raise_request_exception = False
    wrong, shown = [], 0
    for name, place, headers in pages(world):
        with no_writes() as statements:
            answer = client.get(place, headers=headers)
            answer.getvalue()
        shown += answer.status_code == 200
        if name in RECORDED:
            expected = answer.status_code in {302, 403, 404, 503}
        else:
            # That somebody was refused a page is recorded where it can be; the page is refused all the same.
            expected = answer.status_code < 500 and (answer.status_code == 403 or not statements)
        if not expected:
            wrong.append((name, answer.status_code, statements))
    assert wrong == []
    assert shown > 60


@pytest.mark.django_db(transaction=True)
def test_pages_open_while_somebody_else_holds_the_write_lock(
    world: dict[str, Any], erin: Person, client_as: ClientAs
) -> None:
    client = client_as(erin)
    client.get("/")  # notes a sign of the person, which the next pages need not
    client.raise_request_exception = False
    statuses = {}
    with locked():
        for name, place, headers in pages(world):
            if not headers:
                answer = client.get(place)
                answer.getvalue()
                statuses[name] = answer.status_code
    assert {name for name, status in statuses.items() if status >= 500} <= RECORDED | {"home:readyz"}
    assert list(statuses.values()).count(200) > 30
