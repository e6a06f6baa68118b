"""Masks of both spellings, against the reference implementation (pycocotools, development only)."""

from itertools import chain, repeat
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pycocotools import mask as reference

from console.items.labels.outlines import Ring, TooDetailed, ring_path, trace_mask
from console.upstream.rle import BadMask, Mask, count_runs, read_mask

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:pycocotools")

MASKS = 1_000


def random_masks() -> Any:
    """Masks of all sizes and densities, also blocky ones, whose outlines have long edges and holes."""
    random = numpy.random.default_rng(20261127)
    for number in range(MASKS):
        height, width = random.integers(1, 60, 2)
        block = 1 if number % 2 else int(random.integers(1, 8))
        coarse = random.random((height // block + 1, width // block + 1)) < random.random()
        mask = numpy.kron(coarse, numpy.ones((block, block)))[:height, :width]
        yield numpy.asfortranarray(mask.astype(numpy.uint8))


def pixels(mask: Mask) -> numpy.ndarray:
    values = list(chain.from_iterable(repeat(index % 2, run) for index, run in enumerate(mask.runs)))
    values += [0] * (mask.height * mask.width - len(values))
    return numpy.array(values, dtype=numpy.uint8).reshape((mask.height, mask.width), order="F")


def filled(rings: list[Ring], height: int, width: int) -> numpy.ndarray:
    """How often each pixel is gone around: 1 within, 0 outside and in holes."""
    changes = numpy.zeros((height, width + 1), dtype=int)
    for ring in rings:
        for (x, y), (other_x, other_y) in zip(ring, ring[1:] + ring[:1], strict=True):
            assert (x == other_x) != (y == other_y), "each edge is level or upright, and none is empty"
            changes[min(y, other_y) : max(y, other_y), x] += (other_y < y) - (other_y > y)
    return changes.cumsum(axis=1)[:, :width]


def test_both_spellings_of_a_thousand_masks_are_read_as_the_reference_does() -> None:
    for mask in random_masks():
        height, width = mask.shape
        spelled = reference.encode(mask)
        as_text = read_mask([height, width], spelled["counts"].decode())
        as_list = read_mask([height, width], [int(run) for run in as_text.runs])
        assert numpy.array_equal(pixels(as_text), reference.decode(spelled))
        assert count_runs(spelled["counts"]) == count_runs(list(as_text.runs)) == len(as_text.runs)
        assert as_list == as_text == read_mask([height, width], spelled["counts"])


def test_a_thousand_masks_are_outlined_with_their_holes_and_parts() -> None:
    for mask in random_masks():
        height, width = mask.shape
        rings = trace_mask(read_mask([height, width], reference.encode(mask)["counts"]), most=10_000)
        assert numpy.array_equal(filled(rings, height, width), mask)


def test_straight_edges_are_one_and_a_hole_turns_the_other_way() -> None:
    picture = numpy.ones((30, 40), dtype=numpy.uint8, order="F")
    picture[10:20, 10:30] = 0
    rings = trace_mask(read_mask([30, 40], reference.encode(picture)["counts"]), most=8)
    assert ring_path(rings) == "M0 0h40v30h-40zM10 20h20v-10h-20z"


def test_pixels_that_touch_at_a_corner_are_two_rings() -> None:
    rings = trace_mask(read_mask([2, 2], [0, 1, 2, 1]), most=8)
    assert ring_path(rings) == "M0 0h1v1h-1zM1 1h1v1h-1z"


def test_more_corners_than_are_asked_for_are_refused() -> None:
    with pytest.raises(TooDetailed):
        trace_mask(read_mask([2, 2], [0, 1, 2, 1]), most=7)


@pytest.mark.parametrize(
    ("size", "counts", "sentence"),
    [
        (None, [4], "Its mask has no size."),
        ([2], [4], "Its mask has no size."),
        ("2x2", [4], "Its mask has no size."),
        ([2, None], [4], "The size of its mask can't be read."),
        ([0, 2], [0], "The size of its mask can't be read."),
        ([-2, 2], [4], "The size of its mask can't be read."),
        ([2.5, 2], [4], "The size of its mask can't be read."),
        ([True, 2], [2], "The size of its mask can't be read."),
        ([100_000, 100_000], [5, 5], "Its mask is larger than 65,535 pixels on one side."),
        ([2, 2], [1, 4], "Its mask has more pixels than its size allows."),
        ([2, 2], [2**63, 1], "Its mask has more pixels than its size allows."),
        ([2, 2], [1, -1, 4], "Its mask has a negative run."),
        ([2, 2], [1, "2"], "Its mask has a run that isn't a whole number."),
        ([2, 2], [1, 1.5], "Its mask has a run that isn't a whole number."),
        ([2, 2], [[1, 2]], "Its mask has a run that isn't a whole number."),
        ([2, 2], None, "Its mask has no runs that can be read."),
        ([2, 2], {"a": 1}, "Its mask has no runs that can be read."),
        ([2, 2], "a b", "Its mask is in no spelling that COCO knows."),
        ([2, 2], "é", "Its mask is in no spelling that COCO knows."),
        ([2, 2], "o" * 40, "Its mask is in no spelling that COCO knows."),
        ([2, 2], "oo", "Its mask is cut short."),
        ([2, 2], "O", "Its mask has a negative run."),
    ],
)
def test_a_mask_that_is_none_gets_a_sentence(size: Any, counts: Any, sentence: str) -> None:
    with pytest.raises(BadMask) as refused:
        read_mask(size, counts)
    assert str(refused.value) == sentence


def test_a_mask_that_ends_early_is_empty_from_there_on() -> None:
    mask = read_mask([2.0, 2.0], [1, 1])
    assert mask.is_short
    assert pixels(mask).tolist() == [[0, 0], [1, 0]]


@given(some.text(max_size=40) | some.binary(max_size=40) | some.lists(some.integers(-3, 90), max_size=20))
def test_whatever_stands_for_the_runs_is_a_mask_or_refused(counts: Any) -> None:
    try:
        mask = read_mask([7, 9], counts)
    except BadMask:
        return
    assert numpy.array_equal(filled(trace_mask(mask, most=10_000), 7, 9), pixels(mask))
