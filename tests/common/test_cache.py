"""The cache keeps what it is given, runs nobody else's code, and works on when its store is gone."""

import contextlib
import logging
import os
import pickle
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.test import Client

from accounts.models import Person
from console.common import cache as shared_cache
from console.common import cache_stores
from console.emulator.server import Running
from tests.cache_entries import cache_file, stored_entries
from tests.conftest import PASSWORD
from tests.services import RedisServer, free_port

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    rows: tuple[str, ...]


@pytest.fixture
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is asked again at once."""
    monkeypatch.setattr(shared_cache, "PAUSE", 0.0)


@pytest.fixture
def redis_server(settings: Any) -> Iterator[RedisServer]:
    """The console on a Redis of its own."""
    server = RedisServer()
    use(settings, server.url)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def no_redis(settings: Any) -> str:
    """The console on a Redis that nobody has started."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    use(settings, url)
    return url


def use(settings: Any, url: str) -> None:
    limits = settings.CACHES["default"]["OPTIONS"]["limits"]
    settings.CACHES = {"default": shared_cache.configuration(url, limits=limits)}


@pytest.fixture(params=["sqlite", "memory", pytest.param("redis", marks=pytest.mark.redis)])
def some_store(request: pytest.FixtureRequest) -> None:
    """Each of the three places an entry can lie in."""
    if request.param != "sqlite":
        request.getfixturevalue({"redis": "redis_server", "memory": "no_redis"}[request.param])


# What any cache does


@pytest.mark.usefixtures("some_store")
def test_values_come_back_as_they_were() -> None:
    values = {"text": "a", "none": None, "yes": True, "number": 7, "float": 1.5, "rows": Answer(("x",)), "big": 10**30}
    cache.set_many(values)
    assert cache.get_many([*values, "missing"]) == values
    assert cache.get("yes") is True
    assert cache.get("missing", "default") == "default"
    assert "none" in cache
    assert "missing" not in cache


@pytest.mark.usefixtures("some_store")
def test_only_the_first_of_two_adds_counts() -> None:
    assert cache.add("lock", "mine", 60)
    assert not cache.add("lock", "yours", 60)
    assert cache.get("lock") == "mine"
    assert cache.delete("lock")
    assert not cache.delete("lock")
    assert cache.add("lock", "yours", 60)


@pytest.mark.usefixtures("some_store")
def test_numbers_are_counted() -> None:
    cache.set("count", 5)
    assert cache.incr("count") == 6
    assert cache.decr("count", 8) == -2
    assert cache.get("count") == -2
    with pytest.raises(ValueError, match="not found"):
        cache.incr("missing")


@pytest.mark.usefixtures("some_store")
def test_entries_expire() -> None:
    cache.set("gone", 1, 0)
    cache.set("past", 1, -5)
    cache.set("kept", 1, None)
    cache.set("short", 1, 60)
    assert cache.touch("short", 0)
    assert not cache.touch("missing")
    assert [name for name in ("gone", "past", "kept", "short") if name in cache] == ["kept"]
    cache.clear()
    assert "kept" not in cache


@pytest.mark.redis
def test_what_others_keep_in_the_same_redis_is_not_cleared(redis_server: RedisServer) -> None:
    client = redis.Redis.from_url(redis_server.url)
    client.set("huey.redis.console", "a message")
    cache.set("ours", 1)
    cache.clear()
    assert "ours" not in cache
    assert client.get("huey.redis.console") == b"a message"


# Whoever can write to the store


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(cache_file().parent / "bomb"),))


def plant(name: str, value: bytes) -> None:
    with contextlib.closing(sqlite3.connect(cache_file())) as connection, connection:
        connection.execute("UPDATE entries SET value = ? WHERE name = ?", (value, f"console:2:{name}"))


def test_a_planted_pickle_is_never_opened(caplog: pytest.LogCaptureFixture) -> None:
    cache.set("name", "a")
    signed = stored_entries()["console:2:name"]
    for planted in (pickle.dumps(Bomb()), signed[:32] + pickle.dumps(Bomb()), b"", b"9" * 20, b"\xc2\xb2", b"x" * 40):
        plant("name", planted)
        assert cache.get("name") is None
    assert not (cache_file().parent / "bomb").exists()
    assert len([line for line in caplog.records if "not used" in line.message]) <= 1


@pytest.mark.parametrize("value", ["'text'", "5", "5.5", "CAST(x'ff20' AS TEXT)", "printf('%.*c', 40, 'x')"])
def test_a_planted_value_of_another_kind_is_as_good_as_none(value: str) -> None:
    cache.set("name", "a")
    with contextlib.closing(sqlite3.connect(cache_file())) as connection, connection:
        connection.execute(f"UPDATE entries SET value = {value}")
    assert cache.get("name") is None
    assert shared_cache.state().available


def test_an_entry_is_worth_nothing_under_another_name() -> None:
    cache.set("mine", "secret of one person")
    cache.set("yours", "b")
    plant("yours", stored_entries()["console:2:mine"])
    assert cache.get("yours") is None
    assert cache.get("mine") == "secret of one person"


def test_an_entry_of_a_version_whose_classes_are_gone_is_read_again() -> None:
    name = "console:2:old"
    cache.set("old", "a")
    content = pickle.dumps(Answer(("x",))).replace(b"Answer", b"Nobody")
    plant("old", shared_cache._signature(name, content) + content)
    assert cache.get("old") is None


def test_what_a_release_with_other_shapes_stored_is_not_read() -> None:
    cache.set("name", "a", version=shared_cache.LAYOUT - 1)
    assert cache.get("name") is None


def test_nobody_else_on_this_machine_reads_the_file() -> None:
    cache.set("name", "a")
    for path in cache_file().parent.glob(cache_file().name + "*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


# The file


def test_two_processes_share_the_file() -> None:
    program = (
        "import django; django.setup(); from django.core.cache import cache; cache.set('there', cache.get('here') + 1)"
    )
    cache.set("here", 41)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", "CACHE_URL": f"sqlite:///{cache_file()}"}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)
    assert cache.get("there") == 42


@pytest.fixture
def own_file(settings: Any, tmp_path: Path) -> Path:
    """A file that no other test finds damaged."""
    use(settings, f"sqlite:///{tmp_path / 'cache.sqlite3'}")
    return cache_file()


@pytest.mark.usefixtures("short_pause", "own_file")
def test_a_file_that_lost_its_side_files_is_replaced_too() -> None:
    """Without them it is shorter than it says it is, for whoever opens it afterwards."""
    cache.set("name", "a")
    for suffix in ("-wal", "-shm"):
        cache_file().with_name(cache_file().name + suffix).unlink()
    other = cache_stores.SqliteStore(cache_file())
    other.write({"other": b"b"}, None)
    assert other.read(["other"]) == {"other": b"b"}
    cache.set("name", "c")
    assert cache.get("name") == "c"
    assert shared_cache.probe().available
    assert stored_entries().keys() >= {"console:2:name", "other"}


@pytest.mark.usefixtures("short_pause", "own_file")
def test_a_file_that_many_find_broken_at_once_is_replaced_once() -> None:
    def use_it(number: int) -> None:
        with contextlib.suppress(sqlite3.Error):
            store.write({f"entry-{number}": b"x" * 3000}, None)

    store = cache_stores.SqliteStore(cache_file())
    with ThreadPoolExecutor(16) as pool:
        for _ in range(40):
            list(pool.map(use_it, range(64)))
            cache_file().write_bytes(b"garbage" * 1000)
            list(pool.map(use_it, range(64)))
            store.write({"name": b"a"}, None)
            assert stored_entries()["name"] == b"a"


@pytest.mark.usefixtures("short_pause", "own_file")
@pytest.mark.parametrize("damage", ["deleted", "garbage", "truncated"])
def test_a_broken_file_is_replaced(damage: str) -> None:
    cache.set("name", "a")
    if damage == "deleted":
        for path in cache_file().parent.glob(cache_file().name + "*"):
            path.unlink()
    else:
        cache_file().write_bytes(b"garbage" * 1000 if damage == "garbage" else cache_file().read_bytes()[:100])
    for number in range(3):
        cache.set("name", number)
        assert cache.get("name") == number
    assert shared_cache.probe().available
    assert "console:2:name" in stored_entries()


@pytest.mark.usefixtures("short_pause")
def test_a_file_that_somebody_locks_delays_and_loses_nothing() -> None:
    cache.set("before", 1)
    with contextlib.closing(sqlite3.connect(cache_file(), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        cache.set("during", 2)
        cache.set("before", 3)
        assert (cache.get("during"), cache.get("before")) == (2, 3)
        assert not shared_cache.state().available
        other.execute("ROLLBACK")
    assert (cache.get("during"), cache.get("before")) == (2, 3)
    assert shared_cache.state().available
    assert "console:2:before" in stored_entries()


@pytest.mark.usefixtures("short_pause")
def test_what_was_changed_behind_a_lock_is_not_remembered_beside_the_file() -> None:
    with contextlib.closing(sqlite3.connect(cache_file(), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        cache.set("answer", "older")
        other.execute("ROLLBACK")
        assert cache.get("answer") == "older"
        cache.set("answer", "newer")
        other.execute("BEGIN IMMEDIATE")
        cache.set("something", 1)
        cache.set("something", 2)
        assert not shared_cache.state().available
        assert cache.get("answer") != "older"
        other.execute("ROLLBACK")
    assert cache.get("answer") == "newer"


def test_the_file_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_stores, "MOST_ENTRIES", 50)
    monkeypatch.setattr(cache_stores, "CULL_EVERY", 10)
    for number in range(200):
        cache.set(f"entry-{number}", number)
    assert len(stored_entries()) <= 70
    assert cache.get("entry-199") == 199


def test_the_memory_that_stands_in_stays_small(no_redis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_stores, "MEMORY_BYTES", 10_000)
    for number in range(100):
        cache.set(f"entry-{number}", "x" * 1000)
    assert len([number for number in range(100) if f"entry-{number}" in cache]) < 10
    assert cache.get("entry-99") == "x" * 1000


# Redis goes and comes back


def sign_in(password: str) -> str:
    client = Client(HTTP_HOST="localhost")
    answer = client.post("/account/login/", {"login": "erin@northwind.example", "password": password})
    return answer.content.decode() if "_auth_user_id" not in client.session else "signed in"


@pytest.mark.redis
@pytest.mark.usefixtures("short_pause")
def test_the_log_says_once_that_the_cache_went_and_once_that_it_is_back(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="console.common.cache")
    cache.set("name", "a")
    redis_server.stop()
    for number in range(5):
        cache.set("name", number)
        assert cache.get("name") == number
    redis_server.start()
    assert cache.get("name") == 4, "what was changed meanwhile is in the store now"
    assert [line.levelname for line in caplog.records] == ["ERROR", "WARNING"]
    stored = redis.Redis.from_url(redis_server.url).get("console:2:name")
    assert isinstance(stored, bytes)
    assert shared_cache.unpack("console:2:name", stored) == 4


@pytest.mark.redis
@pytest.mark.usefixtures("short_pause")
def test_what_is_deleted_while_redis_hangs_is_deleted_afterwards(redis_server: RedisServer) -> None:
    cache.set_many({"kept": 1, "deleted": 2})
    redis_server.hang()
    cache.delete("deleted")
    redis_server.go_on()
    assert (cache.get("kept"), cache.get("deleted")) == (1, None)


@pytest.mark.redis
def test_a_hanging_redis_is_not_asked_by_every_read(redis_server: RedisServer) -> None:
    redis_server.hang()
    began = time.monotonic()
    for number in range(30):
        cache.get(f"name-{number}")
    assert time.monotonic() - began < 5, "thirty time-outs would be fifteen seconds"


@pytest.mark.django_db
@pytest.mark.usefixtures("no_redis")
def test_guessing_is_limited_without_redis(erin: Person) -> None:
    for _ in range(5):
        assert "Too many tries" not in sign_in("wrong")
    assert "Too many tries" in sign_in(PASSWORD)


@pytest.mark.redis
def test_a_limit_that_was_reached_outlives_redis(redis_server: RedisServer, erin: Person) -> None:
    for _ in range(5):
        sign_in("wrong")
    redis_server.stop()
    assert "Too many tries" in sign_in(PASSWORD)
    redis_server.start()
    assert "Too many tries" in sign_in(PASSWORD)


PAGES = (
    "/",
    "/home/slices/",
    "/home/review/",
    "/slices/",
    "/projects/",
    "/exports/",
    "/exports/new/",
    "/audit/",
    "/keys/",
)


def test_every_page_works_without_redis_and_administrators_are_told(
    no_redis: str, emulator: Running, erin: Person, alice: Person, client_as: Callable[[Person], Client]
) -> None:
    for person in (erin, alice):
        client = client_as(person)
        for page in (*PAGES, "/people/", "/jobs/") if person is erin else PAGES:
            answer = client.get(page)
            assert answer.status_code == 200, page
            assert ("The cache is unavailable." in answer.content.decode()) == (
                person is erin and not page.startswith("/home/")
            ), page


@pytest.mark.redis
@pytest.mark.usefixtures("short_pause")
def test_a_failing_vendor_is_left_alone_without_redis_too(
    redis_server: RedisServer, emulator: Running, alice: Person, client_as: Callable[[Person], Client]
) -> None:
    redis_server.stop()
    emulator.fault("cloudfactory", "503", times=100)
    client = client_as(alice)
    for _ in range(6):
        client.get("/projects/")
    sent = len(emulator.requests("cloudfactory"))
    client.get("/projects/")
    assert len(emulator.requests("cloudfactory")) == sent


# Settings


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("sqlite:///var/cache.sqlite3", "sqlite:///var/cache.sqlite3"),
        ("redis://cache:6379/1", "redis://cache:6379/1"),
        ("rediscache://cache:6379/1", "redis://cache:6379/1"),
        ("rediss://u:p@cache/1", "rediss://u:p@cache/1"),
        ("valkey://cache", "redis://cache"),
    ],
)
def test_the_address_chooses_the_store(url: str, location: str) -> None:
    assert shared_cache.configuration(url)["LOCATION"] == location


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("dbcache://console_cache", "no longer takes dbcache"),
        ("locmemcache://", "looks like"),
        ("", "looks like"),
        ("sqlite:///", "looks like"),
        ("sqlite://:memory:", "looks like"),
        ("redis://", "looks like"),
        ("redis://one,two/1", "looks like"),
        ("redis://cache:99999", "looks like"),
    ],
)
def test_another_address_is_refused_with_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        shared_cache.configuration(url)
