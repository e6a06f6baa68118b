"""Adding ground-truth labels to one work item (P17): checked first, sent once, and never read back."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.audit import record
from console.audit import signals as audit_signals
from console.audit.models import DONE, FAILED, Entry
from console.common.errors import ConsoleError
from console.duplicate_submissions import Submission, wait_for_result
from console.items.labels.label_input import LabelInput
from console.items.models import LabelInsert
from console.items.selectors import VENDOR
from console.projects import selectors as projects
from console.upstream.errors import Conflict, Invalid

ACTION = "item.labels"
KEEP_FOR = timedelta(days=180)
MOST_MESSAGE = 500
State = LabelInsert.State
# States of inserts whose labels CloudFactory has, or can have.
PERHAPS_THERE = (State.SENDING, State.SENT, State.UNKNOWN)
CHANGED = "The labels were changed in another tab. Check them again before you send them."
MEANWHILE = "Labels were sent to this work item in the meantime. Check them before you send yours."
STILL_UNKNOWN = (
    "The same labels were sent to this work item before, and whether they arrived is unknown. Check in "
    "CloudFactory and close that entry in the audit with a note; then these can be sent."
)
AGAIN = "The same labels were added to this work item before. Select the box to add them a second time."


class NotSendable(ConsoleError):
    """Nothing was sent, because something changed after the preview; `message` says what."""


def check_labels(
    *,
    user: Person,
    project: uuid.UUID,
    item: uuid.UUID,
    insert_id: uuid.UUID,
    label_input: LabelInput,
    text: str,
    picture: str,
) -> LabelInsert:
    """Keeps labels that were checked until they are sent; the same form again changes them, as long as they were not.

    Raises record.IdTaken where the id belongs to something else, or the labels under it were sent already.
    """
    values = {
        "typed": text,
        "picture": picture,
        "labels": label_input.text,
        "digest": _digest(label_input.text),
        "label_count": len(label_input.labels),
        "width": label_input.width,
        "height": label_input.height,
        "notes": list(label_input.notes),
    }
    place = {"person": user, "project": project, "item": item}
    if Entry.objects.filter(pk=insert_id).exists():
        raise record.IdTaken
    space = projects.space_of(user=user, project=project).id
    insert, is_new = LabelInsert.objects.get_or_create(pk=insert_id, defaults={**place, "space": space, **values})
    if is_new:
        return insert
    mine = LabelInsert.objects.filter(pk=insert_id, state=State.CHECKED, **place)
    if not mine.update(**values):
        raise record.IdTaken
    insert.refresh_from_db()
    return insert


def send_labels(
    *,
    user: Person,
    insert: LabelInsert,
    item_name: str,
    digest: str,
    earlier_count: int,
    is_again: bool,
    request: HttpRequest,
) -> None:
    """P17, once: a duplicate gets the result of the first, or its error.

    `digest` and `earlier_count` are what the person saw: which labels, and how many inserts before them. Raises
    NotSendable, record.NotRecorded and what the call does; whatever happened, the insert has it.
    """
    submission = Submission(user, ACTION, insert.pk, {"NotSendable": lambda: NotSendable(CHANGED)})
    if submission.was_done():
        return
    labels = json.loads(insert.labels or "[]")
    with transaction.atomic():
        _check_sendable(insert, digest, earlier_count, is_again=is_again)
        LabelInsert.objects.filter(pk=insert.pk).update(state=State.SENDING, sent_at=timezone.now())
    try:
        _call(user, insert, item_name, labels, request)
    except record.AlreadyActed as earlier:
        wait_for_result(earlier.entry)
    except record.NotRecorded:
        LabelInsert.objects.filter(pk=insert.pk, state=State.SENDING).update(state=State.CHECKED)
        raise
    except Exception as error:
        is_failed = isinstance(error, ConsoleError) and error.outcome == FAILED
        message = error.message if isinstance(error, ConsoleError) else ""
        _finish(insert.pk, State.FAILED if is_failed else State.UNKNOWN, message)
        raise
    else:
        _finish(insert.pk, State.SENT)


def copy_unsent(insert: LabelInsert) -> LabelInsert:
    """The labels of an insert that failed, under a new id with which they can be sent."""
    fields = ("person", "space", "project", "item", "typed", "picture", "labels", "digest", "label_count")
    more = ("width", "height", "notes")
    return LabelInsert.objects.create(**{name: getattr(insert, name) for name in (*fields, *more)})


def earlier_inserts(*, project: uuid.UUID, item: uuid.UUID) -> list[LabelInsert]:
    """Inserts to the item by any user whose labels CloudFactory has or can have, newest first."""
    inserts = LabelInsert.objects.filter(project=project, item=item, state__in=PERHAPS_THERE)
    # Its process was killed before the act was recorded, so nothing was sent.
    is_acted = Exists(Entry.objects.filter(pk=OuterRef("pk")))
    never_sent = Q(state=State.SENDING, sent_at__lt=timezone.now() - record.grace()) & ~is_acted
    return list(inserts.exclude(never_sent).defer("typed", "labels").select_related("person").order_by("-sent_at"))


def delete_old_inserts() -> None:
    """Deletes what is older than 180 days; the audit stays."""
    LabelInsert.objects.filter(created_at__lt=timezone.now() - KEEP_FOR).delete()


def register() -> None:
    audit_signals.outcome_known.connect(_follow, dispatch_uid="items.follow_labels")
    audit_signals.outcome_unknown.connect(_follow, dispatch_uid="items.follow_unknown_labels")


def _check_sendable(insert: LabelInsert, digest: str, earlier_count: int, *, is_again: bool) -> None:
    # Of two who send at once, in two tabs or as two people, the second sees the first. Until these count as sent, no
    # other tab changes them.
    of_item = LabelInsert.objects.select_for_update().filter(project=insert.project, item=insert.item)
    now = dict(of_item.order_by("pk").values_list("pk", "digest"))
    if now.get(insert.pk) != digest or insert.digest != digest:
        raise NotSendable(CHANGED)
    earlier = [one for one in earlier_inserts(project=insert.project, item=insert.item) if one.pk != insert.pk]
    if len(earlier) != earlier_count:
        raise NotSendable(MEANWHILE)
    equal = [one for one in earlier if one.digest == digest]
    if any(one.state != State.SENT for one in equal):
        raise NotSendable(STILL_UNKNOWN)
    if equal and not is_again:
        raise NotSendable(AGAIN)


def _call(user: Person, insert: LabelInsert, item_name: str, labels: list[Any], request: HttpRequest) -> None:
    with _act(user, insert, item_name, request) as act, _refusal_explained():
        connections.cloudfactory(user).insert_labels(
            str(insert.project), str(insert.item), labels, request_id=str(act.id)
        )


def _act(user: Person, insert: LabelInsert, item_name: str, request: HttpRequest) -> record.audited_call:
    return record.audited_call(
        actor=user,
        action=ACTION,
        thing_kind="item",
        thing_id=str(insert.item),
        thing_name=item_name,
        vendor=VENDOR,
        request=request,
        act_id=insert.pk,
        key=connections.key_fingerprint(user, VENDOR),
        detail={
            "project_id": str(insert.project),
            "space": insert.space,
            "labels": insert.label_count,
            "sha256": insert.digest,
        },
    )


@contextmanager
def _refusal_explained() -> Iterator[None]:
    """Adds the vendor's message for page and audit: only it says what is wrong with an object (FACTS 4, row 9)."""
    try:
        yield
    except (Conflict, Invalid) as refusal:
        if refusal.vendor_text:
            refusal.message = f"CloudFactory refused the labels: {refusal.vendor_text}"[:MOST_MESSAGE]
        elif isinstance(refusal, Conflict):
            refusal.message = "CloudFactory refused the labels, because of the item’s status."
        raise


def _follow(entry: Entry, **kwargs: Any) -> None:
    """Copies a result that a person, or the check after a crash, recorded for the insert."""
    if entry.action != ACTION:
        return
    states = {DONE: State.SENT, FAILED: State.FAILED}
    _finish(entry.pk, states.get(entry.outcome, State.UNKNOWN), str(entry.result.get("error") or ""))


def _finish(insert_id: uuid.UUID, state: State, message: str = "") -> None:
    """Saves the result; "unknown" never replaces a known one."""
    before = [State.SENDING] if state == State.UNKNOWN else [State.CHECKED, State.SENDING, State.UNKNOWN]
    emptied = {"typed": "", "labels": ""} if state == State.SENT else {}
    LabelInsert.objects.filter(pk=insert_id, state__in=before).update(
        state=state, message=message[:MOST_MESSAGE], **emptied
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
