"""What a vendor last said is shown while it is silent, and never again once the key was refused."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Person
from console.common import cache_versions, stale_cache
from console.emulator.sample import PROJECTS
from console.emulator.server import Running

As = Callable[[Person], Client]
COINS = PROJECTS["coins"]
PAGES = (
    "/projects/",
    f"/projects/{COINS}/batches/order/history/",
    f"/projects/{COINS}/batches/",
    f"/projects/{COINS}/",
)


class Refused(Exception):
    pass


def test_a_read_that_ends_after_a_refusal_is_not_kept(db: None) -> None:
    def fetch() -> str:
        stale_cache.drop("key")
        return "seen before the refusal"

    def keep(found: str) -> str:
        return found

    assert stale_cache.read(fetch, scope="key", thing="list", keep=keep, refusals=(Refused,))
    assert stale_cache.last(scope="key", thing="list") is None


def test_nothing_old_comes_back_when_a_version_is_lost(db: None) -> None:
    before = cache_versions.versioned("name")
    cache.clear()
    assert cache_versions.versioned("name") != before


@pytest.mark.parametrize("shown", PAGES)
def test_no_page_shows_what_a_key_read_before_it_was_refused(
    client_as: As, alice: Person, emulator: Running, shown: str
) -> None:
    client = client_as(alice)
    for address in PAGES:
        assert "Coin outlines" in client.get(address).content.decode()
    emulator.fault("cloudfactory", "401")
    client.get("/projects/")
    emulator.fault("cloudfactory", "503", times=0)
    assert "Coin outlines" not in client.get(shown).content.decode()
