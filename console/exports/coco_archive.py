"""What an export's zip holds: its size, its fingerprint, and the images, annotations and classes of its COCO documents.

The bytes come from strangers. They are kept in a file without a name while they are counted, since a zip has its list
of members at its end; what is in the zip is never written to disk, and names inside it are only text. Everything is
bounded: bytes, members, the ratio of unpacked to packed, images and annotations, classes. Over a bound, and where
nothing can be counted, the answer is `NotChecked` with a sentence. What cannot be read of the rest is passed over, by
name.
"""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from console.exports import coco_document, zip_directory, zip_members
from console.exports.archive_contents import (
    ArchiveContents,
    ArchiveLimits,
    BareImage,
    NotChecked,
    Notes,
    UncountedFile,
)
from console.exports.archive_names import extension_of, family_of, is_system_file, shown_name, stem_of
from console.exports.class_counts import ClassCounts
from console.exports.coco_document import Document, NotCoco
from console.exports.zip_directory import Directory, NotAZip
from console.exports.zip_members import Member, UnreadableMember
from console.upstream.json_reader import InvalidDocument

KEPT_NAMES = 1_000
KEPT_PASSED_OVER = 20
# Pictures whose names are compared across documents.
MOST_PICTURES = 200_000
MOST_KINDS = 20

_NOT_THE_LAST = "is in the zip more than once, and only the last one is read"


@dataclass
class _Listing:
    """The members of a zip, by what is done with them."""

    documents: list[Member] = field(default_factory=list)
    passed_over: list[UncountedFile] = field(default_factory=list)
    passed_over_count: int = 0
    others: Counter[str] = field(default_factory=Counter)
    system_files: int = 0

    def pass_over(self, name: str, why: str) -> None:
        self.passed_over_count += 1
        if len(self.passed_over) < KEPT_PASSED_OVER:
            self.passed_over.append(UncountedFile(shown_name(name), why))


@dataclass
class _Totals:
    """What all documents of the zip add up to."""

    files: int = 0
    images: int = 0
    annotations: int = 0
    without: int = 0
    is_clear: bool = True
    classes: ClassCounts = field(default_factory=ClassCounts)
    bare: list[BareImage] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)
    pictures: set[int] = field(default_factory=set)
    repeated: set[int] = field(default_factory=set)

    def add(self, document: Document) -> None:
        self.files += 1
        self.annotations += document.annotations
        self.is_clear &= document.is_clear()
        self.notes.segments += document.segments
        self.notes.strays += document.count_strays()
        self.notes.nowhere += document.nowhere
        self.notes.doubled += len(document.doubled)
        self.classes.add(document)

    def add_images(self, group: str, entry: str, images: Iterable[tuple[str, bool]]) -> None:
        folder = group.rpartition("/")[0]
        new: set[int] = set()
        for name, is_annotated in images:
            self.images += 1
            if name and not name.startswith("#") and len(self.pictures) + len(new) < MOST_PICTURES:
                new.add(hash((folder, name)))
            if not is_annotated:
                self.without += 1
                if len(self.bare) < KEPT_NAMES:
                    self.bare.append(BareImage(entry, "" if name.startswith("#") else name))
        self.repeated |= self.pictures & new
        self.pictures |= new


class _ArchiveReader:
    """One pass over the documents of a zip."""

    def __init__(self, file: BinaryIO, size: int, limits: ArchiveLimits, pulse: Callable[[], None]) -> None:
        self.file, self.limits, self.pulse = file, limits, pulse
        self.allowed = min(limits.unpacked, limits.free + limits.ratio * size)
        self.unpacked = 0
        self.sum = _Totals()

    def read(self, listing: _Listing) -> None:
        # Documents of one family follow each other, so that only one family is in memory.
        ordered = sorted(listing.documents, key=lambda member: family_of(member.name))
        for group, members in groupby(ordered, key=lambda member: family_of(member.name)):
            families = self._family(group, list(members), listing)
            for entry, images in families:
                self.sum.add_images(group, entry, images)
        self.sum.notes.repeated = len(self.sum.repeated)

    def _family(
        self, group: str, members: list[Member], listing: _Listing
    ) -> Iterator[tuple[str, Iterable[tuple[str, bool]]]]:
        """The images of each document, or of a whole family once."""
        together: dict[tuple[str, int], bool] = {}
        documents = listed = 0
        for member in members:
            document = self._document(member, listing)
            if document is None:
                continue
            self.sum.add(document)
            if len(members) == 1:
                yield stem_of(member.name), document.listed()
                return
            documents += 1
            turns: Counter[str] = Counter()
            for name, is_annotated in document.listed():
                # Images without a name are never those of another document.
                key = (name, turns[name]) if name else (f"#{member.name}", turns[name])
                turns[name] += 1
                listed += 1
                together[key] = together.get(key, False) or is_annotated
        self.sum.notes.together += documents if listed > len(together) else 0
        yield stem_of(group), ((name, is_annotated) for (name, _), is_annotated in together.items())

    def _document(self, member: Member, listing: _Listing) -> Document | None:
        try:
            return coco_document.read_document(self._bytes(member), self._check)
        except (NotCoco, InvalidDocument, UnreadableMember) as error:
            self.sum.classes.forget()
            listing.pass_over(member.name, error.why)
            return None

    def _bytes(self, member: Member) -> Iterator[bytes]:
        for chunk in zip_members.unpack(self.file, member):
            self.pulse()
            self.unpacked += len(chunk)
            if self.unpacked > self.allowed:
                raise NotChecked("Not checked: the zip unpacks to far more than it should.")
            yield chunk

    def _check(self, document: Document) -> None:
        images = self.sum.images + len(document.images) + len(document.loose)
        things = images + self.sum.annotations + document.annotations
        if things > self.limits.things or images > self.limits.images:
            raise NotChecked("Not checked: the file holds too many images and annotations.")
        self.sum.classes.relieve(document)


def read(
    chunks: Iterable[bytes],
    limits: ArchiveLimits | None = None,
    *,
    folder: Path | None = None,
    pulse: Callable[[], None] = lambda: None,
) -> ArchiveContents:
    """Everything a receipt tells. `folder` is where the file lies meanwhile, `pulse` is called while it is counted.

    Raises NotChecked with a sentence: too large, too many, a bomb, not a whole zip, nothing to count; OSError where the
    disk does not take the file.
    """
    limits = limits or ArchiveLimits()
    with tempfile.TemporaryFile(dir=folder) as file:
        size, sha256 = _keep(chunks, file, limits)
        try:
            directory = zip_directory.find_directory(file)
            listing = _list(file, directory, limits)
        except NotAZip as error:
            raise NotChecked(f"Not checked: {error.why}.") from None
        reading = _ArchiveReader(file, size, limits, pulse)
        with reading.sum.classes:
            reading.read(listing)
            if not reading.sum.files:
                raise NotChecked(_nothing(listing))
            return _contents(size, sha256, reading.sum, listing, directory, limits)


def _keep(chunks: Iterable[bytes], file: BinaryIO, limits: ArchiveLimits) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for chunk in chunks:
        size += len(chunk)
        if size > limits.packed:
            raise NotChecked("Not checked: the file is too large.")
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    return size, digest.hexdigest()


def _list(file: BinaryIO, directory: Directory, limits: ArchiveLimits) -> _Listing:
    listing, documents = _Listing(), dict[str, Member]()
    for number, member in enumerate(zip_directory.read_members(file, directory)):
        if number >= limits.entries:
            raise NotChecked("Not checked: the zip holds too many files.")
        if member.is_folder:
            continue
        if is_system_file(member.name):
            listing.system_files += 1
        elif extension_of(member.name) in (".json", ".jsonl", ".ndjson"):
            # A tool that unpacks it writes the last one over the first.
            if member.name in documents:
                listing.pass_over(member.name, _NOT_THE_LAST)
            documents[member.name] = member
        else:
            kind = extension_of(member.name)
            listing.others[kind if kind in listing.others or len(listing.others) < MOST_KINDS else ""] += 1
    listing.documents = list(documents.values())
    return listing


def _contents(
    size: int, sha256: str, totals: _Totals, listing: _Listing, directory: Directory, limits: ArchiveLimits
) -> ArchiveContents:
    totals.notes.before, totals.notes.behind = directory.before, directory.behind
    return ArchiveContents(
        size=size,
        sha256=sha256,
        files=totals.files,
        images=totals.images,
        annotations=totals.annotations,
        classes=totals.classes.largest(limits.classes),
        class_count=len(totals.classes),
        without=totals.without if totals.is_clear else None,
        bare=tuple(totals.bare) if totals.is_clear else (),
        passed_over=tuple(listing.passed_over),
        passed_over_count=listing.passed_over_count,
        others=dict(listing.others),
        system_files=listing.system_files,
        notes=totals.notes,
    )


def _nothing(listing: _Listing) -> str:
    """The sentence for a zip of which nothing could be counted."""
    if not (listing.passed_over or listing.others or listing.system_files):
        return "Not checked: the zip is empty."
    if not listing.passed_over:
        kinds = sorted(filter(None, listing.others), key=lambda kind: -listing.others[kind])
        kinds_text = ", ".join(kinds[:5]) + (" and others" if "" in listing.others or len(kinds) > 5 else "")
        return f"Not checked: the zip holds no JSON file{f', only {kinds_text}' if kinds else ''}."
    documents = (one for one in listing.passed_over if one.why != _NOT_THE_LAST)
    first, more = next(documents, listing.passed_over[0]), listing.passed_over_count - 1
    others = f", and {more} more JSON {'file' if more == 1 else 'files'} can't be counted" if more else ""
    return f"Not checked: {first.name} {first.why}{others}."
