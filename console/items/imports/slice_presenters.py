"""What a plan that is made from a slice says besides its numbers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from console.common.formatting import plural
from console.items.models import Import


@dataclass(frozen=True)
class SlicePlan:
    import_run: Import

    @property
    def name(self) -> str:
        return self.import_run.source_key

    @property
    def url(self) -> str:
        owner, _, slug = self.import_run.source_key.partition("/")
        try:
            return reverse("slices:detail", args=[owner, slug])
        except NoReverseMatch:
            return ""

    @property
    def batch_url(self) -> str:
        batch = self.import_run.batch_id
        return reverse("batches:detail", args=[self.import_run.project, batch]) if batch is not None else ""

    @property
    def batch_name(self) -> str:
        return self.import_run.batch_name or f"Batch {self.import_run.batch_id}"

    @property
    def read_words(self) -> str:
        """While it is being read."""
        count = self.import_run.planned_count
        return f"{plural(count, 'new item')} found so far." if count else ""

    @property
    def sentence(self) -> str:
        """`30 items, 12 are there already, 18 will be created.`"""
        total, there = self._number("items"), self.import_run.present_count
        parts = [plural(total, "item")]
        if there:
            parts.append(f"{there:,} {'is' if there == 1 else 'are'} there already")
        return ", ".join([*parts, f"{self.import_run.planned_count:,} will be created"]) + "."

    @property
    def signed_words(self) -> str:
        """ "" where no link carries a signature or an expiry."""
        count = self._number("signed")
        if not count:
            return ""
        return (
            "1 of these items has a link that expires."
            if count == 1
            else f"{count:,} of these items have links that expire."
        )

    @property
    def first_end(self) -> datetime | None:
        return parse_datetime(str(self.import_run.plan.get("first_end") or ""))

    @property
    def is_over(self) -> bool:
        return self.first_end is not None and self.first_end <= timezone.now()

    def _number(self, name: str) -> int:
        value: Any = self.import_run.plan.get(name, 0)
        return value if isinstance(value, int) else 0
