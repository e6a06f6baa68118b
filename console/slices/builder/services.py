"""Creating a slice: one write, whatever is pressed how often; and what is known afterwards."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts import connections
from accounts.models import Person
from console.audit import record, unresolved
from console.audit.models import DONE, FAILED, OPEN, Entry
from console.audit.unresolved import Unresolved
from console.common.errors import ConsoleError
from console.common.parsing import read_int
from console.duplicate_submissions import wait_for_result
from console.slices import recipes
from console.slices.builder import drafts, lookups, parts, validation
from console.slices.builder.parts import DraftContents
from console.slices.builder.validation import Problems
from console.slices.models import Draft
from console.upstream.errors import Conflict, Forbidden, Invalid, KeyRejected, NotFound, UpstreamError
from console.upstream.response_models import Organization

SECOND = "Creating it again could make a second slice if the first one still appears."
NOT_DONE = "Avala has no such slice: it was not created. You can create it now."


REOPEN_LOOKS, REOPEN_PAUSE = 30, 0.1
"""Times and seconds: finding the datasets that are missing takes the first press a few calls."""


class Incomplete(Exception):
    """Refused by our own bounds: nothing was sent."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("The draft is not complete.")
        self.problems = problems


@dataclass(frozen=True)
class Standing:
    """Where a sent draft stands: `created`, `sending`, `unknown` or `editing` again."""

    state: str
    owner_name: str = ""
    slug: str = ""


def copy_recipe(user: Person, owner: str, slug: str) -> DraftContents:
    """A slice's recipe as the beginning of a new draft. The name stays free: the old one is taken."""
    original = connections.avala(user).get_slice(owner, slug)
    subs = original.sub_slices or original.source_data or ()
    sources = lookups.known_sources(user, recipes.dataset_uids(subs))
    sources_of_parts = [sources.get(sub.dataset_uid, parts.PartSource(sub.dataset_uid)) for sub in subs]
    copied = tuple(parts.from_sub_slice(sub, source) for sub, source in zip(subs, sources_of_parts, strict=True))
    visibility = original.visibility if original.visibility in ("private", "public") else "private"
    name = drafts.storable(original.name or "")
    return DraftContents(parts.Details(visibility=visibility), copied[: parts.MOST_PARTS], copied_from=name)


def create_slice(*, user: Person, draft: Draft, request: HttpRequest | None = None) -> Standing:
    """Sends the draft once. Raises Incomplete before anything is sent, and errors of the API after the draft is put
    right: surely not done gives it a new one-time id and keeps what was said for the page; unknown leaves it sent."""
    contents = drafts.contents(draft)
    if problems := validation.problems_of(contents):
        raise Incomplete(problems)
    try:
        organization = _organization(user, contents.details.organization)
        return _send(user, draft, contents, organization, request)
    except record.AlreadyActed:
        return first_result(user, draft, draft.act_id)
    except (UpstreamError, connections.ConnectionMissing, record.NotRecorded) as error:
        if error.outcome == "failed":
            drafts.reopen(draft, _failure(user, contents, error))
        raise


def first_result(user: Person, draft: Draft, act_id: uuid.UUID) -> Standing:
    """What the first submission under this id came to. Raises the error it got, once the draft shows it."""
    first = _presses(user).filter(pk=act_id).first()
    try:
        result = wait_for_result(first) if first else None
    except (UpstreamError, connections.ConnectionMissing) as error:
        if error.outcome == "failed":
            _wait_until_reopened(draft, act_id)
        raise
    return standing(draft, result)


def was_pressed(user: Person, act_id: uuid.UUID | None) -> bool:
    """Whether a press under this id was recorded as this person's."""
    return act_id is not None and _presses(user).filter(pk=act_id).exists()


def standing(draft: Draft, entry: Entry | None = None) -> Standing:
    """What became of the press, read from the audit; the draft is brought into line with it."""
    if draft.state == Draft.State.CREATED:
        return Standing("created", draft.owner_name, draft.slug)
    entry = entry or Entry.objects.filter(pk=draft.act_id).first()
    if entry is None:
        return Standing("editing")
    outcome = entry.outcome
    if outcome == DONE:
        owner_name, _, slug = entry.result_id.partition("/")
        drafts.finish(draft, owner_name, slug)
        return Standing("created", owner_name, slug)
    if outcome == FAILED:
        sources_of_parts = entry.result
        message = NOT_DONE if sources_of_parts.get("found") else sources_of_parts.get("error") or NOT_DONE
        drafts.reopen(draft, {"title": "The slice was not created.", "text": message})
        return Standing("editing")
    return Standing("sending" if outcome == OPEN and not _cut_off(entry) else "unknown")


def unresolved_act(draft: Draft) -> Unresolved | None:
    """The press of a sent draft; None for one that was never sent."""
    entry = Entry.objects.select_related("actor").filter(pk=draft.act_id).first()
    return unresolved.of_entry(entry, back=reverse("slices:draft", args=[draft.pk])) if entry else None


def send_again(draft: Draft) -> bool:
    """Opens a draft whose slice was not found in ten minutes of checks, for another press. False: not (any more) so."""
    act = unresolved_act(draft)
    if act is None or not act.state.can_send_again:
        return False
    drafts.reopen(draft, {"title": "Your first request hasn't shown up at Avala so far.", "text": SECOND})
    return True


def follow(entry: Entry) -> None:
    """A draft follows what the audit found out about its press."""
    if draft := Draft.objects.filter(act_id=entry.pk, state=Draft.State.SENT).first():
        standing(draft, entry)


def _send(
    user: Person, draft: Draft, contents: DraftContents, organization: Organization | None, request: HttpRequest | None
) -> Standing:
    details = contents.details
    name, count = details.name.strip(), validation.random_count(details.random_count)
    with record.audited_call(
        actor=user,
        action="slice.create",
        thing_kind="slice",
        thing_name=name,
        vendor="avala",
        request=request,
        act_id=draft.act_id,
        detail=_detail(user, contents, count),
        key=connections.key_fingerprint(user, "avala"),
    ) as act:
        drafts.claim(draft)
        created = connections.avala(user).create_slice(
            name=name,
            visibility=details.visibility,
            sub_slices=contents.sub_slices(),
            organization=organization,
            random_selection_count=count,
            request_id=str(act.id),
        )
        owner_name, slug = replace(created, owner_name=created.owner_name or connections.owner(user)).address or (
            "",
            "",
        )
        thing_id = f"{owner_name}/{slug}" if slug else ""
        act.done(thing_id=thing_id, thing_name=created.name or name, detail={"uid": created.uid})
    drafts.finish(draft, owner_name, slug)
    return Standing("created", owner_name, slug)


def _detail(user: Person, contents: DraftContents, count: int | None) -> dict[str, Any]:
    owners = connections.owners(user)
    return {
        "recipe": recipes.sentence(contents.sub_slices(), contents.names(), count).text,
        "random": count,
        "visibility": contents.details.visibility,
        "organization": contents.details.organization,
        "owner": owners[0] if len(owners) == 1 else "",
    }


def _organization(user: Person, slug: str) -> Organization | None:
    """The object as the API gave it (FACTS 4, row 19), looked up by what the page showed."""
    if not slug:
        return None
    organization = next((one for one in lookups.organizations(user) if one.slug == slug), None)
    if organization is None:
        problems = Problems()
        problems.on_field("organization", "You are in no organization of this name. Choose one, or leave it out.")
        raise Incomplete(problems)
    return organization


def _presses(user: Person) -> QuerySet[Entry]:
    return Entry.objects.filter(actor=user, action="slice.create", kind=Entry.Kind.OPENING)


def _wait_until_reopened(draft: Draft, act_id: uuid.UUID) -> None:
    """The first press puts its failure on the draft once that is recorded, unless its process died in between."""
    for _ in range(REOPEN_LOOKS):
        if not Draft.objects.filter(pk=draft.pk, act_id=act_id).exists():
            return
        time.sleep(REOPEN_PAUSE)
    standing(draft)


def _cut_off(entry: Entry) -> bool:
    return record.open_or_unknown("slice.create").filter(pk=entry.pk).exists()


# What the API said, put where it belongs


def _failure(user: Person, contents: DraftContents, error: ConsoleError) -> dict[str, Any]:
    """Sentences for the page, by field and by part."""
    problems = Problems()
    if isinstance(error, Invalid):
        _place(problems, contents, error.fields)
    elif isinstance(error, Conflict):
        problems.on_field("name", error.vendor_text or _conflict(user, contents.details.name.strip(), error))
    elif isinstance(error, NotFound):
        for part in lookups.missing_datasets(user, contents.parts):
            problems.on_part(part.id, "Avala does not know this dataset, or your key may not see it.")
    return {
        "title": "The slice was not created. Nothing was changed.",
        "text": _sentence(error, problems),
        "reference": error.reference or "",
        "keys": isinstance(error, KeyRejected | Forbidden | connections.ConnectionMissing),
        "fields": problems.fields,
        "parts": problems.parts,
    }


def _conflict(user: Person, name: str, error: Conflict) -> str:
    """What stands in the way, where Avala does not say: the name only if Avala calls it taken when asked."""
    try:
        is_free = connections.avala(user).validate_slice_name(name).is_valid
    except UpstreamError:
        is_free = None
    return "A slice of this name exists already." if is_free is False else error.message


def _place(problems: Problems, contents: DraftContents, fields: Mapping[str, list[str]]) -> None:
    """`sub_slices.0.dataset_uid` belongs to the first part; what has no place here is said above the form."""
    names = {"random_selection_count": "random_count"}
    for path, messages in fields.items():
        first, *rest = path.split(".")
        name = names.get(first, first)
        for message in messages:
            index = read_int(rest[0], 0, len(contents.parts) - 1) if first == "sub_slices" and rest else None
            if index is not None:
                problems.on_part(contents.parts[index].id, message)
            elif name in ("name", "visibility", "organization", "random_count"):
                problems.on_field(name, message)
            else:
                problems.whole.append(message)


def _sentence(error: ConsoleError, problems: Problems) -> str:
    if isinstance(error, Forbidden):
        message = f" Avala: {error.vendor_text}" if error.vendor_text else ""
        return f"This key cannot create slices, or cannot use one of these datasets.{message}"
    if problems.whole:
        return " ".join(problems.whole)
    if problems:
        return "Avala refused it; what to mend stands beside the field or part."
    return error.message or "Avala refused it."
