"""Following an export until it ends, also when nobody looks; and telling the person who asked for it."""

from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.models import Person
from console.common.coalescing import SharedAnswer
from console.exports import lane, receipts
from console.exports.models import Plan
from console.jobs import services as jobs
from console.jobs.models import Operation
from console.jobs.services import Abandoned, Again, Done, Result
from console.upstream.errors import ACCESS_REFUSALS, NotFound, NotSent, RateLimited, Refused, Unknown
from console.upstream.types import Export

KIND = "exports.watch"
# Seconds until each next look; the last one repeats.
LOOKS = (2, 4, 8, 15, 30)
MOST_LOOKS = 200
LONGEST = 24 * 60 * 60
DELETED = "DELETED"
_HAS_NEWS = Q(ended_at__isnull=False) & (~Q(export_id="") | Q(end_status="DROPPED"))


def register() -> None:
    jobs.register(KIND, watch, given_up=_given_up)


def begin(plan: Plan) -> None:
    about, delay = {"about": plan.name}, settings.EXPORT_FIRST_LOOK
    jobs.enqueue(kind=KIND, subject=plan.export_id, person=plan.person, payload=about, delay=delay)


def look(*, user: Person, export_id: str) -> Export:
    """An export's state, from a read that everybody who watches it shares."""
    found = _read(user, connections.space(user).id, export_id)
    if found.status not in lane.ACTIVE:
        ended(connections.space(user).id, found)
    return found


def last_known(*, user: Person, export_id: str) -> Export | None:
    """As it was when CloudFactory last answered, for the time in which it does not."""
    found: Export | None = shared(connections.space(user).id, export_id).last(
        reader=connections.cache_scope(user, "cloudfactory")
    )
    return found


def shared(space: str, export_id: str) -> SharedAnswer:
    """The state of an export, which everybody who watches it shares."""
    return SharedAnswer("cloudfactory", space, f"export:{export_id}")


def gone(export_id: str) -> None:
    """Deleted, here or by somebody else: nobody waits for it, and it is offered to nobody."""
    known = Plan.objects.filter(export_id=export_id)
    known.filter(ended_at=None).update(ended_at=timezone.now())
    known.update(end_status=DELETED)


def ended(space: str, export: Export) -> None:
    """The first to see the end writes it down, frees the lane's picture, and has the file read."""
    with transaction.atomic():
        first = Plan.objects.filter(export_id=export.id, ended_at=None).update(
            ended_at=timezone.now(), end_status=(export.status or "")[:40]
        )
        if first and export.status == "COMPLETED":
            receipts.request(Plan.objects.select_related("person").get(export_id=export.id))
    if first:
        lane.changed(space)


def watch(operation: Operation) -> Result:
    """The job: the same look, with the key of whoever started it."""
    plan = Plan.objects.select_related("person").get(export_id=operation.subject)
    if plan.ended_at:
        return Done("It has ended.")
    age = (timezone.now() - (plan.started_at or plan.created_at)).total_seconds()
    if age > LONGEST:
        return Abandoned("It ran for more than a day; nobody watches it any more.")
    try:
        found = _read(plan.person, plan.space, plan.export_id)
    except NotFound:
        return Done("It was deleted.")
    except (Unknown, NotSent, RateLimited) as error:
        # Whoever waits for it is still to be told, so an hour without CloudFactory must not end the watch.
        return Again(LOOKS[-1], error.message)
    except (Refused, ConnectionMissing) as error:
        return Abandoned(error.message)
    if found.status in lane.ACTIVE:
        return Again(delay(int(age // 10)), "It runs.")
    ended(plan.space, found)
    return Done("It has ended.")


def delay(turn: int) -> int:
    return LOOKS[min(turn, len(LOOKS) - 1)]


def news(*, user: Person) -> list[Plan]:
    """Exports of this person that ended and that they were not told of yet; each is told once."""
    untold = Plan.objects.filter(_HAS_NEWS, person=user, told_at=None)
    told = [plan for plan in untold if Plan.objects.filter(pk=plan.pk, told_at=None).update(told_at=timezone.now())]
    return [plan for plan in told if plan.end_status != DELETED]


def awaits_news(user: Person) -> bool:
    """Whether this person waits for an export: only then their pages ask for news."""
    waiting = Q(state__in=[Plan.State.QUEUED, Plan.State.STARTED, Plan.State.SENDING])
    return Plan.objects.filter(waiting | _HAS_NEWS, person=user, told_at=None).exists()


def _given_up(operation: Operation, words: str) -> None:
    """Nobody watches it any more, so nobody's pages ask for news of it."""
    Plan.objects.filter(export_id=operation.subject, told_at=None).update(told_at=timezone.now())


def _read(user: Person, space: str, export_id: str) -> Export:
    def fetch() -> Export:
        return replace(connections.cloudfactory(user).get_export(space, export_id), download_url=None)

    try:
        return shared(space, export_id).read(
            fetch,
            reader=connections.cache_scope(user, "cloudfactory"),
            seconds=settings.SHARED_READ_SECONDS,
            refusals=ACCESS_REFUSALS,
        )
    except NotFound:
        # A key that may not read the space gets the same answer, so only that of whoever asked for it is believed.
        if Plan.objects.filter(export_id=export_id, person=user).exists():
            gone(export_id)
        raise
