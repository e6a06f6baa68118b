"""An entry as a sentence: who did what to which thing, and how it ended."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.audit import actions, multi_item, registry
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry, GroupLine
from console.common.formatting import moment, plural

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
# Whoever is refused at the door has only said a name; that it is theirs is not known.
UNNAMED = {"session.refused": "Someone"}

# What a page that some roles may not use is for, by the name of its view; others are named by their address.
PAGES = {
    "accounts:invite": "invite a person",
    "accounts:people": "open the list of people",
    "accounts:person": "open a person's page",
    "audit:check": "verify the audit",
    "audit:stop_check": "verify the audit",
    "audit:export": "export the audit as CSV",
    "audit:handover_csv": "export a handover note as CSV",
    "batches:check": "check a change to the order of batches",
    "batches:create": "create a batch",
    "batches:metadata": "change the metadata of a batch",
    "batches:order": "change the order of batches",
    "batches:rename": "rename a batch",
    "batches:restore": "restore an earlier order of batches",
    "batches:restore_before": "restore an earlier order of batches",
    "batches:undo": "undo a change to the order of batches",
    "exports:batches": "create an export",
    "exports:contents": "create an export",
    "exports:create": "create an export",
    "exports:delete": "delete an export",
    "exports:download": "download an export",
    "exports:leave": "remove an export from the queue",
    "exports:plan": "open an export that is not started",
    "home:review": "list the items that wait for review",
    "home:unfinished": "list the slices that are not finished",
    "items:approve": "approve a work item",
    **dict.fromkeys(
        (
            "items:select",
            *(
                f"items:bulk_{step}"
                for step in ("create", "read_again", "send", "stop", "carry_on", "retry", "undo", "select")
            ),
        ),
        "send a signal to many work items",
    ),
    "items:create": "create a work item",
    **dict.fromkeys(
        (
            "items:import",
            "items:import_template",
            "items:from_files",
            "files:projects",
            *(f"items:import_{step}" for step in ("read_again", "start", "stop", "carry_on", "retry")),
        ),
        "create many work items",
    ),
    "items:import_refused": "download the lines of an import",
    "items:from_slice": "send a slice to a batch",
    "slices:choose": "send a slice to a batch",
    "slices:projects": "send a slice to a batch",
    **dict.fromkeys(
        ("items:ground_truth", "items:ground_truth_preview", "items:ground_truth_send"),
        "add labels to a work item",
    ),
    **dict.fromkeys(
        (
            "files:upload",
            *(f"files:upload_{step}" for step in ("detail", "rows", "add", "links", "report", "check")),
        ),
        "upload files",
    ),
    **dict.fromkeys(("files:get", "files:list", "files:sizes"), "get files by their paths"),
    **dict.fromkeys(("files:download", "files:zip"), "download files"),
    "items:decision": "follow a decision on a work item",
    "items:download": "download the labels of a work item",
    "items:send_back": "send a work item back",
    "items:signal": "send a signal to a work item",
    "items:take_back": "take back a decision on a work item",
    **dict.fromkeys(
        ("items:review", *(f"items:review_{step}" for step in ("run", "step", "skip", "end"))), "review work items"
    ),
    "jobs:index": "open the list of background jobs",
    "jobs:retry": "retry a background job",
    **dict.fromkeys(
        (
            "slices:create",
            "slices:draft",
            *(f"slices:draft_{step}" for step in ("save", "discard", "again", "name", "organizations", "datasets")),
            *(f"slices:part_{step}" for step in ("add", "restore", "move", "kind", "remove", "items", "filter")),
        ),
        "create a slice",
    ),
}


@dataclass(frozen=True)
class Piece:
    """A part of a sentence: a "person", a "thing" (with an address where it has a page) or plain "text"."""

    kind: str
    text: str
    address: str = ""


@dataclass(frozen=True)
class EntrySummary:
    """What the sentence is made of; an opening is told with what its outcomes added."""

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
        opened = entry.opens.detail if entry.opens else {}
        signaled = {name: opened[name] for name in SIGNALED if name in opened}
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
        """An act of several parts, told as one; `first` is the first of them."""
        left_out = OF_ONE_PART if group.parts > 1 else ()
        said = {name: value for name, value in first.result.items() if name not in left_out}
        return cls(first, outcome, multi_item.detail_of(group, said), first.thing_id, first.thing_name)

    @property
    def person(self) -> str:
        return UNNAMED.get(self.entry.action) or self.entry.actor_name

    @property
    def worded_as(self) -> str:
        """The outcome that the sentence is about: of many things what was done comes first, and the rest in figures."""
        return DONE if "items" in self.entry.detail and multi_item.number(self.detail, "items_done") else self.outcome

    @property
    def why(self) -> str:
        """The error's sentence, where it did not go well."""
        said = self.detail.get("error") or (self.detail.get("reason") if self.worded_as == FAILED else "")
        return str(said or "") if self.worded_as != DONE else ""


def pieces(told: EntrySummary) -> list[Piece]:
    action = actions.known(told.entry.action, told.detail)
    outcome = told.worded_as
    wording, ending = action.done_with(told.detail), ENDS[outcome]
    if outcome == FAILED and action.refused:
        wording, ending = action.refused, ""
    elif outcome != DONE:
        wording = STARTS[outcome] + action.tried
    tail, ending = action.tail(told.detail), ending.replace("{cause}", _cause(told))
    because = f": {told.why}" if told.why and outcome != UNKNOWN and told.why not in tail else ""
    said = [
        Piece("person", told.person),
        *_filled(f" {wording}", told),
        Piece("text", tail + ending + because),
    ]
    return [piece for piece in said if piece.text]


def _cause(told: EntrySummary) -> str:
    """Why the outcome is unknown. The entry's steps quote the answer."""
    if cause := told.detail.get("cause"):
        return str(cause)
    if told.detail.get("cut_off") or told.entry.outcome == OPEN:
        return "the console stopped before an answer came"
    vendor = VENDORS.get(told.entry.vendor)
    return f"{vendor} gave no clear answer" if vendor else "no clear answer came"


def plain(told: EntrySummary) -> str:
    return "".join(piece.text for piece in pieces(told))


def _filled(wording: str, told: EntrySummary) -> list[Piece]:
    """The wording with its slots filled. Names go in last and whole, so that a brace in one is only a brace."""
    address = registry.address_of(told.entry.thing_kind, told.thing_id, told.detail) if told.has_page else ""
    noun = actions.known(told.entry.action, told.detail).noun
    wording = wording.replace("{many}", actions.many_things(told.detail, noun, is_done=told.worded_as == DONE))
    thing = Piece("thing", _called(told), address)
    vendor = VENDORS.get(told.entry.vendor, told.entry.vendor or "a vendor")
    wording = wording.replace("{vendor}", vendor)
    wording = wording.replace("{as_thing}", " as {thing}" if told.thing_name else "")
    wording = wording.replace("{a_thing}", f"{_article(told.thing_name)}{{thing}}")
    wording = wording.replace("{page}", PAGES.get(told.thing_id, "open the page {thing}"))
    start, slot, rest = wording.partition("{contents}")
    if slot:
        contents = _contents(told.detail)
        return [Piece("text", start + contents + (" as " if contents else "")), thing, Piece("text", rest)]
    start, slot, rest = wording.partition("{thing}")
    return [Piece("text", start), *([thing] if slot else []), Piece("text", rest)]


def _called(told: EntrySummary) -> str:
    """The thing's name. An id in its place is nothing a person can read; it is in the entry's references.

    A file is called what its path is, even if that is an id.
    """
    is_id = told.thing_name == told.thing_id or UUID.fullmatch(told.thing_name)
    if told.thing_name and is_id and told.entry.thing_kind != "file":
        return "(name unknown)"
    return told.thing_name or "(no name)"


def _article(name: str) -> str:
    """What stands before a common noun: nothing where there are several."""
    if not name or name.endswith("s"):
        return ""
    return "an " if name[0].lower() in "aeiou" else "a "


def _contents(detail: Mapping[str, Any]) -> str:
    """What an export holds: "3 batches of Dashcam Q3", or nothing where nothing is known."""
    things, span = _things(detail), _span(detail.get("choice"))
    return f"items of {things.removeprefix('all of ')} {span}" if things and span else things


def _things(detail: Mapping[str, Any]) -> str:
    batches, projects = _names(detail.get("batches")), _names(detail.get("projects"))
    of = _listed(projects, "project") if projects else _without_names(detail.get("choice"))
    if batches:
        some = f"the batch {batches[0]}" if len(batches) == 1 else f"{len(batches)} batches"
        return f"{some} of {of}" if of else some
    return f"all of {of}".replace("all of all ", "all ") if of else ""


def _without_names(choice: Any) -> str:
    """The projects of a choice of which no name is known: none chosen means all of them."""
    chosen = choice.get("projects") if isinstance(choice, dict) else None
    if not isinstance(chosen, list):
        return ""
    return plural(len(chosen), "project") if chosen else "all projects"


def _span(choice: Any) -> str:
    """The days of a choice: "changed from 3 Nov 2026, 00:00 UTC", or nothing where any day will do."""
    if not isinstance(choice, dict):
        return ""
    said = []
    for verb, name in (("created", "created"), ("changed", "updated")):
        since, until = _moment(choice.get(f"{name}_from")), _moment(choice.get(f"{name}_to"))
        ends = " ".join(filter(None, [since and f"from {since}", until and f"until {until}"]))
        said += [f"{verb} {ends}"] if ends else []
    return " and ".join(said)


def _moment(stored: Any) -> str:
    try:
        return moment(datetime.fromisoformat(stored)) if stored else ""
    except (TypeError, ValueError):
        return ""


def _names(value: Any) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []


def _listed(names: list[str], one: str) -> str:
    if len(names) > 3:
        return f"{len(names)} {one}s"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
