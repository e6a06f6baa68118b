"""A browser that goes away while a form that is too large still arrives."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


class Gone:
    """The body of a request whose sender has gone."""

    def read(self, *size: int) -> bytes:
        raise ConnectionResetError("gone")

    readline = read


def test_it_is_no_fault_of_the_console() -> None:
    client = Client(raise_request_exception=False)
    body = {"wsgi.input": Gone(), "CONTENT_LENGTH": "30000000"}
    answer = client.generic("POST", "/account/login/", b"x", content_type="application/x-www-form-urlencoded", **body)
    assert answer.status_code == 400
