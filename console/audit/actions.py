"""Every action of the console as a sentence a person would say.

`detail` may hold, besides whatever is worth expanding, the pieces the sentences use: `items` (a number; with
`items_at_least` true it reads "1,000+"), `projects` and `batches` (lists of names), `format`, `summary` (a phrase of
the service's own), `role`, `vendor_name`, `reason`, `bytes`. `before` and `after` are shown side by side.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import filesizeformat

from console.audit import links
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry

VENDORS = {"avala": "Avala", "cloudfactory": "CloudFactory"}


@dataclass(frozen=True)
class Piece:
    """A part of a sentence: a "person", a "thing" (with an address where it has a page) or plain "text"."""

    kind: str
    text: str
    address: str = ""


Said = Callable[[Entry, Mapping[str, Any]], str]


def _nothing(entry: Entry, detail: Mapping[str, Any]) -> str:
    return ""


@dataclass(frozen=True)
class Action:
    """`done` and `tried` are the sentence after the person's name; `{thing}`, `{contents}`, `{vendor}`, `{count}`."""

    group: str
    done: str
    tried: str
    tail: Said = _nothing


def _items(detail: Mapping[str, Any]) -> str:
    number = detail.get("items")
    if not isinstance(number, int) or isinstance(number, bool):
        return ""
    if detail.get("items_at_least"):
        return f"{intcomma(number)}+ items"
    return "1 item" if number == 1 else f"{intcomma(number)} items"


def _brackets(parts: Iterable[str]) -> str:
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""


def _export_tail(entry: Entry, detail: Mapping[str, Any]) -> str:
    items = _items(detail)
    return _brackets([str(detail.get("format") or "COCO"), f"about {items}" if items else ""])


def _items_tail(entry: Entry, detail: Mapping[str, Any]) -> str:
    return _brackets([_items(detail)])


def _summary_tail(entry: Entry, detail: Mapping[str, Any]) -> str:
    return f": {detail['summary']}" if detail.get("summary") else ""


def _size_tail(entry: Entry, detail: Mapping[str, Any]) -> str:
    size = detail.get("bytes")
    return _brackets([filesizeformat(size)]) if isinstance(size, int) else ""


def _change_tail(entry: Entry, detail: Mapping[str, Any]) -> str:
    before, after = detail.get("before"), detail.get("after")
    if isinstance(before, str) and isinstance(after, str):
        return f", from {before} to {after}"
    return _summary_tail(entry, detail)


def _role_tail(entry: Entry, detail: Mapping[str, Any]) -> str:
    return f" as {detail['role']}" if detail.get("role") else _change_tail(entry, detail)


def _reason_tail(entry: Entry, detail: Mapping[str, Any]) -> str:
    return f": {detail['reason']}" if detail.get("reason") else ""


GROUPS = {
    "slices": "Slices",
    "batches": "Batches",
    "order": "Order of batches",
    "items": "Work items",
    "exports": "Exports and downloads",
    "files": "Files",
    "keys": "API keys",
    "people": "People",
    "sessions": "Sign-ins",
    "audit": "Audit",
    "other": "Other",
}

ACTIONS: dict[str, Action] = {
    "slice.create": Action("slices", "created the slice {thing}", "create the slice {thing}", _items_tail),
    "slice.send": Action(
        "slices", "sent the slice {thing} to a batch", "send the slice {thing} to a batch", _items_tail
    ),
    "batch.create": Action("batches", "created the batch {thing}", "create the batch {thing}"),
    "batch.rename": Action("batches", "renamed the batch {thing}", "rename the batch {thing}", _change_tail),
    "batch.metadata": Action(
        "batches", "changed the details of the batch {thing}", "change the details of the batch {thing}", _summary_tail
    ),
    "order.save": Action(
        "order", "changed the order of batches in {thing}", "change the order of batches in {thing}", _summary_tail
    ),
    "order.undo": Action(
        "order",
        "took back a change to the order in {thing}",
        "take back a change to the order in {thing}",
        _summary_tail,
    ),
    "order.restore": Action(
        "order", "restored an earlier order in {thing}", "restore an earlier order in {thing}", _summary_tail
    ),
    "item.signal": Action("items", "signalled work items in {thing}", "signal work items in {thing}", _summary_tail),
    "item.approve": Action("items", "approved the work item {thing}", "approve the work item {thing}"),
    "item.send_back": Action(
        "items", "sent back the work item {thing}", "send back the work item {thing}", _reason_tail
    ),
    "item.create": Action("items", "added work items to {thing}", "add work items to {thing}", _items_tail),
    "item.labels": Action("items", "added labels to the work item {thing}", "add labels to the work item {thing}"),
    "file.upload": Action("files", "uploaded the file {thing}", "upload the file {thing}", _size_tail),
    "file.download": Action("files", "downloaded the file {thing}", "download the file {thing}", _size_tail),
    "item.download": Action(
        "files", "downloaded the labels of the work item {thing}", "download the labels of the work item {thing}"
    ),
    "export.create": Action("exports", "exported {contents}", "export {contents}", _export_tail),
    "export.queue": Action("exports", "queued the export {thing}", "queue the export {thing}", _export_tail),
    "export.unqueue": Action(
        "exports", "took the export {thing} off the queue", "take the export {thing} off the queue", _reason_tail
    ),
    "export.delete": Action("exports", "deleted the export {thing}", "delete the export {thing}"),
    "export.download": Action("exports", "downloaded the export {thing}", "download the export {thing}", _size_tail),
    "export.receipt": Action("exports", "wrote the receipt of {thing}", "write the receipt of {thing}", _size_tail),
    "key.connect": Action("keys", "connected a key for {vendor}", "connect a key for {vendor}"),
    "key.replace": Action("keys", "replaced the key for {vendor}", "replace the key for {vendor}"),
    "key.remove": Action("keys", "removed the key for {vendor}", "remove the key for {vendor}"),
    "person.invite": Action("people", "invited {thing}", "invite {thing}", _role_tail),
    "person.join": Action("people", "joined the console", "join the console", _role_tail),
    "person.role": Action("people", "changed the role of {thing}", "change the role of {thing}", _change_tail),
    "person.disable": Action("people", "disabled {thing}", "disable {thing}"),
    "person.enable": Action("people", "enabled {thing} again", "enable {thing} again"),
    "session.sign_in": Action("sessions", "signed in", "sign in"),
    "session.sign_out": Action("sessions", "signed out", "sign out"),
    "session.refused": Action("sessions", "was refused at sign-in{as_thing}", "sign in{as_thing}", _reason_tail),
    "session.end": Action("sessions", "ended a session{of_thing}", "end a session{of_thing}"),
    "audit.export": Action("audit", "exported the audit log as CSV", "export the audit log as CSV", _summary_tail),
}


def known(action: str) -> Action:
    """The action's row, or one made from its name, so that a forgotten row still reads as a sentence."""
    kind, _, verb = action.partition(".")
    said = verb.replace("_", " ")
    plain = f"did “{said}” on the {kind} {{thing}}"
    return ACTIONS.get(action) or Action("other", plain, plain.replace("did", "do", 1), _summary_tail)


def group_of(action: str) -> str:
    return known(action).group


def actions_in(group: str) -> list[str]:
    return [name for name, action in ACTIONS.items() if action.group == group]


def sentence(entry: Entry, *, outcome: str = "", detail: Mapping[str, Any] | None = None) -> list[Piece]:
    """The line of one entry as pieces. Without more it says only what the row itself says."""
    action, state = known(entry.action), outcome or entry.recorded_outcome
    said = entry.detail if detail is None else detail
    wording = action.done if state == DONE else f"{STARTS[state]} {action.tried}"
    pieces = [Piece("person", entry.actor_name), Piece("text", " "), *_filled(wording, entry, said)]
    ending = action.tail(entry, said) + ENDS[state]
    return [*pieces, Piece("text", ending)] if ending else pieces


STARTS = {OPEN: "began to", FAILED: "tried to", UNKNOWN: "tried to"}
ENDS = {DONE: "", OPEN: "", FAILED: ", but it was not done", UNKNOWN: "; we do not know whether it was done"}


def plain_sentence(entry: Entry, *, outcome: str = "", detail: Mapping[str, Any] | None = None) -> str:
    return "".join(piece.text for piece in sentence(entry, outcome=outcome, detail=detail))


def _filled(wording: str, entry: Entry, detail: Mapping[str, Any]) -> list[Piece]:
    thing = Piece("thing", entry.thing_name or entry.thing_id or "it", links.address_of(entry, detail))
    with_thing = {"{as_thing}": " as ", "{of_thing}": " of "}
    for slot, word in with_thing.items():
        wording = wording.replace(slot, word + "{thing}" if entry.thing_name else "")
    wording = wording.replace("{vendor}", VENDORS.get(entry.vendor, entry.vendor or "a vendor"))
    wording = wording.replace("{contents}", _contents(detail))
    before, slot, after = wording.partition("{thing}")
    pieces = [Piece("text", before), *([thing] if slot else []), Piece("text", after)]
    return [piece for piece in pieces if piece.text]


def _contents(detail: Mapping[str, Any]) -> str:
    """What an export holds: "3 batches of Dashcam Q3 as {thing}", or only the export where nothing more is known."""
    batches, projects = _names(detail.get("batches")), _names(detail.get("projects"))
    whole = f"the whole of {_listed(projects)}" if projects else ""
    some = _counted(batches, "batch", "batches") + (f" of {_listed(projects)}" if projects else "")
    said = some if batches else whole
    return f"{said} as {{thing}}" if said else "{thing}"


def _names(value: Any) -> list[str]:
    # A brace in a stranger's name must not be taken for a slot.
    return [str(name).replace("{", "(").replace("}", ")") for name in value] if isinstance(value, list) else []


def _counted(names: list[str], one: str, many: str) -> str:
    return f"the {one} {names[0]}" if len(names) == 1 else f"{len(names)} {many}"


def _listed(names: list[str]) -> str:
    if len(names) > 3:
        return f"{len(names)} projects"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
