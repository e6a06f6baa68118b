"""What a receipt counts, and what bytes of strangers cannot do."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from console.exports import archive
from console.exports.archive import Bare, Limits, NotChecked

CONE = {
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
    "annotations": [{"id": 7, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4.5]}],
    "categories": [{"id": 3, "name": "cone"}],
}


def zipped(*files: tuple[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files:
            target.writestr(name, content if isinstance(content, (str, bytes)) else json.dumps(content))
    return buffer.getvalue()


def in_chunks(data: bytes, size: int = 997) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def refused(chunks: Iterable[bytes], **limits: int) -> str:
    with pytest.raises(NotChecked) as caught:
        archive.read(chunks, Limits(**limits))
    return str(caught.value)


def test_everything_is_counted_in_one_pass() -> None:
    data = zipped(("one.json", CONE), ("a/two.json", CONE), ("readme.txt", "hello"))
    contents = archive.read(in_chunks(data))
    assert (contents.size, contents.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (contents.files, contents.images, contents.annotations, contents.without) == (2, 4, 2, 2)
    assert contents.classes == {"cone": 2}
    assert contents.bare == (Bare("one", "b.jpg"), Bare("two", "b.jpg"))


def test_a_class_without_a_name_is_still_counted() -> None:
    contents = archive.read(in_chunks(zipped(("one.json", {**CONE, "categories": []}))))
    assert contents.classes == {"class 3": 1}


def test_an_annotation_of_no_class_is_not_called_none() -> None:
    bare = CONE | {"annotations": [{"id": 7, "image_id": 1}], "categories": [{"id": 3, "name": ""}]}
    assert archive.read(in_chunks(zipped(("a.json", bare)))).classes == {"unnamed class": 1}
    nameless = CONE | {"categories": [{"id": 3, "name": ""}]}
    assert archive.read(in_chunks(zipped(("a.json", nameless)))).classes == {"class 3": 1}


def test_what_no_database_takes_is_shown_as_something_else() -> None:
    odd = CONE | {"categories": [{"id": 3, "name": "co\0ne"}], "images": [{"id": 2, "file_name": "\0.jpg"}]}
    found = archive.read(in_chunks(zipped(("a.json", odd))))
    assert found.classes == {"co\ufffdne": 1}
    assert found.bare[0].image == "\ufffd.jpg"


def test_every_annotation_of_another_class_is_no_work_without_end() -> None:
    many = {"images": [], "annotations": [{"id": number, "category_id": number} for number in range(200_000)]}
    assert refused(in_chunks(zipped(("a.json", many)), 65_536)) == "Not checked: the file holds too many classes."


def test_a_long_id_is_remembered_shortly() -> None:
    named = "x" * 100_000
    long = {"images": [{"id": named}], "annotations": [{"image_id": named, "category_id": "y" * 100_000}]}
    found = archive.read(in_chunks(zipped(("a.json", long), ("b.json", CONE)), 65_536))
    assert found.without == 1  # of the other file
    assert max(map(len, found.classes)) < 100


def test_names_that_climb_out_are_only_text() -> None:
    assert archive.read(in_chunks(zipped(("../../etc/passwd.json", CONE)))).images == 2


@pytest.mark.parametrize("cut", [0, 10, 40, 0.5, -30, -1])
def test_a_cut_zip_is_never_a_short_list(cut: float) -> None:
    data = zipped(("one.json", CONE))
    end = int(len(data) * cut) if isinstance(cut, float) else cut
    assert "not a whole zip" in refused(in_chunks(data[:end]))


def test_what_is_not_a_zip_is_said() -> None:
    assert "not a whole zip" in refused(in_chunks(b"<html>Sorry</html>" * 50))


@pytest.mark.parametrize(
    "content",
    ["[1, 2]", '{"images": 3}', "{", "not json", "[" * 100_000, '{"images": [' + "[" * 200, b"\xff\xfe\x00"],
)
def test_what_is_not_coco_is_said(content: str | bytes) -> None:
    assert "not COCO" in refused(in_chunks(zipped(("one.json", content))), ratio=1000)


def test_one_endless_text_does_not_fill_the_memory() -> None:
    data = zipped(("one.json", '{"images": "' + "x" * 30_000_000))
    assert "not COCO" in refused(in_chunks(data), ratio=100_000)


def test_a_bomb_is_stopped_by_its_ratio() -> None:
    assert "unpacks to far more" in refused(in_chunks(zipped(("one.json", b" " * 50_000_000))))


def test_a_bomb_in_a_file_nobody_reads_is_stopped_too() -> None:
    assert "unpacks to far more" in refused(in_chunks(zipped(("one.bin", b"\0" * 50_000_000))))


@pytest.mark.parametrize(
    ("limits", "words"),
    [({"packed": 100}, "too large"), ({"entries": 2}, "too many files"), ({"things": 5}, "too many images")],
)
def test_over_a_bound_it_says_so(limits: dict[str, int], words: str) -> None:
    data = zipped(*((f"{number}.json", CONE) for number in range(3)))
    assert words in refused(in_chunks(data), **limits)


def test_a_zip_without_annotations_is_not_an_empty_receipt() -> None:
    assert "no annotations" in refused(in_chunks(zipped(("readme.txt", "hello"))))
