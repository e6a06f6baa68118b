"""The COCO files of the emulator and hand-made ones as shapes to draw."""

import json
from pathlib import Path
from typing import Any

from pycocotools import mask as reference

from console.items.labels.overlay import Overlay, Shape, build_overlay
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
    for rotation in ({"rotation": 90}, {"attributes": {"rotation": 90.0, "occluded": False}}):
        shape = shape_of(bbox=[100, 100, 40, 20], segmentation=[], **rotation)
        assert shape.path == "M130 90l0 40-20 0 0-40z"
        assert shape.kind_word == "Turned box"


def test_several_parts_are_one_path_and_fill_as_one_whichever_way_they_turn() -> None:
    shape = shape_of(segmentation=[[0, 0, 0, 4, 4, 4], [1, 1, 2, 1, 2, 2]])
    assert shape.path == "M4 4l-4 0 0-4zM1 1l1 0 0 1z"
    assert (shape.kind, shape.kind_word) == ("outline", "Outline in 2 parts")


def test_points_keep_two_places_and_more_in_tiny_shapes() -> None:
    assert shape_of(segmentation=[[0, 0, 10.126, 0, 10.126, 10.004]]).path == "M0 0l10.13 0 0 10z"
    assert shape_of(segmentation=[[110, 10, 110.5, 10.1234, 110, 12]]).path == "M110 10l.5 .123-.5 1.877z"
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


def test_an_outline_that_cannot_be_drawn_is_drawn_as_its_box_and_says_so() -> None:
    for outline, why in (
        ([[1, 2, 3]], "A part of its outline has an odd number of coordinates."),
        ({"size": [480, 640], "counts": [640 * 480]}, "Its mask is empty."),
        ({"size": [640, 480], "counts": [9, 9]}, "Its mask is 480 × 640 pixels, but the picture 640 × 480."),
        ({"size": [10**5, 10**5], "counts": [9, 9]}, "Its mask is larger than 65,535 pixels on one side."),
        ([[5, 5, 5, 5, 5, 5]], "Its outline has no size."),
    ):
        shape = shape_of(segmentation=outline, bbox=[10, 20, 30, 40])
        assert shape.path == "M10 20l30 0 0 40-30 0z"
        assert why in shape.reason
        assert shape.reason.endswith("Its box is drawn instead.")
        assert shape.kind == "box"
        alone = shape_of(segmentation=outline)
        assert not alone.is_drawn
        assert alone.reason.endswith("It has no box to draw instead.")
        assert (alone.kind, alone.kind_word) == ("other", "Not drawn")


def test_a_label_of_nothing_is_listed_with_its_reason() -> None:
    assert shape_of().reason == "It has neither a box nor an outline."
    assert shape_of(bbox=[5, 5, 0, 0]).reason == "Its box has no size."
    assert shape_of(keypoints=[0, 0, 0, 0, 0, 0]).reason == "None of its keypoints is in the picture."
    assert shape_of(bbox=[5, 5, 0, 9]).path == "M5 5l0 9z"


def test_keypoints_are_full_hollow_or_left_out_and_bones_join_those_that_are_drawn() -> None:
    category = {
        "id": 1,
        "name": "hand",
        "keypoints": ["tip", "joint"],
        "skeleton": [[1, 2], [2, 1], [2, 3], [3, 4], [9, 1]],
    }
    points = [10, 10, 2, 20, 10, 1, 0, 0, 0, 30.5, 10, 2]
    (shape,) = overlay_of({"keypoints": points}, categories=[category]).shapes
    assert [(dot.x, dot.name, dot.is_hollow) for dot in shape.dots] == [
        (10, "tip", False),
        (20, "joint", True),
        (30.5, "Point 4", False),
    ]
    assert shape.skeleton == "M10 10l10 0"
    assert (shape.kind, shape.kind_word, shape.path, shape.reason) == ("keypoints", "3 keypoints", "", "")
    (boxed,) = overlay_of({"keypoints": points, "bbox": [1, 1, 40, 40]}).shapes
    assert (boxed.kind, boxed.kind_word, bool(boxed.path)) == ("keypoints", "Box, 3 keypoints", True)
    (outlined,) = overlay_of({"keypoints": points, "segmentation": [[0, 0, 9, 0, 9, 9]]}).shapes
    assert (outlined.kind, outlined.kind_word) == ("outline", "Outline, 3 keypoints")


def test_keypoints_that_are_all_outside_the_picture_are_not_counted() -> None:
    outside = [0, 0, 0, 0, 0, 0]
    (outlined,) = overlay_of({"keypoints": outside, "segmentation": [[0, 0, 9, 0, 9, 9]]}).shapes
    assert (outlined.kind, outlined.kind_word) == ("outline", "Outline")
    (boxed,) = overlay_of({"keypoints": outside, "bbox": [1, 1, 40, 40]}).shapes
    assert (boxed.kind, boxed.kind_word) == ("box", "Box")
    (alone,) = overlay_of({"keypoints": outside}).shapes
    assert (alone.kind, alone.kind_word) == ("other", "Not drawn")


def test_without_a_size_the_picture_is_as_large_as_its_labels_reach() -> None:
    labels = (
        {"keypoints": [300, 20, 2, 900, 900, 0]},
        {"bbox": [10, 10, 20, 190]},
        {"segmentation": [[0, 0, 9, 9, 1]]},
    )
    overlay = overlay_of(*labels, images=[])
    assert (overlay.width, overlay.height) == (300, 200)
    assert overlay.notes == ("The label file doesn't give the size of the picture, so the labels can be out of place.",)


def test_classes_are_counted_by_name_and_one_nobody_named_says_so() -> None:
    categories = [{"id": 2, "name": "nail"}, {"id": "3", "name": "coin"}, {"id": 4, "name": "coin"}, {"id": 5}]
    ids = (3, 4, 2, 3, 5, 99, None)
    overlay = overlay_of(*({"category_id": one, "bbox": [1, 1, 2, 2]} for one in ids), categories=categories)
    assert [(one.number, one.name, one.count) for one in overlay.classes] == [
        (1, "nail", 1),
        (2, "coin", 3),
        (3, "Unnamed class", 3),
    ]
    assert [shape.label_class.number for shape in overlay.shapes] == [2, 2, 1, 2, 3, 3, 3]


def styles_of(names: list[str], used: list[int]) -> dict[str, int]:
    categories = [{"id": number, "name": name} for number, name in enumerate(names)]
    overlay = overlay_of(*({"category_id": one, "bbox": [1, 1, 2, 2]} for one in used), categories=categories)
    return {one.name: one.style for one in overlay.classes}


def test_a_class_looks_the_same_in_every_picture_and_no_two_alike_as_far_as_looks_go() -> None:
    names = [f"class {number}" for number in range(11)]
    all_of_them = styles_of(names, list(range(11)))
    assert len(set(all_of_them.values())) == 11
    assert styles_of(names, [7]) == {"class 7": all_of_them["class 7"]}
    twelve = [f"class {number}" for number in range(12)]
    assert styles_of(twelve, [7, 99])["class 7"] == styles_of(twelve, [7, 3])["class 7"]
    assert len(set(styles_of(twelve, list(range(12))).values())) == 12
    many = [f"class {number}" for number in range(80)]
    assert len(set(styles_of(many, list(range(40, 52))).values())) == 12
    assert set(styles_of(many, list(range(80))).values()) == set(range(1, 13))


def test_a_file_without_the_pictures_size_is_placed_by_its_labels_and_says_so() -> None:
    sentence = "The label file doesn't give the size of the picture, so the labels can be out of place."
    by_box = overlay_of({"bbox": [10, 20, 30, 40.5]}, images=[])
    assert (by_box.width, by_box.height, by_box.notes) == (40, 60.5, (sentence,))
    by_mask = overlay_of({"segmentation": {"size": [9, 7], "counts": [1, 1, 61]}}, images=[{"id": 1, "width": "7"}])
    assert (by_mask.width, by_mask.height, by_mask.shapes[0].path) == (7, 9, "M0 1h1v1h-1z")


def test_names_are_anchored_apart_where_a_shape_leaves_room() -> None:
    overlay = overlay_of(*({"bbox": [10, 10, 300, 300]} for _ in range(5)))
    assert [shape.anchor for shape in overlay.shapes] == [(10, 10), (310, 10), (10, 310), (310, 310), (160, 160)]


def test_places_sizes_and_scores_are_words() -> None:
    def place(*box: float) -> str:
        return shape_of(bbox=box).place_words

    assert place(300, 200, 40, 40) == "Center (300, 200)"
    assert place(0.25, 470, 5, 5) == "Bottom left (0.2, 470)"
    assert place(1000, 20, 5, 5) == "Outside the picture (1,000, 20)"
    assert shape_of(bbox=[1, 1, 1234.4, 2.25]).size_words == "1,234 × 2.2 px"
    scores = {0: "0%", 1: "100%", 0.5: "50%", 0.9985: "99.9%", 87: "87", -1.5: "-1.5", 1e6: "1e+06"}
    for score, words in scores.items():
        assert shape_of(bbox=[1, 1, 2, 2], score=score).score_words == words


def test_masks_with_too_many_corners_are_drawn_as_boxes_and_counted() -> None:
    checkered = {"size": [479, 641], "counts": [1] * (641 * 479)}
    images = [{"id": 1, "width": 641, "height": 479}]
    overlay = overlay_of({"bbox": [1, 1, 2, 2], "segmentation": checkered}, {"bbox": [1, 1, 2, 2]}, images=images)
    assert overlay.shapes[0].path == "M1 1l2 0 0 2-2 0z"
    assert overlay.shapes[0].reason == "Its mask has too many corners to be drawn. Its box is drawn instead."
    assert overlay.notes == ("The masks have more than 400,000 corners. Masks that aren't drawn: 1.",)


def test_keypoints_beyond_the_bound_of_the_file_are_not_drawn_but_said() -> None:
    overlay = overlay_of(*({"bbox": [1, 1, 9, 9], "keypoints": [1, 2, 2] * 600} for _ in range(90)))
    assert sum(len(shape.dots) for shape in overlay.shapes) <= 50_000
    assert overlay.shapes[-1].reason == "Its keypoints aren't drawn, because the file has too many."
    assert overlay.notes == ("The file has more than 50,000 keypoints. Labels without theirs: 7.",)


def test_labels_of_a_picture_that_the_file_does_not_describe_are_drawn_and_said() -> None:
    overlay = overlay_of({"bbox": [1, 1, 2, 2]}, {"bbox": [1, 1, 2, 2], "image_id": 7})
    assert len(overlay.shapes) == 2
    assert overlay.notes == ("Labels that name a picture the file doesn't describe: 1. They are drawn too.",)
