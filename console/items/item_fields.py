"""The fields of a new work item (P15): from what a person typed, or a line of a CSV, to the value that is sent.

Each function takes the text of a field that is not empty and returns its value, or raises ValidationError with a
sentence for the field. An empty field is not sent at all.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from console.common.formatting import untrusted_url
from console.common.parsing import INT64, NotJson, read_int, read_json, read_uuid, text_fault
from console.items.console_ids import KEY, with_console_id
from console.items.labels.label_input import BadLabels, fault_of, read_objects
from console.upstream.cloudfactory_requests import ASSET_TYPES, MOST_DIFFICULTY, MOST_DUE
from console.upstream.response_models import NewWorkItem
from console.upstream.storage_paths import MOST_PATH, PathRefused, path_in_space

MOST_ADDRESS = 8_000
MOST_METADATA = 100_000
"""Characters."""

ADDRESS = "Enter an address with https:// or s3://, or a path inside the space."
ASSET_ID = "Enter a whole number, 0 or more."
ASSET_TYPE = "Enter image or video."
RESULTS_URL = "Enter an address with https://."
CREDENTIALS = "Remove the user name and password from the address."
BLANK = "An address has no blanks. Write a blank as %20."
TAXONOMY = "Enter a UUID, for example 5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10."
DUE = f"Enter a whole number of seconds from 1 to {MOST_DUE:,} (30 days)."
DIFFICULTY = f"Enter a whole number from 0 to {MOST_DIFFICULTY}."
OUR_KEY = f"The console sets “{KEY}” itself, to find the item again. Use another name."
METADATA = 'Enter a JSON object, for example {"site": "Lisbon"}.'
ONE_ASSET = "Enter the address of the asset or its id, not both."
NO_ASSET = "Enter the address of the asset, or its id."

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def clean_asset_url(text: str) -> str:
    """An absolute address, https or s3, or a path relative to the space (FACTS 2.9)."""
    address = text.strip()
    scheme = address.partition(":")[0].lower()
    if scheme in ("http", "https"):
        return _web_address(address, ADDRESS)
    if scheme == "s3":
        return _storage_address(address)
    if _SCHEME.match(address):
        raise ValidationError(ADDRESS)
    if len(address) > MOST_PATH:
        raise ValidationError(f"A path has at most {MOST_PATH:,} characters.")
    try:
        return path_in_space("", address)
    except PathRefused as refused:
        raise ValidationError(str(refused)) from None


def clean_asset_id(text: str) -> int:
    return _whole_number(text, 0, INT64.stop - 1, ASSET_ID)


def clean_asset_type(text: str) -> str:
    asset_type = text.strip().lower()
    if asset_type not in ASSET_TYPES:
        raise ValidationError(ASSET_TYPE)
    return asset_type


def clean_results_url(text: str) -> str:
    return _web_address(text.strip(), RESULTS_URL)


def clean_taxonomy_version_id(text: str) -> str:
    version_id = read_uuid(text.strip())
    if version_id is None:
        raise ValidationError(TAXONOMY)
    return str(version_id)


def clean_due_in_seconds(text: str) -> int:
    return _whole_number(text, 1, MOST_DUE, DUE)


def clean_difficulty(text: str) -> int:
    return _whole_number(text, 0, MOST_DIFFICULTY, DIFFICULTY)


def clean_metadata(text: str) -> dict[str, Any]:
    if len(text) > MOST_METADATA:
        raise ValidationError(f"Metadata has at most {MOST_METADATA:,} characters.")
    value = _json(text)
    if not isinstance(value, dict):
        raise ValidationError(METADATA)
    for name in value:
        check_metadata_name(name)
    return value


def check_metadata_name(name: str) -> None:
    """Raises ValidationError for the name that the console uses for its own id."""
    if name.strip() == KEY:
        raise ValidationError(OUR_KEY)


def clean_labels(text: str) -> list[dict[str, Any]]:
    """Any list of objects: their fields are not documented (FACTS 4, row 9)."""
    try:
        return read_objects(text)
    except BadLabels as bad:
        raise ValidationError(str(bad)) from None


CLEANERS: Mapping[str, Callable[[str], Any]] = {
    "asset_url": clean_asset_url,
    "asset_id": clean_asset_id,
    "asset_type": clean_asset_type,
    "results_url": clean_results_url,
    "taxonomy_version_id": clean_taxonomy_version_id,
    "due_in_seconds": clean_due_in_seconds,
    "difficulty": clean_difficulty,
    "metadata": clean_metadata,
    "labels": clean_labels,
}
"""By the field's name in `NewWorkItem`."""


def new_work_item(fields: Mapping[str, Any], *, batch_id: int | None, console_id: uuid.UUID) -> NewWorkItem:
    """What is sent of cleaned fields, under our id."""
    values = dict(fields)
    labels = values.pop("labels", None)
    metadata = with_console_id(values.pop("metadata", None), console_id)
    return NewWorkItem(**values, batch_id=batch_id, metadata=metadata, labels=None if labels is None else tuple(labels))


def _web_address(address: str, sentence: str) -> str:
    """https, or an origin that this console trusts; no blanks and no credentials."""
    if len(address) > MOST_ADDRESS:
        raise ValidationError(f"An address has at most {MOST_ADDRESS:,} characters.")
    if fault := text_fault(address):
        raise ValidationError(fault)
    if any(character.isspace() for character in address):
        raise ValidationError(BLANK)
    if untrusted_url(address):
        return address
    raise ValidationError(CREDENTIALS if "@" in _split(address)[0] else sentence)


def _storage_address(address: str) -> str:
    if len(address) > MOST_ADDRESS:
        raise ValidationError(f"An address has at most {MOST_ADDRESS:,} characters.")
    if fault := text_fault(address):
        raise ValidationError(fault)
    bucket, key = _split(address)
    if not bucket or "@" in bucket or not key.strip("/"):
        raise ValidationError("Enter the bucket and the file, for example s3://bucket/folder/image.jpg.")
    return address


def _split(address: str) -> tuple[str, str]:
    """Host and path; nothing of what cannot be read as an address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.netloc, parts.path


def _whole_number(text: str, least: int, most: int, sentence: str) -> int:
    number = read_int(text.strip(), least, most)
    if number is None:
        raise ValidationError(sentence)
    return number


def _json(text: str) -> Any:
    try:
        return read_json(text, exact=True)
    except NotJson as error:
        raise ValidationError(fault_of(error)) from None
