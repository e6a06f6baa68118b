"""The page of files: the person's own recent uploads into the space, and the ways in."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Page, expect

from accounts.models import Person, Place
from console.emulator.server import Running
from console.files.models import Upload
from tests.files.uploading import UploadScript, file
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]


def test_recent_uploads_say_how_far_they_are(emulator: Running, alice: Person, client_as: ClientAs) -> None:
    script = UploadScript(client_as(alice))
    ids = script.add_ids(file("a.jpg"), file("b.jpg"), file("c.jpg"))
    script.upload(ids[0])
    script.links(ids[1])
    script.report("failed", ids[1], reason="status", status=500)
    page = script.client.get("/files/")
    assert "1 of 3 files saved (1 failed, 1 waiting) a.jpg and 2 more" in text_of(page)
    assert f"/files/upload/{script.id}/" in page.content.decode()
    script.upload(*ids[1:])
    finished = text_of(script.client.get("/files/"))
    assert "3 of 3 files saved" in finished
    assert "To continue" not in finished


def test_uploads_of_others_and_into_other_spaces_are_not_listed(
    emulator: Running, alice: Person, erin: Person, client_as: ClientAs
) -> None:
    UploadScript(client_as(erin)).add(file("theirs.jpg"))
    mine = UploadScript(client_as(alice))
    mine.add(file("mine.jpg"))
    Place.objects.filter(person=alice, vendor="cloudfactory").update(is_current=False)
    Place.objects.create(person=alice, vendor="cloudfactory", value=str(uuid.uuid4()), name="Other", is_current=True)
    assert "No uploads yet" in text_of(mine.client.get("/files/"))


def test_each_role_is_shown_what_it_can_do(
    emulator: Running, alice: Person, bob: Person, dana: Person, client_as: ClientAs
) -> None:
    found = {person.name: text_of(client_as(person).get("/files/")) for person in (alice, bob, dana)}
    assert ["Upload files" in found[name] for name in ("Alice", "Bob", "Dana")] == [True, False, False]
    assert ["Get files by path" in found[name] for name in ("Alice", "Bob", "Dana")] == [True, True, False]


def test_the_list_costs_the_same_for_many_uploads(emulator: Running, alice: Person, client_as: ClientAs) -> None:
    counts = []
    client = client_as(alice)
    for number in (1, 10):
        for _ in range(number):
            UploadScript(client).add(file("a.jpg"), file("b.jpg"))
        with CaptureQueriesContext(connection) as asked:
            client.get("/files/")
        counts.append(len(asked))
    assert Upload.objects.count() == 11
    assert counts[0] == counts[1]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_has_no_barriers(
    page: Page, sign_in: Callable[[Any, Person], None], alice: Person, live: str, client_as: ClientAs, scheme: Any
) -> None:
    UploadScript(client_as(alice)).add(file("a" * 200 + ".jpg"), file("b.jpg"))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(page, alice)
    page.goto(f"{live}/files/")
    expect(page.get_by_text("0 of 2 files saved (2 waiting)")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert Axe().run(page).response["violations"] == []
