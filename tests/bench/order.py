"""The order page at 8 and at 2,000 batches: server time, bytes, time until rows are usable, longest task of a drag.

The server's figures are the median of a few requests by Django's test client. The browser's come from a headless
Chromium that loads the very page over a socket; a drag moves the third row ten rows down in forty steps. "CPU" is one
thread's own time, the server's or the page's, which other work on the machine inflates far less.
"""

import contextlib
import json
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from console.emulator.sample import PROJECTS
from tests.bench.stage import stage, upstream_clock
from tests.services import browser as program

SIZES = {"8 batches": PROJECTS["coins"], "2,000 batches": PROJECTS["archive"]}
ROUNDS = 5
READY = "() => document.querySelector('#order-rows > li [data-handle]') && performance.now()"


def main() -> None:
    with stage("demo") as (client, _, person):
        for name, project in SIZES.items():
            serve(client, name, f"/projects/{project}/batches/order/")
        with listening() as address, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox", "--disable-gpu"])
            page = signed_in(chromium, address, person.email)
            for name, project in SIZES.items():
                browse(chromium, page, name, f"{address}/projects/{project}/batches/order/?finished=show")
            chromium.close()


def serve(client: Client, name: str, path: str) -> None:
    own, cpu, calls, size = [], [], 0, 0
    with upstream_clock() as clock:
        client.get(path)
        for _ in range(ROUNDS):
            clock.reset()
            begun, worked = time.perf_counter(), time.thread_time()
            answer = client.get(path)
            own.append(time.perf_counter() - begun - clock.seconds)
            cpu.append(time.thread_time() - worked)
            calls, size = clock.calls, len(answer.content)
    milliseconds = f"{statistics.median(own) * 1000:.0f} ms own ({statistics.median(cpu) * 1000:.0f} ms CPU)"
    print(f"{name:14} server {milliseconds}, {calls} calls, {size / 1000:.0f} kB", flush=True)


@contextlib.contextmanager
def listening() -> Iterator[str]:
    """The console on a free port of this machine, with its static files."""
    # Playwright's loop runs in this thread, which Django would otherwise take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def signed_in(chromium: Browser, address: str, email: str) -> Page:
    from accounts.demo import PASSWORD  # Models can be imported once the stage stands.

    page = chromium.new_page()
    page.goto(f"{address}/account/login/")
    page.get_by_label("Email").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda found: "/account/login" not in found)
    return page


def browse(chromium: Browser, page: Page, name: str, address: str) -> None:
    page.goto(address)
    usable = page.wait_for_function(READY).json_value()
    page.wait_for_timeout(500)
    longest, cpu = drag(chromium, page)
    figures = f"rows usable after {usable:.0f} ms; longest task while dragging {longest:.0f} ms ({cpu:.0f} ms CPU)"
    print(f"{name:14} browser {figures}", flush=True)
    page.evaluate("document.querySelector('[data-discard]').click()")


def drag(chromium: Browser, page: Page) -> tuple[float, float]:
    """The longest task while a row is dragged."""
    box = page.locator("#order-rows > li:nth-child(3) [data-handle]").bounding_box() or {"x": 0, "y": 0}
    x, y = box["x"] + 8, box["y"] + 8

    def move() -> None:
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(40):
            page.mouse.move(x, y + 10 * step)
            page.wait_for_timeout(16)
        page.mouse.up()

    return longest_task(chromium, page, move)


def longest_task(chromium: Browser, page: Page, act: Callable[[], None]) -> tuple[float, float]:
    """The longest task of the page's main thread in milliseconds, by the clock and by the processor."""
    chromium.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline"])
    act()
    events = json.loads(chromium.stop_tracing())["traceEvents"]
    main = {one["tid"] for one in events if one.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [one for one in events if one.get("name") == "RunTask" and one.get("tid") in main]
    return max(one.get("dur", 0) for one in tasks) / 1000, max(one.get("tdur", 0) for one in tasks) / 1000
