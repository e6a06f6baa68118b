"""What the page of a person's own jobs does with those of a bulk signal: its page, Stop and Carry on."""

from django.urls import reverse

from console.items.bulk import services
from console.items.models import BulkSignal
from console.jobs.models import Operation


def address(operation: Operation) -> str:
    project = operation.payload.get("project")
    return reverse("items:bulk", args=[project, operation.subject]) if project else ""


def stop(operation: Operation) -> bool:
    bulk = _bulk_of(operation)
    return bulk is not None and services.stop(user=bulk.person, bulk=bulk)


def carry_on(operation: Operation) -> bool:
    bulk = _bulk_of(operation)
    return bulk is not None and services.carry_on(user=bulk.person, bulk=bulk)


def _bulk_of(operation: Operation) -> BulkSignal | None:
    return BulkSignal.objects.select_related("person").filter(pk=operation.subject).first()
