"""Ten presses of one button at the same moment, each from a browser of its own."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection
from django.test import Client

MANY = 10


def press(client: Callable[[], Client], address: str, sent: Mapping[str, Any], headers: Mapping[str, str]) -> list[Any]:
    """The answers to ten posts of the same form, sent together."""
    clients, together = [client() for _ in range(MANY)], Barrier(MANY)

    def alone(number: int) -> Any:
        together.wait()
        try:
            return clients[number].post(address, sent, headers=dict(headers))
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(alone, range(MANY)))


def answers(told: list[Any]) -> set[tuple[int, str, str]]:
    """What is different among them: status, address, and the words that say what happened."""
    return {(one.status_code, _where(one), _words(one)) for one in told}


def _where(response: Any) -> str:
    return str(response.get("Location") or response.get("HX-Redirect") or response.get("HX-Retarget") or "")


def _words(response: Any) -> str:
    """The messages of the page: errors, notices and callouts, without references and ids."""
    page = response.content.decode()
    found = re.findall(r'role="alert"[^>]*>(.*?)</(?:div>\s*</div>|form)>', page, flags=re.DOTALL)
    words = re.sub(r"<[^>]+>", " ", " ".join(found))
    return " ".join(re.sub(r"Reference\s+\S+", "", words).split())
