"""Which files of a list exist and how large they are: one P2 for all of them, then a HEAD for each, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db import models
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.models import Person
from console.common import parallel
from console.files.models import PathList
from console.upstream.downloads import Measured
from console.upstream.errors import (
    Invalid,
    LinkExpired,
    NotFound,
    OtherRefusal,
    OutOfTime,
    UpstreamError,
)

AT_ONCE = 16
MOST_CALLS = 42
"""P2 refuses all paths of a call for one that it doesn't take. Calls are halved then: two such paths are found."""

NO_LINK = "CloudFactory gave no link to it."
REFUSED = "CloudFactory doesn’t accept this path."
NO_RIGHT = "The file store refuses access to it. Some stores answer so where there is no such file."
OUT_OF_TIME = "The time for this page was used up before everything was checked."


class State(models.TextChoices):
    UNCHECKED = "", "Not checked"
    EXISTS = "exists", "Exists"
    MISSING = "missing", "Not there"
    NO_RIGHT = "no-right", "No access"
    UNKNOWN = "unknown", "Unknown"  # The store gave no clear answer.


UNSETTLED = (State.UNCHECKED, State.UNKNOWN)


@dataclass(frozen=True)
class PathCheck:
    """What is known of one path: `size` in bytes where the store tells it, `message` where it needs words."""

    state: State = State.UNCHECKED
    size: int | None = None
    message: str = ""

    def stored(self) -> tuple[str, int | None, str]:
        return self.state.value, self.size, self.message


def read_checks(path_list: PathList) -> list[PathCheck]:
    """One for each of the list's paths."""
    checks = [PathCheck(State(state), size, message) for state, size, message in path_list.found]
    return checks or [PathCheck()] * len(path_list.paths)


def check_list(*, user: Person, path_list: PathList, is_again: bool = False) -> None:
    """Checks what is not settled yet, or everything again, as far as the request's time allows, and stores it.

    Raises nothing of the vendor's: `path_list.problem` says why a check ended early.
    """
    checks = [PathCheck()] * len(path_list.paths) if is_again else read_checks(path_list)
    numbers = [number for number, one in enumerate(checks) if one.state in UNSETTLED]
    check = _ListCheck(user, path_list.space)
    for number, one in zip(numbers, check.run([path_list.paths[number] for number in numbers]), strict=True):
        checks[number] = one
    path_list.found = [one.stored() for one in checks]
    path_list.problem, path_list.checked_at = check.problem[:500], timezone.now()
    path_list.save(update_fields=["found", "problem", "checked_at"])


def sign_paths(*, user: Person, space: str, paths: Sequence[str]) -> tuple[dict[str, str], dict[str, PathCheck]]:
    """A fresh link for each path that CloudFactory gives one for, stored nowhere; and what is known of the others.

    One call, and more only where P2 refuses it. Raises every other error of CloudFactory.
    """
    signing = _Signing(user, space)
    links, refused = signing.sign(paths)
    no_link = PathCheck(State.NO_RIGHT, None, NO_LINK)
    return links, {path: refused.get(path, no_link) for path in paths if path not in links}


class _Signing:
    def __init__(self, user: Person, space: str) -> None:
        self.user, self.space, self.calls = user, space, 0

    def sign(self, paths: Sequence[str]) -> tuple[dict[str, str], dict[str, PathCheck]]:
        self.calls += 1
        try:
            signed_links = connections.cloudfactory(self.user).download_links(self.space, paths)
            return {link.path: link.signed_url for link in signed_links}, {}
        except Invalid as error:
            if len(paths) == 1:
                return {}, {paths[0]: PathCheck(State.NO_RIGHT, None, REFUSED)}
            if self.calls >= MOST_CALLS:
                return {}, dict.fromkeys(paths, PathCheck(State.UNKNOWN, None, error.message))
        half = len(paths) // 2
        links, refused = self.sign(paths[:half])
        more_links, more_refused = self.sign(paths[half:])
        return links | more_links, refused | more_refused


class _ListCheck:
    def __init__(self, user: Person, space: str) -> None:
        self.user, self.space, self.problem = user, space, ""

    def run(self, paths: Sequence[str]) -> list[PathCheck]:
        if not paths:
            return []
        try:
            urls, checks = sign_paths(user=self.user, space=self.space, paths=paths)
        except (UpstreamError, ConnectionMissing) as error:
            self.problem = error.message
            return [PathCheck()] * len(paths)
        storage = connections.storage()
        measured = parallel.gather(
            [partial(storage.measure, url) for url in urls.values()], errors=UpstreamError, at_once=AT_ONCE
        )
        checks |= dict(zip(urls, map(self._read_answer, measured), strict=True))
        return [checks[path] for path in paths]

    def _read_answer(self, answer: Measured | UpstreamError) -> PathCheck:
        if isinstance(answer, Measured):
            return PathCheck(State.EXISTS, answer.total)
        if isinstance(answer, NotFound):
            return PathCheck(State.MISSING)
        if isinstance(answer, LinkExpired | OtherRefusal):
            # The link is a moment old.
            return PathCheck(State.NO_RIGHT, None, NO_RIGHT)
        if isinstance(answer, OutOfTime):
            self.problem = OUT_OF_TIME
            return PathCheck()
        return PathCheck(State.UNKNOWN, None, answer.message)
