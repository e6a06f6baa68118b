"""Avala's JSON into types (FACTS 1.4, 1.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from console.upstream.json_fields import Fields, Misshapen, as_text
from console.upstream.response_models import Dataset, Item, Me, NameVerdict, Organization, Slice, SubSlice


def slice_of(data: Any) -> Slice:
    fields = Fields(data, "the slice")
    source = fields.any("source_data")
    return Slice(
        uid=fields.uuid("uid"),
        name=fields.text("name"),
        slug=fields.text("slug"),
        owner_name=fields.text("owner_name"),
        organization=organization_in(fields.any("organization")),
        visibility=fields.text("visibility"),
        sub_slices=sub_slices_of(fields.any("sub_slices")),
        source_data=None if source is None else sub_slices_of(source),
        status=fields.text("status"),
        featured_urls=fields.texts("featured_slice_item_urls"),
        item_count=fields.number("item_count"),
        created_at=fields.moment("created_at"),
        description=fields.text("description"),
        extra=fields.rest(),
    )


def created_slice_of(data: Any) -> Slice:
    """The answer to A3. Without a UUID and a slug for its address it is unknown what was created."""
    new_slice = slice_of(data)
    if not new_slice.uid or not new_slice.has_usable_slug:
        raise Misshapen("the slice has no usable id")
    return new_slice


def sub_slices_of(data: Any) -> tuple[SubSlice, ...]:
    """The parts of a recipe; what is no object is kept as a part of an unknown kind, to be shown."""
    return tuple(_sub_slice(entry) for entry in (data if isinstance(data, list) else []))


def _sub_slice(data: Any) -> SubSlice:
    if not isinstance(data, dict):
        return SubSlice(type="", dataset_uid="", extra={"value": data})
    fields = Fields(data, "the part")
    filters = fields.any("filters")
    return SubSlice(
        type=fields.text("type") or "",
        dataset_uid=fields.text("dataset_uid") or "",
        item_uids=fields.texts("dataset_item_uids"),
        filters=filters if isinstance(filters, dict) else None,
        extra=fields.rest() if filters is None or isinstance(filters, dict) else {**fields.rest(), "filters": filters},
    )


def organization_in(data: Any) -> Organization | None:
    """The organization inside a slice: an object, a slug, or nothing (FACTS 4, rows 19 and 20)."""
    if data is None or isinstance(data, dict):
        return None if data is None else organization_of(data)
    text = as_text(data)
    return Organization(uid=None, name=None, slug=text, raw={"value": data})


def organization_of(data: Any) -> Organization:
    fields = Fields(data, "the organization")
    return Organization(
        uid=fields.text("uid"),
        name=fields.text("name"),
        slug=fields.text("slug"),
        role=fields.text("role"),
        raw=dict(data),
    )


def item_of(data: Any) -> Item:
    """An Item under either set of names (FACTS 1.5)."""
    fields = Fields(data, "the item")
    thumbnails = fields.texts("thumbnails")
    return Item(
        uid=fields.uuid("uid"),
        key=fields.text("key"),
        url=fields.text("url", "data_url"),
        thumbnail=thumbnails[0] if thumbnails else fields.text("thumbnail_url"),
        thumbnails=thumbnails,
        metadata=fields.mapping("metadata"),
        created_at=fields.moment("created_at"),
        dataset_slug=fields.text("dataset_slug"),
        dataset_owner_name=fields.text("dataset_owner_name"),
        extra=fields.rest(),
    )


def dataset_of(data: Any) -> Dataset:
    fields = Fields(data, "the dataset")
    return Dataset(
        uid=fields.uuid("uid"),
        name=fields.text("name"),
        slug=fields.text("slug"),
        item_count=fields.number("item_count"),
        owner_name=fields.text("owner_name"),
        status=fields.text("status"),
        data_type=fields.text("data_type"),
        visibility=fields.text("visibility"),
        created_at=fields.moment("created_at"),
        updated_at=fields.moment("updated_at"),
        extra=fields.rest(),
    )


def verdict_on(name: str) -> Callable[[Any], NameVerdict]:
    """A reader of A6's answer; the name is ours where the answer leaves it out."""

    def shape(data: Any) -> NameVerdict:
        fields = Fields(data, "the verdict")
        is_valid, message = fields.flag("isValid", "is_valid"), fields.text("message")
        return NameVerdict(name=fields.text("name") or name, is_valid=is_valid, message=message)

    return shape


def me_of(data: Any) -> Me:
    fields = Fields(data, "the user")
    return Me(
        uid=fields.id_text("uid"), name=fields.text("name", "username", "full_name", "email"), extra=fields.rest()
    )
