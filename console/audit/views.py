"""The audit as people read it. Reading is not recorded; taking it away as CSV is."""

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console import htmx, plain_text_responses, saved_forms
from console.audit import (
    chain_check,
    check_now,
    csv_export,
    details,
    filter_urls,
    reconciliation,
    record,
    registry,
    selectors,
    unresolved,
    verify,
)
from console.audit import handover as handovers
from console.audit.check_now import CheckResult
from console.audit.forms import DAYS, PERIODS, CloseForm, EntryFilterForm, HandoverForm
from console.audit.models import UNKNOWN, Entry, GroupLine
from console.common import polling
from console.common.formatting import moment
from console.common.parsing import read_int
from console.common.typed_fields import hand_back

# Of an act of several entries, on one page.
PARTS = 50


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    form = EntryFilterForm(request.GET, reader=request.user)
    context = _frame(request, form) | (_found_lines(request, form) if form.is_valid() else {})
    status = 200 if form.is_valid() else 422
    if not htmx.is_htmx(request):
        return render(request, "audit/index.html", context | _chain_state(request), status=status)
    response = render(request, "audit/index.html#list", context, status=status)
    place = {name: request.GET.get(name) for name in ("before", "after")}
    response["HX-Push-Url"] = filter_urls.index(request, **place)
    return response


@require_safe
def detail(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    entry = _entry(request, entry_id)
    if entry.kind == Entry.Kind.OUTCOME:
        return redirect("audit:detail", entry.opens_id)
    template = "audit/detail.html#facts" if htmx.is_htmx(request) else "audit/detail.html"
    return render(request, template, _detail(request, entry, CloseForm(saved_forms.read_form(request))))


@require_safe
def group(request: HttpRequest, group_id: uuid.UUID) -> HttpResponse:
    """An act of several entries, with its parts."""
    template = "audit/group.html#facts" if htmx.is_htmx(request) else "audit/group.html"
    return render(request, template, _group(request, _act(request, group_id)))


@require_POST
def reconcile_group(request: HttpRequest, group_id: uuid.UUID) -> HttpResponse:
    """Checks some parts of an act. Leads back to `next`, as `reconcile`."""
    result = check_now.check_act(_act(request, group_id), back=_back(request))
    return _answer_check(request, result, reverse("audit:group", args=[group_id]))


@require_POST
def reconcile(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    """Checks once at the vendor what became of the act; only reads. Leads back to `next` if that is a page of ours."""
    result = check_now.check_entry(_entry(request, entry_id), back=_back(request))
    return _answer_check(request, result, reverse("audit:detail", args=[entry_id]))


@hand_back("outcome", "note", "next", page="audit:detail")
@require_POST
def close(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    """A person says how it ended, and how they know."""
    entry, form = _entry(request, entry_id), CloseForm(request.POST)
    if not form.is_valid():
        return render(request, "audit/detail.html", _detail(request, entry, form), status=422)
    data = form.cleaned_data
    try:
        if selectors.standing(entry) != UNKNOWN:
            raise record.AlreadyReconciled(entry)
        record.reconcile(
            entry, data["outcome"], {"found": "by a person"}, by=request.user, note=data["note"], request=request
        )
    except record.AlreadyReconciled:
        messages.info(request, "It was settled meanwhile. Nothing was changed.")
    else:
        messages.success(request, "Closed, with your note.")
    return redirect("audit:detail", entry.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The check of every row against the chain: a POST starts it in the background, the page shows how far it is."""
    if request.method == "POST":
        chain_check.start(request.user)
        return redirect("audit:check")
    context = {
        "run": chain_check.current(),
        "last": verify.last_check(),
        "gaps": verify.anchor_gaps(),
        "delay": polling.CHAIN_CHECK_DELAY,
    }
    return render(request, "audit/check.html#progress" if htmx.is_htmx(request) else "audit/check.html", context)


@require_POST
def stop_check(request: HttpRequest) -> HttpResponse:
    if chain_check.stop():
        messages.success(request, "The check was stopped.")
    else:
        messages.info(request, "No check was running.")
    return redirect("audit:check")


@require_safe
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    form = EntryFilterForm(request.GET, reader=request.user)
    if not form.is_valid():
        return _to_page(request, "audit:index")
    if request.method == "HEAD":
        return _file((), "audit")
    # Recorded first; then exactly the rows there were.
    entries = form.entries()
    recorded = _record_export(request, _in_words(form), selectors.count_rows(entries))
    return _file(csv_export.rows(selectors.rows(entries, before=recorded.sequence)), "audit")


@require_safe
def handover(request: HttpRequest) -> HttpResponse:
    form = HandoverForm(request.GET)
    chosen_range = form.range()
    context = {
        "form": form,
        "note": handovers.note(request.user, chosen_range) if chosen_range else None,
        "periods": PERIODS.items(),
        "takes_csv": _may(request, "audit.export"),
        "sees_all": _may(request, "audit.all"),
        "ask": _whom_to_ask(request),
    }
    return render(request, "audit/handover.html", context, status=200 if chosen_range else 422)


@require_safe
def handover_csv(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The rows of the note, as its page shows them."""
    chosen_range = HandoverForm(request.GET).range()
    if chosen_range is None:
        return _to_page(request, "audit:handover")
    note = handovers.note(request.user, chosen_range)
    between = f"handover note of work by {note.covers}, {moment(note.since)} to {moment(note.until)}"
    rows = list(note.rows())
    if request.method == "HEAD":
        return _file((), f"handover-{slugify(note.covers)}")
    _record_export(request, between, len(rows))
    return _file(csv_export.table(handovers.COLUMNS, rows), f"handover-{slugify(note.covers)}")


def _to_page(request: HttpRequest, name: str) -> HttpResponse:
    """To the page whose form says what is wrong with the address; a tool would save that page as the sheet."""
    address = f"{reverse(name)}?{request.GET.urlencode()}"
    if plain_text_responses.is_for_tool(request):
        return plain_text_responses.answer(
            422, f"The filter in the address could not be read. Correct it here: {address}"
        )
    return redirect(address)


def _may(request: HttpRequest, right: str) -> bool:
    return request.user.is_authenticated and request.user.can(right)


def _entry(request: HttpRequest, entry_id: uuid.UUID) -> Entry:
    """Another person's entry looks like one that does not exist."""
    visible = Entry.objects.visible_to(request.user)
    entry = Entry.objects.prefetch_related("outcomes").filter(pk=entry_id).first()
    if entry is None or not visible.filter(pk=entry.opens_id or entry.pk).exists():
        raise Http404
    return entry


def _act(request: HttpRequest, group_id: uuid.UUID) -> GroupLine:
    """An act of several entries that this person can see. Raises Http404."""
    line = GroupLine.objects.filter(pk=group_id).first()
    if line is None or not Entry.objects.visible_to(request.user).filter(sequence=line.sequence).exists():
        raise Http404
    return line


def _group(request: HttpRequest, act: GroupLine) -> dict[str, Any]:
    line = selectors.whole_act(act)
    parts = selectors.parts(act, after=read_int(request.GET.get("after")) or 0, most=PARTS + 1)
    rows = parts[:PARTS]
    return {
        "line": line,
        "act": act,
        "parts": rows,
        "result_url": registry.address_of_act(request.user, act.pk),
        "next_url": f"?after={rows[-1].entry.sequence}" if len(parts) > PARTS else "",
        "first_url": line.address if "after" in request.GET else "",
        "facts": details.facts(line),
        "references": details.references_of_act(line),
        "unresolved": unresolved.of_line(line) if line.outcome == UNKNOWN else None,
        "is_part": htmx.is_htmx(request),
        "thing": f"{line.entry.thing_kind}:{line.summary.thing_id}" if line.summary.thing_id else "",
    }


def _detail(request: HttpRequest, entry: Entry, form: CloseForm) -> dict[str, Any]:
    line = selectors.with_downloads([selectors.line(entry)])[0]
    return {
        "line": line,
        "entry": entry,
        "steps": selectors.steps(entry),
        "facts": details.facts(line),
        "references": details.references(line, sees_chain=_may(request, "audit.export")),
        "changes": details.changes(line.summary.detail),
        "act": selectors.act_of(entry),
        "is_unknown": line.outcome == UNKNOWN,
        "is_part": htmx.is_htmx(request),
        "state": reconciliation.state(entry),
        "form": form,
        "thing": f"{entry.thing_kind}:{line.summary.thing_id}" if line.summary.thing_id else "",
    }


def _answer_check(request: HttpRequest, result: CheckResult, address: str) -> HttpResponse:
    """In the place of the button: what is still unknown stays there with it. Else as a message on the page before."""
    if htmx.is_htmx(request):
        shape = "notice" if request.POST.get("shape") == "notice" else "callout"
        context = {"result": result, "unresolved": result.unresolved, "shape": shape}
        return render(request, "audit/_checked.html", context)
    messages.add_message(request, result.level, result.message)
    return htmx.redirect(request, _back(request) or address)


def _back(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of ours."""
    back = request.POST.get("next", "")
    return back if htmx.is_ours(request, back) else ""


def _record_export(request: HttpRequest, summary: str, rows: int) -> Entry:
    return record.event(
        actor=request.user,
        action="audit.export",
        thing_kind="audit",
        request=request,
        detail={"summary": summary, "rows": rows, "asked": request.GET.dict()},
    )


def _file(rows: Iterable[str], name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def _in_words(form: EntryFilterForm) -> str:
    """What was asked for, for the sentence about the export."""
    data = form.cleaned_data
    choices = {name: dict(form.fields[name].choices) for name in ("view", "person", "group", "outcome", "sign_ins")}  # type: ignore[attr-defined]
    texts = [_within_a_sentence(name, str(choices[name][data[name]])) for name in choices if data.get(name)]
    texts += [f"“{data['q']}”"] if data.get("q") else []
    span = form.range()
    if form.is_default_range:
        return ", ".join([*texts, f"the last {DAYS} days"])
    begin = f"from {_day(data['since'])}" if data.get("since") else "from the beginning"
    end = f" to {_day(data['until'])}" if data.get("until") else ""
    zone = f" ({timezone.get_current_timezone_name()})" if span.since or span.until else ""
    return ", ".join([*texts, f"{begin}{end}{zone}"])


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _within_a_sentence(name: str, label: str) -> str:
    """The label of a choice without its capital, but for names and abbreviations."""
    return label if name == "person" or label[1:2].isupper() else label[:1].lower() + label[1:]


def _chain_state(request: HttpRequest) -> dict[str, Any]:
    """For those who may see it: what the last whole check said, and a look at the newest rows right now."""
    if not _may(request, "audit.export"):
        return {}
    newest, last = verify.newest_are_whole(), verify.last_check()
    problem = newest.problem or (last.problem if last else "")
    anchor = {"anchor_problem": verify.anchor_problem(), "anchor_gaps": verify.anchor_gaps()}
    return {"chain": {"rows": newest.rows, "problem": problem, "last": last, "run": chain_check.current(), **anchor}}


def _frame(request: HttpRequest, form: EntryFilterForm) -> dict[str, Any]:
    return {
        "form": form,
        "days": DAYS,
        "query": filter_urls.query(request),
        "tabs": filter_urls.tabs(request),
        "sign_ins": filter_urls.sign_ins(request),
        "kept": filter_urls.unseen(request),
        "thing_url": filter_urls.index(request, thing=None) if request.GET.get("thing") else "",
        "sees_all": _may(request, "audit.all"),
        "ask": _whom_to_ask(request),
        "takes_csv": _may(request, "audit.export"),
        "is_part": htmx.is_htmx(request),
    }


def _whom_to_ask(request: HttpRequest) -> str:
    if _may(request, "audit.all"):
        return ""
    people = get_user_model().objects.filter(is_active=True).order_by("name")
    names = [person.name or person.email for person in people if person.can("audit.all")][:3]
    return " or ".join(names) or "an administrator"


def _found_lines(request: HttpRequest, form: EntryFilterForm) -> dict[str, Any]:
    """The lines, which days they are of, and the ways to others."""
    before, after = filter_urls.cursor(request, "before"), filter_urls.cursor(request, "after")
    page = selectors.page(form.entries(), before=before, after=after)
    default = form.is_default_range
    context = {
        "page": page,
        "since": form.range().since,
        "is_default": default,
        "everything_url": filter_urls.index(request, period="all", since=None, until=None),
        "recent_url": "" if default else filter_urls.index(request, period=None, since=None, until=None),
        **filter_urls.ways(request, page),
    }
    return context if page.lines else context | _instead(request, form)


def _instead(request: HttpRequest, form: EntryFilterForm) -> dict[str, Any]:
    """Where to go from an empty page: the nearest day that has something of what was asked for."""
    if form.unmet:
        return {"unmet": " ".join(form.unmet)}
    span = form.range()
    closest = selectors.nearest(form.entries(whenever=True), span.since, span.until)
    if closest is None:
        return {"is_unused": not Entry.objects.visible_to(request.user).exists()}
    day = timezone.localtime(closest).date()
    return {"nearest": day, "nearest_url": filter_urls.index(request, since=day, until=day, period=None)}
