"""What the console remembers about a person's use of projects."""

import uuid
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from accounts.models import Person
from console.common import cache_versions, write_behind
from console.projects import selectors
from console.projects.models import ProjectUse

USED_EVERY = timedelta(seconds=5)


def mark_used(*, user: Person, project: uuid.UUID) -> None:
    """Remembers that the person worked here, at most once in five seconds."""
    name = f"{user.pk}:{selectors.space_of(user=user, project=project).id}:{project}"
    if cache.add(f"project-used:{name}", True, USED_EVERY.total_seconds()):
        write_behind.note(selectors.USE, name, {"last_used": timezone.now()})


def write_use(name: str, fields: dict[str, Any]) -> None:
    """Writes down what `mark_used` remembered."""
    person, _, place = name.partition(":")
    space, _, project = place.rpartition(":")
    if Person.objects.filter(pk=person).exists():
        ProjectUse.objects.update_or_create(person_id=person, space=space, project=project, defaults=fields)


def pin(*, user: Person, project: uuid.UUID, pinned: bool) -> None:
    space = selectors.space_of(user=user, project=project).id
    ProjectUse.objects.update_or_create(person=user, space=space, project=str(project), defaults={"pinned": pinned})


def forget_figures(*, project: uuid.UUID) -> None:
    """After a change made here, the next count is fresh, whatever is under way."""
    cache_versions.renew(selectors.figures_version(project))
