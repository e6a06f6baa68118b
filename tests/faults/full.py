"""All cells of the fault driver, one test per operation. Not collected by the suite: `make faults` names this file."""

import json
import os
import random
from pathlib import Path

import pytest

from tests.faults import cells
from tests.faults.driver import Cell, Stage
from tests.faults.operations import OPERATIONS

ONLY = os.environ.get("ONLY", "")
SHARE = float(os.environ.get("SHARE", "1"))
_planned: dict[str, list[cells.Way]] = {}


@pytest.mark.django_db
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [name for name in OPERATIONS if ONLY in name])
def test_operation_meets_every_fault(stage: Stage, name: str) -> None:
    if not _planned:
        _planned.update(cells.everything(stage))
    chance = random.Random(name)
    chosen = [way for way in _planned[name] if chance.random() < SHARE]
    for target, fault, htmx in chosen:
        _report(stage.play(OPERATIONS[name], target, fault, htmx=htmx))
    if OPERATIONS[name].reviewer:
        for target, fault, htmx in chosen[:: max(1, len(chosen) // 10)]:
            _report(stage.play(OPERATIONS[name], target, fault, htmx=htmx, who="reviewer"))


def _report(cell: Cell) -> None:
    """One line per cell; `make faults` reads them all at the end."""
    said = {"cell": str(cell), "wrong": list(dict.fromkeys(cell.wrong)), "hit": cell.hit}
    path = Path(os.environ["FAULTS_REPORT"]) / f"{os.getpid()}.jsonl"
    with path.open("a") as lines:
        lines.write(json.dumps(said) + "\n")
