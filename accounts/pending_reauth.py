"""Forms that wait in the session until their sender has typed the password again.

The library then runs the view behind such a form by itself, past the table of who may open what. So the table is asked
before: a right that was taken away meanwhile counts at once.
"""

import json

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from accounts import access
from accounts.allauth_internals import REAUTHENTICATION_STATE

CONFIRMING = {"account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"}


def forget_what_is_not_allowed(request: HttpRequest) -> None:
    """Drops a waiting form whose page this person may not open any more; then only its address is gone to."""
    match = request.resolver_match
    if match is None or match.view_name not in CONFIRMING:
        return
    waiting = request.session.get(REAUTHENTICATION_STATE, {}).get("request")
    if waiting and not access.allowed(request.user, _view_of(json.loads(waiting)["path_info"])):
        del request.session[REAUTHENTICATION_STATE]


def keep(request: HttpRequest, response: HttpResponseBase) -> None:
    """Saves a form that this answer lets wait, as the page it leads to says that nothing typed is lost.

    Raises what the database raises, unlike the session's own saving, which leaves out what cannot be saved.
    """
    if request.method == "POST" and 300 <= response.status_code < 400 and REAUTHENTICATION_STATE in request.session:
        request.session.save()


def _view_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""
