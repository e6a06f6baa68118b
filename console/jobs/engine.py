"""Which queue wakes the workers, read from JOBS_URL. The queue only wakes: the rows in `models.py` are the truth."""

from typing import Any
from urllib.parse import urlsplit

from huey.serializer import SignedSerializer

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
        "consumer": {"workers": 2, "graceful_signal": "TERM"},
    }


def _connection(kind: str, url: str) -> dict[str, Any]:
    if kind == "sqlite":
        return {"filename": url.removeprefix("sqlite:///")}
    if kind == "postgres":
        return {"dsn": url.replace("postgres://", "postgresql://", 1)}
    return {"url": url.replace("valkey://", "redis://", 1)}
