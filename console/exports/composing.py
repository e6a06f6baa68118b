"""The form for a new export and everything its page shows around it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from accounts.models import Person
from console.common.parsing import INT64, read_int, read_uuid
from console.exports import offered, same
from console.exports.choice import DATES, MOST_BATCHES
from console.exports.contents import Counts, count, remembered
from console.exports.forms import ExportForm, instant
from console.exports.models import Plan
from console.exports.offered import BatchList
from console.exports.services import Wish
from console.upstream.errors import KeyRejected, NextPageUnclear, UpstreamError
from console.upstream.types import Batch, Project

# Batches are offered for so many ticked projects; more have to be taken whole.
MOST_OFFERED = 5
NOTHING = "Nothing matches this choice. An export of nothing fails."


@dataclass
class Draft:
    user: Person
    form: ExportForm
    projects: Sequence[Project]
    batches: Mapping[str, Sequence[Batch]]
    unread: frozenset[str] = frozenset()
    """Ticked projects whose batches gave no answer."""
    unclear: Mapping[str, str] = field(default_factory=dict)
    """Of ticked projects whose list of batches has no clear end: why there may be more."""
    is_unlisted: bool = False
    """Whether only what was ticked is there, without names, because the lists could not be read."""

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def has_choice(self) -> bool:
        """Whether what was ticked can be counted, whatever the name is."""
        return self.form.is_bound and not set(self.form.errors) - {"name", "id"}

    def problems(self) -> list[str]:
        """What is wrong with the choice itself, to be said as soon as it is chosen."""
        errors = self.form.errors.items()
        return [str(message) for field, said in errors if field not in {"name", "id"} for message in said]

    def wish(self) -> Wish:
        said = self.form.cleaned_data
        choice = self.form.choice()
        return Wish(said["id"], said["name"], choice, self.form.names(), remembered(user=self.user, choice=choice))

    def refused_as_nothing(self) -> bool:
        """Counted as nothing, and still nothing when counted once more: said at the field, since it would only fail."""
        known = remembered(user=self.user, choice=self.form.choice())
        if not known or not known.is_nothing or not count(user=self.user, choice=self.form.choice()).is_nothing:
            return False
        self.form.add_error("projects", NOTHING)
        return True

    def equal_lately(self) -> Plan | None:
        """Asked about once; a ticked `again` goes ahead, and so does a second press of the same form."""
        if self.form.cleaned_data.get("again"):
            return None
        found = same.equal_lately(user=self.user, choice=self.form.choice())
        return found if found and found.pk != self.form.cleaned_data["id"] else None

    def renewed(self) -> "Draft":
        """The same form with a new one-time id, after an attempt that surely changed nothing."""
        data = QueryDict(mutable=True)
        data.update(self.form.data)
        data["id"] = str(uuid.uuid4())
        form = ExportForm(data, projects=self.projects, batches=self.batches)
        form.is_valid()
        return replace(self, form=form)

    def unfinished_batches(self, counts: Counts) -> list[tuple[Batch, int]]:
        """Chosen batches with items that are not finished, each to be left out with one click.

        Not the only one: without it none would be ticked, and that means all.
        """
        chosen = self.form.cleaned_data.get("batches") or list(self.form.known_batches)
        if not 1 < len(chosen) <= MOST_BATCHES + 1:
            return []
        found = [(self.form.known_batches[key], counts.unfinished_in(int(key))) for key in chosen]
        return [(batch, count) for batch, count in found if count]

    def passed_over(self) -> list[str]:
        """Ticked projects that give nothing, because the ticked batches are all of other projects."""
        chosen = set(self.form.cleaned_data.get("batches", ()))
        ticked = [(project, self.batches.get(project.id, ())) for project in self._chosen_projects()]
        empty = [project for project, listed in ticked if chosen.isdisjoint(str(batch.id) for batch in listed)]
        return [project.name or project.id for project in empty] if chosen else []

    def _chosen_projects(self) -> list[Project]:
        return [self.form.known_projects[key] for key in self.form.cleaned_data.get("projects", ())]

    def lost(self) -> bool:
        """Whether the address asks for a project or batch that is not there any more: the rest is another choice."""
        asked = {name: set(self.form.initial.get(name, ())) for name in ("projects", "batches")}
        offers = {"projects": {project.id for project in self.projects}, "batches": set(self.form.known_batches)}
        batches_gone = set() if self.unread or self.unclear else asked["batches"] - offers["batches"]
        return bool(asked["projects"] - offers["projects"] or batches_gone)

    def proposed(self) -> str:
        """The name for what is ticked now."""
        names = [project.name or "" for project in self.projects if project.id in self._ticked("projects")]
        return proposed_name(names, len(self._ticked("batches")))

    def name_is_ours(self) -> bool:
        """Whether the name is still the one the page proposed."""
        return bool(self.form["name"].value() == self.form["proposed"].value())

    def context(self) -> dict[str, Any]:
        ticked = self._ticked("projects")
        return {
            "form": self.form,
            "projects": self.projects,
            "groups": self._groups(),
            "ticked_projects": ticked,
            "ticked_batches": self._ticked("batches"),
            "too_many": len(ticked) > MOST_OFFERED,
            "unread": [project for project in self.projects if project.id in self.unread],
        }

    def _groups(self) -> list[tuple[Project, Sequence[Batch], str]]:
        """The batches to choose from by project, and why there may be more; unlisted ones can be of any project."""
        if self.is_unlisted:
            return [(Project("", "the selected projects"), listed, "") for listed in self.batches.values()]
        listed = [project for project in self.projects if project.id in self.batches]
        return [(one, self.batches[one.id], self.unclear.get(one.id, "")) for one in listed]

    def _ticked(self, name: str) -> set[str]:
        return {str(key) for key in self.form[name].value() or ()}


def draft(user: Person, sent: QueryDict) -> Draft:
    """From what was posted, or prefilled from an address: `?project=…&batch=…` or a whole earlier choice."""
    posted = "id" in sent
    projects = offered.projects(user=user, fresh=not posted)
    ticked = [key for key in dict.fromkeys(sent.getlist("projects")) if key in {project.id for project in projects}]
    chosen_from = ticked if len(ticked) <= MOST_OFFERED else []
    answers = offered.batches(user=user, projects=chosen_from, fresh=not posted)
    lists = {key: found for key, found in answers.items() if not isinstance(found, UpstreamError)}
    batches = {key: found.batches for key, found in lists.items()}
    unclear = {key: found.unclear for key, found in lists.items() if found.unclear}
    _refuse_unread(sent, answers)
    data = _without(sent, batches) if posted else None
    initial = None if posted else _prefilled(sent, projects)
    form = ExportForm(data, initial=initial, projects=projects, batches=batches)
    return Draft(user, form, projects, batches, frozenset(answers.keys() - batches.keys()), unclear)


def _refuse_unread(sent: QueryDict, answers: Mapping[str, BatchList | UpstreamError]) -> None:
    """Raises where a rejected key has to be mended, or a ticked batch cannot be told from one that is gone."""
    problems = [answer for answer in answers.values() if isinstance(answer, UpstreamError)]
    for problem in problems:
        if isinstance(problem, KeyRejected):
            raise problem
    lists = [answer for answer in answers.values() if not isinstance(answer, UpstreamError)]
    problems += [NextPageUnclear(one.unclear, changes=False) for one in lists if one.unclear]
    known = {str(batch.id) for one in lists for batch in one.batches}
    if problems and "id" in sent and set(sent.getlist("batches")) - known:
        raise problems[0]


def typed_only(user: Person, sent: QueryDict) -> Draft:
    """What was posted, where what there is to choose from can't be read: what was ticked stays so, without its name."""
    keys = [str(key) for text in dict.fromkeys(sent.getlist("projects")) if (key := read_uuid(text))]
    numbers = [read_int(text, INT64.start) for text in dict.fromkeys(sent.getlist("batches"))]
    projects = [Project(key, f"Project {key[:8]}") for key in keys]
    batches = [Batch(number, name=f"Batch {number}") for number in numbers if number is not None]
    listed = {projects[0].id: batches} if projects and batches else {}
    form = ExportForm(sent, projects=projects, batches=listed)
    return Draft(user, form, projects, listed, is_unlisted=True)


def _without(sent: QueryDict, batches: Mapping[str, Sequence[Batch]]) -> QueryDict:
    """What was sent, less the batch somebody pressed "Leave out" beside. Where none is ticked, all the others are."""
    if "without" not in sent:
        return sent
    chosen = sent.getlist("batches") or [str(batch.id) for listed in batches.values() for batch in listed]
    data = sent.copy()
    data.setlist("batches", [key for key in chosen if key != sent["without"]] or chosen)
    return data


def query(plan: Plan) -> str:
    """The address part that makes the same choice again."""
    wanted = plan.wanted
    days = {name: timezone.localtime(value).date().isoformat() for name in DATES if (value := getattr(wanted, name))}
    pairs = [("projects", key) for key in wanted.projects] + [("batches", str(key)) for key in wanted.batches]
    moved = [("moved", "1")] if any(_moves(name, value) for name, value in wanted.dates.items()) else []
    return urlencode([*pairs, *days.items(), *moved])


def _moves(name: str, chosen: object) -> bool:
    """Whether a day, chosen in another time zone, begins or ends at another moment in the reader's."""
    if not isinstance(chosen, datetime):
        return False
    return instant(timezone.localtime(chosen).date(), name.rpartition("_")[2]) != chosen


def _prefilled(sent: QueryDict, projects: Sequence[Project]) -> dict[str, Any]:
    days, ticked = {name: sent.get(name) for name in DATES}, list(dict.fromkeys(sent.getlist("projects")))
    batches = sent.getlist("batches")
    name = proposed_name([project.name or "" for project in projects if project.id in ticked], len(batches))
    return {
        "id": uuid.uuid4(),
        "name": name,
        "proposed": name,
        "projects": ticked,
        "batches": batches,
        **{name: day for name, day in days.items() if day},
    }


def proposed_name(projects: Sequence[str], batches: int) -> str:
    """`Dashcam Q3, 3 batches, 3 Nov`"""
    today = timezone.localtime()
    what = projects[0] if len(projects) == 1 else (f"{len(projects)} projects" if projects else "All projects")
    some = [f"{batches} batch{'es' if batches > 1 else ''}"] if batches else []
    return ", ".join([what[:200], *some, f"{today.day} {today:%b}"])
