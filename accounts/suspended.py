"""Forms that wait in the session until their sender has typed the password again.

The library then runs the view behind such a form by itself, past the table of who may open what. So the table is asked
before: a right that was taken away meanwhile counts at once.
"""

import json

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from accounts import access

CONFIRMING = {"account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"}


def forget_what_is_not_allowed(request: HttpRequest) -> None:
    """Drops a waiting form whose page this person may not open any more; then only its address is gone to."""
    match = request.resolver_match
    if match is None or match.view_name not in CONFIRMING:
        return
    waiting = request.session.get(STATE_SESSION_KEY, {}).get("request")
    if waiting and not access.allowed(request.user, _view_of(json.loads(waiting)["path_info"])):
        del request.session[STATE_SESSION_KEY]


def _view_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""
