"""Creating and changing batches."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest

from accounts import connections
from accounts.models import Person
from console.audit import record
from console.batches import selectors
from console.duplicate_submissions import Submission, wait_for_result
from console.upstream.errors import Conflict, Invalid, UpstreamError

VENDOR = "cloudfactory"
NAME_TAKEN = "This project already has a batch with this name."


class MetadataChanged(Exception):
    """Somebody changed the same line of a batch's metadata since the page was opened."""

    def __init__(self, keys: Sequence[str], now: Mapping[str, Any]) -> None:
        super().__init__("Changed meanwhile")
        self.keys, self.now = list(keys), dict(now)


def create_batch(
    *, user: Person, project: uuid.UUID, name: str, act_id: uuid.UUID, request: HttpRequest | None = None
) -> tuple[str, str]:
    """Returns the new batch's id ("" where the answer has none) and name. A duplicate gets the first result."""
    about: dict[str, Any] = {"thing_id": "", "thing_name": name, "detail": {}}
    try:
        with (
            _act(user, "batch.create", project, act_id, request, **about) as act,
            _refused_at_the_name(user, project, name),
        ):
            batch = connections.cloudfactory(user).create_batch(str(project), name=name, request_id=str(act.id))
            act.done(thing_id=str(batch.id or ""), detail={"created_by": batch.created_by})
    except record.AlreadyActed as duplicate:
        first = wait_for_result(duplicate.entry)
        return first.result_id, first.thing_name
    selectors.forget(project=project)
    return str(batch.id or ""), name


def rename_batch(
    *, user: Person, project: uuid.UUID, batch_id: int, name: str, act_id: uuid.UUID, request: HttpRequest | None = None
) -> None:
    """Sends the name alone. An unchanged one is not sent and not recorded. A duplicate gets the first result."""
    submission = Submission(user, "batch.rename", act_id)
    if submission.was_done():
        return
    batch = selectors.get_batch(user=user, project=project, batch_id=batch_id)
    # The first submission can have given it this name.
    if submission.was_done() or name == batch.name:
        return
    # Until it is done, the audit calls the batch by the name it has now.
    about: dict[str, Any] = {"thing_id": batch.id, "thing_name": batch.name or f"Batch {batch.id}"}
    about["detail"] = {"before": batch.name, "after": name}
    try:
        with (
            _act(user, "batch.rename", project, act_id, request, **about) as act,
            _refused_at_the_name(user, project, name),
        ):
            connections.cloudfactory(user).update_batch(str(project), batch.id, name=name, request_id=str(act.id))
    except record.AlreadyActed as duplicate:
        wait_for_result(duplicate.entry)
    selectors.forget(project=project)


def change_metadata(
    *,
    user: Person,
    project: uuid.UUID,
    batch_id: int,
    base: Mapping[str, Any],
    metadata: Mapping[str, Any],
    act_id: uuid.UUID,
    request: HttpRequest | None = None,
) -> bool:
    """Applies what differs from `base` to the metadata as it is now, and sends that. False: nothing differed.

    Whether the vendor replaces or merges is not documented, so the whole object is sent, read just before. A
    duplicate gets the first result.
    """
    removed = [key for key in base if key not in metadata]
    changed = {key: value for key, value in metadata.items() if key not in base or not is_same_json(base[key], value)}
    if not removed and not changed:
        return False
    submission = Submission(user, "batch.metadata", act_id)
    if submission.was_done():
        return True
    batch = selectors.get_batch(user=user, project=project, batch_id=batch_id)
    if clashes := [key for key in [*removed, *changed] if _clashes(key, base, batch.metadata, changed)]:
        # The first submission can have made these changes.
        if submission.was_done():
            return True
        raise MetadataChanged(clashes, batch.metadata)
    fresh = {key: value for key, value in batch.metadata.items() if key not in removed} | changed
    detail = {"before": batch.metadata, "after": fresh, "summary": _summarize(base, removed, changed)}
    about = {"thing_id": batch.id, "thing_name": batch.name or "", "detail": detail}
    try:
        with _act(user, "batch.metadata", project, act_id, request, **about) as act:
            connections.cloudfactory(user).update_batch(str(project), batch_id, metadata=fresh, request_id=str(act.id))
    except record.AlreadyActed as duplicate:
        wait_for_result(duplicate.entry)
    selectors.forget(project=project)
    return True


def is_same_json(one: Any, other: Any) -> bool:
    """Equal as JSON: `true` is not 1, unlike in Python."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same_json(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(is_same_json(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def _act(
    user: Person, action: str, project: uuid.UUID, act_id: uuid.UUID, request: HttpRequest | None, **about: Any
) -> record.audited_call:
    detail = {"project_id": str(project), **about["detail"]}
    return record.audited_call(
        actor=user,
        action=action,
        thing_kind="batch",
        thing_id=str(about["thing_id"]),
        thing_name=about["thing_name"],
        vendor=VENDOR,
        request=request,
        act_id=act_id,
        key=connections.key_fingerprint(user, VENDOR),
        detail=detail,
    )


@contextmanager
def _refused_at_the_name(user: Person, project: uuid.UUID, name: str) -> Iterator[None]:
    """Page and audit say what is wrong with the name, as far as CloudFactory says it."""
    try:
        yield
    except Conflict as refusal:
        if _is_taken(user, project, name):
            refusal.message = NAME_TAKEN
        elif refusal.vendor_text:
            refusal.message = f"CloudFactory refused this: {refusal.vendor_text}"
        raise
    except Invalid as refusal:
        refusal.message = " ".join(refusal.fields.get("name", [])) or refusal.message
        raise


def _is_taken(user: Person, project: uuid.UUID, name: str) -> bool:
    """Whether a batch of this name is in the list as it is now; False where it cannot be read."""
    try:
        return any(batch.name == name for batch in selectors.read_batches(user=user, project=project))
    except UpstreamError:
        return False


def _clashes(key: str, base: Mapping[str, Any], now: Mapping[str, Any], changed: Mapping[str, Any]) -> bool:
    """Whether somebody changed this line, and to another value than this person."""
    is_unchanged = (key in now) == (key in base) and (key not in base or is_same_json(now[key], base[key]))
    is_same = key in changed and key in now and is_same_json(now[key], changed[key])
    return not is_unchanged and not is_same


def _summarize(base: Mapping[str, Any], removed: Sequence[str], changed: Mapping[str, Any]) -> str:
    new = [key for key in changed if key not in base]
    other = [key for key in changed if key in base]
    parts = (("added", new), ("changed", other), ("removed", removed))
    return "; ".join(f"{verb} {', '.join(keys)}" for verb, keys in parts if keys)
