"""What Chromium draws of an item's labels, against what the reference implementation makes of the same COCO file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
from playwright.sync_api import Page, expect
from pycocotools import mask as reference

from accounts.models import Person
from console.emulator.server import Running
from tests.items.item_helpers import add_item, page_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:pycocotools"),
]
SignIn = Callable[[Any, Person], None]
Pixels = numpy.ndarray
Window = tuple[int, int, int, int]
"""Left, top, width, height."""

ASSETS = Path("console/emulator/assets/coco")
ZOOMS = (2, 4, 8)
WINDOW = 300
"""Pixels of the picture that are compared, across and down."""
DRAW = """([number, zoom, left, top, width, height]) => {
  const shape = document.querySelector(`[data-overlay] [data-shape="${number}"]`)
  const path = shape.matches("path") ? shape : shape.querySelector("path:not(.keypoint-lines, .dot)")
  const canvas = new OffscreenCanvas(width * zoom, height * zoom)
  const pen = canvas.getContext("2d", { willReadFrequently: true })
  pen.scale(zoom, zoom)
  pen.translate(-left, -top)
  pen.fill(new Path2D(path.getAttribute("d")), getComputedStyle(path).fillRule)
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height)
  let alpha = ""
  for (let at = 3; at < data.length; at += 4) alpha += data[at] > 127 ? "1" : "0"
  return alpha
}"""


def expected(label: dict[str, Any], image: dict[str, Any], window: Window, zoom: int) -> Pixels:
    left, top, width, height = (side * zoom for side in window)
    return whole(label["segmentation"], image["width"], image["height"], zoom)[top : top + height, left : left + width]


def whole(outline: Any, width: int, height: int, zoom: int) -> Pixels:
    if isinstance(outline, dict):
        mask = reference.decode(reference.frPyObjects(outline, height, width))
        return numpy.kron(mask, numpy.ones((zoom, zoom), dtype=numpy.uint8))
    larger = [[value * zoom for value in polygon] for polygon in outline]
    return reference.decode(reference.merge(reference.frPyObjects(larger, height * zoom, width * zoom)))


def overlap(one: Pixels, other: Pixels) -> float:
    return float((one & other).sum() / (one | other).sum())


def largest(document: dict[str, Any], name: str) -> int:
    """The number of the largest label of this class, counted from 1."""
    (category,) = (category["id"] for category in document["categories"] if category["name"] == name)
    areas = [label["area"] if label["category_id"] == category else 0 for label in document["annotations"]]
    return areas.index(max(areas)) + 1


def open_labels(page: Page, live: str, emulator: Running, document: dict[str, Any]) -> None:
    item = add_item(emulator)
    emulator.act("set_annotation", item=item, coco=document)
    page.goto(live + page_of(item))
    expect(page.locator("[data-shape]").first).to_be_attached()


def drawn_pixels(page: Page, number: int, window: Window, zoom: int) -> Pixels:
    _, _, width, height = window
    alpha = page.evaluate(DRAW, [number, zoom, *window]).encode()
    return numpy.frombuffer(alpha, numpy.uint8).reshape((height * zoom, width * zoom)) - ord("0")


def around(label: dict[str, Any], image: dict[str, Any]) -> Window:
    left, top = int(label["bbox"][0]), int(label["bbox"][1])
    return left, top, min(WINDOW, image["width"] - left), min(WINDOW, image["height"] - top)


@pytest.mark.parametrize(
    ("file", "name"), [("coins-whole", "coin"), ("ihc-whole", "nucleus"), ("retina-whole", "vessel")]
)
def test_what_is_drawn_overlaps_the_file_at_every_zoom(
    page: Page, live: str, emulator: Running, sign_in: SignIn, bob: Person, file: str, name: str
) -> None:
    document = json.loads((ASSETS / f"{file}.json").read_text())
    sign_in(page, bob)
    open_labels(page, live, emulator, document)
    number = largest(document, name)
    (image,) = document["images"]
    label = document["annotations"][number - 1]
    window = around(label, image)
    for zoom in ZOOMS:
        assert overlap(drawn_pixels(page, number, window, zoom), expected(label, image, window, zoom)) >= 0.99


def test_holes_stay_open_and_parts_that_overlap_fill_as_one(
    page: Page, live: str, emulator: Running, sign_in: SignIn, bob: Person
) -> None:
    ring = numpy.zeros((100, 100), dtype=numpy.uint8, order="F")
    ring[10:90, 10:90] = 1
    ring[30:70, 30:70] = 0
    spelled = reference.encode(ring)
    parts = [[20, 20, 60, 20, 60, 60, 20, 60], [40, 40, 40, 90, 90, 90, 90, 40]]
    labels: list[dict[str, Any]] = [
        {"segmentation": {"size": [100, 100], "counts": spelled["counts"].decode()}},
        {"segmentation": parts},
    ]
    document = {
        "images": [{"id": 1, "width": 100, "height": 100, "file_name": "a.jpg"}],
        "categories": [{"id": 1, "name": "ring"}],
        "annotations": [{"id": at, "image_id": 1, "category_id": 1, **label} for at, label in enumerate(labels)],
    }
    sign_in(page, bob)
    open_labels(page, live, emulator, document)
    everything = (0, 0, 100, 100)
    assert numpy.array_equal(drawn_pixels(page, 1, everything, 1), ring)
    assert overlap(drawn_pixels(page, 2, everything, 4), whole(parts, 100, 100, 4)) >= 0.99


def test_the_box_around_keypoints_does_not_cover_what_they_mark(
    page: Page, live: str, emulator: Running, sign_in: SignIn, bob: Person
) -> None:
    label = {"image_id": 1, "category_id": 1, "bbox": [10, 10, 80, 80], "keypoints": [20, 20, 2, 50, 50, 1]}
    document = {
        "images": [{"id": 1, "width": 100, "height": 100, "file_name": "a.jpg"}],
        "categories": [{"id": 1, "name": "hand", "keypoints": ["tip", "joint"], "skeleton": [[1, 2]]}],
        "annotations": [label],
    }
    sign_in(page, bob)
    open_labels(page, live, emulator, document)
    expect(page.locator("[data-shape] > .frame")).to_have_css("fill", "none")
    expect(page.locator("[data-shape] > .frame")).not_to_have_css("stroke", "none")
