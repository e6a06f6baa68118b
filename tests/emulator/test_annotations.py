"""What can be made of a work item's annotation: by the acts of a colleague, and by the name of its file."""

import json
import time
from http.client import RemoteDisconnected
from typing import Any

import pytest

from console.emulator.people import SPACE
from console.emulator.sample import FIRST_BATCH, PROJECTS
from console.emulator.server import Running
from tests.emulator.conftest import Caller, Reply
from tests.emulator.test_work_items import FIRST, ITEMS, item_in, read

APPROVE = {"signal": "complete", "signalOutcome": "OK", "taskType": "external_review"}


def annotation(platform: Caller, item: str) -> Any:
    return platform.get(f"{ITEMS}/{item}/annotations?format=coco").json


def result(platform: Caller, storage: Caller, item: str) -> Reply:
    address = annotation(platform, item)["metadata"]["coco_results_url"]
    path = address.partition(f"/spaces/{SPACE}/")[2]
    link = platform.post(f"/spaces/{SPACE}/signedurls", {"paths": [path]}).json["items"][0]["signedUrl"]
    return storage.get(link)


@pytest.mark.parametrize("coco", ['{"images": [NaN', '{"annotations": [{"bbox": "wide"}]}', "no JSON at all \udcff"])
def test_a_result_is_stored_as_the_text_it_is(platform: Caller, storage: Caller, running: Running, coco: str) -> None:
    item = item_in(platform, "NEW")
    running.act("set_annotation", item=item, coco=coco)
    assert result(platform, storage, item).content == coco.encode(errors="surrogatepass")


def test_a_result_can_be_given_as_an_object_and_taken_away(platform: Caller, storage: Caller, running: Running) -> None:
    item = item_in(platform, "COMPLETED")
    running.act("set_annotation", item=item, coco={"annotations": []})
    assert result(platform, storage, item).json == {"annotations": []}
    running.act("set_annotation", item=item, coco=None)
    assert annotation(platform, item)["metadata"] == {"label_count": 0}


def test_a_result_can_be_missing_in_the_store(platform: Caller, storage: Caller, running: Running) -> None:
    item = item_in(platform, "COMPLETED")
    running.act("set_annotation", item=item, missing=True)
    assert result(platform, storage, item).status == 404


def test_an_annotation_can_be_absent_where_its_item_is_known(platform: Caller, running: Running) -> None:
    item = item_in(platform, "COMPLETED")
    running.act("set_annotation", item=item, absent=True)
    assert platform.get(f"{ITEMS}/{item}/annotations").status == 404
    assert [row["id"] for row in read(platform, item)] == [item]


def test_a_result_can_have_any_number_of_shapes(platform: Caller, storage: Caller, running: Running) -> None:
    item = item_in(platform, "CLIENT_REVIEW")
    running.act("set_annotation", item=item, shapes=1000)
    document = result(platform, storage, item).json
    assert len(document["annotations"]) == 1000
    assert all(0 <= number <= 1000 for shape in document["annotations"] for number in shape["segmentation"][0])


@pytest.mark.parametrize("value", [None, [], ["cat"], "text", 7, {"cat": 0.7}])
def test_inference_and_metadata_are_whatever_they_are_set_to(platform: Caller, running: Running, value: Any) -> None:
    item = item_in(platform, "CLIENT_REVIEW")
    running.act("set_annotation", item=item, inference=value, metadata=value)
    answered = annotation(platform, item)
    assert answered["inference"] == value
    assert answered["metadata"] == value or value.items() <= answered["metadata"].items()


def test_what_was_set_is_there_after_an_export_too(platform: Caller, running: Running) -> None:
    running.act("set_annotation", item=item_in(platform, "COMPLETED"), coco="{}")
    running.act("set_annotation", item=item_in(platform, "CLIENT_REVIEW"), missing=True)
    made = platform.post(f"/spaces/{SPACE}/exports", {"name": "All", "projectIds": [PROJECTS["coins"]]}).json
    running.act("finish_export", export=made["exportId"])
    assert platform.get(f"/spaces/{SPACE}/exports/{made['exportId']}").json["status"] == "COMPLETED"


def test_a_colleague_labels_the_oldest_items_of_a_batch(platform: Caller, running: Running) -> None:
    batch = FIRST + 6
    done = running.act("work", batch=batch, items=3)["items"]
    assert [row["id"] for row in done] == [
        row["id"] for row in platform.get(f"{ITEMS}?batchIds={batch}&limit=3").json["items"]
    ]
    assert {row["status"] for row in read(platform, *[row["id"] for row in done])} == {"CLIENT_REVIEW"}
    assert len(running.act("work", project="nuclei", items=2)["items"]) == 2


def test_an_item_with_a_picture_of_its_own_has_a_result_once_it_was_labelled(
    platform: Caller, storage: Caller, running: Running
) -> None:
    batch = running.act("add_batch", name="Uploaded")["batch"]["id"]
    made = platform.post(ITEMS, {"assetUrl": "uploads/one", "assetType": "image", "batchId": batch}).json["id"]
    assert "coco_results_url" not in platform.get(f"{ITEMS}/{made}/annotations?format=coco").json["metadata"]
    running.act("work", batch=batch)
    metadata = platform.get(f"{ITEMS}/{made}/annotations?format=coco").json["metadata"]
    assert metadata["label_count"] == 1
    path = metadata["coco_results_url"].partition(f"/spaces/{SPACE}/")[2]
    link = platform.post(f"/spaces/{SPACE}/signedurls", {"paths": [path]}).json["items"][0]["signedUrl"]
    assert len(storage.get(link).json["annotations"]) == 1


def test_an_item_of_any_kind_can_be_added(platform: Caller, running: Running) -> None:
    words = {"asset": "javascript:alert(1)", "status": "ON_HOLD", "metadata": {"a": 1}, "type": "lidar"}
    added = running.act("add_item", **words)["item"]
    assert read(platform, added["id"]) == [added]
    assert (added["assetUrl"], added["status"], added["assetType"]) == ("javascript:alert(1)", "ON_HOLD", "lidar")
    assert (added["batchId"], added["metadata"]) == (FIRST_BATCH["coins"], {"a": 1})


@pytest.mark.parametrize("status", ["500", "503", "403", "404", "409", "429"])
def test_the_name_of_a_file_makes_its_annotation_and_its_signals_fail(
    platform: Caller, storage: Caller, running: Running, status: str
) -> None:
    asset = f"raw/coins-on-velvet/fail-{status}-coins-r1c1.jpg"
    item = running.act("add_item", asset=asset, status="CLIENT_REVIEW")["item"]["id"]
    assert platform.get(f"{ITEMS}/{item}/annotations").status == int(status)
    assert platform("PUT", f"{ITEMS}/{item}/signals", APPROVE).status == int(status)
    assert read(platform, item)[0]["status"] == "CLIENT_REVIEW"
    link = platform.post(f"/spaces/{SPACE}/signedurls", {"paths": [asset]}).json["items"][0]["signedUrl"]
    assert storage.get(link).headers["Content-Type"] == "image/jpeg"


def test_the_name_of_a_file_loses_the_answer_of_a_signal_that_was_done(platform: Caller, running: Running) -> None:
    item = running.act("add_item", asset="uploads/fail-drop-after.jpg", status="CLIENT_REVIEW")["item"]["id"]
    with pytest.raises(RemoteDisconnected):
        platform("PUT", f"{ITEMS}/{item}/signals", APPROVE)
    assert read(platform, item)[0]["status"] == "COMPLETED"


def test_the_name_of_a_file_resets_breaks_or_slows_the_answer(platform: Caller, running: Running) -> None:
    names = (
        "fail-reset.jpg",
        "fail-html.jpg",
        "fail-garbage.jpg",
        "fail-slow-1.jpg",
        "failure-503.jpg",
        "fail-5031.jpg",
    )
    reset, html, garbage, slow, *fine = (
        f"{ITEMS}/{running.act('add_item', asset=f'raw/{name}')['item']['id']}/annotations" for name in names
    )
    with pytest.raises(ConnectionResetError):
        platform.get(reset)
    assert platform.get(html).headers["Content-Type"] == "text/html"
    with pytest.raises(ValueError):  # noqa: PT011 (whichever the decoder meets first)
        json.loads(platform.get(garbage).content)
    began = time.monotonic()
    assert platform.get(slow).status == 200
    assert time.monotonic() - began >= 1
    assert {platform.get(path).status for path in fine} == {200}


@pytest.mark.parametrize(
    "words",
    [
        {"do": "set_annotation", "item": "x", "coco": "{}"},
        {"do": "set_annotation", "coco": "{}"},
        {"do": "set_annotation", "item": None},
        {"do": "work", "project": "nothing"},
        {"do": "work", "items": "many"},
        {"do": "add_item", "batch": "x"},
    ],
)
def test_an_act_that_cannot_be_done_says_why(running: Running, words: dict[str, Any]) -> None:
    reply = Caller(running.cloudfactory_url.removesuffix("/api/v1")).post("/_emulator/act", words)
    assert reply.status == 400
    assert reply.json["error"]


def test_the_labels_of_the_sample_are_counted(platform: Caller, storage: Caller) -> None:
    item = item_in(platform, "COMPLETED")
    drawn = result(platform, storage, item).json["annotations"]
    assert annotation(platform, item)["metadata"]["label_count"] == len(drawn) > 0
