"""Where a browser gets the pictures of work items: signed for the moment, or a sentence why there is none."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from accounts import connections
from accounts.models import Person
from console.common.formatting import picture_url
from console.projects import selectors as projects
from console.upstream.errors import Invalid, KeyRejected, UpstreamError
from console.upstream.response_models import WorkItem
from console.upstream.storage_paths import PathRefused, path_in_space

MOST_ADDRESS = 8_000

NO_FILE = "CloudFactory names no file for this item."
OTHER_HOST = "The file is on a site that this console does not load pictures from."
NO_LINK = "CloudFactory sent no usable link for this file."


@dataclass(frozen=True)
class Picture:
    """`url` is safe as the `src` of a picture. If it is empty, `reason` is a sentence that says why.

    Signed links are good for minutes and let anybody in: they are used in the page that asked, and kept nowhere.
    """

    url: str = field(default="", repr=False)
    reason: str = ""


def is_on_web(item: WorkItem) -> bool:
    """Whether the file has its own web address, which is used unchanged or not at all."""
    return (item.asset_url or "").lower().startswith(("http:", "https:"))


def sign_pictures(*, user: Person, project: uuid.UUID, items: Sequence[WorkItem]) -> dict[str, Picture]:
    """The picture of each item by its id, items without an id left out.

    One call to P2 for all files in the project's space, none where nothing has to be signed. A file that cannot be
    asked for never takes another along, and a failed call is the reason at each picture; only KeyRejected is raised.
    """
    space = projects.space_of(user=user, project=project).id
    pictures: dict[str, Picture] = {}
    paths: dict[str, str] = {}
    for item in items:
        address = item.asset_url or ""
        if not item.id:
            continue
        if is_on_web(item):
            pictures[item.id] = _checked(address, OTHER_HOST)
            continue
        try:
            paths[item.id] = path_in_space(space, address)
        except PathRefused as refused:
            pictures[item.id] = Picture(reason=_reason(address, refused))
    return pictures | _signed(user, space, paths)


def _reason(address: str, refused: PathRefused) -> str:
    return f"The file's address can't be used. {refused}" if address else NO_FILE


def _checked(address: str, reason: str) -> Picture:
    url = picture_url(address) if len(address) <= MOST_ADDRESS else ""
    return Picture(url) if url else Picture(reason=reason)


def _signed(user: Person, space: str, paths: Mapping[str, str]) -> dict[str, Picture]:
    if not paths:
        return {}
    try:
        links = _links(user, space, list(dict.fromkeys(paths.values())))
    except KeyRejected:
        raise
    except UpstreamError as error:
        return {item: Picture(reason=error.message) for item in paths}
    return {
        item: _checked(links[path], OTHER_HOST) if path in links else Picture(reason=NO_LINK)
        for item, path in paths.items()
    }


def _links(user: Person, space: str, paths: Sequence[str]) -> dict[str, str]:
    """Links by path. If CloudFactory refuses a name, the plain ones are requested again without the others."""
    platform = connections.cloudfactory(user)
    plain = [path for path in paths if path.isprintable()]
    try:
        links = platform.download_links(space, paths)
    except Invalid:
        if not plain or len(plain) == len(paths):
            raise
        links = platform.download_links(space, plain)
    return {link.path: link.signed_url for link in links}
