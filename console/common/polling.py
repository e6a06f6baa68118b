"""How often and how long pages and jobs ask again for something that changes by itself: one table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """`delays` are the seconds before each next look, the last one repeats; `most_looks` is when a page stops."""

    delays: tuple[int, ...]
    most_looks: int

    def seconds(self, look: int) -> int:
        """Seconds to wait after look number `look`, counted from 0, without a limit."""
        return self.delays[min(max(look, 0), len(self.delays) - 1)]

    def delay(self, look: int) -> int | None:
        """Like `seconds`; None once it is time to stop."""
        return None if look >= self.most_looks else self.seconds(look)


SLICE_BUILD = Schedule((2, 4, 8, 16, 30), most_looks=60)  # not quite half an hour
EXPORT = Schedule((2, 4, 8, 15, 30), most_looks=200)
JOBS = Schedule((2, 4, 8, 15, 30), most_looks=200)
RUN_PLAN = Schedule((1, 1, 2, 2, 3, 3, 5), most_looks=400)
RUN = Schedule((1, 1, 2, 2, 3, 3, 5), most_looks=720)
DECISION = Schedule((1, 1, 1, 2, 2, 3, 3, 5, 5, 10), most_looks=60)
NEWS = Schedule((4, 4, 8, 15, 30), most_looks=200)

PAUSED_RUN_DELAY = 10
CHAIN_CHECK_DELAY = 2
"""Seconds between two looks at what can take long or is waiting for a person; without a limit."""
