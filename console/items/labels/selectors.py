"""Reading the labels of one work item: its annotation and its COCO file, each as far as it can be had."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from accounts.models import Person
from console.common import deadline
from console.items.labels.files import find_annotation, open_file
from console.upstream.coco import MOST_BYTES, CocoDocument, read_coco
from console.upstream.downloads import Download
from console.upstream.errors import KeyRejected, TimedOut, Unreadable, UpstreamError
from console.upstream.response_models import Annotation

STORAGE = "storage"


@dataclass(frozen=True)
class ItemLabels:
    """What could be read. No annotation and no problem: CloudFactory has none. `document` is None without a file."""

    annotation: Annotation | None = None
    document: CocoDocument | None = None
    problem: UpstreamError | None = None


def read_labels(*, user: Person, project: uuid.UUID, item: uuid.UUID, file_name: str = "") -> ItemLabels:
    """The labels of an item: P18, P2 and the file, of which the picture called `file_name` counts.

    Raises KeyRejected alone; every other failure is the `problem`.
    """
    annotation = None
    try:
        annotation = find_annotation(user=user, project=project, item=item)
        if annotation is None or not annotation.coco_results_url:
            return ItemLabels(annotation)
        with open_file(user=user, project=project, annotation=annotation, limit=MOST_BYTES) as download:
            return ItemLabels(annotation, read_coco(_in_time(download), file_name=file_name))
    except KeyRejected:
        raise
    except UpstreamError as problem:
        return ItemLabels(annotation, problem=problem)


def _in_time(download: Download) -> Iterator[bytes]:
    """The file's bytes as long as the request has time: a store that drips would hold the page for hours."""
    if download.length is not None and download.length > MOST_BYTES:
        raise Unreadable("The label file is larger than 50 MiB, so it isn't drawn here.", vendor=STORAGE, changes=False)
    for chunk in download:
        if deadline.remaining() == 0.0:
            raise TimedOut("The label file took too long to arrive.", vendor=STORAGE, changes=False)
        yield chunk
