"""Reading an export's zip once, as it streams by: its size, its fingerprint, and what is in it.

The bytes come from strangers. Nothing is written to disk, names inside the zip are only text, and everything is
bounded: bytes, entries, the ratio of unpacked to packed, and how many ids are remembered. Over a bound, or when the
bytes are not what they should be, the answer is `NotChecked` with a sentence, never a half-true count.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import ijson
from stream_unzip import UnzipError, stream_unzip

from console.common.parsing import clean

KEPT_NAMES = 1_000
DEEPEST = 100
LONGEST_TEXT = 8 * 1024**2
# A longer id is remembered by its digest.
LONGEST_ID = 100
UNNAMED = "unnamed class"
TOO_MANY_CLASSES = "Not checked: the file holds too many classes."
# The end-of-directory record of a zip: its signature, its length without the comment, and the longest comment.
END, END_LENGTH, LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535


@dataclass(frozen=True)
class Limits:
    """Packed bytes, unpacked bytes, entries, unpacked per packed byte, images and annotations together, and classes."""

    packed: int = 1024**3
    unpacked: int = 4 * 1024**3
    entries: int = 200_000
    ratio: int = 200
    things: int = 5_000_000
    classes: int = 5_000


@dataclass(frozen=True)
class Bare:
    """An image without annotations: the file in the zip without folder and ending, and the image's own name."""

    entry: str
    image: str


@dataclass(frozen=True)
class Contents:
    size: int
    sha256: str
    files: int
    images: int
    annotations: int
    classes: dict[str, int]
    without: int
    """Images that have no annotation."""
    bare: tuple[Bare, ...]
    """The first of them, to tell "checked, nothing there" from "not done yet"."""


class NotChecked(Exception):
    """The sentence a person reads instead of the counts."""


@dataclass
class _Document:
    """One COCO file as it is read: ids are unique within a file only."""

    images: dict[Any, str] = field(default_factory=dict)
    annotated: set[Any] = field(default_factory=set)
    categories: dict[Any, str] = field(default_factory=dict)
    used: Counter[Any] = field(default_factory=Counter)
    annotations: int = 0
    is_coco: bool = False


class _Meter:
    """Counts and fingerprints the packed bytes as they pass."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.size, self.digest, self.tail = limits, 0, hashlib.sha256(), b""

    def watch(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            if self.size > self.limits.packed:
                raise NotChecked("Not checked: the file is too large.")
            self.digest.update(chunk)
            self.tail = (self.tail + chunk)[-END_LENGTH - LONGEST_COMMENT :]
            yield chunk

    def demand_whole(self) -> None:
        """The entries may all be there while the directory behind them was cut off."""
        at = self.tail.rfind(END)
        record = self.tail[at:] if at >= 0 else b""
        if len(record) < END_LENGTH or len(record) - END_LENGTH != int.from_bytes(record[20:22], "little"):
            raise NotChecked("Not checked: the file is not a whole zip.")


class _Tally:
    """What all documents of the zip add up to."""

    def __init__(self, limits: Limits, meter: _Meter) -> None:
        self.limits, self.meter = limits, meter
        self.files = self.images = self.annotations = self.without = self.unpacked = self.entries = 0
        self.classes: Counter[str] = Counter()
        self.bare: list[Bare] = []

    def entry(self) -> None:
        self.entries += 1
        if self.entries > self.limits.entries:
            raise NotChecked("Not checked: the zip holds too many files.")

    def bytes(self, count: int) -> None:
        self.unpacked += count
        # The first megabyte may be as repetitive as it likes; a bomb is far beyond it.
        allowed = 1024**2 + self.limits.ratio * self.meter.size
        if self.unpacked > min(allowed, self.limits.unpacked):
            raise NotChecked("Not checked: the zip unpacks to far more than it should.")

    def add(self, entry: str, document: _Document) -> None:
        if not document.is_coco:
            raise NotChecked("Not checked: a file in the zip is not COCO.")
        self.files += 1
        self.images += len(document.images)
        self.annotations += document.annotations
        for category, count in document.used.items():
            numbered = UNNAMED if category is None else f"class {clean(str(category))}"
            self.classes[document.categories.get(category) or numbered] += count
        bare = [Bare(entry, name) for image, name in document.images.items() if image not in document.annotated]
        self.without += len(bare)
        self.bare += bare[: KEPT_NAMES - len(self.bare)]
        if self.images + self.annotations > self.limits.things:
            raise NotChecked("Not checked: the file holds too many images and annotations.")
        if len(self.classes) > self.limits.classes:
            raise NotChecked(TOO_MANY_CLASSES)


def read(chunks: Iterable[bytes], limits: Limits | None = None) -> Contents:
    """Everything a receipt tells, from one pass over the bytes.

    Raises NotChecked with a sentence: too large, too many, a bomb, cut short, not a zip, not COCO.
    """
    limits = limits or Limits()
    meter = _Meter(limits)
    tally = _Tally(limits, meter)
    try:
        for name, _, body in stream_unzip(meter.watch(chunks)):
            tally.entry()
            _entry(name, _counted(body, tally), tally)
    except UnzipError:
        raise NotChecked("Not checked: the file is not a whole zip.") from None
    meter.demand_whole()
    if not tally.files:
        raise NotChecked("Not checked: the zip holds no annotations.")
    return Contents(
        size=meter.size,
        sha256=meter.digest.hexdigest(),
        files=tally.files,
        images=tally.images,
        annotations=tally.annotations,
        classes=dict(tally.classes.most_common()),
        without=tally.without,
        bare=tuple(tally.bare),
    )


def _counted(body: Iterable[bytes], tally: _Tally) -> Iterator[bytes]:
    for chunk in body:
        tally.bytes(len(chunk))
        yield chunk


def _entry(name: bytes, body: Iterator[bytes], tally: _Tally) -> None:
    """Only `.json` is read; the rest is passed over, still counted, so that the fingerprint covers it."""
    if not name.lower().endswith(b".json"):
        for _ in body:
            pass
        return
    try:
        document = _document(body, tally.limits)
    except UnzipError:
        raise
    except (ijson.JSONError, ValueError, OverflowError, UnicodeDecodeError):
        raise NotChecked("Not checked: a file in the zip is not COCO.") from None
    tally.add(_stem(name), document)


def _stem(name: bytes) -> str:
    return name.decode(errors="replace")[-300:].rpartition("/")[2].rpartition(".")[0]


def _document(body: Iterator[bytes], limits: Limits) -> _Document:
    """One COCO file. Only what lies directly in an image, an annotation or a category is kept.

    The path is tracked here and not by `ijson.parse`, whose prefixes grow with the depth: a file of a hundred thousand
    opening brackets takes all memory there.
    """
    document, source = _Document(), _Readable(body)
    depth, section, name = 0, "", ""
    row: dict[str, Any] = {}
    for event, value in ijson.basic_parse(source, use_float=True):
        source.waiting = 0
        if event in {"start_map", "start_array"}:
            depth += 1
            if depth > DEEPEST:
                raise NotChecked("Not checked: a file in the zip is not COCO.")
            if depth == 2:
                section = name if event == "start_array" and name in _SECTIONS else ""
                document.is_coco |= section in {"images", "annotations"}
            row = {} if depth == 3 else row
        elif event in {"end_map", "end_array"}:
            if depth == 3 and section and event == "end_map":
                _SECTIONS[section](document, row)
                _demand_few(document, limits)
            depth -= 1
        elif event == "map_key":
            name = value if depth in {1, 3} else name
        elif depth == 3 and section and name in _FIELDS and event in {"number", "string"}:
            row[name] = value
    source.drain()
    return document


def _demand_few(document: _Document, limits: Limits) -> None:
    if len(document.images) + document.annotations > limits.things:
        raise NotChecked("Not checked: the file holds too many images and annotations.")
    if max(len(document.used), len(document.categories)) > limits.classes:
        raise NotChecked(TOO_MANY_CLASSES)


def _image(document: _Document, row: dict[str, Any]) -> None:
    name = clean(str(row.get("file_name", ""))[:300])
    document.images[_short(row.get("id", f"#{len(document.images)}"))] = name


def _annotation(document: _Document, row: dict[str, Any]) -> None:
    document.annotated.add(_short(row.get("image_id")))
    document.used[_short(row.get("category_id"))] += 1
    document.annotations += 1


def _category(document: _Document, row: dict[str, Any]) -> None:
    document.categories[_short(row.get("id"))] = clean(str(row.get("name", ""))[:100])


def _short(value: Any) -> Any:
    """An id as it is remembered: millions of long ones must not fill the memory."""
    is_long = isinstance(value, str) and len(value) > LONGEST_ID
    return hashlib.sha256(value.encode(errors="replace")).hexdigest() if is_long else value


_SECTIONS = {"images": _image, "annotations": _annotation, "categories": _category}
_FIELDS = frozenset({"id", "file_name", "image_id", "category_id", "name"})


class _Readable:
    """A file object over chunks, as far as ijson needs one."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.rest = chunks, b""
        # Bytes read since the parser last had something to say: one endless text must not fill the memory.
        self.waiting = 0

    def read(self, size: int = -1) -> bytes:
        while size and not self.rest:
            chunk = next(self.chunks, None)
            if chunk is None:
                return b""
            self.rest = chunk
        taken, self.rest = self.rest[:size], self.rest[size:]
        self.waiting += len(taken)
        if self.waiting > LONGEST_TEXT:
            raise NotChecked("Not checked: a file in the zip is not COCO.")
        return taken

    def drain(self) -> None:
        """The zip reader wants every entry read to its end, where it checks the sum."""
        for _ in self.chunks:
            pass
