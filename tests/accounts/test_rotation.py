from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command

from accounts import crypto, rotation
from accounts.adapters import mfa_context
from accounts.models import ApiKey, Person
from tests.accounts.asking import is_signed_in, secret, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def rotated(settings: Any) -> Any:
    """Adds a newer secret in front, as an operator would."""

    def rotate() -> None:
        settings.KEY_SECRETS = {"t2": secret(2), **settings.KEY_SECRETS}

    return rotate


def _second_step(person: Person) -> Authenticator:
    sealed = crypto.seal("TOTPSECRET", mfa_context(person.pk))
    return Authenticator.objects.create(user=person, type="totp", data={"secret": sealed})


def test_everything_is_sealed_with_the_newest_secret(alice: Person, bob: Person, rotated: Any, settings: Any) -> None:
    client, factor = signed_in(alice), _second_step(bob)
    rotated()
    call_command("rotate_keys", verbosity=0)
    settings.KEY_SECRETS = {"t2": secret(2)}
    assert ApiKey.objects.get(person=alice, vendor="avala").reveal() == "avk_demo_ops"
    factor.refresh_from_db()
    assert crypto.open_sealed(factor.data["secret"], mfa_context(bob.pk)) == "TOTPSECRET"
    assert is_signed_in(client)


def test_a_run_cut_off_half_way_loses_nothing_and_can_go_on(alice: Person, bob: Person, rotated: Any) -> None:
    rotated()
    [(_, first_turn), *_] = rotation._turns()
    first_turn()
    assert rotation.left_over() == 3
    assert {key.reveal() for key in ApiKey.objects.filter(vendor="avala")} == {"avk_demo_ops", "avk_demo_reviewer"}
    assert rotation.rotate().sealed == 3
    assert rotation.left_over() == 0


def test_a_key_replaced_meanwhile_stays_replaced(alice: Person, rotated: Any) -> None:
    rotated()
    turns = dict(rotation._turns())
    key = ApiKey.objects.get(person=alice, vendor="avala")
    key.put("avk_replaced_meanwhile")
    key.save()
    assert turns[f"the Avala key ••••_ops of {alice.email}"]() == 0
    assert ApiKey.objects.get(pk=key.pk).reveal() == "avk_replaced_meanwhile"


def test_a_session_saved_meanwhile_keeps_what_it_holds(alice: Person, rotated: Any) -> None:
    client = signed_in(alice)
    rotated()
    [turn] = [turn for name, turn in rotation._turns() if name == "a session"]
    session = client.session
    session["typed"] = "kept"
    session.save()
    assert turn() == 0
    assert client.session["typed"] == "kept"


def test_an_unreadable_row_is_named_and_the_rest_is_done(alice: Person, rotated: Any, capsys: Any) -> None:
    ApiKey.objects.filter(person=alice, vendor="avala").update(sealed="gone.AAAA")
    rotated()
    with pytest.raises(CommandError, match="1 still need"):
        call_command("rotate_keys")
    assert f"Avala key ••••_ops of {alice.email}" in capsys.readouterr().err
    assert ApiKey.objects.get(person=alice, vendor="cloudfactory").sealed.startswith("t2.")


def test_a_second_run_finds_nothing_to_do(alice: Person, rotated: Any, capsys: Any) -> None:
    rotated()
    call_command("rotate_keys")
    call_command("rotate_keys")
    assert "Sealed again: 0." in capsys.readouterr().out
    assert not Session.objects.exists()
