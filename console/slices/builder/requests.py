"""What the access table has made sure of before any view of the builder runs."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import Person


class SignedIn(HttpRequest):
    """A request of a person who may create slices."""

    user: Person
    htmx: HtmxDetails
