"""What the home page gathers: what waits for the person, where they were, and the latest acts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts import connections
from accounts.models import Person
from accounts.rights import Right
from console.audit import selectors, unresolved
from console.common.formatting import moment, plural
from console.exports import selectors as exports
from console.home import colleagues
from console.items.run_selectors import find_paused_runs
from console.slices import home_selectors as slices
from console.slices.home_selectors import RecentSlice, State

MOST_UNKNOWN = 5
MOST_PAUSED = 3
MOST_COLLEAGUES = 5
FAILED_SLICE = "Avala gives no reason. You can try again with the same recipe."
VENDORS = (
    ("avala", "Avala", "slices and datasets"),
    ("cloudfactory", "CloudFactory", "projects, batches and exports"),
)


@dataclass(frozen=True)
class Todo:
    """One thing that waits for the person, and the one button that goes there."""

    icon: str
    tone: str
    text: str
    note: str
    address: str
    button: str


@dataclass(frozen=True)
class Waiting:
    """What waits, and whether Avala has to be asked what became of a slice that this person created recently."""

    todos: Sequence[Todo]
    has_unfinished_slices: bool


def list_waiting(*, user: Person) -> Waiting:
    """Everything that waits, from our own database: no vendor can keep this page from appearing."""
    created = slices.list_recent(user=user) if may_ask_avala(user=user) else []
    todos = [
        *_unconnected(user),
        *_unknown(user),
        *_paused_runs(user),
        *_exports(user),
        *(_recent_slice(one, one.state) for one in created if one.state and one.state.failed),
        *_colleagues(user),
        *_drafts(user),
    ]
    return Waiting(todos, any(one.state is None for one in created))


def may_ask_avala(*, user: Person) -> bool:
    """Whether there is a key to ask with; without one the first line of the page already says what to do."""
    return bool(connections.key_fingerprint(user, "avala"))


def may_review(*, user: Person) -> bool:
    """Whether reviews are this person's work, and there is a key to ask with."""
    return user.can(Right.SIGNAL) and bool(connections.key_fingerprint(user, "cloudfactory"))


def unfinished_slices(*, user: Person) -> list[Todo]:
    """Their states now: up to four calls. One that is ready is shown once."""
    return [_recent_slice(one, one.state) for one in slices.check_unfinished(user=user) if one.state]


def list_acts(*, user: Person) -> list[selectors.EntryLine]:
    """The latest acts: the person's own, and for auditors those of all."""
    return selectors.latest(user)


def _unconnected(user: Person) -> list[Todo]:
    missing = [vendor for vendor in VENDORS if not connections.key_fingerprint(user, vendor[0])]
    return [
        Todo(
            "plug",
            "info",
            f"Connect {name}",
            f"It unlocks {unlocks}.",
            reverse("accounts:connect", args=[slug]),
            "Connect",
        )
        for slug, name, unlocks in missing
    ]


def _unknown(user: Person) -> list[Todo]:
    """Acts with an unknown outcome, the newest first: one's own, or all for those who can see them."""
    acts, number = unresolved.of_anything(user, most=MOST_UNKNOWN)
    todos = [_unresolved(line, act) for line, act in acts]
    return [*todos, _more_unresolved(number)] if number > MOST_UNKNOWN else todos


def _unresolved(line: selectors.EntryLine, act: unresolved.Unresolved) -> Todo:
    return Todo("circle-question-mark", "warn", line.text, act.state.message, act.entry_url, "Check")


def _more_unresolved(number: int) -> Todo:
    address = f"{reverse('audit:index')}?outcome=unknown&period=all"
    text = f"{plural(number - MOST_UNKNOWN, 'more request')} without a clear answer"
    return Todo("circle-question-mark", "warn", text, "The audit lists them all.", address, "Show all")


def _paused_runs(user: Person) -> list[Todo]:
    """Signals to many work items, and imports of them, that go on only when the person says so."""
    paused = find_paused_runs(user=user, most=MOST_PAUSED)
    return [Todo("pause", "warn", run.title, run.text, run.url, "Show") for run in paused]


def _exports(user: Person) -> list[Todo]:
    failed = exports.list_failed(user=user)
    ready = exports.list_not_downloaded(user=user) if user.can("download") else []
    return [
        *(_failed(export_request) for export_request in failed[:3]),
        *(_ready(export_request, part) for export_request, part in ready[:5]),
    ]


def _failed(export_request: Any) -> Todo:
    address = reverse("exports:detail", args=[export_request.export_id]) if export_request.export_id else ""
    text = f"The export “{export_request}” failed" if address else f"The export “{export_request}” was not started"
    return Todo(
        "circle-x",
        "bad",
        text,
        "There is no file.",
        address or reverse("exports:request", args=[export_request.pk]),
        "See why",
    )


def _ready(export_request: Any, part: str) -> Todo:
    have = f"You have downloaded only {part}." if part else "You have not downloaded it."
    note = f"{have} Its link ends {moment(export_request.link_ends)}."
    address = (
        reverse("exports:detail", args=[export_request.export_id])
        if export_request.export_id
        else reverse("exports:index")
    )
    return Todo("package", "good", f"The export “{export_request}” is ready", note, address, "Open")


def _recent_slice(recent: RecentSlice, state: State) -> Todo:
    if state.failed:
        icon, words, note = "circle-x", "failed", FAILED_SLICE
    elif state.building:
        icon, words, note = "clock", "is being built", ""
    elif state.ready:
        icon, words, note = "circle-check", "is ready", ""
    else:
        icon, words, note = "info", f"has the state {state.text}", ""
    return Todo(icon, state.tone, f"The slice “{recent.name}” {words}", note, recent.address, "View")


def _colleagues(user: Person) -> list[Todo]:
    """What others changed; a line disappears when the person opens the project, or after three days."""
    changes = colleagues.list_changes(user=user)[:MOST_COLLEAGUES]
    return [Todo("users", "info", change.line.text, change.note, change.address, "View") for change in changes]


def _drafts(user: Person) -> list[Todo]:
    if not user.can("change"):
        return []
    return [
        Todo(
            "pencil",
            "quiet",
            f"Continue “{draft}”",
            "Unfinished slice draft.",
            reverse("slices:draft", args=[draft.pk]),
            "Continue",
        )
        for draft in slices.list_unfinished_drafts(user)[:3]
    ]
