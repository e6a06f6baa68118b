"""COCO files as strangers write them: what can be read stands, what can't gets a sentence, and no COCO is refused."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from console.items.labels.overlay import build_overlay
from console.upstream import coco, coco_labels, errors, json_reader
from console.upstream.coco import CocoDocument, read_coco
from console.upstream.coco_labels import CocoKeypoint, CocoLabel

IMAGE = {"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}
BOX = [10, 20, 30, 40]
TRIANGLE = [0, 0, 10, 0, 10, 10]


def read(content: bytes, size: int = 1000, **more: Any) -> CocoDocument:
    """`size`: of the pieces in which it is read, so that values are cut in two anywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_reader, "PIECE", size)
        return read_coco((content[at : at + size] for at in range(0, len(content), size)), **more)


def document(*labels: Any, **sections: Any) -> bytes:
    whole = {"images": [IMAGE], "categories": [{"id": 1, "name": "coin"}], "annotations": list(labels), **sections}
    return json.dumps(whole).encode()


def read_label(**fields: Any) -> CocoLabel:
    return read(document({"image_id": 1, "category_id": 1, **fields})).labels[0]


def refusal(content: bytes, size: int = 1000) -> str:
    with pytest.raises(errors.Unreadable) as refused:
        read(content, size)
    return refused.value.message


def test_a_plain_file_is_read_whatever_size_its_chunks_have() -> None:
    content = document(
        {"id": 9, "image_id": 1, "category_id": 1, "bbox": BOX, "segmentation": [TRIANGLE], "score": 0.5, "area": 1},
        {"image_id": 1, "category_id": 2, "keypoints": [1, 2, 2, 3, 4, 1, 0, 0, 0], "iscrowd": 1},
    )
    for size in (1, 7, 1000):
        found = read(content, size)
        assert (found.image.file_name, found.image.width, found.image.height) == ("a.jpg", 640, 480)
        first, second = found.labels
        assert (first.box, first.polygons[0].tolist(), first.score) == (tuple(BOX), TRIANGLE, 0.5)
        assert second.keypoints == (CocoKeypoint(1, 2, 2), CocoKeypoint(3, 4, 1), CocoKeypoint(0, 0, 0))
        assert second.is_crowd
        assert not first.problems
        assert not found.notes


def test_a_class_tells_its_keypoints_and_its_skeleton() -> None:
    category = {
        "id": "7",
        "name": " hand\u0000 ",
        "keypoints": ["tip", None],
        "skeleton": [[1, 2], "x", [1], [1, None]],
    }
    (found,) = read(document(categories=[category])).categories
    assert (found.id, found.name) == ("7", "hand\N{REPLACEMENT CHARACTER}")
    assert found.keypoint_names == ("tip", "")
    assert found.skeleton == ((1, 2),)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The label file is cut short."),
        (b"  \n", "The label file is cut short."),
        (b"\0\0\0\0\0\0", "The label file is cut short."),
        (b"<html>no</html>", "The label file is not valid JSON."),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "The label file is not valid JSON."),
        (b'{"annotations": [}', "The label file is not valid JSON."),
        (b'{"annotations": [{"bbox": [01, 2, 3, 4]}]}', "The label file is not valid JSON."),
        (b'{"annotations": []} {"annotations": []}', "The label file is not valid JSON."),
        (b"[1, 2]", "The label file has no list of annotations, so it isn't a COCO file."),
        (b'"annotations"', "The label file has no list of annotations, so it isn't a COCO file."),
        (b"null", "The label file has no list of annotations, so it isn't a COCO file."),
        (b"{}", "The label file has no list of annotations, so it isn't a COCO file."),
        (b'{"annotations": {"a": 1}}', "The label file has no list of annotations, so it isn't a COCO file."),
        (b'{"other": {"annotations": []}}', "The label file has no list of annotations, so it isn't a COCO file."),
        (b"[" * 5000, "The label file is cut short."),
        (b'{"annotations": [' + b'{"segmentation":' + b"[" * 5000, "The label file is nested too deeply."),
        (b'{"annotations": [' + b'{"attributes":' + b'{"a":' * 5000, "The label file is nested too deeply."),
    ],
)
def test_what_is_no_coco_file_is_refused_in_a_sentence(content: bytes, sentence: str) -> None:
    for size in (1, 1000):
        assert refusal(content, size) == sentence


def test_a_file_that_is_cut_short_anywhere_is_refused() -> None:
    content = document({"image_id": 1, "category_id": 1, "bbox": BOX, "segmentation": [TRIANGLE]})
    for length in range(len(content)):
        assert refusal(content[:length]) == "The label file is cut short."


def test_what_ends_the_download_goes_through() -> None:
    def breaking() -> Iterator[bytes]:
        yield b'{"annotations": ['
        raise errors.Broken("The file store broke off.", vendor="storage")

    with pytest.raises(errors.Broken):
        read_coco(breaking())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "latin-1", "utf-16-be"])
def test_names_survive_the_encodings_that_tools_write(encoding: str) -> None:
    text = json.dumps({"annotations": [], "categories": [{"id": 1, "name": "Blüte"}]}, ensure_ascii=False)
    for size in (1, 1000):
        assert read(text.encode(encoding), size).categories[0].name == "Blüte"


def test_padding_behind_the_file_is_no_fault() -> None:
    assert not read(document() + b"\n\0\0\x1a").labels


def test_html_in_a_name_is_text_and_a_long_name_is_cut() -> None:
    names = ["<script>alert(1)</script>", "x" * 5000, "\ud800", None, 7]
    found = read(document(categories=[{"id": number, "name": name} for number, name in enumerate(names)])).categories
    assert [category.name for category in found] == [names[0], "x" * 200 + "…", "\N{REPLACEMENT CHARACTER}", "", ""]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"bbox": [1, 2, 3]}, "Its box isn't four numbers."),
        ({"bbox": [1, 2, 3, "4"]}, "Its box isn't four numbers."),
        ({"bbox": [1, 2, 3, True]}, "Its box isn't four numbers."),
        ({"bbox": [1, 2, 3, None]}, "Its box isn't four numbers."),
        ({"bbox": "1,2,3,4"}, "Its box isn't four numbers."),
        ({"bbox": {"x": 1}}, "Its box isn't four numbers."),
        ({"bbox": [1, 2, 3, float("nan")]}, "Its box isn't four numbers."),
        ({"bbox": [1, 2, float("inf"), 4]}, "Its box isn't four numbers."),
        ({"bbox": [1, 2, 3, 10**40]}, "Its box isn't four numbers."),
        ({"bbox": [1, 2, 3, 1e300]}, "Its box lies too far outside the picture."),
        ({"bbox": [1, 2, -3, 4]}, "Its box has a negative size."),
        ({"bbox": list(range(5000))}, "Its box isn't four numbers."),
        ({"segmentation": [[0, 0, 10, 0, 10]]}, "A part of its outline has an odd number of coordinates."),
        ({"segmentation": [[0, 0, 10, 0]]}, "A part of its outline has fewer than three points."),
        ({"segmentation": [[]]}, "A part of its outline has fewer than three points."),
        ({"segmentation": [[0, 0, 10, 0, 10, "10"]]}, "A part of its outline isn't a list of numbers."),
        ({"segmentation": [[0, 0, 10, 0, 10, None]]}, "A part of its outline isn't a list of numbers."),
        ({"segmentation": [[0, 0, 10, 0, 10, float("nan")]]}, "A part of its outline isn't a list of numbers."),
        ({"segmentation": [[[0, 0], [10, 0], [10, 10]]]}, "A part of its outline isn't a list of numbers."),
        ({"segmentation": [{"counts": [1]}]}, "A part of its outline isn't a list of numbers."),
        ({"segmentation": [[0, 0, 10, 0, 10, 1e8]]}, "A part of its outline lies too far outside the picture."),
        ({"segmentation": "0,0,1,1"}, "Its outline is in no form that COCO knows."),
        ({"segmentation": 7}, "Its outline is in no form that COCO knows."),
        ({"segmentation": True}, "Its outline is in no form that COCO knows."),
        ({"segmentation": {}}, "Its mask has no size."),
        ({"segmentation": {"size": [9, 9], "counts": [1, -1]}}, "Its mask has a negative run."),
        (
            {"segmentation": {"size": [10**5, 10**5], "counts": [1]}},
            "Its mask is larger than 65,535 pixels on one side.",
        ),
        ({"segmentation": {"size": [2, 2], "counts": [1, 1]}}, "Its mask ends early; the rest is taken as empty."),
        ({"keypoints": [1, 2]}, "Its keypoints aren't in threes: across, down, visibility."),
        ({"keypoints": [1, 2, 9]}, "Its keypoints aren't in threes: across, down, visibility."),
        ({"keypoints": [1, "2", 2]}, "Its keypoints aren't numbers."),
        ({"keypoints": {"a": 1}}, "Its keypoints aren't numbers."),
        ({"keypoints": [1, 1e9, 2]}, "Its keypoints lie too far outside the picture."),
        ({"keypoints": [1, 2, 2] * 5000}, "It has too many keypoints to be drawn."),
        ({"score": "0.5"}, "Its score isn't a number."),
        ({"score": float("nan")}, "Its score isn't a number."),
        ({"score": [1]}, "Its score isn't a number."),
        ({"rotation": "left"}, "The angle of its box isn't a number."),
        (
            {"attributes": {str(number): number for number in range(3000)}},
            "It has too many attributes, so the angle of its box isn't known.",
        ),
        ({"iscrowd": "perhaps"}, "Its crowd flag is neither 0 nor 1."),
        ({"attributes": {"rotation": float("nan")}}, "The angle of its box isn't a number."),
    ],
)
def test_an_odd_field_gets_a_sentence_and_the_rest_of_the_file_stands(fields: dict[str, Any], problem: str) -> None:
    content = document(
        {"image_id": 1, "category_id": 1, "bbox": BOX},
        {"image_id": 1, "category_id": 1, "bbox": BOX, **fields},
        {"image_id": 1, "category_id": 1, "segmentation": [TRIANGLE]},
    )
    before, odd, after = read(content).labels
    assert odd.problems == (problem,)
    assert not before.problems
    assert after.polygons[0].tolist() == TRIANGLE
    assert odd.box == (None if "bbox" in fields else tuple(BOX))


def test_of_an_outline_the_parts_that_can_be_read_are_kept() -> None:
    label = read_label(segmentation=[TRIANGLE, [1], TRIANGLE])
    assert len(label.polygons) == 2
    assert label.problems == ("A part of its outline has an odd number of coordinates.",)
    assert read_label(segmentation=TRIANGLE).polygons[0].tolist() == TRIANGLE


def test_a_key_given_twice_is_said_and_the_last_counts() -> None:
    content = (
        b'{"annotations": [{"bbox": [1, 2, 3, 4], "bbox": [5, 6, 7, 8]}], "annotations": [{"bbox": [9, 9, 9, 9]}]}'
    )
    first, second = read(content).labels
    assert first.box == (5, 6, 7, 8)
    assert first.problems == ("Its “bbox” is given twice; the last one counts.",)
    assert second.box == (9, 9, 9, 9)


def test_ids_of_any_kind_find_their_class() -> None:
    ids = [7, "7", 7.0, 2**80, "fall", None, [7], True]
    found = read(document(*({"category_id": one} for one in ids))).labels
    assert [label.category_id for label in found] == ["7", "7", "7", str(2**80), "fall", "", "", ""]


def test_a_class_without_an_id_names_no_label() -> None:
    """Else it would name every label that has no class."""
    found = read(document({"bbox": BOX}, categories=[{"name": "coin"}, {"id": [], "name": "token"}]))
    assert found.labels[0].category_id == ""
    assert found.categories == ()


@pytest.mark.parametrize("odd", ["NaN", "1e999", '"\\ud800"', f"{2**70}", "7" * 5000, '"\\ud800' + "\\\\" * 1000 + '"'])
def test_a_label_full_of_what_json_does_not_have_leaves_the_others_alone(odd: str) -> None:
    many = ",".join([odd] * (1_200_000 // len(odd)))
    content = document({"bbox": BOX}).replace(b'[{"bbox"', f'[{{"score": [{many}]}},{{"bbox"'.encode())
    first, second = read(content, 65_536).labels
    assert first.problems == ("Its score isn't a number.",)
    assert second.box == tuple(BOX)


@pytest.mark.parametrize("part", ["x", "\\\\", '\\"', "x,", "\U0001f600"])
def test_a_text_of_any_length_is_stepped_over(part: str) -> None:
    text = part * (12_000_000 // len(part.encode()))
    content = document({"bbox": BOX}).replace(b'[{"bbox"', f'[{{"score": "{text}"}},{{"bbox"'.encode())
    first, second = read(content, 65_536).labels
    assert first.problems == ("Its score isn't a number.",)
    assert second.box == tuple(BOX)


def test_letters_that_are_no_utf_8_spoil_neither_the_others_nor_the_reading() -> None:
    """Up to some thousand are a slip; a file full of them is one of Windows, whatever else is in it."""
    names = [b"Bl\xc3\xbcte", b"Bl\xfcte"]
    categories = b", ".join(b'{"id": %d, "name": "%s"}' % (number, name) for number, name in enumerate(names))
    content = b'{"annotations": [], "other": "%s", "categories": [' + categories + b"]}"
    assert [one.name for one in read(content % b"").categories] == ["Blüte", "Blüte"]
    assert [one.name for one in read(content % (b"\xffA" * 20_000)).categories] == ["BlÃ¼te", "Blüte"]


def test_a_file_in_utf_16_that_is_full_of_half_letters_is_refused() -> None:
    assert refusal(b"\xff\xfe" + b"\x00\xd8" * 20_000) == "The label file is not valid JSON."


def test_entries_that_are_no_objects_are_counted() -> None:
    found = read(document(None, 7, [1], {"bbox": BOX}, images=[None, IMAGE], categories=["coin"]))
    assert len(found.labels) == 1
    assert found.image.width == 640
    assert found.notes == ("Entries of the file that can't be read: 5.",)


def test_of_several_pictures_the_one_that_is_named_is_taken_and_that_is_said() -> None:
    images = [
        {"id": number, "file_name": f"set/{number}.jpg", "width": 100 * number, "height": 100} for number in (1, 2, 3)
    ]
    labels = [{"image_id": number, "bbox": [number, 0, 1, 1]} for number in (2, 3, 3, 77)]
    content = document(*labels, images=images)
    found = read(content, file_name="3.jpg")
    assert found.image.width == 300
    assert [label.image_id for label in found.labels] == ["3", "3", "77"]
    assert found.notes == (
        "The label file describes 3 pictures; these are the labels of “set/3.jpg”.",
        "Labels of other pictures are left out: 1.",
        "Labels that name a picture the file doesn't describe: 1. They are drawn too.",
    )
    assert read(content).image.width == 200, "the first that has labels"


def test_of_several_pictures_without_names_none_is_quoted() -> None:
    images = [{"id": number, "width": 10, "height": 10} for number in (1, 2)]
    found = read(document(images=images))
    assert found.notes == ("The label file describes 2 pictures; these are the labels of one without a name.",)


def test_a_picture_with_a_long_path_is_found_by_its_name() -> None:
    names = ["first.jpg", f"{'folder/' * 60}{'x' * 230}.jpg"]
    images = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    content = document({"image_id": 0, "bbox": BOX}, images=images)
    found = read(content, file_name=f"{'x' * 230}.jpg")
    assert found.image.id == "1"
    assert "these are the labels of “…xxx" in found.notes[0]
    assert len(found.notes[0]) < 300


def test_sizes_that_are_none_are_missing() -> None:
    for side in ("640", 0, -5, None, True, float("nan"), 1e300, [640]):
        assert read(document(images=[{**IMAGE, "width": side}])).image.width is None


def test_labels_beyond_the_bound_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coco, "MOST_LABELS", 3)
    found = read(document(*({"bbox": BOX} for _ in range(5))))
    assert len(found.labels) == 3
    assert found.notes == ("Only the first 3 labels of the file are read. Left out: 2.",)


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"name": "x" * 201}, "Class names cut after 200 characters: 1."),
        ({"name": 7}, "Class names that aren't text: 1."),
        ({"keypoints": ["tip", "x" * 201]}, "Keypoint names cut after 200 characters: 1."),
        ({"keypoints": ["tip", 7]}, "Keypoint names that aren't text: 1."),
        ({"keypoints": "tip"}, "Lists of keypoint names that can't be read: 1."),
        ({"keypoints": ["tip"] * 5000}, "Lists of keypoint names that can't be read: 1."),
        ({"skeleton": "1-2"}, "Skeletons that can't be read: 1."),
        ({"skeleton": [[1, 2]] * 5000}, "Skeletons that can't be read: 1."),
        ({"skeleton": [[1, 2], [1], "x"]}, "Skeletons with lines that can't be read: 1."),
        ({"skeleton": [[1, to] for to in range(2, 300)]}, "Skeletons of which only 200 lines are drawn: 1."),
    ],
)
def test_what_is_cut_of_a_class_is_said_where_the_class_is_used(fields: dict[str, Any], note: str) -> None:
    classes = [{"id": number, "name": "hand", **fields} for number in (1, 2)]
    assert read(document({"category_id": 2, "bbox": BOX}, categories=classes)).notes == (note,)
    assert not read(document(categories=classes)).notes


def test_classes_that_share_an_id_are_said() -> None:
    classes = [{"id": 1, "name": "coin"}, {"id": "1", "name": "token"}]
    assert read(document({"category_id": 1}, categories=classes)).notes == (
        "Ids that several classes share, of which the last one counts: 1.",
    )
    assert not read(document({"category_id": 1}, categories=[*classes[:1], *classes[:1]])).notes


def test_points_beyond_the_bound_of_the_file_are_counted() -> None:
    many = [0.5] * 300_000
    found = read(document(*({"bbox": BOX, "segmentation": [many]} for _ in range(4))), 1_000_000)
    assert [bool(label.polygons) for label in found.labels] == [True, True, False, False]
    assert found.labels[2].problems == ("Its outline has too many points to be drawn.",)
    assert "aren't drawn: 2 in total" in found.notes[0]


def test_runs_beyond_the_bound_of_the_file_are_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coco_labels, "MOST_RUNS", 10)
    masks = [{"size": [2, 2], "counts": counts} for counts in ([9] * 6, [4, 0, 0, 0, 0], "4", "4000000000", [4])]
    found = read(document(*({"segmentation": mask} for mask in masks)))
    assert [label.problems for label in found.labels] == [
        ("Its mask has more pixels than its size allows.",),
        ("Its outline has too many points to be drawn.",),
        (),
        ("Its outline has too many points to be drawn.",),
        (),
    ]
    assert "aren't drawn: 2 in total" in found.notes[0]


def test_a_file_over_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coco, "MOST_BYTES", 2 * 1024**2)
    assert refusal(document({"bbox": BOX}) + b" " * 2 * 1024**2) == "The label file is larger than 2 MiB."


@pytest.mark.parametrize("part", ["[]", "{}", "[1]", '{"a": 1}'])
def test_a_file_of_brackets_only_is_refused(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coco, "MOST_BRACKETS", 10_000)
    content = document({"score": [json.loads(part)] * 10_000})
    assert refusal(content, 65_536) == "The label file has too many values."


def test_a_file_of_names_only_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coco, "MOST_NAMES", 10_000)
    many = b'"a": 1, ' * 10_000
    assert refusal(b"{" + many + b'"annotations": []}', 65_536) == "The label file has too many values."
    assert len(read(b'{"annotations": [{' + many + b'"bbox": [1, 2, 3, 4]}]}', 65_536).labels) == 1


@pytest.mark.parametrize("value", ["1", "1.5", "[1, 2]", '"1"'])
def test_an_outline_of_more_values_than_are_drawn_is_stepped_over(value: str) -> None:
    many = ",".join([value] * 1_000_000)
    content = b'{"annotations": [{"segmentation": [[' + many.encode() + b']], "bbox": [1, 2, 3, 4]}]}'
    (label,) = read(content, 65_536).labels
    assert label.problems == ("Its outline has too many points to be drawn.",)
    assert label.box == (1, 2, 3, 4)


def test_labels_behind_one_that_is_too_large_are_drawn_while_points_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coco_labels, "MOST_POINTS", 10)
    outlines = [[TRIANGLE * 2], [TRIANGLE * 2], [TRIANGLE], TRIANGLE, [TRIANGLE]]
    found = read(document(*({"segmentation": outline, "bbox": BOX, "rotation": 5} for outline in outlines)))
    assert [bool(label.polygons) for label in found.labels] == [True, False, True, False, False]
    assert {(label.box, label.rotation) for label in found.labels} == {(tuple(BOX), 5.0)}


def test_the_parts_of_an_outline_that_is_longer_than_any_other_are_kept() -> None:
    long = [round(number / 3, 6) for number in range(300_000)]
    label = read_label(segmentation=[long, [1], TRIANGLE], bbox=BOX, score=0.5)
    assert [len(part) for part in label.polygons] == [300_000, 6]
    assert label.polygons[0][299_999] == long[-1]
    assert label.problems == ("A part of its outline has an odd number of coordinates.",)
    assert (label.box, label.score) == (tuple(BOX), 0.5)


def test_a_label_of_fifty_megabytes_is_read_in_the_memory_of_a_few() -> None:
    ran = subprocess.run([sys.executable, "-c", _FIFTY_MEGABYTES], capture_output=True, text=True, check=True)
    problem, width, grown = json.loads(ran.stdout)
    assert problem == "Its outline has too many points to be drawn."
    assert width == 640, "what follows is read as well"
    assert grown < 120 * 1024, "in KiB"


_FIFTY_MEGABYTES = """
import json, resource
from console.upstream.coco import read_coco

def chunks():
    yield b'{"annotations": [{"segmentation": [['
    for _ in range(780):
        yield b"1234.5678," * 6500
    yield b'1]]}], "images": [{"width": 640, "height": 480}]}'

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = read_coco(chunks())
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([found.labels[0].problems[0], found.image.width, grown]))
"""


_VALUES = some.recursive(
    some.none() | some.booleans() | some.floats() | some.integers() | some.text(max_size=5) | some.just("1"),
    lambda inner: some.lists(inner, max_size=7) | some.dictionaries(some.sampled_from(("size", "counts", "a")), inner),
    max_leaves=20,
)
_ENTRIES = some.lists(
    some.dictionaries(
        some.sampled_from(
            ("id", "image_id", "category_id", "bbox", "segmentation", "keypoints", "iscrowd", "score", "attributes",
             "name", "skeleton", "width", "height", "file_name")
        ),
        _VALUES,
    )
    | _VALUES,
    max_size=4,
)  # fmt: skip


@settings(deadline=None)
@given(images=_ENTRIES, categories=_ENTRIES, annotations=_ENTRIES)
def test_values_of_any_kind_anywhere_never_break_the_reading(images: Any, categories: Any, annotations: Any) -> None:
    found = read(document(*annotations, images=images, categories=categories), 50)
    overlay = build_overlay(found)
    assert len(overlay.shapes) == sum(isinstance(entry, dict) for entry in annotations) or len(images) > 1
    assert overlay.width > 0
    assert overlay.height > 0
    assert all(shape.path or shape.dots or shape.reason for shape in overlay.shapes)


@settings(deadline=None)
@given(images=_ENTRIES, annotations=_ENTRIES, other=_VALUES)
def test_a_file_is_read_alike_in_pieces_of_any_size(images: Any, annotations: Any, other: Any) -> None:
    content = document(*annotations, images=images, other=other)
    assert read(content, 1) == read(content, 7) == read(content, 100_000)


@settings(deadline=None)
@given(some.binary(max_size=200))
def test_bytes_of_any_kind_are_read_or_refused(content: bytes) -> None:
    try:
        read(content, 7)
    except errors.Unreadable:
        return
