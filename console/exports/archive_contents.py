"""What a receipt knows about an export's zip, and the limits of reading it."""

from dataclasses import dataclass


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
    """Images that have no annotation; None where the documents do not say."""
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
