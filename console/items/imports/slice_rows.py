"""What the items of a slice become: a row of the plan each, with the fields of a work item or the reason why not."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError

from console.common.parsing import clean, read_uuid
from console.items import console_ids
from console.items.imports.services import NewRow
from console.items.imports.signed_links import SignedLink, read_signed_link
from console.items.item_fields import clean_asset_url
from console.upstream.response_models import Item

NAMESPACE = uuid.UUID("6d2cf0a5-0a2d-5b1e-9a57-6c1c5c2b6f0e")
MOST_TEXT = 1_000
IMAGE, VIDEO = "image", "video"
VIDEOS = frozenset({"3gp", "avi", "flv", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "ts", "webm", "wmv"})
NO_ASSETS = frozenset({"bag", "bin", "csv", "json", "las", "laz", "mcap", "npy", "npz", "pcd", "ply", "splat", "txt"})

URL = "url"
NO_LINK = "Avala gave no link to its picture or video."
NO_ADDRESS = "Its link at Avala is no whole address with https://."
NO_ASSET = "CloudFactory takes images and videos; this is a file of another kind (.{ending})."


@dataclass(frozen=True)
class SliceTarget:
    """Where the items of a slice go."""

    project: uuid.UUID
    batch_id: int
    owner: str
    slug: str

    @property
    def slice_name(self) -> str:
        return f"{self.owner}/{self.slug}"

    def console_id(self, item: uuid.UUID | str) -> uuid.UUID:
        """The same for everybody who sends this item of the slice to this batch."""
        return uuid.uuid5(NAMESPACE, f"{self.project}/{self.batch_id}/{self.slice_name}/{item}")


@dataclass(frozen=True)
class SlicePlanRow:
    """`signed` is set where the link is not kept with the row, because everybody who has it can open the asset."""

    row: NewRow
    signed: SignedLink | None = None


def read_rows(items: Iterable[Item], *, place: SliceTarget, first: int, cursor: str) -> Iterator[SlicePlanRow]:
    """A row for each item, numbered from `first`; `cursor` leads to the page of the slice that they came with."""
    for number, item in enumerate(items, start=first):
        yield _row(item, place, number, cursor)


def link_of(item: Item) -> str:
    """The item's link as P15 takes it. Raises ValidationError with the sentence for people."""
    link = (item.url or "").strip()
    if not link:
        raise ValidationError(NO_LINK)
    if not link.lower().startswith(("https://", "http://", "s3://")):
        # A path would name a file of the space, which the slice knows nothing of.
        raise ValidationError(NO_ADDRESS)
    return clean_asset_url(link)


def _row(item: Item, place: SliceTarget, number: int, cursor: str) -> SlicePlanRow:
    console_id, batch_id = place.console_id(item.uid), place.batch_id
    name = _key_of(item) or item.uid
    try:
        url = link_of(item)
        fields = {"asset_type": _asset_type(item), "metadata": _metadata(item, place)}
    except ValidationError as error:
        errors = [[URL, message] for message in error.messages]
        return SlicePlanRow(NewRow(number, name, {}, batch_id, console_id, errors))
    signed = read_signed_link(url)
    if signed is None:
        return SlicePlanRow(NewRow(number, name, {**fields, "asset_url": url}, batch_id, console_id))
    return SlicePlanRow(NewRow(number, name, fields, batch_id, console_id, cells=[cursor]), signed)


def _metadata(item: Item, place: SliceTarget) -> dict[str, Any]:
    source = {
        console_ids.SLICE: place.slice_name,
        console_ids.DATASET: str(read_uuid(item.extra.get("dataset")) or ""),
        console_ids.SLICE_ITEM: item.uid,
        console_ids.ASSET_KEY: _key_of(item),
    }
    return {name: value for name, value in source.items() if value}


def _key_of(item: Item) -> str:
    """Mostly the file's name. One that is itself a signed link loses what opens it."""
    key = clean(item.key or "")
    return (key.partition("?")[0] if "?" in key and read_signed_link(key) else key)[:MOST_TEXT]


def _asset_type(item: Item) -> str:
    """By the ending of its key, else of its link; without one it is an image."""
    for name in (item.key or "", _path_of(item.url or "")):
        ending = PurePosixPath(name[-MOST_TEXT:].replace("\\", "/")).suffix.lstrip(".").casefold()
        if ending in VIDEOS:
            return VIDEO
        if ending in NO_ASSETS:
            raise ValidationError(NO_ASSET.format(ending=ending))
    return IMAGE


def _path_of(url: str) -> str:
    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return ""
