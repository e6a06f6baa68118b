"""The project "Label samples": one work item for each kind of label or trouble, named for what it shows.

Most of them are made from the labels that the picture has in the sample; DIFFERENCES.md says which are our guesses.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from console.emulator.choice import Choice
from console.emulator.plan import Batch, Project
from console.emulator.tables import Ids, Row
from console.emulator.work_item_rows import DAY, Picture

FOLDER = "label-samples"
PROJECT = Project(
    "samples",
    "Label samples",
    "One item for each kind of label, and for each way in which a result can be odd. Each is named for what it shows.",
    "",
    "image, video",
    0,
    (Batch("Default", 1, "done"), Batch("Failures on request", None, "done")),
)
COINS, RETINA, ASTRONAUT = "coins-whole", "retina-whole", "astronaut-whole"
FAULTS = ("500", "503", "403", "404", "409", "reset", "drop-after", "html", "garbage", "truncated", "slow-5")
Build = Callable[[Row], Row]
Interval = tuple[int, int]


@dataclass(frozen=True)
class LabelSample:
    name: str
    picture: str
    build: Build = dict
    """From the picture's own COCO document to the sample's."""
    annotation: Row = field(default_factory=dict)
    """What P18 answers other than usual, in the words of `set_annotation`."""
    status: str = "COMPLETED"
    asset_type: str = "image"
    extension: str = "jpg"
    batch: int = 0

    @property
    def asset(self) -> str:
        return f"raw/{FOLDER}/{self.name}.{self.extension}"


# --- documents --------------------------------------------------------------------------------------------------


def _compressed(base: Row) -> Row:
    shapes = [{**shape, "segmentation": _packed(shape["segmentation"])} for shape in base["annotations"]]
    return {**base, "annotations": shapes}


def _packed(segmentation: Any) -> Any:
    if isinstance(segmentation, list):
        return segmentation
    return {**segmentation, "counts": compress(segmentation["counts"])}


def compress(counts: Sequence[int]) -> str:
    """Run lengths in the text form of COCO's own tools: differences to the run before the last, 5 bits a letter."""
    letters = []
    for place, count in enumerate(counts):
        left, more = count - (counts[place - 2] if place > 2 else 0), True
        while more:
            bits, left = left & 0x1F, left >> 5
            more = left != (-1 if bits & 0x10 else 0)
            letters.append(chr((bits | (0x20 if more else 0)) + 48))
    return "".join(letters)


def _crowd(base: Row) -> Row:
    """The upper coins one by one, the lower ones together."""
    upper = [shape for shape in base["annotations"] if shape["bbox"][1] < 300]
    lower = [shape["bbox"] for shape in base["annotations"] if shape["bbox"][1] >= 300]
    return {**base, "annotations": [*upper, _mask(base, 1, lambda x: _merge_intervals(_discs(lower, x)), iscrowd=1)]}


def _hole(base: Row) -> Row:
    """The collar of the suit, without what is inside of it."""
    outer, inner = [185, 233, 290, 224], [218, 263, 230, 165]
    return _document(base, [_mask(base, 1, lambda x: _without(_discs([outer], x), _discs([inner], x)))], ["collar"])


def _parts(base: Row) -> Row:
    """Three coins as one thing."""
    first, *others = base["annotations"][:3]
    polygons = [polygon for shape in (first, *others) for polygon in shape["segmentation"]]
    joined = {**_plain(first), "segmentation": polygons, "bbox": [264.0, 32.2, 465.7, 115.5]}
    return {**base, "annotations": [joined, *base["annotations"][3:]]}


def _skeleton(base: Row) -> Row:
    """A person by COCO's seventeen points: some hidden (1), some not in the picture (0)."""
    person = {
        **_shape(1, [32, 25, 535, 775]),
        "keypoints": [number for name in POINTS for number in VISIBLE_POINTS.get(name, (0, 0, 0))],
        "num_keypoints": len(VISIBLE_POINTS),
    }
    category = {"id": 1, "name": "person", "keypoints": list(POINTS), "skeleton": [list(bone) for bone in BONES]}
    return {**_document(base, [person], []), "categories": [category]}


def _points_alone(base: Row) -> Row:
    fields = ("id", "image_id", "category_id", "keypoints", "num_keypoints")
    return {**base, "annotations": [{name: shape[name] for name in fields} for shape in base["annotations"]]}


def _turn_box(base: Row) -> Row:
    """`bbox` is the box before it is turned about its middle; `attributes.rotation` are degrees, clockwise."""
    boxes = ((1, [437.5, 532, 75, 50], 5.0), (2, [5.5, 244, 165, 62], 58.0), (3, [210, 545, 115, 115], 0.0))
    shapes = [{**_shape(number, box), "attributes": {"rotation": turn}} for number, box, turn in boxes]
    return _document(base, shapes, ["name tag", "stripe", "patch"])


def _boxes(base: Row) -> Row:
    return {**base, "annotations": [_shape(shape["category_id"], shape["bbox"]) for shape in base["annotations"]]}


def _unnamed(base: Row) -> Row:
    """Large coins have a class that the file does not name, and one of the coins a class without a name."""
    first = next(shape for shape in base["annotations"] if shape["category_id"] == 1)
    shapes = [{**shape, "category_id": 99} if shape is first else shape for shape in base["annotations"]]
    return {**base, "annotations": shapes, "categories": [base["categories"][0], {"id": 99}]}


def _half(base: Row) -> Row:
    """Labels made on a copy of half the width and height."""
    (image,) = base["images"]
    shapes = [
        {
            **_shape(shape["category_id"], _halves(shape["bbox"])),
            "segmentation": list(map(_halves, shape["segmentation"])),
        }
        for shape in base["annotations"]
    ]
    size = {"width": image["width"] // 2, "height": image["height"] // 2}
    return {**base, "images": [{**image, **size}], "annotations": shapes}


def _many_classes(base: Row) -> Row:
    shapes = [{**shape, "category_id": place} for place, shape in enumerate(base["annotations"], start=1)]
    return _document(base, shapes, [f"brick {place}" for place in range(1, len(shapes) + 1)])


def _nothing(base: Row) -> Row:
    return {**base, "annotations": []}


# --- pieces -----------------------------------------------------------------------------------------------------


def _document(base: Row, shapes: Iterable[Row], names: Sequence[str]) -> Row:
    categories = [{"id": number, "name": name} for number, name in enumerate(names, start=1)]
    return {"images": base["images"], "categories": categories, "annotations": list(shapes)}


def _shape(category: int, box: Sequence[float]) -> Row:
    area = round(box[2] * box[3], 1)
    return {"image_id": 1, "category_id": category, "bbox": list(box), "area": area, "iscrowd": 0}


def _plain(shape: Row) -> Row:
    return {name: value for name, value in shape.items() if name not in ("keypoints", "num_keypoints")}


def _halves(numbers: Sequence[float]) -> list[float]:
    return [round(number / 2, 2) for number in numbers]


def _mask(base: Row, category: int, column: Callable[[int], list[Interval]], iscrowd: int = 0) -> Row:
    """Run lengths of a mask that holds these rows, from one to before the other, in each column."""
    (image,) = base["images"]
    width, height = image["width"], image["height"]
    edges = [x * height + y for x in range(width) for interval in column(x) for y in interval]
    counts = [after - before for before, after in zip([0, *edges], [*edges, width * height], strict=True)]
    filled = [(x, *interval) for x in range(width) for interval in column(x)]
    left, right = min(x for x, _, _ in filled), max(x for x, _, _ in filled) + 1
    top, bottom = min(start for _, start, _ in filled), max(end for _, _, end in filled)
    shape = _shape(category, [left, top, right - left, bottom - top])
    area = sum(end - start for _, start, end in filled)
    return {**shape, "segmentation": {"size": [height, width], "counts": counts}, "area": area, "iscrowd": iscrowd}


def _discs(boxes: Iterable[Sequence[float]], x: int) -> list[Interval]:
    """The rows of this column that lie in the ellipses of these boxes."""
    intervals = []
    for left, top, width, height in boxes:
        across = (x + 0.5 - left - width / 2) / (width / 2)
        half = height / 2 * max(1 - across * across, 0) ** 0.5
        start, end = round(top + height / 2 - half), round(top + height / 2 + half)
        if abs(across) < 1 and start < end:
            intervals.append((start, end))
    return sorted(intervals)


def _merge_intervals(intervals: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in intervals:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _without(outer: list[Interval], inner: list[Interval]) -> list[Interval]:
    if not inner:
        return outer
    ((top, bottom),), ((start, end),) = outer, inner
    return [(top, start), (end, bottom)]


POINTS = (
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow"),
    *("right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee"),
    *("left_ankle", "right_ankle"),
)
VISIBLE_POINTS = {
    "nose": (350, 187, 2),
    "left_eye": (388, 160, 2),
    "right_eye": (317, 157, 2),
    "left_ear": (428, 200, 2),
    "right_ear": (275, 190, 1),
    "left_shoulder": (520, 430, 2),
    "right_shoulder": (145, 400, 2),
    "left_elbow": (560, 600, 1),
    "right_elbow": (75, 660, 2),
    "right_wrist": (215, 770, 2),
}
BONES = (
    *((16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9), (8, 10)),
    *((9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7)),
)
INFERENCE = {
    "model": "coin-net 3",
    "objects": [{"class": "coin", "score": 0.93}, {"class": "large coin", "score": 0.41}],
}
SAMPLES = (
    LabelSample("compressed-rle", RETINA, _compressed),
    LabelSample("crowd", COINS, _crowd),
    LabelSample("mask-with-hole", ASTRONAUT, _hole),
    LabelSample("several-parts", COINS, _parts),
    LabelSample("skeleton-with-hidden-points", ASTRONAUT, _skeleton),
    LabelSample("points-alone", COINS, _points_alone),
    LabelSample("turned-box", ASTRONAUT, _turn_box),
    LabelSample("box-alone", COINS, _boxes),
    LabelSample("unnamed-class", COINS, _unnamed),
    LabelSample("many-classes", "brick-r1c1", _many_classes),
    LabelSample("other-size", COINS, _half),
    LabelSample("nothing-to-mark", "grass-r1c1", _nothing),
    LabelSample("missing-result", COINS, annotation={"result": ""}),
    LabelSample("inference-filled", COINS, annotation={"inference": INFERENCE}),
    LabelSample("inference-null", COINS, annotation={"inference": None}),
    LabelSample("inference-list", COINS, annotation={"inference": [INFERENCE["objects"], "coin-net 3"]}),
    LabelSample("video", "china-whole", annotation={"result": None}, asset_type="video", extension="webm"),
    LabelSample("not-done-yet", "chelsea-whole", status="NEW"),
    *(LabelSample(f"{fault if 'slow' in fault else f'fail-{fault}'}-coins", COINS, batch=1) for fault in FAULTS),
)
BY_ASSET = {sample.asset: sample for sample in SAMPLES}


# --- the project ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def document(assets: Path, asset: str) -> str:
    """The sample's result as JSON."""
    sample = BY_ASSET[asset]
    own = assets / "coco" / f"{sample.picture}.json"
    size = _size(assets, sample.picture)
    bare = {"images": [{"id": 1, "file_name": f"{sample.picture}.jpg", **size}], "categories": [], "annotations": []}
    labels = sample.build(json.loads(own.read_text()) if own.is_file() else bare)
    shapes = [{**shape, "id": number} for number, shape in enumerate(labels["annotations"], start=1)]
    return json.dumps({**labels, "annotations": shapes})


@lru_cache(maxsize=64)
def _size(assets: Path, picture: str) -> Row:
    """Width and height of one of the sample's pictures."""
    manifest = json.loads((assets / "manifest.json").read_text())
    items = (item for dataset in manifest["datasets"] for item in dataset["items"])
    return next({name: item[name] for name in ("width", "height")} for item in items if item["key"] == f"{picture}.jpg")


def annotation_of(asset: str | None) -> Row:
    sample = BY_ASSET.get(asset or "")
    return sample.annotation if sample else {}


def pictures() -> Iterator[tuple[str, Picture]]:
    """Where each sample's file lies in the space, and the picture that is there. The video is not."""
    for sample in SAMPLES:
        if sample.asset_type == "image":
            file = f"{sample.picture}.jpg"
            picture = Picture(FOLDER, file, f"pictures/{file}", f"thumbnails/{file}", {}, sample.asset)
            yield sample.asset, picture


@dataclass(frozen=True)
class LabelSampleRows:
    """The formula of this project's table; row `n` is sample `n`."""

    ids: Ids
    first_batch: int
    first_asset: int
    oldest: float

    def peek(self, number: int) -> tuple[int, str]:
        sample = SAMPLES[number]
        return self.first_batch + sample.batch, sample.status

    def times(self, number: int) -> tuple[float, float]:
        created = self.oldest + number * 3600
        return created, created if SAMPLES[number].status == "NEW" else created + DAY

    def spans(self, choice: Choice) -> list[range]:
        """So few that all of them can be looked at."""
        return [range(len(SAMPLES))]

    def make(self, number: int) -> Row:
        batch, status = self.peek(number)
        created, updated = self.times(number)
        return {
            "id": self.ids.make(number),
            "status": status,
            "assetUrl": SAMPLES[number].asset,
            "assetId": self.first_asset + number,
            "batchId": batch,
            "resultsUrl": None,
            "created_at": created,
            "updated_at": updated,
            "taxonomyVersionId": None,
            "metadata": {"row": number},
            "dueInSeconds": None,
            "difficulty": None,
            "assetType": SAMPLES[number].asset_type,
        }
