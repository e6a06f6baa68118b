"""What an exception of the wire means: not reached, too late, garbage, or cut."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any

import urllib3

from console.upstream import errors
from console.upstream.deadline import Call
from console.upstream.errors import UpstreamError, vendor_name

READING_FAULTS = (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)


def fault(error: Exception, call: Call, *, vendor: str, silence: float, changes: bool) -> UpstreamError:
    """The error to raise in its place; `silence` is the limit that was set for one read."""
    name = vendor_name(vendor)
    if not call.is_sent:
        return errors.Unreachable(f"{name} could not be reached.", vendor=vendor)
    if call.is_cut:
        return too_late(vendor, call.seconds or silence, changes=changes)
    if _caused_by(error, TimeoutError, urllib3.exceptions.ReadTimeoutError):
        return too_late(vendor, silence, changes=changes)
    # http.client files an early end under garbage as well.
    cut = _caused_by(error, ConnectionError, http.client.IncompleteRead, urllib3.exceptions.IncompleteRead)
    if not cut and _caused_by(error, urllib3.exceptions.DecodeError, http.client.HTTPException):
        return errors.Unreadable(f"{name} sent an answer we could not read.", vendor=vendor, changes=changes)
    return broken(vendor, changes=changes)


def broken(vendor: str, *, changes: bool) -> errors.Broken:
    within = vendor_name(vendor).replace("The ", "the ")
    return errors.Broken(f"The connection to {within} dropped.", vendor=vendor, changes=changes)


def too_late(vendor: str, seconds: float, *, changes: bool) -> errors.TimedOut:
    time = f"{seconds:.0f}" if seconds >= 1 else f"{seconds:.1g}"
    return errors.TimedOut(f"{vendor_name(vendor)} did not answer in {time} s.", vendor=vendor, changes=changes)


def _caused_by(error: BaseException, *kinds: type[BaseException]) -> bool:
    return any(isinstance(inner, kinds) for inner in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    # requests and urllib3 keep the original as an argument, as `reason`, or as cause or context.
    visited: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, BaseException) and id(inner) not in visited:
            visited.add(id(inner))
            yield inner
            waiting += [*inner.args, getattr(inner, "reason", None), inner.__cause__, inner.__context__]
