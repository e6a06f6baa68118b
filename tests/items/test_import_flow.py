"""A CSV from the form to the platform: what a line says arrives as typed, and what is refused comes back as a line."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.batches import selectors
from console.emulator.server import Running
from console.items.console_ids import KEY
from console.items.models import Import
from tests.items.csv_helpers import plan_of, sheet, table_of
from tests.items.import_helpers import ARCHIVE, ITEMS, POST_REQUEST, figures, is_exactly, posts, run_workers
from tests.slices.making import text_of

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = (
    "asset_url", "asset_id", "asset_type", "batch", "results_url", "taxonomy_version_id", "due_in_seconds",
    "difficulty", "metadata", "labels", "metadata.site",
)  # fmt: skip
TAXONOMY = "0b0f6f0a-7f2f-4a39-9d64-8d1a55a6a111"


@pytest.fixture
def client(alice: Person, client_as: Callable[[Person], Client], emulator: Running, audit_anchor: Any) -> Client:
    return client_as(alice)


def import_lines(client: Client, text: str) -> Import:
    """The lines imported: the plan's button pressed as its page has it, and the worker's turn."""
    plan = plan_of(client.post(f"{ITEMS}import/", {"import_id": str(uuid.uuid4()), "text": text}))
    version = plan.read_at.isoformat() if plan.read_at else ""
    answer = client.post(f"{ITEMS}imports/{plan.pk}/start/", {"version": version})
    assert answer["Location"] == f"{ITEMS}imports/{plan.pk}/"
    run_workers()
    plan.refresh_from_db()
    return plan


def refused_lines(client: Client, import_run: Import) -> list[list[str]]:
    return table_of(client.get(f"{ITEMS}imports/{import_run.pk}/refused.csv"))


def test_each_field_arrives_as_typed_and_an_empty_one_is_not_in_the_body(
    alice: Person, client: Client, emulator: Running
) -> None:
    batch = selectors.read_batches(user=alice, project=uuid.UUID(ARCHIVE))[0]
    full = (
        "raw/1.jpg", "", "image", batch.name or "", "https://example.com/r", TAXONOMY, "60", "0", '{"camera": "front"}',
        '[{"label": "coin"}]', "=Lisbon",
    )  # fmt: skip
    import_run = import_lines(client, sheet([full, ("", "7", "video")], HEADER))
    assert figures(import_run) == (2, 0, 0, 0, 0)
    assert is_exactly(import_run, emulator)
    first, second = sorted(posts(emulator), key=lambda body: "assetId" in body)
    ids = {str(one) for one in import_run.rows.values_list("console_id", flat=True)}
    assert {first["metadata"].pop(KEY), second["metadata"].pop(KEY)} == ids
    assert first == {
        "assetUrl": "raw/1.jpg",
        "assetType": "image",
        "batchId": batch.id,
        "resultsUrl": "https://example.com/r",
        "taxonomyVersionId": TAXONOMY,
        "dueInSeconds": 60,
        "difficulty": 0,
        "metadata": {"camera": "front", "site": "=Lisbon"},
        "labels": [{"label": "coin"}],
    }
    assert second == {"assetId": 7, "assetType": "video", "metadata": {}}


def test_an_items_page_leads_to_the_line_it_came_from(
    alice: Person, erin: Person, client_as: Callable[[Person], Client], client: Client, emulator: Running
) -> None:
    line = ("raw/1.jpg", "", "image", "", "", "", "", "", "", '[{"label": "coin"}]', "")
    import_run = import_lines(client, sheet([line], HEADER))
    page = f"{ITEMS}{import_run.rows.get().item}/"
    origin = f'<a href="{ITEMS}imports/{import_run.pk}/"><bdi>line 2 of pasted lines</bdi></a>'
    assert origin in client.get(page).content.decode()
    assert "You sent 1 label along when it was created" in text_of(client.get(f"{page}ground-truth/"))
    colleague = client_as(erin)
    assert origin in colleague.get(page).content.decode()
    assert "Alice sent 1 label along when it was created" in text_of(colleague.get(f"{page}ground-truth/"))


def test_an_items_page_names_no_import_of_another_project(client: Client, emulator: Running) -> None:
    """Our id can be copied into the metadata of any item."""
    import_run = import_lines(client, sheet([("raw/1.jpg", "image")], ("asset_url", "asset_type")))
    Import.objects.update(project=uuid.uuid4())
    assert "Imported from" not in client.get(f"{ITEMS}{import_run.rows.get().item}/").content.decode()


def test_lines_that_cloudfactory_refused_come_back_and_can_be_imported_again(client: Client, emulator: Running) -> None:
    header = ("asset_url", "asset_type", "metadata.note")
    rows = [("raw/1.jpg", "image", "+1"), ("raw/2.jpg", "audio", ""), ("raw/3.jpg", "image", "fine")]
    emulator.fault("cloudfactory", "409", **POST_REQUEST)
    import_run = import_lines(client, sheet(rows, header))
    assert figures(import_run) == (1, 0, 1, 0, 0)
    refused, invalid = sorted(refused_lines(client, import_run)[1:], key=lambda line: line[1] == "audio")
    assert refused[:2] in (["raw/1.jpg", "image"], ["raw/3.jpg", "image"])
    assert refused[3]
    assert invalid[3] == "asset_type: Enter image or video."
    again = import_lines(client, sheet([refused], (*header, "problem")))
    assert figures(again) == (1, 0, 0, 0, 0)
    assert posts(emulator)[-1]["metadata"]["note"] in ("+1", "fine")
    assert refused_lines(client, again) == [[*header, "problem"]]


def test_a_poll_of_a_plan_that_was_started_elsewhere_opens_its_progress(client: Client, emulator: Running) -> None:
    import_run = import_lines(client, sheet([("raw/1.jpg", "image")], ("asset_url", "asset_type")))
    here = f"{ITEMS}imports/{import_run.pk}/"
    answer = client.get(f"{here}?look=3", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == here
    assert client.get(f"{here}?look=3").status_code == 200
