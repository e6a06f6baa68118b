"""The form for a new export and everything its page shows around it."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import quote, urlencode

from django.http import QueryDict
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.common.parsing import INT64, read_int, read_uuid
from console.exports import duplicates, form_options, slot
from console.exports.form_options import BatchList
from console.exports.forms import ExportForm
from console.exports.item_counts import ExportCounts, count_items, last_count
from console.exports.models import ExportRequest
from console.exports.selection import ALL, DATES, MOST_BATCHES
from console.exports.slot import SlotUsage
from console.projects.selectors import sort_by_use
from console.upstream.errors import KeyRejected, NextPageUnclear, UpstreamError
from console.upstream.response_models import Batch, Project

# Batches are offered for so many ticked projects; more have to be taken whole.
MOST_OFFERED = 5
CHOICES = ("projects", "batches", *DATES)
"""Fields whose values stand in the address, beside a name that was typed and the zone that the days are of."""
LONGEST_ADDRESS = 7_500
"""Characters when encoded once more, as an ended session carries it along; gunicorn takes 8,190 in a first line."""
NOTHING = "Nothing matches this choice. An export of nothing fails."


@dataclass
class CreateForm:
    user: Person
    form: ExportForm
    projects: Sequence[Project]
    batches: Mapping[str, Sequence[Batch]]
    unread: frozenset[str] = frozenset()
    """Ticked projects whose batches gave no answer."""
    unclear: Mapping[str, str] = field(default_factory=dict)
    """Of ticked projects whose list of batches has no clear end: why there may be more."""
    slot_usage: SlotUsage | None = None
    """Who uses the export slot, where that was read along."""
    is_unlisted: bool = False
    """Whether only what was ticked is there, without names, because the lists could not be read."""

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def has_choice(self) -> bool:
        """Whether what was ticked can be counted, whatever the name is."""
        return self.form.is_bound and not set(self.form.errors) - {"name", "id"}

    def has_projects(self) -> bool:
        return bool(self._ticked("projects"))

    def problems(self) -> list[str]:
        """What is wrong with the choice itself, shown as soon as it is made."""
        errors = self.form.errors.items()
        return [str(message) for field, messages in errors if field not in {"name", "id"} for message in messages]

    def export_request(self) -> ExportRequest:
        """What a valid form asks for, not saved yet."""
        cleaned, selection = self.form.cleaned_data, self.form.selection()
        counts = last_count(user=self.user, selection=selection)
        return ExportRequest(
            id=cleaned["id"],
            act_id=cleaned["id"],
            person=self.user,
            space=connections.space(self.user).id,
            name=cleaned["name"],
            selection_data=selection.to_json(),
            names=self.form.names(),
            items=counts.total if counts else None,
            items_at_least=bool(counts and not counts.complete),
        )

    def refused_as_nothing(self) -> bool:
        """Counted as nothing, and still nothing when counted again: an error at the field."""
        counts = last_count(user=self.user, selection=self.form.selection())
        if (
            not counts
            or not counts.is_nothing
            or not count_items(user=self.user, selection=self.form.selection()).is_nothing
        ):
            return False
        self.form.add_error("projects", NOTHING)
        return True

    def recent_equal(self) -> ExportRequest | None:
        """Asked about once; a ticked `again` goes ahead, and so does a second press of the same form."""
        if self.form.cleaned_data.get("again"):
            return None
        equal = duplicates.find_recent_equal(user=self.user, selection=self.form.selection())
        return equal if equal and equal.pk != self.form.cleaned_data["id"] else None

    def renewed(self) -> "CreateForm":
        """The same form with a new one-time id, after an attempt that surely changed nothing."""
        data = QueryDict(mutable=True)
        data.update(self.form.data)
        data["id"] = str(uuid.uuid4())
        form = ExportForm(data, projects=self.projects, batches=self.batches)
        form.is_valid()
        return replace(self, form=form)

    def unfinished_batches(self, counts: ExportCounts) -> list[tuple[Batch, int]]:
        """Chosen batches with items that are not finished, each to be left out with one click.

        Not the only one: without it none would be ticked, and that means all.
        """
        keys = self.form.cleaned_data.get("batches") or list(self.form.known_batches)
        if not 1 < len(keys) <= MOST_BATCHES + 1:
            return []
        unfinished = [(self.form.known_batches[key], counts.unfinished_in(int(key))) for key in keys]
        return [(batch, count) for batch, count in unfinished if count]

    def passed_over(self) -> list[str]:
        """Ticked projects that give nothing, because the ticked batches are all of other projects."""
        selection = set(self.form.cleaned_data.get("batches", ()))
        ticked = [(project, self.batches.get(project.id, ())) for project in self._chosen_projects()]
        empty = [project for project, listed in ticked if selection.isdisjoint(str(batch.id) for batch in listed)]
        return [project.name or project.id for project in empty] if selection else []

    def _chosen_projects(self) -> list[Project]:
        keys = self.form.cleaned_data.get("projects", ())
        return [self.form.known_projects[key] for key in keys if key != ALL]

    def has_missing_choices(self) -> bool:
        """Whether a project or batch was asked for that is not there any more: the rest is another choice."""
        listed = self.form.known_projects.keys() | {ALL}
        return bool(self._ticked("projects") - listed) or (
            bool(self._batches_not_offered()) and self._has_all_batches()
        )

    def dropped_batches(self) -> bool:
        """Whether batches were asked for that cannot be offered now, although they may be there."""
        return bool(self._batches_not_offered()) and not self._has_all_batches()

    def address_query(self) -> str:
        """The part of an address that brings the choices back; empty where it would be too long for one."""
        data = cast(QueryDict, self.form.data)
        pairs = [(name, value) for name in CHOICES for value in data.getlist(name) if value]
        if data.get("name") != data.get("proposed"):
            pairs.append(("name", data.get("name", "")))
        if any(data.get(name) for name in DATES):
            pairs.append(("zone", timezone.get_current_timezone_name()))
        query = urlencode(pairs)
        return query if len(quote(query, safe="")) < LONGEST_ADDRESS else ""

    def context(self) -> dict[str, Any]:
        ticked = self._ticked("projects")
        return {
            "form": self.form,
            "projects": self.projects,
            "groups": self._groups(),
            "all": ALL,
            "days": " ".join(DATES),
            "choices": " ".join((*CHOICES, "name", "zone")),
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

    def _batches_not_offered(self) -> set[str]:
        return self._ticked("batches") - self.form.known_batches.keys()

    def _has_all_batches(self) -> bool:
        return not self.unread and not self.unclear and len(self._ticked("projects")) <= MOST_OFFERED

    def _ticked(self, name: str) -> set[str]:
        return set(cast(QueryDict, self.form.data).getlist(name))


def draft(user: Person, form_data: QueryDict, *, with_slot: bool = False) -> CreateForm:
    """From what was posted, or from the choices in an address: `?projects=…&batches=…`, `?projects=all`."""
    posted = "id" in form_data
    projects, slot_usage = _projects(user, fresh=not posted, with_slot=with_slot)
    ticked = [
        key for key in dict.fromkeys(form_data.getlist("projects")) if key in {project.id for project in projects}
    ]
    chosen_from = ticked if len(ticked) <= MOST_OFFERED else []
    answers = form_options.read_batches(user=user, projects=chosen_from, fresh=not posted)
    lists = {key: answer for key, answer in answers.items() if not isinstance(answer, UpstreamError)}
    batches = {key: listed.batches for key, listed in lists.items()}
    unclear = {key: listed.unclear for key, listed in lists.items() if listed.unclear}
    _refuse_unread(form_data, answers)
    data = _without(form_data, batches) if posted else _from_address(form_data)
    data["proposed"] = _proposed(data, projects, batches)
    if _follows(form_data):
        data["name"] = cast(str, data["proposed"])
    form = ExportForm(data, projects=projects, batches=batches)
    return CreateForm(user, form, projects, batches, frozenset(answers.keys() - batches.keys()), unclear, slot_usage)


def _projects(user: Person, *, fresh: bool, with_slot: bool) -> tuple[tuple[Project, ...], SlotUsage | None]:
    """The projects, and beside them the export slot, which takes nothing else along where it can't be read."""
    if not with_slot:
        return sort_by_use(user=user, projects=form_options.read_projects(user=user, fresh=fresh)), None
    reads: list[Callable[[], Any]] = [
        form_options.projects_reader(user=user, fresh=fresh),
        slot.newest_reader(user=user),
    ]
    projects, newest = connections.gather(reads)
    if isinstance(projects, UpstreamError):
        raise projects
    return sort_by_use(user=user, projects=projects), slot.usage_from(user=user, answer=newest)


def _refuse_unread(data: QueryDict, answers: Mapping[str, BatchList | UpstreamError]) -> None:
    """Raises where the key is rejected, or where it is not clear whether a ticked batch still exists."""
    problems = [answer for answer in answers.values() if isinstance(answer, UpstreamError)]
    for problem in problems:
        if isinstance(problem, KeyRejected):
            raise problem
    lists = [answer for answer in answers.values() if not isinstance(answer, UpstreamError)]
    problems += [NextPageUnclear(one.unclear, changes=False) for one in lists if one.unclear]
    listed = {str(batch.id) for one in lists for batch in one.batches}
    if problems and "id" in data and set(data.getlist("batches")) - listed:
        raise problems[0]


def typed_only(user: Person, data: QueryDict) -> CreateForm:
    """What was posted, where what there is to choose from can't be read: what was ticked stays so, without its name."""
    keys = [str(key) for text in dict.fromkeys(data.getlist("projects")) if (key := read_uuid(text))]
    numbers = [read_int(text, INT64.start) for text in dict.fromkeys(data.getlist("batches"))]
    projects = [Project(key, f"Project {key[:8]}") for key in keys]
    batches = [Batch(number, name=f"Batch {number}") for number in numbers if number is not None]
    listed = {projects[0].id: batches} if projects and batches else {}
    form = ExportForm(data, projects=projects, batches=listed)
    return CreateForm(user, form, projects, listed, is_unlisted=True)


def _without(form_data: QueryDict, batches: Mapping[str, Sequence[Batch]]) -> QueryDict:
    """What was sent, less the batch somebody pressed "Leave out" beside. Where none is ticked, all the others are."""
    data = form_data.copy()
    if "without" in form_data:
        keys = form_data.getlist("batches") or [str(batch.id) for listed in batches.values() for batch in listed]
        data.setlist("batches", [key for key in keys if key != form_data["without"]] or keys)
    return data


def _from_address(form_data: QueryDict) -> QueryDict:
    """A form with the choices of an address, and a one-time id of its own."""
    data = QueryDict(mutable=True)
    data["id"] = str(uuid.uuid4())
    for name in (*CHOICES, "name"):
        if name in form_data:
            data.setlist(name, list(dict.fromkeys(form_data.getlist(name))))
    return data


def _follows(form_data: QueryDict) -> bool:
    """Whether the name follows the choice: the page proposed it, and the person typed no other."""
    if "id" not in form_data:
        return "name" not in form_data
    return bool(form_data.get("proposed")) and form_data.get("name") == form_data["proposed"]


def proposed_name(projects: Sequence[str], batches: int) -> str:
    """`Dashcam Q3, 3 batches, 3 Nov`"""
    today = timezone.localtime()
    what = projects[0] if len(projects) == 1 else (f"{len(projects)} projects" if projects else "Export")
    some = [f"{batches} batch{'es' if batches > 1 else ''}"] if batches else []
    return ", ".join([what[:200], *some, f"{today.day} {today:%b}"])


def _proposed(data: QueryDict, projects: Sequence[Project], batches: Mapping[str, Sequence[Batch]]) -> str:
    """The name for what is selected now."""
    ticked, listed_keys = data.getlist("projects"), {str(batch.id) for listed in batches.values() for batch in listed}
    names = ["All projects"] if ALL in ticked else [one.name or "" for one in projects if one.id in ticked]
    return proposed_name(names, len(listed_keys.intersection(data.getlist("batches"))))
