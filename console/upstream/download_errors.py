"""What a file store's refusal means, by its status and by the words that stores use."""

import re
from collections.abc import Collection
from typing import Any

from console.common.errors import retry_sentence
from console.upstream import errors
from console.upstream.bodies import read_some
from console.upstream.status_errors import DEFAULT_WAIT
from console.upstream.transport import asked_wait

VENDOR = "storage"
_UNSATISFIED = re.compile(r"bytes \*/([0-9]{1,18})")
_REFUSAL_MOST = 16_384
# What S3, Google, Azure, R2, B2 and OpenStack Swift say, in XML, JSON or words, of a link whose time is over.
_EXPIRED = ("expired", "invalidtoken", "tokenrefreshrequired", "in the specified time frame", "temp url invalid")
_NOT_EXPIRED = ("signaturedoesnotmatch", "invalidobjectstate", "requesttimetooskewed", "accountproblem")
_BUSY = ("slowdown", "serverbusy", "reduce your request rate", "too many requests", "toomanyrequests", "throttl")


def error_of(answer: Any) -> errors.UpstreamError:
    """What a status outside 2xx means. Stores quote the link in their words, so none of them are passed on."""
    status, headers = answer.status_code, {name.lower(): value for name, value in answer.headers.items()}
    refusal = read_some(answer.raw, _REFUSAL_MOST).decode("utf-8", "replace").lower()
    answer.close()
    facts: dict[str, Any] = {"vendor": VENDOR, "status": status, "changes": False}
    if 300 <= status < 400:
        text = "The link to the file pointed to another address. We did not follow it."
        return errors.PointedElsewhere(text, **facts)
    if status in (429, 503):
        return _busy(asked_wait(headers), status == 429 or _says(refusal, _BUSY), facts)
    if status >= 500:
        return errors.ServerFailed("The file store has a problem right now.", **facts)
    if status in (404, 410):
        return errors.NotFound("The file is no longer there.", **facts)
    if status == 416:
        return _out_of_range(headers.get("content-range", ""), facts)
    is_about_link = status in (401, 403) and not _says(refusal, _NOT_EXPIRED)
    if is_about_link or _says(refusal, _EXPIRED):
        return errors.LinkExpired("The link to the file has expired.", **facts)
    return errors.OtherRefusal("The file store refused this.", **facts)


def _says(text: str, signs: Collection[str]) -> bool:
    return any(sign in text for sign in signs)


def _busy(retry_in: float | None, says_so: bool, facts: dict[str, Any]) -> errors.UpstreamError:
    if not says_so and retry_in is None:
        return errors.ServerFailed("The file store has a problem right now.", **facts)
    wait = DEFAULT_WAIT if retry_in is None else retry_in
    limited = errors.RateLimited(f"The file store is busy. {retry_sentence(wait)}", **facts)
    limited.retry_in = wait
    return limited


def _out_of_range(place: str, facts: dict[str, Any]) -> errors.RangeRefused:
    refused = errors.RangeRefused("The file store does not have the part that was asked for.", **facts)
    match = _UNSATISFIED.fullmatch(place.strip())
    refused.total = int(match[1]) if match else None
    return refused
