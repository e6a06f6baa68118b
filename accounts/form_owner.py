"""Who opened the page that a form stands on. Every form carries it, so that what was typed goes back to nobody else."""

from django.core import signing
from django.http import HttpRequest

from accounts.models import Person

FIELD = "form_owner"


def sign_owner(person: Person) -> str:
    """What a form of this person's pages carries. Signed, so that nobody can make it up for somebody else."""
    return _signer().sign(str(person.pk))


def read_owner(request: HttpRequest) -> str:
    """The primary key of the person whose page sent this form; "" where the form does not say so."""
    try:
        return _signer().unsign(request.POST.get(FIELD, ""))
    except signing.BadSignature:
        return ""


def _signer() -> signing.Signer:
    return signing.Signer(salt="form-owner")
