"""\"Check now\": one look for the outcome of an act that is unknown, and what a page says about it."""

from dataclasses import dataclass

from django.contrib import messages

from console.audit import reconciliation, registry, selectors, unresolved
from console.audit.models import DONE, OPEN, UNKNOWN, Entry, GroupLine
from console.audit.unresolved import Unresolved
from console.common.formatting import plural


@dataclass(frozen=True)
class CheckResult:
    level: int
    """As of `django.contrib.messages`."""
    message: str
    unresolved: Unresolved | None
    """What is still unknown."""
    thing_url: str
    """Where the thing is shown that the act is about; "" while that is unknown."""

    @property
    def kind(self) -> str:
        return {messages.SUCCESS: "good", messages.INFO: "info"}.get(self.level, "warn")


def check_entry(entry: Entry, *, back: str = "") -> CheckResult:
    """`back` is the page of ours that shows the result."""
    level, message = _describe(entry, reconciliation.check(entry))
    fresh = Entry.objects.get(pk=entry.pk)
    line = selectors.line(fresh)
    is_unknown = line.outcome in (OPEN, UNKNOWN)
    thing_url = registry.address_of(fresh.thing_kind, line.summary.thing_id, line.summary.detail)
    return CheckResult(
        level,
        message,
        Unresolved(fresh, back=back) if is_unknown else None,
        thing_url if line.outcome == DONE else "",
    )


def check_act(act: GroupLine, *, back: str = "") -> CheckResult:
    """Checks some parts of an act of several entries; the others are checked in the background."""
    reconciliation.check_parts(act.pk)
    act.refresh_from_db()
    line = selectors.whole_act(act)
    if line.outcome not in (OPEN, UNKNOWN):
        return CheckResult(messages.SUCCESS, f"Every part is known now: {line.text}.", None, line.address)
    remaining = unresolved.of_line(line, back=back)
    if line.outcome == OPEN:
        message = "The requests are still running. Check again in a minute."
        return CheckResult(messages.INFO, message, remaining, "")
    parts = plural(act.unknown_parts, "part is", "parts are")
    return CheckResult(messages.WARNING, f"{parts} still unresolved. {remaining.state.message}", remaining, "")


def _describe(entry: Entry, state: reconciliation.Reconciliation) -> tuple[int, str]:
    if state.status == "done":
        return messages.SUCCESS, f"Found: {unresolved.subject_of(entry)}."
    if state.status == "failed":
        return messages.INFO, "It was not done. It can be sent again."
    if state.status == "under way":
        return messages.INFO, "The request is still running. Check again in a minute."
    return (messages.INFO if state.status == "checking" else messages.WARNING), state.message
