"""What a receipt counts of what real tools write, and what bytes of strangers cannot do."""

import hashlib
import io
import json
import random
import stat
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.exports import class_counts, coco_archive, coco_document
from console.exports.archive_contents import ArchiveContents, ArchiveLimits, BareImage, NotChecked, UncountedFile

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
        coco_archive.read(chunks, ArchiveLimits(**limits))
    return str(caught.value)


CASES = Path(__file__).parent / "receipts"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CASES / "expected.json").read_text())
# What is said of the cases of which nothing can be counted.
SENTENCES = {
    "info-only": "a.json is not COCO.",
    "results-list": "results.json is a list of results without images.",
    "geojson-jsonl-ending": "a.jsonl holds JSON lines, which are not counted.",
    "comment-with-slashes": "a.json is not valid JSON.",
    "zstd": "a.json is compressed with Zstandard, which the console can't read.",
    "encrypted": "a.json is encrypted.",
    "empty-zip": "the zip is empty.",
    "empty-json": "a.json is empty.",
    "blank-json": "a.json is not COCO.",
    "plain-csv": "the zip holds no JSON file, only .csv.",
    "yolo": "the zip holds no JSON file, only .txt, .yaml.",
    "not-a-zip-json": "the file is JSON, not a zip.",
    "not-a-zip-gzip": "the file is a gzip archive, not a zip.",
    "s3-error-xml": "the file is an XML document, not a zip.",
}


def read(*files: tuple[str, Any]) -> ArchiveContents:
    return coco_archive.read(in_chunks(zipped(*files), 65_536))


def coco(**sections: Any) -> dict[str, Any]:
    return {**CONE, **sections}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_case_is_counted_or_has_its_sentence(name: str) -> None:
    data, wanted = (CASES / f"{name}.zip").read_bytes(), EXPECTED[name]
    if name in SENTENCES:
        assert refused(in_chunks(data)) == f"Not checked: {SENTENCES[name]}"
        return
    found = coco_archive.read(in_chunks(data))
    figures = {"images": found.images, "annotations": found.annotations, "without": found.without}
    assert {**figures, "classes": found.classes} == {**figures, "classes": found.classes} | {
        key: value for key, value in wanted.items() if key != "note"
    }
    assert sum(found.classes.values()) == found.annotations
    assert not any("None" in named for named in found.classes)


def test_every_case_has_an_expectation() -> None:
    assert sorted(path.stem for path in CASES.glob("*.zip")) == sorted(EXPECTED)


def test_everything_is_counted() -> None:
    data = zipped(("one.json", CONE), ("a/two.json", CONE), ("readme.txt", "hello"))
    contents = coco_archive.read(in_chunks(data))
    assert (contents.size, contents.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (contents.files, contents.images, contents.annotations, contents.without) == (2, 4, 2, 2)
    assert contents.classes == {"cone": 2}
    assert set(contents.bare) == {BareImage("one", "b.jpg"), BareImage("two", "b.jpg")}


# Classes


def test_a_class_without_a_name_is_still_counted() -> None:
    for categories in ([], {}, None, ["cone"], [{"id": 3, "name": None}], [{"id": 3, "name": " \u200b"}]):
        assert read(("one.json", coco(categories=categories))).classes == {"class 3, no name": 1}


def test_an_annotation_of_no_class_is_not_called_none() -> None:
    for category in ({}, {"category_id": None}, {"category_id": float("nan")}, {"category_id": ""}):
        annotations = [{"id": 7, "image_id": 1, **category}]
        assert read(("a.json", coco(annotations=annotations))).classes == {"no class": 1}


def test_no_class_is_no_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """Annotations without a class are shown among the classes, also of few that are kept, but count as none."""
    annotations = [{"image_id": 1}, *({"image_id": 1, "category_id": number} for number in (3, 3, 4, 4))]
    categories = [{"id": 3, "name": "cone"}, {"id": 4, "name": "no class"}]
    data = zipped(("a.json", coco(annotations=annotations, categories=categories)))
    for most in (20_000, 0):
        monkeypatch.setattr(class_counts, "MOST_IN_MEMORY", most)
        found = coco_archive.read(in_chunks(data))
        assert (found.class_count, found.classes) == (2, {"cone": 2, "no class (class 4)": 2, "no class": 1})
        assert coco_archive.read(in_chunks(data), ArchiveLimits(classes=1)).classes.keys() > {"no class"}


def test_numbers_as_names_of_classes_stay_what_they_are() -> None:
    names = [float("nan"), float("inf"), 1234567.0, 1234568.5, 7]
    annotations = [{"image_id": 1, "category_id": number} for number in range(5)]
    found = read(("a.json", coco(annotations=annotations, categories=[
        {"id": number, "name": name} for number, name in enumerate(names)])))  # fmt: skip
    assert set(found.classes) == {"class 0, no name", "class 1, no name", "1234567", "1234568.5", "7"}


def test_two_names_of_one_class_are_not_guessed_between() -> None:
    found = read(("a.json", coco(categories=[{"id": 3, "name": "cone"}, {"id": "3", "name": "pole"}])))
    assert found.classes == {"class 3, several names": 1}


def test_long_names_of_one_beginning_stay_two_classes() -> None:
    names = [f"{'x' * 5_000}{number}" for number in range(2)]
    found = read(
        (
            "a.json",
            coco(
                annotations=[{"image_id": 1, "category_id": number} for number in range(2)],
                categories=[{"id": number, "name": name} for number, name in enumerate(names)],
            ),
        )
    )
    assert list(found.classes.values()) == [1, 1]
    assert all(len(name) <= 100 for name in found.classes)


def test_what_no_database_takes_is_shown_as_something_else() -> None:
    odd = coco(categories=[{"id": 3, "name": "co\0ne\ud800"}], images=[{"id": 2, "file_name": "\0.jpg"}])
    found = read(("a.json", odd))
    assert found.classes == {"co\ufffdne\ufffd": 1}
    assert found.bare[0].image == "\ufffd.jpg"


def test_the_largest_classes_are_named_and_all_are_counted() -> None:
    annotations = [{"image_id": 1, "category_id": number // 2} for number in range(99)]
    found = coco_archive.read(in_chunks(zipped(("a.json", coco(annotations=annotations)))), ArchiveLimits(classes=49))
    assert (found.annotations, found.class_count) == (99, 50)
    assert set(found.classes.values()) == {2}


def test_classes_are_counted_on_disk_as_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = random.Random(9)
    ids: list[Any] = [None, *range(40), *(str(number) for number in range(40)), *(f"x{number}" for number in range(20))]
    documents: list[tuple[str, Any]] = []
    for number in range(6):
        names = [{"id": seed.choice(ids), "name": seed.choice(["", "cone", *map(str, range(30))])} for _ in range(60)]
        used = [{"image_id": 1, "category_id": seed.choice(ids)} for _ in range(200)]
        order = seed.sample(["annotations", "categories"], 2)
        sections = {"annotations": used, "categories": names}
        documents.append((f"{number}.json", {"images": [], **{name: sections[name] for name in order}}))
    documents.insert(3, ("odd.json", json.dumps(documents[0][1])[:-5]))
    wanted = read(*documents)
    assert wanted.passed_over_count == 1
    for most in (0, 1, 10, 60):
        monkeypatch.setattr(class_counts, "MOST_IN_MEMORY", most)
        found = read(*documents)
        assert (found.classes, found.class_count) == (wanted.classes, wanted.class_count)
        assert sum(found.classes.values()) == found.annotations == 1_200


def test_segments_are_the_annotations_of_a_panoptic_document() -> None:
    segments = [{"id": 1, "category_id": 3}, {"id": 2, "category_id": 3}, {"id": 3}]
    panoptic = [{"image_id": 1, "file_name": "a.png", "segments_info": segments}, {"image_id": 2, "segments_info": []}]
    found = read(("panoptic_train.json", coco(annotations=panoptic)))
    assert (found.annotations, found.without, found.notes.segments) == (3, 1, 3)
    assert found.classes == {"cone": 2, "no class": 1}


# Ids and images


@pytest.mark.parametrize(("image", "named"), [(7, "7"), ("7", 7), (7, 7.0), ("7", 7.0), (0, "0"), (-3, "-3")])
def test_ids_in_two_spellings_are_one_id(image: Any, named: Any) -> None:
    annotation = {"image_id": named, "category_id": named}
    found = read(("a.json", {"images": [{"id": image}], "annotations": [annotation], "categories": [
        {"id": image, "name": "cone"}]}))  # fmt: skip
    assert (found.without, found.classes) == (0, {"cone": 1})


@pytest.mark.parametrize("image", ["007", "7.0", " 7", "x", 9007199254740993, 7.5, True])
def test_other_ids_stay_other_ids(image: Any) -> None:
    annotations = [{"image_id": number, "category_id": 3} for number in (7, 9007199254740992)]
    found = read(("a.json", coco(images=[{"id": image, "file_name": "a.jpg"}], annotations=annotations)))
    assert found.without in (1, None)
    assert found.notes.strays + found.notes.nowhere == 2


def test_a_long_id_is_remembered_shortly() -> None:
    named = "x" * 100_000
    long = {"images": [{"id": named}], "annotations": [{"image_id": named, "category_id": "y" * 100_000}]}
    found = read(("a.json", long), ("b.json", CONE))
    assert found.without == 1  # of the other file
    assert max(map(len, found.classes)) < 120


def test_images_that_share_an_id_are_all_counted_and_not_told_apart() -> None:
    images = [{"id": 1, "file_name": "a.jpg"}, {"id": 1, "file_name": "b.jpg"}, {"id": 2, "file_name": "c.jpg"}]
    found = read(("a.json", coco(images=images)))
    assert (found.images, found.annotations, found.without, found.notes.doubled) == (3, 1, None, 1)
    assert found.bare == ()
    # Where no annotation refers to it, nothing is unclear.
    assert read(("a.json", coco(images=images, annotations=[]))).without == 3


def test_an_image_listed_twice_in_a_document_is_one() -> None:
    assert read(("a.json", coco(images=[*CONE["images"], *CONE["images"]]))).images == 2


def test_annotations_of_no_listed_image_are_told() -> None:
    found = read(("a.json", coco(annotations=[{"image_id": 9, "category_id": 3}, {"category_id": 3}])))
    assert (found.annotations, found.without, found.notes.strays, found.notes.nowhere) == (2, 2, 1, 1)
    nameless = read(("a.json", coco(images=[{"file_name": "a.jpg"}])))
    assert (nameless.images, nameless.without) == (1, None)


def test_images_that_a_family_of_documents_describes_are_counted_once() -> None:
    captions = coco(annotations=[{"image_id": 2, "caption": "a cone"}], categories=[])
    found = read(
        ("annotations/instances_train.json", CONE),
        ("annotations/captions_train.json", captions),
        ("annotations/instances_val.json", CONE),
        ("other/captions_train.json", captions),
    )
    assert (found.files, found.images, found.annotations, found.without) == (4, 6, 4, 2)
    assert found.classes == {"cone": 2, "no class": 2}
    assert found.notes.repeated == 2


def test_a_family_counts_as_many_images_as_its_documents_list() -> None:
    """Two images of one document can have one file name, and a document can be read alone."""
    images = [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "a.jpg"}]
    documents = [(f"{kind}_train.json", coco(images=images)) for kind in ("instances", "captions")]
    assert read(documents[0]).images == 2
    found = read(*documents)
    assert (found.images, found.annotations, found.without) == (2, 2, 1)
    assert found.notes.together == 2
    apart = read(("instances_train.json", CONE), ("captions_train.json", coco(images=[])))
    assert (apart.images, apart.notes.together) == (2, 0)


def test_images_without_file_names_are_not_taken_for_those_of_other_documents() -> None:
    nameless = coco(images=[{"id": 1}])
    found = read(*((f"{number}.json", nameless) for number in range(3)))
    assert (found.images, found.annotations, found.notes.repeated) == (3, 3, 0)


def test_pictures_that_other_documents_list_too_are_told_not_guessed() -> None:
    found = read(("a.json", CONE), ("b.json", CONE), ("train/c.json", CONE))
    assert (found.images, found.notes.repeated) == (6, 2)


# JSON as tools write it


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_marks_of_encodings_cost_nothing(encoding: str) -> None:
    text = json.dumps(coco(categories=[{"id": 3, "name": "cöne"}]), ensure_ascii=False)
    assert read(("a.json", text.encode(encoding))).classes == {"cöne": 1}


def test_names_in_the_letters_of_old_windows_stay_apart() -> None:
    names = ["café", "cafè", "10 €"]
    annotations = [{"image_id": 1, "category_id": number} for number in range(3)]
    categories = [{"id": number, "name": name} for number, name in enumerate(names)]
    text = json.dumps(coco(annotations=annotations, categories=categories), ensure_ascii=False)
    for size in (1, 7, 65_536):
        found = coco_document.read_document(in_chunks(text.encode("cp1252"), size), lambda document: None)
        assert {name for name, _ in found.classes()} == set(names)


@pytest.mark.parametrize(
    "value",
    ["NaN", "-Infinity", "nan", "-nan(ind)", "undefined", "1e400", ".5", "1.", "+1", "007", "0x1F", "9" * 6_000,
     f'"{"y" * 3_000_000}"', "[" * 5_000 + "]" * 5_000, '{"a": ' * 5_000 + "1" + "}" * 5_000, '"\\ud800 \\u0000 \t"',
     '{"id": 8, "category_id": 9, "image_id": 9}', f"[{'1.5, ' * 400_000}2]"],
    ids=range(18),
)  # fmt: skip
def test_what_the_receipt_does_not_use_can_be_anything(value: str) -> None:
    text = json.dumps(CONE).replace("4.5", value)
    mask = f'{{"extra": {value}, "images": [{{"note": {value}, "id": 1, "file_name": "a.jpg"}}], '
    for document in (text, mask + text.partition("], ")[2]):
        found = read(("a.json", document))
        assert (found.annotations, found.classes, found.passed_over) == (1, {"cone": 1}, ())


def test_a_key_that_comes_twice_counts_as_every_reader_counts_it() -> None:
    text = json.dumps(CONE).replace('"category_id": 3', '"category_id": 4, "category_id": 3')
    assert read(("a.json", text)).classes == {"cone": 1}
    assert "lists its images twice" in refused(in_chunks(zipped(("a.json", '{"images": [], "images": []}'))))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[1, 2]", "is a list, not a COCO document"),
        ("[]", "is a list, not a COCO document"),
        ('[{"file_name": "a.jpg", "image_id": 1, "annotations": []}]', "is a list, not a COCO document"),
        ('[{"image_id": 1, "caption": "a car"}]', "is a list of results without images"),
        ('{"images": 3}', "is not COCO"),
        ('{"images": {"1": {}}}', "is not COCO"),
        ('{"images": ["a.jpg"]}', "is not COCO"),
        ('{"images": [null]}', "is not COCO"),
        ('{"samples": [{"images": []}]}', "is not COCO"),
        # Darwin, Dataloop, Hasty, and images that hold their labels themselves.
        ('{"item": {}, "annotations": [{"id": "u", "name": "car", "bounding_box": {}}]}', "is not COCO"),
        ('{"filename": "/a.jpg", "annotations": [{"id": "1", "label": "car"}]}', "is not COCO"),
        ('{"images": [{"image_id": "1", "image_name": "a.jpg", "labels": [{"class_name": "car"}]}]}', "is not COCO"),
        ('{"images": [{"id": 1, "file_name": "a.jpg", "objects": [{"label": "car"}]}]}', "is not COCO"),
        ('{"images": [{"x": nan(1), "id": 1, "file_name": "a", "objects": [{"label": "car"}]}]}', "is not COCO"),
        ("{", "is cut off"),
        (json.dumps(CONE)[:-40], "is cut off"),
        ("not json", "is not valid JSON"),
        (json.dumps(CONE) + " and more", "is not valid JSON"),
        (json.dumps(CONE).replace("}]", "},]"), "is not valid JSON"),
        (json.dumps(CONE).replace('"', "'"), "is not valid JSON"),
        (json.dumps(CONE) + "\n" + json.dumps(CONE), "holds JSON lines, which are not counted"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"images": [' + "[" * 200, "is cut off"),
        ('{"extra": ' + "[" * 20_000 + "]" * 20_000 + "}", "is nested too deeply"),
        (b"\xff\xfe\x00", "is not valid JSON"),
        ("", "is empty"),
        (" \n\0", "is not valid JSON"),
        ('{"images": "' + "x" * 3_000_000, "is not COCO"),
        ('{"extra": "' + "x" * 3_000_000, "is cut off"),
    ],
    ids=range(29),
)  # fmt: skip
def test_what_is_not_coco_is_passed_over_by_name(content: str | bytes, why: str) -> None:
    assert refused(in_chunks(zipped(("one.json", content)), 65_536)) == f"Not checked: one.json {why}."
    found = read(("a.json", CONE), ("one.json", content))
    assert (found.images, found.passed_over) == (2, (UncountedFile("one.json", why),))


def test_a_document_reads_the_same_however_its_bytes_arrive() -> None:
    text = json.dumps(coco(categories=[{"id": 3, "name": 'c\\ö"ne'}]), ensure_ascii=False, indent=1)
    odd = text.replace("4.5", 'nan, "\\" ,\\\\"')
    seed = random.Random(8)
    for document in (text, odd):
        raw = document.encode()
        for _ in range(50):
            cuts = sorted(seed.choices(range(len(raw)), k=20))
            pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
            found = coco_document.read_document(iter(pieces), lambda document: None)
            assert dict(found.classes()) == {'c\\ö"ne': 1}


# Members


def test_what_is_passed_over_is_named_and_counted() -> None:
    system = ["__MACOSX/._a.json", "._b.json", "x/.DS_Store", "Thumbs.db", "desktop.ini", "@eaDir/a.json",
              "System Volume Information/i.json", "$RECYCLE.BIN/a.json"]  # fmt: skip
    found = read(
        ("a.json", CONE),
        *((name, "\0") for name in system),
        ("images/a.jpg", "x"),
        ("images/b.JPG", "x"),
        ("LICENSE", "x"),
        *((f"meta{number}.json", "{}") for number in range(30)),
    )
    assert found.system_files == len(system)
    assert found.others == {".jpg": 2, "": 1}
    assert (len(found.passed_over), found.passed_over_count) == (20, 30)


def test_a_document_that_is_in_the_zip_twice_counts_as_unpacking_leaves_it() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        found = read(("a.json", CONE), ("a.json", coco(images=[])))
    assert (found.files, found.images, found.passed_over_count) == (1, 0, 1)


def test_a_document_that_is_in_the_zip_twice_and_none_is_not_called_counted() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        words = refused(in_chunks(zipped(("a.json", {}), ("a.json", {}), ("a.json", {}))))
    assert words == "Not checked: a.json is not COCO, and 2 more JSON files can't be counted."


def test_only_what_is_all_is_called_all() -> None:
    kinds = [(f"a.{kind}", "x") for kind in ("csv", "tif", "txt", "xml", "yaml", "zip")]
    words = "Not checked: the zip holds no JSON file, only"
    assert refused(in_chunks(zipped(*kinds))) == f"{words} .csv, .tif, .txt, .xml, .yaml and others."
    assert refused(in_chunks(zipped(*kinds[:5]))) == f"{words} .csv, .tif, .txt, .xml, .yaml."
    assert refused(in_chunks(zipped(("a", "x"), *kinds[:1]))) == f"{words} .csv and others."
    assert refused(in_chunks(zipped(("a", "x")))) == "Not checked: the zip holds no JSON file."


def test_names_that_climb_out_are_only_text() -> None:
    assert read(("../../etc/passwd.json", CONE)).images == 2


def piped(*files: tuple[str, str], method: int = zipfile.ZIP_STORED) -> bytes:
    """As a tool writes that cannot go back: sizes follow the bytes."""

    class Pipe(io.RawIOBase):
        data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            Pipe.data += bytes(data)
            return len(data)

    with zipfile.ZipFile(Pipe(), "w", method) as target:  # type: ignore[arg-type]
        for name, text in files:
            target.writestr(name, text)
    return Pipe.data


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_zip_written_to_a_pipe_is_read(method: int) -> None:
    data = piped(("a.json", json.dumps(CONE)), ("b.json", json.dumps(CONE)), method=method)
    assert coco_archive.read(in_chunks(data)).images == 4


def test_a_zip64_is_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target, target.open("a.json", "w", force_zip64=True) as member:
        member.write(json.dumps(CONE).encode())
    data = buffer.getvalue()
    end = data[-22:]
    start = len(data) - 22
    _, _, _, _, _, length, offset, _ = struct.unpack("<4s4H2LH", end)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, length, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, start, 1)
    full = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    for before in (b"", b"#!/bin/sh\n"):
        assert coco_archive.read(in_chunks(before + data[:start] + wide + locator + full)).images == 2


@pytest.mark.parametrize(
    ("before", "behind"),
    [(b"#!/bin/sh\nexit\n", b""), (b"", b"\r\n"), (b"MZ" * 9, b"\0" * 90_000), (b"", b"\0" * 3_000_000)],
)
def test_bytes_around_a_zip_are_told_and_cost_nothing(before: bytes, behind: bytes) -> None:
    found = coco_archive.read(in_chunks(before + zipped(("a.json", CONE)) + behind))
    assert (found.images, found.notes.before, found.notes.behind) == (2, len(before), len(behind))


def test_a_comment_behind_a_zip_is_part_of_it() -> None:
    buffer = io.BytesIO(zipped(("a.json", CONE)))
    with zipfile.ZipFile(buffer, "a") as target:
        target.comment = b"made by PK\5\6 a tool"
    found = coco_archive.read(in_chunks(buffer.getvalue()))
    assert (found.images, found.notes.behind) == (2, 0)


def patched(data: bytes, at: int, value: int, *, local: int | None = None) -> bytes:
    """The zip with another number of 16 bits in each entry of its directory (and in each local header)."""
    for signature, place in ((b"PK\1\2", at), (b"PK\3\4", local)):
        if place is not None:
            parts = data.split(signature)
            raw = struct.pack("<H", value)
            data = signature.join([parts[0], *(one[: place - 4] + raw + one[place - 2 :] for one in parts[1:])])
    return data


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [
        (10, 9, "is compressed with Deflate64, which the console can't read"),
        (10, 14, "is compressed with LZMA, which the console can't read"),
        (10, 95, "is compressed with XZ, which the console can't read"),
        (10, 777, "is compressed with method 777, which the console can't read"),
        (10, 99, "is encrypted"),
        (8, 1, "is encrypted"),
        (8, 0x41, "is encrypted"),
        (16, 12345, "is damaged: its checksum is wrong"),
        (24, 1, "is damaged: it is longer than the zip says"),
        (24, 60_000, "is damaged: it is shorter than the zip says"),
        (42, 3, "is damaged: it is not where the zip says"),
    ],
    ids=range(11),
)  # fmt: skip
def test_a_member_that_cannot_be_unpacked_is_named(at: int, value: int, why: str) -> None:
    assert refused(in_chunks(patched(zipped(("one.json", CONE)), at, value))) == f"Not checked: one.json {why}."


@pytest.mark.parametrize(("at", "value"), [(6, 90), (8, 0x800), (8, 0x28), (12, 0xFFFF), (36, 0xFFFF), (38, 0xFFFF)])
def test_odd_fields_of_the_directory_cost_nothing(at: int, value: int) -> None:
    data = patched(zipped(("données é\xff.json", CONE)), at, value).replace("é".encode(), b"\xe9\xff")
    assert coco_archive.read(in_chunks(data)).images == 2


def test_damage_inside_a_member_costs_that_member() -> None:
    data = zipped(("one.json", CONE), ("two.json", CONE))
    found = coco_archive.read(in_chunks(data[:60] + b"\xff\xff\xff\xff" + data[64:]))
    assert (found.images, [entry.name for entry in found.passed_over]) == (2, ["one.json"])


@pytest.mark.parametrize("cut", [10, 40, 0.5, -30, -1])
def test_a_cut_zip_is_never_a_short_list(cut: float) -> None:
    data = zipped(("one.json", CONE))
    end = int(len(data) * cut) if isinstance(cut, float) else cut
    assert "not a whole zip" in refused(in_chunks(data[:end]))


def test_a_zip_within_a_cut_zip_is_not_taken_for_it() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("a.json", json.dumps(CONE))
        target.writestr("inner.zip", zipped(("b.json", CONE)))
        end = target.fp.tell() if target.fp else 0
    assert "not a whole zip" in refused(in_chunks(buffer.getvalue()[:end]))
    assert coco_archive.read(in_chunks(zipped(("a.json", CONE)) * 2)).images == 2


def test_an_end_within_a_comment_is_not_taken_for_it() -> None:
    comment = b"see PK\5\6" + b"\0" * 18
    data = zipped(("a.json", CONE))[:-2] + struct.pack("<H", len(comment)) + comment
    assert coco_archive.read(in_chunks(data)).images == 2


def test_a_link_is_said_to_be_one() -> None:
    """As `zip -y` and macOS keep links."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        link = zipfile.ZipInfo("a.json")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        target.writestr(link, "b/a.json")
    assert refused(in_chunks(buffer.getvalue())) == "Not checked: a.json is a link to another file."


def test_a_zip_within_another_archive_is_not_taken_for_it() -> None:
    inner, buffer = zipped(("b.json", CONE)), io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as target:
        entry = tarfile.TarInfo("inner.zip")
        entry.size = len(inner)
        target.addfile(entry, io.BytesIO(inner))
    assert refused(in_chunks(buffer.getvalue())) == "Not checked: the file is a tar archive, not a zip."


def test_a_part_of_a_zip_in_parts_is_said() -> None:
    data = zipped(("a.json", CONE))
    split = data[:-18] + struct.pack("<2H", 1, 0) + data[-14:]
    assert refused(in_chunks(split)) == "Not checked: the file is one part of a zip in several parts."


def test_a_directory_that_is_too_short_is_said() -> None:
    data = zipped(("a.json", CONE))
    damaged = data[:-14] + struct.pack("<2H", 3, 3) + data[-10:]
    assert refused(in_chunks(damaged)) == "Not checked: the zip's list of files is damaged."


def test_what_is_not_a_zip_is_said() -> None:
    assert refused(in_chunks(b"<html>Sorry</html>" * 50)) == "Not checked: the file is a web page, not a zip."
    assert refused(in_chunks(b"")) == "Not checked: the file is empty."
    assert refused(in_chunks(b"\x93\x00" * 500)) == "Not checked: the file is not a zip."


# Bounds


def test_a_bomb_is_stopped_by_its_ratio() -> None:
    data = zipped(("one.json", b" " * 5_000_000))
    assert "unpacks to far more" in refused(in_chunks(data), free=1_000_000)
    assert "unpacks to far more" in refused(in_chunks(data), unpacked=1_000_000)


def test_what_nobody_reads_is_not_unpacked() -> None:
    found = coco_archive.read(
        in_chunks(zipped(("one.json", CONE), ("one.bin", b"\0" * 5_000_000))), ArchiveLimits(unpacked=5_000)
    )
    assert found.images == 2


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"packed": 100}, "too large"),
        ({"entries": 2}, "too many files"),
        ({"things": 5}, "too many images"),
        ({"images": 5}, "too many images"),
    ],
)
def test_over_a_bound_it_says_so(limits: dict[str, int], words: str) -> None:
    data = zipped(*((f"{number}.json", CONE) for number in range(3)))
    assert words in refused(in_chunks(data), **limits)


def test_whoever_counts_for_long_is_heard_of(tmp_path: Path) -> None:
    beats: list[None] = []
    coco_archive.read(in_chunks(zipped(("a.json", CONE))), folder=tmp_path, pulse=lambda: beats.append(None))
    assert beats
    assert not list(tmp_path.iterdir())


def test_a_zip_without_annotations_is_not_an_empty_receipt() -> None:
    assert "no JSON file, only .txt" in refused(in_chunks(zipped(("readme.txt", "hello"))))


@pytest.mark.parametrize("place", [2**62, 2**63 - 1, 2**64 - 1])
def test_a_member_beyond_any_file_is_damaged(place: int) -> None:
    name, content = b"a.json", json.dumps(CONE).encode()
    wide = struct.pack("<2HQ", 1, 8, place)
    entry = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\x01\x02", 45, 45, 0, 0, 0, 0, 0, len(content), len(content)),
        *(len(name), len(wide), 0, 0, 0, 0, 0xFFFFFFFF),
    )
    directory = entry + name + wide
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)
    assert "a.json is damaged" in refused([directory + end])
