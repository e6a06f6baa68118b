"""The daily way through the practice space in Debian's Firefox and WebKit, and what only they do their own way."""

import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.batches import boards
from tests.engines import drivers
from tests.engines.page import ENTER, Page
from tests.practice_space import PracticeSpace, practice_space
from tests.waiting import until

pytestmark = pytest.mark.engines

PASSWORD = "practice-makes-perfect"
# What an engine does not know of our own style sheets, unless the same rule has it with a prefix that it knows.
NOT_UNDERSTOOD = r"""
const rules = (await Promise.all(["base", "components", "batches", "pictures", "working"].map(async (name) => {
  const sheet = [...document.querySelectorAll("link[rel=stylesheet]")].map((link) => link.href);
  const address = sheet.find((one) => one.includes("/css/base")).replace(/base[^/]*$/, `${name}.css`);
  return (await (await fetch(address)).text()).replace(/\/\*[^]*?\*\//g, "").matchAll(/\{([^{}]*)\}/g).toArray();
}))).flat();
return rules.flatMap(([, body]) => {
  const parts = body.split(/;(?![^(]*\))/).map((one) => one.trim());
  const all = parts.map((one) => one.match(/^(?:-webkit-)?([-a-z]+)\s*:\s*([^]+?)(\s*!important)?$/)).filter(Boolean);
  const isKnown = ([text, , value]) => CSS.supports(text.split(":")[0].trim(), value);
  const known = new Set(all.filter(isKnown).map(([, name]) => name));
  return all.filter(([, name]) => !known.has(name)).map(([text]) => text);
});
"""
REFINEMENTS = (
    "text-wrap: pretty",
    "text-size-adjust:",
    "-webkit-text-size-adjust:",
    "-webkit-font-smoothing:",
    "forced-color-adjust:",
    "field-sizing:",
)
ENGINES = {"firefox": drivers.firefox, "webkit": drivers.webkit}


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """The console runs in processes of its own, and none of these tests has anything to do with this one's cache."""


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ENGINES])
def engine(request: Any) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def space(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeSpace]:
    with practice_space(tmp_path_factory.mktemp(engine), EMULATOR_PACE="0.5") as running:
        yield running


@pytest.fixture(scope="module")
def visitor(engine: str, space: PracticeSpace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The browser, which keeps its cookies from test to test."""
    with ENGINES[engine](tmp_path_factory.mktemp("browser")) as driver:
        driver.resize(1280, 900)
        yield Page(driver, f"http://localhost:{space.ports[0]}")


@pytest.fixture
def desk(visitor: Page) -> Page:
    """Olivia, signed in."""
    visitor.open("/account/login/?next=/profile/")
    if visitor.path != "/profile/":
        visitor.fill("Email", "ops@northwind.example")
        visitor.fill("Password", PASSWORD)
        visitor.press("form .button-primary")
    visitor.until("return location.pathname === '/profile/'")
    return visitor


def sent(space: PracticeSpace, vendor: str, method: str, path: str) -> list[dict[str, Any]]:
    """What the pretend vendor received."""
    port = space.ports[1 if vendor == "avala" else 2]
    with requests.Session() as asking:
        asking.trust_env = False
        log = asking.get(f"http://127.0.0.1:{port}/_emulator/requests", timeout=10).json()
    return [one for one in log if one["method"] == method and re.search(path, one["path"])]


def test_whoever_signs_in_comes_in_and_after_signing_out_is_not_to_be_seen(desk: Page) -> None:
    desk.open("/audit/")
    desk.open("/account/logout/")
    desk.press("main form[data-sign-out] .button-primary")
    desk.until("return location.pathname === '/account/login/'")
    desk.ask("history.go(-2)")
    desk.until("return location.pathname === '/account/login/' && location.search.includes('next')")
    assert not desk.sees("Olivia")


def test_a_slice_is_built(desk: Page, space: PracticeSpace) -> None:
    desk.open("/slices/new/")
    desk.press("main form .button-primary")
    desk.press(".row-dataset button[value=dataset]")
    desk.until("return find('#builder-recipe')?.textContent.includes('Coins')")
    desk.press("#slice-name")
    desk.type("Smoke and mirrors")
    desk.until("return find('[data-saved]')?.textContent.includes('Draft saved at')")
    desk.press("#builder-create")
    desk.until("return location.pathname.startsWith('/slices/northwind/smoke-and-mirrors')")
    (created,) = sent(space, "avala", "POST", "/slices/$")
    assert created["body"]["name"] == "Smoke and mirrors"


def test_an_order_is_dragged_and_saved(desk: Page, space: PracticeSpace) -> None:
    desk.open(f"{boards.ORDER}?finished=show")
    desk.until("return find('[data-handle]')")
    desk.drag(f"#row-{boards.WORN} [data-handle]", f"#row-{boards.OPEN[0]}")
    wanted = boards.arranged(boards.moved(boards.OPEN, boards.WORN, 1))
    rows = "[...document.querySelectorAll('#order-rows > li')].map((row) => row.dataset.id)"
    desk.until(f"return String({rows}) === arguments[0]", ",".join(map(str, wanted)))
    desk.press("[data-save]")
    desk.until("return find('#order-last [data-undo]')")
    (saved,) = sent(space, "cloudfactory", "PUT", "/prioritization$")
    assert [entry["batchId"] for entry in saved["body"]["items"]] == wanted


def test_an_export_is_started_and_its_file_downloaded(desk: Page, space: PracticeSpace) -> None:
    desk.open("/exports/new/")
    desk.until(f"return find(\"#export-form input[value='{boards.COINS}']\")")
    desk.press(f"#export-form input[value='{boards.COINS}']")
    desk.until("return find('#export-batches input[name=batches]')")
    desk.press("#export-form [name=when][value=now]")
    desk.until(r"return /^\/exports\/[0-9a-f-]{36}\/$/.test(location.pathname)")
    desk.press("#export-download")
    until(lambda: [path for path in desk.driver.downloads.glob("*.zip") if zipfile.is_zipfile(path)])


def test_the_audit_tells_what_was_done(desk: Page) -> None:
    desk.open("/audit/")
    desk.wait_for("signed in")
    desk.press("#id_q")
    desk.type("no such thing")
    desk.wait_for("Nothing matches")


def test_a_half_typed_day_is_said_and_an_empty_field_shows_none(desk: Page) -> None:
    desk.open("/audit/")
    assert desk.ask(
        "return [...document.querySelectorAll('input')].every((one) => one.type !== 'date' || one.tabIndex < 0)"
    )
    desk.fill("From", "3 No")
    desk.type(ENTER)
    desk.wait_for("Write the day like this: 3 Nov 2026.")
    assert desk.ask("return find('#id_since').value") == "3 No"


def test_every_declaration_of_the_style_sheets_is_understood(desk: Page) -> None:
    """But for those that only refine; `text-decoration` with a style beside the line went unnoticed for long."""
    desk.open(boards.ORDER)
    assert [one for one in desk.ask(NOT_UNDERSTOOD) if not one.startswith(REFINEMENTS)] == []
