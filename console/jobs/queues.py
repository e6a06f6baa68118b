"""The two queues of background jobs, each with its own workers, so that neither keeps the other waiting."""

from enum import StrEnum


class Queue(StrEnum):
    QUICK = "quick"
    """What somebody waits for: exports started and watched, unknown outcomes looked up."""
    BULK = "bulk"
    """What can take minutes: files read for their receipts, the audit's chain checked."""
