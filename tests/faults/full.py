"""All cells of the fault driver and all bad inputs. Not collected by the suite: `make faults` names this file."""

import json
import os
import random
from pathlib import Path

import pytest

from tests.faults import cells, inputs
from tests.faults.driver import Cell, Stage
from tests.faults.operations import OPERATIONS

ONLY = os.environ.get("ONLY", "")
PARTS = 4
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


@pytest.mark.django_db
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("who", ["operator", "administrator"])
def test_every_input_is_tried(stage: Stage, who: str, part: int) -> None:
    if ONLY:
        pytest.skip("only some operations are asked for")
    chance = random.Random(f"{who} {part}")
    with stage.fresh():
        found, desk = inputs.walk(stage, who), stage.desk(who, confirmed=True)
        every = [*inputs.of_walk(found), *(inputs.of_addresses() if who == "administrator" else inputs.of_headers())]
        for number, bad in enumerate(every[part::PARTS]):
            if chance.random() < SHARE:
                _line(str(bad), inputs.try_out(stage, desk, bad, htmx=number % 2 == 1), hit=True)


def _report(cell: Cell) -> None:
    _line(str(cell), cell.wrong, hit=cell.hit)


def _line(cell: str, wrong: list[str], *, hit: bool) -> None:
    """One line per cell; `make faults` reads them all at the end."""
    said = {"cell": cell, "wrong": list(dict.fromkeys(wrong)), "hit": hit}
    path = Path(os.environ["FAULTS_REPORT"]) / f"{os.getpid()}.jsonl"
    with path.open("a") as lines:
        lines.write(json.dumps(said) + "\n")
