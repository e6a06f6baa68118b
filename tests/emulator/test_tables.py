"""Rows by formula: numbers and ids turn into each other, and a batch is one stretch."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.emulator.choice import ALWAYS, Choice
from console.emulator.plan import STATUSES, Batch
from console.emulator.tables import FormulaTable, Ids
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


MOODS = ("mixed", "done", "review", "fresh", "mixed")
DAY = 24 * 3600
MOMENTS = st.one_of(st.sampled_from((float("-inf"), float("inf"))), st.integers(-1, 12 * DAY + 1).map(float))
SPANS = st.one_of(st.just(ALWAYS), st.tuples(MOMENTS, MOMENTS).map(lambda pair: (min(pair), max(pair))))
BATCHES = st.one_of(st.none(), st.sets(st.integers(99, 106)))
CHOICES = st.builds(Choice, BATCHES, st.one_of(st.none(), st.sampled_from(STATUSES)), SPANS, SPANS)
CHANGES = st.lists(
    st.tuples(st.integers(0, 70), st.integers(100, 104), st.sampled_from(STATUSES), st.integers(0, 12 * DAY)),
    max_size=5,
)


def table_with(changes: list[tuple[int, int, str, int]]) -> FormulaTable:
    """Sixty items of ten days; a change of number 60 or more adds one."""
    picture = Picture("d", "k.jpg", "pictures/k.jpg", "thumbnails/k.jpg", {}, None)
    batches = [Batch(mood, None, mood) for mood in MOODS]
    formula = WorkItemRows(Ids("x"), batches, 100, 0, "image", [picture], [picture], 0, 10 * DAY, 60)
    table = FormulaTable(60, formula)
    for number, batch, status, updated in changes:
        row = formula.make(number % 60)
        name = row["id"] if number < 60 else f"added {number}"
        table.put({**row, "id": name, "batchId": batch, "status": status, "updated_at": float(updated)})
    return table


def is_meant(choice: Choice, row: dict[str, Any]) -> bool:
    return (
        (choice.batches is None or row["batchId"] in choice.batches)
        and choice.status in (None, row["status"])
        and choice.created[0] <= round(row["created_at"], 3) <= choice.created[1]
        and choice.updated[0] <= round(row["updated_at"], 3) <= choice.updated[1]
    )


@given(CHANGES, CHOICES, st.one_of(st.none(), st.integers(-2, 75)), st.booleans())
def test_a_search_finds_what_a_look_at_every_row_finds(
    changes: list[tuple[int, int, str, int]], choice: Choice, mark: int | None, backwards: bool
) -> None:
    table = table_with(changes)
    every = [(place, table.at(place)) for place in range(len(table))]
    expected = [(place, row) for place, row in every if is_meant(choice, row)]
    if backwards:
        expected.reverse()
    if mark is not None:
        expected = [(place, row) for place, row in expected if (place < mark if backwards else place > mark)]
    assert list(table.search(choice, table.places(choice, mark, backwards=backwards))) == expected


def test_a_snapshot_stays_as_it_was() -> None:
    table = table_with([])
    before = table.snapshot()
    row = table.at(3)
    table.put({**row, "status": "FAILED"})
    table.put({**row, "id": "another"})
    assert (before.at(3), len(before)) == (row, 60)
    assert before.get("another") is None
