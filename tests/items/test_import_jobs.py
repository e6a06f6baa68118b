"""Many new work items as CloudFactory receives them: each once, in parts of a hundred, each result true."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import vendor_status
from accounts.models import ApiKey, Person
from console.audit import record, verify
from console.audit.models import GroupLine, Lookup
from console.emulator.server import Running
from console.items.console_ids import KEY
from console.items.imports import services
from console.items.imports.services import NewRow
from console.items.models import Import, ImportRow
from console.items.runs import services as run_services
from console.jobs import worker
from console.jobs.models import Operation
from tests.items.import_helpers import (
    POST_REQUEST,
    count_console_ids,
    entries,
    figures,
    finished_import,
    is_exactly,
    new_rows,
    posts,
    ready_import,
    run_workers,
    start,
)
from tests.rewriting_proxy import rewriting

pytestmark = pytest.mark.django_db(transaction=True)
State, Outcome = Import.State, ImportRow.Outcome
TAXONOMY = "0b0f6f0a-7f2f-4a39-9d64-8d1a55a6a111"


@pytest.fixture(autouse=True)
def quick_checks(settings: Any, audit_anchor: Any) -> None:
    settings.AUDIT_SETTLE_SPAN = 0


def test_250_rows_are_250_calls_and_three_entries(alice: Person, emulator: Running) -> None:
    import_run = finished_import(alice, 250)
    assert figures(import_run) == (250, 0, 0, 0, 0)
    assert (import_run.state, import_run.planned_count, bool(import_run.finished_at)) == (State.ENDED, 250, True)
    assert len(posts(emulator)) == 250
    assert is_exactly(import_run, emulator)
    assert [(one.outcome, one.detail["items"], one.result["items_done"]) for one in entries(import_run)] == [
        ("done", 100, 100),
        ("done", 100, 100),
        ("done", 50, 50),
    ]
    assert not import_run.rows.filter(item=None).exists()
    assert verify.check().is_whole


def test_each_field_arrives_as_the_row_has_it(alice: Person, emulator: Running) -> None:
    full = {
        "asset_type": "video",
        "asset_id": 77,
        "results_url": "https://results.example/1",
        "taxonomy_version_id": TAXONOMY,
        "metadata": {"camera": "front"},
        "due_in_seconds": 3600,
        "difficulty": 0,
        "labels": [{"class": "car"}],
    }
    plain = {"asset_type": "image", "asset_url": "pictures/1.jpg"}
    rows = [NewRow(1, fields=full, batch_id=None), NewRow(2, fields=plain)]
    import_run = finished_import(alice, rows)
    first, second = sorted(posts(emulator), key=lambda body: body["assetType"], reverse=True)
    ids = {row.number: str(row.console_id) for row in import_run.rows.all()}
    assert first == {
        "assetType": "video",
        "assetId": 77,
        "resultsUrl": "https://results.example/1",
        "taxonomyVersionId": TAXONOMY,
        "metadata": {"camera": "front", KEY: ids[1]},
        "dueInSeconds": 3600,
        "difficulty": 0,
        "labels": [{"class": "car"}],
    }
    assert second == {"assetType": "image", "assetUrl": "pictures/1.jpg", "metadata": {KEY: ids[2]}}


def test_answers_about_other_items_leave_each_row_to_be_looked_up(
    alice: Person, emulator: Running, settings: Any
) -> None:
    other = str(uuid.uuid4())
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        vendor.rewrite("POST", "/workItems$", lambda item: {**item, "id": other, "metadata": {KEY: other}})
        import_run = finished_import(alice, 3)
        run_workers(3)
    assert figures(import_run) == (3, 0, 0, 0, 0)
    assert is_exactly(import_run, emulator)
    assert uuid.UUID(other) not in set(import_run.rows.values_list("item", flat=True))


def test_invalid_rows_are_never_sent(alice: Person, emulator: Running) -> None:
    rows = [*new_rows(3), NewRow(4, errors=[["difficulty", "Not a number."]])]
    import_run = finished_import(alice, rows)
    assert (figures(import_run), len(posts(emulator))) == ((3, 0, 0, 0, 0), 3)
    assert import_run.rows.get(number=4).outcome == Outcome.INVALID


def test_a_plan_is_stored_and_started_once(alice: Person, emulator: Running) -> None:
    import_run = ready_import(alice, 3)
    again = ready_import(alice, 7, import_id=import_run.pk)
    assert (again.pk, again.rows.count()) == (import_run.pk, 3)
    assert services.start(user=alice, import_run=import_run)
    assert not services.start(user=alice, import_run=import_run)
    run_workers(2)
    assert (figures(import_run), len(posts(emulator))) == ((3, 0, 0, 0, 0), 3)


def test_a_plan_of_somebody_else_is_not_theirs(alice: Person, bob: Person) -> None:
    import_run = ready_import(alice, 3)
    with pytest.raises(services.NotStarted):
        ready_import(bob, 3, import_id=import_run.pk)
    assert not services.start(user=bob, import_run=import_run)


def test_a_plan_cannot_join_the_acts_of_somebody_else(alice: Person, bob: Person) -> None:
    theirs = record.event(actor=bob, action="file.upload", group=uuid.uuid4(), detail={"items": 3})
    with pytest.raises(services.NotStarted):
        ready_import(alice, 3, import_id=theirs.group)
    assert not Import.objects.filter(pk=theirs.group).exists()


@pytest.mark.parametrize("status", [400, 409])
def test_a_refused_row_has_the_vendors_words_and_the_others_are_created(
    alice: Person, emulator: Running, status: int
) -> None:
    emulator.fault("cloudfactory", str(status), times=1, **POST_REQUEST)
    import_run = finished_import(alice, 10)
    assert (figures(import_run), import_run.state) == ((9, 0, 1, 0, 0), State.ENDED)
    assert import_run.rows.get(outcome=Outcome.REFUSED).message
    assert len(posts(emulator)) == 10


@pytest.mark.parametrize("status", ["401", "403"])
def test_after_a_refused_key_nothing_more_is_sent(alice: Person, emulator: Running, status: str) -> None:
    emulator.fault("cloudfactory", status, times=0, **POST_REQUEST)
    import_run = finished_import(alice, 150)
    assert import_run.state == State.STOPPED
    assert figures(import_run) == (0, 0, 4, 0, 146)
    assert import_run.message
    assert len(posts(emulator)) == 4
    emulator.clear_faults()
    ApiKey.objects.update(rejected=False)
    assert services.retry(user=alice, import_run=import_run)
    run_workers(2)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((150, 0, 0, 0, 0), True)


def test_too_many_requests_are_waited_for_and_each_row_is_created_once(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "429", times=6, **POST_REQUEST)
    import_run = finished_import(alice, 30)
    run_workers(3)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((30, 0, 0, 0, 0), True)


@pytest.mark.parametrize("fault", ["drop-after", "500", "garbage"])
def test_a_lost_answer_is_looked_up_and_never_sent_again_while_it_may_be_there(
    alice: Person, emulator: Running, fault: str
) -> None:
    emulator.fault("cloudfactory", fault, times=1, **POST_REQUEST)
    import_run = start(ready_import(alice, 20))
    run_workers(1)
    assert figures(import_run)[3] == 1
    run_workers(6)
    assert figures(import_run) == (20, 0, 0, 0, 0)
    assert is_exactly(import_run, emulator)
    assert import_run.state == State.ENDED
    assert {one.outcome for one in entries(import_run)} == {"done"}
    assert verify.check().is_whole


def test_a_row_that_three_checks_did_not_find_is_sent_again_by_itself(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "reset", times=1, **POST_REQUEST)
    import_run = start(ready_import(alice, 20))
    run_workers(1)
    assert figures(import_run) == (19, 0, 0, 1, 0)
    assert import_run.state == State.CREATING
    run_workers(8)
    assert (figures(import_run), import_run.state) == ((20, 0, 0, 0, 0), State.ENDED)
    assert is_exactly(import_run, emulator)
    assert [(one.outcome, one.result["items"]) for one in entries(import_run)] == [("done", 19), ("done", 1)]


def close_the_breaker() -> None:
    """Its half minute of rest is no part of what is tried."""
    for key in ("", *ApiKey.objects.values_list("fingerprint", flat=True)):
        health = vendor_status.health("cloudfactory", key)
        health.seconds_until_allowed()
        health.record(True)


def test_five_failures_in_a_row_pause_it_until_somebody_lets_it_carry_on(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "500", times=0, **POST_REQUEST)
    import_run = start(ready_import(alice, 120))
    run_workers(8)
    import_run.refresh_from_db()
    assert import_run.state == State.PAUSED
    assert import_run.message
    emulator.clear_faults()
    close_the_breaker()
    assert run_services.carry_on(user=alice, run=import_run)
    run_workers(12)
    assert (figures(import_run), import_run.state) == ((120, 0, 0, 0, 0), State.ENDED)
    assert is_exactly(import_run, emulator)


def test_a_stop_leaves_the_others_and_a_retry_creates_just_them(alice: Person, emulator: Running) -> None:
    import_run = start(ready_import(alice, 30))
    assert run_services.stop(user=alice, run=import_run)
    run_workers()
    assert (figures(import_run), import_run.state) == ((0, 0, 0, 0, 30), State.STOPPED)
    assert services.retry(user=alice, import_run=import_run)
    run_workers()
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((30, 0, 0, 0, 0), True)
    assert not services.retry(user=alice, import_run=import_run)


SLICE = {"source": Import.Source.SLICE, "source_name": "Rain", "source_key": "northwind/rain"}


def same_rows(ids: list[uuid.UUID]) -> list[NewRow]:
    return [replace(row, console_id=ids[row.number - 1]) for row in new_rows(len(ids))]


def test_the_same_items_of_two_people_are_created_once(alice: Person, erin: Person, emulator: Running) -> None:
    ids = [uuid.uuid4() for _ in range(30)]
    first, second = (
        start(ready_import(alice, same_rows(ids), **SLICE)),
        start(ready_import(erin, same_rows(ids), **SLICE)),
    )
    run_workers(3)
    assert (figures(first), figures(second)) == ((30, 0, 0, 0, 0), (0, 30, 0, 0, 0))
    assert count_console_ids(emulator) == dict.fromkeys(map(str, ids), 1)
    assert set(second.rows.values_list("item", flat=True)) == set(first.rows.values_list("item", flat=True))
    third = ready_import(erin, same_rows(ids), **SLICE)
    assert (third.planned_count, third.rows.filter(outcome=Outcome.PRESENT).count()) == (0, 30)
    assert not services.start(user=erin, import_run=third)


def test_what_another_import_is_creating_is_waited_for(alice: Person, erin: Person, emulator: Running) -> None:
    ids = [uuid.uuid4() for _ in range(10)]
    first = ready_import(alice, same_rows(ids[:4]), **SLICE)
    first.rows.update(outcome=Outcome.SENDING, sent_at=timezone.now())
    second = start(ready_import(erin, same_rows(ids), **SLICE))
    run_workers(2)
    assert (figures(second), second.state) == ((6, 0, 0, 0, 0), State.CREATING)
    assert "Waiting for another import" in second.message
    first.rows.filter(number__lte=3).update(outcome=Outcome.CREATED, item=uuid.uuid4())
    first.rows.filter(number=4).update(outcome=Outcome.REFUSED)
    run_workers()
    assert (figures(second), second.state) == ((7, 3, 0, 0, 0), State.ENDED)
    assert sorted(count_console_ids(emulator)) == sorted(map(str, ids[3:]))


def test_what_another_import_may_have_created_is_never_sent(alice: Person, erin: Person, emulator: Running) -> None:
    ids = [uuid.uuid4() for _ in range(3)]
    first = ready_import(alice, same_rows(ids), **SLICE)
    first.rows.update(outcome=Outcome.UNKNOWN, sent_at=timezone.now() - timedelta(hours=1))
    second = start(ready_import(erin, same_rows(ids), **SLICE))
    run_workers()
    assert (figures(second), posts(emulator)) == ((0, 0, 0, 0, 3), [])
    assert "another import may have created it" in second.rows.first().message


def test_the_same_item_twice_in_one_import_is_created_once(alice: Person, emulator: Running) -> None:
    ids = [uuid.uuid4()] * 3
    import_run = finished_import(alice, same_rows(ids), **SLICE)
    run_workers(2)
    assert (figures(import_run), import_run.state) == ((1, 2, 0, 0, 0), State.ENDED)
    assert count_console_ids(emulator) == {str(ids[0]): 1}


def test_a_disabled_person_creates_nothing_more(alice: Person, emulator: Running) -> None:
    import_run = start(ready_import(alice, 30))
    alice.is_active = False
    alice.save()
    run_workers()
    import_run.refresh_from_db()
    assert (import_run.state, posts(emulator)) == (State.STOPPED, [])
    assert "disabled" in import_run.message


def test_whoever_lost_their_role_creates_nothing_more(alice: Person, emulator: Running) -> None:
    import_run = start(ready_import(alice, 30))
    Person.objects.filter(pk=alice.pk).update(role="reviewer")
    run_workers()
    import_run.refresh_from_db()
    assert (import_run.state, posts(emulator)) == (State.STOPPED, [])
    assert "role" in import_run.message


def import_with_a_lost_answer(person: Person, emulator: Running) -> Import:
    """One of 20 whose call was cut off, so that its outcome is unknown."""
    emulator.fault("cloudfactory", "reset", times=1, **POST_REQUEST)
    import_run = start(ready_import(person, 20))
    run_workers(1)
    assert figures(import_run) == (19, 0, 0, 1, 0)
    return import_run


def test_stopped_while_it_is_checked_it_can_be_retried_once_it_is_proven(alice: Person, emulator: Running) -> None:
    import_run = import_with_a_lost_answer(alice, emulator)
    assert run_services.stop(user=alice, run=import_run)
    Lookup.objects.all().delete()
    Operation.objects.filter(kind=Import.JOB).update(due_at=timezone.now())
    worker.perform(Operation.objects.get(kind=Import.JOB).pk)
    import_run.refresh_from_db()
    assert (import_run.state, figures(import_run)) == (State.ENDED, (19, 0, 0, 1, 0))
    assert not services.retry(user=alice, import_run=import_run)
    run_workers(6)
    assert figures(import_run) == (19, 0, 0, 0, 1)
    assert {one.outcome for one in entries(import_run)} == {"done"}
    assert services.retry(user=alice, import_run=import_run)
    run_workers()
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((20, 0, 0, 0, 0), True)


@pytest.mark.parametrize(("outcome", "expected"), [("done", (20, 0, 0, 0, 0)), ("failed", (19, 0, 0, 0, 1))])
def test_the_rows_follow_what_a_person_says_about_their_act(
    alice: Person, emulator: Running, outcome: Any, expected: tuple[int, ...]
) -> None:
    import_run = import_with_a_lost_answer(alice, emulator)
    [entry] = entries(import_run)
    record.reconcile(entry, outcome, by=alice, note="Looked it up.")
    assert figures(import_run) == expected


def test_a_retry_before_the_job_was_put_down_starts_nothing(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "400", times=1, **POST_REQUEST)
    import_run = finished_import(alice, 3)
    Operation.objects.filter(kind=Import.JOB).update(state="running", finished_at=None)
    assert not services.retry(user=alice, import_run=import_run)
    import_run.refresh_from_db()
    assert import_run.state == State.ENDED
    Operation.objects.filter(kind=Import.JOB).update(state="done", finished_at=timezone.now())
    assert services.retry(user=alice, import_run=import_run)
    run_workers()
    assert figures(import_run) == (3, 0, 0, 0, 0)


def test_an_entry_counts_what_was_sent_under_it(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "403", times=1, **POST_REQUEST)
    import_run = finished_import(alice, 30)
    [entry] = entries(import_run)
    post_count = len(posts(emulator))
    assert post_count == 4
    assert (entry.outcome, entry.result["items"], entry.result["items_done"]) == ("done", 4, 3)
    line = GroupLine.objects.get(pk=import_run.pk)
    assert (line.items, line.items_done, line.items_failed, line.items_unknown) == (4, 3, 1, 0)
