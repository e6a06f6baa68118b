"""The rows of an upload: adding chosen files, and what became of each."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.http import Http404
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.audit import record
from console.common.errors import ConsoleError
from console.common.formatting import moment
from console.files.browser_file import ChosenFile, NotChosen, read_chosen_file
from console.files.models import Upload, UploadFile

State = UploadFile.State
MOST_AT_ONCE = 500
MOST_FILES = 50_000
FULL = f"This upload has {MOST_FILES:,} files, the most there can be. Start another one."
SPACE_GONE = "You no longer work in the space of this page. Reload it to upload to another one."
IS_SENT = (State.SENDING, State.UNKNOWN)


class SpaceGone(ConsoleError):
    """The page named a space that is none of the person's any more: no file goes to another one instead."""

    message = SPACE_GONE


@dataclass(frozen=True)
class AddedFile:
    """What became of one chosen file: its row, or why there is none."""

    id: uuid.UUID | None
    state: str
    message: str


def add_files(
    *, user: Person, upload_id: uuid.UUID, files: Sequence[Any], space: str = ""
) -> tuple[Upload, list[AddedFile]]:
    """Adds what is not in the ledger yet, in the order of `files`; the first call creates the upload.

    A file that the person uploaded to this space before, unchanged, is there already. `space` is what the page showed;
    raises SpaceGone, and Http404 for another person's upload and the id of other acts.
    """
    upload = _own_or_new(user, upload_id, space)
    files_read = [_read_file(value) for value in files[:MOST_AT_ONCE]]
    with transaction.atomic():
        Upload.objects.select_for_update().get(pk=upload.pk)
        rows = _rows(upload, [file for file in files_read if isinstance(file, ChosenFile)])
        Upload.objects.filter(pk=upload.pk).update(updated_at=timezone.now())
    return upload, [_describe_added(file, rows) for file in files_read]


def _own_or_new(user: Person, upload_id: uuid.UUID, space: str) -> Upload:
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        current = connections.space(user, preferred=space)
        if space and current.id != space:
            raise SpaceGone
        if record.is_group(upload_id):
            raise Http404
        facts = {"person": user, "space": current.id, "space_name": current.name[:300]}
        upload, _ = Upload.objects.get_or_create(pk=upload_id, defaults=facts)
    if upload.person_id != user.pk:
        raise Http404
    return upload


def _read_file(value: Any) -> ChosenFile | NotChosen:
    try:
        return read_chosen_file(value)
    except NotChosen as error:
        return error


def _rows(upload: Upload, chosen_files: Sequence[ChosenFile]) -> dict[str, UploadFile]:
    """The row of each file by its digest, as far as the upload has room for them."""
    by_digest = {one.digest: one for one in chosen_files}
    rows = {row.digest: row for row in upload.files.filter(digest__in=by_digest)}
    new = [one for digest, one in by_digest.items() if digest not in rows]
    if not new:
        return rows
    _delete_older_versions(upload, new)
    earlier = _saved_before(upload, [one.digest for one in new])
    last = upload.files.aggregate(last=Max("position"))["last"] or 0
    room = max(0, MOST_FILES - upload.files.count())
    new_rows = [_new_row(upload, one, last + n, earlier.get(one.digest)) for n, one in enumerate(new[:room], 1)]
    UploadFile.objects.bulk_create(new_rows, batch_size=100)
    return rows | {row.digest: row for row in new_rows}


def _new_row(upload: Upload, one: ChosenFile, position: int, earlier: UploadFile | None) -> UploadFile:
    row = UploadFile(
        upload=upload,
        position=position,
        folder=one.folder,
        name=one.name,
        size=one.size,
        modified=one.modified,
        content_type=one.content_type,
        digest=one.digest,
    )
    if earlier is not None:
        row.state, row.path = State.SAVED, earlier.path
        row.message = f"Already there: uploaded {moment(earlier.updated_at)}."
    return row


def _saved_before(upload: Upload, digests: Sequence[str]) -> dict[str, UploadFile]:
    """Files of the person's other uploads to this space."""
    theirs = UploadFile.objects.filter(digest__in=digests, state=State.SAVED)
    mine = theirs.filter(upload__person=upload.person_id, upload__space=upload.space)
    return {row.digest: row for row in mine.order_by("updated_at")}


def _delete_older_versions(upload: Upload, new: Sequence[ChosenFile]) -> None:
    """A file that was changed and chosen again takes the place of its row that was not uploaded."""
    places = {(one.folder, one.name) for one in new}
    waiting = upload.files.filter(state__in=(State.WAITING, State.FAILED), name__in={one.name for one in new})
    older = [pk for pk, *place in waiting.values_list("pk", "folder", "name") if tuple(place) in places]
    UploadFile.objects.filter(pk__in=older).delete()


def _describe_added(file: ChosenFile | NotChosen, rows: dict[str, UploadFile]) -> AddedFile:
    if isinstance(file, NotChosen):
        return AddedFile(None, "", str(file))
    row = rows.get(file.digest)
    return AddedFile(row.pk, row.state, row.message) if row else AddedFile(None, "", FULL)
