"""Turns a thing's mask, as seen through a window, into one COCO annotation in the pixels of the enlarged picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from outlines import Mask, Thing
from PIL import Image
from recipe import CATEGORIES
from scipy import ndimage
from skimage import measure

Polygon = NDArray[np.float64]
LEAST_VISIBLE = 0.15
KEYPOINTS = {category["id"]: category["keypoints"] for category in CATEGORIES if "keypoints" in category}


def annotation(thing: Thing, part: Mask, scale: float, size: tuple[int, int]) -> dict[str, Any] | None:
    """None where the window shows nothing of the thing, or too little of it to outline."""
    visible_pixels = int(part.sum())
    if visible_pixels < 8 or (visible_pixels < LEAST_VISIBLE * thing.mask.sum() and not thing.as_mask):
        return None
    shape = _mask(part, size) if thing.as_mask else _outline(thing.category, part, scale, size)
    if shape is None:
        return None
    score = {} if thing.score is None else {"score": thing.score}
    return {"image_id": 1, "category_id": thing.category, **shape, "iscrowd": 0, **score}


def _mask(part: Mask, size: tuple[int, int]) -> dict[str, Any] | None:
    image = Image.fromarray(part.astype(np.uint8) * 255).resize(size, Image.Resampling.BILINEAR)
    mask = np.asarray(image) > 127
    down, across = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    if not len(down):
        return None
    box = [int(across[0]), int(down[0]), int(across[-1] - across[0] + 1), int(down[-1] - down[0] + 1)]
    run_lengths = {"size": [size[1], size[0]], "counts": _counts(mask)}
    return {"segmentation": run_lengths, "bbox": box, "area": int(mask.sum())}


def _counts(mask: Mask) -> list[int]:
    """COCO counts column by column and begins with the zeros."""
    flat = mask.flatten(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate(([0], changes, [len(flat)])))
    return ([0] if flat[0] else []) + [int(run) for run in runs]


def _outline(category: int, part: Mask, scale: float, size: tuple[int, int]) -> dict[str, Any] | None:
    polygons = _polygons(part, scale, size)
    if not polygons:
        return None
    points = np.concatenate(polygons)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    shape: dict[str, Any] = {
        "segmentation": [[_short(number) for number in polygon.ravel()] for polygon in polygons],
        "bbox": [_short(number) for number in (left, top, right - left, bottom - top)],
        "area": _short(sum(abs(_signed_area(polygon)) for polygon in polygons)),
    }
    return shape | (_keypoints(category, max(polygons, key=len), size) if category in KEYPOINTS else {})


def _polygons(part: Mask, scale: float, size: tuple[int, int]) -> list[Polygon]:
    """Outer outlines, largest first, in picture pixels. The edge is repeated before smoothing, so that a thing cut by
    the window goes right up to the window's edge."""
    soft = ndimage.gaussian_filter(np.pad(part, 3, mode="edge").astype(np.float64), 0.6)
    contours = measure.find_contours(np.pad(soft[2:-2, 2:-2], 1), 0.5)
    scaled = [np.clip((contour[:, ::-1] - 2 + 0.5) * scale, 0, size) for contour in contours]
    simple = [measure.approximate_polygon(contour, 0.9)[:-1] for contour in scaled]
    ordered = sorted((p for p in simple if len(p) > 2), key=lambda p: -abs(_signed_area(p)))
    return [p for p in ordered if abs(_signed_area(p)) > 20 and _signed_area(p) * _signed_area(ordered[0]) > 0]


def _signed_area(polygon: Polygon) -> float:
    across, down = polygon[:, 0], polygon[:, 1]
    return float(np.dot(across, np.roll(down, 1)) - np.dot(down, np.roll(across, 1))) / 2


def _keypoints(category: int, polygon: Polygon, size: tuple[int, int]) -> dict[str, Any]:
    """Points of a thing that the window cuts are not known: 0, 0 and "not labelled", as COCO has it."""
    cut = bool((polygon <= 0.01).any() or (polygon >= np.array(size) - 0.01).any())
    points = [] if cut else _points(category, polygon)
    flat = [number for x, y in points for number in (_short(x), _short(y), 2)]
    return {"keypoints": flat or [0, 0, 0] * len(KEYPOINTS[category]), "num_keypoints": len(points)}


def _points(category: int, polygon: Polygon) -> list[tuple[float, float]]:
    across, down = polygon[:, 0], polygon[:, 1]
    if KEYPOINTS[category] == ["centre"]:
        return [((across.min() + across.max()) / 2, (down.min() + down.max()) / 2)]
    extremes = (across.argmin(), down.argmin(), across.argmax(), down.argmax())
    return [(across[index], down[index]) for index in extremes]


def _short(number: float) -> float:
    return round(float(number), 1)
