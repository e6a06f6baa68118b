"""Failures on request: by a rule (`POST /_emulator/faults`) or by a name a person can type (`fail-503`, `slow-5`).

Some happen instead of the act, some after it. `DIFFERENCES.md` has the table.
"""

import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from console.emulator.wire import Answer, Request, json_answer

_KINDS = "500|502|503|429|400|401|403|404|409|html|garbage|truncated|empty|reset|drop-after|huge|redirect"
_SLOW = r"slow-\d{1,4}(?:\.\d{1,3})?"
NAMED = re.compile(rf"(?:fail-({_KINDS})|(?:fail-)?({_SLOW}))(?!\w)")
FAULT_NAME = re.compile(f"{_KINDS}|{_SLOW}")
INSTEAD = frozenset({"500", "502", "503", "429", "400", "401", "403", "404", "409", "html", "reset", "redirect"})
ITEM_FAULTS = ("error", "missing", "other spelling", "twice")
HUGE = 64 * 1024 * 1024
WORDS = {
    "500": "Internal server error.",
    "502": "Bad gateway.",
    "503": "Service temporarily unavailable.",
    "429": "Request was throttled. Expected available in 7 seconds.",
    "400": "The request is not valid.",
    "401": "Invalid API key.",
    "403": "You do not have permission to perform this action.",
    "404": "Not found.",
    "409": "The status has changed meanwhile.",
}
HTML = b"<!doctype html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


@dataclass(frozen=True)
class Stage:
    """What a fault needs to know of the listener it happens on."""

    words_in: str
    elsewhere: str
    sleep: Callable[[float], Any]


@dataclass
class Rule:
    method: str
    path: str
    fault: str
    times: int

    def fits(self, method: str, target: str) -> bool:
        """The expression may be about the path alone or about path and query."""
        if self.method not in ("*", method):
            return False
        return any(re.search(self.path, text) for text in {target, target.partition("?")[0]})


@dataclass
class ItemFault:
    """What goes wrong with the next signals to one work item (`fail_items`); `times` 0 means until it is taken away."""

    how: str
    times: int
    words: str
    is_done: bool


@dataclass
class Faults:
    rules: list[Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, rule: Rule) -> None:
        with self._lock:
            self.rules.append(rule)

    def clear(self) -> None:
        with self._lock:
            self.rules.clear()

    def take(self, method: str, target: str) -> str | None:
        """The first rule that fits, used up once; zero or fewer times means until it is deleted."""
        with self._lock:
            for rule in self.rules:
                if rule.fits(method, target):
                    if rule.times == 1:
                        self.rules.remove(rule)
                    elif rule.times > 1:
                        rule.times -= 1
                    return rule.fault
        return None


def rule_from(data: Any) -> Rule:
    """ValueError with a sentence if it makes no sense."""
    if not isinstance(data, dict) or not FAULT_NAME.fullmatch(str(data.get("fault", "")).removeprefix("fail-")):
        raise ValueError(f"fault must be one of {FAULT_NAME.pattern.replace('|', ' ')}")
    path = str(data.get("path") or ".")
    try:
        re.compile(path)
    except re.error as error:
        raise ValueError(f"path is not a regular expression: {error}") from None
    times = data.get("times", 1)
    if not isinstance(times, int):
        raise ValueError("times must be an integer")
    return Rule(str(data.get("method") or "*").upper(), path, str(data["fault"]).removeprefix("fail-"), times)


def named(name: str) -> str | None:
    """The fault that a slice, batch, export or file asks for by its name; more words may follow."""
    match = NAMED.match(name)
    return (match[1] or match[2]) if match else None


def without(file_name: str) -> str:
    """The file name behind the fault that it asks for: `coin.jpg` for `fail-503-coin.jpg`."""
    match = NAMED.match(file_name)
    return file_name[match.end() :].lstrip("-_ ") if match else file_name


def happen(fault: str, request: Request, act: Callable[[], Answer], stage: Stage) -> Answer:
    """`act` is only called by the faults that come after it; what it refuses is answered as it is."""
    if fault in INSTEAD:
        return _instead(fault, stage)
    answer = act()
    if fault.startswith("slow-"):
        stage.sleep(float(fault.removeprefix("slow-")))
        return answer
    return _after(fault, request, answer) if answer.is_done else answer


def _instead(fault: str, stage: Stage) -> Answer:
    if fault == "reset":
        return Answer(0, ending="reset")
    if fault == "html":
        return Answer(502, HTML, {"Content-Type": "text/html"})
    if fault == "redirect":
        return Answer(302, headers={"Location": stage.elsewhere})
    more = {"Retry-After": "7"} if fault == "429" else None
    return json_answer(int(fault), {stage.words_in: WORDS[fault]}, more)


def _after(fault: str, request: Request, answer: Answer) -> Answer:
    if fault == "drop-after":
        return Answer(0, ending="drop")
    if fault == "empty":
        return Answer(answer.status, headers=answer.headers)
    status = 200 if answer.status == 204 else answer.status  # these need an answer that has a body
    headers = {"Content-Type": "application/json", **answer.headers}
    if fault == "garbage":
        return Answer(status, b'{"results": [\x00\xff\xfe not json', headers)
    if fault == "truncated":
        return _truncated(replace(answer, status=status, headers=headers))
    return _huge(status, headers, "gzip" in request.headers.get("Accept-Encoding", ""))


def _truncated(answer: Answer) -> Answer:
    """The whole length is promised, half of it comes."""
    length = answer.length if answer.length is not None else len(answer.body)
    whole = answer.stream if answer.stream is not None else iter((answer.body,))
    return replace(answer, body=b"", stream=_first(whole, length // 2), length=max(length, 2), ending="close")


def _first(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    for piece in pieces:
        if count <= 0:
            return
        yield piece[:count]
        count -= len(piece)


def _huge(status: int, headers: Mapping[str, str], packed: bool) -> Answer:
    """64 MiB of JSON; small on the wire for who takes gzip, as the nastiest of answers would be."""
    if packed:
        return Answer(status, _packed(), {**headers, "Content-Encoding": "gzip"})
    return Answer(status, headers=headers, stream=_filler(), length=HUGE)


@lru_cache(maxsize=1)
def _packed() -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return b"".join(packer.compress(piece) for piece in _filler()) + packer.flush()


def _filler() -> Iterator[bytes]:
    head, tail = b'{"results": [], "items": [], "filler": "', b'"}'
    yield head
    remaining = HUGE - len(head) - len(tail)
    while remaining > 0:
        piece = b"x" * min(remaining, 65536)
        remaining -= len(piece)
        yield piece
    yield tail
