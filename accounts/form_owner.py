"""Who opened the page of a form. Every form contains it, so that what was typed goes back to that person only."""

from django.core import signing
from django.http import HttpRequest

from accounts.models import Person

FIELD = "form_owner"


def sign_owner(person: Person) -> str:
    """The field of a form on this person's pages, signed so that it cannot be forged."""
    return _signer().sign(str(person.pk))


def read_owner(request: HttpRequest) -> str:
    """The primary key of the person whose page sent this form; "" where the form does not say so."""
    try:
        return _signer().unsign(request.POST.get(FIELD, ""))
    except signing.BadSignature:
        return ""


def _signer() -> signing.Signer:
    return signing.Signer(salt="form-owner")
