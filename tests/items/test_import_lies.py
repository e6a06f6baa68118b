"""A platform whose answers and lists are not to be believed: no item twice, and no row with another's item."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Person
from console.audit import reconciliation
from console.emulator.server import Running
from console.items.console_ids import KEY
from console.items.imports import services
from console.items.models import Import, ImportRow
from tests.items.import_helpers import (
    ARCHIVE,
    POST_REQUEST,
    entries,
    figures,
    is_exactly,
    posts,
    ready_import,
    run_workers,
    start,
)
from tests.rewriting_proxy import Vendor, rewriting

pytestmark = pytest.mark.django_db(transaction=True)
State, Outcome = Import.State, ImportRow.Outcome
LIST = r"/workItems\?"
Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(autouse=True)
def quick_checks(settings: Any, audit_anchor: Any) -> None:
    settings.AUDIT_SETTLE_SPAN = 0


@pytest.fixture
def platform(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield vendor


def each(change: Change) -> Change:
    return lambda page: {**page, "items": [change(item) for item in page["items"]]}


def without_metadata(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "metadata"}


LISTS: dict[str, Change] = {
    "without metadata": each(without_metadata),
    "with metadata that is none": each(lambda item: {**item, "metadata": 7}),
    "with nobody's metadata": each(lambda item: {**item, "metadata": {"site": "Lisbon"}}),
    "cut": lambda page: {**page, "items": page["items"][:1], "meta": {**page["meta"], "cursorNext": None}},
    "empty": lambda page: {**page, "items": [], "meta": {**page["meta"], "cursorNext": None}},
    "that never ends": lambda page: {**page, "items": [], "meta": {**page["meta"], "cursorNext": str(uuid.uuid4())}},
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_lacks_what_was_surely_created_proves_nothing(
    alice: Person, emulator: Running, platform: Vendor, name: str
) -> None:
    platform.rewrite("GET", LIST, LISTS[name])
    emulator.fault("cloudfactory", "drop-after", times=2, **POST_REQUEST)
    import_run = start(ready_import(alice, 12))
    run_workers(8)
    assert is_exactly(import_run, emulator)
    assert figures(import_run)[0] + figures(import_run)[3] == 12
    assert figures(import_run)[3] > 0, "nobody knows of those"


def test_metadata_that_comes_as_text_is_read(alice: Person, emulator: Running, platform: Vendor) -> None:
    platform.rewrite("GET", LIST, each(lambda item: {**item, "metadata": json.dumps(item["metadata"])}))
    emulator.fault("cloudfactory", "drop-after", times=2, **POST_REQUEST)
    import_run = start(ready_import(alice, 12))
    run_workers(6)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((12, 0, 0, 0, 0), True)


@pytest.mark.parametrize("hours", [-14, 14])
def test_a_clock_in_another_zone_hides_nothing(alice: Person, emulator: Running, platform: Vendor, hours: int) -> None:
    def say(query: dict[str, list[str]]) -> Any:
        clock = timedelta(hours=hours)
        begin = datetime.fromisoformat(query["createdAtFrom"][0].replace("Z", "+00:00"))
        table = emulator.world.work_items[ARCHIVE]
        rows = [table.at(place) for place in range(len(table))]
        listed = [row for row in rows if datetime.fromtimestamp(row["created_at"], UTC) + clock >= begin]
        return {"items": [{"id": row["id"], "metadata": row["metadata"]} for row in listed], "meta": {}}

    platform.speak("GET", LIST, say)
    emulator.fault("cloudfactory", "drop-after", times=4, **POST_REQUEST)
    import_run = start(ready_import(alice, 4))
    run_workers(6)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((4, 0, 0, 0, 0), True)


def test_an_answer_about_another_item_is_looked_up(alice: Person, emulator: Running, platform: Vendor) -> None:
    answers: list[dict[str, Any]] = []

    def lie(answer: dict[str, Any]) -> dict[str, Any]:
        answers.append(answer)
        return answers[0] if len(answers) % 2 == 0 else answer

    platform.rewrite("POST", "/workItems$", lie)
    check_each_has_its_own(start(ready_import(alice, 12)), emulator)


def test_an_id_that_was_given_to_another_row_is_looked_up(alice: Person, emulator: Running, platform: Vendor) -> None:
    answers: list[dict[str, Any]] = []

    def lie(answer: dict[str, Any]) -> dict[str, Any]:
        answers.append(answer)
        return without_metadata({**answer, "id": answers[0]["id"]}) if len(answers) % 3 == 0 else answer

    platform.rewrite("POST", "/workItems$", lie)
    check_each_has_its_own(start(ready_import(alice, 12)), emulator)


def check_each_has_its_own(import_run: Import, emulator: Running) -> None:
    run_workers(6)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((12, 0, 0, 0, 0), True)
    table = emulator.world.work_items[str(import_run.project)]
    ids = {row["metadata"].get(KEY): row["id"] for row in (table.at(place) for place in range(len(table)))}
    for row in import_run.rows.all():
        assert str(row.item) == ids[str(row.console_id)]


def test_one_row_that_is_not_found_leaves_the_others(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "404", times=1, **POST_REQUEST)
    import_run = start(ready_import(alice, 30))
    run_workers()
    assert (figures(import_run), import_run.state) == ((29, 0, 1, 0, 0), State.ENDED)


def test_a_project_that_is_not_found_any_more_ends_it_after_a_few_calls(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "404", times=0, **POST_REQUEST)
    import_run = start(ready_import(alice, 130))
    run_workers()
    assert figures(import_run) == (0, 0, 8, 0, 122)
    assert (import_run.state, len(posts(emulator))) == (State.STOPPED, 8)


def test_a_retry_begins_with_what_was_never_sent(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "403", times=4, **POST_REQUEST)
    import_run = start(ready_import(alice, 30))
    run_workers()
    refused = {str(one) for one in import_run.rows.filter(outcome=Outcome.REFUSED).values_list("console_id", flat=True)}
    assert figures(import_run) == (0, 0, 4, 0, 26)
    emulator.forget_requests()
    assert services.retry(user=alice, import_run=import_run)
    run_workers()
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((30, 0, 0, 0, 0), True)
    assert {body["metadata"][KEY] for body in posts(emulator)[26:]} == refused


def test_a_check_that_ends_late_says_nothing_about_a_row_that_is_sent_again(
    alice: Person, emulator: Running, platform: Vendor
) -> None:
    emulator.fault("cloudfactory", "reset", times=1, **POST_REQUEST)
    import_run = start(ready_import(alice, 20))
    run_workers()
    [entry] = entries(import_run)
    later = uuid.uuid4()

    def sent_again(page: Any) -> Any:
        unknown_rows = ImportRow.objects.filter(import_run=import_run, outcome__in=(Outcome.UNKNOWN, Outcome.SENDING))
        unknown_rows.update(outcome=Outcome.SENDING, act_id=later, misses=0, sent_at=timezone.now())
        connection.close()
        return page

    platform.rewrite("GET", LIST, sent_again)
    reconciliation.look(entry)
    row = ImportRow.objects.get(act_id=later)
    assert (row.outcome, row.misses) == (Outcome.SENDING, 0)
