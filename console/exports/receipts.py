"""The receipt of an export: what its file holds, counted once by the worker, and how that differs from the last one."""

import errno
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from console.audit import record
from console.exports import coco_archive, item_counts
from console.exports.archive_contents import ArchiveContents, ArchiveLimits, NotChecked
from console.exports.coco_document import NO_CLASS
from console.exports.models import ExportRequest, Receipt
from console.jobs import handlers, parts
from console.jobs import services as jobs
from console.jobs.handlers import Abandoned, Done, Result
from console.jobs.models import Operation, Part, State
from console.jobs.parts import Busy, PartDone, PartResult
from console.jobs.queues import Queue
from console.upstream.errors import NotSent, RateLimited, Refused, Unknown, UpstreamError

KIND = "exports.receipt"
RENEW_EVERY = 10.0
# How long a file that cannot be had just now is asked for again.
PATIENCE = timedelta(hours=1)
LATER = 60.0
# Classes that are kept by name: the largest. Of all others their number and their annotations are known.
KEPT_CLASSES = 10_000
# Bytes that a file must leave free on the disk it is read from.
SPARE = 256 * 1024**2
# New and missing classes that a sentence names.
NAMED = 5
CHECKED = "Checked."
NO_ROOM = "The console's disk has no room to read the file."


@dataclass(frozen=True)
class Comparison:
    """Against the last export of the same choice.

    A class counts as new or missing only where the other receipt has all its classes by name.
    """

    before: Receipt
    images: int
    annotations: int
    classes: int
    new: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """`+312 annotations, one new class cone`"""
        figures = [_signed(self.annotations, "annotation", "annotations"), _signed(self.images, "image", "images")]
        named = [_classes("new", self.new), _classes("gone", self.missing)]
        if not any(named):
            named = [_signed(self.classes, "class", "classes")]
        return ", ".join(filter(None, [*figures, *named])) or "no difference in the counts"


def register() -> None:
    handlers.register(
        KIND,
        check_file,
        title="Read the file of an export",
        on_abandon=_abandon,
        queue=Queue.BULK,
        is_long=True,
        address=_address,
    )


def request_receipt(export_request: ExportRequest) -> None:
    """Has the file read in the background. Once per export."""
    defaults = {"space": export_request.space, "selection_key": export_request.selection.key}
    _, is_new = Receipt.objects.get_or_create(export_id=export_request.export_id, defaults=defaults)
    if is_new:
        jobs.enqueue(
            kind=KIND,
            subject=export_request.export_id,
            person=export_request.person,
            payload={"about": export_request.name},
        )


def check_file(operation: Operation) -> Result:
    """The job: the file is fetched and counted, with the key of its person, as its one part."""
    export_request = ExportRequest.objects.select_related("person").get(export_id=operation.subject)
    if not operation.parts.exists():
        parts.add(operation, [{}])
    result = parts.run(operation, partial(_read_file, export_request))
    part = operation.parts.get()
    if isinstance(result, Done) and part.is_given_up:
        return Abandoned(part.message)
    return Done(result.message or part.message) if isinstance(result, Done) else result


def _read_file(export_request: ExportRequest, operation: Operation, part: Part) -> PartResult:
    receipt = Receipt.objects.get(export_id=export_request.export_id)
    if receipt.state != Receipt.State.WAITING:
        return PartDone(message=receipt.message or CHECKED)
    is_patient = timezone.now() - receipt.created_at < PATIENCE
    try:
        contents = _contents(export_request, operation)
    except NotChecked as reason:
        return _without_figures(receipt, str(reason))
    except (Unknown, NotSent, RateLimited) as error:
        if is_patient:
            return Busy(max(LATER, error.retry_in or 0), error.lasting_message)
        return _without_figures(receipt, f"Not checked: {error.message}")
    except (Refused, ConnectionMissing) as error:
        return _without_figures(receipt, f"Not checked: {error.message}")
    except OSError:
        return Busy(LATER, NO_ROOM) if is_patient else _without_figures(receipt, f"Not checked: {NO_ROOM}")
    _fill_in(receipt, contents)
    _split_bare(export_request, receipt, contents)

    def record_figures() -> None:
        receipt.save()
        _record_read(export_request, contents)

    return PartDone(message=CHECKED, record=record_figures)


def compare(receipt: Receipt) -> Comparison | None:
    """With the last receipt of the same choice in the same space."""
    if receipt.state != Receipt.State.CHECKED or not receipt.selection_key:
        return None
    same = Receipt.objects.filter(
        space=receipt.space, selection_key=receipt.selection_key, state=Receipt.State.CHECKED
    ).exclude(pk=receipt.pk)
    before = same.filter(created_at__lt=receipt.created_at).order_by("-created_at").first()
    if before is None:
        return None
    return Comparison(
        before,
        (receipt.images or 0) - (before.images or 0),
        (receipt.annotations or 0) - (before.annotations or 0),
        (receipt.class_count or 0) - (before.class_count or 0),
        _only_in(receipt.classes, before.classes) if before.has_all_classes else (),
        _only_in(before.classes, receipt.classes) if receipt.has_all_classes else (),
    )


def _address(operation: Operation) -> str:
    return reverse("exports:detail", args=[operation.subject])


def _contents(export_request: ExportRequest, operation: Operation) -> ArchiveContents:
    export = connections.cloudfactory(export_request.person).get_export(export_request.space, export_request.export_id)
    if not export.download_url:
        raise NotChecked("Not checked: CloudFactory gave no link to the file.")
    limits = ArchiveLimits(packed=settings.RECEIPT_MOST_BYTES, classes=KEPT_CLASSES)
    lease = _Lease(operation)
    with connections.storage().stream(export.download_url) as download:
        if download.length is not None and download.length > limits.packed:
            raise NotChecked("Not checked: the file is too large.")
        file_size = limits.packed if download.length is None else download.length
        if shutil.disk_usage(settings.VAR).free < file_size + SPARE:
            raise OSError(errno.ENOSPC, NO_ROOM)
        return coco_archive.read(lease.watch(download), limits, folder=settings.VAR, pulse=lease.keep)


class _Lease:
    """Keeps the operation this worker's own while a large file is fetched and counted."""

    def __init__(self, operation: Operation) -> None:
        self._operation, self._last = operation, time.monotonic()

    def keep(self) -> None:
        """Raises parts.TakenOver when another worker has the operation by now."""
        if time.monotonic() - self._last > RENEW_EVERY:
            self._last = time.monotonic()
            parts.keep(self._operation)

    def watch(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """NotChecked for a file that comes too slowly: others wait for this worker."""
        until = time.monotonic() + settings.RECEIPT_MOST_SECONDS
        for chunk in chunks:
            self.keep()
            if time.monotonic() > until:
                raise NotChecked("Not checked: the file store is too slow.")
            yield chunk


def _fill_in(receipt: Receipt, contents: ArchiveContents) -> None:
    receipt.state, receipt.message, receipt.checked_at = Receipt.State.CHECKED, "", timezone.now()
    receipt.size, receipt.sha256 = contents.size, contents.sha256
    receipt.images, receipt.annotations, receipt.without_annotations = (
        contents.images,
        contents.annotations,
        contents.without,
    )
    receipt.classes, receipt.class_count = contents.classes, contents.class_count
    receipt.documents = contents.files
    receipt.details = {
        "passed_over": [[entry.name, entry.why] for entry in contents.passed_over],
        "passed_over_count": contents.passed_over_count,
        "others": contents.others,
        "system_files": contents.system_files,
        "notes": asdict(contents.notes),
    }


def _split_bare(export_request: ExportRequest, receipt: Receipt, contents: ArchiveContents) -> None:
    """Of the images without annotations: how many are finished with nothing there, how many not done yet.

    By the work item's id where the file in the zip is named so, else by the name of the picture, if all items are
    known; what fits none, or several that differ, stays unknown. The receipt holds without it, so an error of the
    vendor is no error here.
    """
    if not contents.bare:
        return
    try:
        items, are_all = item_counts.read_items(user=export_request.person, selection=export_request.selection)
    except (UpstreamError, ConnectionMissing):
        return
    statuses: dict[str, set[str]] = {}
    for item in items:
        for name in filter(None, (item.id, _file_name(item.asset_url or "") if are_all else "")):
            statuses.setdefault(name, set()).add(item.status or "")
    statuses_of_bare = Counter(
        _only(statuses.get(bare.entry) or statuses.get(_file_name(bare.image))) for bare in contents.bare
    )
    receipt.finished_empty = statuses_of_bare["COMPLETED"]
    receipt.unfinished = statuses_of_bare.total() - statuses_of_bare["COMPLETED"] - statuses_of_bare[""]


def _only(statuses: set[str] | None) -> str:
    return next(iter(statuses)) if statuses and len(statuses) == 1 else ""


def _record_read(export_request: ExportRequest, contents: ArchiveContents) -> None:
    """The console itself took the file, to read it: the audit says so, too."""
    record.event(
        actor=None,
        action="export.receipt",
        thing_kind="export",
        thing_id=export_request.export_id,
        thing_name=export_request.name,
        vendor="cloudfactory",
        detail={"space": export_request.space, "bytes": contents.size, "sha256": contents.sha256},
    )


def _abandon(operation: Operation, message: str) -> None:
    receipt = Receipt.objects.filter(pk=operation.subject, state=Receipt.State.WAITING).first()
    if receipt is not None:
        # Why something of our own failed is on the administrators' page.
        is_ours = operation.state == State.FAILED
        _not_checked(
            receipt, "Not checked: the console failed to count the file." if is_ours else f"Not checked: {message}"
        )


def _file_name(place: str) -> str:
    """The last part of an address or of a path of any system; empty where there is none."""
    if "://" in place:
        try:
            place = unquote(urlsplit(place).path)
        except ValueError:
            return ""
    return place.replace("\\", "/").rpartition("/")[2]


def _without_figures(receipt: Receipt, message: str) -> PartDone:
    return PartDone(message=message, record=partial(_not_checked, receipt, message))


def _not_checked(receipt: Receipt, message: str) -> None:
    receipt.state, receipt.message, receipt.checked_at = Receipt.State.NOT_CHECKED, message[:300], timezone.now()
    receipt.save()


def _only_in(one: Mapping[str, int], other: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(set(one) - set(other) - {NO_CLASS}))


def _signed(count: int, one: str, many: str) -> str:
    return f"{count:+,} {one if abs(count) == 1 else many}" if count else ""


def _classes(how: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    if len(names) == 1:
        return f"one {how} class {names[0]}"
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"{len(names):,} {how} classes: {', '.join(names[:NAMED])}{more}"
