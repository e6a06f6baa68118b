"""What the tests of signals to many work items share: items chosen, planned, sent and read as their pages do it."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.test import Client

from accounts import connections
from accounts.models import Person
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.items.models import BulkItem, BulkSignal
from tests.faults.browser import Page
from tests.waiting import until

ARCHIVE = PROJECTS["archive"]
"""In the sample it has 250 finished items."""
ITEMS = f"/projects/{ARCHIVE}/items/"
SIGNALS, READS = f"/projects/{ARCHIVE}/workItems/signals", f"/projects/{ARCHIVE}/workItems"
State, Outcome = BulkSignal.State, BulkItem.Outcome
FINISHED = (State.STOPPED, State.ENDED, State.TAKEN_BACK)
A_CALL = 100


def archive_ids(person: Person, number: int = 250, status: str = "COMPLETED") -> list[str]:
    """So many of its items, read as the console reads them, page by page."""
    platform, items, cursor = connections.cloudfactory(person), [], None
    while len(items) < number:
        page = platform.list_work_items(ARCHIVE, status=status, cursor=cursor)
        items += [item.id for item in page.items]
        cursor = page.next
        assert cursor or len(items) >= number, f"the sample has {len(items)} items with the status {status}"
    return items[:number]


def select(client: Client, items: Iterable[str], status: str = "COMPLETED") -> None:
    """Ticks these and no others."""
    ticked = ",".join(f"{item}:{status}" for item in items)
    for data in ({"do": "clear"}, {"on": ticked}):
        assert client.post(f"{ITEMS}selection/", data).status_code in (200, 302)


def create_plan(client: Client, action: str, query: str = "") -> BulkSignal:
    """The button of the action bar; the plan is still to be read."""
    bulk_id = uuid.uuid4()
    answer = client.post(f"{ITEMS}bulk/", {"action": action, "bulk_id": str(bulk_id), "list": query})
    assert answer.status_code == 302, answer.content.decode()
    return BulkSignal.objects.get(pk=bulk_id)


def page_of(client: Client, bulk: BulkSignal, query: str = "") -> Page:
    address = f"{ITEMS}bulk/{bulk.pk}/{query}"
    answer = client.get(address)
    assert answer.status_code == 200
    return Page(answer.content.decode(), address)


def press(client: Client, bulk: BulkSignal, button: str = "send", **fields: Any) -> Any:
    """The form of that button as the page has it now; answers what the server says."""
    form = page_of(client, bulk).form(rf"/{button}/(\?|$)")
    return client.post(form.action, form.filled(**fields))


def wait_for_plan(bulk: BulkSignal) -> BulkSignal:
    """Once its plan is read."""
    until(lambda: state_of(bulk) != State.READING)
    return BulkSignal.objects.get(pk=bulk.pk)


def wait_for_end(bulk: BulkSignal) -> BulkSignal:
    """Once nothing more of it is sent."""
    until(lambda: state_of(bulk) in FINISHED)
    return BulkSignal.objects.get(pk=bulk.pk)


def state_of(bulk: BulkSignal) -> str:
    return BulkSignal.objects.values_list("state", flat=True).get(pk=bulk.pk)


def outcomes(bulk: BulkSignal, *outcome: str) -> set[str]:
    """The items with one of these outcomes."""
    return {str(item) for item in bulk.items.filter(outcome__in=outcome).values_list("item", flat=True)}


def signals(emulator: Running) -> list[list[str]]:
    """The items of each signal to many that the platform received, in order."""
    requests = emulator.requests("cloudfactory")
    mine = [one for one in requests if one["method"] == "POST" and one["path"].endswith(SIGNALS)]
    return [[entry["workItemId"] for entry in one["body"]["workItems"]] for one in mine]


def reads(emulator: Running) -> int:
    """How often the platform was asked for items by their ids."""
    requests = emulator.requests("cloudfactory")
    return sum(one["path"].endswith(READS) and "workItemIDs" in one["query"] for one in requests)


def statuses(emulator: Running, items: Iterable[str]) -> list[str]:
    """As the platform holds them, without asking it."""
    table = emulator.world.work_items[ARCHIVE]
    rows = [table.get(item) for item in items]
    return [row["status"] if row else "" for row in rows]
