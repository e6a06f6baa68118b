"""Drafts on the server: found, started, and changed one step at a time, so that two tabs lose nothing silently."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.http import Http404
from django.utils import timezone

from accounts.models import Person
from console.slices.builder import parts
from console.slices.builder.parts import DraftContents, RecipePart
from console.slices.models import Draft

MOST_LISTED = 20

# PostgreSQL takes no NUL, and half a surrogate pair cannot be encoded.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class PartGone(Exception):
    """The part was removed meanwhile, perhaps in another tab."""


class NotEditable(Exception):
    """The draft was sent already."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("The draft was sent already.")
        self.draft = draft


class TooManyParts(Exception):
    pass


@dataclass(frozen=True)
class FieldConflict:
    """One field that another tab changed to something else while this one was being typed."""

    name: str
    mine: str
    theirs: str


def storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def contents(draft: Draft) -> DraftContents:
    return parts.from_json(draft.data)


def find(user: Person, draft_id: uuid.UUID) -> Draft:
    """One's own draft. Another's does not exist."""
    draft = Draft.objects.filter(person=user, pk=draft_id).first()
    if draft is None:
        raise Http404("No such draft.")
    return draft


def unfinished(user: Person) -> Sequence[Draft]:
    """Own drafts that are not created yet, newest first, without untouched ones."""
    waiting = Draft.objects.filter(person=user).exclude(state=Draft.State.CREATED)
    return [draft for draft in waiting[: MOST_LISTED * 2] if not contents(draft).is_blank][:MOST_LISTED]


def editable(user: Person) -> Sequence[Draft]:
    """The unfinished ones that can be worked on: of what was sent, the audit tells."""
    return [draft for draft in unfinished(user) if draft.state == Draft.State.EDITING]


def last_worked_on(user: Person) -> Draft | None:
    """The draft to go on with. An untouched copy holds no work of theirs: who asks for a new slice does not mean
    it."""
    worked_on = Q(source="") | Q(changes__gt=0)
    return Draft.objects.filter(worked_on, person=user, state=Draft.State.EDITING).first()


def resume_or_start(user: Person) -> Draft:
    """The draft last worked on, else a new one; asking twice gives the same."""
    return last_worked_on(user) or Draft.objects.create(person=user, data=parts.to_json(DraftContents()))


def start(user: Person, contents: DraftContents | None = None, *, source: str = "") -> Draft:
    """A new draft; an untouched one with the same start is used again."""
    data = parts.to_json(contents or DraftContents())
    untouched = Draft.objects.filter(person=user, state=Draft.State.EDITING, changes=0, source=source)
    draft = untouched.first()
    if draft is None:
        return Draft.objects.create(person=user, data=data, source=source)
    draft.data = data
    draft.save(update_fields=["data", "updated_at"])
    return draft


def discard(user: Person, draft_id: uuid.UUID) -> bool:
    """Gone for good; what was sent stays, its story is not over."""
    count, _ = Draft.objects.filter(person=user, pk=draft_id, state=Draft.State.EDITING).delete()
    return bool(count)


def change(user: Person, draft_id: uuid.UUID, step: Callable[[DraftContents], DraftContents]) -> Draft:
    """Applies one change to what is stored now, not to what some tab once saw."""
    with transaction.atomic():
        draft = Draft.objects.select_for_update().filter(person=user, pk=draft_id).first()
        if draft is None:
            raise Http404("No such draft.")
        if draft.state != Draft.State.EDITING:
            raise NotEditable(draft)
        before = contents(draft)
        after = step(before)
        if after != before:
            draft.data = parts.to_json(after)
            draft.changes = F("changes") + 1
            draft.failure = None
            draft.save(update_fields=["data", "changes", "failure", "updated_at"])
            draft.refresh_from_db(fields=["changes"])
    return draft


def change_part(user: Person, draft_id: uuid.UUID, part_id: str, step: Callable[[RecipePart], RecipePart]) -> Draft:
    return change(user, draft_id, lambda now: now.changed(step(_part(now, part_id))))


def save_details(
    user: Person, draft_id: uuid.UUID, values: Mapping[str, str], base_values: Mapping[str, str], *, force: bool = False
) -> tuple[Draft, list[FieldConflict]]:
    """Keeps what was typed, field by field. `seen` is what the tab started from: a field that another tab changed
    meanwhile is not overwritten but reported."""
    clashes: list[FieldConflict] = []

    def step(now: DraftContents) -> DraftContents:
        changed = {}
        for name in (name for name in parts.DETAIL_NAMES if name in values):
            current, mine = getattr(now.details, name), storable(values[name])
            base = storable(base_values.get(name, current))
            if mine in (current, base):
                continue
            if force or current == base:
                changed[name] = mine
            else:
                clashes.append(FieldConflict(name, mine, current))
        return replace(now, details=replace(now.details, **changed))

    return change(user, draft_id, step), clashes


def add_part(user: Person, draft_id: uuid.UUID, part: RecipePart) -> Draft:
    def step(now: DraftContents) -> DraftContents:
        if len(now.parts) >= parts.MOST_PARTS:
            raise TooManyParts
        return now.with_part(part)

    return change(user, draft_id, step)


def move_part(user: Person, draft_id: uuid.UUID, part_id: str, step: int) -> Draft:
    return change(user, draft_id, lambda now: now.moved(_part(now, part_id).id, step))


def remove_part(user: Person, draft_id: uuid.UUID, part_id: str) -> Draft:
    return change(user, draft_id, lambda now: now.without(_part(now, part_id).id))


def restore_part(user: Person, draft_id: uuid.UUID) -> Draft:
    return change(user, draft_id, DraftContents.restored)


def claim(draft: Draft) -> None:
    """The press is under way: from now on the draft stands still until it is known how it ended."""
    Draft.objects.filter(pk=draft.pk, act_id=draft.act_id).update(state=Draft.State.SENT, updated_at=timezone.now())


def finish(draft: Draft, owner_name: str, slug: str) -> None:
    Draft.objects.filter(pk=draft.pk).update(
        state=Draft.State.CREATED, owner_name=owner_name, slug=slug, failure=None, updated_at=timezone.now()
    )


def reopen(draft: Draft, failure: Mapping[str, Any]) -> None:
    """Surely not done: a new one-time id, so that it can be sent again; only the first caller does this."""
    Draft.objects.filter(pk=draft.pk, act_id=draft.act_id).update(
        state=Draft.State.EDITING, act_id=uuid.uuid4(), failure=dict(failure), updated_at=timezone.now()
    )


def _part(now: DraftContents, part_id: str) -> RecipePart:
    part = now.part(part_id)
    if part is None:
        raise PartGone
    return part
