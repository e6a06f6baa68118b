"""The page of an import once it was started: its progress, its result, and what can be done about it."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.emulator.server import Running
from console.items.imports.services import NewRow
from console.items.models import Import
from console.jobs import worker
from tests.faults.browser import Page
from tests.items.bulk_factories import query_plan
from tests.items.import_helpers import (
    ARCHIVE,
    ITEMS,
    POST_REQUEST,
    figures,
    finished_import,
    is_exactly,
    new_rows,
    posts,
    ready_import,
    run_workers,
    start,
)

pytestmark = pytest.mark.django_db(transaction=True)
State = Import.State
SignIn = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def quick_checks(settings: Any, audit_anchor: Any) -> None:
    settings.AUDIT_SETTLE_SPAN = 0


def address(import_run: Import, move: str = "") -> str:
    return f"{ITEMS}imports/{import_run.pk}/{move}"


def page_of(client: Client, import_run: Import, query: str = "") -> Page:
    answer = client.get(address(import_run) + query)
    assert answer.status_code == 200
    return Page(answer.content.decode(), address(import_run))


def press(client: Client, import_run: Import, button: str) -> Any:
    form = page_of(client, import_run).form(rf"/{button}/(\?|$)")
    return client.post(form.action, form.filled())


def text_of(client: Client, import_run: Import, query: str = "") -> str:
    html = client.get(address(import_run) + query).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_one_button_of_the_plan_creates_its_items_once(alice: Person, emulator: Running, client_as: SignIn) -> None:
    client, import_run = client_as(alice), ready_import(alice, 12)
    form = page_of(client, import_run).form(r"/start/")
    for _ in range(2):
        answer = client.post(form.action, form.filled())
        assert (answer.status_code, answer["Location"]) == (302, address(import_run))
    assert "Creating 12 work items" in text_of(client, import_run)
    run_workers()
    assert (figures(import_run), len(posts(emulator))) == ((12, 0, 0, 0, 0), 12)
    text = text_of(client, import_run)
    assert "Finished: creating 12 work items" in text
    assert "12 created." in text


def test_an_old_plan_is_not_started(alice: Person, emulator: Running, client_as: SignIn) -> None:
    client, import_run = client_as(alice), ready_import(alice, 12)
    form = page_of(client, import_run).form(r"/start/")
    Import.objects.update(read_at=timezone.now() + timedelta(seconds=1))
    answer = client.post(form.action, form.filled())
    assert answer.status_code == 409
    assert "made again since you opened it" in answer.content.decode()
    import_run.refresh_from_db()
    assert import_run.state == State.READY


def test_each_row_is_listed_with_its_outcome_a_hundred_a_page(
    alice: Person, emulator: Running, client_as: SignIn
) -> None:
    emulator.fault("cloudfactory", "400", times=1, **POST_REQUEST)
    rows = [*new_rows(230), NewRow(231, "bad.jpg", errors=[["difficulty", "Type a whole number."]])]
    import_run, client = finished_import(alice, rows), client_as(alice)
    html = client.get(address(import_run)).content.decode()
    assert html.count('class="row-title"') == 100
    assert re.search(r"Created\s*<span class=\"badge\">229<", html)
    assert re.search(r"Refused\s*<span class=\"badge\">1<", html)
    item = import_run.rows.filter(outcome="created").first().item
    assert f'href="{ITEMS}{item}/"' in html
    assert client.get(address(import_run) + "?page=3").content.decode().count('class="row-title"') == 31
    assert "difficulty: Type a whole number." in text_of(client, import_run, "?outcome=left-out")
    assert "refused" in text_of(client, import_run, "?outcome=refused").lower()


def test_what_was_created_is_linked_to_the_table_of_its_batch(
    alice: Person, emulator: Running, client_as: SignIn
) -> None:
    batch = connections.cloudfactory(alice).list_batches(ARCHIVE).items[0].id
    import_run = finished_import(alice, new_rows(3, batch_id=batch), batch_id=batch, batch_name="Dashcam Q3")
    html = client_as(alice).get(address(import_run)).content.decode()
    assert re.search(rf'href="{ITEMS}\?batch={batch}">[^/]*Dashcam Q3', html)


def test_retry_creates_just_what_was_surely_not_created(alice: Person, emulator: Running, client_as: SignIn) -> None:
    emulator.fault("cloudfactory", "400", times=3, **POST_REQUEST)
    import_run, client = finished_import(alice, 30), client_as(alice)
    assert figures(import_run) == (27, 0, 3, 0, 0)
    assert "Retry 3 items" in text_of(client, import_run)
    assert press(client, import_run, "retry")["Location"] == address(import_run)
    run_workers()
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((30, 0, 0, 0, 0), True)
    assert "Retry" not in text_of(client, import_run)
    client.post(address(import_run, "retry/"))
    run_workers()
    assert len(posts(emulator)) == 33


def test_stop_and_carry_on_are_said_with_numbers(alice: Person, emulator: Running, client_as: SignIn) -> None:
    emulator.fault("cloudfactory", "500", times=0, **POST_REQUEST)
    import_run, client = start(ready_import(alice, 20)), client_as(alice)
    run_workers()
    assert "Paused: creating 20 work items" in text_of(client, import_run)
    emulator.clear_faults()
    worker.sweep()
    answer = client.post(address(import_run, "carry-on/"), headers=HTMX)
    assert "Creating 20 work items" in answer.content.decode()
    assert "Stop" in answer.content.decode()
    assert client.post(address(import_run, "stop/"), headers=HTMX).status_code == 200
    run_workers()
    text = text_of(client, import_run)
    assert "Stopped: creating 20 work items" in text
    assert re.search(r"\d+ not created", text)


def test_the_progress_ends_with_the_results(alice: Person, emulator: Running, client_as: SignIn) -> None:
    import_run, client = start(ready_import(alice, 5)), client_as(alice)
    first = client.get(address(import_run, "progress/?look=1"), headers=HTMX).content.decode()
    assert 'hx-trigger="load delay:1s, again"' in first
    assert "import-results" not in first
    run_workers()
    last = client.get(address(import_run, "progress/?look=2&was=creating"), headers=HTMX).content.decode()
    assert "Finished: creating 5 work items" in last
    assert 'id="import-results" hx-swap-oob="true"' in last
    assert 'id="live"' in last
    assert client.get(address(import_run, "progress/"))["Location"] == address(import_run)


def test_whoever_started_it_is_told_once_wherever_they_are(alice: Person, emulator: Running, client_as: SignIn) -> None:
    client = client_as(alice)
    import_run = start(ready_import(alice, 5))
    assert 'id="signal-news"' in client.get("/profile/").content.decode()
    assert "Finished" not in client.post("/signals/news/?look=1", headers=HTMX).content.decode()
    run_workers()
    answer = client.post("/signals/news/?look=1", headers=HTMX).content.decode()
    assert "Finished: creating 5 work items" in answer
    assert address(import_run) in answer
    assert "Finished" not in client.post("/signals/news/?look=1", headers=HTMX).content.decode()


def test_it_is_shown_above_the_table_while_it_runs(alice: Person, emulator: Running, client_as: SignIn) -> None:
    client, import_run = client_as(alice), start(ready_import(alice, 5))
    assert f'id="import-{import_run.pk}"' in client.get(ITEMS).content.decode()
    run_workers()
    assert f'id="import-{import_run.pk}"' not in client.get(ITEMS).content.decode()


def test_it_is_shown_on_the_page_of_its_batch_while_it_runs(
    alice: Person, emulator: Running, client_as: SignIn
) -> None:
    batch, other = [one.id for one in connections.cloudfactory(alice).list_batches(ARCHIVE).items[:2]]
    client, import_run = client_as(alice), start(ready_import(alice, new_rows(3, batch_id=batch)))
    assert f'id="import-{import_run.pk}"' in client.get(f"/projects/{ARCHIVE}/batches/{batch}/").content.decode()
    assert f'id="import-{import_run.pk}"' not in client.get(f"/projects/{ARCHIVE}/batches/{other}/").content.decode()


@pytest.mark.sqlite
def test_the_page_of_a_batch_reads_no_rows_of_imports_that_are_over(
    alice: Person, emulator: Running, client_as: SignIn
) -> None:
    batch, client = connections.cloudfactory(alice).list_batches(ARCHIVE).items[0].id, client_as(alice)
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/projects/{ARCHIVE}/batches/{batch}/")
    [sql] = [query["sql"] for query in queries if "items_importrow" in query["sql"]]
    steps = query_plan(sql)
    assert any("CORRELATED" in step for step in steps), steps
    assert not any(step.startswith("SCAN") for step in steps), steps


def test_a_colleague_looks_and_changes_nothing(
    alice: Person, erin: Person, bob: Person, carol: Person, emulator: Running, client_as: SignIn
) -> None:
    import_run = start(ready_import(alice, 5))
    for colleague, status in ((erin, 404), (bob, 403)):
        client = client_as(colleague)
        text = text_of(client, import_run)
        assert "Started by Alice" in text
        assert "Stop" not in re.sub("Stopped", "", text)
        for move in ("start", "stop", "carry-on", "retry"):
            assert client.post(address(import_run, f"{move}/")).status_code == status
    stranger = client_as(carol)
    Import.objects.update(space=str(uuid.uuid4()))
    assert stranger.get(address(import_run)).status_code == 404


def test_a_job_leads_to_its_import(alice: Person, emulator: Running, client_as: SignIn) -> None:
    import_run, client = start(ready_import(alice, 5)), client_as(alice)
    html = client.get("/jobs/mine/").content.decode()
    assert address(import_run) in html
    assert "Create many work items" in html


def test_its_act_in_the_audit_leads_to_it(alice: Person, emulator: Running, client_as: SignIn) -> None:
    import_run, client = finished_import(alice, 5), client_as(alice)
    assert f'href="{address(import_run)}"' in client.get(f"/audit/acts/{import_run.pk}/").content.decode()


def test_old_imports_are_deleted_but_none_under_way(alice: Person, emulator: Running) -> None:
    old, running, new = ready_import(alice, 2), start(ready_import(alice, 2)), ready_import(alice, 2)
    Import.objects.filter(pk__in=[old.pk, running.pk]).update(created_at=timezone.now() - timedelta(days=181))
    worker.clean_up()
    assert set(Import.objects.values_list("pk", flat=True)) == {running.pk, new.pk}


def test_a_line_that_was_left_out_is_in_no_batch(alice: Person, emulator: Running, client_as: SignIn) -> None:
    wrong = NewRow(number=9, name="no-batch.jpg", errors=[["batch", "This project has no batch with this name."]])
    import_run = finished_import(alice, [*new_rows(1), wrong])
    html = client_as(alice).get(address(import_run)).content.decode()
    cells = re.findall(r'<td data-label="Batch">(.*?)</td>', html)
    assert [bool(cell) for cell in cells] == [True, False]
