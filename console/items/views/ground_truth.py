"""Ground-truth labels of one work item (P17)."""

import json
import logging
import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from console import htmx, saved_forms, write_errors
from console.audit import record, unresolved
from console.audit.models import Entry
from console.common import uploads
from console.common.errors import ConsoleError
from console.common.formatting import plural
from console.common.parsing import read_int, read_uuid
from console.common.typed_fields import hand_back
from console.items.breadcrumbs import remembered_breadcrumbs
from console.items.creation_selectors import read_labels_sent
from console.items.detail_presenters import ItemFacts
from console.items.ground_truth import services
from console.items.ground_truth.forms import GroundTruthForm
from console.items.ground_truth.presenters import build_preview, present_earlier, present_with_item
from console.items.models import LabelInsert
from console.items.pictures import Picture, sign_pictures
from console.items.selectors import asset_file_name, get_item
from console.upstream.errors import UpstreamError
from console.upstream.response_models import WorkItem

log = logging.getLogger(__name__)

MOST_FILE_NAME = 1_000


@hand_back("act_id", "labels", "picture")
@require_http_methods(["GET", "HEAD", "POST"])
def ground_truth(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    """The form. What was typed is checked, while it is typed too (`check`), and then shown before it is sent."""
    if request.method != "POST":
        return _open(request, project, item)
    if "check" in request.POST:
        form = GroundTruthForm(
            request.POST, request.FILES, file_name=request.POST.get("file_name", "")[:MOST_FILE_NAME]
        )
        return render(request, "items/_ground_truth_check.html", _verdict(form))
    try:
        work_item = get_item(user=request.user, project=project, item=item)
    except write_errors.KINDS as error:
        form = _form_of(request)
        form.is_valid()
        context = _form_context(request, project, WorkItem(str(item)), form)
        return write_errors.answer(request, error, "items/ground_truth.html", context)
    form = _form_of(request, asset_file_name(work_item))
    if form.is_valid():
        try:
            insert = services.check_labels(
                user=request.user,
                project=project,
                item=item,
                insert_id=form.cleaned_data["act_id"],
                label_input=form.label_input,
                text=form.text,
                picture=form.cleaned_data["picture"],
            )
            return htmx.redirect(request, _preview_url(insert))
        except record.IdTaken as error:
            form.add_error("act_id", error.message)
    act_id = request.POST.get("act_id") if "act_id" not in form.errors else None
    context = _form_context(request, project, work_item, form) | {"act_id": act_id or uuid.uuid4()}
    return render(request, "items/ground_truth.html", context, status=422)


@require_safe
def preview(request: SignedIn, project: uuid.UUID, item: uuid.UUID, insert_id: uuid.UUID) -> HttpResponse:
    """The labels as they will be sent, drawn on the picture; after that, the result."""
    insert = _get_own(request, project, item, insert_id)
    work_item = get_item(user=request.user, project=project, item=item)
    return render(request, "items/ground_truth_preview.html", _preview_context(request, insert, work_item))


@require_POST
def send(request: SignedIn, project: uuid.UUID, item: uuid.UUID, insert_id: uuid.UUID) -> HttpResponse:
    """Sends the checked labels, once."""
    insert = _get_own(request, project, item, insert_id)
    work_item = _item_or_stub(request, project, item)
    name = ItemFacts(work_item, project).name
    try:
        services.send_labels(
            user=request.user,
            insert=insert,
            item_name=name,
            digest=request.POST.get("digest", ""),
            earlier_count=read_int(request.POST.get("known"), 0, 10**6) or 0,
            is_again=request.POST.get("again") == "yes",
            request=request,
        )
    except services.NotSendable as problem:
        insert.refresh_from_db()
        context = _preview_context(request, insert, work_item) | {"problem": problem.message}
        return render(request, "items/ground_truth_preview.html", context, status=409)
    except write_errors.KINDS as error:
        return _answer_error(request, insert, work_item, error)
    messages.success(request, f"{plural(insert.label_count, 'label')} added to “{name}”.")
    return htmx.redirect(request, reverse("items:detail", args=[project, item]))


def _form_of(request: SignedIn, file_name: str = "") -> GroundTruthForm:
    posted, files = request.POST, request.FILES
    return GroundTruthForm(posted, files, file_name=file_name, is_dropped=uploads.is_dropped(request, "file"))


def _open(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    """Empty, or with what was typed before: into an insert that was not sent, or before the session ended."""
    work_item = get_item(user=request.user, project=project, item=item)
    saved_form = saved_forms.read_form(request)
    form = GroundTruthForm(saved_form) if saved_form is not None else GroundTruthForm()
    if saved_form is not None:
        form.is_valid()
        form.errors.clear()
    context = _form_context(request, project, work_item, form)
    insert_id = read_uuid(request.GET.get("insert"))
    mine = LabelInsert.objects.filter(person=request.user, project=project, item=item)
    insert = mine.exclude(state=LabelInsert.State.SENT).filter(pk=insert_id).first() if insert_id else None
    if insert is not None and saved_form is None:
        is_same = insert.state == LabelInsert.State.CHECKED
        context |= {"text": insert.typed, "picture_text": insert.picture}
        context |= {"act_id": insert.pk if is_same else uuid.uuid4()}
    return render(request, "items/ground_truth.html", context)


def _answer_error(request: SignedIn, insert: LabelInsert, work_item: WorkItem, error: ConsoleError) -> HttpResponse:
    """A failed insert can be sent again, under a new id; an unknown one cannot."""
    insert.refresh_from_db()
    if insert.state == LabelInsert.State.FAILED:
        insert = services.copy_unsent(insert)
    context = _preview_context(request, insert, work_item)
    back = _preview_url(insert)
    return write_errors.answer(request, error, "items/ground_truth_preview.html", context, back=back)


def _verdict(form: GroundTruthForm) -> dict[str, Any]:
    """A check of the form's labels while they are typed."""
    form.is_valid()
    if not form.text.strip() and not form.is_from_file:
        return {"is_empty": True}
    if form.label_errors:
        return {"errors": form.label_errors}
    label_input = form.label_input
    return {
        "preview": build_preview(
            label_input.labels, width=label_input.width, height=label_input.height, notes=label_input.notes
        ),
        "is_coco": label_input.is_coco,
    }


def _form_context(request: SignedIn, project: uuid.UUID, work_item: WorkItem, form: GroundTruthForm) -> dict[str, Any]:
    return _about(request, project, work_item) | {
        "form": form,
        "act_id": uuid.uuid4(),
        "text": form.text,
        "picture_text": form.picture_text,
        "file_name": asset_file_name(work_item)[:MOST_FILE_NAME],
        "earlier": _earlier(request, project, work_item),
    }


def _preview_context(request: SignedIn, insert: LabelInsert, work_item: WorkItem) -> dict[str, Any]:
    entry = Entry.objects.filter(pk=insert.pk).first()
    context = _about(request, insert.project, work_item) | {
        "insert": insert,
        "entry": entry,
        "is_ready": entry is None and bool(insert.labels),
        "unresolved": unresolved.of_entry(entry, back=_preview_url(insert)) if entry and _is_open(insert) else None,
        "earlier": _earlier(request, insert.project, work_item, but=insert),
        "item_id": work_item.id,
    }
    if insert.labels:
        labels = json.loads(insert.labels)
        preview = build_preview(labels, width=insert.width, height=insert.height, notes=insert.notes)
        context |= {"preview": preview, "overlay": preview.overlay}
        context |= {"picture": _picture(request, insert.project, work_item)}
    return context


def _about(request: SignedIn, project: uuid.UUID, work_item: WorkItem) -> dict[str, Any]:
    facts = ItemFacts(work_item, project)
    item_url = reverse("items:detail", args=[project, work_item.id])
    crumbs = remembered_breadcrumbs(user=request.user, project=project)
    return {
        "project_id": project,
        "item_id": work_item.id,
        "facts": facts,
        "item_url": item_url,
        "is_canceled": facts.status.value == "CANCELED",
        "crumbs": [*crumbs, (facts.name, item_url)],
        "renew_url": reverse("items:renew", args=[project, work_item.id]),
    }


def _earlier(
    request: SignedIn, project: uuid.UUID, work_item: WorkItem, but: LabelInsert | None = None
) -> dict[str, Any]:
    inserts = services.earlier_inserts(project=project, item=uuid.UUID(work_item.id))
    others = [one for one in inserts if but is None or one.pk != but.pk]
    earlier_rows = present_earlier(others[:5], request.user)
    if with_item := read_labels_sent(project=project, item=work_item):
        earlier_rows.append(present_with_item(with_item, request.user))
    equal = [one for one in others if but is not None and one.digest == but.digest]
    return {
        "shown": earlier_rows,
        "count": len(others),
        "is_same": bool(equal),
        "unknown": next((one for one in equal if one.state != LabelInsert.State.SENT), None),
    }


def _picture(request: SignedIn, project: uuid.UUID, work_item: WorkItem) -> Picture:
    return sign_pictures(user=request.user, project=project, items=[work_item])[work_item.id]


def _item_or_stub(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> WorkItem:
    """The item is read for its name alone: labels are sent without it too."""
    try:
        return get_item(user=request.user, project=project, item=item)
    except (UpstreamError, ConnectionMissing) as error:
        log.info("The item of labels could not be read: %s", error)
        return WorkItem(str(item))


def _is_open(insert: LabelInsert) -> bool:
    return insert.state in (LabelInsert.State.SENDING, LabelInsert.State.UNKNOWN)


def _get_own(request: SignedIn, project: uuid.UUID, item: uuid.UUID, insert_id: uuid.UUID) -> LabelInsert:
    insert = LabelInsert.objects.filter(pk=insert_id, project=project, item=item, person=request.user).first()
    if insert is None:
        raise Http404
    return insert


def _preview_url(insert: LabelInsert) -> str:
    return reverse("items:ground_truth_preview", args=[insert.project, insert.item, insert.pk])
