"""What the tests of slices sent to batches share: a slice of so many items, its plan, and the worker's turn."""

import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.emulator.server import Running
from console.items import console_ids
from console.items.models import Import, ImportRow
from console.jobs import worker
from console.jobs.models import Operation, State
from console.upstream.response_models import NewWorkItem, Slice, SubSlice, WorkItem
from tests.items.decision_helpers import PROJECT
from tests.slices.making import COINS, NUCLEI, make

Outcome = ImportRow.Outcome


def make_slice(person: Person, emulator: Running, name: str, number: int = 30) -> Slice:
    """A finished slice of so many items."""
    uids: list[tuple[str, str]] = []
    for dataset in (COINS, NUCLEI):
        source = emulator.world.sample.datasets[dataset]
        page = connections.avala(person).list_dataset_items(source["owner"], source["slug"], limit=100)
        uids += [(dataset, item.uid) for item in page.items]
    parts = [
        SubSlice("dataset_items", dataset, item_uids=tuple(uid for one, uid in uids[:number] if one == dataset))
        for dataset in dict.fromkeys(one for one, _ in uids[:number])
    ]
    new_slice = make(person, name, *parts)
    emulator.act("finish_slice", slug=new_slice.slug)
    return connections.avala(person).get_slice(*new_slice.address or ("", ""))


def make_batch(person: Person, name: str = "Night rides") -> int:
    batch = connections.cloudfactory(person).create_batch(PROJECT, name=name, request_id=str(uuid.uuid4()))
    return batch.id


def form_url(source: Slice) -> str:
    owner, slug = source.address or ("", "")
    return f"/projects/{PROJECT}/items/from-slice/{owner}/{slug}/"


def form_data(**more: Any) -> dict[str, Any]:
    return {"import_id": str(uuid.uuid4()), "act_id": str(uuid.uuid4()), "batch": "new", "name": "", **more}


def send(client: Client, source: Slice, **more: Any) -> Any:
    """The form, filled in."""
    return client.post(form_url(source), form_data(**more))


def create_plan(client: Client, source: Slice, batch: int) -> Import:
    """The plan, read by a worker."""
    answer = send(client, source, batch=str(batch))
    assert answer.status_code == 302, answer.content.decode()
    read_plans()
    return Import.objects.get(pk=answer["Location"].split("/")[-2])


def read_plans() -> None:
    """The worker's turns until every plan is read, or waits for a vendor."""
    for _ in range(300):
        waiting = Operation.objects.filter(kind="items.import_read", state=State.WAITING)
        waiting.update(due_at=timezone.now())
        if not waiting.exists():
            return
        for operation in waiting:
            worker.perform(operation.pk)
    raise AssertionError("the plan is never read")


def page_url(import_run: Import) -> str:
    return f"/projects/{import_run.project}/items/imports/{import_run.pk}/"


def figures(import_run: Import) -> tuple[int, int, int]:
    """So many rows will be created, are there already, and can't be created."""
    return tuple(  # type: ignore[return-value]
        import_run.rows.filter(outcome=outcome).count() for outcome in (Outcome.NONE, Outcome.PRESENT, Outcome.INVALID)
    )


def create_items(person: Person, import_run: Import, number: int) -> None:
    """The first rows of the plan, created as an import of a colleague's would have done it."""
    platform = connections.cloudfactory(person)
    for row in import_run.rows.filter(outcome=Outcome.NONE)[:number]:
        new = NewWorkItem(
            asset_type="image",
            asset_url="https://pictures.example/one.jpg",
            batch_id=row.batch_id,
            metadata=console_ids.with_console_id(row.fields["metadata"], row.console_id),
        )
        platform.create_work_item(PROJECT, new, request_id=str(uuid.uuid4()))


def in_batch(person: Person, batch: int) -> list[WorkItem]:
    """All work items of the batch, read as the platform gives them."""
    pages = console_ids.walk_batch(connections.cloudfactory(person), project=uuid.UUID(PROJECT), batch_id=batch)
    return [item for page in pages for item in page.items]
