"""A receipt as its pages show it: the largest classes as bars, all of them in a table, and what a figure leaves out."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.paginator import Page, Paginator

from console.common.formatting import join_with_and, number, plural
from console.exports.models import Receipt

BARS = 20
PAGE_SIZE = 100


@dataclass(frozen=True)
class ClassRow:
    """One class: its annotations against the largest class."""

    name: str
    count: int
    most: int


@dataclass(frozen=True)
class UncountedFileRow:
    """A file in the zip that is not counted, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class ReceiptSummary:
    """What a checked receipt shows on the page of its export."""

    receipt: Receipt

    @property
    def bars(self) -> list[ClassRow]:
        """The largest classes."""
        return _rows(heapq.nsmallest(BARS, self.receipt.classes.items(), key=_rank))

    @property
    def has_more(self) -> bool:
        return len(self.receipt.classes) > BARS

    @property
    def more(self) -> str:
        """`All 312 classes`; with those that are not kept by name, `The largest 10,000 of 21,841 classes`."""
        named, count = self.receipt.kept_classes, self.receipt.class_count
        if self.receipt.has_all_classes:
            return f"All {number(named)} classes"
        return f"The largest {number(named)} of {number(count)} classes"

    @property
    def unnamed(self) -> str:
        """What the classes hold together that are not kept by name; empty if all are."""
        if self.receipt.has_all_classes:
            return ""
        classes = (self.receipt.class_count or 0) - self.receipt.kept_classes
        annotations = (self.receipt.annotations or 0) - sum(self.receipt.classes.values())
        return f"{plural(classes, 'more class', 'more classes')}, not named: {plural(annotations, 'annotation')}"

    @property
    def notes(self) -> list[str]:
        """What makes a figure mean something else than it seems, one sentence each."""
        notes = self.receipt.details.get("notes", {})
        return [write(notes[name]) for name, write in _NOTES.items() if notes.get(name)]

    @property
    def passed_over(self) -> list[UncountedFileRow]:
        return [UncountedFileRow(*entry) for entry in self.receipt.details.get("passed_over", [])]

    @property
    def passed_over_more(self) -> int:
        """JSON files that are not counted, beyond those that are named."""
        return int(self.receipt.details.get("passed_over_count", 0)) - len(self.passed_over)

    @property
    def others(self) -> str:
        """`300 .jpg, 12 .txt and 1 other file`; empty without any."""
        kinds: dict[str, int] = self.receipt.details.get("others", {})
        named = [f"{number(count)} {kind}" for kind, count in sorted(kinds.items(), key=_rank) if kind]
        rest = kinds.get("", 0)
        if rest:
            named.append(plural(rest, "other file" if len(kinds) > 1 else "file"))
        elif named:
            named[-1] += " file" if sum(kinds.values()) == 1 else " files"
        return join_with_and(named)

    @property
    def system_files(self) -> str:
        count = int(self.receipt.details.get("system_files", 0))
        return f"{plural(count, 'file')} that operating systems leave in folders" if count else ""

    @property
    def left_out(self) -> str:
        """`1 JSON file, 300 .jpg files, 3 files that …`; empty where everything was counted."""
        count = int(self.receipt.details.get("passed_over_count", 0))
        json = plural(count, "JSON file") if count else ""
        return ", ".join(filter(None, [json, self.others, self.system_files]))


def class_page(receipt: Receipt, page: int) -> "Page[ClassRow]":
    """One page of all classes that are kept by name, the largest first."""
    return Paginator(_rows(sorted(receipt.classes.items(), key=_rank)), PAGE_SIZE).get_page(page)


def _rows(ordered: Iterable[tuple[str, int]]) -> list[ClassRow]:
    entries = list(ordered)
    return [ClassRow(name, count, entries[0][1]) for name, count in entries]


def _rank(entry: tuple[str, int]) -> tuple[int, str]:
    return -entry[1], entry[0]


_NOTES: dict[str, Callable[[int], str]] = {
    "segments": lambda count: (
        f"{plural(count, 'annotation is a segment', 'annotations are segments')} of panoptic files."
    ),
    "strays": lambda count: (
        f"{plural(count, 'annotation belongs', 'annotations belong')} to images that the file doesn't list."
    ),
    "nowhere": lambda count: f"{plural(count, 'annotation names', 'annotations name')} no image.",
    "together": lambda count: f"{number(count)} JSON files list the same images. The annotations of each are counted.",
    "repeated": lambda count: (
        f"{plural(count, 'image name is', 'image names are')} in several JSON files. Each listing counts as an image."
    ),
    "doubled": lambda count: f"{plural(count, 'image ID is', 'image IDs are')} used for several images.",
    "before": lambda count: f"{plural(count, 'byte comes', 'bytes come')} before the zip. The zip itself is whole.",
    "behind": lambda count: (
        f"{plural(count, 'byte follows', 'bytes follow')} the end of the zip. The zip itself is whole."
    ),
}
