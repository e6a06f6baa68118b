"""Jobs as their pages show them: to administrators all, to a person the ones that they started."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from console.common import polling
from console.common.formatting import number, plural
from console.jobs import handlers, selectors
from console.jobs.models import Operation, State

TONES = {State.RUNNING: "info", State.PAUSED: "warn", State.DONE: "good", State.FAILED: "bad"}


@dataclass(frozen=True)
class JobRow:
    operation: Operation
    ended_parts: int
    all_parts: int

    @property
    def title(self) -> str:
        return handlers.title_of(self.operation)

    @property
    def state(self) -> str:
        if self.operation.is_stopping:
            return "Stopping"
        return str(self.operation.get_state_display())

    @property
    def tone(self) -> str:
        return TONES.get(State(self.operation.state), "quiet")

    @property
    def is_moving(self) -> bool:
        return self.operation.state == State.RUNNING

    @property
    def time(self) -> datetime:
        """When it ended, or when somebody looks next."""
        return self.operation.finished_at or self.operation.due_at

    @property
    def own_time(self) -> datetime:
        """When it ended, or when the person started it."""
        return self.operation.finished_at or self.operation.created_at

    @property
    def parts(self) -> str:
        """`12 of 50 parts`; empty for a job without parts."""
        return f"{number(self.ended_parts)} of {plural(self.all_parts, 'part')}" if self.all_parts else ""

    @cached_property
    def address(self) -> str:
        return handlers.address_of(self.operation)

    @property
    def can_stop(self) -> bool:
        return not self.operation.is_stopping and handlers.stop_control(self.operation) is not None

    @property
    def can_carry_on(self) -> bool:
        return handlers.carry_on_control(self.operation) is not None


@dataclass(frozen=True)
class OwnJobs:
    unfinished: list[JobRow]
    finished: list[JobRow]
    look: int

    @property
    def next_look(self) -> int:
        return self.look + 1

    @property
    def delay(self) -> int | None:
        """Seconds until the page looks again; None once nothing changes by itself any more."""
        is_at_rest = all(row.operation.state == State.PAUSED for row in self.unfinished)
        return None if is_at_rest else polling.JOBS.delay(self.look - 1)


def rows(operations: Sequence[Operation]) -> list[JobRow]:
    counts = selectors.count_parts(operations)
    return [JobRow(operation, *counts.get(operation.pk, (0, 0))) for operation in operations]
