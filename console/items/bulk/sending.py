"""Sending a plan to CloudFactory in parts."""

from console.items.models import BulkSignal


def start(bulk: BulkSignal) -> None:
    """Begins to send a plan that is ready; called within the transaction of the press."""
    raise NotImplementedError
