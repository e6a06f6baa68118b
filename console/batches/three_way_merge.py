"""Two people changed one order: a third order that keeps what both did, predictable and always the same.

Theirs is taken, and the batches you moved are put where you put them: each directly under the batch that stands above
it in yours, from the top down. Where both of you moved the same batch, yours counts. What is new in theirs stays.

`order_services.save_order` compares the order with the one that a colleague saved meanwhile.
"""

from collections.abc import Sequence

from console.batches.order_diff import find_moved


def merge_orders(base: Sequence[int], yours: Sequence[int], theirs: Sequence[int]) -> tuple[int, ...]:
    """The suggestion. A batch that is in one of the lists alone is kept if it is in theirs."""
    was = {batch_id: rank for rank, batch_id in enumerate(base)}
    here = set(theirs)
    common = [batch_id for batch_id in yours if batch_id in was]
    moved_ranks = find_moved([was[batch_id] for batch_id in common])
    moved = {batch_id for batch_id in common if was[batch_id] in moved_ranks and batch_id in here}
    order = [batch_id for batch_id in theirs if batch_id not in moved]
    above: int | None = None
    for batch_id in yours:
        if batch_id in moved:
            order.insert(0 if above is None else order.index(above) + 1, batch_id)
        if batch_id in here:
            above = batch_id
    return tuple(order)
