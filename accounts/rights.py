"""What people may do, as a table of roles. Which page needs which right is in `access.py`."""

from enum import StrEnum

from django.db import models


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
    Role.REVIEWER: "Views everything, approves work items or sends them back, and downloads exports and labels.",
    Role.OPERATOR: (
        "Everything a reviewer can do, and builds slices, creates and orders batches, uploads files, creates work "
        "items, starts and deletes exports."
    ),
    Role.AUDITOR: "Views everything and reads the whole audit. Changes nothing, and downloads nothing but the audit.",
    Role.ADMINISTRATOR: "Everything, and adds people, assigns roles and watches background jobs.",
}
