"""What the console remembers about orders: each one saved here, so that it can be undone, compared and restored."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from console.batches.order import Order, OrderPlace


class OrderSnapshot(models.Model):
    """One change of an order. It is written before the call; how that ended stands in the audit under `entry`.

    `before` and `after` are lists of `[batch id, number or null, name, finished]`, the batch worked on first at the
    top. Those of earlier versions of the console end with the name.
    """

    project = models.CharField(max_length=64)
    # The one-time id of the press, which is also the id of the audit's opening row.
    entry = models.UUIDField(unique=True)
    action = models.CharField(max_length=40)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    person_name = models.CharField(max_length=150)
    at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(max_length=500, blank=True)
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["project", "-id"], name="orders_of_project")]

    def __str__(self) -> str:
        return f"{self.action} by {self.person_name}"

    @property
    def order_before(self) -> Order:
        return _order(self.before)

    @property
    def order_after(self) -> Order:
        return _order(self.after)

    @property
    def names(self) -> dict[int, str]:
        """The batches' names as they were then."""
        return {row[0]: row[2] for row in [*self.before, *self.after]}


def snapshot_rows(order: Order, names: dict[int, str]) -> list[list[Any]]:
    return [[place.batch_id, place.number, names.get(place.batch_id, ""), place.finished] for place in order.places]


def _order(rows: Sequence[Sequence[Any]]) -> Order:
    return Order(tuple(OrderPlace(batch_id, number, any(finished)) for batch_id, number, _, *finished in rows))
