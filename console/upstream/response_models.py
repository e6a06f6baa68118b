"""What the vendors' answers become: frozen, typed, in snake_case.

`id` and `uid` of things with an address of their own are UUIDs in lower case, or empty where the vendor sent nothing
that can be an address: such a thing is shown without a link.

Everything but identifiers may be missing upstream (FACTS, rule 1) and is None or empty then; enum
values are kept as text (rule 2); undocumented fields are kept in `extra`. Moments are aware and in
UTC; one that cannot be read is None and stays in `extra`. Signed links stay out of `repr`, so that a
logged value cannot leak one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from console.common.parsing import read_segment

T = TypeVar("T")
Json = Mapping[str, Any]

RESERVED_OWNERS = ("dataset",)
RESERVED_SLUGS = ("list",)
"""Avala's routes give addresses with these another meaning (FACTS 1.4)."""
MOST_ADDRESS = 200
"""Characters of owner, slash and slug together."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. `next` and `previous` are what to pass back, never an address; None is the end.

    `count` is the total that only page-number lists of Avala give, `limit` the size the platform used (FACTS 1.2, 2.2).
    `unusable` are the names of rows whose id cannot be read: they can be shown, and nothing else.
    `unclear` is a sentence where the vendor says that there is more, but not how to get it: then `next` is None too.
    """

    items: tuple[T, ...]
    next: str | None = None
    previous: str | None = None
    count: int | None = None
    limit: int | None = None
    unclear: str = ""
    unusable: tuple[str, ...] = ()

    @property
    def is_last(self) -> bool:
        """Whether nothing follows, as far as the vendor says."""
        return self.next is None and not self.unclear


# Avala


@dataclass(frozen=True)
class SubSlice:
    """One part of a slice's recipe (FACTS 1.4): `dataset`, `dataset_items` or `filters`."""

    type: str
    dataset_uid: str
    item_uids: tuple[str, ...] = ()
    filters: Json | None = None
    extra: Json = field(default_factory=dict, hash=False)

    def to_wire(self) -> dict[str, Any]:
        """The part as Avala expects it; an undocumented kind goes back as it came."""
        wire: dict[str, Any] = {"type": self.type, "dataset_uid": self.dataset_uid}
        is_known = self.type in ("dataset", "dataset_items", "filters")
        if self.type == "dataset_items" or (not is_known and self.item_uids):
            wire["dataset_item_uids"] = list(self.item_uids)
        if self.type == "filters" or (not is_known and self.filters is not None):
            wire["filters"] = dict(self.filters or {})
        return wire if is_known else {**self.extra, **wire}


@dataclass(frozen=True)
class Organization:
    """An organization as listed, or as it stands inside a slice (where its shape is not promised)."""

    uid: str | None
    name: str | None = None
    slug: str | None = None
    role: str | None = None
    raw: Json = field(default_factory=dict, hash=False)

    @property
    def label(self) -> str:
        """What to show: the name, else the slug, else the raw object (FACTS 4, row 20)."""
        return self.name or self.slug or json.dumps(dict(self.raw), ensure_ascii=False)

    def to_wire(self) -> dict[str, Any]:
        """The object a create may carry (FACTS 4, row 19)."""
        named = {"uid": self.uid, "name": self.name, "slug": self.slug}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class Slice:
    """A named selection of items (FACTS 1.4). `status`: pending, created, failed, or unknown text.

    Its address is made of owner and slug: `address` is None where the two cannot be one.
    `featured_urls` are up to four preview pictures on other hosts; `item_count` is 0 while it is pending.
    """

    uid: str
    name: str | None = None
    slug: str | None = None
    owner_name: str | None = None
    organization: Organization | None = None
    visibility: str | None = None
    sub_slices: tuple[SubSlice, ...] = ()
    source_data: tuple[SubSlice, ...] | None = None
    status: str | None = None
    featured_urls: tuple[str, ...] = field(default=(), repr=False)
    item_count: int | None = None
    created_at: datetime | None = None
    description: str | None = None
    extra: Json = field(default_factory=dict, hash=False, repr=False)

    @property
    def has_usable_slug(self) -> bool:
        return self.slug not in RESERVED_SLUGS and read_segment(self.slug) is not None

    @property
    def address(self) -> tuple[str, str] | None:
        """Owner and slug, where both can be segments of an address, mean this slice, and can be recorded whole."""
        owner = read_segment(self.owner_name)
        if owner is None or owner in RESERVED_OWNERS or not self.has_usable_slug:
            return None
        address = owner, self.slug or ""
        return address if len("/".join(address)) <= MOST_ADDRESS else None


@dataclass(frozen=True)
class Item:
    """One item of a dataset or slice (FACTS 1.5). `key` is usually the file name; `url` and thumbnails grow old."""

    uid: str
    key: str | None = None
    url: str | None = field(default=None, repr=False)
    thumbnail: str | None = field(default=None, repr=False)
    thumbnails: tuple[str, ...] = field(default=(), repr=False)
    metadata: Json = field(default_factory=dict, hash=False)
    created_at: datetime | None = None
    dataset_slug: str | None = None
    dataset_owner_name: str | None = None
    extra: Json = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True)
class Dataset:
    """A dataset (FACTS 1.5). `status`: creating, created; `data_type`: image, video, lidar, mcap, splat; or text."""

    uid: str
    name: str | None = None
    slug: str | None = None
    item_count: int | None = None
    owner_name: str | None = None
    status: str | None = None
    data_type: str | None = None
    visibility: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    extra: Json = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True)
class NameVerdict:
    """Whether a slice name is free; advice only (A6). `is_valid` None: the answer did not say."""

    name: str
    is_valid: bool | None = None
    message: str | None = None


@dataclass(frozen=True)
class Me:
    """The key's user (A16)."""

    uid: str
    name: str | None = None
    extra: Json = field(default_factory=dict, hash=False)


# CloudFactory


@dataclass(frozen=True)
class SignedUrl:
    """A short-lived link into the file store: use it at once, keep it nowhere (FACTS 2.5)."""

    path: str
    signed_url: str = field(repr=False)


@dataclass(frozen=True)
class Project:
    """A project (FACTS 2.8). `data_types` are the comma-separated `dataType` taken apart."""

    id: str
    name: str | None = None
    description: str | None = None
    created_at: datetime | None = None
    space_id: str | None = None
    data_types: tuple[str, ...] = ()
    company_id: str | None = None
    extra: Json = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Batch:
    """A batch (FACTS 2.6). `created_by` is a user's UUID. The two counts, of work items, come with the list only."""

    id: int
    project_id: str | None = None
    name: str | None = None
    created_by: str | None = None
    created_at: datetime | None = None
    metadata: dict[str, Any] = field(default_factory=dict, hash=False)
    priority: int | None = None
    total_count: int | None = None
    completed_count: int | None = None
    extra: Json = field(default_factory=dict, hash=False)

    @property
    def is_finished(self) -> bool:
        """It has work items, and all of them are completed."""
        return bool(self.total_count and (self.completed_count or 0) >= self.total_count)


@dataclass(frozen=True)
class Priority:
    """A batch's number in the order of work; which end is urgent is not documented (FACTS 4, rows 4 and 5)."""

    batch_id: int
    priority: int | None = None
    extra: Json = field(default_factory=dict, hash=False)
    id_field: str = "batchId"
    """The spelling the server used, to be sent back."""

    def to_wire(self) -> dict[str, Any]:
        """The entry with every unknown field as it came."""
        number = {} if self.priority is None else {"priority": self.priority}
        return {**self.extra, self.id_field: self.batch_id, **number}


@dataclass(frozen=True)
class Export:
    """An export of a space (FACTS 2.7). `status`: PENDING, IN_PROGRESS, COMPLETED, FAILED, or text.

    `created_by` is an e-mail address. It has no progress and no time of completion.
    """

    id: str
    name: str | None = None
    status: str | None = None
    format: str | None = None
    content: str | None = None
    created_by: str | None = None
    download_url: str | None = field(default=None, repr=False)
    error: str | None = None
    created_at: datetime | None = None
    extra: Json = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True)
class WorkItem:
    """One piece of work (FACTS 2.9). `status`: NEW, IN_PROGRESS, COMPLETED, FAILED, CANCELED, CLIENT_REVIEW, or text.

    `asset_url` is absolute or relative to the space; `difficulty` is 0..100.
    """

    id: str
    status: str | None = None
    asset_url: str | None = field(default=None, repr=False)
    asset_id: int | None = None
    asset_type: str | None = None
    batch_id: int | None = None
    results_url: str | None = field(default=None, repr=False)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    taxonomy_version_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict, hash=False)
    due_in_seconds: int | None = None
    difficulty: int | None = None
    extra: Json = field(default_factory=dict, hash=False, repr=False)

    @property
    def due_at(self) -> datetime | None:
        """`created_at` plus `due_in_seconds`, when both are known and make sense together."""
        if self.created_at is None or self.due_in_seconds is None:
            return None
        try:
            return self.created_at + timedelta(seconds=self.due_in_seconds)
        except OverflowError:
            return None


@dataclass(frozen=True)
class NewWorkItem:
    """The body of P15 (FACTS 2.9); exactly one of `asset_url` and `asset_id`, and what is None is not sent.

    `asset_url` is absolute or relative to the space, `asset_type` image or video, `results_url` absolute.
    `due_in_seconds` is 1..2592000 from the moment of creation, `difficulty` 0..100. Without `batch_id` it goes to the
    project's batch `Default`. `metadata` is stored and not interpreted; `labels` are any objects (FACTS 4, row 9).
    """

    asset_type: str
    asset_url: str | None = field(default=None, repr=False)
    asset_id: int | None = None
    batch_id: int | None = None
    results_url: str | None = field(default=None, repr=False)
    taxonomy_version_id: str | None = None
    metadata: Json | None = None
    due_in_seconds: int | None = None
    difficulty: int | None = None
    labels: tuple[Json, ...] | None = None


@dataclass(frozen=True)
class SignalItem:
    """One entry of P14's body (FACTS 4, row 6)."""

    work_item_id: str
    assignee: str | None = None
    feedback: Json | None = None
    reason: str | None = None


@dataclass(frozen=True)
class SignalResult:
    """One entry of P14's answer; an item without an entry is unknown and has to be looked up."""

    work_item_id: str
    status: str | None = None
    error: str | None = None

    @property
    def failed(self) -> bool:
        return self.error is not None


@dataclass(frozen=True)
class Annotation:
    """The annotation of a work item (P18).

    `inference` is an object as documented, or whatever came in its place; `metadata` that is no object is in `extra`.
    """

    id: str | None = None
    project_id: str | None = None
    work_item_id: str | None = None
    inference: Any = field(default=None, hash=False)
    ground_truth_reviewer: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    metadata: Json = field(default_factory=dict, hash=False)
    extra: Json = field(default_factory=dict, hash=False)

    @property
    def coco_results_url(self) -> str | None:
        """Storage address of the COCO file; None means there is no file (FACTS 2.9)."""
        url = self.metadata.get("coco_results_url")
        return url if isinstance(url, str) and url else None
