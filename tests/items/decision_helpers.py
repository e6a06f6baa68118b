"""What the tests of decisions share: an item that waits for review, a press, and the worker's turn."""

import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.items.models import Decision
from console.jobs import worker
from console.jobs.models import Operation, State

PROJECT = PROJECTS["coins"]
HTMX = {"HX-Request": "true"}
ITEMS = f"/projects/{PROJECT}/items/"


def item_ids(user: Person, status: str = "CLIENT_REVIEW", number: int = 1) -> list[str]:
    """The first items of this status, read as the console reads them."""
    page = connections.cloudfactory(user).list_work_items(PROJECT, status=status, limit=number)
    assert len(page.items) == number, f"the sample has no {number} items with the status {status}"
    return [item.id for item in page.items]


def press(client: Client, item: str, act: str = "approve", *, htmx: bool = True, **fields: Any) -> Any:
    """The form of `act` sent as its page sends it."""
    data = {"act_id": str(uuid.uuid4()), **fields}
    return client.post(f"{ITEMS}{item}/{act}/", data, headers=HTMX if htmx else {})


def work() -> None:
    """The worker's turn, once the seconds are over."""
    now = timezone.now()
    Decision.objects.filter(state=Decision.State.WAITING).update(due_at=now)
    Operation.objects.filter(state=State.WAITING).update(due_at=now)
    worker.sweep()


def sent_signals(emulator: Running, item: str = "") -> list[dict[str, Any]]:
    """The bodies of the signals that CloudFactory received."""
    requests = emulator.requests("cloudfactory")
    mine = (one for one in requests if one["method"] == "PUT" and one["path"].endswith(f"{item}/signals"))
    return [one["body"] for one in mine]


def status_of(user: Person, item: str) -> str | None:
    return connections.cloudfactory(user).list_work_items(PROJECT, ids=(item,)).items[0].status


def decision_of(item: str) -> Decision:
    return Decision.objects.filter(item=item).latest("created_at")


def strip(client: Client, item: str, decision: Decision | None = None) -> Any:
    """The decision's strip as its page asks for it."""
    pk = (decision or decision_of(item)).pk
    return client.get(f"{ITEMS}decisions/{pk}/", headers=HTMX)


def signal_elsewhere(person: Person, item: str, signal: str = "complete") -> None:
    """A colleague at CloudFactory itself, of whom the console knows nothing."""
    connections.cloudfactory(person).signal(
        PROJECT, item, signal=signal, task_type="external_review", outcome="OK", request_id="elsewhere"
    )
