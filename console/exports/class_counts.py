"""Annotations by class, of however many classes in flat memory: beyond some thousands they are counted on disk."""

import heapq
import sqlite3
from collections import Counter
from contextlib import closing
from types import TracebackType
from typing import Self

from console.exports.coco_document import NO_CLASS, Document

MOST_IN_MEMORY = 20_000

_TABLES = """
CREATE TABLE totals (name TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID;
CREATE TABLE used (id TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID;
CREATE TABLE names (id TEXT PRIMARY KEY, name TEXT, is_ambiguous INTEGER) WITHOUT ROWID;
"""
_ADD_TOTAL = "INSERT INTO totals VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count"
_ADD_USED = "INSERT INTO used VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET count = count + excluded.count"
_ADD_NAME = """
INSERT INTO names VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE
SET is_ambiguous = is_ambiguous OR excluded.is_ambiguous OR name <> excluded.name
"""
# The empty id is that of no class, which no document can have.
_ADD_DOCUMENT = """
INSERT INTO totals SELECT
    CASE WHEN id = '' THEN :no_class
         WHEN coalesce(name, '') = '' THEN 'class ' || id || ', no name'
         WHEN is_ambiguous THEN 'class ' || id || ', several names'
         WHEN name = :no_class THEN name || ' (class ' || id || ')'
         ELSE name END AS label, sum(count)
FROM used LEFT JOIN names USING (id) WHERE true GROUP BY label
ON CONFLICT (name) DO UPDATE SET count = count + excluded.count
"""


class ClassCounts:
    """A running count over the documents of one zip, used as a context: OSError where the disk does not take it."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._disk: sqlite3.Connection | None = None
        self._has_part = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._disk is not None:
            self._disk.close()
        if isinstance(error, sqlite3.Error):
            raise OSError(f"Classes could not be counted on disk: {error}") from error

    def relieve(self, document: Document) -> None:
        """Takes the classes of a document over as it is read, once they are many."""
        if max(len(document.used), len(document.names)) > MOST_IN_MEMORY:
            self._take(document)

    def add(self, document: Document) -> None:
        """Adds the classes of a document that was read to its end; it has none left after that."""
        if self._has_part:
            self._take(document)
            self._on_disk().execute(_ADD_DOCUMENT, {"no_class": NO_CLASS})
            self.forget()
        for name, count in document.classes():
            self._counts[name] += count
        if len(self._counts) > MOST_IN_MEMORY:
            self._flush()

    def forget(self) -> None:
        """Lets go of what was taken from the document at hand, if anything was."""
        if self._has_part:
            self._on_disk().executescript("DELETE FROM used; DELETE FROM names;")
            self._has_part = False

    def largest(self, most: int) -> dict[str, int]:
        """The classes with most annotations, so many at most, and what belongs to no class."""
        if self._disk is None:
            largest = dict(heapq.nlargest(most, self._counts.items(), key=lambda entry: entry[1]))
        else:
            self._flush()
            largest = dict(
                self._disk.execute("SELECT name, count FROM totals ORDER BY count DESC, name LIMIT ?", [most])
            )
        nowhere = self._of_no_class()
        return largest | ({NO_CLASS: nowhere} if nowhere else {})

    def __len__(self) -> int:
        """How many classes; none is none."""
        return self._all() - bool(self._of_no_class())

    def _all(self) -> int:
        if self._disk is None:
            return len(self._counts)
        self._flush()
        with closing(self._disk.execute("SELECT count(*) FROM totals")) as cursor:
            return int(cursor.fetchone()[0])

    def _of_no_class(self) -> int:
        if self._disk is None:
            return self._counts[NO_CLASS]
        self._flush()
        with closing(self._disk.execute("SELECT sum(count) FROM totals WHERE name = ?", [NO_CLASS])) as cursor:
            return int(cursor.fetchone()[0] or 0)

    def _take(self, document: Document) -> None:
        disk = self._on_disk()
        used = (("" if one is None else str(one), count) for one, count in document.used.items())
        disk.executemany(_ADD_USED, used)
        names = ((str(one), name, one in document.ambiguous) for one, name in document.names.items())
        disk.executemany(_ADD_NAME, names)
        document.forget_classes()
        self._has_part = True

    def _flush(self) -> None:
        self._on_disk().executemany(_ADD_TOTAL, self._counts.items())
        self._counts.clear()

    def _on_disk(self) -> sqlite3.Connection:
        """A database of SQLite's own: without a name, gone when it is closed."""
        if self._disk is None:
            self._disk = sqlite3.connect("", isolation_level=None)
            self._disk.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES} BEGIN;")
        return self._disk
