"""One place turns an answer's status into an error, and the vendor's words into something to show."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from console.common.errors import retry_sentence
from console.common.parsing import NotJson, clean, read_json
from console.common.redaction import mask_vendor_text
from console.upstream import errors
from console.upstream.operations import Operation

log = logging.getLogger(__name__)

MOST_TEXT = 300
MOST_FIELDS = 100
MOST_MESSAGES = 20
DEFAULT_WAIT = 2.0
"""Seconds to wait after a 429 that does not say, or says nonsense."""

# Where a vendor's sentence stands (FACTS 2.3, 1.3), in this order.
_TEXT_NAMES = ("message", "error", "detail", "title")
_NOT_FIELDS = {*_TEXT_NAMES, "code", "status", "doc_url", "type", "errors", "request_id", "requestid"}
_REFERENCES = ("x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "x-amzn-trace-id", "cf-ray")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_STRANGE = re.compile(r"[^\x21-\x7e]")


def refusal(
    operation: Operation,
    vendor: str,
    status: int,
    *,
    headers: Mapping[str, str],
    body: bytes,
    key: str,
    retry_in: float | None,
) -> errors.UpstreamError:
    """The error for any status outside 2xx. Nothing of the body gets in but short, masked sentences."""
    data = _data(body)
    name = errors.vendor_name(vendor)
    facts: dict[str, Any] = {
        "vendor": vendor,
        "status": status,
        "reference": reference(headers, key),
        "vendor_text": mask_vendor_text(_text(data, body), key)[:MOST_TEXT],
        "changes": not operation.reads,
    }
    if status < 200:  # 101: from here on nobody speaks HTTP, and nothing was said of the request
        return errors.Unreadable(f"{name} sent an answer we could not read.", **facts)
    if 300 <= status < 400:
        return errors.PointedElsewhere(f"{name}'s answer pointed to another address. We did not follow it.", **facts)
    if status >= 500:
        failed = errors.ServerFailed(f"{name} has a problem right now.", **facts)
        failed.retry_in = retry_in
        return failed
    if status in (400, 422):
        fields = {
            mask_vendor_text(field, key)[:MOST_TEXT]: [mask_vendor_text(text, key)[:MOST_TEXT] for text in texts]
            for field, texts in _fields(data).items()
        }
        return errors.Invalid(f"{name} did not accept what was entered.", fields=fields, **facts)
    if status == 429:
        wait = DEFAULT_WAIT if retry_in is None else retry_in
        limited = errors.RateLimited(f"{name} is busy. {retry_sentence(wait)}", **facts)
        limited.retry_in = wait
        return limited
    if status == 404 or (status == 405 and not operation.confirmed):
        return _not_found(operation, name, facts)
    if status == 401:
        return errors.KeyRejected(f"{name} does not know this key.", **facts)
    if status == 403:
        return errors.Forbidden(f"{name} does not allow this with this key.", **facts)
    if status == 409:
        return errors.Conflict(f"{name} refused this. Something there is in the way or has just changed.", **facts)
    return errors.OtherRefusal(f"{name} refused this.", **facts)


def unreadable(
    operation: Operation, vendor: str, why: NotJson, *, status: int, headers: Mapping[str, str], key: str
) -> errors.Unreadable:
    """The error for a 2xx that is not what was promised. Why it is none is for the log: `why` quotes nothing of it."""
    log.warning("%s: unreadable answer with status %d: %s", operation.name, status, why)
    return errors.Unreadable(
        f"{errors.vendor_name(vendor)} sent an answer we could not read.",
        vendor=vendor,
        status=status,
        reference=reference(headers, key),
        changes=not operation.reads,
    )


def reference(headers: Mapping[str, str], key: str) -> str | None:
    """The vendor's number for the request, from lower-cased headers."""
    for name in _REFERENCES:
        found = _STRANGE.sub("", headers.get(name, ""))[:100]
        if found:
            return mask_vendor_text(found, key)
    return None


def _not_found(operation: Operation, name: str, facts: dict[str, Any]) -> errors.NotFound:
    if operation.confirmed:
        return errors.NotFound(f"{name} does not have this, or this key can't see it.", **facts)
    # Nobody published this address (FACTS 4, row 1): a 404 may mean our guess, not the thing.
    error = errors.NotFound(f"{name} does not have this, or the address we use for it may be wrong.", **facts)
    error.maybe_wrong_address = True
    return error


def _data(body: bytes) -> Any:
    try:
        return read_json(body)
    except NotJson:
        return None


def _text(data: Any, body: bytes) -> str:
    if data is None:
        raw = clean(body[: MOST_TEXT * 8].decode("utf-8", "replace")).strip()
        # A page of HTML says nothing to people who read a sentence.
        return "" if raw.startswith("<") else _tidy(raw)
    return _tidy(_sentence(data))


def _sentence(data: Any) -> str:
    if isinstance(data, str):
        return data
    if isinstance(data, list):
        return next((_sentence(entry) for entry in data if _sentence(entry)), "")
    if isinstance(data, dict):
        lowered = {name.lower(): value for name, value in data.items()}
        return next((_sentence(lowered[name]) for name in (*_TEXT_NAMES, "msg") if lowered.get(name)), "")
    return ""


def _tidy(text: str) -> str:
    # Cut well above the final length: masking has to see a whole secret, not the half that was left.
    return _SPACES.sub(" ", text).strip()[: MOST_TEXT * 4]


def _fields(data: Any) -> dict[str, list[str]]:
    """Messages by field, from the map itself or the map inside `detail` or `errors` (FACTS 1.3)."""
    if isinstance(data, dict):
        inner = next((data[name] for name in ("detail", "errors") if isinstance(data.get(name), dict | list)), None)
        found = inner if inner is not None else {k: v for k, v in data.items() if k.lower() not in _NOT_FIELDS}
    else:
        found = data
    fields: dict[str, list[str]] = {}
    for path, text in _messages(found, ""):
        if path not in fields and len(fields) >= MOST_FIELDS:
            break
        if len(texts := fields.setdefault(path, [])) < MOST_MESSAGES:
            texts.append(text)
    return fields


def _messages(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """(`sub_slices.0.dataset_uid`, message) for every message in there."""
    if isinstance(value, str):
        yield path, _tidy(value)
    elif isinstance(value, dict) and isinstance(value.get("msg"), str) and isinstance(value.get("loc"), list):
        # The form of a 422: where it is wrong, and what.
        yield _tidy(".".join(str(part) for part in value["loc"] if part != "body")), _tidy(value["msg"])
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _messages(entry, _joined(path, name))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            # A list of texts belongs to the field; a list of objects has one entry for each part.
            yield from _messages(entry, path if isinstance(entry, str) or _has_place(entry) else _joined(path, index))


def _has_place(entry: Any) -> bool:
    return isinstance(entry, dict) and "loc" in entry and "msg" in entry


def _joined(path: str, part: object) -> str:
    # Cut like every other word of theirs: a name of 64 KiB would keep the masks busy for minutes.
    return _tidy(f"{path}.{part}" if path else str(part))
