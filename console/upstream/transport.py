"""The only file that imports requests: one answer or one error for each call, always within its time.

Reads that failed are retried here, writes never; `circuit_breaker` says how many retries are left.

No Session: adapters alone know no cookies, no redirects, no proxies and no .netrc, and one pool of
connections serves every person and thread, since the key travels as a header of each request.
"""

from __future__ import annotations

import http.client
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from console.common import deadline
from console.common.errors import retry_sentence
from console.common.parsing import NotJson, read_int, read_json
from console.upstream import errors, status_errors, urls
from console.upstream.bodies import encoded, query, read_all, read_some
from console.upstream.circuit_breaker import Health, VendorHealth
from console.upstream.deadline import Call
from console.upstream.errors import UpstreamError, vendor_name
from console.upstream.http_internals import set_connection_classes
from console.upstream.network_errors import fault, too_late
from console.upstream.operations import VendorOperation

KEY_HEADERS = {"avala": "X-Avala-Api-Key", "cloudfactory": "X-API-Key"}
USER_AGENT = "annotation-console"
POOL_SIZE = 32
REFUSAL_MOST = 65_536
LEAST_SECONDS = 0.1
"""With less time than this no call is sent: it could only end without an answer."""
WIRE_FAULTS = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)


@dataclass(frozen=True)
class CallLimits:
    """PROMISES 3 to 5 in numbers.

    Seconds: to connect, of silence, for all of it, a wait worth waiting, the first pause before a repeat.
    Bytes: of an unpacked body, of all headers. Calls: how often a read is sent at most.
    """

    connect: float = 3.0
    silence: float = 10.0
    total: float = 15.0
    body: int = 10 * 2**20
    headers: int = 64 * 2**10
    calls: int = 3
    longest_wait: float = 5.0
    pause: float = 0.3


LIMITS = CallLimits()


@dataclass(frozen=True)
class Answer:
    """A 2xx: the JSON (None for an empty body), headers by lower-case name, the status."""

    data: Any
    headers: Mapping[str, str]
    status: int


class Transport:
    """Sends operations to one vendor's base address, which includes `/api/v1`.

    Serves every person and thread: the key comes with each call. ValueError for a base address no key
    may travel to (PROMISES 7). `health` is shared by processes if its store is.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        *,
        health: Health | None = None,
        limits: CallLimits = LIMITS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.vendor = vendor
        self.base_url = urls.base_url(base_url)
        self.health = health if health is not None else VendorHealth(vendor)
        self._key_header = KEY_HEADERS[vendor]
        self._limits = limits
        self._sleep = sleep

    def send(
        self,
        operation: VendorOperation,
        path_args: Mapping[str, Any],
        *,
        key: str,
        params: Iterable[tuple[str, str]] | None = None,
        body: Any = None,
        request_id: str | None = None,
    ) -> Answer:
        """The answer, or an UpstreamError, within `limits.total` seconds and the request's budget (PROMISES 3, 25).

        OutOfTime where that budget is used up. A write gets `deadline.WRITE_SECONDS` even then.
        Writes need a `request_id` and are sent once; reads up to three times. Invalid with status None:
        something cannot stand in an address, a header or JSON, and nothing was sent. What a status becomes
        is drawn in errors.py; a 2xx that is not what `operation.answers` promises is Unreadable.
        """
        request = self._prepare(operation, path_args, key, params, body, request_id)
        if not operation.reads:
            deadline.extend_for_write()
        if _is_time_used_up():
            raise errors.OutOfTime(
                f"{vendor_name(self.vendor)} was not asked: the time for this page was used up.", vendor=self.vendor
            )
        until = time.monotonic() + _seconds_for_call(self._limits.total)
        turn, before = 1, None
        while not isinstance(outcome := self._once(operation, request, key, until), Answer):
            if before is not None and isinstance(outcome, errors.HeldBack):
                outcome = before  # Other calls failed too, so this one rests; what the vendor answered says more.
                break
            wait = self._wait(outcome, turn) if operation.reads and turn < self._limits.calls else None
            if wait is None or time.monotonic() + wait >= until or not self.health.may_retry():
                break
            self._sleep(wait)
            turn += 1
            before = outcome
        else:
            return outcome
        # Raised here, outside every handler, so that no context drags the request and its key along.
        raise outcome

    def _prepare(
        self,
        operation: VendorOperation,
        path_args: Mapping[str, Any],
        key: str,
        params: Iterable[tuple[str, str]] | None,
        body: Any,
        request_id: str | None,
    ) -> requests.PreparedRequest:
        path = urls.path(operation, path_args, self.vendor)
        headers = {
            self._key_header: urls.checked_key(key, self.vendor),
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": USER_AGENT,
        }
        if body is not None or self.vendor == "cloudfactory":  # which wants it on every request (FACTS 2.1)
            headers["Content-Type"] = "application/json"
        if not operation.reads:
            headers["Idempotency-Key"] = headers["X-Request-Id"] = urls.checked_id(request_id)
        url = self.base_url + path + query(params or (), self.vendor)
        data = None if body is None else encoded(body, self.vendor)
        return requests.Request(operation.method, url, headers=headers, data=data).prepare()

    def _once(
        self, operation: VendorOperation, request: requests.PreparedRequest, key: str, until: float
    ) -> Answer | UpstreamError:
        rest = self.health.seconds_until_allowed()
        if rest > 0:
            return self._held_back(rest)
        seconds = max(0.01, until - time.monotonic())
        with Call(seconds, writes=not operation.reads, headers_most=self._limits.headers) as call:
            answer = self._exchange(operation, request, key, call, seconds)
        if call.is_cut and _unfinished(answer):
            answer = too_late(self.vendor, seconds, changes=not operation.reads)
        failed = isinstance(answer, errors.NotSent | errors.Unknown)
        if not (failed and seconds < self._limits.silence and _is_time_used_up()):
            # Cut off by the request's budget, the vendor had less time than it is allowed: no failure of its own.
            self.health.record(not failed)
        return answer

    def _exchange(
        self, operation: VendorOperation, request: requests.PreparedRequest, key: str, call: Call, seconds: float
    ) -> Answer | UpstreamError:
        silence = min(self._limits.silence, seconds)
        times = (min(self._limits.connect, seconds), silence)
        try:
            response = adapter(self.vendor).send(request, stream=True, timeout=times, verify=True)
            try:
                return self._judged(operation, response, key)
            finally:
                response.close()
        except WIRE_FAULTS as error:
            return fault(error, call, vendor=self.vendor, silence=silence, changes=not operation.reads)

    def _judged(self, operation: VendorOperation, response: requests.Response, key: str) -> Answer | UpstreamError:
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._see_limits(headers)
        status = response.status_code
        if not 200 <= status < 300:
            body = read_some(response.raw, REFUSAL_MOST)
            wait = asked_wait(headers)
            return status_errors.error_of_status(
                operation, self.vendor, status, headers=headers, body=body, key=key, retry_in=wait
            )
        try:
            body = read_all(response.raw, self._limits.body)
            return Answer(_promised(operation, body), headers, status)
        except NotJson as error:
            return status_errors.unreadable(operation, self.vendor, error, status=status, headers=headers, key=key)

    def _see_limits(self, headers: Mapping[str, str]) -> None:
        remaining, limit, reset = (_number(headers.get(f"x-ratelimit-{name}")) for name in _RATE_LIMITS)
        if reset is not None and not 0 <= reset - time.time() + _MOST_WAIT <= 2 * _MOST_WAIT:
            reset = None  # no moment near now, perhaps none of any calendar
        if remaining is not None or limit is not None:
            self.health.seen_limits(remaining, limit, reset)

    def _wait(self, error: UpstreamError, turn: int) -> float | None:
        """Seconds to wait before the read is sent again; None if it should not be."""
        if not isinstance(error, _WORTH_REPEATING):
            return None
        pause = self._limits.pause * float(2 ** (turn - 1))
        spread = random.uniform(0.5, 1.5)  # noqa: S311 (keeps callers apart, hides nothing)
        if error.retry_in is None:
            return pause * spread
        return error.retry_in + self._limits.pause * spread if error.retry_in <= self._limits.longest_wait else None

    def _held_back(self, rest: float) -> UpstreamError:
        name = vendor_name(self.vendor)
        error = errors.HeldBack(f"{name} is not answering. {retry_sentence(rest)}", vendor=self.vendor)
        error.retry_in = rest
        return error


def _unfinished(answer: Answer | UpstreamError) -> bool:
    # A body without a length looks finished when the cord is pulled; what is wrong with it is the time.
    if isinstance(answer, Answer):
        return answer.data is None
    return isinstance(answer, errors.Unreadable)


def _seconds_for_call(most: float) -> float:
    seconds = deadline.remaining()
    return most if seconds is None else min(most, seconds)


def _is_time_used_up() -> bool:
    seconds = deadline.remaining()
    return seconds is not None and seconds < LEAST_SECONDS


def _promised(operation: VendorOperation, body: bytes) -> Any:
    """The JSON of a 2xx, None for an empty body; NotJson for what `operation.answers` does not promise."""
    if operation.answers != "json" and not body.strip():
        return None
    if operation.answers == "nothing":
        # A login portal answers every DELETE with 200: whatever is in there, it does not say "deleted".
        raise NotJson("it should have been empty")
    data = read_json(body)
    if data is None and operation.answers == "json or nothing":
        raise NotJson("it says null")
    return data


_RATE_LIMITS = ("remaining", "limit", "reset")
_WORTH_REPEATING = (errors.Unreachable, errors.TimedOut, errors.Broken, errors.ServerFailed, errors.RateLimited)

_MOST_WAIT = 86_400

# What urllib3 logs of a request is its address, query and all, and of a strange answer its headers.
for _logger in ("urllib3.connectionpool", "urllib3.connection"):
    logging.getLogger(_logger).addFilter(lambda record: False)

_adapters: dict[str, HTTPAdapter] = {}
_adapters_lock = threading.Lock()


def adapter(name: str, *, public_only: bool = False) -> HTTPAdapter:
    """The one pool of connections of that name in this process; urllib3 itself never repeats anything."""
    with _adapters_lock:
        if name not in _adapters:
            once = Retry(0, read=False, redirect=False, respect_retry_after_header=False)
            new_adapter = HTTPAdapter(pool_connections=8, pool_maxsize=POOL_SIZE, max_retries=once)
            set_connection_classes(new_adapter.poolmanager, public_only=public_only)
            _adapters[name] = new_adapter
        return _adapters[name]


def _after_fork() -> None:
    # A child must not speak on its parent's connections.
    global _adapters, _adapters_lock
    _adapters, _adapters_lock = {}, threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def open_link(
    origin: str, *, trusted: bool, headers: Mapping[str, str], limits: CallLimits, method: str = "GET"
) -> Any:
    """The file store's answer, its body unread; without any key. Raises what requests raises.

    The link itself is the `target` of the call under way, so that it goes out as it was signed.
    """
    pool = adapter("trusted files") if trusted else adapter("files", public_only=True)
    request = requests.Request(method, origin, headers={**headers, "User-Agent": USER_AGENT}).prepare()
    return pool.send(request, stream=True, timeout=(limits.connect, limits.silence), verify=True)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds the vendor asks for: Retry-After as seconds or date, else the rate limit's reset; None for nonsense."""
    wait: float
    try:
        wait = Retry(0, retry_after_max=2 * _MOST_WAIT).parse_retry_after(headers["retry-after"])
    except (KeyError, urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        reset = _number(headers.get("x-ratelimit-reset"))
        wait = reset - time.time() if reset is not None and headers.get("x-ratelimit-remaining") == "0" else -1.0
    return wait if 0 <= wait <= _MOST_WAIT else None


def _number(text: str | None) -> int | None:
    return read_int(text)
