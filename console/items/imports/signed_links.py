"""Links that carry a signature or an expiry in their query: they are kept nowhere, and one day they stop working."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from console.common.parsing import read_int

PREFIXES = ("x-amz-", "x-goog-", "x-oss-", "x-ms-", "q-sign")
NAMES = frozenset(
    {
        *("signature", "sig", "sign", "hmac", "hash", "policy", "key-pair-id", "awsaccesskeyid", "googleaccessid"),
        *("ossaccesskeyid", "token", "access_token", "auth", "auth_token", "jwt", "hdnts", "hdnea", "__token__"),
        *("expires", "expire", "expiry", "expires_at", "expiration", "exp", "se"),
    }
)
"""Of query parameters, in lower case; `se` and `sig` are Azure's."""
ENDS = ("expires", "expire", "expiry", "expires_at", "expiration", "exp", "se")
STARTS = (("x-amz-date", "x-amz-expires"), ("x-goog-date", "x-goog-expires"))
MOST_PARAMETERS = 100
MOST_LIFE, MOST_YEAR = 10**9, 9_900
MILLISECONDS = 10**11
"""A time of more digits counts them, not seconds."""


@dataclass(frozen=True)
class SignedLink:
    """`expires_at` is None where the link doesn't say it in a way we can read."""

    expires_at: datetime | None = None


def read_signed_link(url: str) -> SignedLink | None:
    """None for a link without signature and expiry. One whose query can't be read is taken for signed."""
    try:
        query = urlsplit(url).query
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return SignedLink()
    parameters = {name.casefold(): value for name, value in pairs}
    if not any(name in NAMES or name.startswith(PREFIXES) for name in parameters):
        return None
    return SignedLink(_end_of(parameters))


def _end_of(parameters: Mapping[str, str]) -> datetime | None:
    for start, life in STARTS:
        began, seconds = _compact(parameters.get(start, "")), read_int(parameters.get(life), 0, MOST_LIFE)
        if began is not None and seconds is not None and began.year < MOST_YEAR:
            return began + timedelta(seconds=seconds)
    ends = (_moment(parameters.get(name, "")) for name in ENDS)
    return next((end for end in ends if end is not None), None)


def _compact(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970, also with a fraction or more behind them, or ISO 8601."""
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    number = read_int(digits, 10**8, 10**14)
    try:
        if number is not None:
            return datetime.fromtimestamp(number / 1000 if number >= MILLISECONDS else number, UTC)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
