"""What the project pages read from CloudFactory, and what they remember for each person."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from accounts import connections
from accounts.connections import Space
from accounts.models import Person
from console.common import cache_versions, stale_cache, write_behind
from console.common import formatting as words
from console.common.stale_cache import LastAnswer
from console.items import counts
from console.items.counts import Count, ItemQuery
from console.items.statuses import CLIENT_REVIEW
from console.projects.models import ProjectUse
from console.upstream.errors import ACCESS_REFUSALS, KeyRejected, UpstreamError
from console.upstream.pagination import Collected, collect
from console.upstream.response_models import Batch, Project

VENDOR = "cloudfactory"
NAMES_KEPT = 600
FIGURES_KEPT = 60
BATCH_PAGES = 3
"""Figures of a row are a courtesy: past three hundred batches they say "300+" instead of reading on."""
REVIEWED = 10
"""So many projects are asked what waits in them, the pinned and last used first: the home page is opened often."""
USED_EVERY = timedelta(seconds=5)
USE = "project-use"
ARCHIVED = re.compile(r"^archived\b|^archive$|[\[(]archived?[\])]", re.IGNORECASE)
"""“Archive”, “Archived: …”, “[archive] …”, “… (archived)”; not “Archive photos”, which somebody may be working on."""


@dataclass(frozen=True)
class Row:
    """A project in the list, with what this person did with it."""

    project: Project
    pinned: bool
    last_used: datetime | None

    @property
    def name(self) -> str:
        return self.project.name or "Unnamed project"

    @property
    def kinds(self) -> str:
        return kinds_of(self.project)

    @property
    def is_archived(self) -> bool:
        """Whether its name says so: CloudFactory has no such field (FACTS 2.8)."""
        return bool(ARCHIVED.search(self.name))


@dataclass(frozen=True)
class Figures:
    """What is going on in a project, as far as a few calls can tell; `in_review` is None where no answer came."""

    open: int
    done: int
    batches_at_least: bool
    items: int
    completed: int
    in_review: Count | None

    @property
    def batches(self) -> int:
        return self.open + self.done

    @property
    def words(self) -> str:
        """The numbers beside the bar."""
        return f"{self.completed:,} of {self.items:,}"


@dataclass(frozen=True)
class Review:
    """Items of a project that wait for the client's review, at least so many where a page does not hold them all."""

    row: Row
    count: Count


@dataclass(frozen=True)
class Reviews:
    """`partly`: the space has more projects than were `asked`; so many of those are `unread`."""

    projects: tuple[Review, ...]
    partly: bool
    asked: int = 0
    unread: int = 0
    is_late: bool = False
    """Whether those unread did not answer in time, instead of failing."""

    @property
    def total(self) -> Count:
        return sum((one.count for one in self.projects), Count(0, self.partly or bool(self.unread)))

    @property
    def unread_words(self) -> str:
        why = "didn’t answer in time" if self.is_late else "couldn’t be read"
        return f"{self.unread} of {self.asked} projects {why}."


def list_projects(*, user: Person, space: str = "") -> tuple[Project, ...]:
    """All projects of the space, of the one that the person works in now if none is named: one call."""
    space = space or connections.space(user).id
    projects = stale_cache.read(
        lambda: connections.cloudfactory(user).list_projects(space),
        scope=connections.key_scope(user, VENDOR),
        thing=f"projects of {space}",
        keep=lambda found: tuple(replace(one, extra={}) for one in found),
        refusals=ACCESS_REFUSALS,
    )
    _remember(user, space, projects)
    return projects


def last_projects(*, user: Person, problem: UpstreamError, space: str = "") -> LastAnswer | None:
    """The list as it last came, where CloudFactory does not answer; nothing where it is not known."""
    if not problem.is_silence:
        return None
    thing = f"projects of {space or connections.space(user).id}"
    return stale_cache.last(scope=connections.key_scope(user, VENDOR), thing=thing)


def rows(*, user: Person, projects: Sequence[Project]) -> list[Row]:
    """Pinned ones first, then those used last, then the others by name; archived ones stand last, used or not."""
    uses = {use.project: use for use in _uses(user)}
    recent = _last_used(user)
    unique = {one.id or f"nameless {place}": one for place, one in enumerate(projects)}.values()
    found = [_row(one, uses.get(one.id), recent.get(one.id)) for one in unique]
    found.sort(key=lambda row: row.name.casefold())
    found.sort(key=lambda row: row.last_used.timestamp() if row.last_used else 0.0, reverse=True)
    found.sort(key=lambda row: (not row.pinned, row.is_archived))
    return found


def in_order_of_use(*, user: Person, projects: Sequence[Project]) -> tuple[Project, ...]:
    """The same order for lists to choose from."""
    return tuple(row.project for row in rows(user=user, projects=projects))


def matching(found: Sequence[Row], search: str) -> list[Row]:
    """The rows whose name or description holds every word that was typed."""
    words = search.casefold().split()
    return [row for row in found if all(word in _text(row.project) for word in words)]


def get_project(*, user: Person, project: uuid.UUID) -> Project:
    space = space_of(user=user, project=project).id
    found = connections.cloudfactory(user).get_project(space, str(project))
    _remember(user, space, [replace(found, id=str(project))])
    return found


def project_or_last(*, user: Person, project: uuid.UUID) -> tuple[Project, datetime | None]:
    """The project, or where CloudFactory does not answer the one of the last list, and when that came."""
    try:
        return get_project(user=user, project=project), None
    except UpstreamError as problem:
        last = last_projects(user=user, problem=problem, space=space_of(user=user, project=project).id)
        found = next((one for one in last.value if one.id == str(project)), None) if last else None
        if last is None or found is None:
            raise
        return found, last.at


def name_of(*, user: Person, project: uuid.UUID) -> str:
    """The project's name for headings: remembered for some minutes, for this person alone."""
    name = cache.get(_key("name", connections.cache_scope(user, VENDOR), str(project)))
    if name is None:
        name = project_or_last(user=user, project=project)[0].name
    return name or "Unnamed project"


def read_heading(*, user: Person, project: uuid.UUID) -> str:
    """The project's name, or "Project" where it can't be read: a page about its items stands without it."""
    try:
        return name_of(user=user, project=project)
    except KeyRejected:
        raise
    except UpstreamError:
        return "Project"


def remembered_name(*, user: Person, project: uuid.UUID) -> str:
    """The same where it is remembered, "" where CloudFactory would have to be asked."""
    name = cache.get(_key("name", connections.cache_scope(user, VENDOR), str(project)))
    return "" if name is None else name or "Unnamed project"


def space_of(*, user: Person, project: uuid.UUID) -> Space:
    """The person's space that the project was read in, also after they switched; else the one they work in now."""
    key = _key("space", connections.cache_scope(user, VENDOR), str(project))
    known: str | None = cache.get(key)
    if known is None:
        uses = ProjectUse.objects.filter(person=user, project=str(project), last_used__isnull=False)
        known = uses.order_by("-last_used").values_list("space", flat=True).first() or ""
        cache.set(key, known, NAMES_KEPT)
    return connections.space(user, preferred=known)


def breadcrumbs(project: uuid.UUID, name: str) -> list[tuple[str, str]]:
    """The words and addresses above the pages of what is in a project."""
    return [("Projects", reverse("projects:index")), (name, reverse("projects:detail", args=[project]))]


def kinds_of(project: Project) -> str:
    """The kinds of data in words."""
    return ", ".join(words.data_kind(kind) for kind in project.data_types)


def mark_used(*, user: Person, project: uuid.UUID) -> None:
    """Remembers that the person worked here, at most once in five seconds."""
    name = f"{user.pk}:{space_of(user=user, project=project).id}:{project}"
    if cache.add(f"project-used:{name}", True, USED_EVERY.total_seconds()):
        write_behind.note(USE, name, {"last_used": timezone.now()})


def write_use(name: str, fields: dict[str, Any]) -> None:
    """Writes down what `mark_used` remembered."""
    person, _, place = name.partition(":")
    space, _, project = place.rpartition(":")
    if Person.objects.filter(pk=person).exists():
        ProjectUse.objects.update_or_create(person_id=person, space=space, project=project, defaults=fields)


def last_opened(*, user: Person) -> dict[str, datetime | None]:
    """The projects of the space that the person pinned or opened, and when they last did; None for never."""
    recent = _last_used(user)
    opened = {use.project: recent.get(use.project) or use.last_used for use in _uses(user)}
    return {**recent, **opened}


def pin(*, user: Person, project: uuid.UUID, pinned: bool) -> None:
    space = space_of(user=user, project=project).id
    ProjectUse.objects.update_or_create(person=user, space=space, project=str(project), defaults={"pinned": pinned})


def figures(*, user: Person, project: uuid.UUID) -> Figures:
    """Four calls at most, kept for a minute."""
    version = cache_versions.versioned(_changes(project))
    key = counts.cache_key("figures", user=user, project=str(project), about=version)
    if known := cache.get(key):
        return cast(Figures, known)
    platform = connections.cloudfactory(user)

    def read_batches() -> Collected[Batch]:
        return collect(
            lambda cursor: platform.list_batches(
                str(project), cursor=cursor, direction="NEXT" if cursor else None, limit=100
            ),
            most=BATCH_PAGES,
        )

    waiting = _waiting_in(str(project))
    review: Any = counts.known_count(user=user, query=waiting)
    calls: list[Callable[[], Any]] = [read_batches]
    if review is None:
        calls.append(lambda: counts.read_list(platform, waiting, calls=1).count)
    batches, *asked = connections.gather(calls)
    for answer in (batches, *asked):
        if isinstance(answer, KeyRejected):
            raise answer
    if isinstance(batches, UpstreamError):
        raise batches
    if asked:
        review = None if isinstance(asked[0], UpstreamError) else asked[0]
    found = _figures(batches, review)
    if batches.problem is None and review is not None:
        counts.keep_count(review, user=user, query=waiting)
        cache.set(key, found, FIGURES_KEPT)
    return found


def waiting_for_review(*, user: Person) -> Reviews:
    """What waits for the client's review in the projects used first: one call for the list, then one for each at once.

    A project that does not answer takes no other along; where none does, its error is raised.
    """
    found = rows(user=user, projects=list_projects(user=user))
    asked = [row for row in found if row.project.id][:REVIEWED]
    answers = counts.count_each(user=user, queries=[_waiting_in(row.project.id) for row in asked])
    problems = [answer for answer in answers if isinstance(answer, UpstreamError)]
    if problems and len(problems) == len(answers):
        raise problems[0]
    counted = [(row, answer) for row, answer in zip(asked, answers, strict=True) if isinstance(answer, Count)]
    waiting = tuple(Review(row, count) for row, count in counted if count.number)
    is_late = all(one.is_late for one in problems)
    return Reviews(waiting, len(found) > len(asked), len(asked), len(problems), is_late)


def forget_figures(*, project: uuid.UUID) -> None:
    """After a change made here, the next count is fresh, whatever is under way."""
    cache_versions.renew(_changes(project))


def is_done(batch: Batch) -> bool:
    """Finished: it has work items, and all of them are completed."""
    return bool(batch.total_count and (batch.completed_count or 0) >= batch.total_count)


def _figures(batches: Collected[Batch], review: Count | None) -> Figures:
    done = sum(is_done(batch) for batch in batches.items)
    return Figures(
        open=len(batches.items) - done,
        done=done,
        batches_at_least=batches.more,
        items=sum(batch.total_count or 0 for batch in batches.items),
        completed=sum(batch.completed_count or 0 for batch in batches.items),
        in_review=review,
    )


def _waiting_in(project: str) -> ItemQuery:
    return ItemQuery(project, {"status": CLIENT_REVIEW.value})


def _changes(project: uuid.UUID) -> str:
    return f"figures-of-{project}"


def _row(project: Project, use: ProjectUse | None, recent: datetime | None) -> Row:
    return Row(project, bool(use and use.pinned), recent or (use.last_used if use else None))


def _last_used(user: Person) -> dict[str, datetime]:
    """What was remembered and is not in the database yet, by project."""
    mine = f"{user.pk}:{connections.space(user).id}:"
    noted = write_behind.all_pending(USE).items()
    return {name.removeprefix(mine): fields["last_used"] for name, fields in noted if name.startswith(mine)}


def _uses(user: Person) -> list[ProjectUse]:
    return list(ProjectUse.objects.filter(person=user, space=connections.space(user).id))


def _remember(user: Person, space: str, projects: Sequence[Project]) -> None:
    """The name of each project, and which space it is in: both for this person's key alone."""
    scope = connections.cache_scope(user, VENDOR)
    names = {_key("name", scope, one.id): one.name or "" for one in projects if one.id}
    spaces = {_key("space", scope, one.id): space for one in projects if one.id}
    cache.set_many(names | spaces, NAMES_KEPT)


def _text(project: Project) -> str:
    return f"{project.name or ''} {project.description or ''}".casefold()


def _key(what: str, scope: str, project: str) -> str:
    # The key's own: what one key can see says nothing about another's. Outside text never becomes a cache key.
    plain = "".join(letter for letter in project.lower() if letter.isascii() and (letter.isalnum() or letter == "-"))
    return f"projects-{what}-{scope}-{plain[:64]}"
