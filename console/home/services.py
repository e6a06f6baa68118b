"""What the home page gathers: what waits for the person, where they were, and what happened lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts import connections
from accounts.models import Person
from accounts.rights import Right
from console.audit import selectors, unresolved
from console.common.formatting import moment, plural
from console.exports import selectors as exports
from console.home import colleagues
from console.items.run_selectors import find_paused_runs
from console.projects import selectors as projects
from console.projects.presenters import Reviews
from console.slices import presenters as shown
from console.slices import recent as recent_slices
from console.slices import services as slices
from console.slices.builder import drafts
from console.slices.presenters import State
from console.slices.recent import RecentSlice

SLICES = 4
UNKNOWN_SHOWN = 5
PAUSED_SHOWN = 3
COLLEAGUES_SHOWN = 5
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


def waiting(*, user: Person) -> Waiting:
    """Everything that waits, from our own database: no vendor can keep this page from appearing."""
    created = recent_slices.list_recent(user=user) if may_ask_avala(user=user) else []
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


def latest_slices(*, user: Person) -> list[shown.SliceRow]:
    """The first few slices of the person's Avala owner: one upstream call."""
    owner = connections.owner(user)
    found = connections.avala(user).list_slices(owner, limit=SLICES).items
    return shown.rows(found, slices.known_names(user=user, uids=slices.recipe_datasets(found)))


def may_ask_avala(*, user: Person) -> bool:
    """Whether there is a key to ask with; without one the first line of the page already says what to do."""
    return bool(connections.key_fingerprint(user, "avala"))


def may_review(*, user: Person) -> bool:
    """Whether what waits for review waits for this person, and there is a key to ask with."""
    return user.can(Right.SIGNAL) and bool(connections.key_fingerprint(user, "cloudfactory"))


def reviews(*, user: Person) -> Reviews:
    return projects.waiting_for_review(user=user)


def unfinished_slices(*, user: Person) -> list[Todo]:
    """What became of them: up to four calls. One that is ready is told once."""
    return [_recent_slice(one, one.state) for one in recent_slices.check_unfinished(user=user) if one.state]


def unnamed_datasets(rows: Sequence[shown.SliceRow]) -> str:
    """The datasets whose names are not known yet, as the question `slices:names` understands."""
    recipes = [row.recipe for row in rows if row.recipe]
    uids = {clause.dataset_uid for recipe in recipes for clause in recipe.clauses if not clause.named}
    return urlencode([("d", uid) for uid in sorted(uids) if slices.is_uid(uid)])


def recent(*, user: Person) -> list[selectors.Line]:
    """The latest sentences: the person's own, and for auditors everybody's."""
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
    """Acts with an unknown outcome: one's own, or everybody's for those who may see them. The newest come first."""
    found, number = unresolved.of_anything(user, most=UNKNOWN_SHOWN)
    shown = [_unresolved(line, one) for line, one in found]
    return [*shown, _more_unresolved(number)] if number > UNKNOWN_SHOWN else shown


def _unresolved(line: selectors.Line, one: unresolved.Unresolved) -> Todo:
    return Todo("circle-question-mark", "warn", line.text, one.state.message, one.entry_url, "Check")


def _more_unresolved(number: int) -> Todo:
    address = f"{reverse('audit:index')}?outcome=unknown&period=all"
    text = f"{plural(number - UNKNOWN_SHOWN, 'more request')} without a clear answer"
    return Todo("circle-question-mark", "warn", text, "The audit lists them all.", address, "Show all")


def _paused_runs(user: Person) -> list[Todo]:
    """Signals to many work items, and imports of them, that go on only when the person says so."""
    paused = find_paused_runs(user=user, most=PAUSED_SHOWN)
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


def _recent_slice(found: RecentSlice, state: State) -> Todo:
    if state.failed:
        icon, words, note = "circle-x", "failed", FAILED_SLICE
    elif state.building:
        icon, words, note = "clock", "is being built", ""
    elif state.ready:
        icon, words, note = "circle-check", "is ready", ""
    else:
        icon, words, note = "info", f"has the state {state.text}", ""
    return Todo(icon, state.tone, f"The slice “{found.name}” {words}", note, found.address, "View")


def _colleagues(user: Person) -> list[Todo]:
    """What others changed; a line goes when the person opens the project, or after three days."""
    found = colleagues.list_changes(user=user)[:COLLEAGUES_SHOWN]
    return [Todo("users", "info", one.line.text, one.note, one.address, "View") for one in found]


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
        for draft in drafts.editable(user)[:3]
    ]
