"""How the audit words, groups and links what is done to work items."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from console.audit import actions, download_states, phrases, registry
from console.audit.actions import Action
from console.audit.phrases import Detail
from console.common.formatting import plural


def _labels(detail: Detail) -> str:
    count = detail.get("labels")
    return phrases.brackets([plural(count, "label")]) if isinstance(count, int) else ""


def _created(detail: Detail) -> str:
    """` (batch Harbour, 2 refused)`."""
    return phrases.brackets(
        [phrases.batch(detail).removeprefix("the "), *phrases.other_figures(detail)]
    ) + phrases.reason(detail)


# What `item.signal` says of a single item.
SIGNALS: dict[str, Action] = {
    "start": Action(
        "items",
        "started work on the work item {thing}",
        "start work on the work item {thing}",
        phrases.reason,
        whether="work on the work item {thing} was started",
    ),
    "release": Action(
        "items",
        "released the work item {thing}",
        "release the work item {thing}",
        phrases.reason,
        whether="the work item {thing} was released",
    ),
    "complete": Action(
        "items",
        "completed the work item {thing}",
        "complete the work item {thing}",
        phrases.reason,
        whether="the work item {thing} was completed",
    ),
    "complete NOT_OK": Action(
        "items",
        "completed the work item {thing} as not OK",
        "complete the work item {thing} as not OK",
        phrases.reason,
        whether="the work item {thing} was completed as not OK",
    ),
    "cancel": Action(
        "items",
        "canceled the work item {thing}",
        "cancel the work item {thing}",
        phrases.reason,
        whether="the work item {thing} was canceled",
    ),
    "reopen": Action(
        "items",
        "reopened the work item {thing}",
        "reopen the work item {thing}",
        phrases.reason,
        whether="the work item {thing} was reopened",
    ),
}


def _of_many(past: str, tried: str, whether: str = "") -> Action:
    """The same of many work items; {thing} is their project."""
    about = "{many} of {thing}"
    whether_sentence = whether or f"{about} {{were}} {past}"
    return Action("items", f"{past} {about}", f"{tried} {about}", phrases.other_counts, whether=whether_sentence)


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
    "item.signal": Action(
        "items",
        "signaled work items of {thing}",
        "signal work items of {thing}",
        phrases.summary,
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
        phrases.reason,
        whether="the work item {thing} was sent back",
        of_many={"complete": _of_many("sent back", "send back")},
        section="Work items sent back",
    ),
    "item.create": Action(
        "items",
        "created the work item {thing}",
        "create the work item {thing}",
        phrases.in_batch,
        whether="the work item {thing} was created",
        of_many={
            "": Action(
                "items",
                "created {many} in {thing}",
                "create {many} in {thing}",
                _created,
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
        download_states.brackets,
        begins=download_states.verb,
        section="Downloads",
        is_long_running=True,
        is_egress=True,
    ),
    "item.results": Action(
        "files",
        "downloaded the results of signals to work items of {thing} as CSV",
        "download the results of signals to work items of {thing} as CSV",
        phrases.summary,
        section="Downloads",
        is_egress=True,
    ),
    "item.lines": Action(
        "files",
        "downloaded lines that were not imported into {thing} as CSV",
        "download lines that were not imported into {thing} as CSV",
        phrases.summary,
        section="Downloads",
        is_egress=True,
    ),
}

PAGES = {
    "items:approve": "approve a work item",
    "items:select": "send a signal to many work items",
    "items:bulk_create": "send a signal to many work items",
    "items:bulk_read_again": "send a signal to many work items",
    "items:bulk_send": "send a signal to many work items",
    "items:bulk_stop": "send a signal to many work items",
    "items:bulk_carry_on": "send a signal to many work items",
    "items:bulk_retry": "send a signal to many work items",
    "items:bulk_undo": "send a signal to many work items",
    "items:bulk_select": "send a signal to many work items",
    "items:create": "create a work item",
    "items:import": "create many work items",
    "items:import_template": "create many work items",
    "items:from_files": "create many work items",
    "items:import_read_again": "create many work items",
    "items:import_start": "create many work items",
    "items:import_stop": "create many work items",
    "items:import_carry_on": "create many work items",
    "items:import_retry": "create many work items",
    "items:import_refused": "download the lines of an import",
    "items:from_slice": "send a slice to a batch",
    "items:ground_truth": "add labels to a work item",
    "items:ground_truth_preview": "add labels to a work item",
    "items:ground_truth_send": "add labels to a work item",
    "items:decision": "follow a decision on a work item",
    "items:download": "download the labels of a work item",
    "items:send_back": "send a work item back",
    "items:signal": "send a signal to a work item",
    "items:take_back": "take back a decision on a work item",
    "items:review": "review work items",
    "items:review_run": "review work items",
    "items:review_step": "review work items",
    "items:review_skip": "review work items",
    "items:review_end": "review work items",
}


def register() -> None:
    actions.register_group("items", "Work items", position=40, section="Work items")
    actions.register(ACTIONS)
    actions.register_pages(PAGES)
    registry.register_place("items", "Work items")
    registry.register_place("signals", "Work items")
    registry.register_thing("item", _address)


def _address(thing_id: str, detail: Mapping[str, Any]) -> str:
    return reverse("items:detail", args=[detail["project_id"], thing_id])
