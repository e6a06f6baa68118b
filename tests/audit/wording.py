"""Whatever any test makes the console record has words of its own: a sentence, a kind to filter by, and where it was
done."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.signals import post_save

from console.audit import actions
from console.audit.models import Entry
from console.audit.selectors import place_of

# Recorded by tests that are about just that.
WITHOUT_WORDS = {"nothing.known"}


@pytest.fixture(autouse=True)
def each_recorded_action_has_words() -> Iterator[None]:
    recorded: list[Entry] = []

    def note(instance: Entry, **said: Any) -> None:
        recorded.append(instance)

    post_save.connect(note, sender=Entry, weak=False)
    yield
    post_save.disconnect(note, sender=Entry)
    assert {problem for entry in recorded for problem in problems_of(entry)} == set()


def problems_of(entry: Entry) -> list[str]:
    if entry.action in WITHOUT_WORDS:
        return []
    if entry.action not in actions.ACTIONS:
        return [f"{entry.action} has no sentence"]
    group, has_section = actions.ACTIONS[entry.action].group, bool(actions.section_of(entry.action))
    found = [] if group in actions.GROUPS else [f"{entry.action} has no kind"]
    found += [] if has_section else [f"{entry.action} has no section in the handover note"]
    # An outcome row repeats what its opening is about; the line is the opening's.
    page = entry.page if entry.kind != Entry.Kind.OUTCOME else ""
    return found + ([f"{page} has no place"] if page and not place_of(page) else [])
