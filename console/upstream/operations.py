"""Every operation of both vendors: one table, so that a wrong guess is corrected in one line.

Paths are FACTS 1.4, 1.5 and 2.4 without the base address. A parameter is `{name}` for text,
`{name:uuid}` or `{name:int}`. `reads` marks what may be repeated: every GET, and two POSTs that
change nothing (A6, P2). `confirmed` is False where path or method is only inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Answers = Literal["json", "json or nothing", "nothing"]


@dataclass(frozen=True)
class VendorOperation:
    """One row. `answers` says what the body of a 2xx is; any other body is Unreadable.

    "nothing": empty. "json or nothing": empty, or JSON but not null. "json": JSON.
    """

    name: str
    method: str
    path: str
    reads: bool
    confirmed: bool
    answers: Answers = "json"


def _get(name: str, path: str, *, confirmed: bool = True) -> VendorOperation:
    return VendorOperation(name, "GET", path, reads=True, confirmed=confirmed)


LIST_SLICES = _get("A1", "/slices/{owner}/list/")
LIST_DATASET_SLICES = _get("A2", "/slices/dataset/{dataset_uid:uuid}/")
CREATE_SLICE = VendorOperation("A3", "POST", "/slices/", reads=False, confirmed=True)
GET_SLICE = _get("A4", "/slices/{owner}/{slug}/")
LIST_SLICE_ITEMS = _get("A5", "/slices/{owner}/{slug}/items/list/")
VALIDATE_SLICE_NAME = VendorOperation("A6", "POST", "/slice/validate/name", reads=True, confirmed=True)
GET_SLICE_ITEM = _get("A7", "/slices/{owner}/{slug}/items/{item_uid:uuid}/")
LIST_DATASETS = _get("A8", "/datasets/")
LIST_OWNER_DATASETS = _get("A9", "/datasets/{owner}/list/")
GET_DATASET = _get("A10", "/datasets/{uid:uuid}/")
FIND_DATASET = _get("A11", "/datasets/{owner}/{slug}/")
LIST_DATASET_ITEMS = _get("A12", "/datasets/{owner}/{slug}/items/")
GET_DATASET_ITEM = _get("A13", "/datasets/{owner}/{slug}/items/{item_uid:uuid}/")
LIST_ORGANIZATIONS = _get("A14", "/organizations/")
GET_ORGANIZATION = _get("A15", "/organizations/{slug}/")
GET_ME = _get("A16", "/users/me/")

_BATCHES = "/projects/{project:uuid}/batches"
_EXPORTS = "/spaces/{space:uuid}/exports"
_ITEMS = "/projects/{project:uuid}/workItems"
_ITEM = _ITEMS + "/{item_id:uuid}"

UPLOAD_LINKS = _get("P1", "/spaces/{space:uuid}/signedurls", confirmed=False)
DOWNLOAD_LINKS = VendorOperation("P2", "POST", "/spaces/{space:uuid}/signedurls", reads=True, confirmed=True)
CREATE_BATCH = VendorOperation("P3", "POST", _BATCHES, reads=False, confirmed=False, answers="json or nothing")
LIST_BATCHES = _get("P4", _BATCHES)
GET_PRIORITIES = _get("P5", _BATCHES + "/prioritization", confirmed=False)
SAVE_PRIORITIES = VendorOperation(
    "P6", "PUT", _BATCHES + "/prioritization", reads=False, confirmed=False, answers="json or nothing"
)
UPDATE_BATCH = VendorOperation(
    "P7", "PATCH", _BATCHES + "/{batch_id:int}", reads=False, confirmed=False, answers="json or nothing"
)
LIST_EXPORTS = _get("P8", _EXPORTS)
CREATE_EXPORT = VendorOperation("P9", "POST", _EXPORTS, reads=False, confirmed=True, answers="json or nothing")
GET_EXPORT = _get("P10", _EXPORTS + "/{export_id:uuid}")
DELETE_EXPORT = VendorOperation(
    "P11", "DELETE", _EXPORTS + "/{export_id:uuid}", reads=False, confirmed=True, answers="nothing"
)
LIST_PROJECTS = _get("P12", "/spaces/{space:uuid}/projects", confirmed=False)
GET_PROJECT = _get("P13", "/spaces/{space:uuid}/projects/{project:uuid}", confirmed=False)
SEND_SIGNALS = VendorOperation(
    "P14", "POST", _ITEMS + "/signals", reads=False, confirmed=False, answers="json or nothing"
)
CREATE_WORK_ITEM = VendorOperation("P15", "POST", _ITEMS, reads=False, confirmed=False, answers="json or nothing")
LIST_WORK_ITEMS = _get("P16", _ITEMS)
INSERT_LABELS = VendorOperation(
    "P17", "POST", _ITEM + "/labels", reads=False, confirmed=False, answers="json or nothing"
)
GET_ANNOTATION = _get("P18", _ITEM + "/annotations")
SIGNAL = VendorOperation("P19", "PUT", _ITEM + "/signals", reads=False, confirmed=False, answers="json or nothing")

OPERATIONS: tuple[VendorOperation, ...] = tuple(
    row for row in list(globals().values()) if isinstance(row, VendorOperation)
)
