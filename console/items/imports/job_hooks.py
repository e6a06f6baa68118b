"""What the page of a person's own jobs does with those of an import: its page, Stop and Carry on."""

from django.urls import reverse

from console.items.imports import services
from console.items.models import Import
from console.jobs.models import Operation


def address(operation: Operation) -> str:
    project = operation.payload.get("project")
    return reverse("items:import_detail", args=[project, operation.subject]) if project else ""


def stop(operation: Operation) -> bool:
    import_ = _import_of(operation)
    return import_ is not None and services.stop(user=import_.person, import_=import_)


def carry_on(operation: Operation) -> bool:
    import_ = _import_of(operation)
    return import_ is not None and services.carry_on(user=import_.person, import_=import_)


def _import_of(operation: Operation) -> Import | None:
    return Import.objects.select_related("person").filter(pk=operation.subject).first()
