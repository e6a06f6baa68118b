"""How the audit words, groups and links what is done to exports."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse

from console.audit import actions, download_states, phrases, registry
from console.audit.actions import LEFT_OUT, Action
from console.audit.phrases import Detail
from console.common.formatting import join_with_and, moment, plural


def _format_and_items(detail: Detail) -> str:
    items = phrases.number_of_items(detail)
    about = "no items" if items == "0 items" else f"about {items}"
    return phrases.brackets([str(detail.get("format") or "COCO"), about if items else ""])


def contents(detail: Mapping[str, Any]) -> str:
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
    projects = choice.get("projects") if isinstance(choice, dict) else None
    if not isinstance(projects, list):
        return ""
    return plural(len(projects), "project") if projects else "all projects"


def _span(choice: Any) -> str:
    """The days of a choice: "changed from 3 Nov 2026, 00:00 UTC", or nothing where any day will do."""
    if not isinstance(choice, dict):
        return ""
    clauses = []
    for verb, name in (("created", "created"), ("changed", "updated")):
        since, until = _moment(choice.get(f"{name}_from")), _moment(choice.get(f"{name}_to"))
        ends = " ".join(filter(None, [since and f"from {since}", until and f"until {until}"]))
        clauses += [f"{verb} {ends}"] if ends else []
    return " and ".join(clauses)


def _moment(text: Any) -> str:
    try:
        return moment(datetime.fromisoformat(text)) if text else ""
    except (TypeError, ValueError):
        return ""


def _names(value: Any) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []


def _listed(names: list[str], one: str) -> str:
    return f"{len(names)} {one}s" if len(names) > 3 else join_with_and(names)


ACTIONS: dict[str, Action] = {
    "export.create": Action(
        "exports",
        "exported {contents}",
        "export {contents}",
        _format_and_items,
        whether="the export {thing} was started",
        section="Exports created",
        is_egress=True,
        contents=contents,
    ),
    "export.queue": Action(
        "exports",
        "queued the export {thing}",
        "queue the export {thing}",
        _format_and_items,
        section="Exports queued and deleted",
        is_egress=True,
    ),
    "export.unqueue": Action(
        "exports",
        "removed the export {thing} from the queue",
        "remove the export {thing} from the queue",
        phrases.reason,
        section="Exports queued and deleted",
        is_egress=True,
    ),
    "export.delete": Action(
        "exports",
        "deleted the export {thing}",
        "delete the export {thing}",
        whether="the export {thing} was deleted",
        section="Exports queued and deleted",
        is_egress=True,
    ),
    "export.download": Action(
        "exports",
        "downloaded the export {thing}",
        "download the export {thing}",
        download_states.brackets,
        begins=download_states.verb,
        section="Downloads",
        is_long_running=True,
        is_egress=True,
    ),
    "export.receipt": Action(
        "exports",
        "read the file of the export {thing} for its receipt",
        "read the file of the export {thing}",
        phrases.size,
        section=LEFT_OUT,
    ),
}

PAGES = {
    "exports:batches": "create an export",
    "exports:contents": "create an export",
    "exports:create": "create an export",
    "exports:delete": "delete an export",
    "exports:download": "download an export",
    # Recorded under the former name of the page.
    "exports:plan": "open an export that is not started",
    "exports:leave": "remove an export from the queue",
    "exports:request": "open an export that is not started",
}


def register() -> None:
    actions.register_group("exports", "Exports", position=50, section="Exports queued and deleted")
    actions.register(ACTIONS)
    actions.register_pages(PAGES)
    registry.register_place("exports", "Exports")
    registry.register_thing("export", _address)


def _address(thing_id: str, detail: Mapping[str, Any]) -> str:
    return reverse("exports:detail", args=[thing_id])
