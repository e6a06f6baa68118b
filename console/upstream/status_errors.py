"""One table turns an answer's status into an error; the vendor's words become short sentences to show."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from console.common.errors import retry_sentence
from console.common.parsing import NotJson, clean, read_json
from console.common.redaction import mask_vendor_text
from console.upstream import errors
from console.upstream.operations import VendorOperation

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
_NOT_PRINTABLE = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True)
class StatusError:
    """The class of the error for a status, and its sentence; `{vendor}` stands for the vendor's name."""

    kind: type[errors.UpstreamError]
    sentence: str


BY_STATUS: Mapping[int, StatusError] = {
    400: StatusError(errors.Invalid, "{vendor} did not accept what was entered."),
    401: StatusError(errors.KeyRejected, "{vendor} does not know this key."),
    403: StatusError(errors.Forbidden, "{vendor} does not allow this with this key."),
    404: StatusError(errors.NotFound, "{vendor} does not have this, or this key can't see it."),
    409: StatusError(errors.Conflict, "{vendor} refused this. Something there is in the way or has just changed."),
    422: StatusError(errors.Invalid, "{vendor} did not accept what was entered."),
    429: StatusError(errors.RateLimited, "{vendor} is busy."),
}
BY_HUNDREDS: Mapping[int, StatusError] = {
    # 101: no HTTP is spoken from here on, and the request got no answer.
    1: StatusError(errors.Unreadable, "{vendor} sent an answer we could not read."),
    3: StatusError(errors.PointedElsewhere, "{vendor}'s answer pointed to another address. We did not follow it."),
    4: StatusError(errors.OtherRefusal, "{vendor} refused this."),
}
SERVER_FAILED = StatusError(errors.ServerFailed, "{vendor} has a problem right now.")
"""For 500 and everything above."""
# This address is not documented (FACTS 4, row 1): a 404 or 405 can be about the address, not the thing.
INFERRED_ADDRESS = StatusError(
    errors.NotFound, "{vendor} does not have this, or the address we use for it may be wrong."
)


def error_of_status(
    operation: VendorOperation,
    vendor: str,
    status: int,
    *,
    headers: Mapping[str, str],
    body: bytes,
    key: str,
    retry_in: float | None,
) -> errors.UpstreamError:
    """The error for a status outside 2xx. Nothing of the body gets in but short, masked sentences."""
    is_about_address = status in (404, 405) and not operation.confirmed
    row = BY_STATUS.get(status) or BY_HUNDREDS.get(status // 100, SERVER_FAILED)
    row = INFERRED_ADDRESS if is_about_address else row
    message = row.sentence.format(vendor=errors.vendor_name(vendor))
    if row.kind is errors.RateLimited:
        retry_in = DEFAULT_WAIT if retry_in is None else retry_in
        message = f"{message} {retry_sentence(retry_in)}"
    data = _data(body)
    error = row.kind(
        message,
        vendor=vendor,
        status=status,
        reference=reference(headers, key),
        vendor_text=mask_vendor_text(_text(data, body), key)[:MOST_TEXT],
        changes=not operation.reads,
    )
    if isinstance(error, errors.NotFound):
        error.maybe_wrong_address = is_about_address
    elif isinstance(error, errors.Invalid):
        error.fields = _masked_fields(data, key)
    elif isinstance(error, errors.RateLimited | errors.ServerFailed):
        error.retry_in = retry_in
    return error


def unreadable(
    operation: VendorOperation, vendor: str, why: NotJson, *, status: int, headers: Mapping[str, str], key: str
) -> errors.Unreadable:
    """The error for a 2xx that is not what was promised. `why` goes to the log and quotes nothing of the answer."""
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
        if number := _NOT_PRINTABLE.sub("", headers.get(name, ""))[:100]:
            return mask_vendor_text(number, key)
    return None


def _masked_fields(data: Any, key: str) -> dict[str, list[str]]:
    return {
        mask_vendor_text(field, key)[:MOST_TEXT]: [mask_vendor_text(text, key)[:MOST_TEXT] for text in texts]
        for field, texts in _fields(data).items()
    }


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
    # Cut well above the final length: masking has to see a whole secret, not half of one.
    return _SPACES.sub(" ", text).strip()[: MOST_TEXT * 4]


def _fields(data: Any) -> dict[str, list[str]]:
    """Messages by field, from the map itself or the map inside `detail` or `errors` (FACTS 1.3)."""
    if isinstance(data, dict):
        inner = next((data[name] for name in ("detail", "errors") if isinstance(data.get(name), dict | list)), None)
        source = inner if inner is not None else {k: v for k, v in data.items() if k.lower() not in _NOT_FIELDS}
    else:
        source = data
    fields: dict[str, list[str]] = {}
    for path, text in _messages(source, ""):
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
