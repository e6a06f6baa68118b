"""Drafts for the tests of the builder, made the way a browser without script makes them."""

import re
from typing import Any

from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from console.slices.builder import drafts
from console.slices.builder.parts import DraftContents, RecipePart
from console.slices.models import Draft

HTMX = {"HX-Request": "true"}


class Desk:
    """A person at the builder: one draft, and what is pressed on its page."""

    def __init__(self, client: Client, person: Person) -> None:
        self.client = client
        self.person = person
        self.address = client.post("/slices/new/", {"resume": "yes"}).headers["Location"]

    @property
    def draft(self) -> Draft:
        return Draft.objects.get(pk=self.address.split("/")[3])

    @property
    def contents(self) -> DraftContents:
        return drafts.contents(self.draft)

    @property
    def parts(self) -> tuple[RecipePart, ...]:
        return self.contents.parts

    def add(self, dataset: str, kind: str = "dataset") -> Any:
        return self.client.post(f"{self.address}parts/add/", {"dataset": dataset, "kind": kind})

    def part_post(self, what: str, part: RecipePart, **sent: Any) -> Any:
        return self.client.post(f"{self.address}parts/{part.id}/{what}/", sent)

    def save(self, *, htmx: bool = False, **sent: str) -> Any:
        return self.client.post(f"{self.address}save/", sent, headers=HTMX if htmx else {})

    def create(self, **sent: str) -> Any:
        """Presses Create as the page stands now, with what is typed over it."""
        return self.client.post(self.address, {**self.form(), **sent})

    def form(self) -> dict[str, str]:
        details = self.contents.details
        stored = {name: getattr(details, name) for name in ("name", "visibility", "organization", "random_count")}
        return {**stored, **{f"was_{name}": text for name, text in stored.items()}, "act": str(self.draft.act_id)}


def created(emulator: Running) -> list[dict[str, Any]]:
    """The creates that Avala received."""
    return [one for one in emulator.requests("avala") if one["method"] == "POST" and one["path"] == "/api/v1/slices/"]


def plain(response: Any) -> str:
    text = re.sub(r"<(script|style|template)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    text = re.sub(r"</?(?:bdi|strong|em|a|b|span|time)\b[^>]*>", "", text)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
