"""What the pages of a review run show."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.urls import reverse

from console.common import formatting as words
from console.items.decisions.presenters import DecidePanel
from console.items.detail_presenters import ItemFacts
from console.items.filters import ItemFilter
from console.items.models import Decision, ReviewRun
from console.items.pictures import Picture
from console.items.review.selectors import DECIDED, ChangedItem, run_items
from console.items.review.services import RunPage
from console.items.signals import APPROVED, SENT_BACK, choice_of
from console.items.statuses import status_named
from console.upstream.response_models import WorkItem


@dataclass(frozen=True)
class Progress:
    """The position of an item in the run, and the links from there."""

    position: int
    total: int
    is_more: bool
    """Whether more items of the filter follow behind the run's last one."""
    previous_url: str
    next_url: str

    @property
    def words(self) -> str:
        return f"{self.position:,} of {self.total:,}{'+' if self.is_more else ''}"


@dataclass(frozen=True)
class ReviewStep:
    """One item of a run: its picture, its facts and what the person decided on it here."""

    run: ReviewRun
    facts: ItemFacts
    progress: Progress
    picture: Picture
    panel: DecidePanel
    decision: Decision | None

    @property
    def id(self) -> str:
        return self.facts.item.id

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def url(self) -> str:
        return reverse("items:review_step", args=[self.run.project, self.run.pk, self.id])

    @property
    def skip_url(self) -> str:
        return reverse("items:review_skip", args=[self.run.project, self.run.pk, self.id])

    @property
    def labels_url(self) -> str:
        return self.facts.labels_url

    @property
    def renew_url(self) -> str:
        return reverse("items:renew", args=[self.run.project, self.id])

    @property
    def is_decided(self) -> bool:
        return self.decision is not None and self.decision.state in DECIDED

    @property
    def decision_words(self) -> str:
        """The person's decision on this item and its result; "" while it is open."""
        return decision_sentence(self.decision) if self.decision else ""

    @property
    def detail_url(self) -> str:
        return reverse("items:detail", args=[self.run.project, self.id])


@dataclass(frozen=True)
class PassedOverItem:
    """An item that the run leaves out, and why in a sentence."""

    id: str
    place: int
    name: str
    url: str
    words: str


Behind = Literal["read", "take", "end", ""]


@dataclass(frozen=True)
class Chunk:
    """Steps that the page gets ahead, complete, and the items that are left out.

    `behind` is how to get those that follow: by reading, by appending the next page, or not at all.
    """

    steps: Sequence[ReviewStep]
    passed_over: Sequence[PassedOverItem]
    behind: Behind


@dataclass(frozen=True)
class RunStart:
    """What a run would go through; `page` has the first hundred items of the filter."""

    project: uuid.UUID
    item_filter: ItemFilter
    batch_names: Mapping[int, str]
    page: RunPage

    @property
    def is_empty(self) -> bool:
        return not self.page.items

    @property
    def left_out(self) -> str:
        """That items can't be reviewed here, in a sentence; "" where all of them can."""
        count = self.page.left_out
        items_are = "1 item is" if count == 1 else f"{count:,} items are"
        return f"{items_are} left out, because CloudFactory’s ids for them can’t be read." if count else ""

    @property
    def nothing(self) -> str:
        """Why there are no items, in a sentence."""
        return self.left_out or self.page.unclear or "No work item matches this filter."

    @property
    def number(self) -> str:
        may_be_more = self.page.next_cursor or self.page.unclear
        return f"{len(self.page.items):,}{'+' if may_be_more else ''}"

    @property
    def words(self) -> str:
        """How many items of which filter, in a sentence."""
        count = len(self.page.items)
        noun = "item" if count == 1 and not self.page.next_cursor else "items"
        return f"{self.number} {noun}{filter_words(self.item_filter, self.batch_names)}."

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The filter as a form sends it."""
        return self.item_filter.pairs()

    @property
    def list_url(self) -> str:
        return self.item_filter.address(reverse("items:index", args=[self.project]))


def filter_words(item_filter: ItemFilter, batch_names: Mapping[int, str]) -> str:
    """What a filter leaves in, as the end of a sentence: “ waiting for review in Naples, early shift”."""
    parts = [f" {status_named(item_filter.status).in_sentence}" if item_filter.status else ""]
    batches = [batch_names.get(batch, f"batch {batch}") for batch in item_filter.batches]
    if batches:
        parts.append(f" in {batches[0]}" if len(batches) == 1 else f" in {len(batches)} batches")
    if item_filter.ids:
        parts.append(f" of {words.plural(len(item_filter.ids), 'pasted id')}")
    for word, start, end in (
        ("created", item_filter.created_from, item_filter.created_to),
        ("changed", item_filter.updated_from, item_filter.updated_to),
    ):
        parts.append(f", {word} from {words.moment(start)}" if start else "")
        parts.append(f"{'' if start else f', {word}'} until {words.moment(end)}" if end else "")
    return "".join(parts)


def progress_of(run: ReviewRun, item: str) -> Progress:
    """The position of the item in its run, decided or not."""
    ids = [entry.id for entry in run_items(run)]
    place = ids.index(item)

    def url(there: int) -> str:
        return reverse("items:review_step", args=[run.project, run.pk, ids[there]]) if 0 <= there < len(ids) else ""

    return Progress(place + 1, len(ids), bool(run.next_cursor), url(place - 1), url(place + 1))


def steps_of(
    run: ReviewRun,
    items: Sequence[WorkItem],
    *,
    pictures: Mapping[str, Picture],
    batch_names: Mapping[int, str],
    panels: Mapping[str, DecidePanel],
    decisions: Mapping[str, Decision],
) -> list[ReviewStep]:
    """A step for each of these items."""
    return [
        ReviewStep(
            run=run,
            facts=ItemFacts(item, run.project, batch_names.get(item.batch_id or 0, "")),
            progress=progress_of(run, item.id),
            picture=pictures[item.id],
            panel=panels[item.id],
            decision=decisions.get(item.id),
        )
        for item in items
    ]


def passed_over_of(run: ReviewRun, passed_over: Sequence[ChangedItem]) -> list[PassedOverItem]:
    """Sentences about the items that are left out."""
    places = {item.id: place + 1 for place, item in enumerate(run_items(run))}
    return [
        PassedOverItem(
            id=one.item.id,
            place=places[one.item.id],
            name=one.item.name,
            url=reverse("items:detail", args=[run.project, one.item.id]),
            words=_why(one.status),
        )
        for one in passed_over
    ]


def passed_over_before(run: ReviewRun, item: str, passed_over: Sequence[ChangedItem]) -> list[PassedOverItem]:
    """Those directly before the item, so that each is shown once."""
    changed = {one.item.id: one for one in passed_over}
    before: list[ChangedItem] = []
    for entry in reversed(run_items(run)[: progress_of(run, item).position - 1]):
        if entry.id not in changed:
            break
        before.insert(0, changed[entry.id])
    return passed_over_of(run, before)


VERBS = {APPROVED: "You approved this item", SENT_BACK: "You sent this item back"}


def decision_sentence(decision: Decision) -> str:
    """The person's decision and its result."""
    choice = choice_of(decision.action, decision.signal, decision.outcome)
    verb = VERBS.get(decision.action) or f"You chose “{choice.label if choice else 'another signal'}”"
    return f"{verb}: {decision_words(decision)}."


def decision_words(decision: Decision) -> str:
    """The result of a decision, as a clause without its subject."""
    state = Decision.State
    if decision.state == state.WAITING:
        return "can be undone until it is sent"
    if decision.state == state.SENDING:
        return "being sent"
    if decision.state == state.SENT:
        return f"now “{status_named(decision.status_after).word}”" if decision.status_after else "sent"
    if decision.state == state.UNKNOWN:
        return "we don’t know whether it arrived"
    return decision.message or "not sent"


def _why(status: str | None) -> str:
    if status is None:
        return "is not in this project any more"
    word = status_named(status).word
    return f"was already {word.lower()}" if status in ("COMPLETED", "FAILED", "CANCELED") else f"is now “{word}”"
