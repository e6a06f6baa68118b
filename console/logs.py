"""One line of JSON for each log record, with the id of the request it belongs to."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")


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
        # What a stranger sent, such as a foreign Host: the line says it all, and anybody can cause a thousand of them.
        if record.exc_text and not record.name.startswith("django.security."):
            line["trace"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)
