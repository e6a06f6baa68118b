"""A write that failed, on the page of its own form: what happened, whether anything was changed, what was typed kept.

except write_errors.KINDS as error:
    return write_errors.answer(request, error, "batches/create.html", context, part="batches/index.html#new", ...)
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django_htmx.http import reswap, retarget

from accounts.connections import ConnectionMissing
from console import error_pages, htmx, json_logging, saved_forms
from console.audit.record import NotRecorded
from console.audit.unresolved import Unresolved, of_error
from console.common.errors import ConsoleError
from console.duplicate_submissions import FirstSubmissionFailed
from console.upstream.errors import Forbidden, KeyRejected, UpstreamError

log = logging.getLogger(__name__)

KINDS = (UpstreamError, ConnectionMissing, NotRecorded)


@dataclass(frozen=True)
class WriteError:
    """What `components/_write_error.html` shows above a form."""

    message: str
    status: int
    reference: str
    unresolved: Unresolved | None = None
    keys_url: str = ""
    """Where the key is connected or replaced, and from there back to the form as it was typed."""
    keys_label: str = ""
    wait: int = 0
    """Seconds until another try makes sense; 0 where that is not known."""

    @property
    def is_spent(self) -> bool:
        """Whether the form needs a new one-time id, with which another press is sent."""
        return self.unresolved is None or self.unresolved.state.can_send_again


def describe(request: HttpRequest, error: ConsoleError, *, back: str = "", form: str = "") -> WriteError:
    """`back` is the page that "Check now" leads to; the form's own page where it is empty.

    `form` is where the form is found as it was typed, if the server keeps that anyway.
    """
    return WriteError(
        message=error.message,
        status=status_of(error),
        reference=error.reference or json_logging.request_id.get(),
        unresolved=of_error(error, back=back or htmx.page_address(request)),
        **keys(request, error, back=form),
        wait=wait_of(error),
    )


def answer(
    request: HttpRequest,
    error: ConsoleError,
    template: str,
    context: Mapping[str, Any],
    *,
    part: str = "",
    target: str = "",
    back: str = "",
) -> HttpResponse:
    """The form with the error above it: its page, or for htmx its `part` in the place of `target`.

    The one-time id stays while the outcome is being checked, so that another press sends nothing; else it is a new one.
    """
    log.warning("%s: %s (reference %s)", type(error).__name__, error, error.reference)
    failed = describe(request, error, back=back)
    used = request.POST.get("act_id", "")
    context = {**context, "write_error": failed, "act_id": uuid.uuid4() if failed.is_spent or not used else used}
    name = part if part and htmx.is_htmx(request) else template
    response = render(request, name, context, status=failed.status)
    if failed.wait:
        response["Retry-After"] = str(failed.wait)
    return retarget(reswap(response, "outerHTML"), target) if name == part else response


def status_of(error: ConsoleError) -> int:
    """What we answer when a write failed."""
    if isinstance(error, FirstSubmissionFailed):
        return 409
    if isinstance(error, UpstreamError):
        return error_pages.status_of(error)
    return 409 if isinstance(error, ConnectionMissing) else 503


def wait_of(error: ConsoleError) -> int:
    """Seconds until another try makes sense; 0 where that is not known."""
    return max(1, round(error.retry_in)) if error.retry_in else 0


def keys(request: HttpRequest, error: Exception, *, back: str = "") -> dict[str, str]:
    """Where the key is connected or replaced, from there `back` or to the form as it was typed."""
    if not isinstance(error, KeyRejected | Forbidden | ConnectionMissing):
        return {}
    label = f"Connect {error.vendor_name}" if isinstance(error, ConnectionMissing) else error_pages.key_label(error)
    keys = f"{reverse('accounts:keys')}?{urlencode({'next': back or saved_forms.save_form(request)})}"
    return {"keys_url": keys, "keys_label": label}
