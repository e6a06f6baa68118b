"""Bad input: every form field and query parameter of every address, each with everything no form would send.

The forms are those of the pages, found by walking through the console; the query parameters those that links, forms and
the code name. What no page shows is asked for by its address all the same.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils.datastructures import MultiValueDict

from accounts.models import ApiKey, Person, Place
from console.exports.models import ExportRequest
from tests.faults.browser import Form, Page
from tests.faults.driver import Stage
from tests.faults.operations import SLICE, WRITES, Desk
from tests.test_access import ALL

ROOT = Path(__file__).resolve().parent.parent.parent
MOST_PAGES = 160
PAGES_OF_A_VIEW = 2
URN = "urn:uuid:5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10"

UNSEEN = {
    "NUL": "a\0b",
    "only NUL": "\0",
    "CR LF": "a\r\nSet-Cookie: b=c",
    "zero width": "\u200b\u200d\ufeff",
    "half a character": "a\ud800",
    "escape": "a\x1b[31mb",
}
HOSTILE = UNSEEN | {
    "empty": "",
    "blanks": "   ",
    "5,000 digits": "9" * 5000,
    "superscript": "²",
    "brackets": "[" * 600,
    "100 kB": "x" * 100_000,
    "a path": "../x",
    "negative": "-1",
    "1e9": "1e9",
    "2^63": str(2**63),
    "underscored": "1_000",
    "year 1": "0001-01-01",
    "year 9999": "9999-12-31",
    "year 1 with time": "0001-01-01T00:00:00+14:00",
    "urn": URN,
    "braces": "{5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10}",
    "no hyphens": "5f0c2c1e7d3a4b579d2e0a6d1f6b7c10",
    "script": "<script>alert(1)</script>",
    "address of a script": "javascript:alert(1)",
    "another host": "//evil.example/x",
    "quotes": "' OR 1=1 --",
    "null": "null",
    "a list": '["x"]',
    "an object": '{"a":{"b":[1]}}',
    "NaN": "NaN",
    "percent": "%00%ff",
    "right to left": "\u202eabc",
    "one more than a name may have": "n" * 256,
}
MISSING, TWICE, AS_ARRAY = "missing", "twice", "as an array"
HEADERS = (
    "Host", "Cookie", "Origin", "Referer", "Accept", "Accept-Language", "Accept-Encoding", "Range", "If-None-Match",
    "If-Modified-Since", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "X-Request-Id", "HX-Current-URL",
    "HX-Target", "HX-Trigger", "HX-Prompt", "Sec-Fetch-Site", "Content-Length", "Content-Type",
)  # fmt: skip
QUIET = {"account_logout", "accounts:stay", "home:livez", "home:readyz"}


@dataclass(frozen=True)
class Bad:
    """One request. `fields` as a browser sends them, or a raw body."""

    name: str
    method: str
    address: str
    fields: tuple[tuple[str, str], ...] = ()
    body: tuple[str, bytes] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    value: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.name} | {self.value}"


@dataclass
class Walk:
    """What walking through the console found: a form or address of each kind once."""

    forms: dict[tuple[str, frozenset[str]], Form] = field(default_factory=dict)
    addresses: dict[tuple[str, frozenset[str]], str] = field(default_factory=dict)


def walk(stage: Stage, who: str) -> Walk:
    """Follows links as one person, and opens what takes several steps to reach."""
    desk, found, seen = stage.desk(who, confirmed=True), Walk(), dict[str, int]()
    waiting = ["/", "/slices/", "/projects/", "/exports/", "/audit/", "/keys/", "/profile/", "/sessions/", SLICE]
    waiting += ["/people/", "/people/invite/", "/account/password/change/", "/account/2fa/", "/jobs/"]
    if who == "operator":
        waiting += list(_reached_by_steps(desk, found))
    asked: set[str] = set()
    while waiting and len(asked) < MOST_PAGES:
        address = waiting.pop(0).split("#")[0]
        name = view_of(address)
        if address in asked or not name or name in QUIET or seen.get(name, 0) >= PAGES_OF_A_VIEW:
            continue
        asked.add(address)
        seen[name] = seen.get(name, 0) + 1
        _note_address(found, name, address)
        answer = desk.browser.get(address)
        if "html" in answer.headers.get("Content-Type", ""):
            waiting += _harvest(found, answer.page)
    return found


def _reached_by_steps(desk: Desk, found: Walk) -> Iterator[str]:
    for operation in WRITES:
        operation.arrange(desk)
        if isinstance(desk.kept, Form):
            _note_form(found, desk.kept)
            yield desk.kept.action
    draft = desk.browser.post("/slices/new/", {"resume": "yes"}).address.split("?")[0]
    for kind in ("dataset", "dataset_items", "filters"):
        dataset = "?q=coin"
        listed = desk.browser.get(f"{draft}datasets/{dataset}").page
        forms = [form for form in listed.forms if form.action.endswith("parts/add/")]
        if forms:
            added = desk.browser.submit(forms[0], kind=kind)
            yield added.address
    yield draft


def _harvest(found: Walk, page: Page) -> list[str]:
    for form in page.forms:
        _note_form(found, form)
    here = urlsplit(page.address).path
    links = [*page.links, *page.asked]
    whole = [here + link if link.startswith("?") else link for link in links]
    ours = [link for link in whole if link.startswith("/") and not link.startswith("//")]
    for address in ours:
        if name := view_of(address):
            _note_address(found, name, address)
    return ours


def _note_form(found: Walk, form: Form) -> None:
    if (name := view_of(form.action)) and name not in QUIET and form.method in {"get", "post"}:
        found.forms.setdefault((f"{form.method} {name}", frozenset(form.fields)), form)


def _note_address(found: Walk, name: str, address: str) -> None:
    found.addresses.setdefault((name, frozenset(key for key, _ in parse_qsl(urlsplit(address).query))), address)


def view_of(address: str) -> str:
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""


def of_walk(found: Walk) -> Iterator[Bad]:
    """Every field of every form, and every parameter of every address, with every value."""
    for (name, _), form in found.forms.items():
        fields = [(key, value) for key, values in form.fields.items() for value in values or [""]]
        for key in sorted({key for key, _ in fields} - {"csrfmiddlewaretoken"}):
            yield from _with_each(f"{name}: {key}", form.method.upper(), form.action, fields, key)
        if form.method == "post":
            yield from _bodies(name, form.action)
    for (name, _), address in found.addresses.items():
        parts = urlsplit(address)
        fields = parse_qsl(parts.query, keep_blank_values=True)
        for key in sorted({key for key, _ in fields}):
            yield from _with_each(f"{name}: {key}", "GET", parts.path, fields, key)


def _with_each(name: str, method: str, address: str, fields: list[tuple[str, str]], key: str) -> Iterator[Bad]:
    others = [pair for pair in fields if pair[0] != key]
    own = next(value for found, value in fields if found == key)
    for said, value in HOSTILE.items():
        yield Bad(name, method, address, (*others, (key, value)), value=said)
    yield Bad(name, method, address, tuple(others), value=MISSING)
    yield Bad(name, method, address, (*others, (key, own), (key, "²")), value=TWICE)
    yield Bad(name, method, address, (*others, (f"{key}[]", own)), value=AS_ARRAY)


def _bodies(name: str, address: str) -> Iterator[Bad]:
    plain, parts = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
    bodies = {
        "nothing": (plain, b""),
        "garbage": (plain, b"\x00\xff&=&=%zz"),
        "JSON": ("application/json", b'{"name":"x"}'),
        "another charset": (f"{plain}; charset=utf-99", b"name=x"),
        "half of a multipart": (parts, b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nx'),
        "multipart without a boundary": ("multipart/form-data", b"--x--"),
        "a file in place of a text": (
            parts,
            b'--x\r\nContent-Disposition: form-data; name="name"; filename="../x"\r\n\r\nx\r\n--x--\r\n',
        ),
        "11,000 fields": (plain, b"&".join(b"batch=1" for _ in range(11_000))),
        "3 MB": (plain, b"name=" + b"x" * 3_000_000),
    }
    for said, body in bodies.items():
        yield Bad(name, "POST", address, body=body, value=f"body: {said}")


def of_addresses() -> Iterator[Bad]:
    """Every address there is, each placeholder hostile, and every parameter its app's code names hostile at once."""
    for name, address in sorted(ALL.items()):
        if name in QUIET:
            continue
        for said, value in HOSTILE.items():
            if not value or len(value) > 6000:
                continue
            piece = quote(value.encode("utf-8", "surrogatepass"), safe="")
            for filled in _filled(address, piece):
                yield Bad(f"{name}: in the path", "GET", filled, value=said)
            fields = tuple((key, value) for key in _parameters(name))
            if fields:
                yield Bad(f"{name}: all parameters", "GET", address, fields, value=said)
                yield Bad(f"{name}: all fields", "POST", address, fields, value=said)


def of_headers() -> Iterator[Bad]:
    """Headers that the console, or a library below it, reads. As a server hands them over: one letter for each byte."""
    for address in ("/", "/account/login/", "/nowhere/"):
        for header in HEADERS:
            for said, value in HOSTILE.items():
                sent = value.encode("utf-8", "surrogatepass").decode("latin-1")
                name = f"{view_of(address) or address}: {header}"
                yield Bad(name, "GET", address, headers=((header, sent),), value=said)


def _filled(address: str, piece: str) -> Iterator[str]:
    """The address with each of its placeholders, one at a time, as the piece."""
    parts = address.split("/")
    for place, part in enumerate(parts):
        if part in {"words", "1", "00000000-0000-0000-0000-000000000001"}:
            yield "/".join([*parts[:place], piece, *parts[place + 1 :]])


_NAMES: dict[str, list[str]] = {}


def _parameters(name: str) -> list[str]:
    """What the code of the view's app reads out of requests."""
    app = name.partition(":")[0]
    folder = ROOT / ("accounts" if app == "accounts" else f"console/{app}")
    if app not in _NAMES:
        code = "\n".join(path.read_text() for path in folder.rglob("*.py")) if folder.is_dir() else ""
        found = re.findall(r"(?:GET|POST|sent|asked|data)(?:\.get|\.getlist)?[(\[]\"(\w+)\"", code)
        _NAMES[app] = sorted({*found, "page", "cursor", "q", "next", "look"})
    return _NAMES[app]


def try_out(stage: Stage, desk: Desk, bad: Bad, *, htmx: bool = False) -> list[str]:
    """What is wrong about the answer; the world is put back afterwards."""
    point = transaction.savepoint()
    cookies = deepcopy(desk.browser.client.cookies)
    stage.emulator.forget_requests()
    try:
        response = _sent(desk.browser.client, bad, {"HX-Request": "true"} if htmx else {})
        wrong = stage.failures()
        wrong += [f"status {response.status_code}"] if response.status_code in {500, 501} and not wrong else []
        wrong += [] if response.headers.get("Content-Security-Policy") else ["no policy on the answer"]
        wrong += _unseen_names(stage) if bad.value in UNSEEN else []
    finally:
        transaction.savepoint_rollback(point)
        desk.browser.client.cookies = cookies
        if any(one["method"] not in {"GET", "HEAD"} for one in _received(stage)):
            stage.emulator.reset()
            cache.clear()
    return wrong


def _sent(client: Client, bad: Bad, headers: dict[str, str]) -> Any:
    query, headers = _encoded(bad.fields), {**headers, **dict(bad.headers)}
    if bad.method == "GET":
        return client.get(f"{bad.address}?{query.decode()}" if query else bad.address, headers=headers)
    kind, body = bad.body or ("application/x-www-form-urlencoded", query)
    return client.generic("POST", bad.address, body, content_type=kind, headers=headers)


def _encoded(fields: tuple[tuple[str, str], ...]) -> bytes:
    pairs = [(key, quote(value.encode("utf-8", "surrogatepass"), safe="")) for key, value in fields]
    return "&".join(f"{quote(key)}={value}" for key, value in pairs).encode()


def _received(stage: Stage) -> list[dict[str, Any]]:
    return [*stage.emulator.requests("avala"), *stage.emulator.requests("cloudfactory")]


def _unseen_names(stage: Stage) -> list[str]:
    """Names that were sent or stored although nobody could see them, or their second line."""
    sent = [one["body"].get("name") for one in _received(stage) if isinstance(one["body"], dict)]
    stored = MultiValueDict[str, str]()
    stored.setlist("key label", list(ApiKey.objects.values_list("label", flat=True)))
    stored.setlist("person", list(Person.objects.values_list("name", flat=True)))
    stored.setlist("place", list(Place.objects.values_list("name", flat=True)))
    stored.setlist("export", list(ExportRequest.objects.values_list("name", flat=True)))
    wrong = [f"sent the name {name!r}" for name in sent if isinstance(name, str) and _is_unseen(name)]
    return wrong + [
        f"stored the {kind} {name!r}" for kind, names in stored.lists() for name in names if _is_unseen(name)
    ]


def _is_unseen(name: str) -> bool:
    control = any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 or 0xD800 <= ord(letter) < 0xE000 for letter in name)
    return bool(name) and (control or not re.sub(r"[\s\u200b-\u200f\u2060\ufeff]", "", name))
