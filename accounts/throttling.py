"""Limits on guessing passwords: per name, per address, and a browser that its owner has used before counts apart.

Someone who hammers at a name from elsewhere uses up the tries for that name, but not those of the person's own browser:
after a sign-in the browser keeps a signed cookie that only we can tie to the person, and its misses have their own
count.
allauth keeps the counts in the shared cache, so that they hold across processes.
"""

import math
import time
import unicodedata

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac

from accounts.allauth_internals import ratelimit

APP = "allauth.account"
ACTION = "login_failed"
COOKIE_DAYS = 90
KNOWN_BROWSER = {ACTION: "5/5m/key"}


def consume(request: HttpRequest, login: str) -> ratelimit.RateLimitUsage | None:
    """Counts one try; None means there are none left."""
    device = known_device(request, login)
    return ratelimit.consume(
        request,
        app=APP,
        action=ACTION,
        config=KNOWN_BROWSER if device else None,
        key=f"{_folded(login)}:{device}",
    )


def minutes_left(request: HttpRequest, login: str) -> int:
    """How long until the next try, rounded up: the oldest counted try has to age out."""
    device = known_device(request, login)
    waits = [
        _wait(
            ratelimit.get_cache_key(request, app=APP, action=ACTION, rate=rate, key=f"{_folded(login)}:{device}"), rate
        )
        for rate in ratelimit.get_rates(app=APP, action=ACTION, config=KNOWN_BROWSER if device else None)
    ]
    return max(1, math.ceil(max(waits, default=0) / 60))


def _folded(login: str) -> str:
    """The name as the sign-in compares it: letters that only look different must not have tries of their own."""
    return unicodedata.normalize("NFKC", login).casefold()


def _wait(cache_key: str, rate: ratelimit.Rate) -> float:
    tries = cache.get(cache_key, [])
    if len(tries) < rate.amount:
        return 0
    return float(min(tries) + rate.duration - time.time())


def known_device(request: HttpRequest, login: str) -> str:
    """The id of a browser this very person has signed in with, or nothing."""
    try:
        owner, _, device = (
            _signer()
            .unsign(request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, ""), max_age=COOKIE_DAYS * 86_400)
            .rpartition(":")
        )
    except signing.BadSignature:
        return ""
    return device if constant_time_compare(owner, _owner(login, device)) else ""


def remember_device(request: HttpRequest, response: HttpResponseBase, login: str) -> None:
    """Marks the browser as one its owner uses, if it is not marked already."""
    if known_device(request, login):
        return
    device = get_random_string(16)
    value = _signer().sign(f"{_owner(login, device)}:{device}")
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        value,
        max_age=COOKIE_DAYS * 86_400,
        secure=settings.COOKIES_ARE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _owner(login: str, device: str) -> str:
    """Whose browser it is, as only we can tell: on a shared desk the cookie must not say who works there."""
    return salted_hmac("accounts.known-browser.owner", f"{device}:{login.lower()}", algorithm="sha256").hexdigest()


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="accounts.known-browser")
