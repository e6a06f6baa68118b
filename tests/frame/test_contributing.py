"""CONTRIBUTING.md names files and functions that are there."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def test_every_file_it_names_is_there() -> None:
    paths = set(re.findall(r"`((?:console|accounts|templates|tests)/[\w/.-]+)`", TEXT))
    assert {"accounts/access.py", "console/audit/record.py"} <= paths
    assert sorted(path for path in paths - {"tests/depots/"} if not (ROOT / path).exists()) == []


def test_every_function_of_the_three_paths_is_in_its_file() -> None:
    stops = re.findall(r"^\d+\. `((?:console|accounts)/[\w/]+\.py)`: `(\w+)`", TEXT, re.MULTILINE)
    assert len(stops) > 20
    assert [stop for stop in stops if not re.search(rf"\b{stop[1]}\b", (ROOT / stop[0]).read_text())] == []


def test_no_path_has_more_than_twelve_stops() -> None:
    assert max(int(number) for number in re.findall(r"^(\d+)\. ", TEXT, re.MULTILINE)) <= 12
