"""A key that is refused shows nothing any more of what it once read, on no page."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from tests.batches.boards import BATCHES
from tests.markup import folded
from tests.test_reading import HTMX, RECORDED, VIEWS, address, world

__all__ = ["world"]

ClientAs = Callable[[Person], Client]

# Of the sample: projects, batches and datasets. What a person did here stays in the audit, under the names of then.
NAMES = ("Coins in the wild", "Naples, early shift", "Turin, night shift", "Default batch", "Coins on velvet")
OWN = {"audit:index", "audit:detail", "audit:handover", "home:index", "audit:reconcile", "audit:close"}

# A draft asks Avala nothing: only a key that is marked, which a 403 does not do, hides what its parts are called.
MARKED = {"slices:draft", "slices:draft_datasets"}


def asked(client: Client, places: dict[str, Any]) -> list[tuple[str, str]]:
    """Every page, whole and as htmx asks for it: its name, and what came."""
    found = []
    for name in sorted(set(VIEWS) - RECORDED - {"account_logout"}):
        if place := address(name, places):
            found += [(name, client.get(place, headers=head).getvalue().decode()) for head in ({}, HTMX)]
    return found


@pytest.mark.parametrize("status", ["401", "403"])
@pytest.mark.parametrize("person", ["alice", "bob"])
def test_no_page_shows_what_a_refused_key_once_read(
    world: dict[str, Any], request: Any, client_as: ClientAs, emulator: Running, status: str, person: str
) -> None:
    client = client_as(request.getfixturevalue(person))
    before = [page for name, page in asked(client, world) if name not in OWN]
    names = [name for name in NAMES if any(name in page for page in before)]
    assert len(names) >= 3, "the pages showed them as long as the key was good"
    for vendor in ("avala", "cloudfactory"):
        emulator.fault(vendor, status, times=0)
    asked(client, world)
    own = OWN | MARKED if status == "403" else OWN
    found = [(view, name) for view, page in asked(client, world) if view not in own for name in names if name in page]
    assert {f"{view}: {name}" for view, name in found} == set()


@pytest.mark.parametrize("place", ["/slices/", "/exports/", BATCHES])
def test_a_list_the_key_does_not_allow_leads_to_another_key_and_back(
    alice: Person, client_as: ClientAs, emulator: Running, place: str
) -> None:
    for vendor in ("avala", "cloudfactory"):
        emulator.fault(vendor, "403", times=0)
    page = folded(client_as(alice).get(place).content.decode())
    assert f'href="/keys/?next={quote(place, safe="")}"' in page
    assert "Use another key" in page
