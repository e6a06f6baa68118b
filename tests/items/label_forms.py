"""What the tests of ground-truth labels share: the form as its page sends it, and what arrived."""

import json
import re
import uuid
from html import unescape
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from console.emulator.server import Running
from tests.items.item_helpers import page_of

BOX = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]}
COCO: dict[str, Any] = {
    "images": [{"id": 1, "width": 100, "height": 100, "file_name": "coins-r1c1.jpg"}],
    "categories": [{"id": 1, "name": "Denarius"}],
    "annotations": [BOX],
}
OBJECTS = [{"category": "coin", "bbox": [1, 2, 30, 40]}, {"anything": {"deep": [1, 2.5, None]}}]


def form_url(item: str) -> str:
    return f"{page_of(item)}ground-truth/"


def type_labels(client: Client, item: str, labels: Any, *, act_id: str = "", **more: Any) -> Any:
    """The form with this text (or JSON) in it, sent."""
    text = labels if isinstance(labels, str) else json.dumps(labels)
    return client.post(form_url(item), {"act_id": act_id or str(uuid.uuid4()), "labels": text, **more})


def choose_file(client: Client, item: str, body: bytes, **more: Any) -> Any:
    file = SimpleUploadedFile("labels.json", body, "application/json")
    return client.post(form_url(item), {"act_id": str(uuid.uuid4()), "labels": "", "file": file, **more})


def previewed(client: Client, item: str, labels: Any, **more: Any) -> str:
    """The address of the page that shows the labels before they are sent."""
    answer = type_labels(client, item, labels, **more)
    assert answer.status_code == 302, errors_of(answer)
    return str(answer["Location"])


def send_form(client: Client, preview: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    page = client.get(preview).content.decode()
    form = page[page.index('action="' + preview + "send/") :].partition("</form>")[0]
    return dict(re.findall(r'name="(digest|known)" value="([^"]*)"', form))


def press(client: Client, preview: str, **more: str) -> Any:
    return client.post(f"{preview}send/", {**send_form(client, preview), **more})


def errors_of(answer: Any) -> list[str]:
    form = (answer.context or {}).get("form")
    return [str(error) for errors in form.errors.values() for error in errors] if form is not None else []


def text_in_field(answer: Any) -> str:
    match = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", answer.content.decode(), re.DOTALL)
    return unescape(match[1]) if match else ""


def arrived(emulator: Running, item: str) -> list[Any]:
    """The labels of each P17 that CloudFactory received."""
    requests = emulator.requests("cloudfactory")
    return [one["body"]["labels"] for one in requests if one["path"].endswith(f"{item}/labels")]
