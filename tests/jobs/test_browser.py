"""One's own jobs in a real browser: readable in both schemes, on a phone, by keyboard, with and without script."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Person
from console.jobs import handlers, parts, services, worker
from console.jobs.handlers import Handler
from console.jobs.models import Operation, Part, State

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
KIND = "tests.parts"
MINE = "/jobs/mine/"


@pytest.fixture
def job(alice: Person, monkeypatch: pytest.MonkeyPatch) -> Operation:
    """Alice's, with two of five parts done; it can be stopped, and carry on once it is paused."""

    def do(operation: Operation, part: Part) -> parts.PartResult:
        return parts.PartDone()

    handler = Handler(
        lambda operation: parts.run(operation, do, most=2),
        stop=services.stop_parts,
        carry_on=lambda operation: services.carry_on(kind=KIND, subject="sheet"),
    )
    monkeypatch.setitem(handlers.HANDLERS, KIND, handler)
    about = {"about": "A project whose name is long enough to be broken on a phone: " + "Dashcam" * 9}
    operation = services.enqueue(kind=KIND, subject="sheet", person=alice, payload=about)
    parts.add(operation, [{}] * 5)
    worker.perform(operation.pk)
    return operation


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_readable_on_a_phone(
    page: Any, live: str, complaints: list[str], sign_in: SignIn, alice: Person, job: Operation, scheme: str
) -> None:
    Operation.objects.filter(pk=job.pk).update(state=State.PAUSED, message="CloudFactory fails.")
    services.enqueue(kind="exports.start", subject="7b4f7a52-8f8b-4b8e-9a3f-000000000000", person=alice)
    Operation.objects.create(kind=KIND, subject="old", person=alice, state=State.DONE, finished_at=timezone.now())
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    sign_in(page, alice)
    page.goto(f"{live}{MINE}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] == []


def test_the_page_follows_the_job_and_keeps_the_focus(
    page: Any, live: str, complaints: list[str], sign_in: SignIn, alice: Person, job: Operation
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}{MINE}")
    expect(page.get_by_text("2 of 5 parts")).to_be_visible()
    page.get_by_role("button", name="Stop").focus()
    worker.perform(job.pk)
    expect(page.get_by_text("4 of 5 parts")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing more is started")).to_be_visible()
    assert Operation.objects.get(pk=job.pk).stop_asked_at is not None
    worker.perform(job.pk)
    expect(page.get_by_role("heading", name="Finished in the last 30 days")).to_be_visible()
    expect(page.get_by_text("5 of 5 parts")).to_be_visible()


def test_a_job_is_stopped_without_script(page: Any, live: str, sign_in: SignIn, alice: Person, job: Operation) -> None:
    sign_in(page, alice)
    state = page.context.storage_state()
    with page.context.browser.new_context(java_script_enabled=False, storage_state=state) as still:
        plain = still.new_page()
        plain.goto(f"{live}{MINE}")
        expect(plain.get_by_role("link", name="Reload for the progress")).to_be_visible()
        plain.get_by_role("button", name="Stop").click()
        expect(plain.get_by_text("Nothing more is started")).to_be_visible()
    assert Operation.objects.get(pk=job.pk).stop_asked_at is not None
