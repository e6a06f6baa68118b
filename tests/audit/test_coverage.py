"""Every recorded write at a vendor can be looked up by reading: one that cannot would wait for a person for ever."""

import re
from pathlib import Path

from django.conf import settings

from console.audit import actions, reconciliation

APPS = ("batches", "exports", "files", "items", "projects", "slices")
# Recorded, and no write at a vendor: what waits here, and what is read.
NOT_WRITTEN = {
    "export.queue",
    "export.unqueue",
    "export.receipt",
    "export.download",
    "item.download",
    "item.results",
    "item.lines",
    "file.download",
}

# Labels that were sent can't be read back: a person closes what is unknown.
NOT_READABLE = {"item.labels"}


def recorded() -> set[str]:
    """The actions that the apps' code names."""
    files = [path for app in APPS for path in (Path(settings.BASE_DIR) / "console" / app).rglob("*.py")]
    named = {name for path in files for name in re.findall(r'"([a-z]+\.[a-z_]+)"', path.read_text())}
    return named & actions.ACTIONS.keys()


def test_every_write_that_is_recorded_can_be_looked_up() -> None:
    writes = recorded() - NOT_WRITTEN
    assert {"slice.create", "batch.create", "order.save", "export.create", "export.delete"} <= writes
    assert {name for name in writes if name not in reconciliation._reconcilers} == NOT_READABLE
