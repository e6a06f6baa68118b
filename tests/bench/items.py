"""Work items: the table at 100,000 items, one item with 1 and with 1,000 labels, large label files, a review run.

The server's figures are the median of a few requests by Django's test client: the time in all, one thread's own time
(which other work on the machine inflates far less), calls to CloudFactory, bytes of the answer. A label file is read
from the store within that time. The browser's come from a headless Chromium, over sockets.
"""

import resource
import statistics
import time

from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from console.emulator.sample import PROJECTS
from tests.bench.order import listening, longest_task, signed_in
from tests.bench.stage import stage, upstream_clock
from tests.services import browser as program

COINS, ARCHIVE = (f"/projects/{PROJECTS[slug]}/items/" for slug in ("coins", "archive"))
TABLE = {
    "table, 10 rows": "?size=10",
    "table, 100 rows": "?size=100",
    "table, newest first": "?size=100&order=newest",
    "table, one status": "?size=100&status=CLIENT_REVIEW",
    "table, days": "?size=100&created_from=2026-01-01&created_to=2026-12-31",
}
HTMX = {"HX-Request": "true"}
LARGEST = 50 * 1024**2
ZOOM_STEPS, NEXT_ITEMS = 6, 12
WATCH = """
window.marks = {};
const mark = (name) => { window.marks[name] ??= performance.now(); };
document.addEventListener("load", ({ target }) => { if (target.matches?.(".stage-frame img")) mark("picture"); }, true);
const seen = new MutationObserver(() => {
  if (!document.querySelector("[data-overlay]")) return;
  seen.disconnect();
  requestAnimationFrame(() => setTimeout(() => mark("labels")));
});
seen.observe(document, { childList: true, subtree: true });
"""
WATCH_KEYS = """() => {
  window.shown = [];
  const step = () => document.querySelector("[data-step]:not(.is-standing-by)");
  document.addEventListener("keydown", () => {
    const [pressed, before] = [performance.now(), step()];
    const look = () => requestAnimationFrame(() => {
      if (step() === before) look();
      else setTimeout(() => {
        const [after, image] = [performance.now() - pressed, step().querySelector("img")];
        const isReady = image?.complete && image.naturalWidth && step().querySelector("[data-overlay]");
        window.shown.push([after, Boolean(isReady)]);
      });
    });
    look();
  }, true);
}"""


def main() -> None:
    with stage("large") as (client, _, _):
        _heading("100,000 items")
        for name, query in TABLE.items():
            serve(client, name, ARCHIVE + query)
        serve(client, "counts of the tabs", f"{ARCHIVE}counts/", rounds=1, headers=HTMX)
        _tell_date_filter(client)
    with stage("demo") as (client, running, person), listening() as address, sync_playwright() as playwright:
        _heading("one item")
        waiting = _waiting(client)
        for shapes, item in zip((1, 1_000, 5_000), waiting, strict=False):
            running.act("set_annotation", item=item, shapes=shapes)
            serve(client, f"page, {shapes:,} labels", f"{COINS}{item}/")
            serve(client, f"labels part, {shapes:,}", f"{COINS}{item}/labels/", headers=HTMX)
        running.act("set_annotation", item=waiting[3], coco=large_file(LARGEST))
        serve(client, "labels part, 50 MiB", f"{COINS}{waiting[3]}/labels/", rounds=3, headers=HTMX)
        print(f"memory, at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB", flush=True)
        chromium = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox", "--disable-gpu"])
        page = signed_in(chromium, address, person.email)
        page.add_init_script(WATCH)
        for shapes, item in zip((1, 1_000, 5_000), waiting, strict=False):
            look(chromium, page, f"{shapes:,} labels", f"{address}{COINS}{item}/")
        for item in waiting:
            running.act("set_annotation", item=item)
        review(page, f"{address}{COINS}review/?status=CLIENT_REVIEW")
        chromium.close()


def serve(client: Client, name: str, path: str, *, rounds: int = 7, headers: dict[str, str] | None = None) -> None:
    total, cpu, calls, size = [], [], 0, 0
    with upstream_clock() as clock:
        for _ in range(rounds):
            clock.reset()
            begun, worked = time.perf_counter(), time.thread_time()
            answer = client.get(path, headers=headers or {})
            total.append((time.perf_counter() - begun) * 1000)
            cpu.append((time.thread_time() - worked) * 1000)
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status_code}")
            calls, size = clock.calls, len(answer.content)
    figures = f"{statistics.median(total):8.0f} {statistics.median(cpu):8.0f} {calls:7} {size / 1000:7.0f}"
    print(f"{name:24} {figures}", flush=True)


def look(chromium: Browser, page: Page, name: str, address: str) -> None:
    """One item's page: until its picture, until its labels, and what a step of the zoom costs."""
    page.goto(address)
    page.wait_for_function("() => window.marks.picture && window.marks.labels", timeout=60_000)
    marks = page.evaluate("window.marks")
    page.wait_for_timeout(500)
    page.locator("[data-zoom-view]").first.focus()
    tasks = longest_task(chromium, page, lambda: _zoom(page))
    figures = f"picture after {marks['picture']:.0f} ms, labels after {marks['labels']:.0f} ms"
    print(f"{name:24} {figures}; longest task of a zoom step {tasks[0]:.0f} ms ({tasks[1]:.0f} ms CPU)", flush=True)


def review(page: Page, address: str) -> None:
    """A run by keyboard: from the key to the next item, and whether picture and labels stood ready."""
    page.goto(address)
    page.locator("#main").get_by_role("button", name="Review").click()
    page.locator("[data-step]:visible h2").wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate(WATCH_KEYS)
    for turn in range(NEXT_ITEMS):
        page.keyboard.press("n")
        page.wait_for_function("(turn) => window.shown.length > turn", arg=turn)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(500)
    shown = page.evaluate("window.shown")
    times, ready = [one[0] for one in shown], sum(one[1] for one in shown)
    figures = f"median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms after the key"
    print(f"{'next item of a run':24} {figures}; {ready} of {len(shown)} complete at once", flush=True)


def large_file(size: int) -> str:
    """A COCO file of about so many bytes: few labels with very long outlines, which all have to be read."""
    points = ",".join(f"{n % 700}.{n % 97:02},{n % 500}.{n % 89:02}" for n in range(4_000))
    label = '{"id":%d,"image_id":1,"category_id":1,"bbox":[1,2,30,40],"segmentation":[[' + points + "]]}"
    labels = ",".join(label % n for n in range(size // len(label)))
    head = '{"images":[{"id":1,"width":768,"height":606}],"categories":[{"id":1,"name":"coin"}]'
    return f'{head},"annotations":[{labels}]}}'


def _heading(what: str) -> None:
    print(f"\n{what:24} total ms   own ms   calls      kB", flush=True)


def _waiting(client: Client) -> list[str]:
    page = client.get(f"{COINS}?size=100&status=CLIENT_REVIEW").content.decode()
    found = [part.partition("/")[0] for part in page.split(f'href="{COINS}')[1:]]
    return list(dict.fromkeys(one for one in found if len(one) == 36))


def _tell_date_filter(client: Client) -> None:
    with upstream_clock() as clock:
        client.get(f"{ARCHIVE}?created_from=2026-06-01&size=100")
        print(f"{'emulator, dates':24} {clock.seconds * 1000:8.0f} ms for {clock.calls} calls", flush=True)


def _zoom(page: Page) -> None:
    for step in range(ZOOM_STEPS):
        page.keyboard.press("+" if step < ZOOM_STEPS // 2 else "-")
        page.wait_for_timeout(400)
