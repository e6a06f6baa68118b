"""What lies in the cache's file, as somebody with access to the disk would see it."""

import contextlib
import sqlite3
from pathlib import Path

from django.conf import settings


def cache_file() -> Path:
    return Path(settings.CACHES["default"]["LOCATION"].removeprefix("sqlite:///"))


def stored_entries() -> dict[str, bytes]:
    with contextlib.closing(sqlite3.connect(cache_file())) as connection:
        return dict(connection.execute("SELECT name, value FROM entries"))
