"""The queue behind the rows: its address, its signature, and that a message comes out as it went in."""

import importlib
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import call_command
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from console.jobs import queue_storage
from tests import services

LIMITS = "socket_connect_timeout=3&socket_timeout=5"
SECRET = "tests-only-queue-secret-9f2d7c"


@pytest.mark.parametrize(
    ("url", "kind", "connection"),
    [
        ("sqlite:////var/lib/jobs.sqlite3", "huey.SqliteHuey", {"filename": "/var/lib/jobs.sqlite3"}),
        ("redis://cache:6379/2", "huey.RedisHuey", {"url": f"redis://cache:6379/2?{LIMITS}"}),
        ("rediss://cache/0", "huey.RedisHuey", {"url": f"rediss://cache/0?{LIMITS}"}),
        ("valkey://cache/0?a=b", "huey.RedisHuey", {"url": f"redis://cache/0?{LIMITS}&a=b"}),
    ],
)
def test_the_address_chooses_the_queue(url: str, kind: str, connection: dict[str, str]) -> None:
    made = queue_storage.configuration(url, SECRET)
    assert (made["huey_class"], made["connection"]) == (kind, connection)
    module, _, name = kind.rpartition(".")
    assert hasattr(importlib.import_module(module), name)
    assert made["immediate"] is False


@pytest.mark.parametrize("url", ["postgres://u:p@db/console", "postgresql://u:p@db/console"])
def test_both_spellings_of_postgresql_choose_its_queue(url: str) -> None:
    made = queue_storage.configuration(url, SECRET)
    assert (made["huey_class"], made["connection"]["connection"].args) == (
        "huey.PostgresHuey",
        ("postgresql://u:p@db/console",),
    )


def test_an_idle_worker_looks_at_its_queue_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Consumer] = []
    monkeypatch.setattr(Consumer, "run", lambda consumer: ran.append(consumer))
    call_command("run_huey", queue="bulk")
    assert [consumer.max_delay for consumer in ran] == [queue_storage.LONGEST_PAUSE]


@pytest.mark.redis
@pytest.mark.timeout(60)
def test_a_queue_that_says_nothing_keeps_no_form_waiting() -> None:
    server = services.RedisServer()
    server.start()
    try:
        passes_through(server.url)
        server.hang()
        with pytest.raises(redis.TimeoutError):
            passes_through(server.url)
    finally:
        server.stop()


@pytest.mark.parametrize("url", ["", "mysql://x", "jobs.sqlite3", "file:///x"])
def test_another_address_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match="JOBS_URL starts with"):
        queue_storage.configuration(url, SECRET)


def test_a_message_that_we_have_not_signed_is_never_opened() -> None:
    serializer = queue_storage.configuration("sqlite:///x", SECRET)["serializer"]
    assert serializer.deserialize(serializer.serialize("perform")) == "perform"
    for forged in (pickle.dumps("perform"), SignedSerializer("another", "console.jobs").serialize("perform")):
        with pytest.raises(ValueError, match=r"[Ss]ignature|Separator"):
            serializer.deserialize(forged)


def passes_through(url: str) -> None:
    made = queue_storage.configuration(url, SECRET)
    module, _, name = made["huey_class"].rpartition(".")
    queue: Any = getattr(importlib.import_module(module), name)(
        "console-test", serializer=made["serializer"], results=False, **made["connection"]
    )

    @queue.task()  # type: ignore[untyped-decorator]
    def perform(pk: str) -> None: ...

    queue.flush()
    perform("one")
    perform.schedule(args=("two",), delay=3600)
    assert queue.dequeue().args == ("one",)
    assert queue.dequeue().args == ("two",)
    queue.flush()
    assert queue.pending_count() == 0


def test_messages_pass_through_the_database_of_this_run(tmp_path: Path) -> None:
    passes_through(os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{tmp_path / 'jobs.sqlite3'}")


@pytest.mark.redis
def test_messages_pass_through_redis() -> None:
    passes_through(os.environ["TEST_REDIS_URL"])
