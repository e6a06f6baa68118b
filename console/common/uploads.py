"""Files that browsers send to the console itself: kept in memory up to a bound, never on disk.

Uploads into a space are not among them: those go from the browser to the store.
"""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

MOST_BYTES = 12 * 1024 * 1024
"""More than any page takes; which says itself how much that is."""


class BoundedUploads(FileUploadHandler):
    """Keeps one request's files, together up to MOST_BYTES. One that is longer is dropped while it still arrives."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.total = 0

    def new_file(self, *args: Any, **about: Any) -> None:
        super().new_file(*args, **about)
        self.chunks: list[bytes] = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.total += len(raw_data)
        if self.total > MOST_BYTES:
            self.chunks = []
            if self.request is not None:
                vars(self.request).setdefault("dropped_files", set()).add(self.field_name)
            raise SkipFile
        self.chunks.append(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        return SimpleUploadedFile(self.file_name or "", b"".join(self.chunks), self.content_type or "")


def is_dropped(request: HttpRequest, name: str) -> bool:
    """Whether the file of this field was too long to be kept."""
    return name in vars(request).get("dropped_files", ())
