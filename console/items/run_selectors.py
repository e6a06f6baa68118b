"""The runs of a person as pages show them: signals to many work items, and imports that create some."""

import uuid
from typing import Any

from accounts.models import Person
from accounts.rights import Right
from console.items.bulk.result_presenters import SignalStatus
from console.items.imports.result_presenters import ImportStatus
from console.items.imports.selectors import find_under_way as find_imports_under_way
from console.items.models import BulkSignal, Import
from console.items.runs.models import Run
from console.items.runs.presenters import RunStatus
from console.items.runs.selectors import find_paused, find_under_way


def status_of(run: Run, **about: Any) -> RunStatus[Any]:
    """Its progress, as the presenter of its kind shows it."""
    if isinstance(run, BulkSignal):
        return SignalStatus(run, **about)
    if isinstance(run, Import):
        return ImportStatus(run, **about)
    raise TypeError(f"No presenter shows {run!r}.")


def find_running(*, user: Person, project: uuid.UUID) -> list[RunStatus[Any]]:
    """The person's unfinished runs in the project."""
    signals = find_under_way(BulkSignal, user=user, project=project) if user.can(Right.SIGNAL) else []
    imports = find_under_way(Import, user=user, project=project) if user.can(Right.CHANGE) else []
    return [status_of(run, is_own=True, is_strip=True) for run in (*signals, *imports)]


def find_running_imports(*, user: Person, project: uuid.UUID, batch_id: int) -> list[RunStatus[Any]]:
    """The person's unfinished runs that create items in this batch."""
    imports = find_imports_under_way(user=user, project=project, batch_id=batch_id)
    return [ImportStatus(run, is_own=True, is_strip=True) for run in imports]


def find_paused_runs(*, user: Person, most: int) -> list[RunStatus[Any]]:
    """The person's paused runs, newest first, `most` of each kind."""
    signals = find_paused(BulkSignal, user=user)[:most] if user.can(Right.SIGNAL) else []
    imports = find_paused(Import, user=user)[:most] if user.can(Right.CHANGE) else []
    return [status_of(run, is_own=True) for run in (*signals, *imports)]
