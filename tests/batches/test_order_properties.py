"""What holds for every order and every set of typed positions, tried with many."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from console.batches import order_diff
from console.batches.forms import order_from_positions
from console.batches.order import number_afresh

MOST = 12
WORD_NUMBERS = {word: number for number, word in enumerate(order_diff.NUMBER_WORDS)}

sizes = st.integers(1, MOST)
permutations = sizes.flatmap(lambda size: st.permutations(range(1, size + 1)))


@st.composite
def typed_positions(draw: st.DrawFn) -> tuple[list[int], dict[int, int]]:
    """Batches in their order, and different positions typed for any of them."""
    base = draw(permutations)
    batches = draw(st.lists(st.sampled_from(base), unique=True))
    positions = draw(st.permutations(range(1, len(base) + 1)))
    return base, dict(zip(batches, positions, strict=False))


def change_of(now: list[int]) -> order_diff.OrderChange:
    names = {batch: f"B{batch}" for batch in now}
    return order_diff.difference(
        number_afresh(sorted(now), high_first=True), number_afresh(now, high_first=True), names
    )


@settings(max_examples=400, deadline=None)
@given(permutations)
def test_a_batch_whose_rank_is_the_same_is_never_named(now: list[int]) -> None:
    change = change_of(now)
    assert all(move.was != move.now for move in change.moves)
    assert not re.search(r"(\S+) to \1(,|;|$)", change.text)


@settings(max_examples=400, deadline=None)
@given(permutations)
def test_every_named_change_is_true_and_every_other_one_is_counted(now: list[int]) -> None:
    change = change_of(now)
    for name, was, rank in re.findall(r"B(\d+) (\d+)\w\w to (\d+)\w\w", change.text):
        assert int(name) == int(was)
        assert now.index(int(name)) + 1 == int(rank)
    named = {move.batch_id for move in change.moves}
    shifts = [rank - batch for rank, batch in enumerate(now, start=1) if batch not in named and batch != rank]
    assert bool(change.rest) == bool(shifts)
    assert not shifts or change.rest.startswith(order_diff.count_in_words(len(shifts)))
    if far := re.search(r"(up|down) (\w+)", change.rest):
        assert set(shifts) == {WORD_NUMBERS[far[2]] * (1 if far[1] == "down" else -1)}


@settings(max_examples=400, deadline=None)
@given(typed_positions())
def test_typed_positions_win_and_all_others_keep_their_order(sample: tuple[list[int], dict[int, int]]) -> None:
    base, box_positions = sample
    result = order_from_positions(base, box_positions)
    assert sorted(result) == sorted(base)
    assert all(result[position - 1] == batch for batch, position in box_positions.items())
    assert [batch for batch in result if batch not in box_positions] == [
        batch for batch in base if batch not in box_positions
    ]
