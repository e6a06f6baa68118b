"""The lines of "where you are signed in", written by us: allauth's would hold the session's key in the clear."""

from allauth.account import signals as account_signals
from allauth.usersessions import signals as allauth_lines

from accounts.sessions import remember_sign_in


def connect() -> None:
    """Takes the place of allauth's receivers, connected by `allauth.usersessions`, which comes before this app."""
    account_signals.user_logged_in.disconnect(receiver=allauth_lines.on_user_logged_in)
    account_signals.user_logged_in.connect(remember_sign_in, dispatch_uid="session_lines")
    for signal in (account_signals.password_set, account_signals.password_changed):
        signal.disconnect(receiver=allauth_lines.on_password_changed)
        signal.connect(remember_sign_in, dispatch_uid="session_lines")
