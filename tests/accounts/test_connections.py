from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone

from accounts import connections, key_capabilities, key_usage
from accounts.models import ApiKey, Person, Place
from console.common import write_behind
from console.upstream import errors
from console.upstream.response_models import SubSlice
from tests.conftest import OWNER, SPACE

pytestmark = pytest.mark.django_db


def _key(person: Person, vendor: str = "avala") -> ApiKey:
    """The key as its card shows it."""
    return key_usage.with_latest_notes(ApiKey.objects.get(person=person, vendor=vendor))


def _create(person: Person) -> None:
    part = SubSlice(type="dataset", dataset_uid="7f0c2f66-3a55-4c39-8f54-5f1f2f0f9a01")
    connections.avala(person).create_slice(name="X", visibility="private", sub_slices=[part], request_id="r" * 16)


def test_a_person_without_a_key_is_told_so_and_nothing_is_sent(nobody: Person) -> None:
    with pytest.raises(connections.KeyMissing) as caught:
        connections.avala(nobody)
    assert caught.value.outcome == "failed"
    assert "Avala" in caught.value.message


def test_a_key_without_a_place_asks_for_one(alice: Person) -> None:
    Place.objects.all().delete()
    with pytest.raises(connections.PlaceMissing):
        connections.owner(alice)
    with pytest.raises(connections.PlaceMissing):
        connections.space(alice)


def test_each_person_works_where_they_chose(alice: Person) -> None:
    assert connections.owner(alice) == OWNER
    assert connections.space(alice) == connections.Space(SPACE, "Northwind")


def test_a_call_that_worked_is_noted_once_a_minute(alice: Person, emulator: Any) -> None:
    connections.avala(alice).get_me()
    first = _key(alice).last_worked_at
    connections.avala(alice).get_me()
    assert first is not None
    assert _key(alice).last_worked_at == first
    with time_machine.travel(timezone.now() + timedelta(seconds=70)):
        connections.avala(alice).get_me()
    assert _key(alice).last_worked_at > first


def test_a_401_marks_the_key_and_a_good_answer_clears_it(alice: Person, emulator: Any) -> None:
    emulator.fault("avala", "401")
    with pytest.raises(errors.KeyRejected):
        connections.avala(alice).get_me()
    assert _key(alice).rejected
    assert _key(alice).last_failure
    connections.avala(alice).get_me()
    assert not _key(alice).rejected


def test_the_worker_writes_the_notes_down(alice: Person, emulator: Any) -> None:
    connections.avala(alice).get_me()
    row = ApiKey.objects.get(person=alice, vendor="avala")
    assert row.last_worked_at is None
    write_behind.flush()
    assert ApiKey.objects.get(person=alice, vendor="avala").last_worked_at == _key(alice).last_worked_at is not None
    assert write_behind.all_pending(key_usage.KIND) == {}


def test_notes_that_the_database_does_not_take_are_kept(alice: Person, emulator: Any) -> None:
    connections.avala(alice).get_me()
    with connection.execute_wrapper(_refuse):
        write_behind.flush()
    assert _key(alice).last_worked_at
    write_behind.flush()
    assert ApiKey.objects.get(person=alice, vendor="avala").last_worked_at


def _refuse(*said: Any) -> None:
    raise OperationalError("attempt to write a readonly database")


def test_what_is_kept_of_a_failure_counts_no_seconds_and_is_no_call_that_was_held_back(
    alice: Person, emulator: Any
) -> None:
    emulator.fault("avala", "429", times=0)
    with pytest.raises(errors.RateLimited):
        connections.avala(alice).get_me()
    assert _key(alice).last_failure == "Avala was busy."
    emulator.clear_faults()
    emulator.fault("avala", "503", times=0)
    seen = []
    for _ in range(4):
        with pytest.raises(errors.UpstreamError) as caught:
            connections.avala(alice).get_me()
        seen.append(type(caught.value))
    assert seen[-1] is errors.HeldBack
    assert _key(alice).last_failure == "Avala has a problem right now."


def test_a_403_does_not_mark_the_key_but_teaches_what_it_may_not(bob: Person, emulator: Any) -> None:
    with pytest.raises(errors.Forbidden):
        _create(bob)
    key = _key(bob)
    assert not key.rejected
    assert key_capabilities.Ability("create slices", "no") in key_capabilities.read_abilities(key)


def test_what_is_wrong_with_a_name_is_not_the_keys_failure(alice: Person, emulator: Any) -> None:
    with pytest.raises(errors.NotFound):
        connections.avala(alice).get_slice(OWNER, "no-such-slice")
    assert _key(alice).last_failed_at is None


def test_a_disabled_persons_key_is_not_opened(alice: Person, emulator: Any) -> None:
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    with pytest.raises(connections.KeyMissing):
        connections.avala(alice)


def test_a_client_made_before_its_owner_was_disabled_sends_nothing_more(alice: Person, emulator: Any) -> None:
    client = connections.avala(alice)
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    emulator.forget_requests()
    with pytest.raises(errors.NotSent):
        client.get_me()
    assert emulator.requests("avala") == []


def test_a_late_failure_of_an_old_key_does_not_mark_its_successor(alice: Person, emulator: Any) -> None:
    client, key = connections.avala(alice), _key(alice)
    key.put("avk_demo_admin")
    key.save()
    emulator.fault("avala", "401")
    with pytest.raises(errors.KeyRejected):
        client.get_me()
    assert not _key(alice).rejected


def test_each_persons_call_carries_their_own_key(alice: Person, bob: Person, emulator: Any) -> None:
    assert connections.avala(alice).get_me().uid != connections.avala(bob).get_me().uid


def test_the_weather_knows_working_refusing_and_not_asked_yet(alice: Person, emulator: Any) -> None:
    assert connections.vendor_state("cloudfactory").state == "unknown"
    connections.avala(alice).get_me()
    assert connections.vendor_state("avala", alice).state == "working"
    emulator.fault("avala", "503", times=0)
    for _ in range(3):
        with pytest.raises(errors.UpstreamError):
            connections.avala(alice).get_me()
    assert connections.vendor_state("avala").state == "refusing"


def test_a_key_has_a_fingerprint_for_the_audit(alice: Person, nobody: Person) -> None:
    assert len(connections.key_fingerprint(alice, "avala")) == 16
    assert connections.key_fingerprint(nobody, "avala") == ""


def test_a_signed_link_of_the_trusted_origin_is_fetched_without_a_key(alice: Person, emulator: Any) -> None:
    [item, *_] = connections.avala(alice).list_datasets(limit=1).items
    pictures = connections.avala(alice).list_dataset_items(item.owner_name, item.slug, limit=1)
    assert connections.storage().fetch(pictures.items[0].url, limit=20 * 2**20)
