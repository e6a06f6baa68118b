"""The audit as people read it. Reading is not recorded; taking it away as CSV is."""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from console.audit import facts, reading, record, settling, sheets, verify
from console.audit import handover as handovers
from console.audit.forms import DAYS, LEAVING, CloseForm, FilterForm, HandoverForm
from console.audit.models import OPEN, UNKNOWN, Entry, EntryQuerySet

CURSOR = re.compile(r"[0-9]{1,18}")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.GET, reader=request.user)
    context: dict[str, Any] = {"form": form, "days": DAYS, "query": _query(request), "tabs": _tabs(request)}
    context |= {"sees_all": request.user.may("audit.all"), "kept": _unseen(request), "ask": _whom_to_ask(request)}
    context["takes_csv"] = request.user.may("audit.export")
    if form.is_valid():
        entries = form.entries()
        context["page"] = page = reading.page(
            entries, before=_cursor(request, "before"), after=_cursor(request, "after")
        )
        context |= _ways(request, page)
        context |= _range_words(request, form) | ({} if page.lines else _instead(request, form))
    status = 200 if form.is_valid() else 422
    if request.htmx:
        response = render(request, "audit/index.html#list", context, status=status)
        response["HX-Push-Url"] = _address(request, before=request.GET.get("before"), after=request.GET.get("after"))
        return response
    return render(request, "audit/index.html", context | _chain_state(request), status=status)


@require_safe
def detail(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    entry = _entry(request, entry_id)
    if entry.kind == Entry.Kind.OUTCOME:
        return redirect("audit:detail", entry.opens_id)
    template = "audit/detail.html#facts" if request.htmx else "audit/detail.html"
    return render(request, template, _detail(request, entry, CloseForm()))


@require_POST
def settle(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    """Looks once at the vendor; only reads."""
    entry = _entry(request, entry_id)
    if reading.standing(entry) == UNKNOWN and settling.can_look(entry):
        messages.add_message(request, *_found(settling.look(entry)))
    return redirect("audit:detail", entry.pk)


@require_POST
def close(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    """A person says how it ended, and how they know."""
    entry, form = _entry(request, entry_id), CloseForm(request.POST)
    if not form.is_valid():
        return render(request, "audit/detail.html", _detail(request, entry, form), status=422)
    said = form.cleaned_data
    try:
        if reading.standing(entry) != UNKNOWN:
            raise record.AlreadySettled(entry)
        record.settle(
            entry, said["outcome"], {"found": "by a person"}, by=request.user, note=said["note"], request=request
        )
    except record.AlreadySettled:
        messages.info(request, "It was settled meanwhile. Nothing was changed.")
    else:
        messages.success(request, "Closed, with your note.")
    return redirect("audit:detail", entry.pk)


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Checks every row against the chain."""
    verdict = verify.check()
    if verdict.is_whole:
        messages.success(request, f"All {verdict.rows:,} rows are as they were written.")
    return redirect("audit:index")


@require_safe
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    form = FilterForm(request.GET, reader=request.user)
    if not form.is_valid():
        return redirect(f"{reverse('audit:index')}?{request.GET.urlencode()}")
    return _sheet(request, form.entries(), _in_words(form), "audit")


@require_safe
def handover(request: HttpRequest) -> HttpResponse:
    form = HandoverForm(request.GET or _since_yesterday())
    context: dict[str, Any] = {"form": form, "query": _query(request), "takes_csv": request.user.may("audit.export")}
    if form.is_valid():
        asked = form.cleaned_data
        context["note"] = handovers.note(request.user, asked["since"], asked["until"])
        context["query"] = form.data.urlencode()
    return render(request, "audit/handover.html", context, status=200 if form.is_valid() else 422)


@require_safe
def handover_csv(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    form = HandoverForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('audit:handover')}?{request.GET.urlencode()}")
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    between = (
        f"handover note, {timezone.localtime(since):%Y-%m-%d %H:%M} to {timezone.localtime(until):%Y-%m-%d %H:%M %Z}"
    )
    return _sheet(request, handovers.entries(request.user, since, until), between, "handover")


def _entry(request: HttpRequest, entry_id: uuid.UUID) -> Entry:
    """Another person's entry looks like one that does not exist."""
    visible = Entry.objects.visible_to(request.user)
    found = Entry.objects.prefetch_related("outcomes").filter(pk=entry_id).first()
    opening = found.opens_id if found and found.kind == Entry.Kind.OUTCOME else entry_id
    if found is None or not visible.filter(pk=opening).exists():
        raise Http404
    return found


def _detail(request: HttpRequest, entry: Entry, form: CloseForm) -> dict[str, Any]:
    line = reading.with_downloads([reading.line(entry)])[0]
    return {
        "line": line,
        "entry": entry,
        "steps": reading.steps(entry),
        "facts": facts.facts(line, sees_chain=request.user.may("audit.export")),
        "changes": facts.changes(line.told.detail),
        "others": reading.same_act(entry),
        "is_unknown": line.outcome == UNKNOWN,
        "is_open": line.outcome == OPEN,
        "can_look": settling.can_look(entry),
        "form": form,
        "thing": f"{entry.thing_kind}:{line.told.thing_id}" if line.told.thing_id else "",
    }


def _found(look: settling.Look) -> tuple[int, str]:
    if look.finding == "done":
        return messages.SUCCESS, "Found: it was done."
    if look.finding == "not done" and look.settled:
        return messages.SUCCESS, "Looked again and again: it was not done."
    if look.finding == "not done":
        often = "once" if look.looks == 1 else f"{look.looks} times"
        return (
            messages.INFO,
            f"Not found so far, looked {often}. A new thing may take a minute to appear: look again then.",
        )
    return messages.WARNING, "It could not be told. Look at the vendor's own page, then close this entry with a note."


def _sheet(request: HttpRequest, entries: EntryQuerySet, summary: str, name: str) -> StreamingHttpResponse:
    """Recorded first; then exactly the rows there were, as they were asked for."""
    recorded = record.event(
        actor=request.user,
        action="audit.export",
        thing_kind="audit",
        request=request,
        detail={"summary": summary, "rows": entries.count(), "asked": request.GET.dict()},
    )
    rows = entries.filter(sequence__lt=recorded.sequence).prefetch_related("outcomes").order_by("-sequence")
    lines = (reading.line(row) for row in rows.iterator(chunk_size=500))
    sheet: Iterator[str] = sheets.rows(lines, timezone.get_current_timezone())
    response = StreamingHttpResponse(sheet, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def _in_words(form: FilterForm) -> str:
    """What was asked for, for the sentence about the export."""
    asked = form.cleaned_data
    choices = {name: dict(form.fields[name].choices) for name in ("view", "person", "group", "outcome")}  # type: ignore[attr-defined]
    said = [str(choices[name][asked[name]]) for name in choices if asked.get(name)]
    said += [f"“{asked['q']}”"] if asked.get("q") else []
    span = form.range()
    said += [f"from {timezone.localtime(span.since):%Y-%m-%d}"] if span.since else ["from the beginning"]
    said += [f"to {asked['until']:%Y-%m-%d}"] if asked.get("until") else []
    return ", ".join(said)


def _chain_state(request: HttpRequest) -> dict[str, Any]:
    """For those who may see it: what the last whole check said, and a look at the newest rows right now."""
    if not request.user.may("audit.export"):
        return {}
    newest, last = verify.newest_are_whole(), verify.last_check()
    problem = newest.problem or (last.problem if last else "")
    return {"chain": {"rows": newest.rows, "problem": problem, "last": last}}


def _ways(request: HttpRequest, page: reading.Page) -> dict[str, str]:
    newer = _address(request, after=page.newer) if page.newer is not None else ""
    older = _address(request, before=page.older) if page.older is not None else ""
    return {"newer": newer, "older": older}


def _range_words(request: HttpRequest, form: FilterForm) -> dict[str, Any]:
    """Which days are shown, and the way to all of them."""
    span = form.range()
    return {
        "since": span.since,
        "is_default": form.is_default_range,
        "everything_url": _address(request, period="all", since=None, until=None),
        "recent_url": _address(request, period=None, since=None, until=None) if not form.is_default_range else "",
        "no_filters_url": _address(request, **dict.fromkeys(request.GET)) if form.is_narrowed else "",
        "thing_url": _address(request, thing=None) if request.GET.get("thing") else "",
    }


def _instead(request: HttpRequest, form: FilterForm) -> dict[str, Any]:
    """Where to go from an empty page: the nearest day that has something of what was asked for."""
    span = form.range()
    moment = reading.nearest(form.entries(whenever=True), span.since, span.until)
    if moment is None:
        return {"nothing": not Entry.objects.visible_to(request.user).exists()}
    day = timezone.localtime(moment).date()
    return {"nearest": day, "nearest_url": _address(request, since=day, until=day, period=None)}


def _tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """Ready views; the other filters stay."""
    leaving, unknown = request.GET.get("view") == LEAVING, request.GET.get("outcome") == UNKNOWN
    return [
        {"label": "Everything", "url": _address(request, view=None, outcome=None), "on": not leaving and not unknown},
        {"label": "Exports and downloads", "url": _address(request, view=LEAVING, outcome=None), "on": leaving},
        {"label": "Not known yet", "url": _address(request, view=None, outcome=UNKNOWN), "on": unknown and not leaving},
    ]


def _whom_to_ask(request: HttpRequest) -> str:
    if request.user.may("audit.all"):
        return ""
    people = get_user_model().objects.filter(is_active=True).order_by("name")
    names = [person.name or person.email for person in people if person.may("audit.all")][:3]
    return " or ".join(names) or "an administrator"


def _unseen(request: HttpRequest) -> list[tuple[str, str]]:
    """Filters without a field of their own, which the form must carry along."""
    return [(name, request.GET[name]) for name in ("view", "thing", "period") if request.GET.get(name)]


def _address(request: HttpRequest, **changes: Any) -> str:
    query = _kept(request)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return reverse("audit:index") + (f"?{query.urlencode()}" if query else "")


def _query(request: HttpRequest) -> str:
    return _kept(request).urlencode()


def _kept(request: HttpRequest) -> QueryDict:
    """The filters of the address without the place in the list and without what is empty."""
    query = QueryDict(mutable=True)
    for name, value in request.GET.items():
        if value and name not in {"before", "after"}:
            query[name] = value
    return query


def _cursor(request: HttpRequest, name: str) -> int | None:
    value = request.GET.get(name, "")
    return int(value) if CURSOR.fullmatch(value) else None


def _since_yesterday() -> QueryDict:
    now = timezone.localtime()
    evening = (now - timedelta(days=1)).replace(hour=18, minute=0)
    query = QueryDict(mutable=True)
    query.update({"since": f"{evening:%Y-%m-%dT%H:%M}", "until": f"{now + timedelta(minutes=1):%Y-%m-%dT%H:%M}"})
    return query
