"""A part of the bad inputs: no address falls over, and no name that nobody can see is sent or stored."""

import random
from collections.abc import Iterator
from itertools import chain

import pytest

from tests.faults import inputs
from tests.faults.driver import Stage

pytestmark = pytest.mark.django_db
SHARE = 0.015


@pytest.mark.parametrize("who", ["operator", "administrator"])
def test_no_form_and_no_link_falls_over_bad_input(stage: Stage, who: str) -> None:
    wrong = []
    with stage.fresh():
        found, desk = inputs.walk(stage, who), stage.desk(who, confirmed=True)
        for number, bad in enumerate(_some(inputs.of_walk(found), who)):
            said = inputs.try_out(stage, desk, bad, htmx=number % 2 == 1)
            wrong += [f"{bad}: {one}" for one in said]
    assert len(found.forms) > 15
    assert wrong == []


def test_no_address_falls_over_whatever_stands_in_it(stage: Stage) -> None:
    wrong = []
    with stage.fresh():
        desk = stage.desk("administrator", confirmed=True)
        for bad in _some(chain(inputs.of_addresses(), inputs.of_headers()), "addresses"):
            wrong += [f"{bad}: {one}" for one in inputs.try_out(stage, desk, bad)]
    assert wrong == []


def _some(all_of_them: Iterator[inputs.Bad], name: str) -> list[inputs.Bad]:
    """The same part every time; `make faults` tries them all."""
    chance = random.Random(name)
    return [bad for bad in all_of_them if chance.random() < SHARE]
