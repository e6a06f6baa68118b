"""Finds what there is to annotate in each photograph: one mask and category per thing, at the photograph's own size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import color, feature, filters, measure, morphology, segmentation

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Thing:
    category: int
    mask: Mask
    score: float | None = None
    # A mask stays a mask where an outline would not tell the truth: vessels branch and glands have holes.
    as_mask: bool = False


def nothing(picture: Image) -> list[Thing]:
    """Looked at, and there is nothing to mark."""
    return []


def coins(picture: Image) -> list[Thing]:
    grey = _grey(picture)
    seeds = np.zeros(grey.shape, dtype=np.int32)
    seeds[grey < 30 / 255] = 1
    seeds[grey > 150 / 255] = 2
    filled = ndimage.binary_fill_holes(segmentation.watershed(filters.sobel(grey), seeds) == 2)
    opened_mask = morphology.opening(filled, morphology.disk(6))
    return [Thing(2 if mask.sum() > 1700 else 1, mask) for mask in _masks(measure.label(opened_mask), least=300)]


def tissue(picture: Image) -> list[Thing]:
    """Blue nuclei by colour, touching ones parted; brown glands as one mask each."""
    red, blue = _smooth(picture[..., 0], 1.0), _smooth(picture[..., 2], 1.0)
    nuclei = morphology.opening(blue - red > 0.085, morphology.disk(1))
    glands = morphology.closing(_smooth(picture[..., 0], 3) - _smooth(picture[..., 2], 3) > 0.13, morphology.disk(4))
    things = [Thing(3, mask) for mask in _masks(_part_touching(nuclei, 3), least=25)]
    return things + [Thing(4, mask, as_mask=True) for mask in _masks(measure.label(glands), least=2500)]


def sky(picture: Image) -> list[Thing]:
    light = _smooth(np.asarray(picture.max(axis=-1)), 1.0)
    labels = _part_touching(light > 0.33, 4)
    return [_light(mask, light) for mask in _masks(labels, least=14)]


def eye(picture: Image) -> list[Thing]:
    green = picture[..., 1]
    inside = morphology.erosion(_smooth(picture[..., 0], 2) > 0.25, morphology.disk(15))
    ridges = filters.sato(_smooth(green, 1.0), sigmas=(3, 5), black_ridges=True)
    vessels = _without_small(inside & (ridges > 0.0135), 900)
    broad = _smooth(green, 14) * inside
    disc = max(_masks(measure.label(broad > 0.74 * broad.max()), least=1), key=np.count_nonzero)
    return [Thing(7, disc), Thing(8, vessels, as_mask=True)]


def bricks(picture: Image) -> list[Thing]:
    grey = _smooth(_as_bytes(picture), 1.0)
    mortar = grey > filters.threshold_local(grey, 61, offset=-0.03)
    stones = morphology.opening(~mortar, morphology.disk(3))
    return [Thing(9, mask) for mask in _masks(measure.label(stones, connectivity=1), least=300)]


def pebbles(picture: Image) -> list[Thing]:
    """The larger, clearly parted pebbles; the light tops of the others run into each other."""
    grey = _smooth(_as_bytes(picture), 1.2)
    tops = morphology.opening(grey > filters.threshold_local(grey, 41), morphology.disk(2))
    return [Thing(10, mask) for mask in _masks(_part_touching(tops, 5), least=130) if _is_compact(mask)]


def blossom(picture: Image) -> list[Thing]:
    hsv = color.rgb2hsv(picture)
    petals = _smooth(picture[..., 0], 2) - _smooth(picture[..., 1], 2) > 0.12
    flower_mask = ndimage.binary_fill_holes(morphology.closing(petals & (hsv[..., 2] > 0.3), morphology.disk(4)))
    flower_mask = morphology.opening(flower_mask, morphology.disk(7))
    return [Thing(11, mask) for mask in _masks(measure.label(flower_mask), least=1500)]


def handwriting(picture: Image) -> list[Thing]:
    """Strokes of the pen have a dark core; the ruled lines of the paper are only grey."""
    grey = _smooth(_as_bytes(picture), 0.7)
    ink = grey < filters.threshold_local(grey, 51, offset=0.09)
    return [Thing(12, mask) for mask in _masks(measure.label(ink), least=25) if grey[mask].min() < 0.25]


FINDERS: dict[str, Callable[[Image], list[Thing]]] = {
    finder.__name__: finder for finder in (nothing, coins, tissue, sky, eye, bricks, pebbles, blossom, handwriting)
}


def _light(mask: Mask, light: NDArray[np.float64]) -> Thing:
    peak = float(light[mask].max())
    return Thing(5 if peak > 0.75 else 6, mask, score=round(min(peak, 1.0), 2))


def _part_touching(mask: Mask, apart: int) -> Labels:
    """Watershed from the middles, which are at least `apart` pixels from each other."""
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 1)
    seeds = np.zeros(mask.shape, dtype=np.int32)
    middles = feature.peak_local_max(depth, min_distance=apart, labels=measure.label(mask))
    seeds[tuple(middles.T)] = np.arange(1, len(middles) + 1)
    return np.asarray(segmentation.watershed(-depth, seeds, mask=mask), dtype=np.int32)


def _masks(labels: Labels, *, least: int) -> Iterator[Mask]:
    for region in measure.regionprops(labels):
        if region.area >= least:
            yield labels == region.label


def _without_small(mask: Mask, least: int) -> Mask:
    labels = measure.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(sizes[labels] >= least)


def _is_compact(mask: Mask) -> bool:
    return bool(measure.regionprops(mask.astype(np.uint8))[0].solidity > 0.88)


def _grey(picture: Image) -> NDArray[np.float64]:
    return np.asarray(_as_bytes(picture), dtype=np.float64) / 255


def _as_bytes(picture: Image) -> Image:
    return picture[..., 0] if picture.ndim == 3 else picture


def _smooth(channel: NDArray[np.uint8], sigma: float) -> NDArray[np.float64]:
    return np.asarray(ndimage.gaussian_filter(channel.astype(np.float64) / 255, sigma))
