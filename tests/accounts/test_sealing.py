import logging
from typing import Any

import pytest
from django.db import connection

from accounts import connections, crypto
from accounts.models import ApiKey, Person
from tests.accounts.asking import secret

KEY = "avk_very_secret_8d1c"


def test_what_was_sealed_opens_under_the_same_context() -> None:
    assert crypto.open_sealed(crypto.seal("word", "mine"), "mine") == "word"


def test_two_seals_of_the_same_word_differ() -> None:
    assert crypto.seal("word", "mine") != crypto.seal("word", "mine")


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-4] + "AAAA", lambda t: "t1.", lambda t: "zz." + t[3:], lambda t: "%", str.upper]
)
def test_a_changed_seal_does_not_open(spoil: Any) -> None:
    with pytest.raises(crypto.CannotOpen):
        crypto.open_sealed(spoil(crypto.seal("word", "mine")), "mine")


def test_another_context_does_not_open_it() -> None:
    with pytest.raises(crypto.CannotOpen):
        crypto.open_sealed(crypto.seal("word", "mine"), "yours")


def test_an_older_secret_still_opens_and_the_newest_seals(settings: Any) -> None:
    settings.KEY_SECRETS = {"old": secret(1)}
    token = crypto.seal("word", "mine")
    settings.KEY_SECRETS = {"new": secret(2), "old": secret(1)}
    assert crypto.open_sealed(token, "mine") == "word"
    assert crypto.seal("word", "mine").startswith("new.")
    assert not crypto.is_newest(token)


def test_a_secret_that_is_gone_is_said_not_guessed(settings: Any) -> None:
    token = crypto.seal("word", "mine")
    settings.KEY_SECRETS = {"new": secret(2)}
    with pytest.raises(crypto.CannotOpen):
        crypto.open_sealed(token, "mine")


def test_a_fingerprint_outlives_a_rotation_and_tells_vendors_apart(settings: Any) -> None:
    first = crypto.fingerprint("avala", KEY)
    settings.KEY_SECRETS = {"new": secret(2)}
    assert crypto.fingerprint("avala", KEY) == first
    assert crypto.fingerprint("cloudfactory", KEY) != first
    assert KEY not in first


@pytest.mark.django_db
def test_a_row_moved_to_another_person_does_not_open(alice: Person, nobody: Person) -> None:
    ApiKey.objects.filter(person=alice, vendor="avala").update(person=nobody)
    with pytest.raises(connections.KeyUnreadable) as caught:
        connections.avala(nobody)
    assert "cannot be read" in caught.value.message


@pytest.mark.django_db
def test_a_seal_copied_into_another_row_does_not_open(alice: Person, bob: Person) -> None:
    sealed = ApiKey.objects.get(person=alice, vendor="avala").sealed
    ApiKey.objects.filter(person=bob, vendor="avala").update(sealed=sealed)
    with pytest.raises(connections.KeyUnreadable):
        connections.avala(bob)


@pytest.mark.django_db
def test_the_other_vendors_seal_does_not_open(alice: Person) -> None:
    sealed = ApiKey.objects.get(person=alice, vendor="avala").sealed
    ApiKey.objects.filter(person=alice, vendor="cloudfactory").update(sealed=sealed)
    with pytest.raises(connections.KeyUnreadable):
        connections.cloudfactory(alice)


@pytest.mark.django_db
def test_no_column_of_any_row_holds_a_key_in_the_clear(alice: Person) -> None:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            assert all("avk_demo_ops" not in str(value) for row in cursor.fetchall() for value in row), table


@pytest.mark.django_db
def test_an_opened_key_is_masked_wherever_it_is_written(alice: Person, caplog: Any) -> None:
    from console.common import redaction

    value = ApiKey.objects.get(person=alice, vendor="avala").reveal()
    assert redaction.hide(f"bad key {value}") != f"bad key {value}"
    record = logging.LogRecord("x", logging.ERROR, "", 0, "bad key %s", (value,), None)
    redaction.LogFilter().filter(record)
    assert value not in record.getMessage()
