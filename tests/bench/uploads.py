"""Uploads: 400 files of 1 MB from Chromium against curl with the same six connections, and a folder of 10,000 files.

Console, vendors and store are processes of their own on this machine, the browser is real, the bytes go straight to the
store. The longest task is how long the page could not react, as the browser itself measures it (only from 50 ms on);
the time that it takes to hand the chosen files over to the page is its own, and not counted.
`UPLOAD_BENCH_FILES` (default 400) and `UPLOAD_BENCH_MANY` (default 10000) make it shorter.
"""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests
from django.test import Client
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.bench.processes import Place, place  # sets Django up

# isort: split
from accounts.demo import make_people
from accounts.models import Person
from console.emulator.people import SPACE
from tests.services import browser as program

FILES = int(os.environ.get("UPLOAD_BENCH_FILES", "400"))
MANY = int(os.environ.get("UPLOAD_BENCH_MANY", "10000"))
MEGABYTE = 1_000_000
AT_ONCE = 6
LONGEST = 10 * 60 * 1000
LONG_TASKS = """
let chosenAt = 0;
window.longestTask = 0;
addEventListener("change", () => { chosenAt = performance.now(); }, { capture: true });
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) {
    window.longestTask = Math.max(window.longestTask, startTime + duration - Math.max(startTime, chosenAt));
  }
}).observe({ type: "longtask", buffered: true });
"""


def main() -> None:
    with place() as here, tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        person = next(one for one in make_people() if one.role == "operator")
        chromium = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox", "--disable-gpu"])
        compare(here, chromium, person, Path(folder, "large"))
        many(here, chromium, person, Path(folder, "small"))
        chromium.close()


def compare(here: Place, chromium: Browser, person: Person, folder: Path) -> None:
    write(folder, FILES, MEGABYTE)
    page = open_page(here, chromium, person)
    begun = time.monotonic()
    choose(page, folder)
    wait_for(page, f"{FILES} files saved.")
    took, longest = time.monotonic() - begun, page.evaluate("window.longestTask")
    page.close()
    by_curl = curl(here, folder)
    print(f"{FILES} files of 1 MB, {AT_ONCE} at once")
    print(f"  browser: {took:.1f} s, {FILES / took:.1f} MB/s; longest task {longest:.0f} ms")
    print(
        f"  curl:    {by_curl:.1f} s, {FILES / by_curl:.1f} MB/s; the browser takes {took / by_curl:.1f} times as long"
    )


def many(here: Place, chromium: Browser, person: Person, folder: Path) -> None:
    write(folder, MANY, 1_000)
    page = open_page(here, chromium, person)
    begun = time.monotonic()
    choose(page, folder)
    expect(page.locator('[data-upload-part="figures"]')).to_contain_text(f"of {MANY:,} files", timeout=LONGEST)
    added = time.monotonic() - begun
    time.sleep(10)
    saved = re.match(r"[\d,]+", page.locator('[data-upload-part="figures"]').inner_text())
    took, longest = time.monotonic() - begun, page.evaluate("window.longestTask")
    rows = page.locator("[data-upload-file]").count()
    page.close(run_before_unload=False)
    print(f"a folder of {MANY:,} files of 1 kB")
    print(f"  all in the ledger after {added:.1f} s; {saved[0] if saved else 0} saved after {took:.1f} s")
    print(f"  rows in the page {rows}; longest task {longest:.0f} ms")


def write(folder: Path, count: int, size: int) -> None:
    folder.mkdir()
    for number in range(count):
        Path(folder, f"{number:05}.jpg").write_bytes(os.urandom(16) * (size // 16))


def open_page(here: Place, chromium: Browser, person: Person) -> Page:
    client = Client()
    client.force_login(person)
    page = chromium.new_page()
    page.add_init_script(LONG_TASKS)
    about = {"domain": "127.0.0.1", "path": "/", "secure": True}
    page.context.add_cookies([{"name": one.key, "value": one.value, **about} for one in client.cookies.values()])  # type: ignore[typeddict-item]
    page.goto(f"{here.console}/files/upload/")
    return page


def choose(page: Page, folder: Path) -> None:
    page.get_by_label("Choose a folder").set_input_files(folder, timeout=LONGEST)


def wait_for(page: Page, words: str) -> None:
    expect(page.locator('[data-upload-part="phase"]')).to_have_text(words, timeout=LONGEST)


def curl(here: Place, folder: Path) -> float:
    """Seconds for the same files by curl, each to a link of its own; asking for the links is not counted."""
    lines = [
        f'next\nurl = "{url}"\nupload-file = "{file}"\nheader = "Content-Type: image/jpeg"\noutput = "/dev/null"'
        for file, url in zip(sorted(folder.iterdir()), links(here), strict=False)
    ]
    listed = folder.parent / "curl.txt"
    listed.write_text("\n".join(lines).removeprefix("next\n"))
    command = ["curl", "--silent", "--fail", "--parallel", "--parallel-max", str(AT_ONCE), "--config", str(listed)]
    begun = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - begun


def links(here: Place) -> Iterator[str]:
    address = f"{here.vendor}/api/v1/spaces/{SPACE}/signedurls"
    with requests.Session() as session:
        session.headers["X-API-Key"] = "cf_demo_ops"
        for _ in range(0, FILES, 10):
            answer = session.get(address, params={"count": "10"}, timeout=60)
            yield from (one["signedUrl"] for one in answer.json()["items"])
