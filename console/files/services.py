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
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN
from console.files import upload_origins
from console.files.failure_reasons import Reported, other_store
from console.files.ledger import IS_SENT
from console.files.models import Upload, UploadFile
from console.files.upload_acts import count_earlier_failures, describe_act, end_acts, read_outcomes
from console.upstream.errors import UpstreamError
from console.upstream.storage_paths import PathRefused, path_in_space

State = UploadFile.State
MOST_LINKS = 10
MOST_PATH_BYTES = 1024
MOST_MESSAGE = 500

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
        acts = read_outcomes({row.act_id for row in mine if row.act_id})
        new = [row for row in mine if acts.get(row.act_id) not in (OPEN, UNKNOWN)]
        repeated = count_earlier_failures(upload, sum(row.act_id in acts for row in new))
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
    about = describe_act(
        user, upload, [row for row in claimed.rows if row.act_id == claimed.act_id], again=claimed.again
    )
    return record.audited_call(act_id=claimed.act_id, request=request, **about)


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
    acts = read_outcomes({row.act_id for row in rows if row.act_id})
    late = [row for row in rows if acts.get(row.act_id) in (DONE, FAILED)]
    if late:
        again = count_earlier_failures(upload, len(late))
        record.event(request=request, **describe_act(user, upload, late, again=again))


def _can_be(row: UploadFile, state: str) -> bool:
    is_possible = row.state in _FROM.get(State(state), ())
    return is_possible and (state != State.SAVED or bool(row.path))
