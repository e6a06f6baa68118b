"""Makes the demo pictures, thumbnails, COCO files, LICENCES.md and manifest.json beside this file, the same each time.

python -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python make.py
"""

import io
import json
import shutil
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import coco
import numpy as np
import skimage
import sklearn
from numpy.typing import NDArray
from outlines import FINDERS, Thing
from PIL import Image
from recipe import CATEGORIES, IN_SKIMAGE, IN_SKLEARN, RECIPES, SOURCES, Cut, Recipe, Source

HERE = Path(__file__).resolve().parent
PACKAGED = (Path(skimage.__file__).parent / "data", Path(sklearn.__file__).parent / "datasets" / "images")
FOLDERS = ("pictures", "thumbnails", "coco")
MOST_BYTES = 6 * 1024 * 1024
PICTURE_BYTES, THUMBNAIL_BYTES = 25_000, 5_800
TILE_WIDTH, WHOLE_SIDE, THUMBNAIL = 640, 800, (320, 240)
SHIFTS = ("early", "late", "night")


@dataclass(frozen=True)
class Window:
    """A part of a photograph and how much it is enlarged (or made smaller) to become an item's picture."""

    name: str
    left: int
    top: int
    width: int
    height: int
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        return round(self.width * self.scale), round(self.height * self.scale)

    def part(self, array: NDArray[Any]) -> NDArray[Any]:
        return array[self.top : self.top + self.height, self.left : self.left + self.width]


def main() -> None:
    for folder in FOLDERS:
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir()
    manifest = {
        "sources": [{"name": s.name, "licence": s.licence, "origin": s.origin} for s in SOURCES],
        "categories": list(CATEGORIES),
        "datasets": [make_dataset(recipe) for recipe in RECIPES],
    }
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    (HERE / "LICENCES.md").write_text(licences())
    report(manifest)


def make_dataset(recipe: Recipe) -> dict[str, Any]:
    items = [item for cut in recipe.cuts for item in make_items(recipe, cut)]
    return {"slug": recipe.slug, "name": recipe.name, "description": recipe.description, "items": items}


def make_items(recipe: Recipe, cut: Cut) -> Iterator[dict[str, Any]]:
    source = next(source for source in SOURCES if source.name == cut.source)
    photograph = load(source)
    things = FINDERS[cut.finder](np.asarray(photograph)) if cut.finder else None
    for number, window in enumerate(windows(cut, photograph.size), start=1):
        is_labelled = not (cut.unlabelled_every and number % cut.unlabelled_every == 0)
        yield make_item(recipe, source, photograph, window, things if is_labelled else None)


def make_item(
    recipe: Recipe, source: Source, photograph: Image.Image, window: Window, things: list[Thing] | None
) -> dict[str, Any]:
    stem = f"{source.name}-{window.name}"
    picture = enlarge(photograph, window)
    thumbnail = picture.copy()
    thumbnail.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
    save_jpeg(picture, HERE / "pictures" / f"{stem}.jpg", PICTURE_BYTES)
    save_jpeg(thumbnail, HERE / "thumbnails" / f"{stem}.jpg", THUMBNAIL_BYTES)
    annotations = None if things is None else annotate(things, window)
    return {
        "key": f"{stem}.jpg",
        "picture": f"pictures/{stem}.jpg",
        "thumbnail": f"thumbnails/{stem}.jpg",
        "width": picture.width,
        "height": picture.height,
        "metadata": describe(recipe, source, window, picture, annotations),
        "coco": None if annotations is None else save_coco(stem, picture, recipe, annotations),
    }


def load(source: Source) -> Image.Image:
    path = next(folder / source.file for folder in PACKAGED if (folder / source.file).exists())
    return Image.open(path).convert("RGB")


def windows(cut: Cut, size: tuple[int, int]) -> Iterator[Window]:
    if cut.whole:
        yield Window("whole", 0, 0, *size, scale=min(WHOLE_SIDE / max(size), 2.0))
    width, height = cut.window
    lefts = np.linspace(0, size[0] - width, cut.columns).round().astype(int).tolist()
    tops = np.linspace(0, size[1] - height, cut.rows).round().astype(int).tolist()
    for row, top in enumerate(tops, start=1):
        for column, left in enumerate(lefts, start=1):
            yield Window(f"r{row}c{column}", left, top, width, height, scale=TILE_WIDTH / width)


def enlarge(photograph: Image.Image, window: Window) -> Image.Image:
    box = (window.left, window.top, window.left + window.width, window.top + window.height)
    return photograph.crop(box).resize(window.size, Image.Resampling.LANCZOS)


def save_jpeg(picture: Image.Image, path: Path, most: int) -> None:
    """The best quality that fits: grass would otherwise weigh ten times what the sky does."""
    for quality in range(86, 30, -4):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= most:
            break
    path.write_bytes(buffer.getvalue())


def annotate(things: list[Thing], window: Window) -> list[dict[str, Any]]:
    annotations = (coco.annotation(thing, window.part(thing.mask), window.scale, window.size) for thing in things)
    return [{"id": number, **one} for number, one in enumerate((one for one in annotations if one), start=1)]


def save_coco(stem: str, picture: Image.Image, recipe: Recipe, annotations: list[dict[str, Any]]) -> str:
    document = {
        "images": [{"id": 1, "file_name": f"{stem}.jpg", "width": picture.width, "height": picture.height}],
        "categories": [category for category in CATEGORIES if category["id"] in recipe.categories],
        "annotations": annotations,
    }
    (HERE / "coco" / f"{stem}.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")
    return f"coco/{stem}.json"


def describe(
    recipe: Recipe, source: Source, window: Window, picture: Image.Image, annotations: list[dict[str, Any]] | None
) -> dict[str, Any]:
    """What is measured is true of the picture; site, camera, shift and day are made up, but the same in every run."""
    draw = zlib.crc32(f"{source.name}-{window.name}".encode())
    grey = np.asarray(picture.convert("L"), dtype=np.float64) / 255
    brightness, sharpness = round(float(grey.mean()), 2), round(edge_strength(grey), 1)
    return {
        "tag": [*source.tags, *tags(window, brightness, sharpness, annotations)],
        "split": ("train", "train", "train", "val", "test")[draw % 5],
        "brightness": brightness,
        "sharpness": sharpness,
        "source": source.name,
        "site": recipe.sites[draw // 5 % len(recipe.sites)],
        "camera": recipe.cameras[draw // 7 % len(recipe.cameras)],
        "shift": SHIFTS[draw // 11 % len(SHIFTS)],
        "captured_on": (date(2026, 3, 2) + timedelta(days=draw // 13 % 90)).isoformat(),
    }


def edge_strength(grey: NDArray[np.float64]) -> float:
    down, across = np.gradient(grey)
    return float(np.hypot(down, across).mean() * 1000)


def tags(
    window: Window, brightness: float, sharpness: float, annotations: list[dict[str, Any]] | None
) -> Iterator[str]:
    yield "overview" if window.name == "whole" else "close-up"
    if brightness < 0.3:
        yield "dark"
    if brightness > 0.6:
        yield "bright"
    if sharpness < 12:
        yield "calm"
    if sharpness > 30:
        yield "busy"
    if annotations is not None and len(annotations) > 40:
        yield "crowded"


def licences() -> str:
    rows = "\n".join(f"| {s.name} | {s.file} | {s.credit} | {s.origin} | {s.licence} |" for s in SOURCES)
    return f"""# Licences of the demo pictures

Every picture here is cut from one of these photographs, enlarged or made smaller, and compressed again (these are the
changes). The photographs ship inside two packages: {IN_SKIMAGE},
and {IN_SKLEARN}, for the two under CC BY 2.0
(https://creativecommons.org/licenses/by/2.0/). The licences are those stated there, in the docstrings of `skimage.data`
and in `sklearn/datasets/images/README.txt`. Outlines, masks and points were computed from the pictures by `make.py`.

| Name | File | Credit | Origin | Licence |
|---|---|---|---|---|
{rows}
"""


def report(manifest: dict[str, Any]) -> None:
    total = sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    for dataset in manifest["datasets"]:
        labelled_count = sum(item["coco"] is not None for item in dataset["items"])
        sys.stdout.write(f"{dataset['slug']}: {len(dataset['items'])} items, {labelled_count} annotated\n")
    sys.stdout.write(f"{total} bytes\n")
    if total > MOST_BYTES:
        raise SystemExit(f"{total} bytes are more than the {MOST_BYTES} allowed.")


if __name__ == "__main__":
    main()
