"""Failures on request: by a rule (`POST /_emulator/faults`) or by a name a person can type (`fail-503`, `slow-5`).

Some happen instead of the act, some after it. `DIFFERENCES.md` has the table.
"""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from console.emulator.wire import Answer, json_answer

_KINDS = "500|502|503|429|401|403|html|garbage|truncated|empty|reset|drop-after|huge|redirect"
_SLOW = r"slow-\d{1,4}"
NAMED = re.compile(rf"(?:fail-({_KINDS})|({_SLOW}))(?!\w)")
KNOWN = re.compile(f"{_KINDS}|{_SLOW}")
INSTEAD = frozenset({"500", "502", "503", "429", "401", "403", "html", "reset", "redirect"})
HUGE = 64 * 1024 * 1024
WORDS = {
    "500": "Internal server error.",
    "502": "Bad gateway.",
    "503": "Service temporarily unavailable.",
    "429": "Request was throttled. Expected available in 7 seconds.",
    "401": "Invalid API key.",
    "403": "You do not have permission to perform this action.",
}
HTML = b"<!doctype html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


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
    if not isinstance(data, dict) or not KNOWN.fullmatch(str(data.get("fault", "")).removeprefix("fail-")):
        raise ValueError(f"fault must be one of {KNOWN.pattern.replace('|', ' ')}")
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
    """The fault that a slice, batch or export asks for by its name; more words may follow."""
    found = NAMED.match(name)
    return (found[1] or found[2]) if found else None


def happen(
    fault: str, act: Callable[[], Answer], *, words_in: str, elsewhere: str, sleep: Callable[[float], Any]
) -> Answer:
    """`act` is only called by the faults that come after it; what it refuses is answered as it is."""
    if fault in INSTEAD:
        return _instead(fault, words_in, elsewhere)
    answer = act()
    if fault.startswith("slow-"):
        sleep(float(fault.removeprefix("slow-")))
        return answer
    return _after(fault, answer) if answer.done else answer


def _instead(fault: str, words_in: str, elsewhere: str) -> Answer:
    if fault == "reset":
        return Answer(0, ending="reset")
    if fault == "html":
        return Answer(502, HTML, {"Content-Type": "text/html"})
    if fault == "redirect":
        return Answer(302, headers={"Location": elsewhere})
    more = {"Retry-After": "7"} if fault == "429" else None
    return json_answer(int(fault), {words_in: WORDS[fault]}, more)


def _after(fault: str, answer: Answer) -> Answer:
    headers = dict(answer.headers)
    if fault == "drop-after":
        return Answer(0, ending="drop")
    if fault == "garbage":
        return Answer(answer.status, b'{"results": [\x00\xff\xfe not json', headers)
    if fault == "empty":
        return Answer(answer.status, b"", headers)
    if fault == "truncated":
        return _truncated(answer, headers)
    return Answer(
        answer.status, headers=headers, stream=_huge(b'{"results": [], "items": [], "filler": "'), length=HUGE
    )


def _truncated(answer: Answer, headers: dict[str, str]) -> Answer:
    """The whole length is promised, half of it comes."""
    length = answer.length if answer.length is not None else len(answer.body)
    whole = answer.stream if answer.stream is not None else iter((answer.body,))
    return Answer(
        answer.status, headers=headers, stream=_first(whole, length // 2), length=max(length, 2), ending="close"
    )


def _first(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    for piece in pieces:
        if count <= 0:
            return
        yield piece[:count]
        count -= len(piece)


def _huge(head: bytes) -> Iterator[bytes]:
    yield head
    left = HUGE - len(head) - 2
    while left > 0:
        piece = b"x" * min(left, 65536)
        left -= len(piece)
        yield piece
    yield b'"}'
