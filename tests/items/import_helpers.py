"""What the tests of imports share: plans stored, started and worked off, and what the platform then holds."""

import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Person
from console.audit.models import Entry, Lookup
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.items.console_ids import KEY
from console.items.imports import services
from console.items.imports.services import NewRow
from console.items.models import Import, ImportRow
from console.jobs import worker
from console.jobs.models import Operation
from console.jobs.models import State as JobState
from tests.waiting import until

ARCHIVE = PROJECTS["archive"]
ITEMS = f"/projects/{ARCHIVE}/items/"
POST_REQUEST = {"method": "POST", "path": f"projects/{ARCHIVE}/workItems$"}
READ_REQUEST = {"method": "GET", "path": f"projects/{ARCHIVE}/workItems(\\?|$)"}
IN_SAMPLE = 250
State, Outcome = Import.State, ImportRow.Outcome


def new_rows(number: int, **more: Any) -> list[NewRow]:
    return [
        NewRow(
            number=place,
            name=f"picture-{place}.jpg",
            fields={"asset_type": "image", "asset_url": f"https://files.example/{place}.jpg"},
            **more,
        )
        for place in range(1, number + 1)
    ]


def ready_import(person: Person, rows: int | Iterable[NewRow] = 5, **more: Any) -> Import:
    """A plan that can be started."""
    about = {"source": Import.Source.CSV, "source_name": "pictures.csv", "import_id": uuid.uuid4(), **more}
    listed = new_rows(rows) if isinstance(rows, int) else rows
    return services.create_import(user=person, project=uuid.UUID(ARCHIVE), rows=listed, **about)


def start(import_run: Import) -> Import:
    assert services.start(user=import_run.person, import_run=import_run)
    return import_run


def run_workers(times: int = 1) -> None:
    """The workers' turns, as if the waits were over."""
    for _ in range(times):
        now = timezone.now()
        Operation.objects.filter(state=JobState.WAITING).update(due_at=now - timedelta(seconds=1))
        Lookup.objects.update(next_check_at=now)
        worker.sweep()


def finished_import(person: Person, rows: int | Iterable[NewRow] = 5, **more: Any) -> Import:
    """Started and done by the worker."""
    import_run = start(ready_import(person, rows, **more))
    run_workers()
    import_run.refresh_from_db()
    return import_run


def figures(import_run: Import) -> tuple[int, int, int, int, int]:
    """Created, present, refused, unknown, not created; as the import says and as its rows are."""
    import_run.refresh_from_db()
    names = ("created", "present", "refused", "unknown", "not_created")
    counts = tuple(getattr(import_run, f"{name}_count") for name in names)
    planned = import_run.rows.filter(act_id__isnull=False)
    assert counts == tuple(planned.filter(outcome=name.replace("_", " ")).count() for name in names)
    return counts


def count_console_ids(emulator: Running) -> Counter[str]:
    """Our ids of the items that the platform holds, and how often it holds each."""
    table = emulator.world.work_items[ARCHIVE]
    rows = [table.at(place) for place in range(IN_SAMPLE, len(table))]
    ids = [str((row.get("metadata") or {}).get(KEY, "")) for row in rows]
    return Counter(one for one in ids if one)


def is_exactly(import_run: Import, emulator: Running) -> bool:
    """Whether the platform holds each row that was planned once, and no other."""
    planned = import_run.rows.filter(act_id__isnull=False).values_list("console_id", flat=True)
    return count_console_ids(emulator) == Counter(map(str, planned))


def posts(emulator: Running) -> list[dict[str, Any]]:
    """The bodies of what was asked to be created."""
    requests = emulator.requests("cloudfactory")
    mine = [one for one in requests if one["method"] == "POST" and one["path"].endswith("/workItems")]
    return [one["body"] for one in mine]


def entries(import_run: Import) -> list[Entry]:
    return list(Entry.objects.lines().filter(group=import_run.pk).order_by("sequence"))


def wait_for_end(import_run: Import) -> Import:
    """Once nothing more of it is sent."""
    until(lambda: Import.objects.filter(pk=import_run.pk, state__in=Import.FINAL).exists())
    return Import.objects.get(pk=import_run.pk)
