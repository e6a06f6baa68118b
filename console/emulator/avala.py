"""Avala's sixteen operations, A1 to A16 (FACTS 1.4, 1.5)."""

import re
import time
import unicodedata
from collections.abc import Sequence
from uuid import uuid4

from console.emulator import drawing, paging, slice_forms, slices
from console.emulator.people import Person
from console.emulator.routes import Route
from console.emulator.tables import Row
from console.emulator.wire import Answer, Refusal, Request, json_answer
from console.emulator.world import World

ROOT = "/api/v1"
NOT_FOUND = Refusal(404, {"detail": "Not found."})
SLICE_ORDERS = {"name": "name", "created_at": "created_at", "slug": "slug", "uid": "uid", "visibility": "visibility"}
DATASET_ORDERS = {"name": "name", "slug": "slug", "created_at": "created_at", "item_count": "item_count"}
ITEM_ORDERS = {"key": "key", "created_at": "created_at", "uid": "uid"}


# --- slices -----------------------------------------------------------------------------------------------------


def list_slices(world: World, request: Request, owner: str) -> Answer:
    _known_owner(request.caller, owner)
    rows = [row for row in slices.visible(world, request.caller) if row["owner"] == owner]
    return _page_of_slices(world, request, rows)


def list_dataset_slices(world: World, request: Request, dataset_uid: str) -> Answer:
    dataset = _dataset(world, request.caller, dataset_uid)
    rows = [
        row
        for row in slices.visible(world, request.caller)
        if any(part["dataset_uid"] == dataset["uid"] for part in row["sub_slices"])
    ]
    return _page_of_slices(world, request, rows)


def create_slice(world: World, request: Request) -> Answer:
    data = slice_forms.check(world, request.caller, slice_forms.body(request))
    now = time.time()
    row = {
        "uid": str(uuid4()),
        "name": data["name"],
        "slug": _free_slug(world, data["owner"], data["name"]),
        "owner": data["owner"],
        "organization": data["organization"],
        "visibility": data["visibility"],
        "sub_slices": data["sub_slices"],
        "random": data.get("random_selection_count"),
        "created_at": now,
        "created_by": request.caller.name,
        "fails": data["name"].startswith("fail-build"),
        "ready_at": now + world.settings.pace,
    }
    world.slices.put(row)
    world.changed()
    fresh = {"status": "pending", "item_count": 0, "featured_slice_item_urls": []}
    return json_answer(201, {**slices.draw(world, row), **fresh})


def get_slice(world: World, request: Request, owner: str, slug: str) -> Answer:
    return json_answer(200, slices.draw(world, _slice(world, request.caller, owner, slug)))


def list_slice_items(world: World, request: Request, owner: str, slug: str) -> Answer:
    items = slices.items(world, _slice(world, request.caller, owner, slug))
    return json_answer(200, paging.cursor(request, items, lambda item: drawing.item(world, item)))


def get_slice_item(world: World, request: Request, owner: str, slug: str, item_uid: str) -> Answer:
    return _one_item(world, slices.items(world, _slice(world, request.caller, owner, slug)), item_uid)


def validate_name(world: World, request: Request) -> Answer:
    name, errors = slice_forms.name_of(slice_forms.body(request))
    if errors:
        raise Refusal(400, {"name": errors})
    person = request.caller
    free = not slice_forms.is_name_taken(world, person.owner, name)
    words = f"{person.name} can use this name." if free else f"{person.name} already has a slice with this name."
    return json_answer(200, {"name": name, "isValid": free, "message": words})


# --- datasets ---------------------------------------------------------------------------------------------------


def list_datasets(world: World, request: Request) -> Answer:
    part = (request.one("name") or "").lower()
    rows = [row for row in _datasets(world, request.caller) if part in row["name"].lower()]
    fixed = {"data_type": "image", "status": "created"}
    for field, value in fixed.items():
        if request.one(field) not in (None, "", value):
            rows = []
    if request.one("visibility"):
        rows = [row for row in rows if row["visibility"] == request.one("visibility")]
    return json_answer(200, paging.cursor(request, rows, lambda row: drawing.dataset(world, row)))


def list_owner_datasets(world: World, request: Request, owner: str) -> Answer:
    _known_owner(request.caller, owner)
    rows = [row for row in _datasets(world, request.caller) if row["owner"] == owner]
    rows = _ordered(request, rows, DATASET_ORDERS)
    return json_answer(200, paging.page_number(request, rows, lambda row: drawing.dataset(world, row)))


def get_dataset(world: World, request: Request, uid: str) -> Answer:
    return json_answer(200, drawing.dataset(world, _dataset(world, request.caller, uid)))


def find_dataset(world: World, request: Request, owner: str, slug: str) -> Answer:
    return json_answer(200, drawing.dataset(world, _dataset_by_slug(world, request.caller, owner, slug)))


def list_dataset_items(world: World, request: Request, owner: str, slug: str) -> Answer:
    dataset = _dataset_by_slug(world, request.caller, owner, slug)
    rows = _ordered(request, world.dataset_items(dataset["uid"]), ITEM_ORDERS)
    return json_answer(200, paging.cursor(request, rows, lambda item: drawing.item(world, item)))


def get_dataset_item(world: World, request: Request, owner: str, slug: str, item_uid: str) -> Answer:
    dataset = _dataset_by_slug(world, request.caller, owner, slug)
    return _one_item(world, world.dataset_items(dataset["uid"]), item_uid)


# --- organizations and people -----------------------------------------------------------------------------------


def list_organizations(world: World, request: Request) -> Answer:
    rows = list(request.caller.organizations)
    if (request.one("ordering") or "").startswith("-"):
        rows.reverse()
    answer = paging.page_number(
        request, rows, lambda slug: drawing.organization(world, request.caller, slug), default=20
    )
    return json_answer(200, answer)


def get_organization(world: World, request: Request, slug: str) -> Answer:
    if slug not in request.caller.organizations:
        raise NOT_FOUND
    return json_answer(200, drawing.organization(world, request.caller, slug))


def get_me(world: World, request: Request) -> Answer:
    person = request.caller
    me = {"uid": person.uid, "username": person.name, "email": person.email, "full_name": person.name.capitalize()}
    return json_answer(200, me)


ROUTES = (
    Route("A2", "GET", f"{ROOT}/slices/dataset/{{dataset_uid}}/", list_dataset_slices),
    Route("A1", "GET", f"{ROOT}/slices/{{owner}}/list/", list_slices),
    Route("A3", "POST", f"{ROOT}/slices/", create_slice, "change"),
    Route("A4", "GET", f"{ROOT}/slices/{{owner}}/{{slug}}/", get_slice),
    Route("A5", "GET", f"{ROOT}/slices/{{owner}}/{{slug}}/items/list/", list_slice_items),
    Route("A6", "POST", f"{ROOT}/slice/validate/name", validate_name),
    Route("A7", "GET", f"{ROOT}/slices/{{owner}}/{{slug}}/items/{{item_uid}}/", get_slice_item),
    Route("A8", "GET", f"{ROOT}/datasets/", list_datasets),
    Route("A9", "GET", f"{ROOT}/datasets/{{owner}}/list/", list_owner_datasets),
    Route("A10", "GET", f"{ROOT}/datasets/{{uid}}/", get_dataset),
    Route("A11", "GET", f"{ROOT}/datasets/{{owner}}/{{slug}}/", find_dataset),
    Route("A12", "GET", f"{ROOT}/datasets/{{owner}}/{{slug}}/items/", list_dataset_items),
    Route("A13", "GET", f"{ROOT}/datasets/{{owner}}/{{slug}}/items/{{item_uid}}/", get_dataset_item),
    Route("A14", "GET", f"{ROOT}/organizations/", list_organizations),
    Route("A15", "GET", f"{ROOT}/organizations/{{slug}}/", get_organization),
    Route("A16", "GET", f"{ROOT}/users/me/", get_me),
)


# --- looking things up ------------------------------------------------------------------------------------------


def _known_owner(person: Person, owner: str) -> None:
    if owner not in person.organizations:
        raise NOT_FOUND


def _slice(world: World, person: Person, owner: str, slug: str) -> Row:
    for row in slices.visible(world, person):
        if row["owner"] == owner and row["slug"] == slug:
            return row
    raise NOT_FOUND


def _datasets(world: World, person: Person) -> list[Row]:
    return [row for row in world.sample.datasets.values() if row["owner"] in person.organizations]


def _dataset(world: World, person: Person, uid: str) -> Row:
    row = world.sample.datasets.get(uid.lower())
    if row is None or row["owner"] not in person.organizations:
        raise NOT_FOUND
    return row


def _dataset_by_slug(world: World, person: Person, owner: str, slug: str) -> Row:
    for row in _datasets(world, person):
        if row["owner"] == owner and row["slug"] == slug:
            return row
    raise NOT_FOUND


def _one_item(world: World, items: Sequence[Row], uid: str) -> Answer:
    match = next((item for item in items if item["uid"] == uid.lower()), None)
    if match is None:
        raise NOT_FOUND
    return json_answer(200, drawing.item(world, match))


def _page_of_slices(world: World, request: Request, rows: list[Row]) -> Answer:
    newest_first = sorted(rows, key=lambda row: (row["created_at"], row["uid"]), reverse=True)
    rows = _ordered(request, newest_first, SLICE_ORDERS)
    return json_answer(200, paging.page_number(request, rows, lambda row: slices.draw(world, row)))


def _ordered(request: Request, rows: list[Row], orders: dict[str, str]) -> list[Row]:
    """An ordering that the vendor does not know is passed over, not refused."""
    ordering = request.one("ordering") or ""
    field = orders.get(ordering.removeprefix("-"))
    if field is None:
        return rows
    return sorted(rows, key=lambda row: row[field], reverse=ordering.startswith("-"))


def _free_slug(world: World, owner: str, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "slice"
    used = {row["slug"] for row in world.slices if row["owner"] == owner} | {"list"}
    number, candidate = 1, slug
    while candidate in used:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate
