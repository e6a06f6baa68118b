"""Reading a CSV as spreadsheets write it: its columns, and the cells of each line.

Pure Python, knows nothing of work items. Whatever it is given, it answers with a table or raises NotCsv.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from console.common.errors import ConsoleError
from console.common.formatting import file_size, number

MOST_BYTES = 5_000_000
MOST_LINES = 5_000
MOST_ROWS = 50_000
"""With the blank ones, of which a spreadsheet can leave many at its end."""
MOST_COLUMNS = 200
LONGEST_NAME = 200
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
EXCEL = "In Excel, save it as “CSV UTF-8”; in other programs, choose UTF-8 as the encoding."

TOO_LARGE = f"A CSV can have up to {file_size(MOST_BYTES)}. Split it into several."
TOO_MANY_LINES = f"A CSV can have up to {MOST_LINES:,} lines after its header. Split it into several."
TOO_MANY_ROWS = f"This CSV has more than {MOST_ROWS:,} rows, most of them blank. Remove the blank ones."
TOO_MANY_COLUMNS = f"A CSV can have up to {MOST_COLUMNS} columns; this one has {{count}}."
EMPTY = "This CSV is empty. Its first line names the columns."
NO_LINES = "This CSV has a header and no lines below it."
NOT_TEXT = f"This file isn’t a CSV: it is {{kind}}. {EXCEL}"
OTHER_ENCODING = f"This file isn’t UTF-8 but {{encoding}}. {EXCEL}"
NOT_UTF8 = (
    "This file isn’t UTF-8: line {line} holds a byte that UTF-8 doesn’t allow. "
    f"It may be Windows-1252 or Latin-1. {EXCEL}"
)
NUL = "Line {line} holds a NUL character, which no CSV has. The file may be damaged."
OPEN_QUOTE = "A quotation mark opens in line {line} and isn’t closed. Write a quotation mark inside a cell twice."
AFTER_QUOTE = (
    "In line {line}, text follows a closing quotation mark. Write a quotation mark inside a cell twice, "
    "and put a {separator} between cells."
)
NO_NAME = "Column {column} has cells and no name in the first line."
LONG_NAME = f"The name of column {{column}} has more than {LONGEST_NAME} characters."
TWICE = "The column “{name}” stands twice, as column {first} and column {second}. Remove one of them."

# What the first bytes of a file say it is: https://en.wikipedia.org/wiki/List_of_file_signatures
KINDS = (
    (b"PK\x03\x04", "an Excel workbook or another zip file"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
)
ENCODINGS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
MARK = "\ufeff"
# The first line that gives Excel the separator; it shows no row for it.
_SEPARATOR_LINE = re.compile(r"sep=([,;\t])(?:\r\n|\r|\n)")
_QUOTED = re.compile(r'"[^"]*"')


class NotCsv(ConsoleError):
    """It can't be read as a CSV; `message` is a sentence for the field."""


@dataclass(frozen=True)
class CsvLine:
    """`number` is the row of the spreadsheet, of which the header is the first."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class CsvTable:
    """`columns` are the names as typed, without blanks around them; `lines` are those that are not blank."""

    columns: tuple[str, ...]
    lines: tuple[CsvLine, ...]
    separator: str
    digest: str
    blank_lines: int = 0


def read_bytes(body: bytes) -> CsvTable:
    """Raises NotCsv."""
    if len(body) > MOST_BYTES:
        raise NotCsv(TOO_LARGE)
    return _read_table(_decode(body))


def read_text(text: str) -> CsvTable:
    """What somebody pasted, also out of a spreadsheet, which separates by tabs. Raises NotCsv."""
    if len(text) > MOST_BYTES or len(text.encode(errors="replace")) > MOST_BYTES:
        raise NotCsv(TOO_LARGE)
    return _read_table(text)


def key_of(name: str) -> str:
    """What two names of columns are compared by; behind `metadata.` capital letters count."""
    plain = " ".join(name.split())
    start, dot, rest = plain.partition(".")
    return f"{start.lower()}.{rest}" if dot and start.lower() == "metadata" else plain.lower().replace(" ", "_")


def _decode(body: bytes) -> str:
    for start, kind in KINDS:
        if body.startswith(start):
            raise NotCsv(NOT_TEXT.format(kind=kind))
    for start, encoding in ENCODINGS:
        if body.startswith(start):
            raise NotCsv(OTHER_ENCODING.format(encoding=encoding))
    # Without its mark UTF-16 shows by a NUL beside every second letter.
    if len(body) > 3 and 0 in (body[0], body[1]) and body[:2] != b"\x00\x00":
        raise NotCsv(OTHER_ENCODING.format(encoding="UTF-16"))
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotCsv(NOT_UTF8.format(line=number(_line_at(body[: error.start].decode(errors="replace"))))) from None


def _read_table(text: str) -> CsvTable:
    text = text.removeprefix(MARK)
    if "\x00" in text:
        raise NotCsv(NUL.format(line=number(_line_at(text[: text.index("\x00")]))))
    if not text.strip():
        raise NotCsv(EMPTY)
    separator_line = _SEPARATOR_LINE.match(text)
    if separator_line:
        text = text[separator_line.end() :]
    separator = separator_line[1] if separator_line else _separator_of(text)
    # The limit is the whole module's, and the whole text is bounded above.
    csv.field_size_limit(MOST_BYTES)
    columns: tuple[str, ...] = ()
    lines: list[CsvLine] = []
    blank = 0
    for line in _records(text, separator):
        if not any(cell.strip() for cell in line.cells):
            blank += bool(columns)
        elif not columns:
            columns = _columns(line)
        elif len(lines) == MOST_LINES:
            raise NotCsv(TOO_MANY_LINES)
        else:
            lines.append(line)
    if not lines:
        raise NotCsv(NO_LINES if columns else EMPTY)
    _check_names(columns, lines)
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    return CsvTable(columns, tuple(lines), separator, digest, blank)


def _records(text: str, separator: str) -> Iterator[CsvLine]:
    """Each record with its row in the spreadsheet, in which a cell with line breaks is still one row."""
    reader, row = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 0
    while True:
        row += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            sentence = OPEN_QUOTE if "unexpected end" in str(error) else AFTER_QUOTE
            raise NotCsv(sentence.format(line=number(row), separator=SEPARATORS[separator])) from None
        if cells is None:
            return
        if row > MOST_ROWS:
            raise NotCsv(TOO_MANY_ROWS)
        yield CsvLine(row, tuple(cells))


def _separator_of(text: str) -> str:
    """The one that the first line with something in it has most of, outside quotes; a comma where it has none."""
    header = re.split(r"[\r\n]", _QUOTED.sub("", text.lstrip("\r\n ")), maxsplit=1)[0]
    return max(SEPARATORS, key=header.count)


def _columns(line: CsvLine) -> tuple[str, ...]:
    names = [" ".join(cell.split()) for cell in line.cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise NotCsv(TOO_MANY_COLUMNS.format(count=number(len(names))))
    return tuple(names)


def _check_names(columns: tuple[str, ...], lines: list[CsvLine]) -> None:
    """Each column has a name of its own; one without cells needs none. Raises NotCsv."""
    places: dict[str, int] = {}
    for place, name in enumerate(columns):
        if not name and any(len(line.cells) > place and line.cells[place].strip() for line in lines):
            raise NotCsv(NO_NAME.format(column=place + 1))
        if len(name) > LONGEST_NAME:
            raise NotCsv(LONG_NAME.format(column=place + 1))
        first = places.setdefault(key_of(name), place)
        if name and first != place:
            raise NotCsv(TWICE.format(name=name, first=first + 1, second=place + 1))


def _line_at(before: str) -> int:
    """The physical line that follows this text, which is what an editor shows."""
    return len(re.split(r"\r\n|\r|\n", before))
