"""Ranks out of numbers, numbers out of ranks, what changed in words, and merging: without any call."""

import random

import pytest

from console.batches import order_diff
from console.batches.forms import order_from_positions
from console.batches.order import Order, OrderPlace, arrange_order, number_afresh, restore_numbers
from console.batches.three_way_merge import merge_orders
from console.upstream.response_models import Priority

NAMES = dict(enumerate("_ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
EIGHT = (1, 2, 3, 4, 5, 6, 7, 8)


def order(*ids: int) -> Order:
    return number_afresh(ids, high_first=True)


def test_a_higher_number_is_worked_on_first_unless_the_setting_says_otherwise() -> None:
    entries = [Priority(1, 5), Priority(2, 9), Priority(3, 7)]
    assert arrange_order(entries, [1, 2, 3], high_first=True).ids == (2, 3, 1)
    assert arrange_order(entries, [1, 2, 3], high_first=False).ids == (1, 3, 2)


def test_equal_numbers_are_a_tie_and_the_older_batch_stands_first() -> None:
    result = arrange_order([Priority(9, 5), Priority(4, 5), Priority(1, 1)], [1, 4, 9], high_first=True)
    assert result.ids == (4, 9, 1)
    assert result.tied == {4, 9}


def test_batches_without_an_entry_or_a_number_stand_at_the_end() -> None:
    result = arrange_order([Priority(2, None), Priority(3, -4)], [1, 2, 3], high_first=True)
    assert result.ids == (3, 1, 2)
    assert result.unordered == 2


def test_an_entry_of_a_batch_that_is_not_listed_is_kept() -> None:
    assert arrange_order([Priority(77, 3)], [1], high_first=True).ids == (77, 1)


@pytest.mark.parametrize(("high_first", "numbers"), [(True, [3, 2, 1]), (False, [1, 2, 3])])
def test_numbers_are_spaced_from_the_top(high_first: bool, numbers: list[int]) -> None:
    assert [place.number for place in number_afresh((7, 5, 6), high_first=high_first).places] == numbers


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        ({7: 1}, (7, 1, 2, 3, 4, 5, 6, 8)),
        ({1: 8}, (2, 3, 4, 5, 6, 7, 8, 1)),
        ({3: 5}, (1, 2, 4, 5, 3, 6, 7, 8)),
        ({1: 1}, EIGHT),
        ({2: 3, 7: 1}, (7, 1, 2, 3, 4, 5, 6, 8)),
        ({1: 2, 2: 3}, (3, 1, 2, 4, 5, 6, 7, 8)),
    ],
)
def test_a_typed_position_puts_its_batch_exactly_there(positions: dict[int, int], expected: tuple[int, ...]) -> None:
    assert order_from_positions(EIGHT, positions) == expected


def test_one_move_is_named_and_the_others_are_counted() -> None:
    change = order_diff.difference(order(*EIGHT), order(7, 1, 2, 3, 4, 5, 6, 8), NAMES)
    assert change.text == "G 7th to 1st; six batches move down one"


@pytest.mark.parametrize(
    ("after", "text"),
    [
        ((2, 3, 4, 5, 6, 7, 8, 1), "A 1st to 8th; seven batches move up one"),
        ((2, 1, 3, 4, 5, 6, 7, 8), "B 2nd to 1st; one batch moves down one"),
        ((7, 8, 1, 2, 3, 4, 5, 6), "G 7th to 1st, H 8th to 2nd; six batches move down two"),
        ((8, 2, 3, 4, 5, 6, 7, 1), "H 8th to 1st, A 1st to 8th"),
        ((8, 7, 6, 5, 4, 3, 2, 1), "seven batches moved; one batch moves down seven"),
        (EIGHT, "nothing moves"),
    ],
)
def test_moves_read_as_sentences(after: tuple[int, ...], text: str) -> None:
    assert order_diff.difference(order(*EIGHT), order(*after), NAMES).text == text


def test_numbers_that_change_without_a_move_are_said() -> None:
    before = Order((OrderPlace(1, 5), OrderPlace(2, 5), OrderPlace(3, None)))
    assert (
        order_diff.difference(before, order(1, 2, 3), NAMES).text == "the order stays; three batches get another number"
    )


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (112, "112th"), (1021, "1,021st")]
)
def test_ordinals(number: int, text: str) -> None:
    assert order_diff.ordinal(number) == text


def test_moves_on_different_batches_are_both_kept() -> None:
    yours, theirs = (8, 1, 2, 3, 4, 5, 6, 7), (2, 3, 4, 5, 6, 7, 8, 1)
    assert merge_orders(EIGHT, yours, theirs) == (8, 2, 3, 4, 5, 6, 7, 1)


def test_the_same_batch_moved_by_both_goes_where_you_put_it() -> None:
    yours, theirs = (1, 5, 2, 3, 4, 6, 7, 8), (1, 2, 3, 4, 6, 7, 8, 5)
    assert merge_orders(EIGHT, yours, theirs) == (1, 5, 2, 3, 4, 6, 7, 8)


def test_a_batch_that_is_new_in_theirs_stays_and_one_that_is_gone_does_not_come_back() -> None:
    assert merge_orders((1, 2, 3), (3, 1, 2), (1, 2, 9)) == (1, 2, 9)


def test_merging_never_loses_or_doubles_a_batch() -> None:
    dice = random.Random(3)
    for _ in range(300):
        base = list(range(1, 13))
        yours, theirs = dice.sample(base, 12), dice.sample(base, 12)
        assert sorted(merge_orders(base, yours, theirs)) == base


def test_merging_with_an_untouched_order_gives_the_other_one() -> None:
    dice = random.Random(4)
    for _ in range(100):
        other = dice.sample(EIGHT, 8)
        assert list(merge_orders(EIGHT, EIGHT, other)) == other
        assert list(merge_orders(EIGHT, other, EIGHT)) == other


def test_an_earlier_order_comes_back_with_its_very_numbers() -> None:
    before = Order((OrderPlace(2, 9), OrderPlace(1, 5), OrderPlace(3, 5)))
    assert restore_numbers(before, (3, 2, 1), high_first=True) == before


def test_a_batch_that_had_no_number_goes_below_the_others() -> None:
    before = Order((OrderPlace(2, 9), OrderPlace(1, 5), OrderPlace(3, None)))
    assert restore_numbers(before, (3, 2, 1), high_first=True).numbers == {2: 9, 1: 5, 3: 4}
    assert restore_numbers(before, (3, 2, 1), high_first=False).numbers == {2: 9, 1: 5, 3: 10}


def test_all_are_numbered_afresh_where_no_number_is_left_below() -> None:
    before = Order((OrderPlace(2, 1), OrderPlace(1, 0), OrderPlace(3, None)))
    assert restore_numbers(before, (3, 2, 1), high_first=True).numbers == {2: 3, 1: 2, 3: 1}


def test_batches_made_since_go_to_the_end_and_those_gone_are_left_out() -> None:
    before = Order((OrderPlace(2, 9), OrderPlace(1, 5)))
    assert restore_numbers(before, (7, 2), high_first=True).numbers == {2: 9, 7: 8}
