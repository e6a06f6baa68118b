"""Every action of the console in the words of its sentence: what was done, and what was tried.

`detail` may hold, besides whatever is worth expanding, the pieces the sentences use: `items` (a number; with
`items_at_least` true it reads "1,000+"), `projects` and `batches` (lists of names), `batch` (a name, or "3 batches"),
`project_name`, `format`, `summary` and `cause` (phrases of the service's own), `role`, `reason`, `bytes`, `sessions`.
`before` and `after` are shown side by side. Of many things it holds what `console.audit.multi_item` says.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma

from console.audit import downloads
from console.common.formatting import file_size, plural

Detail = Mapping[str, Any]
SEVERAL_BATCHES = re.compile(r"[0-9]+ batches")


def _nothing(detail: Detail) -> str:
    return ""


def _items(detail: Detail) -> str:
    number = detail.get("items")
    if not isinstance(number, int) or isinstance(number, bool):
        return ""
    if detail.get("items_at_least"):
        return f"{intcomma(number)}+ items"
    return "1 item" if number == 1 else f"{intcomma(number)} items"


def _brackets(parts: Iterable[str]) -> str:
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""


def _contents(detail: Detail) -> str:
    items = _items(detail)
    about = "no items" if items == "0 items" else f"about {items}"
    return _brackets([str(detail.get("format") or "COCO"), about if items else ""])


def _number(detail: Detail) -> str:
    return _brackets([_items(detail)])


def _labels(detail: Detail) -> str:
    count = detail.get("labels")
    return _brackets([plural(count, "label")]) if isinstance(count, int) else ""


def _summary(detail: Detail) -> str:
    return f": {detail['summary']}" if detail.get("summary") else ""


def _size(detail: Detail) -> str:
    """`(2.0 GB)`, and `(resumed, 0.8 GB)` for the rest of a file."""
    size = detail.get("bytes")
    return _brackets(["resumed" if detail.get("from") else "", file_size(size)]) if isinstance(size, int) else ""


def _new_role(detail: Detail) -> str:
    before, after = detail.get("before"), detail.get("after")
    return f" from {before.lower()} to {after.lower()}" if isinstance(before, str) and isinstance(after, str) else ""


def _new_name(detail: Detail) -> str:
    """The sentence has named the thing by its old name."""
    return f" to {detail['after']}" if isinstance(detail.get("after"), str) else ""


def _role(detail: Detail) -> str:
    role = str(detail.get("role") or "").lower()
    return f" as {'an' if role[0] in 'aeiou' else 'a'} {role}" if role else ""


def _reason(detail: Detail) -> str:
    return f": {detail['reason']}" if detail.get("reason") else ""


def many_things(detail: Detail, noun: str, *, is_done: bool) -> str:
    """`4,988 of 5,000 work items`: as far as it is done, how many of all; otherwise how many were tried."""
    items, done = _figure(detail, "items"), _figure(detail, "items_done")
    if not is_done:
        return plural(items, noun)
    all_items = max(items, _figure(detail, "planned"))
    some = f"{intcomma(done)} of " if "items_done" in detail and done < all_items else ""
    return some + plural(all_items, noun)


def _other_figures(detail: Detail, refused: str = "refused") -> list[str]:
    """`12 refused` and `3 unresolved`, where the sentence does not say that of all."""
    items, figures = _figure(detail, "items"), {"items_refused": refused, "items_unknown": "unresolved"}
    said = [(_figure(detail, name), word) for name, word in figures.items()]
    return [f"{intcomma(number)} {word}" for number, word in said if 0 < number < items]


def _others(detail: Detail) -> str:
    """` (12 refused, 3 unresolved): the reason`."""
    return _brackets(_other_figures(detail)) + _reason(detail)


def _failed_others(detail: Detail) -> str:
    """The same of files, which nobody refuses: their uploads fail."""
    return _brackets(_other_figures(detail, "failed")) + _reason(detail)


def _batch(detail: Detail) -> str:
    """`the batch Harbour`, `3 batches`, or "" where it is not known."""
    name = str(detail.get("batch") or "")
    return name if not name or SEVERAL_BATCHES.fullmatch(name) else f"the batch {name}"


def _in_batch(detail: Detail) -> str:
    """` in the batch Harbour`."""
    return f" in {_batch(detail)}" if _batch(detail) else ""


def _created_others(detail: Detail) -> str:
    """` (batch Harbour, 2 refused)`."""
    return _brackets([_batch(detail).removeprefix("the "), *_other_figures(detail)]) + _reason(detail)


def _sent_others(detail: Detail) -> str:
    """` to the batch Harbour of Coins (2 refused)`."""
    batch, project = _batch(detail) or "a batch", str(detail.get("project_name") or "")
    return f" to {batch}{f' of {project}' if project else ''}{_others(detail)}"


def _figure(detail: Detail, name: str) -> int:
    number = detail.get(name)
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _sessions(detail: Detail) -> str:
    number = detail.get("sessions")
    return f" {intcomma(number)} other sessions" if isinstance(number, int) and number > 1 else " another session"


@dataclass(frozen=True)
class Action:
    """The sentence after the person's name.

    Slots: {thing}, {a_thing}, {as_thing}, {contents}, {vendor}, {page}, {many} ("5,000 work items", by `noun`), {were}.

    `refused` is the whole sentence where "tried to …, but it was not done" would read oddly. `whether` follows
    "We don't know whether" for acts that a vendor may leave without a clear answer. `begins` is the verb in place of
    the first word of `done`, where what was done is not always the same.
    """

    group: str
    done: str
    tried: str
    tail: Callable[[Detail], str] = _nothing
    refused: str = ""
    whether: str = ""
    begins: Callable[[Detail], str] = _nothing
    variants: Mapping[str, "Action"] = field(default_factory=dict)
    """Rows to use instead where one thing was signaled, by its `signal` and `outcome` in the detail."""
    of_many: Mapping[str, "Action"] = field(default_factory=dict)
    """The same where the act was about many things, as `items` in the detail tells; "" without a signal."""
    noun: str = "work item"
    """Of {many}."""

    def for_detail(self, detail: Detail) -> "Action":
        """The row for what this act really was."""
        rows, signal = self.of_many if "items" in detail else self.variants, str(detail.get("signal") or "")
        return rows.get(f"{signal} {detail.get('outcome')}") or rows.get(signal) or self

    def done_with(self, detail: Detail) -> str:
        verb = self.begins(detail)
        return f"{verb} {self.done.partition(' ')[2]}" if verb else self.done


GROUPS = {
    "slices": "Slices",
    "batches": "Batches",
    "order": "Order of batches",
    "items": "Work items",
    "exports": "Exports",
    "files": "Files and downloads",
    "keys": "API keys",
    "people": "People",
    "sessions": "Sign-ins",
    "audit": "Audit",
    "other": "Other",
}

# What `item.signal` says of a single item.
SIGNALS: dict[str, Action] = {
    "start": Action(
        "items",
        "started work on the work item {thing}",
        "start work on the work item {thing}",
        _reason,
        whether="work on the work item {thing} was started",
    ),
    "release": Action(
        "items",
        "released the work item {thing}",
        "release the work item {thing}",
        _reason,
        whether="the work item {thing} was released",
    ),
    "complete": Action(
        "items",
        "completed the work item {thing}",
        "complete the work item {thing}",
        _reason,
        whether="the work item {thing} was completed",
    ),
    "complete NOT_OK": Action(
        "items",
        "completed the work item {thing} as not OK",
        "complete the work item {thing} as not OK",
        _reason,
        whether="the work item {thing} was completed as not OK",
    ),
    "cancel": Action(
        "items",
        "canceled the work item {thing}",
        "cancel the work item {thing}",
        _reason,
        whether="the work item {thing} was canceled",
    ),
    "reopen": Action(
        "items",
        "reopened the work item {thing}",
        "reopen the work item {thing}",
        _reason,
        whether="the work item {thing} was reopened",
    ),
}


def _of_many(done: str, tried: str, whether: str = "") -> Action:
    """The same of many work items; {thing} is their project."""
    about = "{many} of {thing}"
    said = whether or f"{about} {{were}} {done}"
    return Action("items", f"{done} {about}", f"{tried} {about}", _others, whether=said)


# What `item.signal` says of many items.
SIGNALS_OF_MANY: dict[str, Action] = {
    "start": _of_many("started work on", "start work on", "work on {many} of {thing} was started"),
    "release": _of_many("released", "release"),
    "complete": _of_many("completed", "complete"),
    "complete NOT_OK": _of_many("completed as not OK", "complete as not OK"),
    "cancel": _of_many("canceled", "cancel"),
    "reopen": _of_many("reopened", "reopen"),
}

ACTIONS: dict[str, Action] = {
    "slice.create": Action(
        "slices",
        "created the slice {thing}",
        "create the slice {thing}",
        _number,
        whether="the slice {thing} was created",
    ),
    "slice.send": Action(
        "slices",
        "sent the slice {thing} to a batch",
        "send the slice {thing} to a batch",
        _number,
        whether="the slice {thing} was sent to a batch",
        of_many={
            "": Action(
                "slices",
                "sent {many} of the slice {thing}",
                "send {many} of the slice {thing}",
                _sent_others,
                whether="{many} of the slice {thing} {were} sent to a batch",
                noun="item",
            )
        },
    ),
    "batch.create": Action(
        "batches",
        "created the batch {thing}",
        "create the batch {thing}",
        whether="the batch {thing} was created",
    ),
    "batch.rename": Action(
        "batches",
        "renamed the batch {thing}",
        "rename the batch {thing}",
        _new_name,
        whether="the batch {thing} was renamed",
    ),
    "batch.metadata": Action(
        "batches",
        "changed the metadata of the batch {thing}",
        "change the metadata of the batch {thing}",
        _summary,
        whether="the metadata of the batch {thing} was changed",
    ),
    "order.save": Action(
        "order",
        "changed the order of {thing}",
        "change the order of {thing}",
        _summary,
        whether="the order of {thing} was saved",
    ),
    "order.undo": Action(
        "order",
        "undid a change to the order of {thing}",
        "undo a change to the order of {thing}",
        _summary,
        whether="the change to the order of {thing} was undone",
    ),
    "order.restore": Action(
        "order",
        "restored an earlier order of {thing}",
        "restore an earlier order of {thing}",
        _summary,
        whether="the earlier order of {thing} was restored",
    ),
    "item.signal": Action(
        "items",
        "signaled work items of {thing}",
        "signal work items of {thing}",
        _summary,
        whether="the work items of {thing} were signaled",
        variants=SIGNALS,
        of_many=SIGNALS_OF_MANY,
    ),
    "item.approve": Action(
        "items",
        "approved the work item {thing}",
        "approve the work item {thing}",
        whether="the work item {thing} was approved",
        of_many={"complete": _of_many("approved", "approve")},
    ),
    "item.send_back": Action(
        "items",
        "sent back the work item {thing}",
        "send back the work item {thing}",
        _reason,
        whether="the work item {thing} was sent back",
        of_many={"complete": _of_many("sent back", "send back")},
    ),
    "item.create": Action(
        "items",
        "created the work item {thing}",
        "create the work item {thing}",
        _in_batch,
        whether="the work item {thing} was created",
        of_many={
            "": Action(
                "items",
                "created {many} in {thing}",
                "create {many} in {thing}",
                _created_others,
                whether="{many} {were} created in {thing}",
            )
        },
    ),
    "item.labels": Action(
        "items",
        "added labels to the work item {thing}",
        "add labels to the work item {thing}",
        _labels,
        whether="the labels were added to the work item {thing}",
    ),
    "item.download": Action(
        "files",
        "downloaded the labels of the work item {thing}",
        "download the labels of the work item {thing}",
        downloads.brackets,
        begins=downloads.verb,
    ),
    "item.results": Action(
        "files",
        "downloaded the results of signals to work items of {thing} as CSV",
        "download the results of signals to work items of {thing} as CSV",
        _summary,
    ),
    "item.lines": Action(
        "files",
        "downloaded lines that were not imported into {thing} as CSV",
        "download lines that were not imported into {thing} as CSV",
        _summary,
    ),
    "file.upload": Action(
        "files",
        "uploaded the file {thing}",
        "upload the file {thing}",
        _size,
        whether="the file {thing} was uploaded",
        of_many={
            "": Action(
                "files",
                "uploaded {many} to {thing}",
                "upload {many} to {thing}",
                _failed_others,
                whether="{many} {were} uploaded to {thing}",
                noun="file",
            )
        },
    ),
    "file.download": Action(
        "files",
        "downloaded the file {thing}",
        "download the file {thing}",
        downloads.brackets,
        begins=downloads.verb,
        of_many={
            "": Action("files", "downloaded {many} as a zip", "download {many} as a zip", _failed_others, noun="file")
        },
    ),
    "export.create": Action(
        "exports",
        "exported {contents}",
        "export {contents}",
        _contents,
        whether="the export {thing} was started",
    ),
    "export.queue": Action("exports", "queued the export {thing}", "queue the export {thing}", _contents),
    "export.unqueue": Action(
        "exports", "removed the export {thing} from the queue", "remove the export {thing} from the queue", _reason
    ),
    "export.delete": Action(
        "exports",
        "deleted the export {thing}",
        "delete the export {thing}",
        whether="the export {thing} was deleted",
    ),
    "export.download": Action(
        "exports",
        "downloaded the export {thing}",
        "download the export {thing}",
        downloads.brackets,
        begins=downloads.verb,
    ),
    "export.receipt": Action(
        "exports", "read the file of the export {thing} for its receipt", "read the file of the export {thing}", _size
    ),
    "key.connect": Action("keys", "connected a key for {vendor}", "connect a key for {vendor}"),
    "key.replace": Action("keys", "replaced the key for {vendor}", "replace the key for {vendor}"),
    "key.remove": Action("keys", "removed the key for {vendor}", "remove the key for {vendor}"),
    "person.invite": Action("people", "invited {thing}", "invite {thing}", _role),
    "person.join": Action("people", "joined the console", "join the console", _role),
    "person.link": Action("people", "created a new sign-in link for {thing}", "create a new sign-in link for {thing}"),
    "person.withdraw": Action("people", "revoked the sign-in link for {thing}", "revoke the sign-in link for {thing}"),
    "person.role": Action("people", "changed the role of {thing}", "change the role of {thing}", _new_role),
    "person.factors": Action(
        "people", "turned off two-step verification for {thing}", "turn off two-step verification for {thing}"
    ),
    "person.disable": Action("people", "disabled the account of {thing}", "disable the account of {thing}"),
    "person.enable": Action("people", "enabled the account of {thing} again", "enable the account of {thing} again"),
    "session.sign_in": Action("sessions", "signed in", "sign in"),
    "session.sign_out": Action("sessions", "signed out", "sign out"),
    "session.refused": Action(
        "sessions", "failed to sign in{as_thing}", "sign in{as_thing}", refused="failed to sign in{as_thing}"
    ),
    "session.end": Action("sessions", "signed out of", "sign out of", _sessions),
    "page.refused": Action(
        "sessions", "tried to {page}", "{page}", refused="tried to {page}, but their role doesn't allow it"
    ),
    "password.change": Action("sessions", "changed their password", "change their password"),
    "factor.add": Action(
        "sessions", "added {a_thing} to two-step verification", "add {a_thing} to two-step verification"
    ),
    "factor.remove": Action(
        "sessions", "removed {a_thing} from two-step verification", "remove {a_thing} from two-step verification"
    ),
    "factor.renew": Action(
        "sessions",
        "created new {thing} for two-step verification",
        "create new {thing} for two-step verification",
    ),
    "audit.export": Action("audit", "exported the audit as CSV", "export the audit as CSV", _summary),
}

# A big file takes hours on its way, in both directions, and that is no sign of a crash.
LASTING = ("export.download", "item.download", "file.download", "file.upload")
SIGN_INS = tuple(name for name in ACTIONS if name.startswith("session."))
# What leaves the console: the view an auditor opens first.
LEAVING = ("export.", "item.download", "item.results", "item.lines", "file.download")
# The console reading a file for itself takes nothing home.
STAYING = ("export.receipt",)


def known(name: str, detail: Detail) -> Action:
    """The action's row, or one made from its name, so that a forgotten row still reads as a sentence."""
    kind, _, verb = name.partition(".")
    said = verb.replace("_", " ")
    found = ACTIONS.get(name) or Action(
        "other", f"did “{said}” on the {kind} {{thing}}", f"do “{said}” on the {kind} {{thing}}", _summary
    )
    return found.for_detail(detail)


def whether(name: str, thing: str, detail: Detail) -> str:
    """What follows "We don't know whether"; an action without such words is named as the request it was."""
    action = known(name, detail)
    said = action.whether or f"the request to {action.tried} was carried out"
    items = _figure(detail, "items_unknown") or _figure(detail, "items")
    said = said.replace("{many}", plural(items, action.noun)).replace("{were}", "was" if items == 1 else "were")
    return said.replace("{contents}", "{thing}").replace("{vendor}", "a vendor").replace("{thing}", thing, 1)


def in_group(group: str) -> list[str]:
    return [name for name, action in ACTIONS.items() if action.group == group]


def leaving() -> list[str]:
    return [name for name in ACTIONS if name.startswith(LEAVING) and name not in STAYING]
