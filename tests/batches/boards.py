"""What the tests of batches share: the sample's projects, reading the board's form, and what the vendor received."""

import re
from collections.abc import Iterable
from typing import Any

from django.test import Client

from console.emulator.sample import FIRST_BATCH, PROJECTS
from console.emulator.server import Running

COINS = PROJECTS["coins"]
ARCHIVE = PROJECTS["archive"]
PILOT = PROJECTS["pilot"]
BATCHES = f"/projects/{COINS}/batches/"
ORDER = f"{BATCHES}order/"
FIRST = FIRST_BATCH["coins"]
HTMX = {"HX-Request": "true"}

# Default, Turin early and night, Naples early and night, Worn edges, Overlapping coins, Second pass
DEFAULT, TURIN_EARLY, TURIN_NIGHT, NAPLES_EARLY, NAPLES_NIGHT, WORN, OVERLAPPING, SECOND = range(FIRST, FIRST + 8)
START = [TURIN_EARLY, TURIN_NIGHT, NAPLES_EARLY, NAPLES_NIGHT, WORN, OVERLAPPING, DEFAULT, SECOND]
FINISHED = (TURIN_EARLY, DEFAULT)
OPEN = [batch for batch in START if batch not in FINISHED]


def opened(client: Client, address: str = ORDER) -> dict[str, Any]:
    """The board's form as a browser would send it: the one-time id, the base, the rows as they stand."""
    page = client.get(address).content.decode()
    return {
        "act_id": hidden(page, "act_id", after='id="order-form"'),
        "base": hidden(page, "base"),
        "batch": [int(found) for found in re.findall(r'name="batch" value="(\d+)"', page)],
    }


def hidden(page: str, name: str, *, after: str = "") -> str:
    page = page[page.index(after) :] if after else page
    found = re.search(rf'name="{name}"[^>]*? value="([^"]*)"', page)
    assert found, f"no {name} in the page"
    return found[1]


def arranged(open_ids: Iterable[int]) -> list[int]:
    """All batches with the open ones in another order: finished ones keep their place."""
    following = iter(open_ids)
    return [batch if batch in FINISHED else next(following) for batch in START]


def moved(ids: Iterable[int], batch: int, to: int) -> list[int]:
    """The list with one batch at another place, counted from 1."""
    rest = [one for one in ids if one != batch]
    return [*rest[: to - 1], batch, *rest[to - 1 :]]


def saves(emulator: Running) -> list[list[tuple[int, int]]]:
    """Every P6 the vendor received: pairs of batch and number, as they came."""
    sent = [one for one in emulator.requests("cloudfactory") if one["method"] == "PUT"]
    return [[(entry["batchId"], entry["priority"]) for entry in one["body"]["items"]] for one in sent]


def changes(emulator: Running) -> list[dict[str, Any]]:
    """Everything but reading that the vendor received."""
    return [one for one in emulator.requests("cloudfactory") if one["method"] != "GET"]


def held(emulator: Running, project: str = COINS) -> dict[int, int]:
    """What the vendor holds now."""
    table = emulator.world.priorities[project]
    return {entry["batchId"]: entry["priority"] for entry in table}


def held_order(emulator: Running, project: str = COINS) -> list[int]:
    numbers = held(emulator, project)
    return sorted(numbers, key=lambda batch: (-numbers[batch], batch))


def spaced(ids: list[int]) -> list[tuple[int, int]]:
    return [(batch, len(ids) - at) for at, batch in enumerate(ids)]
