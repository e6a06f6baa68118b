"""A part of the fault driver that is quick enough for the suite: one cell for each kind of mistake that was ever made.

`make faults` plays all of them.
"""

import pytest

from tests.faults.driver import Stage, Target
from tests.faults.operations import BATCHES, OPERATIONS
from tests.faults.table import FAULTS

pytestmark = pytest.mark.django_db

CALLS = {
    "list of slices": Target("avala", "GET", "/slices/northwind/list/$"),
    "slice": Target("avala", "GET", "/slices/northwind/[a-z-]+/$"),
    "items of a slice": Target("avala", "GET", "/items/list/$"),
    "datasets": Target("avala", "GET", "/datasets/$"),
    "dataset": Target("avala", "GET", "/datasets/[0-9a-f-]{36}/$"),
    "organizations": Target("avala", "GET", "/organizations/$"),
    "projects": Target("cloudfactory", "GET", "/projects$"),
    "project": Target("cloudfactory", "GET", "/projects/[0-9a-f-]{36}$"),
    "batches": Target("cloudfactory", "GET", "/batches$"),
    "priorities": Target("cloudfactory", "GET", "/prioritization$"),
    "work items": Target("cloudfactory", "GET", "/workItems$"),
    "exports": Target("cloudfactory", "GET", "/exports$"),
    "export": Target("cloudfactory", "GET", "/exports/[0-9a-f-]{36}$"),
    "file": Target("storage", "GET", "/exports/"),
}

READS = [
    (name, call, fault)
    for name, call in (
        ("slices", "list of slices"),
        ("slice", "slice"),
        ("items of a slice", "items of a slice"),
        ("batches", "batches"),
        ("order", "priorities"),
        ("project's figures", "work items"),
    )
    for fault in ("500, not performed", "200 HTML, performed", "every value null", "truncated answer", "refused 404")
]
WRITES = [
    (name, fault)
    for name in ("create a slice", "create a batch", "save an order", "start an export", "delete an export")
    for fault in ("refused 422", "102 and 103 ahead of the answer")
]


@pytest.mark.parametrize(("name", "call", "fault"), READS)
def test_a_page_stands_whatever_is_answered(stage: Stage, name: str, call: str, fault: str) -> None:
    operation = OPERATIONS[name]
    cell = stage.play(operation, CALLS[call], FAULTS[fault], htmx=not operation.plain)
    assert cell.hit
    assert cell.wrong == []


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize(("name", "fault"), WRITES)
def test_a_form_says_what_became_of_it_and_no_more(stage: Stage, name: str, fault: str, htmx: bool) -> None:
    operation = OPERATIONS[name]
    assert operation.writes
    cell = stage.play(operation, Target(*operation.writes), FAULTS[fault], htmx=htmx and operation.htmx)
    assert cell.hit
    assert cell.wrong == []


def test_the_driver_sees_what_is_wrong(stage: Stage) -> None:
    """A page that falls over would be noticed: without a vendor at all, the old page is asked for after the fault."""
    broken = OPERATIONS["batches"].__class__(
        "a page that is not there", lambda desk, htmx: desk.browser.get(BATCHES), pages=("/nowhere/",)
    )
    cell = stage.play(broken, CALLS["batches"], FAULTS["500, not performed"], htmx=False)
    assert cell.wrong == ["afterwards /nowhere/: status 404"]
