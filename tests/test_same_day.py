"""One day of work with script and one without: both services end up with the same, and the audit says the same."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import Person
from console.audit.models import Entry
from console.audit.selectors import line
from console.batches.models import OrderSnapshot
from console.common import write_behind
from console.emulator.server import Running
from console.exports.models import ExportRequest
from console.jobs.models import Operation
from console.slices.models import Draft
from tests.batches.boards import BATCHES, COINS, NAPLES_EARLY, NAPLES_NIGHT, OPEN, ORDER, SECOND, WORN
from tests.exports.making import work
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.on_both, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]

SLICE = re.compile(r"/slices/northwind/[^/]+/$")
EXPORT = re.compile(r"/exports/[0-9a-f-]{36}/$")
CHANGING = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z?")
CLOCK = 1_000_000_000


@dataclass
class Left:
    """What a day leaves behind."""

    vendors: Any
    received: Any
    sentences: list[str]


def same(value: Any) -> Any:
    """A value without what differs on any two days: ids and times."""
    if isinstance(value, dict):
        return {key: same(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [same(one) for one in value]
    if isinstance(value, float) and value > CLOCK:
        return "a time"
    return CHANGING.sub("…", value) if isinstance(value, str) else value


def left_by(emulator: Running) -> Left:
    world = emulator.world
    tables = {
        "slices": world.slices,
        "exports": world.exports,
        "batches": world.batches[COINS],
        "order": world.priorities[COINS],
    }
    requests = [*emulator.requests("avala"), *emulator.requests("cloudfactory")]
    received = [
        (one["method"], one["path"], one["body"])
        for one in requests
        if one["method"] != "GET" and "/validate/" not in one["path"]
    ]
    write_behind.flush()
    lines = Entry.objects.lines().order_by("sequence")
    sentences = [f"{line(entry).text} ({entry.outcome}) {entry.note}" for entry in lines]
    return Left({name: same(list(table)) for name, table in tables.items()}, same(received), same(sentences))


@dataclass
class Day:
    """A person at work. What has two ways, one for each kind of page, asks `scripted`."""

    page: Page
    live: str
    emulator: Running
    scripted: bool

    def play(self, files: Path) -> None:
        self.build_a_slice()
        self.work_on_batches()
        self.order_batches()
        self.export(files)

    def go(self, address: str) -> None:
        self.page.goto(self.live + address)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).locator("visible=true").click()

    # A slice: steps 1 to 7

    def build_a_slice(self) -> None:
        page = self.page
        self.go("/slices/new/")
        self.press("Start draft")
        self.take("Coins on velvet", "Everything")
        expect(page.locator("#parts article")).to_have_count(1)
        self.take("City, garden and people", "Choose items")
        for tile in (1, 3):
            page.locator("#picker-tiles input").nth(tile).check(force=True)
        if self.scripted:
            expect(page.locator("#picker-count")).to_contain_text("2 chosen")
        self.press("Done")
        self.take("Eye screening", "Filter")
        page.get_by_label("train").check()
        if self.scripted:
            expect(page.locator("#filter-said")).to_contain_text("11 of its 17 items match")
        self.press("Done")
        page.get_by_role("button", name="Move Eye screening up").click()
        expect(page.locator("#parts article").nth(1)).to_contain_text("Eye screening")
        page.get_by_role("button", name="Remove Coins on velvet").click()
        expect(page.locator("#parts article")).to_have_count(2)
        self.press("Undo")
        expect(page.locator("#parts article")).to_have_count(3)
        page.get_by_label("Name", exact=True).fill("Mixed bag")
        page.get_by_label("Random selection").fill("20")
        self.press("Create slice")
        page.wait_for_url(SLICE)

    def take(self, dataset: str, how: str) -> None:
        row = self.page.locator(".row-dataset", has_text=dataset)
        if not self.scripted:
            self.press("Find")
        row.get_by_role("button", name=how).click()

    # Batches: steps 8 to 10

    def work_on_batches(self) -> None:
        page = self.page
        self.go(BATCHES)
        page.get_by_label("Name of a new batch").fill("Night rain")
        self.press("New batch")
        expect(page.locator("[data-rows]")).to_contain_text("Night rain", timeout=30_000)
        self.go(f"{BATCHES}{NAPLES_EARLY}/")
        page.get_by_role("link", name="Rename").click()
        page.get_by_label("Name of the batch").fill("Naples, dawn shift")
        self.press("Save")
        expect(page.get_by_role("heading", level=1)).to_have_text("Naples, dawn shift")
        page.locator("#batch-metadata").get_by_role("link", name="Change").click()
        self.remove(page.locator("#batch-metadata .line").first)
        last = page.locator("#batch-metadata .line").last
        last.get_by_label("Name").fill("trays")
        last.get_by_label("Value", exact=True).fill("12")
        last.get_by_label("Kind of value").select_option("number")
        self.press("Save metadata")
        expect(page.locator("#batch-metadata table")).to_contain_text("trays")

    def remove(self, metadata: Locator) -> None:
        if self.scripted:
            metadata.get_by_role("button", name="Remove this line").click()
        else:
            metadata.get_by_label("Name").fill("")
            metadata.get_by_label("Value", exact=True).fill("")

    # The order: steps 11 to 15

    def order_batches(self) -> None:
        page = self.page
        self.go(ORDER)
        self.save_order({WORN: 1, SECOND: 3}, [(SECOND, "position", 2), (WORN, "drag", 1)], note="for Friday")
        self.press("Undo")
        expect(page.locator("body")).to_contain_text("The order is as it was before.")
        self.go(ORDER)
        self.save_order({OPEN[0]: 6, NAPLES_NIGHT: 2}, [(OPEN[0], "position", 6), (NAPLES_NIGHT, "keys", 2)])
        self.go(f"{ORDER}?finished=show")
        self.save_order({WORN: 7}, [(WORN, "bottom", 7)])
        self.go(f"{ORDER}history/")
        page.get_by_role("link", name="View or restore").last.click()
        self.press("Restore this order")
        expect(page.locator("body")).to_contain_text("The earlier order is back.")

    def save_order(self, positions: dict[int, int], moves: list[tuple[int, str, int]], note: str = "") -> None:
        """The positions typed, or the moves that lead to them."""
        page = self.page
        if self.scripted:
            for batch, how, rank in moves:
                self.move(batch, how, rank)
        else:
            for batch, rank in positions.items():
                page.locator(f"#row-{batch} [name=place]").fill(str(rank))
        page.locator("[name=note]" if self.scripted else "[name=note_plain]").fill(note)
        self.press("Save order")
        expect(page.locator("body")).to_contain_text("The order is saved.")

    def move(self, batch: int, how: str, rank: int) -> None:
        page, row = self.page, self.page.locator(f"#row-{batch}")
        if how == "position":
            row.locator("[data-move=to]").click()
            page.get_by_label("Position, from 1").fill(str(rank))
            page.keyboard.press("Enter")
        elif how == "drag":
            self.drag(row, page.locator("#order-rows > li:visible").first)
        elif how == "keys":
            row.locator("[data-handle]").focus()
            page.keyboard.press("Space")
            now = int(row.locator(".row-rank").inner_text())
            for above in range(now - 1, rank - 1, -1):
                page.keyboard.press("ArrowUp")
                expect(row.locator(".row-rank")).to_have_text(str(above))
            page.keyboard.press("Space")
        else:
            row.locator(f"[data-move={how}]").click()
        expect(row.locator(".row-rank")).to_have_text(str(rank))

    def drag(self, row: Locator, target: Locator) -> None:
        mouse, grip, above = self.page.mouse, row.locator("[data-handle]").bounding_box(), target.bounding_box()
        assert grip is not None
        assert above is not None
        x = grip["x"] + grip["width"] / 2
        mouse.move(x, grip["y"] + 10)
        mouse.down()
        mouse.move(x, grip["y"] - 20, steps=5)
        mouse.move(x, above["y"] + 5, steps=12)
        mouse.up()

    # Exports: steps 16 to 20

    def export(self, files: Path) -> None:
        page = self.page
        self.start_export("Eyes", items=27, without="Lund")
        self.emulator.act("finish_export")
        work(3)
        page.reload()
        with page.expect_download() as coming:
            page.get_by_role("link", name="Download", exact=True).click()
        coming.value.save_as(files / f"{self.scripted}.zip")
        downloads = Entry.objects.lines().filter(action="export.download")
        until(lambda: {entry.outcome for entry in downloads} == {"done"})
        self.delete("Delete")
        self.start_export("All eyes", items=40)
        self.delete("Cancel")

    def start_export(self, name: str, items: int, without: str = "") -> None:
        page = self.page
        self.go("/exports/new/")
        page.get_by_label("Eye screening", exact=True).check()
        if not self.scripted:
            self.press("Show their batches and count the items")
        expect(page.get_by_label("Lund")).to_be_visible()
        if without:
            page.get_by_role("button", name=f"Leave out {without}").click()
            expect(page.locator("input[name=batches]:checked")).to_have_count(2)
        page.get_by_label("Name", exact=True).fill(name)
        expect(page.locator("#export-contents")).to_contain_text(f"{items} items")
        page.locator("button[value=now]").click()
        page.wait_for_url(EXPORT)

    def delete(self, how: str) -> None:
        self.page.get_by_role("link", name=how, exact=True).click()
        self.page.get_by_role("button", name=re.compile(f"^{how} “")).locator("visible=true").click()
        self.page.wait_for_url(re.compile(r"/exports/$"))


@contextmanager
def fresh(emulator: Running) -> Iterator[None]:
    """A world without the day before, in both services and here; the audit alone keeps what was."""
    emulator.reset()
    emulator.act("set_pace", seconds=6000)
    for model in (OrderSnapshot, ExportRequest, Draft, Operation):
        model.objects.all().delete()
    cache.clear()
    yield


def test_a_day_without_script_leaves_the_same_as_with_script(
    browser: Browser,
    live: str,
    sign_in_by_form: SignIn,
    alice: Person,
    emulator: Running,
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.SHARED_READ_SECONDS = settings.EXPORT_FIRST_LOOK = 0
    days, heard = [], 0
    for scripted in (True, False):
        with fresh(emulator), browser.new_context(java_script_enabled=scripted) as context:
            page = context.new_page()
            page.set_default_timeout(20_000)
            sign_in_by_form(page, alice)
            emulator.forget_requests()
            Day(page, live, emulator, scripted).play(tmp_path)
            left = left_by(emulator)
        left.sentences, heard = left.sentences[heard:], len(left.sentences)
        days.append(left)
    with_script, without = days
    assert len(with_script.received) >= 10
    assert with_script.received == without.received
    assert with_script.vendors == without.vendors
    assert with_script.sentences == without.sentences
