"""What stands behind one sentence: before and after, and everything else that was written down."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.audit.models import Entry
from console.audit.selectors import EntryLine
from console.audit.sentences import VENDORS
from console.common.formatting import plural

# Said by the sentence itself, shown side by side, or meant for the console alone.
HIDDEN = frozenset(
    {
        "before",
        "cause",
        "after",
        "asked",
        "choice",
        "checks",
        "cut_off",
        "not_found",
        "error",
        "error_kind",
        "found",
        "from",
        "reason",
        "items",
        "items_again",
        "items_at_least",
        "planned",
        "items_done",
        "items_refused",
        "items_unknown",
        "bytes",
        "of",
        "interrupted",
        "first",
        "version",
        "summary",
        "retry_in",
        "sent_again",
        "status",
        "status_after",
    }
)

ID = re.compile(r"[0-9a-f-]{32,64}")
LABELS = {"sha256": "Fingerprint (SHA-256)", "redirected": "Sent to the store", "ids": "Work items"}


@dataclass(frozen=True)
class Fact:
    label: str
    text: str
    is_code: bool = False
    several: Sequence[str] = ()
    """Its values where there are more than one: names may hold commas themselves."""


@dataclass(frozen=True)
class DetailChange:
    label: str
    before: list[str]
    after: list[str]


def facts(line: EntryLine) -> list[Fact]:
    """What a person reads."""
    entry = line.entry
    rows = [
        Fact("Person", entry.actor_name + (f" ({entry.actor_email})" if entry.actor_email else "")),
        Fact("Note", entry.note),
        Fact("Where", line.place),
        Fact("IP address", entry.address, is_code=True),
        Fact("Vendor", VENDORS.get(entry.vendor, entry.vendor)),
        *_further(line.summary.detail),
    ]
    return [fact for fact in rows if fact.text]


def references(line: EntryLine, *, sees_chain: bool) -> list[Fact]:
    """What a machine, or the vendor's support, asks for."""
    entry, newest = line.entry, line.entry.newest_outcome
    reference = (newest.vendor_reference if newest else "") or entry.vendor_reference
    rows = [
        Fact("Vendor's reference", reference, is_code=True),
        Fact("Request", entry.request_id, is_code=True),
        Fact("Key", entry.key_fingerprint, is_code=True),
        Fact("Id of the thing", line.summary.thing_id, is_code=True),
        *_ids(line.summary.detail),
        Fact("Entry", str(entry.pk), is_code=True),
        Fact("Row in the chain", _rows(entry) if sees_chain else ""),
    ]
    return [fact for fact in rows if fact.text]


def references_of_act(line: EntryLine) -> list[Fact]:
    """Of an act of several entries; each of its parts has its own."""
    rows = [
        Fact("Key", line.entry.key_fingerprint, is_code=True),
        Fact("Id of the thing", line.summary.thing_id, is_code=True),
        *_ids(line.summary.detail),
        Fact("Act", str(line.entry.group or ""), is_code=True),
    ]
    return [fact for fact in rows if fact.text]


def changes(detail: Mapping[str, Any]) -> list[DetailChange]:
    """What was before and what is after, only where it differs."""
    before, after = detail.get("before"), detail.get("after")
    if before is None and after is None:
        return []
    if isinstance(before, dict) or isinstance(after, dict):
        then, now = before or {}, after or {}
        names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
        return [DetailChange(name, _listed(then.get(name)), _listed(now.get(name))) for name in names]
    return [DetailChange("", _listed(before), _listed(after))]


def _further(detail: Mapping[str, Any]) -> list[Fact]:
    return [fact for fact in _unsaid(detail) if not fact.is_code]


def _ids(detail: Mapping[str, Any]) -> list[Fact]:
    return [fact for fact in _unsaid(detail) if fact.is_code]


def _unsaid(detail: Mapping[str, Any]) -> list[Fact]:
    """What the sentence has not said. Ids and fingerprints are code."""
    values = {name: value for name, value in detail.items() if name not in HIDDEN}
    if isinstance(refusals := values.get("refusals"), list):
        values["refusals"] = [_refusal(one) for one in refusals]
    return [_fact(name, _listed(value)) for name, value in values.items()]


def _refusal(refusal: Any) -> str:
    """The vendor's words, and of how many things they were said. Which those are is among the results."""
    if not isinstance(refusal, dict):
        return str(refusal)
    ids = refusal.get("ids")
    return f"{refusal.get('message') or 'No words'} ({plural(len(ids) if isinstance(ids, list) else 0, 'item')})"


def _fact(name: str, values: Sequence[str]) -> Fact:
    text = ", ".join(values)
    is_code = bool(values) and all(ID.fullmatch(value) for value in values)
    return Fact(_label_of(name), text, is_code, values if len(values) > 1 else ())


def _label_of(name: str) -> str:
    return LABELS.get(name) or name.removesuffix("_id").replace("_", " ").capitalize()


def _listed(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return [text for part in value for text in _listed(part)]
    if isinstance(value, dict):
        return [f"{name}: {', '.join(_listed(inner))}" for name, inner in value.items()]
    return ["yes" if value is True else "no" if value is False else str(value)]


def _rows(entry: Entry) -> str:
    return ", ".join(str(row.sequence) for row in [entry, *sorted(entry.outcomes.all(), key=lambda row: row.sequence)])
