"""The project of label samples: each item shows what its name says."""

from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_masks

from console.emulator.label_samples import compress
from console.emulator.people import SPACE
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from tests.emulator.conftest import Caller

ITEMS = f"/projects/{PROJECTS['samples']}/workItems"


@pytest.fixture
def samples(platform: Caller) -> dict[str, Any]:
    rows = platform.get(f"{ITEMS}?limit=100").json["items"]
    return {row["assetUrl"].rpartition("/")[2].rpartition(".")[0]: row for row in rows}


def file_at(platform: Caller, storage: Caller, path: str) -> Any:
    link = platform.post(f"/spaces/{SPACE}/signedurls", {"paths": [path]}).json["items"][0]["signedUrl"]
    return storage.get(link)


@pytest.fixture
def document(platform: Caller, storage: Caller, samples: dict[str, Any]) -> Any:
    def read(name: str) -> Any:
        address = f"{ITEMS}/{samples[name]['id']}/annotations?format=coco"
        path = platform.get(address).json["metadata"]["coco_results_url"].partition(f"/spaces/{SPACE}/")[2]
        return file_at(platform, storage, path).json

    return read


def test_every_sample_has_its_picture_and_all_but_some_a_result(
    platform: Caller, storage: Caller, samples: dict[str, Any], document: Any
) -> None:
    without = {"video", "not-done-yet", "missing-result"}
    for name, row in samples.items():
        if name != "video":
            assert file_at(platform, storage, row["assetUrl"]).headers["Content-Type"] == "image/jpeg"
        if name not in without and "-coins" not in name:
            found = document(name)
            assert [shape["id"] for shape in found["annotations"]] == list(range(1, len(found["annotations"]) + 1))
            assert found["info"]["asset_url"] == row["assetUrl"]


def test_the_compressed_mask_is_the_vessels_in_letters(document: Any) -> None:
    masks = [shape for shape in document("compressed-rle")["annotations"] if isinstance(shape["segmentation"], dict)]
    (vessels,) = masks
    assert isinstance(vessels["segmentation"]["counts"], str)
    assert coco_masks.area(vessels["segmentation"]) == vessels["area"]


def test_run_lengths_become_the_letters_of_the_usual_tools() -> None:
    random = np.random.default_rng(8)
    for _ in range(100):
        mask = (random.random((int(random.integers(1, 60)), int(random.integers(1, 60)))) < random.random()).astype(
            np.uint8
        )
        flat = np.concatenate(([0], mask.flatten(order="F"), [2]))
        edges = np.flatnonzero(np.diff(flat))
        counts = np.diff(np.concatenate(([0], edges))).tolist()
        assert compress(counts).encode() == coco_masks.encode(np.asfortranarray(mask))["counts"]


def test_the_crowd_and_the_mask_with_a_hole_are_run_lengths_of_their_size(document: Any) -> None:
    for name, crowd in (("crowd", 1), ("mask-with-hole", 0)):
        shape = document(name)["annotations"][-1]
        (height, width), counts = shape["segmentation"]["size"], shape["segmentation"]["counts"]
        assert (sum(counts), sum(counts[1::2]), shape["iscrowd"]) == (height * width, shape["area"], crowd)


def test_a_skeleton_has_points_that_are_seen_hidden_and_unknown(document: Any) -> None:
    found = document("skeleton-with-hidden-points")
    (person,) = found["annotations"]
    assert set(person["keypoints"][2::3]) == {0, 1, 2}
    assert person["num_keypoints"] == sum(seen > 0 for seen in person["keypoints"][2::3])
    assert len(person["keypoints"]) == 3 * len(found["categories"][0]["keypoints"]) == 51
    assert all(1 <= end <= 17 for bone in found["categories"][0]["skeleton"] for end in bone)


def test_the_other_shapes_are_what_their_names_say(document: Any) -> None:
    assert {shape["attributes"]["rotation"] for shape in document("turned-box")["annotations"]} == {5.0, 58.0, 0.0}
    assert not any("segmentation" in shape for shape in document("box-alone")["annotations"])
    assert not any("bbox" in shape for shape in document("points-alone")["annotations"])
    assert len(document("several-parts")["annotations"][0]["segmentation"]) == 3
    named = {category["id"]: category.get("name") for category in document("unnamed-class")["categories"]}
    assert {named.get(shape["category_id"], "no class") for shape in document("unnamed-class")["annotations"]} == {
        "coin",
        "no class",
        None,
    }
    (image,) = document("other-size")["images"]
    assert (image["width"], image["height"]) == (384, 303)
    assert document("nothing-to-mark")["annotations"] == []


def test_results_inference_and_kinds_that_pages_have_to_bear(
    platform: Caller, storage: Caller, samples: dict[str, Any], document: Any
) -> None:
    def inference(name: str) -> Any:
        return platform.get(f"{ITEMS}/{samples[name]['id']}/annotations").json["inference"]

    assert inference("inference-null") is None
    assert isinstance(inference("inference-list"), list)
    assert inference("inference-filled")["model"]
    assert (samples["video"]["assetType"], samples["not-done-yet"]["status"]) == ("video", "NEW")
    missing = platform.get(f"{ITEMS}/{samples['missing-result']['id']}/annotations?format=coco").json["metadata"]
    assert file_at(platform, storage, missing["coco_results_url"].partition(f"/spaces/{SPACE}/")[2]).status == 404
    assert platform.get(f"{ITEMS}/{samples['fail-503-coins']['id']}/annotations").status == 503


def test_an_act_changes_a_sample_and_takes_the_change_back(
    platform: Caller, running: Running, samples: dict[str, Any]
) -> None:
    item = samples["inference-null"]["id"]
    running.act("set_annotation", item=item, inference=[1])
    assert platform.get(f"{ITEMS}/{item}/annotations").json["inference"] == [1]
    running.act("set_annotation", item=item)
    assert platform.get(f"{ITEMS}/{item}/annotations").json["inference"] is None


def test_some_coins_say_which_slice_they_came_from(platform: Caller, avala: Caller) -> None:
    rows = platform.get(f"/projects/{PROJECTS['coins']}/workItems?limit=100").json["items"]
    known = [row["metadata"] for row in rows if "avala_slice" in row["metadata"]]
    assert 5 < len(known) < len(rows)
    assert {metadata["avala_slice"] for metadata in known} == {"northwind/all-coins"}
    item = known[0]["avala_item"]
    assert avala.get(f"/slices/northwind/all-coins/items/{item}/").json["uid"] == item
