"""What an export's zip holds: its size, its fingerprint, and the images, annotations and classes of its COCO documents.

The bytes come from strangers. They are kept in a file without a name while they are counted, since a zip has its list
of members at its end; what is in the zip is never written to disk, and names inside it are only text. Everything is
bounded: bytes, members, the ratio of unpacked to packed, images and annotations, classes. Over a bound, and where
nothing can be counted, the answer is `NotChecked` with a sentence. What cannot be read of the rest is passed over, by
name.
"""

import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from console.common.parsing import clean
from console.exports import coco_document, zip_directory
from console.exports.class_counts import ClassCounts
from console.exports.coco_document import Document, NotCoco
from console.exports.zip_directory import Directory, Member, NotAZip, UnreadableMember
from console.upstream.json_reader import NotJson

KEPT_NAMES = 1_000
KEPT_PASSED_OVER = 20
# Pictures whose names are compared across documents.
MOST_PICTURES = 200_000
LONGEST_NAME = 100
MOST_KINDS = 20

# What operating systems and their shells leave in folders.
_SYSTEM_FOLDERS = frozenset(
    {
        "__macosx",
        ".appledouble",
        ".fseventsd",
        ".spotlight-v100",
        ".temporaryitems",
        ".trashes",
        "@eadir",
        "$recycle.bin",
        "#recycle",
        "lost+found",
        "system volume information",
    }
)
_SYSTEM_FILES = frozenset(
    {".directory", ".ds_store", ".localized", ".volumeicon.icns", "desktop.ini", "ehthumbs.db", "icon\r", "thumbs.db"}
)
_NOT_THE_LAST = "is in the zip more than once, and only the last one is read"
_ENDING = re.compile(r"\.[a-z0-9]{1,8}")
# Documents of one folder that describe the same images, by the names COCO gave them.
_FAMILY = re.compile(r"(?:instances|captions|person_keypoints|keypoints|panoptic|stuff|labels|image_info)_(.+)\.json")


@dataclass(frozen=True)
class ArchiveLimits:
    """Packed bytes, unpacked bytes, members, unpacked per packed byte and how many bytes need no ratio, images and
    annotations together, images, and the classes that are named.

    Images are what takes memory: some 250 bytes each.
    """

    packed: int = 1024**3
    unpacked: int = 4 * 1024**3
    entries: int = 200_000
    ratio: int = 200
    free: int = 256 * 1024**2
    things: int = 5_000_000
    images: int = 1_000_000
    classes: int = 10_000


@dataclass(frozen=True)
class BareImage:
    """An image without annotations: the document in the zip without folder and ending, and the image's own name."""

    entry: str
    image: str


@dataclass(frozen=True)
class UncountedFile:
    """A file in the zip that is not counted; `why` continues a sentence that begins with its name."""

    name: str
    why: str


@dataclass
class Notes:
    """What makes a figure mean something else than a reader may think."""

    before: int = 0
    """Bytes in front of the zip."""
    behind: int = 0
    """Bytes behind its end."""
    segments: int = 0
    """Annotations that are segments of panoptic documents."""
    strays: int = 0
    """Annotations of images that their document does not list."""
    nowhere: int = 0
    """Annotations that name no image."""
    together: int = 0
    """Documents of families that describe the same images; the annotations of each count."""
    repeated: int = 0
    """Names of pictures of one folder that several documents list, as far as they were compared; each counts."""
    doubled: int = 0
    """Ids that several images of a document share."""


@dataclass(frozen=True)
class ArchiveContents:
    size: int
    sha256: str
    files: int
    """Documents of COCO."""
    images: int
    annotations: int
    classes: dict[str, int]
    """Annotations by class, those of the largest, and those of no class."""
    class_count: int
    """Classes that have annotations."""
    without: int | None
    """Images that have no annotation; None where that cannot be told."""
    bare: tuple[BareImage, ...]
    """The first of them, to tell "checked, nothing there" from "not done yet"."""
    passed_over: tuple[UncountedFile, ...]
    """The first of the JSON files that are not counted."""
    passed_over_count: int
    others: dict[str, int]
    """Other files by the ending of their names, in small letters."""
    system_files: int
    """Files that operating systems leave in folders."""
    notes: Notes


class NotChecked(Exception):
    """The sentence a person reads instead of the counts."""


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
        seen: set[int] = set()
        for name, is_annotated in images:
            self.images += 1
            if name and not name.startswith("#") and len(self.pictures) + len(seen) < MOST_PICTURES:
                seen.add(hash((folder, name)))
            if not is_annotated:
                self.without += 1
                if len(self.bare) < KEPT_NAMES:
                    self.bare.append(BareImage(entry, "" if name.startswith("#") else name))
        self.repeated |= self.pictures & seen
        self.pictures |= seen


class _ArchiveReader:
    """One pass over the documents of a zip."""

    def __init__(self, file: BinaryIO, size: int, limits: ArchiveLimits, pulse: Callable[[], None]) -> None:
        self.file, self.limits, self.pulse = file, limits, pulse
        self.allowed = min(limits.unpacked, limits.free + limits.ratio * size)
        self.unpacked = 0
        self.sum = _Totals()

    def read(self, listing: _Listing) -> None:
        # Documents of one family follow each other, so that only one family is in memory.
        ordered = sorted(listing.documents, key=lambda member: _group(member.name))
        for group, members in groupby(ordered, key=lambda member: _group(member.name)):
            found = self._family(group, list(members), listing)
            for entry, images in found:
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
                yield _stem(member.name), document.listed()
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
        yield _stem(group), ((name, is_annotated) for (name, _), is_annotated in together.items())

    def _document(self, member: Member, listing: _Listing) -> Document | None:
        try:
            return coco_document.read_document(self._bytes(member), self._check)
        except (NotCoco, NotJson, UnreadableMember) as error:
            self.sum.classes.forget()
            listing.pass_over(member.name, error.why)
            return None

    def _bytes(self, member: Member) -> Iterator[bytes]:
        for chunk in zip_directory.unpack(self.file, member):
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
        if _is_of_a_system(member.name):
            listing.system_files += 1
        elif _ending(member.name) in (".json", ".jsonl", ".ndjson"):
            # Whoever unpacks it has the last one.
            if member.name in documents:
                listing.pass_over(member.name, _NOT_THE_LAST)
            documents[member.name] = member
        else:
            kind = _ending(member.name)
            listing.others[kind if kind in listing.others or len(listing.others) < MOST_KINDS else ""] += 1
    listing.documents = list(documents.values())
    return listing


def _contents(
    size: int, sha256: str, found: _Totals, listing: _Listing, directory: Directory, limits: ArchiveLimits
) -> ArchiveContents:
    found.notes.before, found.notes.behind = directory.before, directory.behind
    return ArchiveContents(
        size=size,
        sha256=sha256,
        files=found.files,
        images=found.images,
        annotations=found.annotations,
        classes=found.classes.largest(limits.classes),
        class_count=len(found.classes),
        without=found.without if found.is_clear else None,
        bare=tuple(found.bare) if found.is_clear else (),
        passed_over=tuple(listing.passed_over),
        passed_over_count=listing.passed_over_count,
        others=dict(listing.others),
        system_files=listing.system_files,
        notes=found.notes,
    )


def _nothing(listing: _Listing) -> str:
    """The sentence for a zip of which nothing could be counted."""
    if not (listing.passed_over or listing.others or listing.system_files):
        return "Not checked: the zip is empty."
    if not listing.passed_over:
        kinds = sorted(filter(None, listing.others), key=lambda kind: -listing.others[kind])
        held = ", ".join(kinds[:5]) + (" and others" if "" in listing.others or len(kinds) > 5 else "")
        return f"Not checked: the zip holds no JSON file{f', only {held}' if kinds else ''}."
    read = (one for one in listing.passed_over if one.why != _NOT_THE_LAST)
    first, more = next(read, listing.passed_over[0]), listing.passed_over_count - 1
    others = f", and {more} more JSON {'file' if more == 1 else 'files'} can't be counted" if more else ""
    return f"Not checked: {first.name} {first.why}{others}."


def _is_of_a_system(name: str) -> bool:
    *folders, last = name.lower().split("/")
    return last in _SYSTEM_FILES or last.startswith("._") or not _SYSTEM_FOLDERS.isdisjoint(folders)


def _ending(name: str) -> str:
    """`.jpg`; empty for a name without an ending, or with an odd one."""
    ending = Path(name.rpartition("/")[2].rstrip(". \0")[-300:]).suffix.lower()
    return ending if _ENDING.fullmatch(ending) else ""


def _group(name: str) -> str:
    """The same for documents of one family: the folder, and the rest of the names."""
    folder, _, last = name.rpartition("/")
    found = _FAMILY.fullmatch(last.lower())
    return f"{folder}/{found[1]}" if found else name


def _stem(name: str) -> str:
    return name[-300:].rpartition("/")[2].rpartition(".")[0]


def shown_name(name: str) -> str:
    """A member's name as a page can show it; of a long one, the end."""
    return clean(name if len(name) <= LONGEST_NAME else f"…{name[-LONGEST_NAME:]}")
