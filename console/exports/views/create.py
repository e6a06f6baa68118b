"""A new export: the form, its batches and its contents as one chooses, and the press that starts it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from console import htmx, saved_forms, write_errors
from console.audit.models import FAILED
from console.common import polling
from console.common.errors import ConsoleError
from console.common.typed_fields import hand_back
from console.exports import create_form, duplicates, form_addresses, services
from console.exports import item_counts as counting
from console.exports import slot as slots
from console.exports.forms import ExportForm
from console.exports.models import ExportRequest
from console.exports.slot_presenters import SlotStatus
from console.upstream.errors import UpstreamError

PAGE = "exports/create.html"


@hand_back(*ExportForm.base_fields, "when")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn) -> HttpResponse:
    """GET shows the choices of its address, with `show` also what they hold.

    POST starts now, or when no other export runs, or refuses at the field. Without script "Show" and "Leave out" are
    POSTs that lead to the address of what was chosen.
    """
    saved_form = saved_forms.read_form(request)
    if request.method != "POST" and saved_form is None:
        return _create_page(request)
    try:
        return (
            _press(request) if saved_form is None else _again(request, create_form.draft(request.user, saved_form), 200)
        )
    except write_errors.KINDS as error:
        # The lists to choose from could not be read; what was typed is shown without them.
        draft = create_form.typed_only(request.user, request.POST if saved_form is None else saved_form).renewed()
        return _failed(request, draft, error)


def _create_page(request: SignedIn) -> HttpResponse:
    draft = create_form.draft(request.user, request.GET, with_slot=True)
    context = (
        _slot(request, draft.slot_usage)
        | draft.context()
        | {"moved": form_addresses.has_moved_days(request.GET), "is_choice_missing": draft.has_missing_choices()}
    )
    context |= {"dropped_batches": draft.dropped_batches()}
    if "show" in request.GET:
        context |= {"counted": True} | _count_context(request, draft)
    return render(request, PAGE, context)


def _press(request: SignedIn) -> HttpResponse:
    draft = create_form.draft(request.user, request.POST)
    if request.POST.get("when") == "look" or "without" in request.POST:
        return _show_choice(request, draft)
    if not draft.is_valid() or draft.refused_as_nothing():
        return _again(request, draft, 422)
    if equal := draft.recent_equal():
        return _again(request, draft, 409, equal=equal)
    create_export = services.enqueue if request.POST.get("when") == "free" else services.start
    try:
        export_request = create_export(export_request=draft.export_request(), request=request)
    except services.SlotBusy:
        return _again(request, draft.renewed(), 409, refused=True)
    except write_errors.KINDS as error:
        if error.outcome == FAILED:
            return _failed(request, draft.renewed(), error)
        export_request = ExportRequest.objects.get(pk=draft.form.cleaned_data["id"])
    return htmx.redirect(request, _address(export_request))


def _show_choice(request: SignedIn, draft: create_form.CreateForm) -> HttpResponse:
    """To the address of what was chosen; what is too long for an address is shown at once."""
    if query := draft.address_query():
        return htmx.redirect(request, f"{reverse('exports:create')}?{query}&show=1")
    slot = _slot(request, _read_slot(request))
    return render(request, PAGE, slot | draft.context() | {"counted": True} | _count_context(request, draft))


@hand_back(*ExportForm.base_fields, page="exports:create", saves=False)
@require_POST
def batches(request: SignedIn) -> HttpResponse:
    """The batches of the ticked projects, as the projects are ticked."""
    draft = create_form.draft(request.user, request.POST)
    context = draft.context() | {"is_choosing": True, "dropped_batches": draft.dropped_batches()}
    return _proposing(draft, render(request, f"{PAGE}#batches", context))


@hand_back(*ExportForm.base_fields, page="exports:create", saves=False)
@require_POST
def contents(request: SignedIn) -> HttpResponse:
    """What will be in this file? Asked again with every change of the choice."""
    draft = create_form.draft(request.user, request.POST)
    off = {"was_off": "off" in request.POST, "is_queue_offered": "busy" in request.POST}
    context = {"is_fragment": True} | off | _count_context(request, draft)
    return _proposing(draft, render(request, "exports/contents.html", context))


def _proposing(draft: create_form.CreateForm, response: HttpResponse) -> HttpResponse:
    """Sends the page the name for the current selection; it uses that unless the person typed another."""
    return trigger_client_event(response, "proposed", {"value": draft.form.data["proposed"]})


def _count_context(request: SignedIn, draft: create_form.CreateForm) -> dict[str, Any]:
    if not draft.has_choice():
        return {"incomplete": True, "problems": draft.problems() if draft.has_projects() else []}
    selection = draft.form.selection()
    context = {
        "ready": duplicates.find_ready(user=request.user, selection=selection),
        "instants": draft.form.instants(),
        "sentence": selection.sentence(draft.form.names()),
        "passed_over": draft.passed_over(),
    }
    try:
        counts = counting.count_items(user=request.user, selection=selection)
    except UpstreamError as error:
        return context | {"uncounted": error}
    return context | {"counts": counts, "batches": draft.unfinished_batches(counts)}


def _again(request: SignedIn, draft: create_form.CreateForm, status: int, **more: Any) -> HttpResponse:
    is_part = htmx.is_htmx(request)
    context = draft.context() | {"is_part": is_part} | more
    if not is_part or "refused" in more:
        # What can't be read for the form is not asked for once more for the slot.
        usage = None if "write_error" in more else _read_slot(request)
        context |= _slot(request, usage, is_refused="refused" in more)
    else:
        context |= {"is_queue_offered": "busy" in request.POST}
    response = render(request, f"{PAGE}{'#form' if is_part else ''}", context, status=status)
    return retarget(reswap(response, "outerHTML"), "#export-form") if is_part else response


def _failed(request: SignedIn, draft: create_form.CreateForm, error: ConsoleError) -> HttpResponse:
    """Surely nothing was started: the form with the reason above it and everything as it was chosen."""
    failed = write_errors.describe(request, error)
    return _again(request, draft, failed.status, write_error=failed)


def _read_slot(request: SignedIn) -> slots.SlotUsage | None:
    """Who uses the export slot, as far as CloudFactory tells now."""
    try:
        return slots.read_usage_or_last(user=request.user)
    except ConnectionMissing:
        return None


def _slot(request: SignedIn, usage: slots.SlotUsage | None, *, is_refused: bool = False) -> dict[str, Any]:
    slot = SlotStatus(usage or slots.SlotUsage(None, None, (), is_known=False), request.user, is_refused=is_refused)
    turn = {"delay": polling.EXPORT.seconds(0) if slot.is_watched else None, "look": 1}
    return {"slot": slot, "is_queue_offered": slot.is_busy, **turn}


def _address(export_request: ExportRequest) -> str:
    if export_request.export_id:
        return reverse("exports:detail", args=[export_request.export_id])
    return reverse("exports:request", args=[export_request.pk])
