"""Reading a CSV, whatever it holds: a table or one sentence, never another error."""

import csv
import io
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from console.audit.csv_export import safe_cell
from console.items.imports import csv_file
from console.items.imports.csv_cells import is_guarded, with_guard, without_guard
from console.items.imports.csv_file import NotCsv, key_of, read_bytes, read_text
from console.items.imports.csv_rows import COLUMN_NAMES, BatchNames, plan_rows, read_columns

CELL = st.text("ab,;\t\"'\n\r =-é\u2028\x0b\x1c\U0001f600", max_size=8)
PIECES = st.sampled_from(
    [
        "asset_url",
        "asset_type",
        "image",
        ",",
        ";",
        "\t",
        '"',
        '""',
        "\n",
        "\r",
        "\r\n",
        "'",
        "=",
        "-1",
        "\x00",
        "\ufeff",
    ]
)
MESSY = st.lists(st.one_of(PIECES, CELL), max_size=30).map("".join)

# Busy machines draw slowly.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=6), st.sampled_from(",;\t"))
def test_what_was_written_is_read_again(rows: list[list[str]], separator: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([["asset_url", "asset_type", "batch", "x"], *rows])
    expected = [
        (number, tuple(cells)) for number, cells in enumerate(rows, start=2) if any(cell.strip() for cell in cells)
    ]
    if not expected:
        with pytest.raises(NotCsv, match=csv_file.NO_LINES):
            read_text(text.getvalue())
        return
    table = read_text(text.getvalue())
    assert [(line.number, line.cells) for line in table.lines] == expected
    assert table.blank_lines == len(rows) - len(expected)
    marked = read_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())
    assert (marked.lines, marked.digest) == (table.lines, table.digest)


@unhurried
@given(st.one_of(st.binary(max_size=200), MESSY.map(lambda text: text.encode(errors="replace"))))
def test_any_bytes_are_a_table_or_one_sentence(body: bytes) -> None:
    with suppress(NotCsv):
        assert read_bytes(body).lines


@unhurried
@given(MESSY)
@example("asset_url,asset_type,metadata.\ud800\nx,image,y")
@example("asset_url,asset_type,problem\n'=x,image,'")
def test_any_text_is_a_plan_or_one_sentence(text: str) -> None:
    with suppress(NotCsv):
        table = read_text(f"asset_url,asset_type,{text}")
        plan = plan_rows(table, read_columns(table), BatchNames([(1, "Default")]))
        assert len(plan.rows) == len(table.lines)
        assert all(bool(row.errors) == (row.outcome == "invalid") for row in plan.rows)


@unhurried
@given(st.one_of(CELL, MESSY, st.text("'=+-@; \t\r\nx\uff1d\u200b", max_size=12)))
@example("'=1")
@example("a;\t'-1")
@example(" \t=1")
@example("''\t")
def test_a_guarded_cell_is_no_formula_and_is_read_as_it_was(text: str) -> None:
    guarded = with_guard(text)
    assert without_guard(guarded) == text
    assert safe_cell(guarded) == guarded
    assert is_guarded(guarded) == (guarded != text)


@pytest.mark.parametrize("name", [*COLUMN_NAMES, "problem"])
def test_names_of_columns_are_read_as_people_write_them(name: str) -> None:
    for name_as_typed in (name, name.upper(), name.title().replace("_", " "), f"  {name} "):
        assert key_of(name_as_typed) == name


@pytest.mark.parametrize(
    ("names", "text", "expected"),
    [
        ([(1, "Night"), (2, "night")], "Night", 1),
        ([(1, "Night"), (2, "night")], "NIGHT", "2 batches have this name. Use the id of one: 1, 2."),
        ([(1, "Night"), (2, "Night")], "Night", "2 batches have this name. Use the id of one: 1, 2."),
        ([(1, "Night"), (2, "Night")], "2", 2),
        ([(1, "2"), (2, "Night")], "2", "2 batches have this name. Use the id of one: 1, 2."),
        ([(1, None)], "Batch 1", 1),
        ([(-7, "Odd")], "-7", -7),
        ([(1, " Night ")], "Night", 1),
        ([(1, "Night")], "9" * 30, "This project has no batch with this id or name."),
    ],
)
def test_a_batch_is_found_where_only_one_can_be_meant(names: Any, text: str, expected: Any) -> None:
    table = read_text(f"asset_url,asset_type,batch\nraw/1.jpg,image,{text}")
    [row] = plan_rows(table, read_columns(table), BatchNames(names)).rows
    assert (row.errors[0][1] if row.errors else row.batch_id) == expected
