"""Where cache entries lie as bytes: a SQLite file, Redis, or the memory of this process. They expire at a Unix time.

A store lets its library's errors through; `STORE_ERRORS` lists them.
"""

import contextlib
import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

STORE_ERRORS = (sqlite3.Error, redis.RedisError, OSError)

WAIT = 0.3
"""Seconds a page waits at most for the lock of the file."""
SOCKET_WAIT = 0.5
"""Seconds a page waits at most for Redis to connect, and for each of its answers."""
MOST_ENTRIES = 20_000
MOST_BYTES = 256 * 1024 * 1024
MEMORY_ENTRIES = 10_000
MEMORY_BYTES = 32 * 1024 * 1024
CULL_EVERY = 500
"""Writes between two looks at the size of the file."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (name TEXT PRIMARY KEY, value BLOB NOT NULL, expires REAL, written REAL NOT NULL);
CREATE INDEX IF NOT EXISTS entries_written ON entries (written);
"""
# Shorter than it says it is: so it gets when its side files were deleted and processes write to different ones.
BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR_SHORT_READ}


class CacheStore(Protocol):
    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        """The entries that exist and have not expired."""

    def write(self, entries: Mapping[str, bytes], expires: float | None) -> None: ...

    def add(self, name: str, value: bytes, expires: float | None) -> bool:
        """Writes only where nothing is; whether it did."""

    def delete(self, names: Sequence[str]) -> int: ...

    def clear(self) -> None: ...


def is_locked(error: Exception) -> bool:
    """Whether another process only had the file locked for too long."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_broken(error: Exception) -> bool:
    """Whether the file holds something else than a whole database."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code in BROKEN or code & 0xFF in BROKEN


class LocalStore:
    """Bounded in entries and bytes; what was used longest ago goes first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[bytes, float | None]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.RLock()

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        with self._lock:
            values = {name: self._value(name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def write(self, entries: Mapping[str, bytes], expires: float | None) -> None:
        with self._lock:
            for name, value in entries.items():
                self._drop(name)
                self._entries[name] = (value, expires)
                self._bytes += len(value)
            while self._entries and (len(self._entries) > MEMORY_ENTRIES or self._bytes > MEMORY_BYTES):
                self._drop(next(iter(self._entries)))

    def add(self, name: str, value: bytes, expires: float | None) -> bool:
        with self._lock:
            if self._value(name) is not None:
                return False
            self.write({name: value}, expires)
            return True

    def delete(self, names: Sequence[str]) -> int:
        with self._lock:
            return sum(self._drop(name) for name in names)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def names(self) -> list[str]:
        with self._lock:
            return list(self._entries)

    def expires(self, name: str) -> float | None:
        with self._lock:
            return self._entries[name][1] if name in self._entries else None

    def _value(self, name: str) -> bytes | None:
        value, expires = self._entries.get(name, (None, None))
        if value is None:
            return None
        if expires is not None and expires <= time.time():
            self._drop(name)
            return None
        self._entries.move_to_end(name)
        return value

    def _drop(self, name: str) -> bool:
        entry = self._entries.pop(name, None)
        self._bytes -= len(entry[0]) if entry else 0
        return entry is not None


class SqliteStore:
    """One file that all processes of this machine share, each thread with a connection of its own.

    A file that is broken or was deleted is replaced by an empty one: it holds nothing that cannot be read again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._removing = threading.Lock()
        self._writes = 0

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        marks = ",".join("?" * len(names))
        # CAST: SQLite keeps a text or a number in any column, and a text that is no UTF-8 would fail the whole read.
        columns = "name, CAST(value AS BLOB)"
        question = f"SELECT {columns} FROM entries WHERE name IN ({marks}) AND (expires IS NULL OR expires > ?)"  # noqa: S608
        with self._connection() as connection:
            return dict(connection.execute(question, (*names, time.time())))

    def write(self, entries: Mapping[str, bytes], expires: float | None) -> None:
        now = time.time()
        rows = [(name, value, expires, now) for name, value in entries.items()]
        with self._connection() as connection, _transaction(connection):
            connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", rows)
            self._cull(connection, len(rows))

    def add(self, name: str, value: bytes, expires: float | None) -> bool:
        # Most calls find a lock or a mark in its place, and a read waits for no writer.
        if self.read([name]):
            return False
        now = time.time()
        with self._connection() as connection, _transaction(connection):
            connection.execute("DELETE FROM entries WHERE name = ? AND expires <= ?", (name, now))
            added = connection.execute("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?)", (name, value, expires, now))
            self._cull(connection, added.rowcount)
            return added.rowcount == 1

    def delete(self, names: Sequence[str]) -> int:
        if not self.read(names):
            return 0
        marks = ",".join("?" * len(names))
        with self._connection() as connection, _transaction(connection):
            return connection.execute(f"DELETE FROM entries WHERE name IN ({marks})", names).rowcount  # noqa: S608

    def clear(self) -> None:
        with self._connection() as connection, _transaction(connection):
            connection.execute("DELETE FROM entries")

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """This thread's own, opened again after a fork and after the file was replaced."""
        if getattr(self._local, "identity", None) != (os.getpid(), *_identity(self._path)):
            self._local.connection = self._open()
            self._local.identity = (os.getpid(), *_identity(self._path))
        _, *identity = self._local.identity
        try:
            yield self._local.connection
        except sqlite3.Error as error:
            # A connection that met an error is not trusted again; a broken file is replaced.
            self._local.identity = None
            if is_broken(error):
                self._remove(identity)
            raise

    def _open(self) -> sqlite3.Connection:
        identity = _identity(self._path)
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
        self._remove(identity)
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        # Created here, because SQLite would let everybody on this machine read it; its side files follow its mode.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self._path, timeout=WAIT, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.executescript(SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _remove(self, broken: Sequence[int]) -> None:
        """Only the file that was found broken: another thread may have put a new one in its place already.

        The side files go first, so that they are never those of a new file.
        """
        with self._removing:
            if _identity(self._path) != tuple(broken):
                return
            for suffix in ("-wal", "-shm", ""):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _cull(self, connection: sqlite3.Connection, writes: int) -> None:
        """Now and then what has expired is deleted; if that is not enough, the older half of the rest."""
        self._writes += writes
        if self._writes < CULL_EVERY:
            return
        self._writes = 0
        connection.execute("DELETE FROM entries WHERE expires <= ?", (time.time(),))
        count, size = connection.execute("SELECT count(*), total(length(value)) FROM entries").fetchone()
        if count > MOST_ENTRIES or size > MOST_BYTES:
            middle = "SELECT written FROM entries ORDER BY written LIMIT 1 OFFSET ?"
            connection.execute(f"DELETE FROM entries WHERE written <= ({middle})", (count // 2,))  # noqa: S608


class RedisStore:
    """Redis or Valkey, which may be shared with others: only names that begin with `prefix` are cleared."""

    def __init__(self, url: str, prefix: str) -> None:
        self._prefix = prefix
        # One more try on a connection that the server has closed meanwhile; none after a time-out.
        again = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
        self._client = redis.Redis.from_url(
            url, socket_timeout=SOCKET_WAIT, socket_connect_timeout=SOCKET_WAIT, retry=again
        )

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        values = cast(list[bytes | None], self._client.mget(names))
        return {name: value for name, value in zip(names, values, strict=True) if value is not None}

    def write(self, entries: Mapping[str, bytes], expires: float | None) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for name, value in entries.items():
            pipeline.set(name, value, px=_milliseconds(expires))
        pipeline.execute()

    def add(self, name: str, value: bytes, expires: float | None) -> bool:
        return bool(self._client.set(name, value, nx=True, px=_milliseconds(expires)))

    def delete(self, names: Sequence[str]) -> int:
        return int(self._client.delete(*names))

    def clear(self) -> None:
        for name in self._client.scan_iter(f"{self._prefix}*"):
            self._client.delete(name)


def _milliseconds(expires: float | None) -> int | None:
    return None if expires is None else max(1, int((expires - time.time()) * 1000))


def _identity(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_dev, status.st_ino)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
