"""Deleting for everyone, and cancelling what still runs: asked first, recorded, sent once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.demo import connect_key
from accounts.models import Person
from console.audit.models import Entry
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.conftest import SPACE
from tests.exports.making import EXPORTS, finish, sent, start, text_of
from tests.rewriting_proxy import rewriting

ClientAs = Callable[[Person], Client]


@pytest.fixture
def running(alice: Person, client_as: ClientAs, slow: Running) -> ExportRequest:
    return start(client_as(alice), name="Q3")


def press(client: Client, export_request: ExportRequest, times: int = 1) -> str:
    address = f"/exports/{export_request.export_id}/delete/"
    act_id = client.get(address).context["act_id"]
    for _ in range(times):
        response = client.post(address, {"act_id": str(act_id)}, follow=True)
    return text_of(response)


def test_without_script_a_page_asks_first(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    client = client_as(alice)
    words = text_of(client.get(f"/exports/{running.export_id}/delete/"))
    assert "Cancel Q3 ?" in words
    assert "The export is canceled and deleted for everyone." in words
    finish(slow, running)
    assert "Delete “Q3”" in text_of(client.get(f"/exports/{running.export_id}/delete/"))
    assert sent(slow, "DELETE") == []


def test_cancelling_frees_the_slot(running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running) -> None:
    client = client_as(alice)
    assert "are deleted, for everyone" in press(client, running)
    assert "No export is running" in text_of(client.get("/exports/lane/"))
    (entry,) = Entry.objects.lines().filter(action="export.delete")
    assert (entry.outcome, entry.thing_id, entry.thing_name) == ("done", running.export_id, "Q3")
    running.refresh_from_db()
    assert running.end_status == "DELETED"


def test_ten_presses_delete_once(running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running) -> None:
    assert "are deleted, for everyone" in press(client_as(alice), running, times=10)
    assert len(sent(slow, "DELETE", EXPORTS)) == 1


def test_a_duplicate_submission_gets_the_first_result(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    slow.fault("cloudfactory", "403", method="DELETE")
    client = client_as(alice)
    act_id = client.get(f"/exports/{running.export_id}/delete/").context["act_id"]
    for _ in range(2):
        response = client.post(f"/exports/{running.export_id}/delete/", {"act_id": str(act_id)})
        assert response.status_code == 403
        assert "Nothing was changed. Use another key" in text_of(response)
    assert len(sent(slow, "DELETE", EXPORTS)) == 1


def test_one_from_outside_is_deleted_under_its_name(alice: Person, client_as: ClientAs, slow: Running) -> None:
    export = slow.act("start_export", name="Theirs")["export"]
    client = client_as(alice)
    act_id = client.get(f"/exports/{export['exportId']}/delete/").context["act_id"]
    client.post(f"/exports/{export['exportId']}/delete/", {"act_id": str(act_id)})
    assert Entry.objects.lines().get(action="export.delete").thing_name == "Theirs"


def test_gone_already_is_said(running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running) -> None:
    client = client_as(alice)
    act_id = client.get(f"/exports/{running.export_id}/delete/").context["act_id"]
    slow.act("delete_export", export=running.export_id)
    response = client.post(f"/exports/{running.export_id}/delete/", {"act_id": str(act_id)}, follow=True)
    assert "no longer exists" in text_of(response)


def test_an_old_page_deletes_nothing(running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running) -> None:
    for act_id in ("", "x", "' or 1=1"):
        client_as(alice).post(f"/exports/{running.export_id}/delete/", {"act_id": act_id})
    assert sent(slow, "DELETE") == []


@pytest.mark.parametrize("person", ["bob", "dana"])
def test_only_who_may_change_may_delete(
    running: ExportRequest, client_as: ClientAs, slow: Running, request: pytest.FixtureRequest, person: str
) -> None:
    client = client_as(request.getfixturevalue(person))
    assert client.get(f"/exports/{running.export_id}/delete/").status_code == 403
    assert client.post(f"/exports/{running.export_id}/delete/").status_code == 403
    assert sent(slow, "DELETE") == []


def test_no_clear_answer_is_unknown_and_found_out_by_reading(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    from console.audit import reconciliation

    slow.fault("cloudfactory", "drop-after", method="DELETE")
    client = client_as(alice)
    act_id = client.get(f"/exports/{running.export_id}/delete/").context["act_id"]
    response = client.post(f"/exports/{running.export_id}/delete/", {"act_id": str(act_id)})
    assert response.status_code == 502
    entry = Entry.objects.get(pk=act_id)
    assert entry.outcome == "unknown"
    assert reconciliation.look(entry).is_resolved
    assert Entry.objects.get(pk=act_id).outcome == "done"
    assert len(sent(slow, "DELETE")) == 1
    running.refresh_from_db()
    assert running.end_status == "DELETED"


def test_the_page_of_a_login_portal_deletes_nothing(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, settings: Any
) -> None:
    client = client_as(alice)
    with rewriting(slow, settings, "cloudfactory") as vendor:
        vendor.answer(
            "DELETE", "/exports/", b"<!doctype html><title>Sign in to the guest network</title>", 200, "text/html"
        )
        words = press(client, running)

    assert "deleted, for everyone" not in words
    (entry,) = Entry.objects.lines().filter(action="export.delete")
    assert entry.outcome == "unknown"
    assert len(vendor.sent("DELETE", "/exports/")) == 1
    running.refresh_from_db()
    assert running.end_status != "DELETED"


def test_a_key_that_lost_the_space_does_not_make_it_deleted(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    """CloudFactory answers 404 for both, so only a space that can be read tells that the export is gone."""
    from console.audit import reconciliation

    slow.fault("cloudfactory", "503", method="DELETE")
    client = client_as(alice)
    act_id = client.get(f"/exports/{running.export_id}/delete/").context["act_id"]
    client.post(f"/exports/{running.export_id}/delete/", {"act_id": str(act_id)})
    alice.api_keys.filter(vendor="cloudfactory").delete()
    connect_key(alice, "cloudfactory", "cf_demo_outsider", SPACE, "Northwind")
    assert reconciliation.look(Entry.objects.get(pk=act_id)).status == "checking"
    alice.api_keys.filter(vendor="cloudfactory").delete()
    connect_key(alice, "cloudfactory", "cf_demo_ops", SPACE, "Northwind")
    assert "still as before" in reconciliation.look(Entry.objects.get(pk=act_id)).message.casefold()
    assert Entry.objects.get(pk=act_id).outcome == "unknown"
