"""Uploading from the browser: links to send files to (P1), and what the browser reports of each file.

The bytes never pass the console. A link goes to the browser and nowhere else: not into a row, the log or the audit.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.audit import record
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry, GroupLine
from console.files import upload_origins
from console.files.failure_reasons import Reported, other_store
from console.files.ledger import IS_SENT
from console.files.models import Upload, UploadFile
from console.upstream.errors import UpstreamError
from console.upstream.storage_paths import PathRefused, path_in_space

State = UploadFile.State
ACTION, VENDOR = "file.upload", "cloudfactory"
MOST_LINKS = 10
MOST_PATH_BYTES = 1024
MOST_MESSAGE = 500
MOST_NAME = 200

NOT_HERE = "This file is not in this upload any more."
IS_SAVED = "Already saved."
IS_UNDER_WAY = "Being uploaded already, perhaps in another tab."
FEWER = "CloudFactory gave fewer links than asked for. The others wait."
ODD_LINKS = "CloudFactory gave links that can't be used."


class NoOrigins(Exception):
    """The setting UPLOAD_ORIGINS is empty."""


@dataclass(frozen=True)
class Link:
    """Where the browser sends one file to, or why it can't."""

    id: uuid.UUID
    state: str
    url: str = field(default="", repr=False)
    content_type: str = ""
    message: str = ""


@dataclass(frozen=True)
class Links:
    links: list[Link]
    message: str = ""


def hand_out_links(
    *, user: Person, upload: Upload, ids: Sequence[uuid.UUID], request: HttpRequest, again: bool = False
) -> Links:
    """A link for each file that waits or failed, ten at most; with `again` also for those on the way or unknown.

    Raises NoOrigins, record.NotRecorded and what P1 raises; then the files wait as before.
    """
    if not upload_origins.upload_origins():
        raise NoOrigins
    unique_ids = list(dict.fromkeys(ids))[:MOST_LINKS]
    claimed = _claim(upload, unique_ids, again)
    rows = {row.pk: row for row in claimed.rows}
    signed = _ask_for_links(user, upload, claimed, request) if rows else _SignedLinks({})
    return Links([_link(pk, rows, signed, claimed.refused) for pk in unique_ids], signed.message)


@dataclass(frozen=True)
class _ClaimedFiles:
    """Rows that are on the way from now on. `act_id` is their new act, None where each goes on under its own."""

    rows: list[UploadFile]
    act_id: uuid.UUID | None
    new: int = 0
    # How many of the act's files earlier acts have counted as not uploaded.
    again: int = 0
    refused: Mapping[uuid.UUID, UploadFile] = field(default_factory=dict)


def _claim(upload: Upload, ids: Collection[uuid.UUID], again: bool) -> _ClaimedFiles:
    """Of two tabs one gets the row. A file whose act has not ended stays with that act."""
    free = {State.WAITING, State.FAILED} | (set(IS_SENT) if again else set())
    with transaction.atomic():
        Upload.objects.select_for_update().get(pk=upload.pk)
        rows = list(upload.files.filter(pk__in=ids))
        mine = [row for row in rows if row.state in free]
        acts = _outcomes({row.act_id for row in mine if row.act_id})
        new = [row for row in mine if acts.get(row.act_id) not in (OPEN, UNKNOWN)]
        repeated = _counted_before(upload, sum(row.act_id in acts for row in new))
        act_id = uuid.uuid4() if new else None
        values: dict[str, Any] = {"state": State.SENDING, "path": "", "message": "", "updated_at": timezone.now()}
        _change(new, **values, act_id=act_id)
        _change([row for row in mine if row not in new], **values)
    refused = {row.pk: row for row in rows if row not in mine}
    return _ClaimedFiles(mine, act_id, len(new), repeated, refused)


def _change(rows: Collection[UploadFile], **values: Any) -> None:
    """The same of all: one plain statement, where `bulk_update` builds an expression for each value of each row."""
    for row in rows:
        vars(row).update(values)
    if rows:
        UploadFile.objects.filter(pk__in=[row.pk for row in rows]).update(**values)


def _outcomes(act_ids: Collection[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    """Of those acts that were recorded."""
    entries = Entry.objects.filter(pk__in=act_ids).prefetch_related("outcomes")
    return {entry.pk: entry.outcome for entry in entries}


def _counted_before(upload: Upload, count: int) -> int:
    """How many of so many files the audit counts as not uploaded."""
    line = GroupLine.objects.filter(pk=upload.pk).first() if count else None
    return min(count, line.items_failed) if line else 0


@dataclass(frozen=True)
class _SignedLinks:
    urls: Mapping[uuid.UUID, str] = field(repr=False)
    message: str = ""


def _ask_for_links(user: Person, upload: Upload, claimed: _ClaimedFiles, request: HttpRequest) -> _SignedLinks:
    try:
        if claimed.act_id is None:
            return _read_links(user, upload, claimed.rows)
        with _act(user, upload, claimed, request) as act:
            try:
                links = _read_links(user, upload, claimed.rows)
            except UpstreamError as error:
                # Whatever became of the call: without a link nothing was uploaded.
                act.failed(detail={"error": error.message, "items_refused": claimed.new})
                raise
            act.detach()
    except Exception:
        _put_back([row.pk for row in claimed.rows])
        # Of files that were on the way before, and wait now.
        end_acts({row.act_id for row in claimed.rows if row.act_id} - {claimed.act_id}, by=user)
        raise
    end_acts({row.act_id for row in claimed.rows if row.act_id and row.pk not in links.urls}, by=user)
    return links


def _act(user: Person, upload: Upload, claimed: _ClaimedFiles, request: HttpRequest) -> record.audited_call:
    about = _about(user, upload, [row for row in claimed.rows if row.act_id == claimed.act_id], again=claimed.again)
    return record.audited_call(act_id=claimed.act_id, request=request, **about)


def _about(user: Person, upload: Upload, rows: Sequence[UploadFile], *, again: int) -> dict[str, Any]:
    """`again` of the files were counted as not uploaded before. Their names outlive the ledger here."""
    size = sum(row.size for row in rows)
    names = [f"{row.folder}/{row.name}".strip("/")[-MOST_NAME:] for row in rows]
    return {
        "actor": user,
        "action": ACTION,
        "thing_kind": "space",
        "thing_id": upload.space,
        "thing_name": upload.space_name,
        "vendor": VENDOR,
        "key": connections.key_fingerprint(user, VENDOR),
        "group": upload.pk,
        "detail": {"items": len(rows), "files": names, "bytes": size, **({"items_again": again} if again else {})},
    }


def _read_links(user: Person, upload: Upload, rows: Sequence[UploadFile]) -> _SignedLinks:
    """P1. Rows that get no usable link wait again."""
    platform = connections.cloudfactory(user)
    offered = platform.upload_links(upload.space, count=len(rows))
    usable: dict[str, str] = {}
    for link in offered:
        path = _usable_path(upload.space, link.path)
        if path and path not in usable and upload_origins.is_for_upload(link.signed_url):
            usable[path] = link.signed_url
    urls: dict[uuid.UUID, str] = {}
    with transaction.atomic():
        # Links of one upload are asked for side by side: of two that got the same path only one keeps it.
        Upload.objects.select_for_update().get(pk=upload.pk)
        for path in _used_paths(upload.space, usable):
            usable.pop(path)
        for row, (path, url) in zip(rows, usable.items(), strict=False):
            row.path, urls[row.pk] = path, url
        UploadFile.objects.bulk_update([row for row in rows if row.pk in urls], ["path"])
    if len(urls) == len(rows):
        return _SignedLinks(urls)
    _put_back([row.pk for row in rows if row.pk not in urls])
    if len(usable) == len(offered):
        return _SignedLinks(urls, FEWER)
    strange = upload_origins.strange_origin(link.signed_url for link in offered)
    return _SignedLinks(urls, other_store(user, strange) if strange else ODD_LINKS)


def _usable_path(space: str, path: str) -> str:
    try:
        relative = path_in_space(space, path)
    except PathRefused:
        return ""
    return relative if len(relative.encode()) <= MOST_PATH_BYTES else ""


def _used_paths(space: str, paths: Collection[str]) -> set[str]:
    """Paths at which another file of the space is, or may be even if it failed: that one would be overwritten."""
    used = UploadFile.objects.filter(path__in=paths, upload__space=space)
    return set(used.values_list("path", flat=True))


def _put_back(ids: Collection[uuid.UUID]) -> None:
    waiting = UploadFile.objects.filter(pk__in=ids, state=State.SENDING)
    waiting.update(state=State.WAITING, path="", updated_at=timezone.now())


def _link(
    pk: uuid.UUID, rows: Mapping[uuid.UUID, UploadFile], links: _SignedLinks, refused: Mapping[uuid.UUID, UploadFile]
) -> Link:
    if url := links.urls.get(pk):
        return Link(pk, State.SENDING, url, rows[pk].content_type)
    if row := refused.get(pk):
        return Link(pk, row.state, message=IS_SAVED if row.state == State.SAVED else IS_UNDER_WAY)
    if pk in rows:
        return Link(pk, State.WAITING, message=links.message)
    return Link(pk, State.FAILED, message=NOT_HERE)


def end_acts(act_ids: Collection[uuid.UUID], *, by: Person | None) -> None:
    """Records how those acts ended of whose files none is on the way or unknown any more."""
    if not act_ids:
        return
    busy = set(UploadFile.objects.filter(act_id__in=act_ids, state__in=IS_SENT).values_list("act_id", flat=True))
    for entry in Entry.objects.filter(pk__in=set(act_ids) - busy).prefetch_related("outcomes"):
        if entry.outcome in (OPEN, UNKNOWN):
            _end(entry, by)


def _end(entry: Entry, by: Person | None) -> None:
    figures = figures_of(entry)
    try:
        record.reconcile(entry, DONE if figures["items_done"] else FAILED, {**figures, **_reason(entry)}, by=by)
    except record.AlreadyReconciled:
        return


def figures_of(entry: Entry) -> dict[str, int]:
    """How many files of the act are saved; those that are neither on the way nor unknown were not uploaded."""
    states = list(UploadFile.objects.filter(act_id=entry.pk).values_list("state", flat=True))
    saved_count, unknown = states.count(State.SAVED), sum(state in IS_SENT for state in states)
    items = entry.detail.get("items", 0)
    return {"items_done": saved_count, "items_refused": max(0, items - saved_count - unknown), "items_unknown": unknown}


def _reason(entry: Entry) -> dict[str, str]:
    """Why files of the act failed, where all of them failed for the same reason."""
    failed = UploadFile.objects.filter(act_id=entry.pk, state=State.FAILED).exclude(message="")
    messages = list(failed.order_by().values_list("message", flat=True).distinct()[:2])
    return {"error": messages[0]} if len(messages) == 1 else {}


# What a browser can say of a file in which state; saying it once more changes nothing.
_FROM = {
    State.SAVED: (State.WAITING, State.FAILED, *IS_SENT),
    State.UNKNOWN: IS_SENT,
    State.SENDING: IS_SENT,
    State.WAITING: (State.WAITING, State.FAILED, *IS_SENT),
    State.FAILED: (State.WAITING, State.FAILED, *IS_SENT),
}


def report(
    *, user: Person, upload: Upload, reported: Mapping[uuid.UUID, Reported], request: HttpRequest
) -> list[UploadFile]:
    """Writes down what the browser saw; "sending" only says that it is still at it. Returns the rows as they are."""
    now = timezone.now()
    with transaction.atomic():
        Upload.objects.select_for_update().get(pk=upload.pk)
        rows = list(upload.files.filter(pk__in=reported))
        changed = [row for row in rows if _can_be(row, reported[row.pk].state)]
        late = [row for row in changed if row.state not in IS_SENT and reported[row.pk].state == State.SAVED]
        for one in {reported[row.pk] for row in changed}:
            values = {"message": one.message[:MOST_MESSAGE], "updated_at": now}
            state = {} if one.state == State.SENDING else {"state": State(one.state)}
            _change([row for row in changed if reported[row.pk] == one], **values, **state)
        Upload.objects.filter(pk=upload.pk).update(updated_at=now)
        _record_late(user, upload, late, request)
    end_acts({row.act_id for row in changed if row.act_id}, by=user)
    return rows


def _record_late(user: Person, upload: Upload, rows: Sequence[UploadFile], request: HttpRequest) -> None:
    """Files that were saved after all, although their act has ended without them."""
    acts = _outcomes({row.act_id for row in rows if row.act_id})
    late = [row for row in rows if acts.get(row.act_id) in (DONE, FAILED)]
    if late:
        again = _counted_before(upload, len(late))
        record.event(request=request, **_about(user, upload, late, again=again))


def _can_be(row: UploadFile, state: str) -> bool:
    is_possible = row.state in _FROM.get(State(state), ())
    return is_possible and (state != State.SAVED or bool(row.path))
