"""Which operation meets which fault at which call, in full and in the form that is part of the suite."""

from collections import Counter

from tests.faults.driver import Stage, Target
from tests.faults.operations import OPERATIONS, Operation
from tests.faults.proxy import Fault
from tests.faults.table import FAULTS, QUICK, SLOW

Way = tuple[Target, Fault, bool]
"""The call that is hit, by what, and whether the page is asked by htmx."""

FIRST_PAGES = 1
"""So many operations meet the whole table at a call they share; the others meet one fault of each kind."""
KINDS = (
    "refused 401",
    "refused 403",
    "refused 404",
    "refused 409",
    "refused 422",
    "429 Retry-After 7",
    "500, not performed",
    "503, performed",
    "302 elsewhere",
    "200 HTML, performed",
    "200 null, performed",
    "200 other shape, performed",
    "204, performed",
    "ids are a number",
    "ids are null",
    "ids are a path",
    "ids are 300 letters",
    "every value null",
    "every value a text",
    "next is without a cursor",
    "truncated answer",
    "connection refused",
    "reset before it is performed",
    "silence, performed",
)


def ways(operation: Operation) -> list[bool]:
    """With htmx or without: True is with."""
    return ([False] if operation.plain else []) + ([True] if operation.htmx else [])


def is_write(operation: Operation, target: Target) -> bool:
    if operation.writes is None or operation.looks_up:
        return False
    vendor, method, path = operation.writes
    return (vendor, method) == (target.vendor, target.method) and target.matches(path)


def faults_for(operation: Operation, target: Target, earlier: int) -> list[Fault]:
    """A write meets the whole table. So does a read, unless so many operations made the same call `earlier`."""
    if is_write(operation, target):
        return [*QUICK, *SLOW]
    if operation.writes is not None or earlier >= FIRST_PAGES:
        return [FAULTS[name] for name in KINDS]
    is_file = target.vendor == "storage"
    return [fault for fault in (*QUICK, *SLOW) if not fault.stale and not (is_file and fault.shapes)]


def everything(stage: Stage) -> dict[str, list[Way]]:
    """Every cell of every operation. Each operation is done once while all is well, to see what it calls."""
    shared: Counter[Target] = Counter()
    found: dict[str, list[Way]] = {}
    for name, operation in OPERATIONS.items():
        found[name] = []
        for htmx in ways(operation):
            for target in stage.targets(operation, htmx=htmx):
                found[name] += [(target, fault, htmx) for fault in faults_for(operation, target, shared[target])]
                shared[target] += 1
    return found
