"""Plans of new work items from the saved files of an upload."""

import uuid
from collections.abc import Iterator
from typing import Any

from accounts.models import Person
from console.common.formatting import plural
from console.files.selectors import SavedFile, SavedUpload, read_saved
from console.items import console_ids
from console.items.imports.services import FORM_TAKEN, NewRow, NotStarted, create_import
from console.items.models import Import

NAMESPACE = uuid.UUID("6a1a2a7e-3c0e-4f5b-9a57-7b1c9f0d2e41")
NOTHING_SAVED = "No file of this upload is saved yet, so there is nothing to create work items from."
WRONG_KIND = "It is neither an image nor a video."
SAME_FILE = "It is the same stored file as “{name}” above."
FOLLOWS = "{files} of this upload {are} not saved, so {they} not part of this plan."


def create_plan(
    *, user: Person, project: uuid.UUID, import_id: uuid.UUID, upload: SavedUpload, batch_id: int, batch_name: str
) -> Import:
    """A plan for the saved files in this batch. What an earlier import has created there is left out.

    A duplicate finds the first plan. Raises NotStarted.
    """
    if not upload.saved:
        raise NotStarted(NOTHING_SAVED)
    import_run = create_import(
        user=user,
        project=project,
        import_id=import_id,
        source=Import.Source.FILES,
        source_name=upload.space_name,
        source_key=str(upload.id),
        rows=_rows(upload, project, batch_id),
        batch_id=batch_id,
        batch_name=batch_name,
        plan=_plan(upload.unsaved),
        space=upload.space,
    )
    if (import_run.source_key, import_run.batch_id) != (str(upload.id), batch_id):
        raise NotStarted(FORM_TAKEN)
    return import_run


def console_id_of(file: SavedFile, project: uuid.UUID, batch_id: int) -> uuid.UUID:
    """The same for the same stored file in the same batch, so that its item is created once.

    Its path is what counts: a file that was there already is a row of each upload it was chosen for.
    """
    return uuid.uuid5(NAMESPACE, f"{project}/{batch_id}/{file.path}")


def _rows(upload: SavedUpload, project: uuid.UUID, batch_id: int) -> Iterator[NewRow]:
    first: dict[str, str] = {}
    for number, file in enumerate(read_saved(upload.id), start=1):
        kind = file.content_type.partition("/")[0]
        problem = "" if kind in ("image", "video") else WRONG_KIND
        if file.path in first:
            problem = SAME_FILE.format(name=first[file.path])
        first.setdefault(file.path, file.name)
        yield NewRow(
            number,
            file.name,
            {"asset_type": kind, "asset_url": file.path, "metadata": {console_ids.FILE: file.name}},
            batch_id,
            console_id_of(file, project, batch_id),
            errors=[["", problem]] if problem else (),
        )


def _plan(unsaved: int) -> dict[str, Any]:
    if not unsaved:
        return {}
    are, they = ("is", "it is") if unsaved == 1 else ("are", "they are")
    return {"notes": [FOLLOWS.format(files=plural(unsaved, "file"), are=are, they=they)]}
