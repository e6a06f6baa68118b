"""Where a work item came from: keys in its metadata that name an item of an Avala slice.

CloudFactory stores metadata and doesn't interpret it (FACTS 2.9), so anybody can write anything there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from console.common.parsing import read_segment, read_uuid
from console.items.console_ids import SLICE, SLICE_ITEM


@dataclass(frozen=True)
class Provenance:
    """`item` is "" where the metadata names the slice alone."""

    owner: str
    slug: str
    item: str = ""

    @property
    def name(self) -> str:
        return f"{self.owner}/{self.slug}"

    @property
    def address(self) -> str:
        """The page of the item within the slice, else that of the slice."""
        if self.item:
            return reverse("slices:item", args=[self.owner, self.slug, self.item])
        return reverse("slices:detail", args=[self.owner, self.slug])


def provenance_of(metadata: Mapping[str, Any]) -> Provenance | None:
    """The slice that the metadata names; None where it names none that could have a page."""
    slice_path = metadata.get(SLICE)
    owner, _, slug = slice_path.partition("/") if isinstance(slice_path, str) else ("", "", "")
    if read_segment(owner) is None or read_segment(slug) is None:
        return None
    provenance = Provenance(owner, slug, str(read_uuid(metadata.get(SLICE_ITEM)) or ""))
    try:
        return provenance if provenance.address else None
    except NoReverseMatch:
        return None
