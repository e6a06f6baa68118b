"""The label file of one work item as a download: exact, recorded, harmless, and a reason where there is none."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from tests.exports.making import body_of, broken_off
from tests.items.item_helpers import COINS, add_item, page_of, request_kinds
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]

COCO = '{"images": [], "annotations": [], "categories": []}'


def download(client: Client, item: str, project: str = COINS, **headers: str) -> Any:
    return client.get(f"{page_of(item, project)}labels/download/", headers=headers)


def recorded() -> list[Entry]:
    return list(Entry.objects.lines().filter(action="item.download").order_by("sequence"))


@pytest.fixture
def labelled(emulator: Running) -> str:
    item = add_item(emulator)
    emulator.act("set_annotation", item=item, coco=COCO)
    return item


def test_the_bytes_are_those_of_the_store_and_it_is_recorded(
    labelled: str, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    emulator.forget_requests()
    response = download(client, labelled)
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"] == 'attachment; filename="coins-r1c1 labels.json"'
    assert response["Content-Length"] == str(len(COCO))
    assert body_of(response) == COCO.encode()
    assert request_kinds(emulator) == ["workItems", "annotations", "signedurls", "file"]
    (entry,) = recorded()
    assert (entry.actor_name, entry.outcome, entry.thing_id, entry.detail["project_id"]) == (
        "Bob",
        "done",
        labelled,
        COINS,
    )
    sentence = "Bob downloaded the labels of the work item coins-r1c1.jpg"
    assert sentence in text_of(client.get(page_of(labelled)))
    assert sentence in text_of(client.get("/audit/"))


def test_the_signed_link_never_leaves(
    labelled: str, alice: Person, client_as: ClientAs, emulator: Running, caplog: pytest.LogCaptureFixture
) -> None:
    response = download(client_as(alice), labelled)
    body_of(response)
    everything = [str(response.headers), caplog.text, *(str(entry.detail) for entry in Entry.objects.all())]
    assert not any("signature=" in text for text in everything)


def test_a_download_that_breaks_off_is_said_to_be_a_part(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    item = add_item(emulator)
    emulator.act("set_annotation", item=item, coco=json.dumps({"annotations": [], "filler": "x" * 400_000}))
    client = client_as(alice)
    broken_off(download(client, item))
    assert "downloaded part of the labels of the work item coins-r1c1.jpg" in text_of(client.get(page_of(item)))


def test_head_takes_nothing_and_records_nothing(
    labelled: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = client_as(alice).head(f"{page_of(labelled)}labels/download/")
    assert (response.status_code, response["Content-Length"]) == (200, str(len(COCO)))
    assert recorded() == []


@pytest.mark.parametrize(
    ("status", "set_to", "answer", "message"),
    [
        ("NEW", {"coco": None}, 409, "There are no labels for this item yet."),
        ("CLIENT_REVIEW", {"absent": True}, 409, "There are no labels for this item yet."),
        ("COMPLETED", {"coco": None}, 410, "CloudFactory has no label file for this item."),
        ("COMPLETED", {"missing": True}, 410, "no longer in CloudFactory's file store"),
        ("COMPLETED", {"coco": None, "metadata": {"coco_results_url": "../../secret"}}, 410, "can't be used"),
        ("COMPLETED", {"coco": None, "metadata": {"coco_results_url": "https://evil.example/x"}}, 410, "can't be used"),
        ("COMPLETED", {"coco": "<html>Sign in</html>"}, 410, "something else than a label file"),
    ],
)
def test_nothing_to_download_is_a_page_with_the_reason(
    alice: Person,
    client_as: ClientAs,
    emulator: Running,
    status: str,
    set_to: dict[str, Any],
    answer: int,
    message: str,
) -> None:
    item = add_item(emulator, status=status)
    emulator.act("set_annotation", item=item, **set_to)
    response = download(client_as(alice), item)
    assert response.status_code == answer
    assert message in text_of(response)
    assert recorded()[0].outcome == "failed"
    tool = download(client_as(alice), item, Accept="*/*")
    assert (tool.status_code, tool["Content-Type"]) == (answer, "text/plain; charset=utf-8")


@pytest.mark.parametrize("fault", ["500", "503", "reset", "garbage", "429", "403"])
@pytest.mark.parametrize("path", ["workItems\\?", "annotations", "signedurls"])
def test_a_failure_on_the_way_is_said_and_recorded(
    labelled: str, alice: Person, client_as: ClientAs, emulator: Running, fault: str, path: str
) -> None:
    emulator.fault("cloudfactory", fault, path=path, times=0)
    response = download(client_as(alice), labelled)
    assert response.status_code >= 400
    assert "CloudFactory" in text_of(response)
    assert [entry.outcome for entry in recorded()] == ["failed"]


def test_an_item_of_another_project_is_not_handed_out(
    labelled: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    assert download(client_as(alice), labelled, PROJECTS["eyes"]).status_code == 404


def test_auditors_cannot_download(labelled: str, dana: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(dana)
    assert download(client, labelled).status_code == 403
    assert "Download labels" not in text_of(client.get(page_of(labelled)))
