"""No page and no command does more work because the audit is long: counted in steps of the database, not in seconds."""

import random
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import chain_check, line_index, record
from console.audit.models import ChainHead, ClockStep, Entry, LineState, SearchText
from console.emulator.server import Running
from tests.audit.many import fill
from tests.batches.boards import BATCHES, NAPLES_EARLY

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
    "a word in many": "/audit/?q=harbour&period=all",
    "two words": "/audit/?q=yard+alice&period=all",
    "a word in a few old lines": "/audit/?q=lighthouse&period=all",
    "a word in none": "/audit/?q=zeppelin&period=all",
    "a short word in none": "/audit/?q=zz&period=all",
    "a word in none of these days": "/audit/?q=harbour&since=2001-01-01&until=2001-01-02",
    "a word of nobody's": "/audit/?q=zeppelin&person={alice}&group=exports&period=all",
    "a person's unresolved": "/audit/?outcome=unknown&person={alice}&group=exports&period=all",
    "further back": "/audit/?before=150&period=all",
}


OWN = ("home", "list", "unknown", "failed", "a kind", "a word in many", "a word in none", "a thing")


@pytest.mark.sqlite
def test_no_page_takes_more_steps_when_the_audit_is_long(
    alice: Person, dana: Person, erin: Person, client_as: ClientAs
) -> None:
    auditor, operator = client_as(dana), client_as(alice)
    asked = {name: page(auditor, address.format(alice=alice.pk, erin=erin.pk)) for name, address in ADDRESSES.items()}
    asked |= {f"{name}, one's own": page(operator, ADDRESSES[name]) for name in OWN}
    fill(FEW, [alice, dana])
    page(auditor, "/audit/")()
    few = {name: steps(ask) for name, ask in asked.items()}
    fill(MANY, [alice, dana])
    many = {name: steps(ask) for name, ask in asked.items()}
    assert {name: (few[name], many[name]) for name in asked if many[name] >= 2 * few[name] + 10} == {}


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "address", [f"{BATCHES}{NAPLES_EARLY}/", BATCHES, "/slices/", "/slices/northwind/all-coins/", "/exports/", "/keys/"]
)
def test_no_page_about_things_takes_more_steps_when_the_audit_is_long(
    emulator: Running, alice: Person, dana: Person, client_as: ClientAs, address: str
) -> None:
    ask = page(client_as(alice), address)
    fill(FEW, [alice, dana])
    ask()
    few = steps(ask)
    fill(MANY, [alice, dana])
    many = steps(ask)
    assert many < 2 * few + 10, f"{few} steps with a short audit, {many} with a long one"


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
        with record.audited_call(actor=actor, action="slice.create", thing_name=end) as act:
            getattr(act, end)()
    with record.audited_call(actor=actor, action="slice.create", thing_name="open") as act:
        act.detach()
    for end in ("done", "failed", "unknown"):
        with record.audited_call(actor=actor, action="slice.create", thing_name=f"unknown, then {end}") as act:
            act.unknown()
        record.reconcile(act.entry, end)  # type: ignore[arg-type]
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
        with record.audited_call(actor=alice, action="slice.create") as act:
            act.detach()
            raise SystemExit  # as a kill
    except SystemExit:
        pass
    assert kept() == {(act.id, "open", act.entry.sequence)}


def found(words: str) -> list[str]:
    return [entry.thing_name for entry in Entry.objects.lines().saying(words).order_by("sequence")]


@pytest.fixture
def named(alice: Person) -> None:
    for name in ("Dashcam Q3, “Night”", "café_noir 50%", 'night shift\'s *best* OR "none"', "Ωmega-9", "道路图像集"):
        record.event(actor=alice, action="slice.create", thing_name=name)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("dashcam", ["Dashcam Q3, “Night”"]),
        ("SHCA", ["Dashcam Q3, “Night”"]),
        ("night", ["Dashcam Q3, “Night”", 'night shift\'s *best* OR "none"']),
        ("night q3", ["Dashcam Q3, “Night”"]),
        ("q3", ["Dashcam Q3, “Night”"]),
        ("n", ["Dashcam Q3, “Night”", "café_noir 50%", 'night shift\'s *best* OR "none"', "Ωmega-9", "道路图像集"]),
        ("9", ["Ωmega-9"]),
        ("é_n", ["café_noir 50%"]),
        ("50%", ["café_noir 50%"]),
        ("5%", []),
        ("_", []),
        ("*best*", ['night shift\'s *best* OR "none"']),
        ('"none"', ['night shift\'s *best* OR "none"']),
        ('"', ['night shift\'s *best* OR "none"']),
        ("ωMEGA", ["Ωmega-9"]),
        ("alice night", ["Dashcam Q3, “Night”", 'night shift\'s *best* OR "none"']),
        ("or none", ['night shift\'s *best* OR "none"']),
        ("day", []),
        ("图像", ["道路图像集"]),
        ("集", ["道路图像集"]),
        ("路图像", ["道路图像集"]),
    ],
)
def test_a_word_is_found_anywhere_and_a_short_one_where_a_word_begins(
    named: None, words: str, names: list[str]
) -> None:
    assert found(words) == names


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Ca\u0301diz", "Cádiz"),
        ("Cádiz", "Ca\u0301diz"),
        ("Cádiz", "cadiz"),
        ("İstanbul", "istanbul"),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("서울역", "서울"),
        ("서울역", unicodedata.normalize("NFD", "서울")),
        ("it\u00b4s late", "t\u00b4s"),
        ("गा\u095cी", "गा\u0921\u093cी"),
    ],
)
def test_a_word_is_found_however_its_letters_are_typed(alice: Person, name: str, words: str) -> None:
    record.event(actor=alice, action="slice.create", thing_name=name)
    assert found(words) == [name]


@pytest.mark.django_db(transaction=True)
def test_words_of_the_outcome_find_the_line_that_it_ends(alice: Person) -> None:
    with record.audited_call(actor=alice, action="slice.create", thing_name="Harbour") as act:
        act.unknown(detail={"error": "Avala did not answer."})
    record.reconcile(act.entry, "done", note="Seen by phone.")
    for words in ("harbour", "phone", "harbour answer phone"):
        assert found(words) == ["Harbour"]
    SearchText.objects.all().delete()
    assert found("phone") == []
    call_command("settle", rebuild=True, verbosity=0)
    assert found("harbour answer phone") == ["Harbour"]


def test_days_find_their_lines_also_after_a_clock_was_wrong(alice: Person, dana: Person, client_as: ClientAs) -> None:
    now = timezone.now()
    for number, moment in enumerate((now, now + timedelta(days=4000), now + timedelta(minutes=1))):
        with time_machine.travel(moment, tick=False):
            record.event(actor=alice, action="slice.create", thing_name=f"Slice {number}.")
    today = f"{now:%Y-%m-%d}"
    for period in (
        f"since={today}&until={now + timedelta(days=1):%Y-%m-%d}",
        f"until={now + timedelta(days=1):%Y-%m-%d}",
    ):
        page = client_as(dana).get(f"/audit/?{period}").content.decode()
        assert [number for number in range(3) if f"Slice {number}." in page] == [0, 2]
    call_command("settle", rebuild=True, verbosity=0)
    assert ClockStep.objects.get().sequence == 3


@pytest.mark.parametrize("jumps", [30, 59, 61, 24 * 60], ids=lambda minutes: f"{minutes} minutes")
def test_days_find_every_line_after_a_clock_went_back(jumps: int, alice: Person) -> None:
    chance, now = random.Random(jumps), timezone.now()
    for _ in range(40):
        now += timedelta(minutes=chance.choice((1, 20, 200)))
        with time_machine.travel(now - timedelta(minutes=chance.randrange(jumps)), tick=False):
            record.event(actor=alice, action="slice.create")
    moments = dict(Entry.objects.values_list("sequence", "at"))
    for since in moments.values():
        for length in (1, 60, 600):
            until = since + timedelta(minutes=length)
            asked = set(Entry.objects.within(since, until).values_list("sequence", flat=True))
            assert asked == {place for place, at in moments.items() if since <= at < until}


@pytest.mark.django_db(transaction=True)
def test_what_sql_changed_beside_the_chain_is_made_anew_also_where_it_is_in_the_way(alice: Person) -> None:
    every_way(alice)
    LineState.objects.filter(outcome="unknown").update(sequence=F("sequence") + 10**9)
    outcome = Entry.objects.filter(kind=Entry.Kind.OUTCOME)[0]
    LineState.objects.create(entry=outcome, outcome="open", sequence=outcome.sequence)
    call_command("settle", rebuild=True, verbosity=0)
    assert kept() == recomputed()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "check",
    [lambda: call_command("verify_audit"), lambda: chain_check.run(lambda: True)],
    ids=["command", "background"],
)
def test_a_check_of_the_chain_finds_open_acts_again_that_sql_took_out_of_their_table(
    alice: Person, check: Callable[[], Any]
) -> None:
    every_way(alice)
    chain_check.start(alice)
    LineState.objects.all().delete()
    check()
    assert kept() == recomputed()


@pytest.mark.django_db(transaction=True)
def test_a_row_written_while_all_is_made_anew_hides_no_step_of_a_clock(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of a clock that was ahead are read after the one that another process adds meanwhile."""
    monkeypatch.setattr(line_index, "AT_ONCE", 2)
    now = timezone.now()
    for ahead in (0, 0, 4000, 4000):
        with time_machine.travel(now + timedelta(days=ahead), tick=False):
            record.event(actor=alice, action="slice.create")
    seen: list[int] = []
    noted = ChainHead.note

    def note(head: ChainHead, moment: datetime) -> bool:
        found = noted(head, moment)
        seen.append(1)
        if len(seen) == 3:
            record.event(actor=alice, action="slice.create", thing_name="meanwhile")
        return found

    monkeypatch.setattr(ChainHead, "note", note)
    line_index.rebuild()
    assert ClockStep.objects.exists()
