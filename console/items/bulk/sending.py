"""Sending one signal to many work items (P14), a hundred at a time, each of them once."""

from accounts.models import Person
from console.items.models import BulkSignal

KIND = "items.bulk"


def start(bulk: BulkSignal) -> None:
    """Sends the items of the plan as a job, or lets them wait REVIEW_GRACE first. Of two presses the second does
    nothing."""


def take_back(*, user: Person, bulk: BulkSignal) -> bool:
    """Whether it was taken back and is never sent; False where it is being sent already."""
    return False


def stop(*, user: Person, bulk: BulkSignal) -> bool:
    """Nothing further is sent once the part on its way is finished; False where nothing is under way."""
    return False


def carry_on(*, user: Person, bulk: BulkSignal) -> bool:
    """Lets a paused one go on; False where it isn't paused."""
    return False
