"""The results of a run's items, for its last page."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from console.items.models import Decision, ReviewRun
from console.items.review.presenters import PassedOverItem, decision_words
from console.items.review.selectors import ReviewItem
from console.items.signals import APPROVED, SENT_BACK, SIGNALED

State = Decision.State
REFRESH_SECONDS = 3


@dataclass(frozen=True)
class SummaryRow:
    name: str
    url: str
    words: str = ""


@dataclass(frozen=True)
class SummaryGroup:
    """Items that had the same end."""

    title: str
    tone: str
    icon: str
    rows: tuple[SummaryRow, ...]


@dataclass(frozen=True)
class Summary:
    groups: tuple[SummaryGroup, ...]
    sentence: str
    has_skipped: bool
    is_open: bool
    """Whether items wait for a decision in this run."""
    refresh_in: int | None
    """Seconds until more is known of decisions that are not sent yet; None where there are none."""

    @property
    def heading(self) -> str:
        return "Review paused" if self.is_open else "Review finished"


def summary_of(
    run: ReviewRun,
    decisions: Sequence[Decision],
    *,
    skipped: Sequence[ReviewItem],
    passed_over: Sequence[PassedOverItem],
    open_items: Sequence[ReviewItem],
) -> Summary:
    """`decisions` has the newest decision of each item that wasn't taken back."""
    endings: defaultdict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        endings[_ending(decision)].append(decision)
    failed_ids = {str(one.item) for one in endings[State.FAILED]}
    undecided = [item for item in open_items if item.id not in failed_ids]
    groups = (
        *_decided_groups(endings),
        _group("Skipped", "quiet", "fast-forward", (_plain(run, item) for item in skipped)),
        _group("Passed over", "quiet", "users", (SummaryRow(one.name, one.url, one.words) for one in passed_over)),
        _group("Not decided yet", "warn", "eye", (_plain(run, item) for item in undecided)),
    )
    return Summary(
        groups=tuple(group for group in groups if group.rows),
        sentence=_sentence(endings, skipped=len(skipped), passed_over=len(passed_over)),
        has_skipped=bool(skipped),
        is_open=bool(open_items) or bool(run.next_cursor),
        refresh_in=_refresh_in(decisions),
    )


def _ending(decision: Decision) -> str:
    """The state of a decision that failed or is unknown, else its action."""
    return decision.state if decision.state in (State.FAILED, State.UNKNOWN) else decision.action


def _decided_groups(endings: Mapping[str, Sequence[Decision]]) -> list[SummaryGroup]:
    def group(title: str, tone: str, icon: str, ending: str) -> SummaryGroup:
        return _group(title, tone, icon, map(_decided, endings.get(ending, ())))

    return [
        group("Failed", "bad", "circle-x", State.FAILED),
        group("Unresolved", "warn", "circle-question-mark", State.UNKNOWN),
        group("Approved", "good", "circle-check", APPROVED),
        *_by_reason(endings.get(SENT_BACK, ())),
        group("Other signals", "info", "circle-dot", SIGNALED),
    ]


def _sentence(endings: Mapping[str, Sequence[Decision]], *, skipped: int, passed_over: int) -> str:
    """How many items had which end: `3 approved, 1 sent back`."""
    counts = {ending: len(decisions) for ending, decisions in endings.items()}
    other = counts.get(SIGNALED, 0)
    numbers = [
        (counts.get(APPROVED, 0), "approved"),
        (counts.get(SENT_BACK, 0), "sent back"),
        (other, "with other signals" if other != 1 else "with another signal"),
        (counts.get(State.UNKNOWN, 0), "unresolved"),
        (counts.get(State.FAILED, 0), "failed"),
        (skipped, "skipped"),
        (passed_over, "passed over"),
    ]
    return ", ".join(f"{number:,} {what}" for number, what in numbers if number) or "No decisions yet"


def _refresh_in(decisions: Sequence[Decision]) -> int | None:
    unsent = [one for one in decisions if one.state in (State.WAITING, State.SENDING)]
    if not unsent:
        return None
    seconds_left = max((one.due_at - timezone.now()).total_seconds() for one in unsent)
    return max(REFRESH_SECONDS, math.ceil(seconds_left) + 1)


def _group(title: str, tone: str, icon: str, rows: Iterable[SummaryRow]) -> SummaryGroup:
    return SummaryGroup(title, tone, icon, tuple(rows))


def _by_reason(sent_back: Sequence[Decision]) -> list[SummaryGroup]:
    reasons = dict.fromkeys(one.reason for one in sent_back)
    return [
        _group(f"Sent back: {reason}", "warn", "undo-2", (_decided(one) for one in sent_back if one.reason == reason))
        for reason in reasons
    ]


def _plain(run: ReviewRun, item: ReviewItem) -> SummaryRow:
    return SummaryRow(item.name, reverse("items:review_step", args=[run.project, run.pk, item.id]))


def _decided(decision: Decision) -> SummaryRow:
    url = reverse("items:detail", args=[decision.project, decision.item])
    return SummaryRow(decision.item_name, url, decision_words(decision))
