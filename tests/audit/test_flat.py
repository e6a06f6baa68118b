"""No page and no command does more work because the audit is long: counted in steps of the database, not in seconds."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import Person
from console.audit import line_index, record
from console.audit.models import Entry, LineState
from tests.audit.many import fill

ClientAs = Callable[[Person], Client]
FEW, MANY = 1_500, 10_000
EVERY = 100


def steps(work: Callable[[], Any]) -> int:
    """How much SQLite does for it, in hundreds of steps of its virtual machine."""
    counted = [0]

    def count() -> None:
        counted[0] += 1

    connection.ensure_connection()
    connection.connection.set_progress_handler(count, EVERY)
    try:
        work()
    finally:
        connection.connection.set_progress_handler(None, EVERY)
    return counted[0]


def page(client: Client, address: str) -> Callable[[], None]:
    def ask() -> None:
        response = client.get(address)
        assert response.status_code == 200, address

    return ask


ADDRESSES = {
    "home": "/",
    "list": "/audit/",
    "from the beginning": "/audit/?period=all",
    "unknown": "/audit/?outcome=unknown&period=all",
    "failed": "/audit/?outcome=failed&period=all",
    "done": "/audit/?outcome=done",
    "a kind": "/audit/?group=exports&period=all",
    "a kind nothing has": "/audit/?group=other&period=all",
    "a common kind": "/audit/?group=sessions&period=all&sign_ins=",
    "exports and downloads": "/audit/?view=leaving",
    "a thing": "/audit/?thing=slice:thing-7&period=all",
    "a person": "/audit/?person={alice}&period=all",
    "a person who did nothing": "/audit/?person={erin}",
    "a kind of a person": "/audit/?person={alice}&group=order&period=all",
    "days of long ago": "/audit/?since=2001-01-01&until=2001-01-02",
    "days to come": "/audit/?since=2090-01-01",
    "further back": "/audit/?before=150&period=all",
}


@pytest.mark.sqlite
def test_no_page_takes_more_steps_when_the_audit_is_long(
    alice: Person, dana: Person, erin: Person, client_as: ClientAs
) -> None:
    client = client_as(dana)
    asked = {name: page(client, address.format(alice=alice.pk, erin=erin.pk)) for name, address in ADDRESSES.items()}
    fill(FEW, [alice, dana])
    page(client, "/audit/")()
    few = {name: steps(ask) for name, ask in asked.items()}
    fill(MANY, [alice, dana])
    many = {name: steps(ask) for name, ask in asked.items()}
    assert {name: (few[name], many[name]) for name in asked if many[name] >= 2 * few[name]} == {}


@pytest.mark.sqlite
def test_settle_takes_no_more_steps_when_the_audit_is_long(alice: Person, dana: Person) -> None:
    settle = lambda: call_command("settle", verbosity=0)  # noqa: E731
    fill(FEW, [alice, dana])
    few = steps(settle)
    fill(MANY, [alice, dana])
    assert steps(settle) <= 2 * few + 1


def recomputed() -> set[tuple[Any, str, int]]:
    """How each line that is not done stands, from the chain alone."""
    lines = Entry.objects.lines().prefetch_related("outcomes")
    return {(line.pk, line.outcome, line.sequence) for line in lines if line.outcome != "done"}


def kept() -> set[tuple[Any, str, int]]:
    return set(LineState.objects.values_list("pk", "outcome", "sequence"))


def every_way(actor: Person) -> None:
    """An act for every way to go on and to end."""
    for end in ("done", "failed", "unknown"):
        with record.act(actor=actor, action="slice.create", thing_name=end) as act:
            getattr(act, end)()
    with record.act(actor=actor, action="slice.create", thing_name="open") as act:
        act.keep_open()
    for end in ("done", "failed", "unknown"):
        with record.act(actor=actor, action="slice.create", thing_name=f"unknown, then {end}") as act:
            act.unknown()
        record.settle(act.entry, end)  # type: ignore[arg-type]
    record.event(actor=None, action="session.refused", outcome="failed")
    record.event(actor=actor, action="session.sign_in")


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_beside_the_chain_says_what_the_chain_says(alice: Person) -> None:
    every_way(alice)
    assert sorted(outcome for _, outcome, _ in kept()) == ["failed"] * 3 + ["open"] + ["unknown"] * 2
    assert kept() == recomputed()


@pytest.mark.django_db(transaction=True)
def test_what_was_lost_beside_the_chain_is_made_anew(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    every_way(alice)
    monkeypatch.setattr(line_index, "AT_ONCE", 3)
    LineState.objects.filter(outcome="unknown").delete()
    LineState.objects.update(outcome="unknown")
    call_command("settle", rebuild=True, verbosity=0)
    assert kept() == recomputed()


@pytest.mark.django_db(transaction=True)
def test_an_outcome_that_could_not_be_written_leaves_the_act_open(alice: Person) -> None:
    try:
        with record.act(actor=alice, action="slice.create") as act:
            act.keep_open()
            raise SystemExit  # as a kill
    except SystemExit:
        pass
    assert kept() == {(act.id, "open", act.entry.sequence)}
