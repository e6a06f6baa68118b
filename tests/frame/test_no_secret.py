"""A key is planted, used well and badly, and then looked for everywhere it might have been left."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import Person
from console import json_logging
from console.common import redaction
from console.emulator.server import Running
from tests.cache_entries import stored_entries
from tests.conftest import PASSWORD

KEYS = ("avk_demo_ops", "cf_demo_ops")
FAULTS = ("401", "403", "500", "reset", "garbage", "html", "redirect", "truncated")
PAGES = ("/", "/keys/", "/slices/", "/home/slices/", "/projects/", "/exports/", "/exports/new/", "/audit/")


@pytest.fixture
def lines() -> list[str]:
    """Everything that is logged, as the console's own handler writes it."""
    kept: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(self.format(record))

    keeper = Keeper(level=logging.DEBUG)
    keeper.addFilter(redaction.LogFilter())
    keeper.setFormatter(json_logging.JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(keeper)
    root.setLevel(level)


def every_cell() -> str:
    """All rows of all tables and all entries of the cache as text."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            found += [repr(row) for row in cursor.fetchall()]
    found += [f"{name} {value!r}" for name, value in stored_entries().items()]
    return "\n".join(found)


def typed_badly(client: Client) -> list[str]:
    """Two forms with a key, each of which waits in the session for the password first, or is refused at once."""
    typed = {"value": f"{KEYS[0]}\u201d", "label": "x", "place": ""}
    waits = client.post("/keys/avala/", typed)
    assert all(key not in every_cell() for key in KEYS), "a form that waits lies sealed"
    refused = client.post(waits["Location"], {"password": PASSWORD}).content.decode()
    assert "came from a document" in refused
    unknown = client.post("/keys/avala/", {**typed, "value": KEYS[1]}).content.decode()
    assert "does not know this key" in unknown
    return [refused, unknown]


def test_a_key_is_found_nowhere_but_sealed(
    client_as: Callable[[Person], Client], alice: Person, emulator: Running, lines: list[str]
) -> None:
    client = client_as(alice)
    said = [client.get(path).content.decode() for path in PAGES]
    said += typed_badly(client)
    for fault in FAULTS:
        emulator.fault("avala", fault, times=4)
        emulator.fault("cloudfactory", fault, times=4)
        said += [client.get(path).content.decode() for path in ("/slices/", "/projects/", "/exports/")]
        emulator.clear_faults()
    assert len(said) > 30
    assert lines, "something was logged"
    assert "upstream.avala" in every_cell(), "the cache was read"
    kept = [path.read_bytes().decode("utf-8", "replace") for path in Path(settings.AUDIT_ANCHOR).parent.glob("*.txt")]
    for key in KEYS:
        for place in (*said, *lines, *kept, every_cell()):
            assert key not in place
