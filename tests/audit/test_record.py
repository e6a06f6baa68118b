"""An opening before the call, an outcome after it, and one press however often it is pressed."""

import datetime
import threading
import uuid
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

from accounts.models import Person
from console.audit import record, verify
from console.audit.models import Entry
from console.common.errors import ConsoleError
from console.common.redaction import remember

DAY = datetime.date(2026, 11, 3)


class Refused(ConsoleError):
    message = "Avala does not know the key avk_demo_secretsecret."
    status = 401
    reference = "req-77"


def create(actor: Person | None, **said: Any) -> record.audited_call:
    return record.audited_call(actor=actor, action="slice.create", thing_kind="slice", thing_name="Rain", **said)


@pytest.mark.django_db(transaction=True)
def test_the_opening_is_committed_before_the_call(alice: Person) -> None:
    seen: list[str] = []

    def look_from_outside() -> None:
        seen.extend(Entry.objects.values_list("recorded_outcome", flat=True))
        connection.close()

    with create(alice):
        other = threading.Thread(target=look_from_outside)
        other.start()
        other.join()
    assert seen == ["open"]
    assert Entry.objects.count() == 2


def test_leaving_normally_is_done(alice: Person) -> None:
    with create(alice, vendor="avala", note="for the demo") as act:
        act.done(thing_id="northwind/rain", detail={"items": 12}, reference="req-1")
    entry = Entry.objects.get(pk=act.id)
    assert (entry.outcome, entry.result, entry.result_id) == ("done", {"items": 12}, "northwind/rain")
    assert (entry.actor_name, entry.actor_email, entry.note) == ("Alice", alice.email, "for the demo")
    assert entry.newest_outcome.vendor_reference == "req-1"


def test_an_act_without_a_word_is_done(alice: Person) -> None:
    with create(alice) as act:
        pass
    assert Entry.objects.get(pk=act.id).outcome == "done"


def test_an_error_says_how_it_ended_and_goes_on(alice: Person) -> None:
    with pytest.raises(Refused), create(alice) as act:
        raise Refused
    entry = Entry.objects.get(pk=act.id)
    assert entry.outcome == "failed"
    assert entry.result["status"] == 401
    assert entry.newest_outcome.vendor_reference == "req-77"
    assert "secretsecret" not in entry.result["error"]


def test_an_error_of_unknown_kind_is_unknown(alice: Person) -> None:
    with pytest.raises(ZeroDivisionError), create(alice) as act:
        1 / 0  # noqa: B018
    assert Entry.objects.get(pk=act.id).outcome == "unknown"


def test_an_error_after_done_leaves_it_done(alice: Person) -> None:
    def made_but_not_drawn() -> None:
        with create(alice, act_id=press) as act:
            act.done()
            raise Refused

    press = uuid.uuid4()
    with pytest.raises(Refused):
        made_but_not_drawn()
    assert Entry.objects.get(pk=press).outcome == "done"


def test_a_kill_leaves_it_open(alice: Person) -> None:
    with pytest.raises(KeyboardInterrupt), create(alice) as act:
        raise KeyboardInterrupt
    assert Entry.objects.get(pk=act.id).outcome == "open"


@pytest.mark.parametrize("statement", ["ALTER TABLE audit_entry RENAME TO audit_gone"])
def test_no_entry_no_act(alice: Person, statement: str) -> None:
    sent: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    with pytest.raises(record.NotRecorded, match="could not be recorded") as refused, create(alice):
        sent.append("call")
    assert sent == []
    assert refused.value.outcome == "failed"
    assert isinstance(refused.value.__cause__, DatabaseError)


def test_an_act_within_a_transaction_is_a_mistake(alice: Person) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), create(alice):
        pytest.fail("the call was made")


def test_a_duplicate_submission_gets_the_first_result(alice: Person) -> None:
    press = uuid.uuid4()
    with create(alice, act_id=press) as act:
        act.done(detail={"slug": "rain"})
    with pytest.raises(record.AlreadyActed) as again, create(alice, act_id=press):
        pytest.fail("sent twice")
    assert again.value.entry.outcome == "done"
    assert again.value.entry.result == {"slug": "rain"}


def test_another_persons_id_is_refused_without_a_word_about_it(alice: Person, bob: Person) -> None:
    press = uuid.uuid4()
    with create(alice, act_id=press):
        pass
    with pytest.raises(record.IdTaken) as refused, create(bob, act_id=press):
        pytest.fail("sent")
    assert "Alice" not in str(refused.value)
    assert "Rain" not in str(refused.value)


def test_an_id_used_for_another_act_is_refused(alice: Person) -> None:
    press = uuid.uuid4()
    with create(alice, act_id=press):
        pass
    with pytest.raises(record.IdTaken), record.audited_call(actor=alice, action="export.create", act_id=press):
        pytest.fail("sent")


def refused_once(actor: Person) -> uuid.UUID:
    """An act that was surely not done, because its vendor was busy."""
    press = uuid.uuid4()
    with pytest.raises(Refused), create(actor, act_id=press, detail={"items": 3}):
        raise Refused
    return press


def test_what_was_surely_not_done_is_sent_again_under_its_one_entry(alice: Person) -> None:
    press = refused_once(alice)
    with create(alice, act_id=press, detail={"items": 2}, again=True) as act:
        assert Entry.objects.get(pk=press).outcome == "unknown"
        act.done(detail={"items_done": 2})
    entry = Entry.objects.get(pk=press)
    assert (Entry.objects.lines().count(), entry.outcome) == (1, "done")
    assert (entry.result["items"], entry.result["items_done"], entry.result["error"]) == (2, 2, "")
    assert [row.recorded_outcome for row in entry.outcomes.order_by("sequence")] == ["failed", "unknown", "done"]
    assert verify.newest_are_whole().is_whole


def test_a_kill_while_it_is_sent_again_is_not_taken_for_refused(alice: Person) -> None:
    press = refused_once(alice)
    with pytest.raises(KeyboardInterrupt), create(alice, act_id=press, again=True):
        raise KeyboardInterrupt
    assert Entry.objects.get(pk=press).outcome == "unknown"
    with pytest.raises(record.AlreadyActed), create(alice, act_id=press, again=True):
        pytest.fail("sent twice")


def test_what_may_be_done_is_never_sent_again(alice: Person) -> None:
    for end in ("done", "unknown", "detach"):
        press = uuid.uuid4()
        with create(alice, act_id=press) as act:
            getattr(act, end)()
        with pytest.raises(record.AlreadyActed), create(alice, act_id=press, again=True):
            pytest.fail("sent twice")


def test_an_act_of_somebody_else_is_not_sent_again(alice: Person, bob: Person) -> None:
    press = refused_once(alice)
    with pytest.raises(record.IdTaken), create(bob, act_id=press, again=True):
        pytest.fail("sent")
    with pytest.raises(record.AlreadyActed), create(alice, act_id=press):
        pytest.fail("sent without a word")


@pytest.mark.django_db(transaction=True)
def test_ten_workers_that_send_it_again_at_once_send_it_once(alice: Person) -> None:
    press, sent, refused = refused_once(alice), [], []
    start = threading.Barrier(10)

    def push(number: int) -> None:
        start.wait()
        try:
            with create(alice, act_id=press, again=True):
                sent.append(number)
        except record.AlreadyActed:
            refused.append(number)
        connection.close()

    presses = [threading.Thread(target=push, args=[number]) for number in range(10)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert (len(sent), len(refused)) == (1, 9)
    assert verify.check().is_whole


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_send_once_and_the_chain_has_no_fork(alice: Person) -> None:
    press, sent, refused = uuid.uuid4(), [], []
    start = threading.Barrier(10)

    def push(number: int) -> None:
        start.wait()
        try:
            with create(alice, act_id=press):
                sent.append(number)
        except record.AlreadyActed:
            refused.append(number)
        record.event(actor=alice, action="export.download", thing_name=f"file {number}")
        connection.close()

    presses = [threading.Thread(target=push, args=[number]) for number in range(10)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert (len(sent), len(refused)) == (1, 9)
    assert list(Entry.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(1, 13))
    assert verify.check() == verify.ChainVerdict(12)


def test_an_event_is_one_row(alice: Person, rf: RequestFactory) -> None:
    request = rf.get("/", REMOTE_ADDR="192.0.2.7")
    entry = record.event(actor=alice, action="session.sign_in", request=request)
    assert (entry.kind, entry.outcome, entry.address) == ("event", "done", "192.0.2.7")


def test_an_event_in_a_transaction_that_fails_is_not_there(alice: Person) -> None:
    with transaction.atomic():
        record.event(actor=alice, action="person.role")
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


def test_the_console_itself_may_act(db: None) -> None:
    entry = record.event(actor=None, action="export.receipt", thing_name="Q3")
    assert (entry.actor, entry.actor_name) == (None, "The console")


def test_no_secret_gets_into_a_row(alice: Person) -> None:
    remember("hunter2-hunter2")
    entry = record.event(
        actor=alice,
        action="key.connect",
        thing_name="hunter2-hunter2",
        note="it was hunter2-hunter2",
        detail={"hunter2-hunter2": ["hunter2-hunter2", {"deep": "https://a.example/x?X-Amz-Signature=abc"}]},
    )
    row = str(Entry.objects.filter(pk=entry.pk).values()[0])
    assert "hunter2-hunter2" not in row
    assert "Signature=abc" not in row


def test_hostile_text_is_kept_as_text_and_the_chain_holds(alice: Person) -> None:
    hostile = "a\x00b\ud800c" + "x" * 400
    detail = {
        "n": 1e22,
        "half": 0.1,
        "tiny": 5e-324,
        "none": None,
        "big": 10**40,
        "endless": float("inf"),
        "t": hostile,
    }
    with create(alice, thing_id=hostile, detail=detail):
        pass
    entry = Entry.objects.get(kind="opening")
    assert entry.thing_id.startswith("a\ufffdb\ufffdc")
    assert entry.thing_id.endswith("…")
    assert len(entry.thing_id) == 200
    assert verify.newest_are_whole().is_whole


def test_settling_twice_is_refused(alice: Person) -> None:
    with pytest.raises(ZeroDivisionError), create(alice) as act:
        1 / 0  # noqa: B018
    record.reconcile(act.entry, "done", {"found": "by looking"}, by=alice, note="seen in the list")
    with pytest.raises(record.AlreadyReconciled):
        record.reconcile(act.entry, "failed", {})
    entry = Entry.objects.get(pk=act.id)
    assert (entry.outcome, entry.newest_outcome.note) == ("done", "seen in the list")


def test_ids_in_any_spelling_and_missing_words_keep_the_chain_whole(alice: Person) -> None:
    press = uuid.uuid4()
    loose: Any = {"act_id": press.hex.upper(), "note": None, "key": None, "thing_id": None, "vendor": None}
    with create(alice, **loose) as act:
        act.done(thing_id=7, reference=None, note=None, detail={"odd": {"a set"}, "when": DAY})
    entry = Entry.objects.get(pk=press)
    assert (entry.note, entry.key_fingerprint, entry.thing_id, entry.result_id) == ("", "", "", "7")
    assert verify.newest_are_whole().is_whole
