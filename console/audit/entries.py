"""Rows as they will be written: who, what, which, from where; masked and cleaned."""

from collections.abc import Mapping
from typing import Any, Literal

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from console import json_logging
from console.audit import sanitize
from console.audit.client_ip import address_of
from console.audit.models import Entry
from console.common.errors import ConsoleError

Outcome = Literal["done", "failed", "unknown"]
Person = Any  # The user model: a person with `pk`, `name` and `email`.


def build_entry(
    kind: str, *, actor: Person | None, action: str, request: HttpRequest | None, outcome: str, **fields: Any
) -> Entry:
    """A row without a place in the chain yet. Built before any lock is taken: masking a long text takes its time."""
    row = Entry(
        kind=kind,
        actor=actor,
        actor_name=sanitize.clean(sanitize.name_of(actor, action), 150),
        actor_email=sanitize.clean(getattr(actor, "email", ""), 254),
        action=action,
        thing_kind=sanitize.clean(fields["thing_kind"], 40),
        thing_id=sanitize.clean(fields["thing_id"], 200),
        thing_name=sanitize.clean(fields["thing_name"], 300),
        vendor=sanitize.clean(fields["vendor"], 20),
        # While a file is streamed, the request's own context is over.
        request_id=json_logging.request_id.get() or str(getattr(request, "request_id", "")),
        key_fingerprint=sanitize.clean(fields["key"], 64),
        address=address_of(request),
        page=page_of(request),
        group=fields["group"],
        recorded_outcome=outcome,
        detail=sanitize.clean_detail(fields["detail"]),
        note=sanitize.clean(fields["note"]),
        vendor_reference=sanitize.clean(fields.get("reference", ""), 200),
    )
    row.words = sanitize.search_words(row)
    return row


def outcome(
    opening: Entry,
    result: Outcome,
    *,
    by: Person | None,
    thing_id: object = "",
    thing_name: str = "",
    detail: Mapping[str, Any] | None = None,
    reference: str | None = "",
    note: str = "",
) -> Entry:
    """The row that says how an act ended. It repeats what the opening is about, so that it can be read alone."""
    row = Entry(
        kind=Entry.Kind.OUTCOME,
        opens=opening,
        actor=by,
        actor_name=sanitize.clean(sanitize.name_of(by), 150),
        actor_email=sanitize.clean(getattr(by, "email", ""), 254),
        action=opening.action,
        thing_kind=opening.thing_kind,
        thing_id=sanitize.clean(thing_id, 200) or opening.thing_id,
        thing_name=sanitize.clean(thing_name, 300) or opening.thing_name,
        vendor=opening.vendor,
        vendor_reference=sanitize.clean(reference or "", 200),
        request_id=json_logging.request_id.get(),
        key_fingerprint=opening.key_fingerprint,
        group=opening.group,
        recorded_outcome=result,
        detail=sanitize.clean_detail(detail),
        note=sanitize.clean(note),
    )
    row.words = sanitize.search_words(row)
    return row


def of_error(error: Exception) -> dict[str, Any]:
    """What an error says for people: upstream errors carry a sentence, a status and the vendor's reference.

    Its seconds to wait stand apart: they are for submitting the form again, not for a later reader.
    """
    kind = type(error).__name__
    if not isinstance(error, ConsoleError):
        message = f"The console stopped in the middle ({kind})."
        return {"detail": {"error": message, "error_kind": kind}, "reference": None}
    detail: dict[str, Any] = {
        "error": error.lasting_message,
        "error_kind": kind,
        "status": error.status,
        "retry_in": error.retry_in if error.lasting_message != error.message else None,
    }
    return {"detail": {name: value for name, value in detail.items() if value}, "reference": error.reference}


def page_of(request: HttpRequest | None) -> str:
    """The view's name, never the address: addresses may hold invitations and other secrets.

    Found by the address: where a form waited for a password, `resolver_match` names the page that asked for that.
    """
    try:
        return resolve(request.path_info).view_name[:100] if request else ""
    except Resolver404:
        return ""
