"""Following an export until it ends, also when nobody looks; and telling the person who asked for it."""

from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.exports import lane, reads, receipts
from console.exports.models import Plan
from console.jobs import services as jobs
from console.jobs.models import Operation
from console.jobs.services import Abandoned, Again, Done, Result
from console.upstream.errors import NotFound
from console.upstream.types import Export

KIND = "exports.watch"
# Seconds until each next look; the last one repeats.
LOOKS = (2, 4, 8, 15, 30)
MOST_LOOKS = 200
LONGEST = 24 * 60 * 60


def register() -> None:
    jobs.register(KIND, watch)


def begin(plan: Plan) -> None:
    jobs.enqueue(kind=KIND, subject=plan.export_id, person=plan.person, delay=settings.EXPORT_FIRST_LOOK)


def look(*, user: Person, export_id: str) -> Export:
    """An export's state, from a read that everybody who watches it shares."""
    space = connections.space(user)
    found = reads.shared(
        user=user,
        space=space.id,
        thing=f"export:{export_id}",
        fetch=lambda: _without_link(connections.cloudfactory(user).get_export(space.id, export_id)),
    )
    if found.status not in lane.ACTIVE:
        ended(space.id, found)
    return found


def ended(space: str, export: Export) -> None:
    """The first to see the end writes it down, frees the lane's picture, and has the file read."""
    first = Plan.objects.filter(export_id=export.id, ended_at=None).update(
        ended_at=timezone.now(), end_status=(export.status or "")[:40]
    )
    if first:
        lane.changed(space)
        if export.status == "COMPLETED":
            receipts.request(Plan.objects.select_related("person").get(export_id=export.id))


def watch(operation: Operation) -> Result:
    """The job: the same look, with the key of whoever started it."""
    plan = Plan.objects.select_related("person").get(export_id=operation.subject)
    if plan.ended_at:
        return Done("It has ended.")
    age = (timezone.now() - (plan.started_at or plan.created_at)).total_seconds()
    if age > LONGEST:
        return Abandoned("It ran for more than a day; nobody watches it any more.")
    try:
        found = _fresh(plan)
    except NotFound:
        Plan.objects.filter(pk=plan.pk, ended_at=None).update(ended_at=timezone.now(), end_status="DELETED")
        return Done("It was deleted.")
    if found.status in lane.ACTIVE:
        return Again(delay(int(age // 10)), "It runs.")
    ended(plan.space, found)
    return Done("It has ended.")


def delay(turn: int) -> int:
    return LOOKS[min(turn, len(LOOKS) - 1)]


def news(*, user: Person) -> list[Plan]:
    """Exports of this person that ended and that they were not told of yet; each is told once."""
    untold = Plan.objects.filter(person=user, ended_at__isnull=False, told_at=None).exclude(export_id="")
    told = [plan for plan in untold if Plan.objects.filter(pk=plan.pk, told_at=None).update(told_at=timezone.now())]
    return [plan for plan in told if plan.end_status != "DELETED"]


def awaits_news(user: Person) -> bool:
    """Whether this person waits for an export: only then their pages ask for news."""
    mine = Plan.objects.filter(person=user, told_at=None)
    return mine.filter(state__in=[Plan.State.QUEUED, Plan.State.STARTED, Plan.State.SENDING]).exists()


def _fresh(plan: Plan) -> Export:
    fetch = lambda: _without_link(connections.cloudfactory(plan.person).get_export(plan.space, plan.export_id))  # noqa: E731
    return reads.shared(user=plan.person, space=plan.space, thing=f"export:{plan.export_id}", fetch=fetch)


def _without_link(export: Export) -> Export:
    return replace(export, download_url=None)
