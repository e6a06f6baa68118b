"""What the workers run: each app registers its kinds of jobs in `apps.py`, and what it does every minute or night."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import NoReverseMatch

from console.jobs.models import UNFINISHED, Operation, State
from console.jobs.queues import Queue


@dataclass(frozen=True)
class Done:
    message: str = ""


@dataclass(frozen=True)
class Retry:
    """Run again in so many seconds; no attempt is spent."""

    seconds: float
    message: str = ""


@dataclass(frozen=True)
class Abandoned:
    """It cannot be done and trying again would not help."""

    message: str


@dataclass(frozen=True)
class Paused:
    """It waits until somebody lets it carry on."""

    message: str


Result = Done | Retry | Abandoned | Paused
Run = Callable[[Operation], Result]
OnAbandon = Callable[[Operation, str], None]
Address = Callable[[Operation], str]
# True where it did what its button says.
Control = Callable[[Operation], bool]


@dataclass(frozen=True)
class Handler:
    """How one kind of job is run, named and controlled."""

    run: Run
    title: str = ""
    on_abandon: OnAbandon | None = None
    queue: Queue = Queue.QUICK
    is_long: bool = False
    address: Address | None = None
    stop: Control | None = None
    carry_on: Control | None = None


HANDLERS: dict[str, Handler] = {}
EVERY_MINUTE: list[Callable[[], None]] = []
EVERY_NIGHT: list[Callable[[], None]] = []


def register(
    kind: str,
    run: Run,
    *,
    title: str,
    on_abandon: OnAbandon | None = None,
    queue: Queue = Queue.QUICK,
    is_long: bool = False,
    address: Address | None = None,
    stop: Control | None = None,
    carry_on: Control | None = None,
) -> None:
    """`run` may be called more than once for one row: what it writes upstream goes through `audit.record` under an id
    kept with the row, so that a second call finds the first. An exception counts as a failed attempt.

    `title` names the job in lists. `on_abandon` is called, with the sentence for it, when the job failed for good or
    its person was disabled.

    What can take minutes belongs to the bulk queue, so that no export waits for it. What takes them in one piece is
    long: such jobs never have all workers of a machine, so that one in parts gets its turn.

    `address` is the page of what the job is about, made of the row alone: a list of jobs asks it for each. `stop` and
    `carry_on` are what their buttons on the page of the person's own jobs do; without them there are no such buttons.
    """
    HANDLERS[kind] = Handler(run, title, on_abandon, queue, is_long, address, stop, carry_on)


def every_minute(function: Callable[[], None]) -> None:
    """`function` runs with each sweep: for what a killed process left behind without any row here."""
    if function not in EVERY_MINUTE:
        EVERY_MINUTE.append(function)


def every_night(function: Callable[[], None]) -> None:
    """`function` deletes what is not needed any more."""
    if function not in EVERY_NIGHT:
        EVERY_NIGHT.append(function)


def title_of(operation: Operation) -> str:
    """The kind itself for one that is no longer registered."""
    handler = HANDLERS.get(operation.kind)
    return handler.title if handler and handler.title else operation.kind


def queue_of(kind: str) -> Queue:
    return HANDLERS[kind].queue if kind in HANDLERS else Queue.QUICK


def bulk_kinds() -> list[str]:
    return [kind for kind, handler in HANDLERS.items() if handler.queue == Queue.BULK]


def long_kinds() -> list[str]:
    return [kind for kind, handler in HANDLERS.items() if handler.is_long]


def address_of(operation: Operation) -> str:
    """The page of what it is about, or nothing."""
    handler = HANDLERS.get(operation.kind)
    try:
        return handler.address(operation) if handler and handler.address else ""
    except NoReverseMatch:
        return ""


def abandon(operation: Operation, message: str) -> None:
    """Tells the app that the job failed for good or lost its person."""
    handler = HANDLERS.get(operation.kind)
    if handler and handler.on_abandon:
        handler.on_abandon(operation, message)


def stop_control(operation: Operation) -> Control | None:
    """What its stop button does; None where it has no such button now."""
    handler = HANDLERS.get(operation.kind)
    return handler.stop if handler and operation.state in UNFINISHED else None


def carry_on_control(operation: Operation) -> Control | None:
    """What the button that lets it carry on does; None where it has no such button now."""
    handler = HANDLERS.get(operation.kind)
    return handler.carry_on if handler and operation.state == State.PAUSED else None
