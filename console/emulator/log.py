"""What each listener received. Keys are only there as the first digits of their hash."""

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from console.emulator.world import moment

MOST_ENTRIES = 10_000
LONGEST_BODY = 1024 * 1024
LONGEST_TEXT = 4096
KEY_HEADERS = ("X-Avala-Api-Key", "X-API-Key")


class RequestLog:
    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=MOST_ENTRIES)
        self._lock = threading.Lock()

    def begin(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The entry stands from the arrival on; its status follows with the answer, and stays null if none was sent."""
        entry = {
            "at": moment(time.time()),
            "method": method,
            "path": path,
            "query": query,
            "body": _body(body),
            "status": None,
            "key": fingerprint(headers),
            "request_id": headers.get("X-Request-Id"),
            "idempotency_key": headers.get("Idempotency-Key"),
            "cookie": headers.get("Cookie"),
            "content_type": headers.get("Content-Type"),
            "origin": headers.get("Origin"),
            "size": len(body),
        }
        with self._lock:
            self._entries.append(entry)
        return entry

    def entries(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(entry) for entry in self._entries]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def fingerprint(headers: Mapping[str, str]) -> str | None:
    key = next((headers[name] for name in KEY_HEADERS if headers.get(name)), None)
    return hashlib.sha256(key.encode("latin-1", "replace")).hexdigest()[:8] if key else None


def _body(body: bytes) -> Any:
    """As it was meant: JSON as JSON, everything else, and what is too long to keep, as the start of its text."""
    if not body:
        return None
    try:
        if len(body) <= LONGEST_BODY:
            return json.loads(body)
    except (ValueError, RecursionError):
        pass
    return body[:LONGEST_TEXT].decode("utf-8", "replace")
