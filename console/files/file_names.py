"""The names under which files of a space are saved: harmless on every system, and different from one another."""

import re

from console.common.file_names import file_name

# Of kinds that people work with; a longer or odder ending becomes a part of the name.
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}")


def saved_name(path: str) -> str:
    """The last part of the path as a file name; "file" where nothing of it can be used."""
    name = path.rpartition("/")[2][-1_000:]
    stem, ending = _split(name)
    return file_name(stem, ending.lower(), otherwise="file")


class UniqueNames:
    """Gives each file its own name. Systems that ignore case must not write one file over another."""

    def __init__(self, *taken: str) -> None:
        self._taken = {name.casefold() for name in taken}
        self._next: dict[str, int] = {}

    def add(self, path: str) -> str:
        """`coin.jpg`, and for the next one `coin (2).jpg`."""
        name = original = saved_name(path)
        while name.casefold() in self._taken:
            number = self._next[original.casefold()] = self._next.get(original.casefold(), 1) + 1
            stem, ending = _split(original)
            name = f"{stem} ({number}){ending}"
        self._taken.add(name.casefold())
        return name


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, f".{ending}") if stem and _ENDING.fullmatch(f"{dot}{ending}") else (name, "")
