"""Files in the emulator's store, and lists of their paths as the page makes them."""

import re
import zipfile
from io import BytesIO
from typing import Any

import requests
from django.test import Client

from console.emulator.server import Running
from tests.conftest import SPACE
from tests.exports.making import body_of, text_of

KEY = {"X-API-Key": "cf_demo_ops"}
SIGNED = f"/api/v1/spaces/{SPACE}/signedurls"


def stored(emulator: Running, content: bytes) -> str:
    """The path of a new file in the space."""
    origin = emulator.cloudfactory_url.removesuffix("/api/v1")
    link = requests.get(f"{origin}{SIGNED}", headers=KEY, timeout=10).json()["items"][0]
    put = requests.put(link["signedUrl"], data=content, headers={"Content-Type": "image/png"}, timeout=10)
    assert put.status_code == 200
    return str(link["path"])


def pictures(emulator: Running, count: int) -> list[str]:
    """Paths of the sample's own pictures."""
    return list(emulator.world.sample.by_asset)[:count]


def pasted(client: Client, text: str | list[str], **headers: str) -> Any:
    typed = text if isinstance(text, str) else "\n".join(text)
    return client.post("/files/get/", {"paths": typed}, headers=headers)


def listed(client: Client, text: str | list[str]) -> str:
    """The address of the page of a new list."""
    response = pasted(client, text)
    assert response.status_code == 302, text_of(response)
    return str(response["Location"])


def signings(emulator: Running) -> list[dict[str, Any]]:
    """The calls of P2."""
    return [one for one in emulator.requests("cloudfactory") if one["method"] == "POST" and one["path"] == SIGNED]


def result_of(page: str, path: str) -> str:
    """The words in the row of a path."""
    (row,) = (row for row in re.findall(r"<tr data-row>.*?</tr>", page, re.S) if path in row)
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", row, flags=re.S).split())


def unzipped(response: Any) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(BytesIO(body_of(response)))
    assert archive.testzip() is None
    return archive
