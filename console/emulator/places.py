"""Whose space and whose project: what a key may not see does not exist for it."""

from console.emulator.bodies import refuse
from console.emulator.people import Person
from console.emulator.tables import Row
from console.emulator.world import World


def require_space(person: Person, space: str) -> None:
    if space.lower() not in person.spaces:
        raise refuse("space not found", 404)


def project_of(world: World, person: Person, project: str) -> Row:
    row = world.projects.get(project.lower())
    if row is None or row["space"] not in person.spaces:
        raise refuse("project not found", 404)
    return row


def work_item_of(world: World, project: str, item: str) -> Row:
    row = world.work_items[project].get(item.lower())
    if row is None:
        raise refuse("work item not found", 404)
    return row
