"""With script too: whatever page is open when the session ends, everything typed on it is there after signing in."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.batches.boards import BATCHES, FIRST, ORDER, WORN
from tests.conftest import PASSWORD
from tests.slices.making import COINS
from tests.waiting import held

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
TYPED = "Typed to the last letter"
BATCH = f"{BATCHES}{FIRST}/"


@dataclass(frozen=True)
class Case:
    """A page with something to type: how it is opened, typed into, sent, and how it must look afterwards."""

    open: Callable[[Page, str], None]
    type: Callable[[Page], None]
    send: Callable[[Page], None]
    check: Callable[[Page], None]


def _draft(page: Page, live: str) -> None:
    page.goto(f"{live}/slices/new/")
    page.get_by_role("button", name="Start draft").click()
    page.locator("#builder-form").wait_for()


def _in_place(part: str) -> Callable[[Page, str], None]:
    def opening(page: Page, live: str) -> None:
        page.goto(live + BATCH)
        page.locator(f"a[href*='edit={part}'], a[hx-get*='edit={part}']").first.click()
        page.locator(f"#batch-{part} form").wait_for()

    return opening


def _type_metadata(page: Page) -> None:
    before = page.locator("input[name=key]").count()
    page.get_by_role("button", name="Another line").click()
    expect(page.locator("input[name=key]")).to_have_count(before + 1)
    page.locator("input[name=key]").last.fill("site")
    page.locator("textarea[name=value]").last.fill(TYPED)


def _check_metadata(page: Page) -> None:
    page.wait_for_function(
        "typed => [...document.querySelectorAll('textarea[name=value]')].some(field => field.value === typed)",
        arg=TYPED,
    )
    assert page.evaluate("[...document.querySelectorAll('input[name=key]')].some(field => field.value === 'site')")


def _move(page: Page) -> None:
    page.locator(f"#row-{WORN} [data-move=top]").click()
    page.locator("#order-note").fill(TYPED)


def _check_order(page: Page) -> None:
    expect(page.locator("[data-sentence]")).to_have_text("Worn edges 4th to 1st; three batches move down one")
    expect(page.locator("#order-note")).to_have_value(TYPED)


def _choose(page: Page) -> None:
    page.locator("#id_name").fill(TYPED)
    page.locator("input[name=projects]").nth(1).click()


def _check_export(page: Page) -> None:
    expect(page.locator("#id_name")).to_have_value(TYPED)
    expect(page.locator("input[name=projects]").nth(1)).to_be_checked()


def _fill(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).fill(TYPED)


def _shows(selector: str) -> Callable[[Page], None]:
    return lambda page: expect(page.locator(selector).first).to_have_value(TYPED)


def _press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name, exact=True).click()


def _nothing(page: Page) -> None:
    """The form sends what is typed by itself, to keep or to count it."""


def _address(address: str) -> Callable[[Page, str], None]:
    def opening(page: Page, live: str) -> None:
        page.goto(live + address)

    return opening


NAME = "#builder-form input[name=name]"
CASES = {
    "slice": Case(_draft, _fill(NAME), _nothing, _shows(NAME)),
    "batch": Case(
        _address(BATCHES), _fill("#batches-new-name"), _press("New batch"), _shows("form[method=post] input[name=name]")
    ),
    "rename": Case(_in_place("name"), _fill("#batch-name-field"), _press("Save"), _shows("#batch-name-field")),
    "metadata": Case(_in_place("metadata"), _type_metadata, _press("Save metadata"), _check_metadata),
    "order": Case(_address(f"{ORDER}?finished=show"), _move, _press("Save order"), _check_order),
    "export": Case(_address("/exports/new/"), _choose, _nothing, _check_export),
    "profile": Case(_address("/profile/"), _fill("#id_name"), _press("Save"), _shows("#id_name")),
}


def end_session(page: Page) -> None:
    page.context.clear_cookies()


def wait_until_kept(page: Page) -> None:
    """The script that keeps what is typed comes with the first field somebody goes to."""
    page.evaluate("import('/static/js/form-drafts.js').then(() => true)")


def sign_in_again(page: Page, person: Person) -> None:
    """On the sign-in page that came up by itself."""
    page.wait_for_url(lambda address: "/account/login" in address)
    page.get_by_label("Email").fill(person.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda address: "/account/login" not in address)


@pytest.fixture
def desk(page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running) -> Page:
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, alice)
    return page


@pytest.mark.parametrize("name", CASES)
def test_what_was_typed_before_pressing_the_button_is_there_again(
    desk: Page, live: str, alice: Person, name: str
) -> None:
    case = CASES[name]
    case.open(desk, live)
    # A part that came only now would find the session ended, and lead away before anything is typed.
    desk.wait_for_load_state("networkidle")
    end_session(desk)
    case.type(desk)
    case.send(desk)
    sign_in_again(desk, alice)
    case.check(desk)


@pytest.mark.parametrize("name", CASES)
def test_what_was_typed_and_never_sent_is_there_again(desk: Page, live: str, alice: Person, name: str) -> None:
    case = CASES[name]
    case.open(desk, live)
    case.type(desk)
    wait_until_kept(desk)
    end_session(desk)
    desk.reload()
    sign_in_again(desk, alice)
    case.check(desk)


ASK_TWICE = """() => {
  for (const source of [...document.querySelectorAll("main a")].slice(0, 2)) htmx.ajax("GET", "/audit/", { source });
}"""


def test_several_parts_that_find_the_session_ended_open_the_sign_in_page_once(desk: Page, live: str) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "/account/login/" in request.url else None)
    desk.goto(f"{live}/audit/")
    end_session(desk)
    desk.evaluate(ASK_TWICE)
    desk.get_by_label("Email").wait_for()
    assert len(asked) == 1


def test_whoever_went_to_another_page_is_shown_the_way_back(desk: Page, live: str, alice: Person) -> None:
    case = CASES["batch"]
    case.open(desk, live)
    case.type(desk)
    wait_until_kept(desk)
    end_session(desk)
    desk.get_by_role("link", name="Audit").first.click()
    sign_in_again(desk, alice)
    desk.get_by_text("What you typed before you were signed out is kept.").wait_for()
    desk.get_by_role("link", name="Show it").click()
    case.check(desk)


def test_another_person_at_the_same_browser_finds_nothing(desk: Page, live: str, erin: Person) -> None:
    case = CASES["batch"]
    case.open(desk, live)
    case.type(desk)
    wait_until_kept(desk)
    end_session(desk)
    desk.reload()
    sign_in_again(desk, erin)
    expect(desk.locator("#batches-new-name")).to_have_value("")
    assert TYPED not in (desk.evaluate("JSON.stringify({...sessionStorage})") or "")


def test_what_was_left_without_the_session_having_ended_is_forgotten(desk: Page, live: str) -> None:
    case = CASES["batch"]
    case.open(desk, live)
    case.type(desk)
    desk.goto(f"{live}/profile/")
    case.open(desk, live)
    expect(desk.locator("#batches-new-name")).to_have_value("")


def test_signing_out_leaves_nothing_in_the_browser(desk: Page, live: str, alice: Person) -> None:
    case = CASES["batch"]
    case.open(desk, live)
    case.type(desk)
    desk.locator("summary.person").click()
    desk.get_by_role("button", name="Sign out").click()
    desk.wait_for_url(lambda address: "/account/login" in address)
    assert TYPED not in (desk.evaluate("JSON.stringify({...sessionStorage})") or "")


def test_signing_out_before_the_script_came_that_keeps_text_leaves_nothing_either(desk: Page, live: str) -> None:
    case = CASES["batch"]
    case.open(desk, live)
    with held(desk, "**/js/form-drafts*.js"), held(desk, "**/account/logout/"):
        case.type(desk)
        desk.locator("summary.person").click()
        desk.get_by_role("button", name="Sign out").click(no_wait_after=True)
    desk.wait_for_url(lambda address: "/account/login" in address)
    assert TYPED not in (desk.evaluate("JSON.stringify({...sessionStorage})") or "")


def test_signing_out_leaves_nothing_in_the_other_tabs_either(desk: Page, live: str, alice: Person) -> None:
    other = desk.context.new_page()
    case = CASES["batch"]
    case.open(other, live)
    case.type(other)
    desk.goto(f"{live}/profile/")
    desk.locator("summary.person").click()
    desk.get_by_role("button", name="Sign out").click()
    other.wait_for_url(lambda address: "/account/login" in address)
    assert TYPED not in (other.evaluate("JSON.stringify({...sessionStorage})") or "")


def test_a_key_is_never_kept(desk: Page, live: str, alice: Person) -> None:
    desk.goto(f"{live}/keys/")
    desk.goto(f"{live}/keys/avala/")
    desk.locator("input[name=value]").fill("avk_secret_0123456789")
    desk.locator("input[name=label]").fill(TYPED)
    wait_until_kept(desk)
    end_session(desk)
    desk.reload()
    kept = desk.evaluate("JSON.stringify({...sessionStorage})")
    assert TYPED in kept
    assert "avk_secret" not in kept
    sign_in_again(desk, alice)
    expect(desk.locator("input[name=label]")).to_have_value(TYPED)


def test_items_that_were_picked_are_picked_again(desk: Page, live: str, alice: Person) -> None:
    _draft(desk, live)
    address = desk.url
    token = desk.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    sent = {"csrfmiddlewaretoken": token, "dataset": COINS, "kind": "dataset_items"}
    desk.request.post(f"{address}parts/add/", form=sent, headers={"Referer": address})
    desk.goto(address)
    desk.locator("a[href*='/items/']").first.click()
    desk.locator("#picker-tiles").wait_for()
    end_session(desk)
    desk.locator("#picker-tiles input[name=item]").nth(2).click()
    sign_in_again(desk, alice)
    expect(desk.locator("#picker-tiles input[name=item]").nth(2)).to_be_checked()
    expect(desk.locator("#picker-count")).to_contain_text(re.compile("on all pages|in total"))
    desk.reload()
    expect(desk.locator("#picker-tiles input[name=item]").nth(2)).to_be_checked()
