"""Slices for the tests of this folder, made over the vendor's own API."""

import html
import re
import uuid
from typing import Any

from accounts import connections
from accounts.models import Person
from console.emulator.sample import uid_of
from console.emulator.server import Running
from console.upstream.response_models import Slice, SubSlice

COINS = uid_of("dataset", "coins-on-velvet")
NUCLEI = uid_of("dataset", "cell-nuclei")
EYES = uid_of("dataset", "eye-screening")


def make(person: Person, name: str, *parts: SubSlice) -> Slice:
    return connections.avala(person).create_slice(
        name=name,
        visibility="private",
        sub_slices=parts or (SubSlice("filters", EYES, filters={"nothing": ["at all"]}),),
        request_id=str(uuid.uuid4()),
    )


def asked(emulator: Running, pattern: str) -> list[dict[str, Any]]:
    """What Avala was asked for, by path."""
    return [entry for entry in emulator.requests("avala") if re.search(pattern, entry["path"])]


def text_of(response: Any) -> str:
    """The page's text as a reader has it: no markup, single blanks."""
    content = response.content.decode()
    content = re.sub(r"<(script|style|template)\b.*?</\1>", " ", content, flags=re.DOTALL)
    plain = re.sub(r"</?(?:bdi|strong|em|a|b|time|span|button)\b[^>]*>", "", content)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain)))


def polled(response: Any) -> str:
    """The address the list's poll asks next, or ""."""
    found = re.search(r'hx-get="(/slices/building/\?[^"]*)"', response.content.decode())
    return html.unescape(found[1]) if found else ""


def delay(response: Any) -> int:
    """The seconds until the next look, 0 where there is none."""
    found = re.search(r'hx-trigger="load delay:(\d+)s, again"', response.content.decode())
    return int(found[1]) if found else 0


def make_long(person: Person, emulator: Running) -> str:
    """A slice of more items than one page shows; its address."""
    largest = max(emulator.world.sample.datasets.values(), key=lambda row: row["item_count"])["uid"]
    parts = [SubSlice("dataset", uid) for uid in dict.fromkeys((largest, COINS, NUCLEI))]
    made = make(person, "Long", *parts)
    emulator.act("finish_slice", slug=made.slug)
    return f"/slices/northwind/{made.slug}/"
