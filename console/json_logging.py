"""One line of JSON for each log record, with the id of the request it belongs to."""

import json
import logging
import sqlite3
from contextvars import ContextVar
from datetime import UTC, datetime

import psycopg
import redis
from django.db import DatabaseError, InterfaceError

from console.common import database

request_id: ContextVar[str] = ContextVar("request_id", default="")


# A queue that is locked, full or gone: huey tells of it with a trace, every second.
OUTAGES = (OSError, sqlite3.Error, psycopg.Error, redis.RedisError, DatabaseError, InterfaceError)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            # Django's own line about a bad answer comes when the request is over, but brings it along.
            "request_id": request_id.get() or getattr(getattr(record, "request", None), "request_id", ""),
        }
        if record.exc_text and _is_worth_a_trace(record):
            line["trace"] = record.exc_text
        elif record.exc_text:
            line["message"] += f": {record.exc_text.strip().splitlines()[-1]}"
        return json.dumps(line, ensure_ascii=False)


def _is_worth_a_trace(record: logging.LogRecord) -> bool:
    """Not what a stranger sent, such as a foreign Host, nor an outage of the database or the queue."""
    error, source = record.exc_info[1] if record.exc_info else None, record.name.partition(".")[0]
    is_outage = (source == "django" and database.is_failure(error)) or (source == "huey" and isinstance(error, OUTAGES))
    return not is_outage and not record.name.startswith("django.security.")
