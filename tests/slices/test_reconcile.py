"""Finding out by reading whether a slice was made: the press nobody heard the answer of."""

import uuid

import pytest

from accounts import connections
from accounts.models import Person
from console.audit import reconciliation, record
from console.audit.models import DONE, UNKNOWN, Entry
from console.emulator.server import Running
from console.slices.reconcile import find_slice
from console.upstream.errors import Unknown
from console.upstream.response_models import SubSlice
from tests.slices.making import COINS, make


def press(person: Person, name: str, **detail: object) -> Entry:
    """An act whose call was sent and never answered."""
    act_id = uuid.uuid4()
    with (
        pytest.raises(Unknown),
        record.audited_call(
            actor=person,
            action="slice.create",
            thing_kind="slice",
            thing_name=name,
            vendor="avala",
            act_id=act_id,
            detail={"owner": "northwind", **detail},
        ),
    ):
        connections.avala(person).create_slice(
            name=name, visibility="private", sub_slices=[SubSlice("dataset", COINS)], request_id=str(act_id)
        )
    return Entry.objects.get(pk=act_id)


@pytest.mark.django_db(transaction=True)
def test_a_slice_that_was_made_is_found_by_its_name(alice: Person, emulator: Running) -> None:
    emulator.fault("avala", "drop-after", method="POST", path="/slices/")
    entry = press(alice, "Dropped on the way")
    assert entry.outcome == UNKNOWN
    look = reconciliation.look(entry)
    assert look.status == "done"
    settled = Entry.objects.get(pk=entry.pk)
    assert settled.outcome == DONE
    assert settled.result_id == "northwind/dropped-on-the-way"


@pytest.mark.django_db(transaction=True)
def test_a_slice_that_was_not_made_is_not_found(alice: Person, emulator: Running) -> None:
    emulator.fault("avala", "503", method="POST", path="/slices/")
    assert find_slice(press(alice, "Never made")) == ("not found", {})


@pytest.mark.django_db(transaction=True)
def test_only_the_very_same_name_counts(alice: Person, emulator: Running) -> None:
    make(alice, "Never made 2")
    emulator.fault("avala", "503", method="POST", path="/slices/")
    assert find_slice(press(alice, "Never made"))[0] == "not found"


@pytest.mark.django_db(transaction=True)
def test_a_slice_another_entry_made_is_not_taken_for_ours(alice: Person, emulator: Running) -> None:
    made = make(alice, "Twice")
    with record.audited_call(
        actor=alice, action="slice.create", thing_kind="slice", thing_name="Twice", vendor="avala"
    ) as act:
        act.done(thing_id=f"{made.owner_name}/{made.slug}")
    emulator.fault("avala", "503", method="POST", path="/slices/")
    assert find_slice(press(alice, "Twice"))[0] == "not found"


@pytest.mark.django_db(transaction=True)
def test_looking_only_reads_and_reads_every_page(alice: Person, emulator: Running) -> None:
    for number in range(100):
        make(alice, f"Filler {number:03}")
    emulator.fault("avala", "503", method="POST", path="/slices/")
    entry = press(alice, "Never made")
    emulator.forget_requests()
    assert find_slice(entry)[0] == "not found"
    asked = emulator.requests("avala")
    assert {one["method"] for one in asked} == {"GET"}
    assert len(asked) == 2


@pytest.mark.django_db(transaction=True)
def test_an_owner_that_cannot_be_read_leaves_it_open(alice: Person, emulator: Running) -> None:
    emulator.fault("avala", "503", method="POST", path="/slices/")
    entry = press(alice, "Never made", owner="nobody-here")
    assert find_slice(entry)[0] == "unsure"


@pytest.mark.django_db(transaction=True)
def test_without_a_known_owner_all_of_the_persons_owners_are_read(alice: Person, emulator: Running) -> None:
    emulator.fault("avala", "drop-after", method="POST", path="/slices/")
    assert find_slice(press(alice, "Dropped on the way", owner=""))[0] == "done"
