"""The two queues of background jobs, each with its own workers, so that neither keeps the other waiting."""

from enum import StrEnum
from typing import Any


class Queue(StrEnum):
    QUICK = "quick"
    """What somebody waits for: exports started and watched, unknown outcomes looked up."""
    BULK = "bulk"
    """What can take minutes: files read for their receipts, the audit's chain checked."""


HUEYS: dict[Queue, Any] = {}
TASKS: dict[Queue, Any] = {}
"""What wakes a worker of each queue. `tasks.py` fills both when the app is ready."""
