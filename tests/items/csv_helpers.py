"""What the tests of CSV imports share: lines, the form, and the plan that comes of it."""

import csv
import io
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from console.emulator.server import Running
from console.items.models import Import
from tests.items.decision_helpers import ITEMS

FORM = f"{ITEMS}import/"
HEADER = ("asset_url", "asset_type", "batch", "difficulty")


def sheet(rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER, *, separator: str = ",") -> str:
    """A CSV as a spreadsheet writes it."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([header, *rows])
    return text.getvalue()


def lines(count: int) -> list[tuple[str, ...]]:
    return [(f"raw/{place:05}.jpg", "image", "", str(place % 100)) for place in range(1, count + 1)]


def paste(client: Client, text: str, **data: Any) -> Any:
    return client.post(FORM, {"import_id": str(uuid.uuid4()), "text": text, **data})


def upload(client: Client, body: bytes, name: str = "dashcam.csv", **data: Any) -> Any:
    file = SimpleUploadedFile(name, body, "text/csv")
    return client.post(FORM, {"import_id": str(uuid.uuid4()), "file": file, "text": "", **data})


def plan_of(answer: Any) -> Import:
    assert answer.status_code == 302, answer.content.decode()[:4000]
    return Import.objects.get(pk=answer["Location"].split("/")[-2])


def problems(import_run: Import) -> list[tuple[int, str, str]]:
    """Line, column and message of everything that is wrong."""
    rows = import_run.rows.filter(outcome="invalid")
    return [(row.number, column, message) for row in rows for column, message in row.errors]


def writes(emulator: Running) -> list[dict[str, Any]]:
    return [one for one in emulator.requests("cloudfactory") if one["method"] != "GET"]


def table_of(answer: Any) -> list[list[str]]:
    """The cells of a CSV that was downloaded."""
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))
