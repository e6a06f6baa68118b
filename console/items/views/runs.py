"""What the pages of all kinds of runs share: their progress, what becomes of a button on it, and the news of them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.http_types import SignedIn
from accounts.rights import Right
from console import htmx
from console.common import polling
from console.common.parsing import read_page_number
from console.items import run_selectors
from console.items.models import BulkSignal, Import
from console.items.runs import notifications, result_selectors
from console.items.runs.models import Run
from console.items.runs.presenters import RunStatus
from console.items.runs.result_selectors import ResultPage

R = TypeVar("R", bound=Run)
Results = Callable[[SignedIn, R], dict[str, Any]]
"""The context of the results of one kind of run."""

RIGHTS: Mapping[type[Run], Right] = {BulkSignal: Right.SIGNAL, Import: Right.CHANGE}
TEMPLATES: Mapping[type[Run], str] = {
    BulkSignal: "items/bulk/_progress.html",
    Import: "items/imports/_progress.html",
}
NOT_CARRIED_ON = "It is no longer paused."


@require_POST
def news(request: SignedIn) -> HttpResponse:
    """What ended or paused since this person was last notified of it, wherever in the console they are."""
    look = read_page_number(request.GET.get("look"))
    here = htmx.page_address(request).partition("?")[0]
    statuses = [run_selectors.status_of(run, is_own=True) for run in notifications.take_news(user=request.user)]
    context = {
        "told": [status for status in statuses if status.url != here],
        "delay": polling.NEWS.seconds(look - 1),
        "look": look + 1,
        "more": notifications.awaits_news(request.user),
    }
    return render(request, "items/runs/news.html", context)


def answer(request: SignedIn, run: R, results: Results[R], problem: str) -> HttpResponse:
    """After a button on the progress was pressed; `problem` says why nothing was done."""
    run.refresh_from_db()
    if htmx.is_htmx(request) and run.state not in run.PLANNING:
        return render_progress(request, run, results, note=problem)
    if problem:
        messages.info(request, problem)
    return htmx.redirect(request, run.get_absolute_url())


def render_progress(request: SignedIn, run: R, results: Results[R], *, note: str = "") -> HttpResponse:
    """The card of the progress; on its own page the results come along once it has ended or paused."""
    if not htmx.is_htmx(request) or run.state in run.PLANNING:
        return htmx.redirect(request, run.get_absolute_url())
    is_strip = "strip" in request.GET
    status = read_status(
        request,
        run,
        look=read_page_number(request.GET.get("look")),
        is_strip=is_strip,
        note=note,
        was=request.GET.get("was", ""),
        takes_focus=request.method == "POST",
    )
    context: dict[str, Any] = {"status": status, "project_id": run.project}
    if not is_strip and (status.is_final or (status.is_paused and status.has_changed)):
        context |= {"is_swapped": True, **results(request, run)}
    return render(request, TEMPLATES[type(run)], context)


def read_status(request: SignedIn, run: Run, **about: Any) -> RunStatus[Any]:
    name, page = result_selectors.read_filter(run, request.GET.get("outcome", "")), _page_number(request)
    list_query = {**({"outcome": name} if name else {}), **({"page": str(page)} if page > 1 else {})}
    return run_selectors.status_of(run, is_own=is_own(request, run), list_query=list_query, **about)


def read_results(request: SignedIn, run: Run) -> tuple[dict[str, int], str, ResultPage]:
    """How many items each filter has, the filter that the address names, and the page of it."""
    name = result_selectors.read_filter(run, request.GET.get("outcome", ""))
    counts = result_selectors.count_items(run)
    return counts, name, result_selectors.read_page(run, name, _page_number(request), counts[name])


def is_own(request: SignedIn, run: Run) -> bool:
    """Whether the reader started it, and can still do what it does."""
    return run.person_id == request.user.pk and request.user.can(RIGHTS[type(run)])


def _page_number(request: SignedIn) -> int:
    return read_page_number(request.GET.get("page"))
