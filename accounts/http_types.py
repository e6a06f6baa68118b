"""What a view behind the access table may rely on."""

from datetime import datetime

from django.http import HttpRequest

from accounts.models import Person


class SignedIn(HttpRequest):
    """A request that `access.py` let through to a page for people: the user is signed in."""

    user: Person
    session_ends_at: datetime
