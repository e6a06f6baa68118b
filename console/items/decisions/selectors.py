"""Reading what the console keeps of decisions: for the forms on an item and the tray of strips."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.forms import Form
from django.utils import timezone

from accounts.models import Person
from accounts.rights import Right, Role
from console.audit import unresolved
from console.audit.models import Entry
from console.items.bulk.active_signals import read_under_way
from console.items.decisions.presenters import DecidePanel, DecisionStrip, ask_words
from console.items.models import Decision, ReviewRun
from console.items.selectors import item_name
from console.items.signals import SENT_BACK
from console.items.statuses import status_named
from console.upstream.response_models import WorkItem

State = Decision.State
OWN_REASONS = 5
MOST_STRIPS = 20
# So long the tray shows a decision that failed, also on the next page.
SHOW_FAILED_FOR = timedelta(minutes=10)


def read_panel(
    *,
    user: Person,
    project: uuid.UUID,
    item: WorkItem,
    run: ReviewRun | None = None,
    form: Form | None = None,
) -> DecidePanel:
    """The forms for deciding on this item, for `items/_decide.html`; `form` is one that was refused."""
    may_decide, item_id = user.can(Right.SIGNAL), uuid.UUID(item.id)
    return DecidePanel(
        project=project,
        item_id=item.id,
        name=item_name(item),
        status=status_named(item.status),
        act_id=uuid.uuid4(),
        reasons=read_reasons(user) if may_decide else [],
        run=run,
        may_decide=may_decide,
        ask=[] if may_decide else _administrators(),
        form=form,
        under_way=read_under_way(user=user, project=project, items=[item_id]).get(item_id),
    )


def read_panels(*, user: Person, run: ReviewRun, items: Sequence[WorkItem]) -> dict[str, DecidePanel]:
    """The forms for deciding on these items of a run, by item: as many statements for twenty items as for one."""
    if not items:
        return {}
    first = read_panel(user=user, project=run.project, item=items[0], run=run)
    under_way = read_under_way(user=user, project=run.project, items=[uuid.UUID(item.id) for item in items])
    return {
        item.id: replace(
            first,
            item_id=item.id,
            name=item_name(item),
            status=status_named(item.status),
            act_id=uuid.uuid4(),
            under_way=under_way.get(uuid.UUID(item.id)),
        )
        for item in items
    }


def read_reasons(user: Person) -> list[str]:
    """Reasons for sending an item back: one's own recent ones, then the ready-made ones."""
    mine = Decision.objects.filter(person=user, action=SENT_BACK).exclude(reason="")
    recent = list(dict.fromkeys(mine.values_list("reason", flat=True)[:50]))[:OWN_REASONS]
    return list(dict.fromkeys([*recent, *settings.REVIEW_REASONS]))


def read_tray(*, user: Person, project: uuid.UUID) -> list[DecisionStrip]:
    """One's own decisions in this project that are not sent yet or failed in the last ten minutes, the newest last."""
    states = (State.WAITING, State.SENDING, State.FAILED)
    mine = Decision.objects.filter(person=user, project=project, state__in=states).select_related("person")
    is_recent = ~Q(state=State.FAILED) | Q(finished_at__gt=timezone.now() - SHOW_FAILED_FOR)
    return [DecisionStrip(decision) for decision in reversed(mine.filter(is_recent)[:MOST_STRIPS])]


def read_strip(decision: Decision, *, look: int = 0, event: str = "", note: str = "", back: str = "") -> DecisionStrip:
    """The strip as it is now; an unknown outcome with how to find out, a new status with the forms that suit it."""
    unresolved_act, panel = None, None
    if decision.state == State.UNKNOWN and (entry := Entry.objects.filter(pk=decision.pk).first()):
        unresolved_act = unresolved.of_entry(entry, back=back)
    if decision.state == State.SENT and decision.status_after and decision.run_id is None:
        item = WorkItem(str(decision.item), status=decision.status_after)
        panel = read_panel(user=decision.person, project=decision.project, item=item)
    return DecisionStrip(decision, look, event, unresolved_act, note, panel)


def whom_to_ask() -> str:
    """Who can give somebody the right to decide on work items, as a sentence."""
    return ask_words(_administrators())


def _administrators() -> list[str]:
    people = Person.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("name")[:3]
    return [person.name or person.email for person in people]
