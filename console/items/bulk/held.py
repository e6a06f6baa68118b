"""Work items about which something else is waiting or on its way."""

import uuid
from collections.abc import Collection, Mapping

from accounts.models import Person


def read_held(*, user: Person, project: uuid.UUID, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """Those of the items that must not be signaled now, each with the reason as a sentence."""
    return {}
