"""What people may do, as a table of roles. Which page needs which right is in `access.py`."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


class Role(models.TextChoices):
    REVIEWER = "reviewer", "Reviewer"
    OPERATOR = "operator", "Operator"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


class Right(StrEnum):
    LOOK = "look"
    KEYS = "keys"
    SIGNAL = "signal"
    DOWNLOAD = "download"
    CHANGE = "change"
    AUDIT_OWN = "audit.own"
    AUDIT_ALL = "audit.all"
    AUDIT_EXPORT = "audit.export"
    PEOPLE = "people"
    JOBS = "jobs"


RIGHTS = frozenset(Right)

EVERYONE = frozenset({Right.LOOK, Right.KEYS, Right.AUDIT_OWN})
ROLE_RIGHTS: dict[str, frozenset[Right]] = {
    Role.REVIEWER: EVERYONE | {Right.SIGNAL, Right.DOWNLOAD},
    Role.OPERATOR: EVERYONE | {Right.SIGNAL, Right.DOWNLOAD, Right.CHANGE},
    Role.AUDITOR: EVERYONE | {Right.AUDIT_ALL, Right.AUDIT_EXPORT},
    Role.ADMINISTRATOR: RIGHTS,
}

ROLE_WORDS: dict[str, str] = {
    Role.REVIEWER: "Looks at everything, approves and sends back items, downloads.",
    Role.OPERATOR: "Everything a reviewer may, and creates, orders, renames, uploads, exports and deletes.",
    Role.AUDITOR: "Looks at everything and reads the whole audit; changes and downloads nothing but the audit.",
    Role.ADMINISTRATOR: "Everything, and adds people, gives roles, and watches the jobs.",
}

RIGHT_WORDS: dict[str, str] = {
    Right.LOOK: "look at this",
    Right.KEYS: "connect API keys",
    Right.SIGNAL: "review items and send signals",
    Right.DOWNLOAD: "download",
    Right.CHANGE: "create, order, rename, upload or delete",
    Right.AUDIT_OWN: "see your own audit entries",
    Right.AUDIT_ALL: "see the audit entries of others",
    Right.AUDIT_EXPORT: "export the audit",
    Right.PEOPLE: "manage people and roles",
    Right.JOBS: "see the jobs page",
}


def needs(right: str) -> Callable[[View], View]:
    """For the part of a page that asks more than its row in `access.py`; the refusal says whom to ask."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated or not request.user.may(right):
                raise PermissionDenied(f"You may not {RIGHT_WORDS[Right(right)]}.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate
