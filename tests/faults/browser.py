"""A browser without script: pages, the forms on them, and what a person would send by pressing a button."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

HTMX = {"HX-Request": "true"}
MOST_HOPS = 5
_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_NOTICES = ("notice", "callout", "field-error", "empty", "error-summary", "toast", "message")


@dataclass
class Form:
    """A form as it stands on a page: where it goes, and what it would send. Buttons are not pressed by themselves."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    text: str = ""

    def filled(self, **typed: Any) -> dict[str, Any]:
        return {**self.fields, **typed}


class Page(HTMLParser):
    """The forms, links, notices and words of one answer."""

    def __init__(self, content: str, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.address = address
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.asked: list[str] = []
        """What htmx asks for later."""
        self.notices: list[str] = []
        self.values: list[str] = []
        self._by_id: dict[str, Form] = {}
        self._loose: list[tuple[str, str, str]] = []
        self._open: list[tuple[str, bool, bool]] = []
        self._words: list[str] = []
        self._area: tuple[str, Form | None] | None = None
        self._select: tuple[str, Form | None] | None = None
        self._form: Form | None = None
        self.feed(content)
        self.close()
        for form_id, name, value in self._loose:
            if form_id in self._by_id:
                self._by_id[form_id].fields.setdefault(name, []).append(value)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self._words).split())

    def form(self, pattern: str) -> Form:
        """The first POST form whose address the pattern finds; LookupError without one."""
        found = [form for form in self.forms if form.method == "post" and re.search(pattern, form.action)]
        if not found:
            raise LookupError(f"no form for {pattern} on {self.address}")
        return found[0]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attributes}
        classes = have.get("class", "").split()
        told = have.get("role") in {"alert", "status"} or any(name.startswith(_NOTICES) for name in classes)
        hidden = tag in {"script", "style", "template", "svg"} or "hidden" in have
        if told and not any(noticed for _, noticed, _ in self._open):
            self.notices.append("")
        if tag not in _VOID:
            self._open.append((tag, told, hidden))
        if tag == "form":
            self._form = Form(have.get("action") or self.address, have.get("method", "get").lower())
            self.forms.append(self._form)
            if "id" in have:
                self._by_id[have["id"]] = self._form
        self._control(tag, have)

    def _control(self, tag: str, have: dict[str, str]) -> None:
        if tag == "a" and "href" in have:
            self.links.append(have["href"])
        self.asked += [have[name] for name in ("hx-get",) if name in have]
        if tag == "input":
            self.values.append(have.get("value", ""))
            kind = have.get("type", "text")
            ticked = kind not in {"checkbox", "radio"} or "checked" in have
            if kind not in {"submit", "button", "image"} and ticked and have.get("name"):
                self._add(have, have.get("value", "on" if kind in {"checkbox", "radio"} else ""))
        if tag == "textarea" and have.get("name"):
            self._area = (have["name"], self._form)
            self.values.append("")
        if tag == "select" and have.get("name"):
            self._select = (have["name"], self._form)
        if tag == "option" and self._select and "selected" in have:
            self._add({"name": self._select[0]}, have.get("value", ""))

    def _add(self, have: dict[str, str], value: str) -> None:
        if "form" in have:
            self._loose.append((have["form"], have["name"], value))
        elif self._form is not None and "disabled" not in have:
            self._form.fields.setdefault(have["name"], []).append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "textarea" and self._area:
            self._add({"name": self._area[0]}, self.values[-1].removeprefix("\n"))
            self._area = None
        if tag == "select":
            self._select = None
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[-1] += data
            return
        if any(hidden for _, _, hidden in self._open):
            return
        self._words.append(data)
        if self._form is not None:
            self._form.text += data
        if self.notices and any(told for _, told, _ in self._open):
            self.notices[-1] += data


@dataclass(frozen=True)
class Seen:
    """An answer and where it led: the status and page at the end, and every status on the way."""

    address: str
    status: int
    statuses: tuple[int, ...]
    content: str
    headers: dict[str, str]
    htmx: bool

    @property
    def page(self) -> Page:
        return Page(self.content, self.address)


class Browser:
    """One signed-in person. Redirects are followed, those that htmx is told of too."""

    def __init__(self, client: Client) -> None:
        self.client = client
        client.raise_request_exception = False

    def get(self, address: str, *, htmx: bool = False) -> Seen:
        return self._followed(address, self.client.get(address, headers=HTMX if htmx else {}), htmx)

    def post(self, address: str, data: dict[str, Any], *, htmx: bool = False) -> Seen:
        return self._followed(address, self.client.post(address, data, headers=HTMX if htmx else {}), htmx)

    def submit(self, form: Form, *, htmx: bool = False, **typed: Any) -> Seen:
        return self.post(form.action, form.filled(**typed), htmx=htmx)

    def _followed(self, address: str, response: HttpResponse, htmx: bool) -> Seen:
        statuses = [response.status_code]
        for _ in range(MOST_HOPS):
            onward = response.headers.get("HX-Redirect") or response.headers.get("Location", "")
            if not onward.startswith("/"):
                break
            address = onward.split("#")[0]
            response = self.client.get(address)
            statuses.append(response.status_code)
        text = _text_of(response)
        return Seen(address, response.status_code, tuple(statuses), text, dict(response.headers), htmx)


def _text_of(response: HttpResponse) -> str:
    """The page; nothing of a file, and what came of one that broke off, as a server would then cut the connection."""
    if not response.streaming:
        return response.content.decode("utf-8", "replace") if "html" in response.headers["Content-Type"] else ""
    with suppress(Exception):
        for _ in response.streaming_content:
            pass
    return ""
