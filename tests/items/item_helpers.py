"""Work items that tests make at the emulator, and what was asked about them."""

from typing import Any
from urllib.parse import urlsplit

from console.emulator.sample import PROJECTS
from console.emulator.server import Running

COINS = PROJECTS["coins"]
HTMX = {"HX-Request": "true"}


def add_item(emulator: Running, **words: Any) -> str:
    """The id of a new work item of the coins project, waiting for review unless said otherwise."""
    return str(emulator.act("add_item", **{"status": "CLIENT_REVIEW", **words})["item"]["id"])


def page_of(item: str, project: str = COINS) -> str:
    return f"/projects/{project}/items/{item}/"


def request_kinds(emulator: Running) -> list[str]:
    """The kinds of calls since the last `forget_requests`, oldest first: `workItems`, `signedurls`, `annotations` …"""
    kinds = [urlsplit(one["path"]).path.rpartition("/")[2] for one in emulator.requests("cloudfactory")]
    return kinds + ["file" for one in emulator.requests("storage")]
