"""The page of a work item in a browser: labels that arrive over the picture, aged links, and axe on every face."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.items.item_helpers import add_item, page_of, request_kinds

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, alice: Person, live: str) -> Page:
    sign_in(page, alice)
    return page


def test_labels_arrive_over_the_picture_and_in_words(
    signed_in: Page, live: str, emulator: Running, complaints: list[str]
) -> None:
    item = add_item(emulator)
    emulator.forget_requests()
    signed_in.goto(live + page_of(item))
    expect(signed_in.locator(f"#overlay-{item} [data-shape]").first).to_be_attached()
    expect(signed_in.locator(f"#labels-{item} tbody tr").first).to_contain_text("coin")
    expect(signed_in.locator(".crumbs")).to_contain_text("Coin outlines")
    assert request_kinds(emulator).count("annotations") == 1
    expect(signed_in.locator("[data-picture]")).to_have_js_property("naturalWidth", 640)


def test_labels_that_failed_come_when_they_are_asked_for_again(signed_in: Page, live: str, emulator: Running) -> None:
    item = add_item(emulator)
    emulator.fault("cloudfactory", "403", path="annotations", times=1)
    signed_in.goto(live + page_of(item))
    part = signed_in.locator(f"#labels-{item}")
    expect(part).to_contain_text("The labels could not be loaded")
    expect(signed_in.locator("[data-picture]")).to_be_visible()
    part.get_by_role("link", name="Try again").click()
    expect(part.locator("tbody tr").first).to_contain_text("coin")
    expect(signed_in.locator(f"#overlay-{item} [data-shape]").first).to_be_attached()


def test_labels_that_the_key_cannot_load_end_in_a_sentence(signed_in: Page, live: str, emulator: Running) -> None:
    item = add_item(emulator)
    emulator.fault("cloudfactory", "401", path="annotations", times=1)
    signed_in.goto(live + page_of(item))
    part = signed_in.locator(f"#labels-{item}")
    expect(part).to_contain_text("This part could not be loaded.")
    expect(part.locator(".skeleton")).to_have_count(0)
    expect(signed_in.locator("#notices")).to_contain_text("Replace the key")
    part.get_by_role("link", name="Reload the page").click()
    expect(part.locator("tbody tr").first).to_contain_text("coin")


def test_labels_end_in_a_sentence_where_the_connection_fails(signed_in: Page, live: str, emulator: Running) -> None:
    item = add_item(emulator)
    signed_in.route("**/labels/**", lambda route: route.abort())
    signed_in.goto(live + page_of(item))
    part = signed_in.locator(f"#labels-{item}")
    expect(part).to_contain_text("This part could not be loaded.")
    expect(part.locator(".skeleton")).to_have_count(0)


def test_a_picture_whose_link_has_aged_comes_by_a_fresh_one(signed_in: Page, live: str, emulator: Running) -> None:
    item = add_item(emulator)
    emulator.fault("storage", "403", path=r"\.jpg", times=1)
    signed_in.goto(live + page_of(item))
    picture = signed_in.locator("[data-picture]")
    expect(picture).to_have_js_property("naturalWidth", 640)
    expect(signed_in.locator(f"#overlay-{item} [data-shape]").first).to_be_attached()
    assert request_kinds(emulator).count("workItems") == 2


def test_a_picture_that_never_comes_waits_for_a_press(signed_in: Page, live: str, emulator: Running) -> None:
    item = add_item(emulator)
    emulator.fault("storage", "404", path=r"\.jpg", times=0)
    signed_in.goto(live + page_of(item))
    tile = signed_in.locator(".stage .picture-failed")
    expect(tile.get_by_role("button", name="Try again")).to_be_visible()
    emulator.clear_faults()
    tile.get_by_role("button", name="Try again").click()
    expect(signed_in.locator("[data-picture]")).to_have_js_property("naturalWidth", 640)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_face(signed_in: Page, live: str, emulator: Running, scheme: Any, width: int) -> None:
    page, faces = signed_in, {}
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    items = {
        "labels": add_item(emulator, metadata={"site": "Naples", "word": "x" * 300}, dueInSeconds=-60),
        "empty": add_item(emulator, status="COMPLETED"),
        "undone": add_item(emulator, status="NEW"),
        "failed": add_item(emulator, asset="../" + "x" * 300),
        "video": add_item(emulator, asset="raw/clip.mp4", type="video"),
    }
    emulator.act("set_annotation", item=items["empty"], coco={"annotations": [], "images": [], "categories": []})
    emulator.act("set_annotation", item=items["labels"], inference={"cat": 0.5})
    for name, item in items.items():
        page.goto(live + page_of(item))
        expect(page.locator("[data-face]")).to_be_visible()
        page.wait_for_load_state("networkidle")
        violations = Axe().run(page).response["violations"]
        faces[name] = [f"{one['id']}: {one['nodes'][0]['target']}" for one in violations]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not any(faces.values()), faces
