"""The COCO files of the emulator and hand-made ones as shapes to draw."""

import json
from pathlib import Path
from typing import Any

from pycocotools import mask as reference

from console.items.overlay import Overlay, Shape, build_overlay
from console.upstream.coco import read_coco

ASSETS = Path("console/emulator/assets/coco")


def overlay_of(label: dict[str, Any], *more: dict[str, Any], **document: Any) -> Overlay:
    """The labels on a picture of 640 × 480."""
    whole = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}],
        "categories": [{"id": 1, "name": "coin"}],
        "annotations": [{"image_id": 1, "category_id": 1, **one} for one in (label, *more)],
    }
    return build_overlay(read_coco([json.dumps({**whole, **document}).encode()]))


def shape_of(**label: Any) -> Shape:
    return overlay_of(label).shapes[0]


def test_each_label_of_each_sample_file_is_drawn() -> None:
    for file in sorted(ASSETS.glob("*.json")):
        document = json.loads(file.read_text())
        overlay = build_overlay(read_coco([file.read_bytes()]))
        assert (overlay.width, overlay.height) == (document["images"][0]["width"], document["images"][0]["height"])
        assert len(overlay.shapes) == len(document["annotations"])
        assert not overlay.notes
        assert all(shape.path and not shape.reason for shape in overlay.shapes), file.name


def test_a_box_is_drawn_with_its_place_size_and_score_in_words() -> None:
    shape = shape_of(bbox=[10.6, 20, 100, 50.25], score=0.973)
    assert shape.path == "M10.6 20l100 0 0 50.25-100 0z"
    assert (shape.kind, shape.kind_word) == ("box", "Box")
    assert (shape.place_words, shape.size_words, shape.score_words) == ("Top left (11, 20)", "100 × 50 px", "97.3%")
    assert shape.reason == ""


def test_a_turned_box_turns_clockwise_about_its_middle() -> None:
    for turned in ({"rotation": 90}, {"attributes": {"rotation": 90.0, "occluded": False}}):
        shape = shape_of(bbox=[100, 100, 40, 20], segmentation=[], **turned)
        assert shape.path == "M130 90l0 40-20 0 0-40z"
        assert shape.kind_word == "Turned box"


def test_several_parts_are_one_path_and_fill_as_one_whichever_way_they_turn() -> None:
    shape = shape_of(segmentation=[[0, 0, 0, 4, 4, 4], [1, 1, 2, 1, 2, 2]])
    assert shape.path == "M4 4l-4 0 0-4zM1 1l1 0 0 1z"
    assert (shape.kind, shape.kind_word) == ("outline", "Outline in 2 parts")


def test_points_keep_two_places_and_more_in_tiny_shapes() -> None:
    assert shape_of(segmentation=[[0, 0, 10.126, 0, 10.126, 10.004]]).path == "M0 0l10.13 0 0 10z"
    assert shape_of(segmentation=[[0, 0, 0.5126, 0, 0.25, 0.0321]]).path == "M0 0l.5126 0-.2626 .0321z"


def test_masks_of_both_spellings_and_crowds_are_walked_into_outlines() -> None:
    size = [480, 640]
    runs = [480 * 3 + 5, 10, 470, 10, 640 * 480 - 480 * 4 - 15]
    mask = shape_of(segmentation={"size": size, "counts": runs})
    assert mask.path == "M3 5h2v10h-2z"
    assert (mask.kind, mask.kind_word) == ("mask", "Mask")
    spelled = reference.frPyObjects({"size": size, "counts": runs}, *size)["counts"].decode()
    assert shape_of(segmentation={"size": size, "counts": spelled}).path == mask.path
    crowd = shape_of(segmentation={"size": size, "counts": runs}, iscrowd=1)
    assert (crowd.kind, crowd.kind_word, crowd.path) == ("crowd", "Crowd", mask.path)
