"""One cell: somebody does one thing while one fault is on. What came of it is judged against what the vendor did."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client

from accounts import vendor_status
from accounts.models import ApiKey, Person
from console.audit import reconciliation
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry
from console.emulator.server import Running
from tests.conftest import PASSWORD
from tests.faults.browser import Browser, Seen
from tests.faults.operations import Desk, Operation
from tests.faults.proxy import Fault, Proxy, Received, closed_port
from tests.faults.table import MARK

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NUMBER = re.compile(r"(?<=/)[0-9]+(?=/|$)")
_ANY_UUID, _ANY_NUMBER = "[0-9a-f-]{36}", "[0-9]+"
_SAYS_DONE = re.compile(
    r"\b(was|is|are|were) (made|created|saved|renamed|deleted)\b|order is as it was before|earlier order is back|"
    r"\b(was|is|has been) started\b|works and is saved",
    re.I,
)
_UNSURE = re.compile(r"know whether|not known|whether .{0,80} (was|were)|if it was|no clear answer", re.I)
_SAYS_NOTHING = re.compile(
    r"nothing was (sent|changed|started|deleted|created|made|saved)|not (sent|started|deleted|created|saved)\b", re.I
)
_NONE = re.compile(r"\b(no|nothing|none|nobody) ", re.I)
_EXCUSED = re.compile(
    r"answer|reach|could not|cannot|did not|not be|refused|again|busy|wait|broke|know|read|allow|may not|missing|"
    r"was changed",
    re.I,
)


@dataclass(frozen=True)
class Target:
    """A call that an operation makes: what a fault can hit."""

    vendor: str
    method: str
    path: str
    """A pattern in which ids are left open."""

    def __str__(self) -> str:
        return f"{self.vendor} {self.method} {self.path}"

    def matches(self, pattern: str) -> bool:
        """Whether another pattern, which may name ids, finds a path of this one."""
        some = "00000000-0000-0000-0000-000000000000"
        path = self.path.strip("^$").replace(_ANY_UUID, some).replace(_ANY_NUMBER, "1")
        return re.search(_UUID.sub(some, pattern), path) is not None


@dataclass
class Cell:
    """What was done under which fault, and what was wrong about it."""

    operation: str
    htmx: bool
    target: str
    fault: str
    who: str = "operator"
    wrong: list[str] = field(default_factory=list)
    hit: bool = True

    def __str__(self) -> str:
        way = "htmx" if self.htmx else "plain"
        return f"{self.operation} ({way}, {self.who}) | {self.target} | {self.fault}"


class Stage:
    """The console in this process, a proxy, and the emulator behind it. Must be used inside a transaction."""

    def __init__(self, emulator: Running, proxy: Proxy, **people: Person) -> None:
        self.emulator, self.proxy, self.people = emulator, proxy, people
        self._tracebacks: list[str] = []

    def targets(self, operation: Operation, *, htmx: bool) -> list[Target]:
        """The different calls the operation makes while all is well, in their order."""
        with self.fresh():
            desk = self.desk("operator", confirmed=operation.confirmed)
            operation.arrange(desk)
            before = len(self.proxy.received)
            operation.press(desk, htmx)
            found = self.proxy.received[before:]
        return list(dict.fromkeys(target_of(one) for one in found))

    def words(
        self, operation: Operation, target: Target | None = None, fault: Fault | None = None
    ) -> tuple[str, list[str]]:
        """The words and the links inside of the page, with or without a fault."""
        with self.fresh():
            desk = self.desk("operator")
            operation.arrange(desk)
            if target and fault:
                self.proxy.apply(target.vendor, target.method, target.path, fault)
            page = operation.press(desk, not operation.plain).page
            return page.words, [link for link in page.links if link.startswith("/") and "?" not in link]

    def play(self, operation: Operation, target: Target, fault: Fault, *, htmx: bool, who: str = "operator") -> Cell:
        cell = Cell(operation.name, htmx, str(target), fault.name, who)
        with self.fresh():
            try:
                self._play(cell, operation, target, fault)
            except Exception as error:  # A driver that stops at the first cell finds one fault a day.
                cell.wrong.append(f"the driver stopped: {type(error).__name__}: {str(error)[:200]}")
        return cell

    def _play(self, cell: Cell, operation: Operation, target: Target, fault: Fault) -> None:
        desk = self.desk(cell.who, confirmed=operation.confirmed)
        entries, before = set(Entry.objects.values_list("pk", flat=True)), len(self.proxy.received)
        operation.arrange(desk)
        only_reads = not operation.writes
        healthy = _words_of(operation.press(desk, cell.htmx)) if only_reads and not operation.looks_up else ""
        self._forget_failures()
        cache.clear()
        if not operation.looks_up:
            entries, before = set(Entry.objects.values_list("pk", flat=True)), len(self.proxy.received)
        with self._broken(target, fault):
            seen = operation.press(desk, cell.htmx)
            received = self.proxy.received[before:]
            # Judged before it heals: what the reconciler finds later is another statement.
            opened = Entry.objects.exclude(pk__in=entries).filter(kind=Entry.Kind.OPENING)
            acts = [one for one in opened if one.action.startswith(operation.action)]
            writes = writes_of(received, operation)
            cell.hit = fault.refused or any(one.fault for one in received)
            cell.wrong += self._answers(seen)
            cell.wrong += _headers(seen)
            if operation.looks_up:
                cell.wrong += _untrue(acts, writes, "the check")
            elif operation.writes:
                cell.wrong += _judge_write(operation, seen, acts, writes)
            else:
                cell.wrong += _judge_read(seen, healthy)
            if fault.stale:
                cell.wrong += self._believed(acts, writes)
        cell.wrong += self._healed(desk, operation, acts, writes)

    def failures(self) -> list[str]:
        """The exceptions that reached Django since this was last asked."""
        found = [f"an exception: {one}" for one in self._tracebacks]
        self._tracebacks.clear()
        return found

    def _answers(self, seen: Seen) -> list[str]:
        wrong = self.failures()
        return wrong or (["status 500"] if 500 in seen.statuses else [])

    def _believed(self, acts: list[Entry], writes: list[Received]) -> list[str]:
        """Stale reads: three looks in a row find nothing, and that cannot be taken for the truth."""
        for _ in range(3):
            self._look_up(acts)
        return _untrue(acts, writes, "three stale reads are believed")

    def _look_up(self, acts: list[Entry]) -> None:
        for act in acts:
            fresh = Entry.objects.get(pk=act.pk)
            if fresh.outcome in (OPEN, UNKNOWN) and reconciliation.can_look(fresh):
                reconciliation.look(fresh)

    def _healed(self, desk: Desk, operation: Operation, acts: list[Entry], writes: list[Received]) -> list[str]:
        """All is well again: pages open, and what is looked up is found as it is."""
        self.proxy.heal()
        self._forget_failures()
        wrong = []
        entries = [f"/audit/{act.pk}/" for act in acts]
        for address in dict.fromkeys([*operation.pages, "/", "/audit/", *entries]):
            seen = desk.browser.get(address)
            trouble = self._answers(seen) or ([f"status {seen.status}"] if seen.status >= 400 else [])
            wrong += [f"afterwards {address}: {one}" for one in trouble]
        self._look_up(acts)
        wrong += _untrue(acts, writes, "the look afterwards")
        if any(one.performed for one in writes):
            left = [
                one.action
                for one in acts
                if Entry.objects.get(pk=one.pk).outcome != DONE and reconciliation.can_look(one)
            ]
            wrong += [f"{action} was performed, and is not found so afterwards" for action in left]
        return wrong

    @contextmanager
    def _broken(self, target: Target, fault: Fault) -> Iterator[None]:
        if not fault.refused:
            self.proxy.apply(target.vendor, target.method, target.path, fault, hidden=MARK)
            yield
            return
        name = {"avala": "AVALA_BASE_URL", "cloudfactory": "CLOUDFACTORY_BASE_URL"}.get(target.vendor)
        shut = f"http://127.0.0.1:{closed_port()}"
        before = getattr(settings, name) if name else self.emulator.world.storage_url
        try:
            if name:
                setattr(settings, name, f"{shut}/api/v1")
            else:
                self.emulator.world.storage_url = shut
            yield
        finally:
            if name:
                setattr(settings, name, before)
            else:
                self.emulator.world.storage_url = before

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """A world in its first state, put back afterwards."""
        self.emulator.reset()
        self.emulator.act("set_pace", seconds=0)
        self.proxy.reset()
        cache.clear()
        self._tracebacks.clear()
        got_request_exception.connect(self._failed)
        point = transaction.savepoint()
        try:
            yield
        finally:
            got_request_exception.disconnect(self._failed)
            transaction.savepoint_rollback(point)
            self.proxy.heal()

    def _failed(self, **sent: Any) -> None:
        error = sys.exc_info()[1]
        trace = error.__traceback__ if error else None
        places = []
        while trace:
            places.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}")
            trace = trace.tb_next
        ours = [place for place in places if not place.startswith("site-packages")]
        self._tracebacks.append(f"{type(error).__name__}: {str(error)[:100]} at {' < '.join(reversed(ours[-3:]))}")

    def desk(self, who: str, *, confirmed: bool = False) -> Desk:
        """Somebody signed in; `confirmed` has just typed the password again, as changing keys and people needs."""
        client = Client(HTTP_HOST="localhost")
        client.force_login(self.people[who])
        if confirmed:
            client.post("/account/reauthenticate/", {"password": PASSWORD})
        return Desk(Browser(client), self.emulator, self.proxy)

    def _forget_failures(self) -> None:
        """The breaker's memory: its half minute is no part of a cell."""
        for vendor in ("avala", "cloudfactory"):
            for key in ("", *ApiKey.objects.values_list("fingerprint", flat=True)):
                health = vendor_status.health(vendor, key)
                health.seconds_until_allowed()
                health.record(True)


def target_of(one: Received) -> Target:
    path = _NUMBER.sub(_ANY_NUMBER, _UUID.sub(_ANY_UUID, one.path))
    return Target(one.vendor, one.method, f"^{path}$")


def _words_of(seen: Seen) -> str:
    return seen.page.words


def writes_of(received: list[Received], operation: Operation) -> list[Received]:
    if not operation.writes:
        return []
    vendor, method, path = operation.writes
    return [one for one in received if (one.vendor, one.method) == (vendor, method) and re.search(path, one.path)]


def _headers(seen: Seen) -> list[str]:
    policy = seen.headers.get("Content-Security-Policy", "")
    return [] if "default-src 'none'" in policy else [f"no policy on the answer of {seen.address}"]


def _judge_read(seen: Seen, healthy: str) -> list[str]:
    notices = [" ".join(one.split()) for one in seen.page.notices]
    told = [one for one in notices if one and one not in healthy and _NONE.match(one) and not _EXCUSED.search(one)]
    return [f"says it is empty: {one[:100]}" for one in told]


def _judge_write(operation: Operation, seen: Seen, acts: list[Entry], writes: list[Received]) -> list[str]:
    page = seen.page
    wrong = [f"{len(writes)} writes"] if len(writes) > 1 else []
    performed, sent = any(one.performed for one in writes), bool(writes)
    if sent and not acts:
        wrong.append("a write without an entry")
    wrong += _untrue(acts, writes, "the entry")
    wrong += ["the entry has no outcome"] if any(act.outcome == OPEN for act in acts) else []
    notices = " | ".join(" ".join(one.split()) for one in page.notices if one.strip())
    unknown = [act for act in acts if act.outcome == UNKNOWN]
    finished = any(act.outcome == DONE for act in acts)
    done = next((one[0] for one in _SAYS_DONE.finditer(notices)), "")
    if done and not performed and not _UNSURE.search(notices) and not _negated(notices):
        wrong.append(f"says “{done}”, which it was not: {notices[:160]}")
    if performed and not finished and _SAYS_NOTHING.search(_without_unsure(notices)):
        wrong.append(f"says nothing was done, which it was: {notices[:160]}")
    if sent and not performed and re.search(r"nothing was sent|\bnot sent\b", notices, re.I) and not finished:
        wrong.append(f"says nothing was sent, which it was: {notices[:160]}")
    if not finished and not _stays_on_the_page(seen):
        wrong += [f"typed text is lost: {text}" for text in operation.typed if not _holds(page, text)]
    for act in unknown:
        if f"/audit/{act.pk}/" not in page.links:
            wrong.append("unknown without a link to its entry")
        has_check = any(re.search(r"check|settle", form.action) for form in page.forms if form.method == "post")
        if has_check == operation.never_told:
            wrong.append(f"unknown with{'' if has_check else 'out'} a Check button")
    return wrong


def _stays_on_the_page(seen: Seen) -> bool:
    """Whether htmx leaves the form as it is: what is no answer to it goes beside it, as a notice."""
    beside = seen.headers.get("HX-Retarget") == "#notices" or seen.status not in {200, 409, 422}
    return seen.htmx and len(seen.statuses) == 1 and beside


def _negated(notices: str) -> bool:
    return bool(
        re.search(
            r"not (created|made|saved|renamed|deleted|started|changed)|nothing was|refus|could not", notices, re.I
        )
    )


def _without_unsure(notices: str) -> str:
    return " | ".join(one for one in notices.split(" | ") if not _UNSURE.search(one))


def _holds(page: Any, text: str) -> bool:
    return any(text in value for value in page.values) or text in page.words


def _untrue(acts: list[Entry], writes: list[Received], where: str) -> list[str]:
    """What the audit says about acts whose truth the proxy knows."""
    performed = any(one.performed for one in writes)
    wrong = []
    for act in acts:
        outcome = Entry.objects.get(pk=act.pk).outcome
        if performed and outcome == FAILED:
            wrong.append(f"{where}: {act.action} is “failed”, but it was performed")
        if not performed and outcome == DONE and writes:
            wrong.append(f"{where}: {act.action} is “done”, but it was not performed")
    return wrong
