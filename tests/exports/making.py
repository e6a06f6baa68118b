"""What the tests of exports share: a form as the page sends it, the worker's turn, and what CloudFactory received."""

import re
import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.common import write_behind
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.exports.models import ExportRequest
from console.jobs import worker
from console.jobs.models import Operation, State
from tests.conftest import SPACE

EXPORTS = f"/api/v1/spaces/{SPACE}/exports"
HTMX = {"HX-Request": "true"}
COINS, EYES, SURFACES, PILOT = (PROJECTS[name] for name in ("coins", "eyes", "surfaces", "pilot"))


def form(**said: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "name": "Coins, November", "projects": [EYES], "when": "now", **said}


def start(client: Client, **said: Any) -> ExportRequest:
    """Pressed on the page; the request that came of it."""
    data = form(**said)
    response = client.post("/exports/new/", data)
    assert response.status_code == 302, text_of(response)
    return ExportRequest.objects.get(pk=data["id"])


def finish(emulator: Running, export_request: ExportRequest) -> None:
    emulator.act("finish_export", export=export_request.export_id)


def made_by(person: Person, **said: Any) -> ExportRequest:
    """A request as the past left it."""
    return ExportRequest.objects.create(person=person, space=SPACE, **{"name": "Earlier", **said})


def work(turns: int = 1) -> None:
    """The worker's turns, without the waiting between them."""
    for _ in range(turns):
        write_behind.flush()
        Operation.objects.filter(state=State.WAITING).update(due_at=timezone.now())
        worker.sweep()


def sent(emulator: Running, method: str, path: str = EXPORTS) -> list[dict[str, Any]]:
    asked = emulator.requests("cloudfactory")
    return [entry for entry in asked if entry["method"] == method and entry["path"].startswith(path)]


def text_of(response: Any) -> str:
    """The page's words without tags."""
    words = re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.S)
    for entity, character in (("&amp;", "&"), ("&#x27;", "'"), ("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">")):
        words = words.replace(entity, character)
    return " ".join(words.split())


def body_of(response: Any) -> bytes:
    """The bytes of a download; the test's browser closes it at the end as a server does."""
    return b"".join(response.streaming_content)


def broken_off(response: Any) -> bytes:
    """The first bytes of a download whose browser then goes away."""
    begun: bytes = next(iter(response.streaming_content))
    response._iterator.close()
    return begun
