"""What became of the slices that a person created recently. A slice that ended is asked for once."""

from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.slices import presenters, selectors
from console.slices.models import Draft
from console.slices.presenters import State
from console.upstream.response_models import Slice

LASTS = timedelta(days=2)
MOST = selectors.PENDING_ASKED

Address = tuple[str, str]


@dataclass(frozen=True)
class RecentSlice:
    """`state` is None as long as Avala was not asked, or gave no answer."""

    name: str
    address: str
    state: State | None


def list_recent(*, user: Person) -> list[RecentSlice]:
    """The newest few of the last two days, without those created again under the same name since. No call."""
    drafts = _created(user)
    ends = _ends(user, list(drafts))
    states = {where: presenters.state_named(status) for where, status in ends.items()}
    return [_recent(draft, states.get(where)) for where, draft in drafts.items()]


def check_unfinished(*, user: Person) -> list[RecentSlice]:
    """Those whose end is not known yet, as Avala has them now: at most `MOST` calls, side by side.

    Raises an UpstreamError where none of them gives an answer. A slice that is gone is left out, and one without a
    state.
    """
    drafts = _created(user)
    ends = _ends(user, list(drafts))
    unfinished = [where for where in drafts if where not in ends]
    slices, _ = selectors.get_slices(user=user, addresses=unfinished) if unfinished else ([], [])
    states = {one.address: presenters.state_of(one) for one in slices if one.address and one.status}
    scope = connections.cache_scope(user, "avala")
    for one in slices:
        if one.status and one.address in states and not states[one.address].building:
            cache.set(_key(scope, one.address), one.status, LASTS.total_seconds())
    return [_recent(draft, states[where]) for where, draft in drafts.items() if where in states]


def _created(user: Person) -> dict[Address, Draft]:
    since = timezone.now() - LASTS
    drafts = Draft.objects.filter(person=user, state=Draft.State.CREATED, updated_at__gte=since).exclude(slug="")
    newest: dict[str, Draft] = {}
    for draft in drafts[: MOST * 2]:
        newest.setdefault(str(draft), draft)
    # A draft of earlier days can hold what is no address.
    places = {draft: Slice("", owner_name=draft.owner_name, slug=draft.slug).address for draft in newest.values()}
    return {where: draft for draft, where in list(places.items())[:MOST] if where}


def _ends(user: Person, places: list[Address]) -> dict[Address, str]:
    """The state of each slice that ended, as far as it was seen."""
    scope = connections.cache_scope(user, "avala")
    keys = {_key(scope, where): where for where in places}
    return {keys[key]: status for key, status in cache.get_many(keys).items()} if keys else {}


def _recent(draft: Draft, state: State | None) -> RecentSlice:
    return RecentSlice(str(draft), reverse("slices:detail", args=[draft.owner_name, draft.slug]), state)


def _key(scope: str, where: Address) -> str:
    return f"slice-end-{scope}-{'/'.join(where)}"
