"""Reading projects: the list, one project, its name, its space and its figures."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django.core.cache import cache
from django.urls import reverse

from accounts import connections
from accounts.connections import Space
from accounts.models import Person
from console.common import cache_versions, stale_cache, write_behind
from console.common.stale_cache import LastAnswer
from console.items import counts
from console.items.counts import Count, ItemQuery
from console.items.statuses import CLIENT_REVIEW
from console.projects.models import ProjectUse
from console.projects.presenters import Figures, ProjectReviews, ProjectRow, Reviews
from console.upstream.cloudfactory import CloudFactory
from console.upstream.errors import ACCESS_REFUSALS, KeyRejected, UpstreamError
from console.upstream.pagination import Collected, collect
from console.upstream.response_models import Batch, Project

VENDOR = "cloudfactory"
NAME_SECONDS = 600
FIGURES_SECONDS = 60
BATCH_PAGES = 3
"""Figures of a row are a courtesy: past three hundred batches they say "300+" instead of reading on."""
REVIEWED_PROJECTS = 10
"""So many projects are asked what waits in them, the pinned and last used first: the home page is opened often."""
USE = "project-use"


def list_projects(*, user: Person, space: str = "") -> tuple[Project, ...]:
    """All projects of the space, of the one that the person works in now if none is named: one call."""
    space = space or connections.space(user).id
    projects = stale_cache.read(
        lambda: connections.cloudfactory(user).list_projects(space),
        scope=connections.key_scope(user, VENDOR),
        thing=f"projects of {space}",
        keep=lambda projects: tuple(replace(one, extra={}) for one in projects),
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


def list_rows(*, user: Person, projects: Sequence[Project]) -> list[ProjectRow]:
    """Pinned ones first, then those used last, then the others by name; archived ones stand last, used or not."""
    uses = {use.project: use for use in _uses(user)}
    recent = _pending_uses(user)
    unique = {one.id or f"nameless {place}": one for place, one in enumerate(projects)}.values()
    rows = [_row(one, uses.get(one.id), recent.get(one.id)) for one in unique]
    rows.sort(key=lambda row: row.name.casefold())
    rows.sort(key=lambda row: row.last_used.timestamp() if row.last_used else 0.0, reverse=True)
    rows.sort(key=lambda row: (not row.pinned, row.is_archived))
    return rows


def sort_by_use(*, user: Person, projects: Sequence[Project]) -> tuple[Project, ...]:
    """The same order for lists to choose from."""
    return tuple(row.project for row in list_rows(user=user, projects=projects))


def get_project(*, user: Person, project: uuid.UUID) -> Project:
    space = space_of(user=user, project=project).id
    answer = connections.cloudfactory(user).get_project(space, str(project))
    _remember(user, space, [replace(answer, id=str(project))])
    return answer


def project_or_last(*, user: Person, project: uuid.UUID) -> tuple[Project, datetime | None]:
    """The project, or where CloudFactory does not answer the one of the last list, and when that came."""
    try:
        return get_project(user=user, project=project), None
    except UpstreamError as problem:
        last = last_projects(user=user, problem=problem, space=space_of(user=user, project=project).id)
        listed = next((one for one in last.value if one.id == str(project)), None) if last else None
        if last is None or listed is None:
            raise
        return listed, last.at


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
    space_id: str | None = cache.get(key)
    if space_id is None:
        uses = ProjectUse.objects.filter(person=user, project=str(project), last_used__isnull=False)
        space_id = uses.order_by("-last_used").values_list("space", flat=True).first() or ""
        cache.set(key, space_id, NAME_SECONDS)
    return connections.space(user, preferred=space_id)


def breadcrumbs(project: uuid.UUID, name: str) -> list[tuple[str, str]]:
    """The words and addresses above the pages of what is in a project."""
    return [("Projects", reverse("projects:index")), (name, reverse("projects:detail", args=[project]))]


def last_opened(*, user: Person) -> dict[str, datetime | None]:
    """The projects of the space that the person pinned or opened, and when they last did; None for never."""
    recent = _pending_uses(user)
    by_project = {use.project: recent.get(use.project) or use.last_used for use in _uses(user)}
    return {**recent, **by_project}


def read_figures(*, user: Person, project: uuid.UUID) -> Figures:
    """Four calls at most, kept for a minute."""
    version = cache_versions.versioned(figures_version(project))
    key = counts.cache_key("figures", user=user, project=str(project), about=version)
    if cached := cache.get(key):
        return cast(Figures, cached)
    platform, query = connections.cloudfactory(user), _review_query(str(project))
    review: Any = counts.known_count(user=user, query=query)
    calls: list[Callable[[], Any]] = [lambda: _collect_batches(platform, project)]
    if review is None:
        calls.append(lambda: counts.read_list(platform, query, calls=1).count)
    answers = connections.gather(calls)
    for answer in answers:
        if isinstance(answer, KeyRejected):
            raise answer
    batches, review = answers[0], answers[1] if review is None else review
    if isinstance(batches, UpstreamError):
        raise batches
    if isinstance(review, UpstreamError):
        review = None
    figures = _figures(batches, review)
    if batches.problem is None and review is not None:
        counts.keep_count(review, user=user, query=query)
        cache.set(key, figures, FIGURES_SECONDS)
    return figures


def waiting_for_review(*, user: Person) -> Reviews:
    """What waits for the client's review in the projects used first: one call for the list, then one for each at once.

    A project that does not answer takes no other along; where none does, its error is raised.
    """
    rows = list_rows(user=user, projects=list_projects(user=user))
    queried = [row for row in rows if row.project.id][:REVIEWED_PROJECTS]
    answers = counts.count_each(user=user, queries=[_review_query(row.project.id) for row in queried])
    problems = [answer for answer in answers if isinstance(answer, UpstreamError)]
    if problems and len(problems) == len(answers):
        raise problems[0]
    pairs = [(row, answer) for row, answer in zip(queried, answers, strict=True) if isinstance(answer, Count)]
    reviews = tuple(ProjectReviews(row, count) for row, count in pairs if count.number)
    is_late = all(one.is_late for one in problems)
    return Reviews(reviews, len(rows) > len(queried), len(queried), len(problems), is_late)


def figures_version(project: uuid.UUID) -> str:
    """The cache version that changes with every change made here."""
    return f"figures-of-{project}"


def _collect_batches(platform: CloudFactory, project: uuid.UUID) -> Collected[Batch]:
    return collect(
        lambda cursor: platform.list_batches(
            str(project), cursor=cursor, direction="NEXT" if cursor else None, limit=100
        ),
        most=BATCH_PAGES,
    )


def _figures(batches: Collected[Batch], review: Count | None) -> Figures:
    finished = sum(batch.is_finished for batch in batches.items)
    return Figures(
        open=len(batches.items) - finished,
        finished=finished,
        batches_at_least=batches.more,
        items=sum(batch.total_count or 0 for batch in batches.items),
        completed=sum(batch.completed_count or 0 for batch in batches.items),
        in_review=review,
    )


def _review_query(project: str) -> ItemQuery:
    return ItemQuery(project, {"status": CLIENT_REVIEW.value})


def _row(project: Project, use: ProjectUse | None, recent: datetime | None) -> ProjectRow:
    return ProjectRow(project, bool(use and use.pinned), recent or (use.last_used if use else None))


def _pending_uses(user: Person) -> dict[str, datetime]:
    """What was remembered and is not in the database yet, by project."""
    mine = f"{user.pk}:{connections.space(user).id}:"
    pending = write_behind.all_pending(USE).items()
    return {name.removeprefix(mine): fields["last_used"] for name, fields in pending if name.startswith(mine)}


def _uses(user: Person) -> list[ProjectUse]:
    return list(ProjectUse.objects.filter(person=user, space=connections.space(user).id))


def _remember(user: Person, space: str, projects: Sequence[Project]) -> None:
    """The name of each project, and which space it is in: both for this person's key alone."""
    scope = connections.cache_scope(user, VENDOR)
    names = {_key("name", scope, one.id): one.name or "" for one in projects if one.id}
    spaces = {_key("space", scope, one.id): space for one in projects if one.id}
    cache.set_many(names | spaces, NAME_SECONDS)


def _key(what: str, scope: str, project: str) -> str:
    # The key's own: what one key can see says nothing about another's. Outside text never becomes a cache key.
    plain = "".join(letter for letter in project.lower() if letter.isascii() and (letter.isalnum() or letter == "-"))
    return f"projects-{what}-{scope}-{plain[:64]}"
