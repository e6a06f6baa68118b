"""The ends of the date filters: days or moments in the reader's zone on a page, UTC in an address."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import cast
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone

from console.common.day_fields import DAY, DAY_FORMATS, MOMENT_FORMATS, NO_SUCH_DAY, DayField, MomentField, names_no_day

FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)
OUT_OF_RANGE = "Choose a day between 2000 and 2100."
LONGEST = 60
ONE_DAY = timedelta(days=1)
TICK = timedelta(milliseconds=1)
"""Both ends are included (FACTS 2.9): a day ends this long before the next one starts."""

_EXACT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?Z", re.ASCII)


def read_end(text: str, *, is_last: bool, zone: tzinfo) -> datetime:
    """The moment in UTC that a day or a moment means at this end; raises ValueError with a sentence for the field."""
    try:
        moment = _exact(text) or _day(text, zone, is_last=is_last) or _moment(text, zone)
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(OUT_OF_RANGE) from None
    if not FIRST - ONE_DAY <= moment.date() <= LAST + ONE_DAY:
        raise ValueError(OUT_OF_RANGE)
    return moment


def write_end(moment: datetime) -> str:
    """The moment for an address."""
    exact = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=exact).replace("+00:00", "Z")


def spell_end(moment: datetime, *, is_last: bool) -> str:
    """The moment for a field, in the reader's zone: a day alone where it means the whole day."""
    local = timezone.localtime(moment)
    edge = timezone.localtime(moment + TICK) if is_last else local
    spelled = f"{local.day} {local:%b %Y}"
    if edge.time() == time.min:
        return spelled
    return f"{spelled}, {local:%H:%M:%S}" if local.second else f"{spelled}, {local:%H:%M}"


def zone_named(name: str) -> tzinfo:
    """The zone in which a form was filled in; the reader's own where there is no such zone."""
    try:
        return ZoneInfo(name) if name else timezone.get_current_timezone()
    except (KeyError, ValueError, OSError):  # none, not a name, or a folder of them
        return timezone.get_current_timezone()


def _exact(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if _EXACT.fullmatch(text) else None
    except ValueError:
        return None


def _day(text: str, zone: tzinfo, *, is_last: bool) -> datetime | None:
    try:
        day = cast(date, DayField().clean(text[:LONGEST]))
    except ValidationError:
        return None
    if not FIRST <= day <= LAST:
        return datetime.combine(day, time(12), UTC)
    if not is_last:
        return datetime.combine(day, time.min, zone)
    # Counted back in UTC: where clocks go back at midnight, the day has its last hour twice.
    return datetime.combine(day + ONE_DAY, time.min, zone).astimezone(UTC) - TICK


def _moment(text: str, zone: tzinfo) -> datetime:
    with timezone.override(zone):
        try:
            return cast(datetime, MomentField().clean(text[:LONGEST]))
        except ValidationError:
            is_no_day = names_no_day(text[:LONGEST], (*DAY_FORMATS, *MOMENT_FORMATS))
            raise ValueError(NO_SUCH_DAY if is_no_day else DAY) from None
