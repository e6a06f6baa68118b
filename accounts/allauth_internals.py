"""What the console uses of django-allauth without its documentation promising it.

Checked with the version below: a test fails where another one is installed, and where another module imports such
names.
"""

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.reauthentication import (
    STATE_SESSION_KEY as REAUTHENTICATION_STATE,
)
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.internal.stagekit import unstash_login
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.usersessions.signals import on_password_changed, on_user_logged_in

CHECKED_WITH = "65.21.1"

__all__ = [
    "REAUTHENTICATION_STATE",
    "context",
    "get_authentication_records",
    "normalize_user_code",
    "on_password_changed",
    "on_user_logged_in",
    "perform_login",
    "raise_if_reauthentication_required",
    "ratelimit",
    "record_authentication",
    "unstash_login",
]
