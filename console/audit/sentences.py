"""An entry as a sentence: who did what to which thing, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.audit import actions, links
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry

VENDORS = {"avala": "Avala", "cloudfactory": "CloudFactory"}
STARTS = {DONE: "", OPEN: "began to ", FAILED: "tried to ", UNKNOWN: "tried to "}
ENDS = {
    DONE: "",
    OPEN: "",
    FAILED: ", but it was not done",
    UNKNOWN: ", but {cause}, so we can't tell whether it worked",
}
# Whoever is refused at the door has only said a name; that it is theirs is not known.
UNNAMED = {"session.refused": "Someone"}

# Pages that some roles do not include, by the names of their views; of the others the address is told.
PAGES = {
    "accounts:invite": "People",
    "accounts:people": "People",
    "accounts:person": "People",
    "audit:check": "Check of the audit",
    "audit:export": "Audit as a sheet",
    "audit:handover_csv": "Handover note as a sheet",
    "batches:create": "New batch",
    "batches:metadata": "Metadata of a batch",
    "batches:rename": "Name of a batch",
    "batches:restore": "Order of batches",
    "batches:undo": "Order of batches",
    "exports:create": "New export",
    "exports:delete": "Deleting an export",
    "exports:download": "Download of an export",
    "jobs:index": "Jobs",
    "slices:create": "New slice",
    "slices:draft": "New slice",
}


@dataclass(frozen=True)
class Piece:
    """A part of a sentence: a "person", a "thing" (with an address where it has a page) or plain "text"."""

    kind: str
    text: str
    address: str = ""


@dataclass(frozen=True)
class Telling:
    """What the sentence is made of; an opening is told with what its outcomes added."""

    entry: Entry
    outcome: str
    detail: Mapping[str, Any]
    thing_id: str
    thing_name: str

    @classmethod
    def alone(cls, entry: Entry) -> "Telling":
        """Only what the row itself says, without asking the database."""
        return cls(entry, entry.recorded_outcome, entry.detail, entry.thing_id, entry.thing_name)

    @classmethod
    def whole(cls, entry: Entry, outcome: str) -> "Telling":
        return cls(entry, outcome, entry.result, entry.result_id, entry.result_name)

    @property
    def person(self) -> str:
        return UNNAMED.get(self.entry.action) or self.entry.actor_name

    @property
    def why(self) -> str:
        """The error's sentence, where it did not go well."""
        said = self.detail.get("error") or (self.detail.get("reason") if self.outcome == FAILED else "")
        return str(said or "") if self.outcome != DONE else ""


def pieces(told: Telling) -> list[Piece]:
    action = actions.known(told.entry.action)
    wording, ending = action.done, ENDS[told.outcome]
    if told.outcome == FAILED and action.refused:
        wording, ending = action.refused, ""
    elif told.outcome != DONE:
        wording = STARTS[told.outcome] + action.tried
    because = f": {told.why}" if told.why and told.outcome != UNKNOWN else ""
    ending = ending.replace("{cause}", _cause(told))
    said = [
        Piece("person", told.person),
        *_filled(f" {wording}", told),
        Piece("text", action.tail(told.detail) + ending + because),
    ]
    return [piece for piece in said if piece.text]


def _cause(told: Telling) -> str:
    """Why the outcome is unknown. The entry's steps quote the answer."""
    if told.detail.get("cut_off") or told.entry.outcome == OPEN:
        return "the console stopped before an answer came"
    vendor = VENDORS.get(told.entry.vendor)
    return f"{vendor} gave no clear answer" if vendor else "no clear answer came"


def plain(told: Telling) -> str:
    return "".join(piece.text for piece in pieces(told))


def _filled(wording: str, told: Telling) -> list[Piece]:
    """The wording with its slots filled. Names go in last and whole, so that a brace in one is only a brace."""
    address = links.address_of(told.entry.thing_kind, told.thing_id, told.detail)
    thing = Piece("thing", _called(told), address)
    vendor = VENDORS.get(told.entry.vendor, told.entry.vendor or "a vendor")
    wording = wording.replace("{vendor}", vendor)
    wording = wording.replace("{as_thing}", " as {thing}" if told.thing_name else "")
    start, slot, rest = wording.partition("{contents}")
    if slot:
        contents = _contents(told.detail)
        return [Piece("text", start + contents + (" as " if contents else "")), thing, Piece("text", rest)]
    start, slot, rest = wording.partition("{thing}")
    return [Piece("text", start), *([thing] if slot else []), Piece("text", rest)]


def _called(told: Telling) -> str:
    page = PAGES.get(told.thing_id) if told.entry.thing_kind == "page" else None
    return page or told.thing_name or told.thing_id or "(no name)"


def _contents(detail: Mapping[str, Any]) -> str:
    """What an export holds: "3 batches of Dashcam Q3", or nothing where nothing is known."""
    batches, projects = _names(detail.get("batches")), _names(detail.get("projects"))
    of = _listed(projects, "project") if projects else ""
    if batches:
        some = f"the batch {batches[0]}" if len(batches) == 1 else f"{len(batches)} batches"
        return f"{some} of {of}" if of else some
    return f"all of {of}" if of else ""


def _names(value: Any) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []


def _listed(names: list[str], one: str) -> str:
    if len(names) > 3:
        return f"{len(names)} {one}s"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
