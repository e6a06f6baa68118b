"""A file that a person chose in the browser, as its script describes it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeGuard

from console.common.parsing import clean, is_visible
from console.files.content_types import content_type_of

MOST_NAME = 300
MOST_FOLDER = 1000
# More than any store takes in one piece; beyond it the numbers are none of a file.
MOST_BYTES = 5 * 1000**4
# Days further off from 1970 than any file's, in both directions: half a million years overflow the database.
MODIFIED = range(-(10**15), 10**15)


class NotChosen(ValueError):
    """The file is not taken; the text is a sentence that says why."""


@dataclass(frozen=True)
class ChosenFile:
    folder: str
    name: str
    size: int
    # Milliseconds since 1970.
    modified: int

    @property
    def content_type(self) -> str:
        return content_type_of(self.name)

    @cached_property
    def digest(self) -> str:
        """The same for the same file again; another one after the file was changed."""
        facts = json.dumps([self.folder, self.name, self.size, self.modified])
        return hashlib.sha256(facts.encode()).hexdigest()


def read_chosen_file(value: Any) -> ChosenFile:
    """Raises NotChosen."""
    if not isinstance(value, Mapping):
        raise NotChosen("This is not a file.")
    folder, name = value.get("folder", ""), value.get("name")
    size, modified = value.get("size"), value.get("modified", 0)
    if not (isinstance(name, str) and isinstance(folder, str) and _is_whole(size) and _is_whole(modified)):
        raise NotChosen("This is not a file.")
    name, folder = clean(name), clean(folder).strip("/")
    if not is_visible(name):
        raise NotChosen("This file has no name that can be shown. Rename it first.")
    if len(name) > MOST_NAME:
        raise NotChosen(f"The name of this file is longer than {MOST_NAME} characters. Rename it first.")
    if len(folder) > MOST_FOLDER:
        raise NotChosen(f"The folders of this file have more than {MOST_FOLDER:,} characters. Move it first.")
    if size == 0:
        raise NotChosen("This file is empty (0 bytes), so it was not added.")
    if not 0 < size <= MOST_BYTES or modified not in MODIFIED:
        raise NotChosen("This file is too large.")
    return ChosenFile(folder, name, size, modified)


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
