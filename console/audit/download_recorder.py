"""A file that leaves the console: handed over as it comes, while the audit's entry learns how far it came."""

import socket
from collections.abc import Iterator
from typing import Any

from console.audit import record
from console.common.delivery import has_arrived
from console.upstream.downloads import Download
from console.upstream.errors import UpstreamError


class RecordedStream:
    """The bytes as they come, a chunk in memory at a time; how far it came goes into the audit.

    A class and not a generator: a generator that was never begun does not run its `finally` when it is closed.
    """

    def __init__(
        self, act: record.audited_call, download: Download, version: str, connection: socket.socket | None
    ) -> None:
        self.act, self.download, self.version, self.connection = act, download, version, connection
        self.chunks = iter(download)
        self.sent, self.passed_on, self.recorded = 0, 0, False
        self.failure = "The connection closed before everything was sent."

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self.chunks)
        except StopIteration:
            self._record(has_arrived_whole=self.connection is None or has_arrived(self.connection))
            raise
        except UpstreamError as error:
            self.passed_on, self.failure = self.sent, error.message
            raise
        # A request for the next chunk means that the last one was passed on.
        self.passed_on = self.sent
        self.sent += len(chunk)
        return chunk

    def close(self) -> None:
        """The browser has everything, or went away; the server says this in both cases."""
        self.download.close()
        self._record(has_arrived_whole=False)

    def _record(self, *, has_arrived_whole: bool) -> None:
        """The last chunk counts only if it arrived: until then the file is not complete."""
        if self.recorded:
            return
        self.recorded = True
        failed_at_once = self.connection is not None and not self.passed_on
        is_last_lost = not has_arrived_whole and (failed_at_once or self.sent == self.download.length)
        byte_count = self.passed_on if is_last_lost else self.sent
        part, total = self.download.part, self.download.total
        facts: dict[str, Any] = {"bytes": byte_count, "first": part.first if part else 0, "version": self.version}
        if total is None and has_arrived_whole and part is None:
            total = byte_count
        facts |= {} if total is None else {"of": total}
        facts |= {} if has_arrived_whole else {"interrupted": True, "error": self.failure}
        if byte_count:
            self.act.done(detail=facts)
        else:
            self.act.failed(detail=facts)
