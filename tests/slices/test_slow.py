"""A slow or failing Avala: one slice or dataset that gives no answer takes no other along."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from tests.slices.making import COINS, EYES, NUCLEI, make, polled, text_of

As = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}


def test_a_slice_that_gives_no_answer_is_asked_for_again_and_the_others_are_told(
    client_as: As, alice: Person, emulator: Running
) -> None:
    emulator.act("set_pace", seconds=600)
    for name in ("Ready one", "Silent one"):
        make(alice, name)
    emulator.act("finish_slice", slug="ready-one")
    emulator.fault("avala", "503", path="/silent-one/", times=0)
    address = "/slices/building/?slice=northwind/ready-one&slice=northwind/silent-one"
    page = client_as(alice).get(address, headers=HTMX)
    assert "Ready one" in text_of(page)
    assert "silent-one" in polled(page)
    assert "ready-one" not in polled(page)


def test_a_dataset_that_gives_no_answer_costs_no_other_its_name(
    client_as: As, alice: Person, emulator: Running
) -> None:
    emulator.fault("avala", "503", path=r"/datasets/\?", times=0)
    emulator.fault("avala", "503", path=EYES, times=0)
    page = client_as(alice).get(f"/slices/names/?d={COINS}&d={EYES}&d={NUCLEI}", headers=HTMX)
    assert "Coins on velvet" in page.content.decode()
    assert "Cell nuclei" in page.content.decode()


def test_names_of_datasets_are_asked_for_side_by_side(
    client_as: As, alice: Person, emulator: Running, settings: Any
) -> None:
    settings.REQUEST_SECONDS = 3.5
    emulator.fault("avala", "503", path=r"/datasets/\?", times=0)
    for uid in (COINS, EYES, NUCLEI):
        emulator.fault("avala", "slow-1", path=uid, times=0)
    page = client_as(alice).get(f"/slices/names/?d={COINS}&d={EYES}&d={NUCLEI}", headers=HTMX).content.decode()
    assert all(name in page for name in ("Coins on velvet", "Eye screening", "Cell nuclei"))
