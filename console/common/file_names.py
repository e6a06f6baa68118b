"""The name under which a file is saved, harmless on every system and in every header."""

import re
import unicodedata
from urllib.parse import quote

from console.common.parsing import is_visible

# Letters with their accents, digits, and what no file system and no header trips over.
HARMLESS, KINDS = frozenset(" ,._-–—()[]&+'!@#~"), ("L", "N")
LONGEST_NAME, LONGEST_BYTES = 80, 200
# Devices on Windows, whatever follows the first dot: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
DEVICES = frozenset(
    {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        "CONIN",
        "CONOUT",
        "CLOCK",
        *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10)),
    }
)


def attachment(name: str) -> str:
    """The Content-Disposition that saves a file under this name; tools that read only ASCII get a name like it.

    `name` is one that `file_name` gave.
    """
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, f".{ending}") if dot and ending.isascii() else (name, "")
    letters = unicodedata.normalize("NFKD", stem)
    bare = "".join("" if unicodedata.combining(letter) else letter for letter in letters)
    plain = file_name(bare, ending, ascii_only=True)
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{extended}'


def file_name(name: str, ending: str = ".zip", *, ascii_only: bool = False, otherwise: str = "export") -> str:
    """A name with this ending that is only a name on every system, whatever the thing is called.

    It is `otherwise` where nothing of the name can be used.
    """
    is_ended = ending and name.lower().endswith(ending)
    stem = unicodedata.normalize("NFC", name[: -len(ending)] if is_ended else name)
    safe = "".join(letter if _is_harmless(letter, ascii_only) else "\0" for letter in stem)
    plain = re.sub("\0+", "-", safe).strip(" .,-")[:LONGEST_NAME].strip(" .,-")
    short = plain.encode()[:LONGEST_BYTES].decode(errors="ignore") if is_visible(plain) else otherwise
    return f"_{short}{ending}" if _is_device(short) else f"{short}{ending}"


def _is_harmless(character: str, ascii_only: bool) -> bool:
    if ascii_only and not character.isascii():
        return False
    category = unicodedata.category(character)
    return character in HARMLESS or category.startswith("M") or (category.startswith(KINDS) and is_visible(character))


def _is_device(name: str) -> bool:
    """Windows ignores blanks before the dot, and reads wide and raised letters and digits like the plain ones."""
    return unicodedata.normalize("NFKC", name.partition(".")[0]).strip().upper() in DEVICES
