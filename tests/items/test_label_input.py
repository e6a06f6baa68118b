"""Ground-truth labels as they are typed: a list of objects or a COCO file, or one sentence that says what is wrong."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.items.labels.label_input import BadLabels, read_labels
from tests.items.label_forms import BOX, COCO


def sentence(text: str | bytes, **more: str) -> str:
    with pytest.raises(BadLabels) as refused:
        read_labels(text, **more)
    return str(refused.value)


def coco(**changes: Any) -> str:
    return json.dumps({**COCO, **changes})


def images(*names: str) -> list[dict[str, Any]]:
    return [{"id": number, "file_name": name, "width": 10, "height": 20} for number, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Paste labels"),
        (" \n\t", "Paste labels"),
        ('[{"a": 1},\n {"b" 2}]', "Line 2, column 7"),
        ('[{"a": 1', "Line 1, column 9"),
        ("[" * 3_000 + "]" * 3_000, "nested more than 100 levels"),
        ('[{"a": ' + "[" * 3_000 + "]" * 3_000 + "}]", "nested more than 100 levels"),
        ('[{"a": NaN}]', "NaN"),
        ('[{"a": -Infinity}]', "NaN"),
        ('[{"a": 1, "a": 2}]', "two fields of the same name"),
        ('[{"a": 1e999}]', "too large"),
        ('[{"a": ' + "9" * 5_000 + "}]", "too large"),
        ('[{"a": "\\ud800"}]', "half a character"),
        ('[{"a": "\ud800"}]', "half a character"),
        ('[{"a": "\\u0000"}]', "NUL"),
        ("[]", "empty"),
        ("{}", "one object"),
        ('{"category": "coin"}', "one object"),
        ("null", "null"),
        ("true", "true"),
        ('"text"', "a text"),
        ("7", "a number"),
        ('[{"a": 1}, 2]', "Entry 2 of the list is a number"),
        ('[[{"a": 1}]]', "Entry 1 of the list is a list"),
        ('{"labels": []}', "empty"),
        (b"\xff\xfe[\x00", "UTF-8"),
        ("[" + "{}," * 2_000_001 + "{}]", "more than 2,000,000 values"),
    ],
)
def test_what_cannot_be_sent_is_one_sentence(text: str | bytes, message: str) -> None:
    assert message in sentence(text)


def test_labels_of_more_than_10_mib_say_how_large_they_are() -> None:
    assert "50.0 MiB. Labels can be 10 MiB at most." in sentence(b" " * (50 * 1024**2))
    assert "10.0 MiB" in sentence("é" * (5 * 1024**2 + 1))


def test_labels_of_nearly_10_mib_are_read() -> None:
    polygon = [{"category": "coin", "segmentation": [[1.25, 2.5] * 100]}] * 8_000
    text = json.dumps(polygon)
    assert 8 * 1024**2 < len(text) < 10 * 1024**2
    assert len(read_labels(text).labels) == 8_000


def test_what_is_turned_into_more_than_10_mib_is_refused() -> None:
    name = "x" * 10_000
    many = coco(categories=[{"id": 1, "name": name}], annotations=[BOX] * 2_000)
    assert "As it would be sent" in sentence(many)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # JSON in a database can hold neither.
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(st.sampled_from(["category", "bbox", "é", ""]), JSON), min_size=1))
def test_objects_are_sent_as_they_are(objects: list[dict[str, Any]]) -> None:
    labels = read_labels(json.dumps(objects))
    assert labels.labels == objects
    assert json.loads(labels.text) == objects


@given(st.text() | st.binary() | JSON.map(json.dumps) | JSON.map(lambda value: json.dumps({"annotations": [value]})))
def test_anything_at_all_is_labels_or_a_sentence(text: str | bytes) -> None:
    with suppress(BadLabels):
        assert read_labels(text, file_name="a.jpg").labels


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "images": st.lists(st.dictionaries(st.sampled_from(["id", "file_name", "width"]), JSON), max_size=3) | JSON,
            "categories": st.lists(st.dictionaries(st.sampled_from(["id", "name", "keypoints"]), JSON), max_size=3)
            | JSON,
            "annotations": st.lists(
                st.dictionaries(st.sampled_from(["id", "image_id", "category_id", "bbox", "keypoints"]), JSON)
            ),
        },
    )
)
def test_any_coco_file_is_labels_or_a_sentence(document: dict[str, Any]) -> None:
    with suppress(BadLabels):
        labels = read_labels(json.dumps(document), file_name="a.jpg")
        assert 0 < len(labels.labels) <= len(document["annotations"])


def test_the_body_of_the_vendors_own_operation_is_a_list_too() -> None:
    assert read_labels('{"labels": [{"a": 1}]}').labels == [{"a": 1}]


# COCO


def test_an_annotation_is_sent_with_the_name_of_its_class_and_without_ids_of_the_file() -> None:
    annotation = {**BOX, "segmentation": [[1, 2, 3, 4, 5, 6]], "iscrowd": 0, "attributes": {"worn": True}}
    labels = read_labels(coco(annotations=[annotation]))
    rest = {name: annotation[name] for name in ("bbox", "segmentation", "iscrowd", "attributes")}
    assert labels.labels == [{"category": "Denarius", **rest}]
    assert (labels.is_coco, labels.width, labels.height) == (True, 100, 100)


def test_keypoints_go_along_with_their_names() -> None:
    pose = {"id": 1, "name": "person", "keypoints": ["head", "foot"], "skeleton": [[1, 2]]}
    with_points = {**BOX, "keypoints": [1, 2, 2, 3, 4, 1]}
    labels = read_labels(coco(categories=[pose], annotations=[with_points, BOX])).labels
    assert labels[0]["keypoint_names"] == ["head", "foot"]
    assert labels[0]["skeleton"] == [[1, 2]]
    assert "keypoint_names" not in labels[1]


def test_a_mask_is_sent_as_it_is() -> None:
    mask = {"size": [10, 10], "counts": [5, 10, 85]}
    assert read_labels(coco(annotations=[{**BOX, "segmentation": mask}])).labels[0]["segmentation"] == mask


SEVERAL = {
    "images": images("a/one.jpg", "two.jpg", "three.jpg"),
    "annotations": [{**BOX, "image_id": number, "bbox": [number, 0, 1, 1]} for number in (1, 2, 2, 3)],
}


@pytest.mark.parametrize(
    ("options", "boxes"),
    [
        ({"file_name": "two.jpg"}, [2, 2]),
        ({"file_name": "one.jpg"}, [1]),
        ({"file_name": "two.jpg", "picture": "three.jpg"}, [3]),
        ({"file_name": "no.jpg", "picture": " a/one.jpg "}, [1]),
    ],
)
def test_of_several_pictures_the_items_own_or_the_chosen_one_counts(options: dict[str, str], boxes: list[int]) -> None:
    labels = read_labels(coco(**SEVERAL), **options)
    assert [label["bbox"][0] for label in labels.labels] == boxes
    assert any("describes 3 pictures" in note for note in labels.notes)
    assert any(note.startswith("Left out:") for note in labels.notes)


@pytest.mark.parametrize("options", [{"file_name": "no.jpg"}, {"picture": "no.jpg"}, {}])
def test_where_none_of_several_pictures_is_the_one_their_names_are_said(options: dict[str, str]) -> None:
    message = sentence(coco(**SEVERAL), **options)
    assert "“a/one.jpg”, “two.jpg”, “three.jpg”" in message


def test_two_pictures_of_one_name_are_told_apart_by_their_folders() -> None:
    same = {**SEVERAL, "images": images("a/x.jpg", "b/x.jpg", "c.jpg")}
    assert "2 pictures called “x.jpg”" in sentence(coco(**same), file_name="x.jpg")
    assert len(read_labels(coco(**same), file_name="x.jpg", picture="b/x.jpg").labels) == 2


def test_the_only_picture_is_taken_under_another_name_and_that_is_said() -> None:
    labels = read_labels(coco(), file_name="other.jpg")
    assert any("“coins-r1c1.jpg” in the COCO file, but “other.jpg” here" in note for note in labels.notes)


def test_annotations_of_no_picture_are_left_out_and_counted() -> None:
    labels = read_labels(coco(annotations=[BOX, {**BOX, "image_id": 9}, {**BOX, "image_id": 9}]))
    assert len(labels.labels) == 1
    assert any("are not sent: 2" in note for note in labels.notes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": []}, "no annotation of “coins-r1c1.jpg”"),
        ({"annotations": [{**BOX, "category_id": 7}]}, "Annotation 1 names the category 7"),
        ({"categories": [{"id": 1}]}, "Annotation 1 names the category 1"),
        ({"categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}, "category id 1 twice"),
        ({"categories": 7}, "“categories” is a number"),
        ({"images": [7]}, "picture 1 is a number"),
        ({"annotations": [7]}, "annotation 1 is a number"),
        ({"images": [], "annotations": [BOX, {**BOX, "image_id": 2}]}, "several pictures"),
        ({"images": [{"file_name": "x"}]}, "has no id"),
    ],
)
def test_a_coco_file_that_cannot_be_turned_says_what_is_wrong(changes: dict[str, Any], message: str) -> None:
    assert message in sentence(coco(**changes))


def test_a_coco_file_without_pictures_or_classes_is_sent_as_far_as_it_goes() -> None:
    document = {"annotations": [{"bbox": [1, 2, 3, 4], "caption": "a coin"}]}
    assert read_labels(json.dumps(document)).labels == [{"bbox": [1, 2, 3, 4], "caption": "a coin"}]
