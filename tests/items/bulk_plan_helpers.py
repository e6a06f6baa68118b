"""What the tests of plans share: a selection, its plan, and the worker's turn."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import BulkSignal, SelectedItem, Selection
from console.jobs import worker
from console.jobs.models import Operation, State
from tests.conftest import SPACE
from tests.items.decision_helpers import ITEMS, PROJECT

BULK = f"{ITEMS}bulk/"


def select(person: Person, items: Iterable[str], status: str = "", *, project: str = PROJECT) -> Selection:
    """The items ticked by the person, who saw them with this status."""
    selection, _ = Selection.objects.get_or_create(person=person, project=project, defaults={"space": SPACE})
    selection.items.all().delete()
    ticked = [SelectedItem(selection=selection, item=item, status=status) for item in items]
    SelectedItem.objects.bulk_create(ticked)
    return selection


def select_all(person: Person, query: str = "") -> Selection:
    """Everything that matches the filter."""
    defaults = {"space": SPACE, "is_all_matching": True, "query": query}
    return Selection.objects.update_or_create(person=person, project=PROJECT, defaults=defaults)[0]


def create(client: Client, action: str, **data: Any) -> Any:
    """The button of the bar."""
    return client.post(BULK, {"action": action, "bulk_id": str(uuid.uuid4()), **data})


def create_plan(client: Client, action: str, **data: Any) -> BulkSignal:
    """The plan, read by a worker."""
    answer = create(client, action, **data)
    assert "/bulk/" in answer["Location"], answer["Location"]
    read_plans()
    return BulkSignal.objects.get(pk=answer["Location"].split("/")[-2])


def read_plans() -> None:
    """The worker's turns until every plan is read."""
    for _ in range(300):
        waiting = Operation.objects.filter(kind="items.plan", state=State.WAITING)
        waiting.update(due_at=timezone.now())
        if not waiting.exists():
            return
        for operation in waiting:
            worker.perform(operation.pk)
    raise AssertionError("the plan is never read")


def page_url(bulk: BulkSignal) -> str:
    return f"{BULK}{bulk.pk}/"


def press(client: Client, bulk: BulkSignal, **fields: Any) -> Any:
    """The plan's button, as its page has it now."""
    bulk.refresh_from_db()
    version = bulk.read_at.isoformat() if bulk.read_at else ""
    return client.post(f"{page_url(bulk)}send/", {"version": version, **fields})


def reads(emulator: Running) -> list[dict[str, Any]]:
    """The calls to P16 that CloudFactory received."""
    requests = emulator.requests("cloudfactory")
    return [one for one in requests if one["method"] == "GET" and one["path"].endswith("/workItems")]


def signals(emulator: Running) -> list[dict[str, Any]]:
    """Everything that was signaled, by P14 or P19."""
    requests = emulator.requests("cloudfactory")
    return [one for one in requests if one["method"] in ("POST", "PUT") and "ignal" in one["path"]]


def absent(number: int) -> str:
    """An id that no project has."""
    return f"00000000-0000-4000-8000-{number:012x}"


def listed(ids: Iterable[str], cursor: object = None, status: str = "COMPLETED") -> dict[str, Any]:
    """A page of P16."""
    items = [{"id": item, "status": status, "assetUrl": f"raw/{item[-6:]}.jpg"} for item in ids]
    return {"items": items, "meta": {"object": "work_item", "cursorNext": cursor, "cursorPrev": None}}
