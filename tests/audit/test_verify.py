"""Whatever is done to the rows by hand: the check names the first bad one."""

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import Person
from console.audit import record, triggers, verify
from console.audit.models import ChainHead, Entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def six_rows(alice: Person) -> None:
    for name in ("Rain", "Tunnel", "City"):
        with record.audited_call(actor=alice, action="slice.create", thing_kind="slice", thing_name=name):
            pass


@pytest.fixture
def by_hand(six_rows: None) -> Iterator[Callable[[str], None]]:
    """What somebody does who owns the database and has taken the triggers away."""

    def run(statement: str) -> None:
        triggers.remove(connection)
        with connection.cursor() as cursor:
            cursor.execute(statement)

    yield run
    triggers.install(connection)


STATEMENTS = [
    "UPDATE audit_entry SET thing_name = 'Sun' WHERE sequence = 3",
    "UPDATE audit_entry SET thing_name = thing_name",
    "DELETE FROM audit_entry WHERE sequence = 6",
    "DELETE FROM audit_entry",
]
if connection.vendor == "postgresql":
    STATEMENTS += ["TRUNCATE audit_lookup, audit_linestate, audit_entry", "TRUNCATE audit_entry CASCADE"]
else:
    STATEMENTS += ["INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE sequence = 2"]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_refuses_changes(six_rows: None, statement: str) -> None:
    before = list(Entry.objects.order_by("sequence").values())
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(Entry.objects.order_by("sequence").values()) == before


def test_untouched_rows_are_whole(six_rows: None) -> None:
    assert verify.check() == verify.ChainVerdict(6)
    assert verify.newest_are_whole().is_whole
    assert verify.last_check().problem == ""


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_entry SET thing_name = 'Sun' WHERE sequence = 3", "Row 3 was changed"),
        ("UPDATE audit_entry SET outcome = 'failed' WHERE sequence = 2", "Row 2 was changed"),
        ("UPDATE audit_entry SET actor_id = NULL WHERE sequence = 4", "Row 4 was changed"),
        ("UPDATE audit_entry SET sequence = 60 WHERE sequence = 6", "Row 6 is missing"),
        ("DELETE FROM audit_entry WHERE sequence = 4", "Row 4 is missing"),
        ("DELETE FROM audit_entry WHERE sequence = 6", "Row 6 is missing"),
        ("UPDATE audit_entry SET digest = previous WHERE sequence = 5", "Row 5 was changed"),
    ],
)
def test_the_first_bad_row_is_named(by_hand: Callable[[str], None], statement: str, said: str) -> None:
    by_hand(statement)
    assert verify.check().problem.startswith(said)
    assert not verify.newest_are_whole().is_whole


def test_a_cut_tail_shows_even_when_the_head_is_cut_too(by_hand: Callable[[str], None]) -> None:
    by_hand("DELETE FROM audit_entry WHERE sequence = 6")
    kept = Entry.objects.get(sequence=5)
    ChainHead.objects.update(sequence=5, digest=kept.digest)
    assert verify.check().problem == "Row 6 is missing: it was published, and is no longer there."
    assert not verify.newest_are_whole().is_whole


def test_rows_written_after_a_cut_do_not_hide_it(by_hand: Callable[[str], None], alice: Person) -> None:
    by_hand("DELETE FROM audit_entry WHERE sequence = 6")
    kept = Entry.objects.get(sequence=5)
    ChainHead.objects.update(sequence=5, digest=kept.digest)
    record.event(actor=alice, action="session.sign_in")
    record.event(actor=alice, action="session.sign_out")
    assert verify.check().problem == "Row 6 is not the one that was published under its number."


def test_a_row_made_with_another_secret_is_found(six_rows: None, alice: Person, settings) -> None:
    settings.AUDIT_SECRET = "another-secret-0123456789-abcdefghij"
    record.event(actor=alice, action="session.sign_in")
    settings.AUDIT_SECRET = "tests-only-audit-Vq8Zt3Lm6Wy1Rb9Xc4Nd7Kf2"
    assert verify.check().problem.startswith("Row 7 was changed")


def test_a_missing_anchor_file_is_told(six_rows: None, audit_anchor: Path) -> None:
    audit_anchor.unlink()
    assert "file of published links is missing" in verify.check().problem


def test_a_line_cut_by_a_crash_is_passed_over(six_rows: None, audit_anchor: Path) -> None:
    with audit_anchor.open("a") as file:
        file.write("7 abcdef")
    assert verify.check().is_whole


def test_no_published_link_is_dropped_that_was_read_whole(settings, tmp_path: Path) -> None:
    """Wherever the file's last bytes begin: within a line, at one, or before the first."""
    lines = [f"{number} {number:064x}\n" for number in range(1, 5)]
    settings.AUDIT_ANCHOR = tmp_path / "anchor"
    settings.AUDIT_ANCHOR.write_text("".join(lines))
    for size in range(1, 360):
        fit = [number for number in range(1, 5) if len("".join(lines[number - 1 :])) <= size]
        assert [number for number, _ in verify._newest_published(size)] == fit


def test_a_file_that_cannot_be_written_stops_nobody(six_rows: None, alice: Person, audit_anchor: Path) -> None:
    audit_anchor.unlink()
    audit_anchor.mkdir()
    record.event(actor=alice, action="session.sign_in")
    assert Entry.objects.count() == 7


def test_a_file_that_lags_behind_is_told(six_rows: None, audit_anchor: Path) -> None:
    lines = audit_anchor.read_text().splitlines(keepends=True)
    audit_anchor.write_text("".join(lines[:4]))
    assert verify.check().problem.startswith("The rows from 5 on were not published")
    audit_anchor.write_text("".join([*lines[:4], lines[5]]))
    assert verify.check().is_whole, "the newest link proves the rows before it"


def test_two_rows_that_changed_places_are_found(by_hand: Callable[[str], None]) -> None:
    by_hand("UPDATE audit_entry SET sequence = 99 WHERE sequence = 3")
    by_hand("UPDATE audit_entry SET sequence = 3 WHERE sequence = 4")
    by_hand("UPDATE audit_entry SET sequence = 4 WHERE sequence = 99")
    assert verify.check().problem.startswith("Row 3 was changed")


def test_the_command_says_whole(six_rows: None) -> None:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "6 rows" in out.getvalue()


def test_the_command_ends_with_one_and_the_row(by_hand: Callable[[str], None]) -> None:
    by_hand("DELETE FROM audit_entry WHERE sequence = 2")
    err = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", stderr=err)
    assert ended.value.code == 1
    assert "Row 2 is missing" in err.getvalue()
