"""Signals to work items, P14 and P19: which one moves what is a guess (FACTS 2.9), and this is its table."""

import time
from typing import Any

from console.emulator import bodies, work_items
from console.emulator.bodies import refuse
from console.emulator.faults import ItemFault
from console.emulator.places import project_of, work_item_of
from console.emulator.slice_forms import is_uuid
from console.emulator.tables import Row
from console.emulator.wire import Answer, Request, json_answer
from console.emulator.world import World

SIGNALS = ("start", "release", "complete", "cancel", "reopen")
OUTCOMES = ("OK", "NOT_OK")
REVIEW = "external_review"
MOST_ITEMS = 100
_PLAIN = {
    ("start", "NEW"): "IN_PROGRESS",
    ("release", "IN_PROGRESS"): "NEW",
    ("cancel", "NEW"): "CANCELED",
    ("cancel", "IN_PROGRESS"): "CANCELED",
    ("cancel", "CLIENT_REVIEW"): "CANCELED",
    ("reopen", "COMPLETED"): "NEW",
    ("reopen", "FAILED"): "NEW",
    ("reopen", "CANCELED"): "NEW",
}
_COMPLETE = {
    (False, "IN_PROGRESS", "OK"): "COMPLETED",
    (False, "IN_PROGRESS", "NOT_OK"): "FAILED",
    (True, "CLIENT_REVIEW", "OK"): "COMPLETED",
    (True, "CLIENT_REVIEW", "NOT_OK"): "IN_PROGRESS",
}


def signal_many(world: World, request: Request, project: str) -> Answer:
    row = project_of(world, request.caller, project)
    data = bodies.body(request)
    signal = bodies.choice(data, "signal", SIGNALS, required=True)
    outcome = bodies.choice(data, "signalOutcome", OUTCOMES, default="OK")
    task = bodies.text(data, "taskType") if signal == "complete" or data.get("taskType") is not None else None
    entries = bodies.objects(data, "workItems", most=MOST_ITEMS)
    results = [_signal_entry(world, row["id"], entry, signal, outcome, task) for entry in entries]
    return json_answer(200, {"items": [entry for result in results for entry in result]})


def signal_one(world: World, request: Request, project: str, item: str) -> Answer:
    row = project_of(world, request.caller, project)
    work_item = work_item_of(world, row["id"], item)
    data = bodies.body(request)
    signal = bodies.choice(data, "signal", SIGNALS, required=True)
    task = bodies.text(data, "taskType")
    outcome = bodies.choice(data, "signalOutcome", OUTCOMES, required=True)
    for field, kind in (("assignee", str), ("feedback", dict), ("reason", str)):
        if data.get(field) is not None and not isinstance(data[field], kind):
            raise refuse(f"{field} must be {'an object' if kind is dict else 'a string'}")
    fault = _fault_of(world, work_item["id"])
    if fault and fault.how == "error":
        raise refuse(fault.words, 409)
    status = after(work_item["status"], signal, outcome, task)
    if status is None:
        raise refuse(f"{signal} is not possible: status is {work_item['status']}", 409)
    if fault is None or fault.is_done:
        _move(world, row["id"], work_item, status, data)
    if fault and fault.how == "missing":
        return Answer(0, ending="drop")
    if fault and fault.how == "other spelling":
        return json_answer(200, {"workItemID": work_item["id"].upper(), "status": status})
    return Answer(204)


def after(status: str, signal: str, outcome: str, task: str | None) -> str | None:
    """The status that follows, None for a pair outside the table."""
    if signal == "complete":
        return _COMPLETE.get((task == REVIEW, status, outcome))
    return _PLAIN.get((signal, status))


def _signal_entry(world: World, project: str, entry: Row, signal: str, outcome: str, task: str | None) -> list[Row]:
    """Nothing says that P14 is atomic: every item has its own result, unless somebody asked for another answer."""
    item_id: Any = next((entry[name] for name in ("workItemId", "workItemID", "id") if name in entry), None)
    item = world.work_items[project].get(item_id.lower()) if is_uuid(item_id) else None
    if item is None:
        return [{"workItemId": item_id, "error": "work item not found"}]
    fault = _fault_of(world, item["id"])
    if fault and fault.how == "error":
        return [{"workItemId": item["id"], "error": fault.words}]
    status = after(item["status"], signal, outcome, task)
    if status is None:
        return _draw_entries({"workItemId": item["id"], "error": f"status is {item['status']}"}, fault)
    if fault is None or fault.is_done:
        _move(world, project, item, status, entry)
    return _draw_entries({"workItemId": item["id"], "status": status}, fault)


def _draw_entries(entry: Row, fault: ItemFault | None) -> list[Row]:
    """The entry as it stands in the answer: left out, spelled in another way, or beside one that contradicts it."""
    if fault is None:
        return [entry]
    if fault.how == "missing":
        return []
    item = entry["workItemId"]
    if fault.how == "twice":
        other = {"status": "DONE"} if "error" in entry else {"error": fault.words}
        return [entry, {"workItemId": item, **other}]
    rest = {name: value for name, value in entry.items() if name != "workItemId"}
    return [{"workItemID": item.upper(), **rest}]


def _fault_of(world: World, item: str) -> ItemFault | None:
    """Used up once by each signal to the item."""
    fault = world.item_faults.get(item)
    if fault is not None and fault.times:
        fault.times -= 1
        if not fault.times:
            del world.item_faults[item]
    return fault


def _move(world: World, project: str, item: Row, status: str, words: Row) -> None:
    """The words that came along are kept, though no operation shows them again."""
    fields = {name: words[name] for name in ("assignee", "feedback", "reason") if words.get(name) is not None}
    work_items.put(world, project, {**item, "status": status, "updated_at": time.time(), "said": fields})
