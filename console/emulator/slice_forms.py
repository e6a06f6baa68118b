"""What Avala checks in the body of A3 and A6, and the words it answers with (FACTS 1.3, 1.4)."""

import re
from typing import Any

from console.emulator.people import Person
from console.emulator.sample import ORGANIZATIONS
from console.emulator.tables import Row
from console.emulator.wire import Refusal, Request
from console.emulator.world import World

LONGEST_NAME = 100
REQUIRED = "This field is required."
BLANK = "This field may not be blank."
NULL = "This field may not be null."
NOT_TEXT = "Not a valid string."
NOT_UUID = "Must be a valid UUID."
NO_SUCH_CHOICE = '"{}" is not a valid choice.'
NAME_TAKEN = 'A slice named "{}" already exists.'
KINDS = ("dataset", "dataset_items", "filters")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def body(request: Request) -> Row:
    try:
        data = request.json
    except ValueError as error:
        raise Refusal(400, {"detail": f"JSON parse error - {error}"}) from None
    if not isinstance(data, dict):
        words = f"Invalid data. Expected a dictionary, but got {type(data).__name__}."
        raise Refusal(400, {"non_field_errors": [words]})
    return data


def check(world: World, person: Person, data: Row) -> Row:
    """The cleaned body. All complaints come at once, by field; an unknown dataset is a 404 after that."""
    errors: dict[str, Any] = {}
    name, errors["name"] = name_of(data)
    owner, organization, errors["organization"] = _organization(person, data)
    if not errors["name"] and is_name_taken(world, owner, name):
        errors["name"] = [NAME_TAKEN.format(name)]
    errors["visibility"] = _choice(data, "visibility", ("public", "private"))
    errors["sub_slices"] = _parts(data)
    errors["random_selection_count"] = _count(data.get("random_selection_count"))
    problems = {field: messages for field, messages in errors.items() if messages}
    if problems:
        raise Refusal(400, problems)
    _datasets_exist(world, person, data["sub_slices"])
    return {**data, "name": name, "owner": owner, "organization": organization}


def name_of(data: Row) -> tuple[str, list[str]]:
    if "name" not in data:
        return "", [REQUIRED]
    value = data["name"]
    if value is None:
        return "", [NULL]
    if not isinstance(value, str):
        return "", [NOT_TEXT]
    name = value.strip()
    if not name:
        return "", [BLANK]
    if len(name) > LONGEST_NAME:
        return "", [f"Ensure this field has no more than {LONGEST_NAME} characters."]
    return name, []


def is_name_taken(world: World, owner: str, name: str) -> bool:
    return any(row["owner"] == owner and row["name"] == name for row in world.slices)


def _organization(person: Person, data: Row) -> tuple[str, str | None, list[str]]:
    """An object as the API gives it, or the slug alone, as the vendor's SDK sends it (FACTS 4, question 19)."""
    value = data.get("organization")
    if value is None:
        return person.owner, None, []
    slug = _slug(value)
    if slug not in person.organizations:
        return person.owner, None, ["Organization not found."]
    return slug, slug, []


def _slug(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    by_uid = {uid: slug for slug, uid in ORGANIZATIONS.items()}
    return str(value.get("slug") or by_uid.get(str(value.get("uid")), ""))


def _choice(data: Row, field: str, choices: tuple[str, ...]) -> list[str]:
    if field not in data:
        return [REQUIRED]
    if data[field] is None:
        return [NULL]
    return [] if data[field] in choices else [NO_SUCH_CHOICE.format(data[field])]


def _count(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, int) or isinstance(value, bool):
        return ["A valid integer is required."]
    return [] if value >= 1 else ["Ensure this value is greater than or equal to 1."]


def _parts(data: Row) -> list[Any]:
    parts = data.get("sub_slices")
    if "sub_slices" not in data:
        return [REQUIRED]
    if parts is None:
        return [NULL]
    if not isinstance(parts, list):
        return [f'Expected a list of items but got type "{type(parts).__name__}".']
    if not parts:
        return ["This list may not be empty."]
    errors = [_part(part) for part in parts]
    return errors if any(errors) else []


def _part(part: Any) -> Row:
    if not isinstance(part, dict):
        return {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {type(part).__name__}."]}
    errors: Row = {"type": _choice(part, "type", KINDS), "dataset_uid": _uuid(part)}
    if part.get("type") == "dataset_items":
        errors["dataset_item_uids"] = _uuids(part)
    if part.get("type") == "filters":
        errors["filters"] = _filters(part)
    return {field: messages for field, messages in errors.items() if messages}


def _uuid(part: Row) -> list[str]:
    if "dataset_uid" not in part:
        return [REQUIRED]
    return [] if is_uuid(part["dataset_uid"]) else [NOT_UUID]


def _uuids(part: Row) -> list[str]:
    if "dataset_item_uids" not in part:
        return [REQUIRED]
    value = part["dataset_item_uids"]
    if not isinstance(value, list):
        return [f'Expected a list of items but got type "{type(value).__name__}".']
    if not value:
        return ["This list may not be empty."]
    return [] if all(is_uuid(entry) for entry in value) else [NOT_UUID]


def _filters(part: Row) -> list[str]:
    if "filters" not in part:
        return [REQUIRED]
    value = part["filters"]
    if not isinstance(value, dict):
        return [f'Expected a dictionary of items but got type "{type(value).__name__}".']
    return [] if value else ["This dictionary may not be empty."]


def is_uuid(value: Any) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _datasets_exist(world: World, person: Person, parts: list[Row]) -> None:
    errors: list[Row] = [{} for _ in parts]
    for place, part in enumerate(parts):
        dataset = world.sample.datasets.get(part["dataset_uid"].lower())
        if dataset is None or dataset["owner"] not in person.organizations:
            raise Refusal(404, {"detail": "Not found."})
        part["dataset_uid"] = dataset["uid"]
        if part["type"] == "dataset_items":
            part["dataset_item_uids"] = [uid.lower() for uid in part["dataset_item_uids"]]
            errors[place] = _strangers(world, part)
    if any(errors):
        raise Refusal(400, {"sub_slices": errors})


def _strangers(world: World, part: Row) -> Row:
    known_uids = {item["uid"] for item in world.dataset_items(part["dataset_uid"])}
    unknown = [uid for uid in part["dataset_item_uids"] if uid not in known_uids]
    return {"dataset_item_uids": [f"Item {uid} is not in this dataset." for uid in unknown[:3]]} if unknown else {}
