"""The way to the sign-in page: it says why the session ended, and what was typed waits until its owner is back."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts import form_owner, middleware
from accounts.allauth_internals import ratelimit
from accounts.models import Person
from console import htmx, plain_text_responses, saved_forms
from console.common.typed_fields import form_page, readable_values, typed_fields

REASONS = {
    middleware.IDLE: "You were signed out after {idle} without activity.",
    middleware.TOO_LONG: "You were signed out because a session lasts {longest} at most.",
    middleware.NEW_PASSWORD: "You were signed out because your password was changed.",
    middleware.ENDED_ELSEWHERE: "You were signed out from another browser.",
    middleware.SESSION_ENDED: "You were signed out.",
}
# Limits how many forms are stored, also for a valid owner field of an old page.
LIMITS = {"typed_form": "10/m/ip", "typed_form_of_owner": "30/m/key,200/h/key"}


def redirect_to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and from there back to the page, with what was typed: 302, or 401 where htmx asked.

    Only a person opens the sign-in page. A beacon or a picture that followed there too would get a token of its own,
    with which the browser forgets the one on the page that the person sees.
    """
    if not htmx.is_htmx(request) and request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return plain_text_responses.sign_in_first(request)
    query = {"next": _keep_what_was_typed(request) or find_page(request)}
    if reason := _reason(request):
        query["why"] = reason
    response = htmx.redirect(request, f"{reverse('account_login')}?{urlencode(query)}")
    if htmx.is_htmx(request):
        response.status_code = 401
    return response


def explain_sign_out(request: HttpRequest) -> str:
    """What the sign-in page says of the session that ended; "" where nothing is known of one."""
    reason = REASONS.get(request.GET.get("why", ""), "")
    return reason.format(idle=_hours(settings.SESSION_IDLE), longest=_hours(settings.SESSION_LASTS))


def find_page(request: HttpRequest) -> str:
    """Where the person was. A form's own address need not be a page, so without a word of the browser's it is Home."""
    if request.method in {"GET", "HEAD"} or htmx.is_htmx(request) or "Referer" in request.headers:
        return htmx.page_address(request)
    return form_page(request) if typed_fields(request) else reverse("home:index")


def is_from_our_page(request: HttpRequest) -> bool:
    """Whether a form came from a page of ours: another site must not fill in a form here.

    Browsers say so in one of three headers; whatever sends none of them is no page of another site.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    source = request.headers.get("Origin") or request.headers.get("Referer")
    return source is None or (source != "null" and htmx.is_ours(request, source))


def _keep_what_was_typed(request: HttpRequest) -> str:
    """The address that shows it again; "" where nothing was typed or it can't be kept."""
    if request.method != "POST" or not is_from_our_page(request) or not readable_values(typed_fields(request)):
        return ""
    owner = form_owner.read_owner(request) or middleware.owner_of_ended_session(request)
    if owner and not Person.objects.filter(pk=owner, is_active=True).exists():
        return ""
    action = "typed_form_of_owner" if owner else "typed_form"
    if not ratelimit.consume(request, action=action, key=owner or None, config=LIMITS, app="allauth.account"):
        return ""
    return saved_forms.save_form(request, owner=owner)


def _reason(request: HttpRequest) -> str:
    reason = middleware.why_it_ended(request)
    return reason or (middleware.SESSION_ENDED if form_owner.read_owner(request) or htmx.is_htmx(request) else "")


def _hours(seconds: int) -> str:
    hours = round(seconds / 3600)
    return "an hour" if hours == 1 else f"{hours} hours"
