"""What bulk signals and imports have in common: the row of a run with the figures of its progress, and its items."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone


class Run(models.Model):
    """A request for many work items: first a plan, then what was sent and what became of it."""

    # The kinds of the jobs that read its plan and that send its items, and the name of its page.
    PLAN_JOB: ClassVar[str]
    JOB: ClassVar[str]
    PAGE: ClassVar[str]
    # What is said while a stop waits for the items in hand, and of items that were not sent for no other reason.
    STOPPING: ClassVar[str]
    UNSENT: ClassVar[str]
    # Its states by what they allow. In PLANNING nothing was sent yet, and everything can still be planned again.
    READING, NOT_READ, READY = "reading", "not read", "ready"
    PLANNING: ClassVar[tuple[str, ...]] = (READING, NOT_READ, READY)
    MOVING: ClassVar[str]
    PAUSED, STOPPED, ENDED = "paused", "stopped", "ended"
    UNDER_WAY: ClassVar[tuple[str, ...]]
    FINAL: ClassVar[tuple[str, ...]] = (STOPPED, ENDED)
    # What its pages need besides the row.
    RELATED: ClassVar[tuple[str, ...]] = ("person",)

    # The one-time id of the form, and the group of its entries in the audit.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    space = models.CharField(max_length=36)
    project = models.UUIDField()
    project_name = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10)
    message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # When the plan was read.
    read_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Calls in a row that CloudFactory failed at.
    failures = models.PositiveSmallIntegerField(default=0)
    # Figures of the progress, kept so that watching is one row to read. They are about the planned items alone, which
    # have an `act_id` once it was started.
    planned_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    unknown_count = models.PositiveIntegerField(default=0)
    # When the last items were finished, and the seconds per item of the last few (`progress.measure`).
    progressed_at = models.DateTimeField(null=True)
    paces = models.JSONField(default=list)
    # The state that the person was notified of: that it ended, paused or waits for them.
    notified_state = models.CharField(max_length=10, blank=True)

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["-created_at"]

    def get_absolute_url(self) -> str:
        return reverse(self.PAGE, args=[self.project, self.pk])

    @property
    def run_items(self) -> "models.QuerySet[Any]":
        """Its items in their order, of the subclass of RunItem that belongs to it."""
        raise NotImplementedError

    @property
    def outcome_count(self) -> int:
        """How many of the planned items have an outcome."""
        return sum(getattr(self, name) for name in self.run_items.model.COUNTS.values())

    @property
    def plan_version(self) -> str:
        """Names one reading of the plan, so that an old form is not taken for the present one."""
        return self.read_at.isoformat() if self.read_at else ""

    @property
    def is_moving(self) -> bool:
        """Whether items are sent now."""
        return self.state == self.MOVING

    @classmethod
    def not_read(cls, message: str) -> dict[str, Any]:
        """The columns of a plan that could not be read."""
        return {"state": cls.NOT_READ, "message": message}

    @classmethod
    def news(cls) -> Q:
        """What the person is notified of."""
        return Q(state__in=(cls.PAUSED, *cls.FINAL))

    @classmethod
    def awaited(cls) -> Q:
        """What will become news."""
        return Q(state__in=cls.UNDER_WAY)


class RunItem(models.Model):
    """One work item of a run, and what became of it."""

    # The columns of the run that count its items by their outcome.
    COUNTS: ClassVar[Mapping[str, str]]
    # Outcomes of all runs, and what each calls those to which it was done and those that were surely never sent.
    NONE, SENDING, REFUSED, UNKNOWN = "", "sending", "refused", "unknown"
    DONE: ClassVar[str]
    NOT_SENT: ClassVar[str]
    # The outcomes that a look-up can still settle.
    OPEN_OUTCOMES: ClassVar[tuple[str, ...]] = (SENDING, UNKNOWN)
    # The column by which the audit names refused items, and whether its entry counts how many were sent.
    AUDIT_ID: ClassVar[str]
    AUDIT_COUNTS_ITEMS: ClassVar[bool] = False
    # Which items each filter of the result shows, in the order of its tabs. Left out: the plan did not send them.
    FILTERS: ClassVar[Mapping[str, Q]]

    name = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=11, blank=True)
    message = models.CharField(max_length=500, blank=True)
    # The entry in the audit it was sent under, which is also the id of its part.
    act_id = models.UUIDField(null=True, db_index=True)
    # Reads after it was sent without a clear answer that did not find it done.
    misses = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True


def waits_for_news(name: str) -> models.Index:
    """Every page asks whether its person waits for one."""
    return models.Index(fields=["person"], condition=~Q(notified_state=F("state")), name=name)
