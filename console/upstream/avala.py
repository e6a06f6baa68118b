"""Avala's sixteen operations (FACTS 1.4 and 1.5), one short method each.

Every method can raise what errors.py draws: 401 KeyRejected, 403 Forbidden, 404 NotFound (a path
that names an owner, slug or UID), 429 RateLimited, and all that can happen on the way. Invalid with
status None means that a bound was checked here and nothing was sent. Lists take `limit` 1..100.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from console.common.parsing import read_int
from console.upstream import avala_parsers as parsers
from console.upstream import operations
from console.upstream.json_fields import identified
from console.upstream.operations import VendorOperation
from console.upstream.pagination import avala_page
from console.upstream.response_models import (
    RESERVED_OWNERS,
    RESERVED_SLUGS,
    Dataset,
    Item,
    Me,
    NameVerdict,
    Organization,
    Page,
    Slice,
    SubSlice,
)
from console.upstream.validation import Checks
from console.upstream.vendor_client import Client

T = TypeVar("T")

VENDOR = "avala"
MOST_NAME = 100
MOST_LIMIT = 100
VISIBILITIES = ("public", "private")
SUB_SLICE_TYPES = ("dataset", "dataset_items", "filters")


class Avala(Client):
    """Avala as one key sees it."""

    vendor = VENDOR

    def list_slices(
        self, owner: str, *, page: int | str = 1, limit: int = 24, ordering: str | None = None
    ) -> Page[Slice]:
        """A1 (FACTS 1.4): slices of an organization slug or username, by page number; `count` is all of them.

        A page past the end is NotFound; an unknown owner is NotFound or an empty page.
        """
        return self._numbered(parsers.slice_of, operations.LIST_SLICES, {"owner": owner}, page, limit, ordering)

    def list_dataset_slices(
        self, dataset_uid: str | UUID, *, page: int | str = 1, limit: int = 24, ordering: str | None = None
    ) -> Page[Slice]:
        """A2 (FACTS 1.4): slices that use a dataset. Paged as A1, a guess; `next` may turn out a cursor."""
        place = {"dataset_uid": dataset_uid}
        return self._numbered(parsers.slice_of, operations.LIST_DATASET_SLICES, place, page, limit, ordering)

    def create_slice(
        self,
        *,
        name: str,
        visibility: str,
        sub_slices: Sequence[SubSlice],
        organization: Organization | None = None,
        random_selection_count: int | None = None,
        request_id: str,
    ) -> Slice:
        """A3 (FACTS 1.4): the new slice, `pending`, with no items yet.

        Bounds: name 1..100 characters, visibility public or private, one part at least, a random
        selection of 1 or more. Invalid names fields as `sub_slices.0.dataset_uid`; a taken name is
        Invalid on `name` or Conflict; an unknown dataset is NotFound.
        """
        checks = Checks(VENDOR)
        checks.text("name", name, MOST_NAME)
        checks.choice("visibility", visibility, VISIBILITIES)
        body: dict[str, Any] = {"name": name, "visibility": visibility, "sub_slices": _parts(sub_slices, checks)}
        if organization is not None:
            body["organization"] = organization.to_wire()
        if random_selection_count is not None:
            checks.number("random_selection_count", random_selection_count, 1)
            body["random_selection_count"] = random_selection_count
        checks.raise_errors()
        return self._ask(parsers.created_slice_of, operations.CREATE_SLICE, {}, body=body, request_id=request_id)

    def get_slice(self, owner: str, slug: str) -> Slice:
        """A4 (FACTS 1.4): one slice; poll it, slowly, until `status` is no longer `pending`."""
        shape = identified(parsers.slice_of, "uid", "slug")
        return self._ask(shape, operations.GET_SLICE, _named(owner, slug))

    def list_slice_items(self, owner: str, slug: str, *, cursor: str | None = None, limit: int = 48) -> Page[Item]:
        """A5 (FACTS 1.4): items of a slice, by cursor; only complete once the slice is `created`."""
        return self._by_cursor(parsers.item_of, operations.LIST_SLICE_ITEMS, _named(owner, slug), cursor, limit, {})

    def validate_slice_name(self, name: str) -> NameVerdict:
        """A6 (FACTS 1.4): whether the name (1..100 characters) is free for the key's user; advice only."""
        checks = Checks(VENDOR)
        checks.text("name", name, MOST_NAME)
        checks.raise_errors()
        return self._ask(parsers.verdict_on(name), operations.VALIDATE_SLICE_NAME, {}, body={"name": name})

    def get_slice_item(self, owner: str, slug: str, item_uid: str | UUID) -> Item:
        """A7 (FACTS 1.4): one item of a slice, with fresh links; NotFound if it is not in the slice."""
        place = {**_named(owner, slug), "item_uid": item_uid}
        return self._ask(identified(parsers.item_of, "uid"), operations.GET_SLICE_ITEM, place)

    def list_datasets(
        self,
        *,
        name: str | None = None,
        data_type: str | None = None,
        status: str | None = None,
        visibility: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Dataset]:
        """A8 (FACTS 1.5): datasets of the key's workspace, by cursor; `name` is a part of it, any case."""
        filters = {"data_type": data_type, "name": name, "status": status, "visibility": visibility}
        return self._by_cursor(parsers.dataset_of, operations.LIST_DATASETS, {}, cursor, limit, filters)

    def list_owner_datasets(
        self, owner: str, *, page: int | str = 1, limit: int = 50, ordering: str | None = None
    ) -> Page[Dataset]:
        """A9 (FACTS 1.5): datasets of an owner, by page number; pages and unknown owners as in A1."""
        place = {"owner": owner}
        return self._numbered(parsers.dataset_of, operations.LIST_OWNER_DATASETS, place, page, limit, ordering)

    def get_dataset(self, uid: str | UUID) -> Dataset:
        """A10 (FACTS 1.5): one dataset by its UID; NotFound if it does not exist, or not for this key."""
        return self._ask(identified(parsers.dataset_of, "uid"), operations.GET_DATASET, {"uid": uid})

    def find_dataset(self, owner: str, slug: str) -> Dataset:
        """A11 (FACTS 1.5): a dataset by owner (slug or username) and slug; NotFound as in A10."""
        return self._ask(identified(parsers.dataset_of, "uid"), operations.FIND_DATASET, _named(owner, slug))

    def list_dataset_items(
        self, owner: str, slug: str, *, ordering: str | None = None, cursor: str | None = None, limit: int = 48
    ) -> Page[Item]:
        """A12 (FACTS 1.5): items of a dataset, by cursor, newest first unless ordered otherwise."""
        place = _named(owner, slug)
        return self._by_cursor(
            parsers.item_of, operations.LIST_DATASET_ITEMS, place, cursor, limit, {"ordering": ordering}
        )

    def get_dataset_item(self, owner: str, slug: str, item_uid: str | UUID) -> Item:
        """A13 (FACTS 1.5): one item of a dataset, with fresh links; NotFound if it is not in the dataset."""
        place = {**_named(owner, slug), "item_uid": item_uid}
        return self._ask(identified(parsers.item_of, "uid"), operations.GET_DATASET_ITEM, place)

    def list_organizations(
        self, *, page: int | str = 1, limit: int = 100, ordering: str | None = None
    ) -> Page[Organization]:
        """A14 (FACTS 1.5): the organizations the key's user is in, by page number."""
        return self._numbered(parsers.organization_of, operations.LIST_ORGANIZATIONS, {}, page, limit, ordering)

    def get_organization(self, slug: str) -> Organization:
        """A15 (FACTS 1.5): one organization by its slug; NotFound if the key's user is not in it."""
        return self._ask(parsers.organization_of, operations.GET_ORGANIZATION, {"slug": slug})

    def get_me(self) -> Me:
        """A16 (FACTS 1.5): the key's user; a cheap test of a key."""
        return self._ask(parsers.me_of, operations.GET_ME, {})

    def _numbered(
        self,
        shape: Callable[[Any], T],
        operation: VendorOperation,
        place: Mapping[str, Any],
        page: int | str,
        limit: int,
        ordering: str | None,
    ) -> Page[T]:
        name, value = _page_or_cursor(page)
        params = _params({name: value, "ordering": ordering}, limit)
        cursor = value if name == "cursor" else None
        answer: Page[T] = self._ask_page(
            cursor, lambda data: avala_page(data, shape, numbered=True), operation, place, params=params
        )
        return answer

    def _by_cursor(
        self,
        shape: Callable[[Any], T],
        operation: VendorOperation,
        place: Mapping[str, Any],
        cursor: str | None,
        limit: int,
        filters: Mapping[str, str | None],
    ) -> Page[T]:
        params = _params({**filters, "cursor": cursor}, limit)
        page: Page[T] = self._ask_page(
            cursor, lambda data: avala_page(data, shape, numbered=False), operation, place, params=params
        )
        return page


def _params(values: Mapping[str, str | None], limit: int) -> list[tuple[str, str]]:
    """The parameters that were given, and always a `limit`: its default differs by endpoint (FACTS 1.2)."""
    checks = Checks(VENDOR)
    checks.number("limit", limit, 1, MOST_LIMIT)
    checks.raise_errors()
    return [(name, value) for name, value in values.items() if value] + [("limit", str(limit))]


def _page_or_cursor(page: int | str) -> tuple[str, str]:
    """A page number from 1; a text that is none is the cursor that a guessed style turned out to use."""
    number = read_int(page) if isinstance(page, str) else page
    if number is None:
        return "cursor", str(page)
    checks = Checks(VENDOR)
    checks.number("page", number, 1, 10**9)
    checks.raise_errors()
    return "page", str(number)


def _named(owner: str, slug: str) -> dict[str, str]:
    """Owner and slug, unless the routes give such an address another meaning (FACTS 1.4)."""
    checks = Checks(VENDOR)
    if owner in RESERVED_OWNERS:
        checks.wrong("owner", "An owner of this name cannot be addressed.")
    if slug in RESERVED_SLUGS:
        checks.wrong("slug", "A slug of this name cannot be addressed.")
    checks.raise_errors()
    return {"owner": owner, "slug": slug}


def _parts(sub_slices: Sequence[SubSlice], checks: Checks) -> list[dict[str, Any]]:
    if not sub_slices:
        checks.wrong("sub_slices", "At least one part is needed.")
    return [_part(f"sub_slices.{index}", part, checks) for index, part in enumerate(sub_slices)]


def _part(field: str, part: SubSlice, checks: Checks) -> dict[str, Any]:
    checks.choice(f"{field}.type", part.type, SUB_SLICE_TYPES)
    wire = part.to_wire()
    wire["dataset_uid"] = checks.uuid(f"{field}.dataset_uid", part.dataset_uid)
    if part.type == "dataset_items":
        if not part.item_uids:
            checks.wrong(f"{field}.dataset_item_uids", "At least one item is needed.")
        wire["dataset_item_uids"] = checks.uuids(f"{field}.dataset_item_uids", part.item_uids)
    return wire
