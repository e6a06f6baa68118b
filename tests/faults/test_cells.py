"""A part of the fault driver that is quick enough for the suite: the mistakes that were made once, and their kind.

`make faults` plays every operation against every fault.
"""

import dataclasses

import pytest

from console.audit.models import DONE, UNKNOWN, Entry
from tests.exports.making import work
from tests.faults.driver import Stage, Target
from tests.faults.operations import ALL, BATCHES, OPERATIONS, WRITES
from tests.faults.table import FAULTS

pytestmark = pytest.mark.django_db

CALLS = {
    "list of slices": Target("avala", "GET", "/slices/northwind/list/$"),
    "slice": Target("avala", "GET", "/slices/northwind/[a-z-]+/$"),
    "items of a slice": Target("avala", "GET", "/items/list/$"),
    "datasets": Target("avala", "GET", "/datasets/$"),
    "projects": Target("cloudfactory", "GET", "/projects$"),
    "project": Target("cloudfactory", "GET", "/projects/[0-9a-f-]{36}$"),
    "batches": Target("cloudfactory", "GET", "/batches$"),
    "priorities": Target("cloudfactory", "GET", "/prioritization$"),
    "work items": Target("cloudfactory", "GET", "/workItems$"),
    "exports": Target("cloudfactory", "GET", "/exports$"),
    "export": Target("cloudfactory", "GET", "/exports/[0-9a-f-]{36}$"),
    "file": Target("storage", "GET", "/exports/"),
    "annotation": Target("cloudfactory", "GET", "/annotations$"),
    "links": Target("cloudfactory", "POST", "/signedurls$"),
    "result": Target("storage", "GET", "/coco_output/"),
}
PAGES = (
    ("slices", "list of slices"),
    ("slice", "slice"),
    ("items of a slice", "items of a slice"),
    ("builder's datasets", "datasets"),
    ("projects", "projects"),
    ("batches", "batches"),
    ("order", "priorities"),
    ("project's figures", "work items"),
    ("exports", "exports"),
    ("export", "export"),
    ("download", "file"),
    ("work items", "work items"),
    ("pictures of work items", "links"),
    ("work item with its labels", "annotation"),
    ("labels of a work item", "result"),
    ("label file", "result"),
    ("step of a review", "work items"),
    ("review's start", "work items"),
)
FILES = ("file", "result")
ODD_IDS = ("ids are a number", "ids are null", "ids are a path")
NAMED = [operation.name for operation in WRITES]
TYPED = [operation.name for operation in WRITES if operation.typed]
LOST = ("503, performed", "200 HTML, performed")


def read(stage: Stage, name: str, call: str, fault: str) -> list[str]:
    operation = OPERATIONS[name]
    cell = stage.play(operation, CALLS[call], FAULTS[fault], htmx=not operation.plain)
    assert cell.hit
    return cell.wrong


def write(stage: Stage, name: str, fault: str, *, htmx: bool = False) -> list[str]:
    operation = OPERATIONS[name]
    assert operation.writes
    cell = stage.play(operation, Target(*operation.writes), FAULTS[fault], htmx=htmx and operation.htmx)
    assert cell.hit
    return cell.wrong


@pytest.mark.parametrize("fault", ["500, not performed", "200 HTML, performed", "every value null"])
@pytest.mark.parametrize(("name", "call"), PAGES)
def test_a_page_stands_whatever_is_answered(stage: Stage, name: str, call: str, fault: str) -> None:
    if not (FAULTS[fault].shapes and call in FILES):
        assert read(stage, name, call, fault) == []


@pytest.mark.parametrize("fault", ODD_IDS)
@pytest.mark.parametrize(("name", "call"), [(name, call) for name, call in PAGES if call not in FILES])
def test_an_odd_id_takes_no_page_down(stage: Stage, name: str, call: str, fault: str) -> None:
    assert read(stage, name, call, fault) == []


@pytest.mark.parametrize("fault", ODD_IDS)
@pytest.mark.parametrize("name", ["create a slice", "create a batch", "start an export"])
def test_a_new_thing_with_an_odd_id_is_looked_up_and_stored_nowhere(stage: Stage, name: str, fault: str) -> None:
    assert write(stage, name, fault) == []


@pytest.mark.parametrize("fault", ["Content-Length ²", "429 Retry-After digits", "200 5,000 digits, performed"])
@pytest.mark.parametrize("name", ["slices", "projects", "exports"])
def test_digits_are_not_taken_for_numbers(stage: Stage, name: str, fault: str) -> None:
    assert read(stage, name, dict(PAGES)[name], fault) == []


@pytest.mark.parametrize("fault", ["200 depth 600, performed", "200 duplicate keys, performed"])
@pytest.mark.parametrize("name", ["create a slice", "change metadata", "save an order", "start an export"])
def test_what_is_no_strict_json_is_no_answer(stage: Stage, name: str, fault: str) -> None:
    assert write(stage, name, fault) == []


@pytest.mark.parametrize("name", ["projects", "exports"])
def test_a_next_page_without_a_cursor_hides_no_rows(stage: Stage, name: str) -> None:
    """Every link of the page is there as when all is well."""
    healthy, broken = (
        stage.words(OPERATIONS[name]),
        stage.words(OPERATIONS[name], CALLS[dict(PAGES)[name]], FAULTS["next is without a cursor"]),
    )
    assert healthy[1]
    assert set(broken[1]) >= set(healthy[1])


@pytest.mark.parametrize("fault", ["200 HTML", "endless body", "200 of 11 MiB", "200 error"])
@pytest.mark.parametrize("name", ["delete an export", "save an order", "rename a batch"])
def test_an_answer_that_is_none_says_nothing_is_done(stage: Stage, name: str, fault: str) -> None:
    assert write(stage, name, f"{fault}, not performed") == []


@pytest.mark.parametrize(("fault", "htmx"), zip(LOST, (False, True), strict=True), ids=LOST)
@pytest.mark.parametrize("name", NAMED)
def test_an_unknown_outcome_can_be_checked(stage: Stage, name: str, fault: str, htmx: bool) -> None:
    assert write(stage, name, fault, htmx=htmx) == []


@pytest.mark.parametrize(
    "fault", ["refused 401", "refused 403", "refused 409", "refused 422", "429 Retry-After 7", "connection refused"]
)
@pytest.mark.parametrize("name", TYPED)
def test_what_was_typed_is_kept(stage: Stage, name: str, fault: str) -> None:
    assert write(stage, name, fault) == []


@pytest.mark.parametrize("name", NAMED)
def test_three_stale_reads_are_not_believed(stage: Stage, name: str) -> None:
    assert write(stage, name, "performed, answer lost, reads are stale") == []


@pytest.mark.parametrize("name", NAMED)
def test_the_worker_finds_what_was_performed_although_the_answer_was_lost(stage: Stage, name: str) -> None:
    operation = OPERATIONS[name]
    with stage.fresh():
        desk = stage.desk("operator")
        operation.arrange(desk)
        before = set(Entry.objects.values_list("pk", flat=True))
        vendor, method, path = operation.writes or ("", "", "")
        stage.proxy.apply(vendor, method, path, FAULTS["reset after it is performed"])
        operation.press(desk, False)
        entry = Entry.objects.filter(kind=Entry.Kind.OPENING).exclude(pk__in=before).get()
        assert entry.outcome == (DONE if operation.reads_back else UNKNOWN)
        stage.proxy.heal()
        work(2)
        assert Entry.objects.get(pk=entry.pk).outcome == (UNKNOWN if operation.never_told else DONE)


@pytest.mark.parametrize(("name", "call"), [("create a slice", "list of slices"), ("create a batch", "batches")])
def test_a_check_that_cannot_read_settles_nothing(stage: Stage, name: str, call: str) -> None:
    assert read(stage, f"check after: {name}", call, "503, not performed") == []


@pytest.mark.parametrize("fault", LOST)
def test_a_queued_export_with_a_lost_answer_can_be_checked(stage: Stage, fault: str) -> None:
    assert write(stage, "start a queued export", fault) == []


def test_a_file_that_cannot_be_read_gets_no_receipt(stage: Stage) -> None:
    assert read(stage, "receipt of an export", "file", "reset after it is performed") == []


def test_a_reviewer_meets_the_same_faults(stage: Stage) -> None:
    for name, call in PAGES:
        operation = OPERATIONS[name]
        if operation.reviewer and call in {"list of slices", "batches", "export"}:
            cell = stage.play(operation, CALLS[call], FAULTS["503, not performed"], htmx=False, who="reviewer")
            assert cell.wrong == []


def test_each_operation_has_a_name_of_its_own() -> None:
    """Of two with one name only the second would be played."""
    names = [one.name for one in ALL]
    assert sorted(names) == sorted(set(names))


def test_the_driver_sees_what_is_wrong(stage: Stage) -> None:
    broken = dataclasses.replace(
        OPERATIONS["batches"], press=lambda desk, htmx: desk.browser.get(BATCHES), pages=("/nowhere/",)
    )
    cell = stage.play(broken, CALLS["batches"], FAULTS["500, not performed"], htmx=False)
    assert cell.wrong == ["afterwards /nowhere/: status 404"]
