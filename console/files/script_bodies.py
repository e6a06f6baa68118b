"""What the upload page's script sends and is answered: JSON, read strictly."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from console.common.parsing import NotJson, read_json, read_uuid
from console.files.models import UploadFile

UNREADABLE = "What the page sent could not be read. Reload it."


class UnreadableBody(Exception):
    """The body is not what our script sends."""


def read_body(request: HttpRequest) -> Mapping[str, Any]:
    """Raises UnreadableBody."""
    try:
        value = read_json(request.body)
    except NotJson:
        raise UnreadableBody from None
    if not isinstance(value, dict):
        raise UnreadableBody
    return value


def read_list(body: Mapping[str, Any], *, most: int) -> list[Any]:
    """The `files`. Raises UnreadableBody, also where they are more than `most`."""
    value = body.get("files")
    if not isinstance(value, list) or len(value) > most:
        raise UnreadableBody
    return value


def read_id(value: Any) -> uuid.UUID:
    """Raises UnreadableBody."""
    file_id = read_uuid(value)
    if file_id is None:
        raise UnreadableBody
    return file_id


def row_json(row: UploadFile) -> dict[str, str]:
    return {"id": str(row.pk), "state": row.state, "message": row.message}
