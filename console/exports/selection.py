"""What an export shall hold, as one value: it is stored, sent, compared, and said in a sentence."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from console.common.formatting import join_with_and, moment

MOST_PROJECTS = 50
MOST_BATCHES = 100
ALL = "all"
"""In a form or an address: every project of the space. No project at all is no choice."""
DATES = ("created_from", "created_to", "updated_from", "updated_to")


class Dates(TypedDict):
    created_from: datetime | None
    created_to: datetime | None
    updated_from: datetime | None
    updated_to: datetime | None


@dataclass(frozen=True)
class ExportSelection:
    """Empty `projects` and `batches` mean all of them, as the vendor reads a field that is left out (FACTS 2.7)."""

    projects: tuple[str, ...] = ()
    batches: tuple[int, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ExportSelection":
        dates = {name: datetime.fromisoformat(data[name]) for name in DATES if data.get(name)}
        return cls(tuple(data.get("projects", ())), tuple(data.get("batches", ())), **dates)

    def to_json(self) -> dict[str, Any]:
        dates = {name: value.isoformat() for name in DATES if (value := getattr(self, name))}
        return {"projects": sorted(self.projects), "batches": sorted(self.batches), **dates}

    @property
    def dates(self) -> Dates:
        return {
            "created_from": self.created_from,
            "created_to": self.created_to,
            "updated_from": self.updated_from,
            "updated_to": self.updated_to,
        }

    def covers(self, project: str, batch: int | None = None) -> bool:
        """Whether anything of a project, or of one of its batches, was chosen; the dates are not looked at."""
        in_project = not self.projects or project in self.projects
        return in_project and (batch is None or not self.batches or batch in self.batches)

    @property
    def key(self) -> str:
        """Equal for equal choices, whatever order they were ticked in."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def sentence(self, names: Mapping[str, Sequence[str]]) -> str:
        """`3 batches of Dashcam Q3, changed from 3 Nov …`: names as they were when it was asked for."""
        return ", ".join(filter(None, [self._things(names), *self._spans()]))

    def _things(self, names: Mapping[str, Sequence[str]]) -> str:
        projects = list(names.get("projects", ())) or [f"{len(self.projects)} projects"] * bool(self.projects)
        where = _listed(projects, "projects") if projects else "all projects"
        if not self.batches:
            return f"everything in {where}"
        batches = list(names.get("batches", ()))
        what = batches[0] if len(self.batches) == 1 and batches else f"{len(self.batches)} batches"
        return f"{what} of {where}"

    def _spans(self) -> list[str]:
        return [
            _span("created", self.created_from, self.created_to),
            _span("changed", self.updated_from, self.updated_to),
        ]


def _span(what: str, start: datetime | None, end: datetime | None) -> str:
    parts = [f"from {moment(start)}" if start else "", f"until {moment(end)}" if end else ""]
    return f"{what} {' '.join(filter(None, parts))}" if start or end else ""


def _listed(names: list[str], many: str) -> str:
    return f"{len(names)} {many}" if len(names) > 3 else join_with_and(names)
