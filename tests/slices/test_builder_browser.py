"""The builder in a real browser: all kinds of parts, by mouse, by keyboard alone, and with script off; once only."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accounts.models import Person
from console.emulator.server import Running
from console.slices.models import Draft
from tests.slices.drafting import created
from tests.waiting import held, until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
SLICE = re.compile(r"/slices/northwind/[^/]+/$")


@pytest.fixture
def desk(page: Any, live: str, sign_in: SignIn, alice: Person) -> Any:
    """Alice at an empty draft, datasets listed."""
    page.set_default_timeout(15_000)
    sign_in(page, alice)
    page.goto(f"{live}/slices/new/")
    page.get_by_role("button", name="Start draft").click()
    page.locator(".row-dataset").first.wait_for()
    return page


@pytest.fixture
def still(desk: Any) -> Iterator[Any]:
    """The same person in a browser without script."""
    state = desk.context.storage_state()
    with desk.context.browser.new_context(java_script_enabled=False, storage_state=state) as context:
        plain = context.new_page()
        plain.set_default_timeout(15_000)
        plain.goto(desk.url)
        yield plain


def take(page: Any, dataset: str, how: str) -> None:
    page.locator(".row-dataset", has_text=dataset).get_by_role("button", name=how).click()


def open_picker(page: Any, dataset: str) -> None:
    """With its script: ranges, arrows and further tiles are nothing without it."""
    take(page, dataset, "Choose items")
    page.locator("#picker-tiles").wait_for()
    page.wait_for_load_state()


def saved(page: Any) -> None:
    page.locator("[data-saved]", has_text="Draft saved").wait_for()


def wait_for_recipe(page: Any, words: str) -> None:
    page.locator("#builder-recipe", has_text=words).wait_for()


def serious(page: Any) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


def test_a_slice_of_all_three_kinds_from_the_builder_to_its_pictures(
    desk: Any, emulator: Running, complaints: list[str]
) -> None:
    desk.get_by_label("Name of the dataset").fill("coins")
    desk.locator(".row-dataset", has_text="Cell nuclei").wait_for(state="detached")
    take(desk, "Coins on velvet", "Everything")
    wait_for_recipe(desk, "Everything in Coins on velvet.")
    desk.get_by_label("Name of the dataset").fill("")
    open_picker(desk, "City, garden and people")
    tiles = desk.locator("#picker-tiles label")
    tiles.nth(1).click()
    tiles.nth(4).click(modifiers=["Shift"])
    desk.locator("#picker-count", has_text="4 chosen").wait_for()
    desk.get_by_role("button", name="Show more items").click()
    desk.get_by_text("These are all.").wait_for()
    tiles.nth(30).click()
    desk.locator("#picker-count", has_text="5 chosen of 36").wait_for()
    desk.get_by_role("button", name="Done").click()
    desk.locator(".row-dataset").first.wait_for()
    take(desk, "Eye screening", "Filter")
    desk.get_by_label("train").check()
    desk.locator("#filter-said", has_text="11 of its 17 items match").wait_for()
    desk.get_by_role("button", name="Done").click()
    desk.get_by_label("Name", exact=True).fill("All coins")
    desk.locator("#name-verdict", has_text="A slice called “All coins” exists already.").wait_for()
    desk.get_by_label("Name", exact=True).fill("Mixed bag")
    desk.locator("#name-verdict", has_text="This name is free.").wait_for()
    desk.get_by_label("Random selection").fill("20")
    wait_for_recipe(desk, "5 chosen items from City, garden and people + items in Eye screening with split train")
    wait_for_recipe(desk, "; then 20 at random.")
    desk.get_by_role("button", name="Create slice").click()
    desk.wait_for_url(SLICE)
    desk.locator("main img").first.wait_for()
    desk.locator("main img").first.evaluate("picture => picture.decode()")
    (sent,) = created(emulator)
    assert [part["type"] for part in sent["body"]["sub_slices"]] == ["dataset", "dataset_items", "filters"]
    assert len(sent["body"]["sub_slices"][1]["dataset_item_uids"]) == 5


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


FOCUSED = """(() => {
  const focused = document.activeElement;
  if (focused.matches("#picker-tiles input")) return "a tile";
  return (focused.getAttribute("aria-label") || focused.labels?.[0]?.textContent || focused.textContent)
    .trim().replace(/\\s+/g, " ");
})()"""


def tab_to(page: Any, name: str) -> None:
    """Tabs forward until the element of this name has the focus, as a person does who uses no mouse."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            return
    raise AssertionError(f"Tab never reached {name!r}.")


def test_the_same_by_keyboard_alone(desk: Any, emulator: Running, complaints: list[str]) -> None:
    desk.mouse.move(0, 0)
    tab_to(desk, "Everything")
    press(desk, "Enter")
    wait_for_recipe(desk, "Everything in Coins on velvet.")
    tab_to(desk, "Choose items")
    press(desk, "Enter")
    desk.locator("#picker-tiles").wait_for()
    desk.wait_for_load_state()
    tab_to(desk, "a tile")
    press(desk, "ArrowRight", "Space", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowRight")
    desk.locator("#picker-count", has_text="4 chosen").wait_for()
    press(desk, "Tab")
    assert desk.evaluate(FOCUSED) != "a tile"
    tab_to(desk, "Done")
    press(desk, "Enter")
    desk.locator(".row-dataset").first.wait_for()
    tab_to(desk, "Filter")
    press(desk, "Enter")
    desk.locator("#filter-form").wait_for()
    desk.wait_for_load_state()
    tab_to(desk, "coins 21 items")
    press(desk, "Space")
    desk.locator("#filter-said", has_text="21 of its 21 items match").wait_for()
    tab_to(desk, "Done")
    press(desk, "Enter")
    desk.locator(".row-dataset").first.wait_for()
    tab_to(desk, "Name")
    desk.keyboard.type("By keyboard")
    desk.locator("#name-verdict", has_text="This name is free.").wait_for()
    tab_to(desk, "Create slice")
    press(desk, "Enter")
    desk.wait_for_url(SLICE)
    (sent,) = created(emulator)
    assert len(sent["body"]["sub_slices"]) == 3


def test_the_same_with_script_off(still: Any, emulator: Running) -> None:
    still.get_by_role("button", name="Find").click()
    take(still, "Coins on velvet", "Everything")
    still.get_by_role("button", name="Find").click()
    take(still, "City, garden and people", "Choose items")
    still.locator("#picker-tiles input").nth(2).check()
    still.get_by_role("button", name="Keep and turn the page").click()
    still.locator("#picker-tiles input").nth(0).check()
    still.get_by_role("button", name="Done").click()
    still.get_by_role("button", name="Find").click()
    take(still, "Eye screening", "Filter")
    still.get_by_label("train").check()
    still.get_by_label("Another field").fill("weather")
    still.get_by_label("Its values").fill("fog\nrain")
    still.get_by_role("button", name="Done").click()
    still.get_by_label("Name", exact=True).fill("All coins")
    still.get_by_role("button", name="Check the name").click()
    assert "A slice called “All coins” exists already." in still.locator("#name-verdict").inner_text()
    still.get_by_label("Name", exact=True).fill("No script")
    still.get_by_role("button", name="Save draft").locator("visible=true").click()
    still.get_by_role("button", name="Create slice").click()
    assert SLICE.search(still.url)
    (sent,) = created(emulator)
    parts = sent["body"]["sub_slices"]
    assert len(parts[1]["dataset_item_uids"]) == 2
    assert parts[2]["filters"] == {"split": ["train"], "weather": ["fog", "rain"]}


def test_typing_survives_a_tab_closed_at_once(desk: Any, live: str) -> None:
    desk.get_by_label("Name", exact=True).press_sequentially("Gone in a blink")
    address = desk.url
    desk.goto(f"{live}/slices/")
    until(lambda: Draft.objects.get().data["name"] == "Gone in a blink")
    desk.goto(address)
    expect(desk.get_by_label("Name", exact=True)).to_have_value("Gone in a blink")


def test_what_is_typed_before_the_script_is_there_is_kept(desk: Any) -> None:
    with held(desk, "**/builder.js"):
        desk.goto(desk.url, wait_until="commit")
        desk.get_by_label("Name", exact=True).fill("Early bird")
    saved(desk)
    assert Draft.objects.get().data["name"] == "Early bird"


def test_a_filter_chosen_before_the_script_is_there_is_kept(desk: Any) -> None:
    take(desk, "Eye screening", "Filter")
    desk.get_by_label("train").wait_for()
    with held(desk, "**/builder.js"):
        desk.goto(desk.url, wait_until="commit")
        desk.get_by_label("train").check()
    desk.locator("#filter-said", has_text="11 of its 17 items match").wait_for()


def test_a_choice_survives_a_page_left_at_once(desk: Any, live: str) -> None:
    open_picker(desk, "City, garden and people")
    desk.locator("#picker-tiles label").nth(3).click()
    address = desk.url
    desk.goto(f"{live}/slices/")
    until(lambda: Draft.objects.get().data["parts"][0]["items"])
    desk.goto(address)
    expect(desk.locator("#picker-tiles input").nth(3)).to_be_checked()


def test_typing_the_console_refused_to_keep_says_so_and_is_kept_with_the_next(desk: Any) -> None:
    desk.route("**/save/", lambda route: route.fulfill(status=503, body=""))
    desk.get_by_label("Name", exact=True).fill("Held")
    desk.locator("[data-saved]", has_text="Not saved yet").wait_for()
    desk.unroute("**/save/")
    desk.get_by_label("Name", exact=True).fill("Held back")
    saved(desk)
    assert Draft.objects.get().data["name"] == "Held back"


def test_a_page_older_than_the_sign_in_says_so_once_and_goes_on(desk: Any) -> None:
    desk.context.clear_cookies(name=re.compile("csrf"))
    desk.get_by_label("Name", exact=True).fill("Older")
    desk.get_by_text("This page has expired. Nothing was sent.").wait_for()
    desk.locator("[data-saved]", has_text="Not saved yet").wait_for()
    desk.get_by_label("Name", exact=True).fill("Older than that")
    saved(desk)
    assert Draft.objects.get().data["name"] == "Older than that"


def test_a_choice_the_console_refused_to_keep_goes_along_with_the_next(desk: Any) -> None:
    open_picker(desk, "City, garden and people")
    kept = desk.locator("#picker-count [data-kept]")
    expect(kept).to_contain_text("on all pages together")
    desk.route("**/items/", lambda route: route.fulfill(status=503, body=""))
    with desk.expect_response("**/items/"):
        desk.locator("#picker-tiles label").nth(1).click()
    expect(kept).to_contain_text("being kept")
    desk.unroute("**/items/")
    desk.locator("#picker-tiles label").nth(3).click()
    expect(kept).to_contain_text("on all pages together")
    (part,) = Draft.objects.get().data["parts"]
    assert len(part["items"]) == 2


def test_what_is_ticked_before_the_script_is_there_is_kept(desk: Any) -> None:
    take(desk, "City, garden and people", "Choose items")
    desk.locator("#picker-tiles").wait_for()
    with held(desk, "**/selection.js"):
        desk.goto(desk.url, wait_until="commit")
        desk.locator("#picker-tiles label").nth(2).click()
    desk.locator("#picker-count", has_text="1 chosen of 36 on all pages together").wait_for()
    (part,) = Draft.objects.get().data["parts"]
    assert len(part["items"]) == 1


def test_moving_a_part_keeps_the_focus_and_says_where_it_is(desk: Any, complaints: list[str]) -> None:
    take(desk, "Coins on velvet", "Everything")
    wait_for_recipe(desk, "Coins on velvet")
    take(desk, "Cell nuclei", "Everything")
    wait_for_recipe(desk, "everything in Cell nuclei.")
    desk.get_by_role("button", name="Move Cell nuclei up").press("Enter")
    wait_for_recipe(desk, "Everything in Cell nuclei + everything in Coins on velvet.")
    desk.locator("#live", has_text="Cell nuclei, now 1 of 2.").wait_for(state="attached")
    expect(desk.get_by_role("button", name="Move Cell nuclei up")).to_be_focused()
    desk.get_by_role("button", name="Remove Cell nuclei").click()
    wait_for_recipe(desk, "Everything in Coins on velvet.")
    desk.get_by_role("button", name="Undo").click()
    wait_for_recipe(desk, "Everything in Cell nuclei + everything in Coins on velvet.")


def test_all_shown_can_be_chosen_and_taken_back(desk: Any, complaints: list[str]) -> None:
    open_picker(desk, "City, garden and people")
    desk.get_by_role("button", name="Show more items").click()
    desk.get_by_text("These are all.").wait_for()
    desk.get_by_role("button", name="Choose all shown").click()
    desk.locator("#picker-count", has_text="36 chosen of 36").wait_for()
    desk.get_by_role("button", name="Choose none shown").click()
    desk.locator("#picker-count", has_text="0 chosen of 36").wait_for()
    desk.locator("#picker-tiles label").nth(9).click()
    desk.locator("#picker-count", has_text="1 chosen of 36 on all pages together").wait_for()
    desk.reload()
    expect(desk.locator("#picker-count")).to_contain_text("1 chosen")


def test_aged_pictures_to_choose_from_renew_themselves_in_one_call(desk: Any, emulator: Running) -> None:
    asked: set[str] = set()

    def aged_once(route: Any) -> None:
        old = route.request.url not in asked
        asked.add(route.request.url)
        route.fulfill(status=403, body="expired") if old else route.continue_()

    desk.route("**/cdn/**", aged_once)
    take(desk, "Coins on velvet", "Choose items")
    for place in range(8):
        expect(desk.locator("#picker-tiles img").nth(place)).not_to_have_js_property("naturalWidth", 0)
    assert len([one for one in emulator.requests("avala") if one["path"].endswith("/coins-on-velvet/items/")]) == 2


def test_json_is_checked_while_it_is_typed(desk: Any) -> None:
    take(desk, "Coins on velvet", "Filter")
    desk.get_by_role("button", name="JSON").click()
    desk.get_by_label("Filter as JSON").fill('{"tag": ["coins"')
    desk.locator("#filter-problem", has_text="not JSON yet").wait_for()
    expect(desk.get_by_label("Filter as JSON")).to_have_attribute("aria-invalid", "true")
    desk.get_by_label("Filter as JSON").fill('{"tag": ["coins"]}')
    desk.locator("#filter-said", has_text="tagged coins").wait_for()
    expect(desk.locator("#filter-problem")).to_have_text("")


def test_ten_impatient_clicks_create_once(desk: Any, emulator: Running) -> None:
    take(desk, "Coins on velvet", "Everything")
    wait_for_recipe(desk, "Coins on velvet")
    desk.get_by_label("Name", exact=True).fill("slow-1 impatient")
    saved(desk)
    desk.evaluate("for (let n = 0; n < 10; n += 1) document.getElementById('builder-create').click()")
    desk.wait_for_url(SLICE)
    assert len(created(emulator)) == 1


def test_ten_impatient_clicks_without_script_create_once(still: Any, emulator: Running) -> None:
    still.get_by_role("button", name="Find").click()
    take(still, "Coins on velvet", "Everything")
    still.get_by_label("Name", exact=True).fill("slow-1 no script")
    button = still.get_by_role("button", name="Create slice")
    button.scroll_into_view_if_needed()
    place = button.bounding_box()
    for _ in range(10):
        still.mouse.click(place["x"] + 10, place["y"] + 10)
    # Each press aborts what the one before began, which `wait_for_url` takes for a failure.
    expect(still).to_have_url(SLICE)
    assert len(created(emulator)) == 1


def test_two_tabs_of_one_draft_create_once_and_both_reach_the_slice(desk: Any, emulator: Running) -> None:
    take(desk, "Coins on velvet", "Everything")
    wait_for_recipe(desk, "Coins on velvet")
    desk.get_by_label("Name", exact=True).fill("slow-1 two tabs")
    saved(desk)
    other = desk.context.new_page()
    other.goto(desk.url)
    other.locator(".row-dataset").first.wait_for()
    desk.get_by_role("button", name="Create slice").click(no_wait_after=True)
    other.get_by_role("button", name="Create slice").click(no_wait_after=True)
    desk.wait_for_url(SLICE)
    other.wait_for_url(SLICE)
    assert len(created(emulator)) == 1


def test_two_tabs_typing_one_field_are_told(desk: Any) -> None:
    other = desk.context.new_page()
    other.goto(desk.url)
    desk.get_by_label("Name", exact=True).fill("From here")
    saved(desk)
    other.get_by_label("Name", exact=True).fill("From there")
    other.get_by_text("This draft was changed in another tab.").wait_for()
    other.get_by_role("button", name="Keep what is here").click()
    saved(other)
    assert Draft.objects.get().data["name"] == "From there"


def test_what_nobody_knows_is_said_and_found_by_reading(desk: Any, emulator: Running) -> None:
    take(desk, "Coins on velvet", "Everything")
    wait_for_recipe(desk, "Coins on velvet")
    desk.get_by_label("Name", exact=True).fill("fail-drop-after again")
    desk.get_by_role("button", name="Create slice").click()
    desk.get_by_text("We don't know whether the slice “fail-drop-after again” was created.").wait_for()
    desk.get_by_role("button", name="Check now").click()
    desk.get_by_role("link", name="Open it").click()
    desk.wait_for_url(SLICE)
    assert len(created(emulator)) == 1


def test_a_refusal_is_read_first_and_leads_to_its_field(desk: Any) -> None:
    desk.get_by_role("button", name="Create slice").click()
    desk.locator("#builder-trouble").wait_for()
    expect(desk.locator("#builder-trouble")).to_be_focused()
    desk.get_by_role("link", name="Name", exact=True).click()
    assert desk.evaluate("location.hash") == "#slice-name"


def test_what_was_said_of_a_name_goes_when_the_name_changes(desk: Any) -> None:
    take(desk, "Coins on velvet", "Everything")
    wait_for_recipe(desk, "Coins on velvet")
    desk.get_by_label("Name", exact=True).fill("All coins")
    desk.get_by_role("button", name="Create slice").click()
    expect(desk.locator("#name-errors")).to_contain_text("already exists")
    desk.get_by_label("Name", exact=True).fill("Other coins")
    desk.locator("#name-verdict", has_text="This name is free.").wait_for()
    expect(desk.locator("#name-errors")).to_have_count(0)
    expect(desk.get_by_label("Name", exact=True)).not_to_have_attribute("aria-invalid", re.compile(""))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_for_those_who_see_or_hear_it_differently(
    desk: Any, emulator: Running, complaints: list[str], scheme: str
) -> None:
    desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    desk.reload(wait_until="networkidle")
    assert serious(desk) == []
    take(desk, "Coins on velvet", "Everything")
    wait_for_recipe(desk, "Coins on velvet")
    take(desk, "City, garden and people", "Choose items")
    desk.locator("#picker-tiles label").first.click()
    desk.locator("#picker-count", has_text="1 chosen").wait_for()
    assert serious(desk) == []
    desk.get_by_role("button", name="Done").click()
    desk.locator(".row-dataset").first.wait_for()
    take(desk, "Coins on velvet", "Filter")
    desk.locator("#filter-form").wait_for()
    assert serious(desk) == []
    desk.get_by_role("button", name="JSON").click()
    desk.get_by_label("Filter as JSON").wait_for()
    assert serious(desk) == []
    desk.get_by_role("link", name="Back to the slice").click()
    desk.locator(".row-dataset").first.wait_for()
    assert serious(desk) == []


@pytest.mark.parametrize("width", [390, 768, 1440, 1920])
def test_no_width_scrolls_sideways(desk: Any, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 900})
    take(desk, "Coins on velvet", "Everything")
    wait_for_recipe(desk, "Coins on velvet")
    assert desk.evaluate("document.documentElement.scrollWidth") <= width


def mend_the_name(desk: Any) -> Any:
    """Presses Create with nothing typed, then gives a name; the summary of what was wrong."""
    desk.get_by_role("button", name="Create slice").click()
    trouble = desk.locator("#builder-trouble")
    expect(trouble).to_contain_text("Give the slice a name.")
    desk.get_by_label("Name", exact=True).fill("Coins")
    return trouble


def test_the_summary_forgets_what_was_mended_before_its_script_came(desk: Any) -> None:
    with held(desk, "**/js/field-errors*.js"):
        trouble = mend_the_name(desk)
    expect(trouble).not_to_contain_text("Give the slice a name.")
    expect(trouble).to_contain_text("Add at least one part")


def test_the_summary_forgets_what_was_mended(desk: Any) -> None:
    trouble = mend_the_name(desk)
    expect(trouble).not_to_contain_text("Give the slice a name.")
    expect(trouble).to_contain_text("Add at least one part")
    take(desk, "Coins on velvet", "Everything")
    expect(trouble).to_have_count(0)
