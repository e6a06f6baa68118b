"""Which uploaded files are in the store where the browser didn't say: of their size, at their path (P2 and a HEAD)."""

import uuid
from collections.abc import Mapping, Sequence
from functools import partial

from django.conf import settings
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.files.failure_reasons import Reported
from console.files.ledger import IS_SENT
from console.files.models import Upload, UploadFile
from console.files.upload_acts import end_acts
from console.upstream.downloads import Measured
from console.upstream.errors import NotFound, UpstreamError

State = UploadFile.State
NOT_STORED = "Not in the file store, so it is sent again."
ONLY_A_PART = "Only a part of it is in the file store, so it is sent again."
TOO_MUCH = "The file store has more bytes than it, so it is sent again."
NOT_SAID = "The file store doesn't say whether it is there."


def check(*, user: Person, upload: Upload, row: UploadFile) -> UploadFile:
    """Looks up a file whose answer was lost (P2, then its size), and writes down what that shows.

    What is not there just after it was sent can still arrive, so the row then stays as it is. Raises what P2 raises.
    """
    if row.state not in IS_SENT:
        return row
    findings = look_up(user, upload.space, [row])
    age = (timezone.now() - row.updated_at).total_seconds()
    if findings[row.pk].state == State.WAITING and row.path and age < settings.UPLOAD_ARRIVES_WITHIN:
        return row
    save_findings([row], findings)
    end_acts({row.act_id} if row.act_id else (), by=user)
    row.refresh_from_db()
    return row


def look_up(user: Person, space: str, rows: Sequence[UploadFile]) -> dict[uuid.UUID, Reported]:
    """What the file store has of each, at this moment."""
    findings = {row.pk: Reported(State.WAITING, NOT_STORED) for row in rows if not row.path}
    placed_rows = [row for row in rows if row.path]
    if not placed_rows:
        return findings
    signed_links = connections.cloudfactory(user).download_links(space, [row.path for row in placed_rows])
    links = {link.path: link.signed_url for link in signed_links}
    storage = connections.storage()
    linked_rows = [row for row in placed_rows if row.path in links]
    sizes = connections.gather([partial(storage.measure, links[row.path]) for row in linked_rows])
    for row, measured in zip(linked_rows, sizes, strict=True):
        findings[row.pk] = _judge(row, measured)
    return {row.pk: findings.get(row.pk, Reported(State.UNKNOWN, NOT_SAID)) for row in rows}


def save_findings(rows: Sequence[UploadFile], findings: Mapping[uuid.UUID, Reported]) -> None:
    """Of rows that are still on the way or unknown, and not sent to another path since they were looked up."""
    now = timezone.now()
    for row in rows:
        if one := findings.get(row.pk):
            same = UploadFile.objects.filter(pk=row.pk, path=row.path, state__in=IS_SENT)
            same.update(state=one.state, message=one.message, updated_at=now)


def _judge(row: UploadFile, measured: Measured | UpstreamError) -> Reported:
    if isinstance(measured, NotFound):
        return Reported(State.WAITING, NOT_STORED)
    if isinstance(measured, UpstreamError) or measured.total is None:
        return Reported(State.UNKNOWN, NOT_SAID)
    if measured.total == row.size:
        return Reported(State.SAVED)
    return Reported(State.WAITING, ONLY_A_PART if measured.total < row.size else TOO_MUCH)
