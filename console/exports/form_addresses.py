"""Addresses of the form for a new export that bring a selection along."""

from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, available_timezones

from django.http import QueryDict
from django.utils import timezone

from console.exports.forms import instant, read_day
from console.exports.models import ExportRequest
from console.exports.selection import ALL, DATES


def selection_query(export_request: ExportRequest) -> str:
    """The query part of the address of a new export with the same selection."""
    selection = export_request.selection
    days = {name: timezone.localtime(value).date().isoformat() for name in DATES if (value := getattr(selection, name))}
    pairs = [("projects", key) for key in selection.projects or (ALL,)] + [
        ("batches", str(key)) for key in selection.batches
    ]
    moved = [("moved", "1")] if any(_moves(name, value) for name, value in selection.dates.items()) else []
    return urlencode([*pairs, *days.items(), *moved])


def _moves(name: str, instant_chosen: object) -> bool:
    """Whether a day, chosen in another time zone, begins or ends at another moment in the reader's."""
    if not isinstance(instant_chosen, datetime):
        return False
    return instant(timezone.localtime(instant_chosen).date(), name.rpartition("_")[2]) != instant_chosen


def has_moved_days(query: QueryDict) -> bool:
    """Whether the days of an address, chosen in another time zone, begin or end at other moments in the reader's."""
    zone = query.get("zone", "")
    if "moved" in query or zone in {"", timezone.get_current_timezone_name()} or zone not in available_timezones():
        return "moved" in query
    days = [(day, name.rpartition("_")[2]) for name in DATES if (day := read_day(query.get(name)))]
    here = [instant(day, end) for day, end in days]
    with timezone.override(ZoneInfo(zone)):
        return here != [instant(day, end) for day, end in days]
