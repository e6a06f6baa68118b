"""The emulated world: what exists, kept on disk so that a second run finds it as the first one left it."""

import json
import os
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.emulator import sample
from console.emulator.faults import ItemFault
from console.emulator.tables import FormulaTable, Row, Table

SAVE_AFTER = 0.2
SAVES_REST = 20
"""So many times as long as the last write took."""
STATE_FORMAT = "3"
WEEK = 7 * 24 * 3600


@dataclass
class Settings:
    """What may be turned while it runs (`POST /_emulator/act`)."""

    pace: float = 3.0
    link_life: float = WEEK
    picture_life: float = 3600
    fewer_upload_links: int = 0
    """So many fewer than asked for."""
    upload_pace: int = 0
    """Bytes a second that the storage reads of an upload; 0 is as fast as they come."""
    cors_origin: str = "*"
    """The one that the storage lets in from a browser; "*" is every one, "" none."""
    cors_headers: str = "*"


class World:
    """One lock guards it all; requests are short, and the long ones (zips, streams) work outside of it."""

    def __init__(self, state_dir: Path, scale: str, pace: float, assets: Path) -> None:
        self.lock = threading.RLock()
        self.state_dir = state_dir
        self.scale = scale
        self.assets = assets
        self.results = state_dir / "results"
        self.settings = Settings(pace=pace)
        self.storage_url = ""
        self._started_with_pace = pace
        self._dirty = threading.Event()
        self._stopping = threading.Event()
        state_dir.mkdir(parents=True, exist_ok=True)
        self._file = state_dir / f"world-{scale}.json"
        self._drawn_from = f"{STATE_FORMAT}-{sample.fingerprint(assets)}"
        self._open()
        self._saver = threading.Thread(target=self._save_in_the_background, name="emulator-saver", daemon=True)
        self._saver.start()

    # --- rows -------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Call it after a row was put or deleted."""
        self._dirty.set()

    def dataset_items(self, uid: str) -> list[Row]:
        return self.sample.items_of(uid)

    def next_batch_id(self) -> int:
        return max(int(row["id"]) for table in self.batches.values() for row in table) + 1

    def project_of(self, work_item_id: str) -> str | None:
        return next((project for project, table in self.work_items.items() if table.get(work_item_id)), None)

    # --- life -------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Back to the first day, for tests."""
        with self.lock:
            self.settings = Settings(pace=self._started_with_pace)
            for folder in ("exports", "uploads", "results"):
                for file in (self.state_dir / folder).glob("*"):
                    file.unlink(missing_ok=True)
            self._begin(None)
            self.changed()

    def close(self) -> None:
        self._stopping.set()
        self._dirty.set()
        self._saver.join()
        self.save()

    def save(self) -> None:
        """All or nothing: a kill in the middle leaves the former file."""
        with self.lock:
            text = json.dumps(self._state())
        self.state_dir.mkdir(parents=True, exist_ok=True)  # somebody may have cleaned up meanwhile
        fresh = self._file.with_suffix(".new")
        fresh.write_text(text)
        os.replace(fresh, self._file)

    def _save_in_the_background(self) -> None:
        """A world with many changes takes long to write, and is written less often."""
        took = 0.0
        while not self._stopping.is_set():
            self._dirty.wait()
            self._stopping.wait(max(SAVE_AFTER, SAVES_REST * took))
            self._dirty.clear()
            started = time.monotonic()
            self.save()
            took = time.monotonic() - started

    def _open(self) -> None:
        """Changes only make sense on top of the sample they were made to; with another one a new world begins."""
        try:
            state = json.loads(self._file.read_text())
        except (OSError, ValueError):
            state = None
        is_current = isinstance(state, dict) and state.get("drawn_from") == self._drawn_from
        self._begin(state if is_current else None)
        self.save()

    def _begin(self, state: Row | None) -> None:
        self.started_at: float = state["started_at"] if state else time.time()
        self.secret: str = state["secret"] if state else secrets.token_hex(16)
        self.generation: int = state["generation"] if state else 0
        self.sample = sample.Sample(self.assets, self.scale, self.started_at, self._started_with_pace)
        self.slices = Table("uid", self.sample.slices())
        self.exports = Table("id", self.sample.exports())
        self.uploads = Table("path", [])
        self.projects = Table("id", self.sample.projects())
        self.batches = {row["id"]: Table("id", self.sample.batches(row)) for row in self.projects}
        self.priorities = {row["id"]: Table("batchId", self.sample.priorities(row)) for row in self.projects}
        self.work_items = {row["id"]: self.sample.work_items(row) for row in self.projects}
        self.counts: dict[str, dict[int, list[int]]] = {}
        # What goes wrong with the next signals to a work item, by its id; as rules for faults, not kept on disk.
        self.item_faults: dict[str, ItemFault] = {}
        if state:
            self._restore(state["tables"])

    def _tables(self) -> dict[str, Table | FormulaTable]:
        tables: dict[str, Table | FormulaTable] = {
            "slices": self.slices,
            "exports": self.exports,
            "uploads": self.uploads,
        }
        for project in self.work_items:
            tables[f"batches/{project}"] = self.batches[project]
            tables[f"priorities/{project}"] = self.priorities[project]
            tables[f"work_items/{project}"] = self.work_items[project]
        return tables

    def _state(self) -> dict[str, Any]:
        return {
            "drawn_from": self._drawn_from,
            "started_at": self.started_at,
            "secret": self.secret,
            "generation": self.generation,
            "tables": {name: table.changes() for name, table in self._tables().items()},
        }

    def _restore(self, tables: dict[str, Row]) -> None:
        mine = self._tables()
        for name, changes in tables.items():
            if name in mine:
                mine[name].restore(changes)


def moment(seconds: float) -> str:
    """A point in time the way both vendors write it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
