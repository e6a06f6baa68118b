"""Reading uploads and their rows: our own tables only."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Count, Sum
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.models import Person
from accounts.rights import Right
from console.files.models import Upload, UploadFile

State = UploadFile.State
PAGE = 100
MOST_RECENT = 20


@dataclass(frozen=True)
class Totals:
    """How many files of an upload are in each state, and how many bytes they have."""

    files: dict[str, int]
    bytes: dict[str, int]

    def count(self, *states: str) -> int:
        return sum(self.files.get(state, 0) for state in states)

    @property
    def all_files(self) -> int:
        return sum(self.files.values())

    @property
    def as_json(self) -> dict[str, Any]:
        """`files` and `bytes` of all, and of each state its name and its `Bytes`."""
        counts: dict[str, Any] = {"files": self.all_files, "bytes": sum(self.bytes.values())}
        for state in State.values:
            counts |= {state: self.files.get(state, 0), f"{state}Bytes": self.bytes.get(state, 0)}
        return counts


@dataclass(frozen=True)
class SavedUpload:
    """What is known of an upload outside of its own pages: how many of its files are saved, and how many are not."""

    id: uuid.UUID
    space: str
    space_name: str
    saved: int
    unsaved: int


@dataclass(frozen=True)
class SavedFile:
    """A file with its folder, and where it is, relative to its space."""

    id: uuid.UUID
    name: str
    content_type: str
    path: str


def find_upload(*, user: Person, upload_id: uuid.UUID) -> Upload:
    """Raises Http404 for another person's as well."""
    return get_object_or_404(Upload, pk=upload_id, person=user)


def count_files(upload: Upload) -> Totals:
    rows = list(upload.files.order_by().values_list("state").annotate(number=Count("pk"), size=Sum("size")))
    return Totals({state: number for state, number, _ in rows}, {state: size for state, _, size in rows})


def read_page(upload: Upload, state: str, page: int) -> list[UploadFile]:
    """So many rows of the ledger, in the order they were chosen; all states where `state` is ""."""
    rows = upload.files.filter(state=state) if state else upload.files.all()
    return list(rows.order_by("position")[(page - 1) * PAGE : page * PAGE])


def find_saved(*, user: Person, upload_id: uuid.UUID) -> SavedUpload:
    """The person's own upload, for apps that create something from its files. Raises Http404."""
    upload = find_upload(user=user, upload_id=upload_id)
    totals = count_files(upload)
    saved_count = totals.count(State.SAVED)
    return SavedUpload(
        upload.pk, upload.space, upload.space_name or upload.space, saved_count, totals.all_files - saved_count
    )


def is_any_in_uploads(paths: Iterable[str]) -> bool:
    """Whether some upload that was not deleted names one of these files of the store."""
    remaining = iter(paths)
    while some := list(islice(remaining, 500)):
        if UploadFile.objects.filter(path__in=some).exists():
            return True
    return False


def read_saved(upload_id: uuid.UUID) -> Iterator[SavedFile]:
    """Its saved files in the order they were chosen, a few hundred at a time."""
    rows = UploadFile.objects.filter(upload=upload_id, state=State.SAVED).order_by("position")
    for row in rows.iterator(chunk_size=500):
        name = f"{row.folder}/{row.name}" if row.folder else row.name
        yield SavedFile(row.pk, name, row.content_type, row.path)


def read_recent(*, user: Person, space: str) -> list[tuple[Upload, Totals, str]]:
    """The person's last uploads to the space, with their counts and the first file's name: three statements."""
    uploads = list(Upload.objects.filter(person=user, space=space).order_by("-created_at")[:MOST_RECENT])
    rows = UploadFile.objects.filter(upload__in=uploads).order_by().values_list("upload", "state")
    counts: dict[uuid.UUID, tuple[dict[str, int], dict[str, int]]] = {upload.pk: ({}, {}) for upload in uploads}
    for upload, state, count, size in rows.annotate(count=Count("pk"), sum=Sum("size")):
        counts[upload][0][state], counts[upload][1][state] = count, size
    firsts = dict(UploadFile.objects.filter(upload__in=uploads, position=1).values_list("upload", "name"))
    return [(upload, Totals(*counts[upload.pk]), firsts.get(upload.pk, "")) for upload in uploads]


def address_of_act(reader: Any, group: uuid.UUID) -> str:
    """The ledger of an upload, for the person whose it is."""
    is_own = reader.can(Right.CHANGE) and Upload.objects.filter(pk=group, person=reader).exists()
    return reverse("files:upload_detail", args=[group]) if is_own else ""
