"""Rows by formula: numbers and ids turn into each other, and a batch is one stretch."""

import pytest

from console.emulator.plan import Batch
from console.emulator.tables import Ids
from console.emulator.work_item_rows import Picture, WorkItemRows


def rows(count: int, batches: int) -> WorkItemRows:
    picture = Picture("d", "k.jpg", "pictures/k.jpg", "thumbnails/k.jpg", {}, None)
    return WorkItemRows(
        ids=Ids("test"),
        batches=[Batch(str(number), None) for number in range(batches)],
        first_batch=100,
        first_asset=0,
        asset_type="image",
        pictures=[picture],
        labelled=[picture],
        oldest=0,
        newest=1000,
        count=count,
    )


@pytest.mark.parametrize("number", [0, 1, 99_999, 2**40])
def test_an_id_leads_back_to_its_number(number: int) -> None:
    text = Ids("one").make(number)
    assert Ids("one").number(text) == number
    assert Ids("one").number(text.upper()) == number
    assert Ids("two").number(text) is None


@pytest.mark.parametrize(
    "text", ["", "x", "00000000-0000-4000-8000-000000000000", "zzzzzzzz-0000-4000-a000-zzzzzzzzzzzz"]
)
def test_other_texts_are_no_number(text: str) -> None:
    assert Ids("one").number(text) is None


@pytest.mark.parametrize(("count", "batches"), [(112, 8), (250, 2000), (1000, 7), (3, 3), (0, 1)])
def test_the_stretches_of_the_batches_are_all_rows_once(count: int, batches: int) -> None:
    made = rows(count, batches)
    stretches = [made.stretch(100 + place) for place in range(batches)]
    assert [number for stretch in stretches for number in stretch] == list(range(count))
    assert all(made.peek(number)[0] == 100 + place for place, stretch in enumerate(stretches) for number in stretch)
    assert not made.stretch(99)
    assert not made.stretch(100 + batches)


def test_a_glance_at_a_row_agrees_with_the_row() -> None:
    made = rows(40, 3)
    assert all(
        made.peek(number) == (row["batchId"], row["status"]) for number in range(40) for row in (made.make(number),)
    )
