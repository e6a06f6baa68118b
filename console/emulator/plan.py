"""What the demo world holds, as a table to read; sample.py turns it into rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

STATUSES = ("NEW", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED", "CLIENT_REVIEW")
_MIXED = (
    *("COMPLETED", "CLIENT_REVIEW", "NEW", "COMPLETED", "IN_PROGRESS", "COMPLETED", "FAILED", "COMPLETED"),
    *("CLIENT_REVIEW", "NEW", "COMPLETED", "IN_PROGRESS", "CANCELED", "COMPLETED", "NEW", "CLIENT_REVIEW"),
)
_MOODS = {
    "mixed": _MIXED,
    "done": ("COMPLETED",),
    "review": ("CLIENT_REVIEW", "COMPLETED", "CLIENT_REVIEW"),
    "fresh": ("NEW",),
}


def status_of(mood: str, number: int) -> str:
    statuses = _MOODS[mood]
    return statuses[number % len(statuses)]


def may_hold(mood: str, status: str) -> bool:
    return status in _MOODS[mood]


@dataclass(frozen=True)
class Batch:
    name: str
    priority: int | None
    mood: str = "mixed"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the priority entry that FACTS does not know; a client has to send them back."""


@dataclass(frozen=True)
class Project:
    slug: str
    name: str
    description: str
    dataset: str
    data_type: str
    items: int
    batches: tuple[Batch, ...] = ()


@dataclass(frozen=True)
class Slice:
    slug: str
    name: str
    parts: tuple[Mapping[str, Any], ...]
    owner: str = "northwind"
    visibility: str = "private"
    random: int | None = None
    fails: bool = False


@dataclass(frozen=True)
class Export:
    name: str
    by: str
    days_ago: float
    projects: tuple[str, ...] = ()
    error: str | None = None
    expired: bool = False


PROJECTS = (
    Project(
        "coins",
        "Coin outlines",
        "Outline every coin on the tray; large coins apart. Eight batches, one of them not ordered yet.",
        "coins-on-velvet",
        "image",
        112,
        (
            Batch("Default", 1, "done"),
            Batch("Turin, early shift", 8, "done", {"site": "Turin", "shift": "early"}),
            Batch("Turin, night shift", 7, "mixed", {"site": "Turin", "shift": "night"}),
            Batch("Naples, early shift", 6, "review", {"site": "Naples", "shift": "early"}, {"source": "planner"}),
            Batch("Naples, night shift", 5, "mixed", {"site": "Naples", "shift": "night"}),
            Batch("Worn edges", 5, "mixed", {"note": "as urgent as the night shift"}),
            Batch("Overlapping coins", 3, "fresh", {"instructions": "v3"}, {"pinned": False}),
            Batch("Second pass", None, "fresh"),
        ),
    ),
    Project(
        "nuclei",
        "Nuclei and glands",
        "Blue nuclei as outlines, brown glands as masks. Reviewed by the pathology team.",
        "cell-nuclei",
        "image",
        64,
        (
            Batch("Default", 0, "fresh"),
            Batch("Slide 12", 4, "review", {"slide": 12}),
            Batch("Slide 13", 3, "mixed", {"slide": 13}),
            Batch("Slide 14", 2, "mixed", {"slide": 14}),
        ),
    ),
    Project(
        "sky",
        "Deep field survey",
        "Clear lights in the Hubble eXtreme Deep Field, bright ones apart.",
        "deep-field",
        "image",
        48,
        (Batch("Default", 1, "mixed"), Batch("North half", 3, "done"), Batch("South half", 2, "mixed")),
    ),
    Project(
        "eyes",
        "Eye screening",
        "Optic disc with its centre, vessels as a mask.",
        "eye-screening",
        "image, image_sequence",
        40,
        (Batch("Default", 1, "mixed"), Batch("Uppsala", 2, "review"), Batch("Lund", 2, "mixed")),
    ),
    Project(
        "surfaces",
        "Surface textures",
        "Bricks and pebbles from above. Grass has nothing to mark, and that is an answer too.",
        "surface-textures",
        "image",
        36,
        (Batch("Default", 1, "mixed"), Batch("Yards", 2, "done")),
    ),
    Project(
        "pilot",
        "City pilot",
        "Not begun: the client has not sent anything yet.",
        "city-garden-and-people",
        "image, video",
        0,
        (Batch("Default", None, "fresh"),),
    ),
)
ARCHIVE = Project(
    "archive",
    "Archive",
    "Two thousand batches of finished work, kept for reference.",
    "",
    "image",
    250,
)
ARCHIVE_BATCHES = (
    Batch("Default", 0, "done"),
    *(Batch(f"Delivery {number:04}", 2_000 - number, "done", {"delivery": number}) for number in range(1, 2_000)),
)


def _mood_at_large_scale(place: int) -> str:
    """Among the finished work: 3,050 items of every status in 61 batches, and 5,550 not started in 111."""
    if place % 33 == 7:
        return "mixed"
    return "fresh" if place % 18 == 5 else "done"


ARCHIVE_AT_LARGE_SCALE = tuple(
    replace(batch, mood=_mood_at_large_scale(place)) for place, batch in enumerate(ARCHIVE_BATCHES)
)

SLICES = (
    Slice("all-coins", "All coins", ({"dataset": "coins-on-velvet"},), visibility="public"),
    Slice(
        "night-shift",
        "Night shift",
        (
            {"dataset": "coins-on-velvet", "filters": {"shift": ["night"]}},
            {"dataset": "cell-nuclei", "filters": {"shift": ["night"]}},
        ),
    ),
    Slice(
        "dark-sky-for-testing",
        "Dark sky for testing",
        ({"dataset": "deep-field", "filters": {"tag": ["dark"], "split": ["test", "val"]}},),
    ),
    Slice(
        "training-mix",
        "Training mix",
        (
            {"dataset": "eye-screening"},
            {"dataset": "surface-textures", "every": 4},
            {"dataset": "coins-on-velvet", "filters": {"split": "train"}},
        ),
    ),
    Slice("twelve-textures", "Twelve textures", ({"dataset": "surface-textures"},), random=12),
    Slice("fog-over-the-harbour", "Fog over the harbour", ({"dataset": "deep-field", "filters": {"tag": ["fog"]}},)),
    Slice("crowded-tissue", "Crowded tissue", ({"dataset": "cell-nuclei"},), fails=True),
    Slice(
        "busy-street-scenes",
        "Busy street scenes",
        ({"dataset": "city-garden-and-people", "filters": {"tag": ["busy"]}},),
        owner="northwind-labs",
    ),
    Slice("second-look", "Second look", ({"dataset": "eye-screening", "every": 3},)),
)

EXPORTS = (
    Export("Coins, first delivery", "ops@northwind.example", 21, ("coins",), expired=True),
    Export("Everything, month end", "admin@northwind.example", 9),
    Export("Pilot", "ops@northwind.example", 6.5, ("pilot",), error="no work item matches"),
    Export("Sky survey", "kim@vendor.example", 6, ("sky",)),
    Export("Nuclei for training", "ops@northwind.example", 2, ("nuclei",)),
    Export("Coins and eyes", "admin@northwind.example", 0.5, ("coins", "eyes")),
)
