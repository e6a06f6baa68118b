"""A slow or failing CloudFactory: a new export's page shows what came and says what did not."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from tests.exports.making import COINS, EYES, HTMX, PILOT, SURFACES, form, sent, text_of

As = Callable[[Person], Client]
ADDRESS = f"/exports/new/?projects={COINS}&projects={EYES}"


def counted(client: Client, **said: Any) -> str:
    return text_of(client.post("/exports/new/contents/", form(**said), headers=HTMX))


def test_a_project_that_gives_no_answer_makes_the_counts_at_least(
    client_as: As, alice: Person, emulator: Running
) -> None:
    client = client_as(alice)
    whole = counted(client, projects=[COINS, EYES])
    assert "didn’t answer" not in whole
    emulator.fault("cloudfactory", "503", path=f"{EYES}/workItems", times=0)
    said = counted(client, projects=[COINS, EYES])
    assert "112+ items" in said
    assert "1 of 2 projects didn’t answer, so there may be more items." in said


def test_a_count_of_nothing_but_silence_is_no_count(client_as: As, alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "503", path="/workItems", times=0)
    assert "The items could not be counted" in counted(client_as(alice), projects=[COINS, EYES])


def test_projects_are_counted_side_by_side(client_as: As, alice: Person, emulator: Running, settings: Any) -> None:
    settings.REQUEST_SECONDS = 3.5
    client = client_as(alice)
    client.get("/exports/new/")
    emulator.fault("cloudfactory", "slow-2", path="/workItems", times=0)
    assert "didn’t answer" not in counted(client, projects=[EYES, SURFACES, PILOT])


def test_batches_that_could_not_be_read_take_no_others_along(client_as: As, alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "503", path=f"{EYES}/batches", times=0)
    page = client_as(alice).get(ADDRESS)
    assert page.status_code == 200
    assert "Turin, early" in text_of(page) or "Worn edges" in text_of(page)
    assert "couldn’t be read. You can export the whole project, or try again." in text_of(page)


def test_batches_that_could_not_be_read_are_not_called_gone(client_as: As, alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "503", path=f"{EYES}/batches", times=0)
    client = client_as(alice)
    assert "Part of that choice is gone" not in text_of(client.get(f"{ADDRESS}&batches=999"))
    pressed = client.post("/exports/new/", form(projects=[COINS, EYES], batches=["999"]))
    assert pressed.status_code >= 400
    assert "is not in a chosen project any more" not in text_of(pressed)
    assert sent(emulator, "POST") == []
