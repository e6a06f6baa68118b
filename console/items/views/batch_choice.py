"""Choosing the batch of new work items: one of the project, or a new one that is created (P3)."""

import uuid
from typing import Any

from accounts.http_types import SignedIn
from console.batches import selectors as batches
from console.batches import services as batch_services
from console.common.parsing import INT64, read_int
from console.items.imports.batch_forms import NEW, BatchForm
from console.upstream.errors import Conflict, Invalid

WITHOUT_ID = "The batch was created, but CloudFactory didn’t say its number. Choose it in the list."


def read_names(request: SignedIn, project: uuid.UUID) -> dict[int, str]:
    read_batches = batches.read_batches if request.method == "POST" else batches.recent_batches
    return batches.names_of(read_batches(user=request.user, project=project))


def asked_batch(request: SignedIn) -> str:
    """The batch whose page led here."""
    batch = read_int(request.GET.get("batch"), INT64.start)
    return NEW if batch is None else str(batch)


def read_target(request: SignedIn, project: uuid.UUID, form: BatchForm) -> tuple[int, str] | None:
    """The id and name of the batch, created if requested; None if the form has errors."""
    cleaned = form.cleaned_data
    if cleaned["batch"] is not None:
        return cleaned["batch"], form.batches[cleaned["batch"]]
    try:
        created, name = batch_services.create_batch(
            user=request.user, project=project, name=cleaned["name"], act_id=cleaned["act_id"], request=request
        )
    except (Conflict, Invalid) as refusal:
        form.add_error("name", refusal.message)
        return None
    batch = read_int(created, INT64.start)
    if batch is None:
        names = batches.names_of(batches.read_batches(user=request.user, project=project))
        batch = next((one for one, other in names.items() if other == name), None)
        form.batches = names
    if batch is None:
        form.add_error("batch", WITHOUT_ID)
        return None
    return batch, name


def ids_sent(form: BatchForm) -> dict[str, Any]:
    """A refused name needs a new id of its act; the plan's stays."""
    import_id = form["import_id"].value()
    return {"import_id": import_id} if import_id and "import_id" not in form.errors else {}
