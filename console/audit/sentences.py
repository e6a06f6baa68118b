"""An entry as a sentence: who did what to which thing, and how it ended."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.audit import actions, multi_item, phrases, registry
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry, GroupLine

VENDORS = {"avala": "Avala", "cloudfactory": "CloudFactory"}
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
STARTS = {DONE: "", OPEN: "started to ", FAILED: "tried to ", UNKNOWN: "tried to "}
ENDS = {
    DONE: "",
    OPEN: "",
    FAILED: ", but it failed",
    UNKNOWN: ", but {cause}, so we can't tell whether it worked",
}
# By what the wording of an act on many things is chosen, and what it names.
SIGNALED = ("signal", "outcome", "items", "batch", "project_name")
# What the first part of an act says of itself alone.
OF_ONE_PART = (
    "ids",
    "refusals",
    "sent_again",
    "error",
    "error_kind",
    "status",
    "found",
    "checks",
    "not_found",
    "cut_off",
    "cause",
)


@dataclass(frozen=True)
class SentencePiece:
    """A part of a sentence: a "person", a "thing" (with an address where it has a page) or plain "text"."""

    kind: str
    text: str
    address: str = ""


@dataclass(frozen=True)
class EntrySummary:
    """What the sentence is made of; an opening includes what its outcomes added."""

    entry: Entry
    outcome: str
    detail: Mapping[str, Any]
    thing_id: str
    thing_name: str
    has_page: bool = True
    """False for a thing that was deleted since."""

    @classmethod
    def alone(cls, entry: Entry) -> "EntrySummary":
        """Only what the row itself says, of an outcome with what was signaled, which only the opening says."""
        opening_detail = entry.opens.detail if entry.opens else {}
        signaled = {name: opening_detail[name] for name in SIGNALED if name in opening_detail}
        return cls(entry, entry.recorded_outcome, signaled | entry.detail, entry.thing_id, entry.thing_name)

    @classmethod
    def whole(cls, entry: Entry, outcome: str) -> "EntrySummary":
        detail = entry.result
        detail.pop("planned", None)
        if "items" in entry.detail and multi_item.has_figures(detail):
            outcomes = sorted(entry.outcomes.all(), key=lambda row: row.sequence)
            detail = multi_item.detail_of(multi_item.counts_of(entry, outcomes), detail)
        return cls(entry, outcome, detail, entry.result_id, entry.result_name)

    @classmethod
    def of_group(cls, first: Entry, group: GroupLine, outcome: str) -> "EntrySummary":
        """An act of several parts as one; `first` is the first of them."""
        left_out = OF_ONE_PART if group.parts > 1 else ()
        detail = {name: value for name, value in first.result.items() if name not in left_out}
        return cls(first, outcome, multi_item.detail_of(group, detail), first.thing_id, first.thing_name)

    @property
    def person(self) -> str:
        return actions.for_entry(self.entry.action, {}).author or self.entry.actor_name

    @property
    def worded_as(self) -> str:
        """The outcome that the sentence is about: of many things what was done comes first, and the rest in figures."""
        return DONE if "items" in self.entry.detail and multi_item.number(self.detail, "items_done") else self.outcome

    @property
    def why(self) -> str:
        """The error's sentence, where it did not go well."""
        reason = self.detail.get("error") or (self.detail.get("reason") if self.worded_as == FAILED else "")
        return str(reason or "") if self.worded_as != DONE else ""


def pieces(summary: EntrySummary) -> list[SentencePiece]:
    action = actions.for_entry(summary.entry.action, summary.detail)
    outcome = summary.worded_as
    wording, ending = action.past_tense_of(summary.detail), ENDS[outcome]
    if outcome == FAILED and action.refused:
        wording, ending = action.refused, ""
    elif outcome != DONE:
        wording = STARTS[outcome] + action.infinitive
    tail, ending = action.tail(summary.detail), ending.replace("{cause}", _cause(summary))
    because = f": {summary.why}" if summary.why and outcome != UNKNOWN and summary.why not in tail else ""
    parts = [
        SentencePiece("person", summary.person),
        *_fill_slots(f" {wording}", summary),
        SentencePiece("text", tail + ending + because),
    ]
    return [piece for piece in parts if piece.text]


def _cause(summary: EntrySummary) -> str:
    """Why the outcome is unknown. The entry's steps quote the answer."""
    if cause := summary.detail.get("cause"):
        return str(cause)
    if summary.detail.get("cut_off") or summary.entry.outcome == OPEN:
        return "the console stopped before an answer came"
    vendor = VENDORS.get(summary.entry.vendor)
    return f"{vendor} gave no clear answer" if vendor else "no clear answer came"


def plain(summary: EntrySummary) -> str:
    return "".join(piece.text for piece in pieces(summary))


def _fill_slots(wording: str, summary: EntrySummary) -> list[SentencePiece]:
    """The wording with its slots filled. Names go in last and whole, so that a brace in one is only a brace."""
    kind = summary.entry.thing_kind
    address = registry.address_of(kind, summary.thing_id, summary.detail) if summary.has_page else ""
    action = actions.for_entry(summary.entry.action, summary.detail)
    is_done = summary.worded_as == DONE
    wording = wording.replace("{many}", phrases.many_things(summary.detail, action.noun, is_done=is_done))
    thing = SentencePiece("thing", _name_of_thing(summary), address)
    vendor = VENDORS.get(summary.entry.vendor, summary.entry.vendor or "a vendor")
    wording = wording.replace("{vendor}", vendor)
    wording = wording.replace("{as_thing}", " as {thing}" if summary.thing_name else "")
    wording = wording.replace("{a_thing}", f"{_article(summary.thing_name)}{{thing}}")
    wording = wording.replace("{page}", actions.PAGES.get(summary.thing_id, "open the page {thing}"))
    start, slot, rest = wording.partition("{contents}")
    if slot:
        contents = action.contents(summary.detail)
        return [
            SentencePiece("text", start + contents + (" as " if contents else "")),
            thing,
            SentencePiece("text", rest),
        ]
    start, slot, rest = wording.partition("{thing}")
    return [SentencePiece("text", start), *([thing] if slot else []), SentencePiece("text", rest)]


def _name_of_thing(summary: EntrySummary) -> str:
    """The thing's name. An id in its place is nothing a person can read; it is in the entry's references.

    A file is called what its path is, even if that is an id.
    """
    is_id = summary.thing_name == summary.thing_id or UUID.fullmatch(summary.thing_name)
    if summary.thing_name and is_id and summary.entry.thing_kind != "file":
        return "(name unknown)"
    return summary.thing_name or "(no name)"


def _article(name: str) -> str:
    """What stands before a common noun: nothing where there are several."""
    if not name or name.endswith("s"):
        return ""
    return "an " if name[0].lower() in "aeiou" else "a "
