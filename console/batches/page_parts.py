"""What other apps show on a batch's page. Each registers its part in its `apps.py`; this app imports none of them."""

import uuid
from collections.abc import Callable
from typing import Any

from accounts.models import Person

Part = Callable[[Person, uuid.UUID, int], dict[str, Any]]
"""From reader, project and batch to names of `batches/detail.html`."""

_parts: list[Part] = []


def register(part: Part) -> None:
    if part not in _parts:
        _parts.append(part)


def read(*, user: Person, project: uuid.UUID, batch_id: int) -> dict[str, Any]:
    return {name: value for part in _parts for name, value in part(user, project, batch_id).items()}
