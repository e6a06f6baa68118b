"""What the name of a file in an export's zip says: whose file it is, its type, and its family of documents."""

import re
from pathlib import Path

from console.common.parsing import clean

# What operating systems and their shells leave in folders.
_SYSTEM_FOLDERS = frozenset(
    {
        "__macosx",
        ".appledouble",
        ".fseventsd",
        ".spotlight-v100",
        ".temporaryitems",
        ".trashes",
        "@eadir",
        "$recycle.bin",
        "#recycle",
        "lost+found",
        "system volume information",
    }
)
_SYSTEM_FILES = frozenset(
    {".directory", ".ds_store", ".localized", ".volumeicon.icns", "desktop.ini", "ehthumbs.db", "icon\r", "thumbs.db"}
)
_ENDING = re.compile(r"\.[a-z0-9]{1,8}")
# Documents of one folder that describe the same images, by the names COCO gave them.
_FAMILY = re.compile(r"(?:instances|captions|person_keypoints|keypoints|panoptic|stuff|labels|image_info)_(.+)\.json")
LONGEST_NAME = 100


def is_system_file(name: str) -> bool:
    *folders, last = name.lower().split("/")
    return last in _SYSTEM_FILES or last.startswith("._") or not _SYSTEM_FOLDERS.isdisjoint(folders)


def extension_of(name: str) -> str:
    """`.jpg`; empty for a name without an ending, or with an odd one."""
    ending = Path(name.rpartition("/")[2].rstrip(". \0")[-300:]).suffix.lower()
    return ending if _ENDING.fullmatch(ending) else ""


def family_of(name: str) -> str:
    """The same for documents of one family: the folder, and the rest of the names."""
    folder, _, last = name.rpartition("/")
    match = _FAMILY.fullmatch(last.lower())
    return f"{folder}/{match[1]}" if match else name


def stem_of(name: str) -> str:
    return name[-300:].rpartition("/")[2].rpartition(".")[0]


def shown_name(name: str) -> str:
    """A member's name as a page can show it; of a long one, the end."""
    return clean(name if len(name) <= LONGEST_NAME else f"…{name[-LONGEST_NAME:]}")
