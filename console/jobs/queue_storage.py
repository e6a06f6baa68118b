"""Where the queues that wake the workers are kept, read from JOBS_URL. They only wake: the rows in `models.py` are the
truth."""

from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from huey.serializer import SignedSerializer

from console.common.postgresql.bounded import BoundedConnection

CONNECT_SECONDS, ANSWER_SECONDS = 3, 5
"""The person whose form wakes a worker waits this long at most; longer than a worker listens at a time (1 s)."""

LONGEST_PAUSE = 0.5
"""Seconds between two looks of an idle worker at a queue in a file; the other queues wake it."""

QUEUES = {"sqlite": "huey.SqliteHuey", "postgres": "huey.PostgresHuey", "redis": "huey.RedisHuey"}
SCHEMES = {"postgresql": "postgres", "rediss": "redis", "valkey": "redis"}


def configuration(url: str, secret: str) -> dict[str, Any]:
    """What huey's Django part reads from `settings.HUEY`.

    Raises ValueError with a sentence for an address that names no queue we know.
    """
    scheme = urlsplit(url).scheme
    kind = SCHEMES.get(scheme, scheme)
    if kind not in QUEUES or (kind == "sqlite" and not url.partition(":///")[2]):
        raise ValueError("JOBS_URL starts with sqlite:///, postgres:// or redis://.")
    return {
        "name": "console",
        "huey_class": QUEUES[kind],
        "immediate": False,
        "results": False,
        # Messages are pickles: one that we have not signed is refused before it is opened.
        "serializer": SignedSerializer(secret=secret, salt="console.jobs"),
        "connection": _connection(kind, url),
        # SIGTERM, what supervisors send, lets the job in hand finish; SIGINT does not wait.
        # A queue in a file is looked at again and again: a worker with nothing to do would soon wait ten seconds.
        "consumer": {"workers": 2, "graceful_signal": "TERM", "max_delay": LONGEST_PAUSE},
    }


def _connection(kind: str, url: str) -> dict[str, Any]:
    if kind == "sqlite":
        return {"filename": url.removeprefix("sqlite:///")}
    if kind == "postgres":
        return {"connection": partial(_connect, url.replace("postgres://", "postgresql://", 1))}
    parts = urlsplit(url.replace("valkey://", "redis://", 1))
    limits = f"socket_connect_timeout={CONNECT_SECONDS}&socket_timeout={ANSWER_SECONDS}"
    # What the address says itself comes last and counts.
    return {"url": urlunsplit(parts._replace(query=f"{limits}&{parts.query}".rstrip("&")))}


def _connect(address: str) -> BoundedConnection:
    connection = BoundedConnection.connect(address, connect_timeout=CONNECT_SECONDS, tcp_user_timeout=10_000)
    connection.answer_seconds = ANSWER_SECONDS
    return connection
