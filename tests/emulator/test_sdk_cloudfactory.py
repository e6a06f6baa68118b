"""The platform's own SDK, unchanged, against the emulator."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from cf_ai_platform_client import SyncCFUserClient
from cf_ai_platform_client.models import ExportContent, ExportFormat, ExportStatus

from console.emulator.people import SPACE
from console.emulator.sample import FIRST_BATCH, PROJECTS
from console.emulator.server import Running

EYES = PROJECTS["eyes"]
NOWHERE = "00000000-0000-4000-8000-000000000000"


@contextmanager
def client_with(running: Running, key: str) -> Iterator[SyncCFUserClient]:
    client = SyncCFUserClient.create_with_api_key(key, base_url=running.cloudfactory_url)
    with client:
        yield client
    client._loop.close()  # its own close() forgets to, which Python would complain about


@pytest.fixture
def client(running: Running) -> Iterator[SyncCFUserClient]:
    with client_with(running, "cf_demo_ops") as client:
        yield client


def status_of(caught: pytest.ExceptionInfo[httpx.HTTPStatusError]) -> int:
    return caught.value.response.status_code


def test_it_downloads_the_results_of_a_project(client: SyncCFUserClient, running: Running, tmp_path: Path) -> None:
    summary = client.download_project(EYES, SPACE, str(tmp_path), limit=5)
    assert (summary.failed, summary.successful) == (0, summary.total_items)
    assert summary.total_items > 5
    files = list(tmp_path.glob("*/*.json"))
    assert {file.parent.name for file in files} == {"Default", "Uppsala", "Lund"}
    assert all(json.loads(file.read_text())["info"]["asset_url"].startswith("raw/") for file in files)
    assert all(entry["key"] is None for entry in running.requests("storage"))


def test_it_downloads_chosen_batches_and_items_only(client: SyncCFUserClient, tmp_path: Path) -> None:
    second = FIRST_BATCH["eyes"] + 1
    by_batch = client.download_project(EYES, SPACE, str(tmp_path / "a"), batch_ids=[second])
    assert {result.batch_id for result in by_batch.results} == {second}
    ids = [result.item_id for result in by_batch.results][:2]
    by_item = client.download_project(EYES, SPACE, str(tmp_path / "b"), work_item_ids=ids)
    assert sorted(result.item_id for result in by_item.results) == sorted(ids)


def test_dates_choose_items_both_ends_included(client: SyncCFUserClient, tmp_path: Path) -> None:
    everything = client.download_project(EYES, SPACE, str(tmp_path / "a"))
    none = client.download_project(EYES, SPACE, str(tmp_path / "b"), created_at_to="2020-01-01T00:00:00Z")
    both = client.download_project(
        EYES, SPACE, str(tmp_path / "c"), created_at_from="2020-01-01T00:00:00Z", updated_at_to="2099-01-01T00:00:00Z"
    )
    assert (none.total_items, both.total_items) == (0, everything.total_items)


def test_it_creates_waits_for_downloads_and_deletes_an_export(client: SyncCFUserClient, tmp_path: Path) -> None:
    made = client.create_export(SPACE, "From the SDK", project_ids=[EYES])
    done = client.wait_for_export(SPACE, str(made.export_id), poll_interval=0.05, timeout=10)
    assert (done.status, done.created_by) == (ExportStatus.COMPLETED, "ops@northwind.example")
    path = client.download_export_file(SPACE, str(made.export_id), str(tmp_path), poll_interval=0.05)
    assert Path(path).name == "From-the-SDK.zip"
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        documents = [json.loads(archive.read(name)) for name in archive.namelist()]
    assert documents
    assert all({"images", "annotations", "categories"} <= set(found) for found in documents)
    client.delete_export(SPACE, str(made.export_id))
    with pytest.raises(httpx.HTTPStatusError) as caught:
        client.get_export(SPACE, str(made.export_id))
    assert status_of(caught) == 404


@pytest.mark.parametrize("style", [ExportFormat.JSON, ExportFormat.CSV])
@pytest.mark.parametrize("content", [ExportContent.ANNOTATION, ExportContent.ASSET_METADATA])
def test_other_formats_come_as_a_zip_too(
    client: SyncCFUserClient, tmp_path: Path, style: ExportFormat, content: ExportContent
) -> None:
    made = client.create_export(SPACE, "Table", export_format=style, content=content, project_ids=[EYES])
    path = client.download_export_file(SPACE, str(made.export_id), str(tmp_path), poll_interval=0.05)
    assert zipfile.ZipFile(path).namelist() == [f"annotations.{style.value.lower()}"]
    assert [row.format for row in client.list_exports(SPACE, export_format=style).items] == [style]


def test_it_lists_exports_newest_first_with_a_limit(client: SyncCFUserClient) -> None:
    page = client.list_exports(SPACE, limit=3)
    assert len(page.items) == 3
    times = [str(row.created_at) for row in page.items]
    assert times == sorted(times, reverse=True)
    assert page.meta
    assert page.meta.cursor_next
    assert page.meta.object == "export"


def test_a_failed_export_says_why(client: SyncCFUserClient, tmp_path: Path) -> None:
    made = client.create_export(SPACE, "Nothing", project_ids=[PROJECTS["pilot"]])
    with pytest.raises(ValueError, match="no work item matches"):
        client.download_export_file(SPACE, str(made.export_id), str(tmp_path), poll_interval=0.05)


def test_a_second_export_at_a_time_is_a_conflict(client: SyncCFUserClient, running: Running) -> None:
    running.act("set_pace", seconds=60)
    client.create_export(SPACE, "First")
    with pytest.raises(httpx.HTTPStatusError) as caught:
        client.create_export(SPACE, "Second")
    assert status_of(caught) == 409


def test_content_that_coco_cannot_hold_is_a_bad_request(client: SyncCFUserClient) -> None:
    with pytest.raises(httpx.HTTPStatusError) as caught:
        client.create_export(SPACE, "x", content=ExportContent.INFERENCE)
    assert status_of(caught) == 400


def test_a_wrong_key_is_401(running: Running) -> None:
    with client_with(running, "cf_nobody") as client, pytest.raises(httpx.HTTPStatusError) as caught:
        client.list_exports(SPACE)
    assert status_of(caught) == 401


def test_a_reviewer_may_read_but_not_export(running: Running) -> None:
    with client_with(running, "cf_demo_reviewer") as client:
        assert client.list_exports(SPACE).items
        with pytest.raises(httpx.HTTPStatusError) as caught:
            client.create_export(SPACE, "x")
    assert status_of(caught) == 403


def test_an_unknown_space_and_a_foreign_one_are_404(client: SyncCFUserClient, running: Running) -> None:
    with pytest.raises(httpx.HTTPStatusError) as caught:
        client.list_exports(NOWHERE)
    assert status_of(caught) == 404
    with client_with(running, "cf_demo_outsider") as outsider, pytest.raises(httpx.HTTPStatusError) as foreign:
        outsider.list_exports(SPACE)
    assert status_of(foreign) == 404
