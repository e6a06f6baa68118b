"""What the access table has made sure of before any view of projects or batches runs."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import Person


class SignedIn(HttpRequest):
    user: Person
    htmx: HtmxDetails
