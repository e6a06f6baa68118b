"""The lines of "where you are signed in", written by us: allauth's would hold the session's key in the clear."""

from allauth.account import signals as account_signals

from accounts.allauth_internals import on_password_changed, on_user_logged_in
from accounts.sessions import remember_sign_in


def connect() -> None:
    """Takes the place of allauth's receivers, connected by `allauth.usersessions`, which comes before this app."""
    account_signals.user_logged_in.disconnect(receiver=on_user_logged_in)
    account_signals.user_logged_in.connect(remember_sign_in, dispatch_uid="session_lines")
    for signal in (account_signals.password_set, account_signals.password_changed):
        signal.disconnect(receiver=on_password_changed)
        signal.connect(remember_sign_in, dispatch_uid="session_lines")
