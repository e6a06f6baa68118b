"""What the tests of uploads share: the page's script, played by hand, and its PUT to the store."""

import http.client
import json
import uuid
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.urls import reverse

from console.files.models import UploadFile


class UploadScript:
    """The script of one upload page."""

    def __init__(self, client: Client, upload_id: uuid.UUID | None = None) -> None:
        self.client, self.id = client, upload_id or uuid.uuid4()

    def post(self, name: str, body: Any) -> Any:
        url = reverse(f"files:upload_{name}", args=[self.id])
        return self.client.post(url, body if isinstance(body, str) else json.dumps(body), "application/json")

    def add(self, *files: dict[str, Any], **more: Any) -> dict[str, Any]:
        return answered(self.post("add", {"files": list(files), **more}))

    def add_ids(self, *files: dict[str, Any]) -> list[str]:
        return [str(one["id"]) for one in self.add(*files)["files"]]

    def links(self, *ids: str, again: bool = False) -> dict[str, Any]:
        return answered(self.post("links", {"files": list(ids), "again": again}))

    def report(self, state: str, *ids: str, **more: Any) -> dict[str, Any]:
        return answered(self.post("report", {"files": [{"id": pk, "state": state, **more} for pk in ids]}))

    def check(self, file_id: str) -> dict[str, Any]:
        return answered(self.post("check", {"file": file_id}))

    def upload(self, *ids: str, content: bytes = b"x" * 10) -> None:
        """Sends these to the store and says so."""
        for link in self.links(*ids)["files"]:
            assert put(link["url"], content, link["contentType"]) == 200
            self.report("saved", link["id"])


def file(name: str = "a.jpg", *, folder: str = "", size: int = 10, modified: int = 1_700_000_000_000) -> dict[str, Any]:
    return {"folder": folder, "name": name, "size": size, "modified": modified}


def answered(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


def put(url: str, content: bytes, content_type: str) -> int:
    """What the browser sends to the store."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("PUT", f"{parts.path}?{parts.query}", content, {"Content-Type": content_type})
        return connection.getresponse().status
    finally:
        connection.close()


def states(script: UploadScript) -> dict[str, str]:
    return dict(UploadFile.objects.filter(upload=script.id).values_list("name", "state"))
