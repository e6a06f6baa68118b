"""Lists of pasted paths: stored for the person, so that results can be paged and files downloaded."""

import uuid
from dataclasses import asdict

from django.db import transaction
from django.http import Http404

from accounts import connections
from accounts.models import Person
from console.files.models import PathList
from console.files.paths import PastedPaths

MOST_STORED = 50
"""Lists of one person; a list of a thousand long paths has megabytes."""


def create_list(*, user: Person, space: connections.Space, pasted: PastedPaths) -> PathList:
    """Stores the list and deletes the person's oldest ones beyond `MOST_STORED`."""
    with transaction.atomic():
        path_list = PathList.objects.create(
            person=user,
            space=space.id,
            space_name=space.name[:300],
            paths=list(pasted.paths),
            duplicates=pasted.duplicates,
            errors=[asdict(error) for error in pasted.errors],
            error_count=pasted.error_count,
        )
        newest_first = PathList.objects.filter(person=user).order_by("-created_at").values_list("pk", flat=True)
        PathList.objects.filter(pk__in=list(newest_first[MOST_STORED : 2 * MOST_STORED])).delete()
    return path_list


def get_list(*, user: Person, list_id: uuid.UUID) -> PathList:
    """The person's own list. Raises Http404 for another's, and for one that was deleted."""
    path_list = PathList.objects.filter(pk=list_id, person=user).first()
    if path_list is None:
        raise Http404
    return path_list
