"""The COCO file of one work item: the annotation that names it (P18) and a link to it (P2)."""

import uuid

from accounts import connections
from accounts.models import Person
from console.common.parsing import read_uuid
from console.items.selectors import VENDOR
from console.projects import selectors as projects
from console.upstream.downloads import Download
from console.upstream.errors import Invalid, NotFound, OtherRefusal, Unreadable
from console.upstream.response_models import Annotation
from console.upstream.storage_paths import PathRefused, path_in_space

FILE_GONE = "The label file is no longer in CloudFactory's file store."


def find_annotation(*, user: Person, project: uuid.UUID, item: uuid.UUID) -> Annotation | None:
    """The annotation, None where it is 404; with its COCO file's address where CloudFactory takes `format=coco`.

    Raises Unreadable for that of another item or project, and everything else that P18 can end with.
    """
    platform = connections.cloudfactory(user)
    try:
        try:
            annotation = platform.get_annotation(str(project), str(item), coco=True)
        except (Invalid, OtherRefusal):
            annotation = platform.get_annotation(str(project), str(item))
    except NotFound:
        return None
    of_item, of_project = read_uuid(annotation.work_item_id), read_uuid(annotation.project_id)
    if of_item not in (item, None) or of_project not in (project, None):
        raise Unreadable("CloudFactory answered with the labels of another item.", vendor=VENDOR, changes=False)
    return annotation


def open_file(*, user: Person, project: uuid.UUID, annotation: Annotation, limit: int | None = None) -> Download:
    """The COCO file by a fresh link. Raises Unreadable for an unusable address, NotFound, and all that a call can."""
    link = sign_file(user=user, project=project, annotation=annotation)
    try:
        return connections.storage().stream(link, limit=limit)
    except NotFound as error:
        error.message = FILE_GONE
        raise


def sign_file(*, user: Person, project: uuid.UUID, annotation: Annotation) -> str:
    space = projects.space_of(user=user, project=project).id
    try:
        path = path_in_space(space, annotation.coco_results_url or "")
    except PathRefused as refused:
        text = f"CloudFactory's address of the label file can't be used. {refused}"
        raise Unreadable(text, vendor=VENDOR, changes=False) from None
    links = connections.cloudfactory(user).download_links(space, [path])
    if not links:
        raise NotFound("CloudFactory gave no link to the label file.", vendor=VENDOR, changes=False)
    return links[0].signed_url
