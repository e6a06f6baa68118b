"""An export of another space is a page that does not exist, wherever one looks for its name."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person, Place
from console.audit.models import Entry
from console.emulator.server import Running
from console.exports.models import ExportRequest, Receipt
from tests.conftest import SPACE
from tests.exports.making import EXPORTS, HTMX, finish, form, made_by, sent, start, work

ClientAs = Callable[[Person], Client]
NAME = "Crown jewels of November"


@pytest.fixture
def theirs(alice: Person, client_as: ClientAs, emulator: Running) -> ExportRequest:
    export_request = start(client_as(alice), name=NAME)
    finish(emulator, export_request)
    client_as(alice).get(f"/exports/{export_request.export_id}/")
    work(3)
    assert Receipt.objects.filter(pk=export_request.export_id).exists()
    queued = made_by(alice, name=NAME, state=ExportRequest.State.QUEUED)
    assert queued.space == SPACE
    return export_request


@pytest.fixture(params=["in a space of their own", "naming that space", "refused with 403", "refused with 401"])
def stranger(request: Any, theirs: ExportRequest, carol: Person, client_as: ClientAs, emulator: Running) -> Client:
    """Somebody who knows the export's id, from an address a colleague sent."""
    if request.param != "in a space of their own":
        Place.objects.filter(person=carol, vendor="cloudfactory").update(value=SPACE)
    if request.param.startswith("refused"):
        emulator.fault("cloudfactory", request.param[-3:], times=0)
    return client_as(carol)


def test_no_page_has_its_name(stranger: Client, theirs: ExportRequest) -> None:
    address, form_id = f"/exports/{theirs.export_id}/", str(uuid.uuid4())
    answers = [stranger.get(f"{address}{part}") for part in ("", "row/", "status/", "download/", "delete/")]
    answers += [stranger.get(f"{address}{part}", headers=HTMX) for part in ("row/", "status/", "download/")]
    answers += [stranger.head(f"{address}download/"), stranger.post(f"{address}delete/", {"act_id": str(uuid.uuid4())})]
    answers += [stranger.post(f"{address}delete/", {"act_id": str(theirs.act_id)})]
    answers += [stranger.get(f"/exports/plan/{theirs.pk}/"), stranger.post(f"/exports/plan/{theirs.pk}/check/")]
    answers += [stranger.post(f"/exports/plan/{theirs.pk}/leave/")]
    answers += [stranger.post("/exports/new/", form(id=form_id)), stranger.post("/exports/new/contents/", form())]
    answers += [stranger.post("/exports/new/", form(id=str(theirs.pk)))]
    pages = ("/exports/", "/exports/lane/", "/exports/news/", "/exports/new/", "/", "/audit/")
    answers += [stranger.get(page) for page in pages]
    answers += [stranger.get(page, headers=HTMX) for page in pages]
    for answer in answers:
        assert NAME not in answer.content.decode() + str(answer.headers), answer.request["PATH_INFO"]


def test_the_audit_of_what_they_tried_has_not_its_name_either(
    stranger: Client, theirs: ExportRequest, carol: Person
) -> None:
    stranger.get(f"/exports/{theirs.export_id}/download/")
    stranger.post(f"/exports/{theirs.export_id}/delete/", {"act_id": str(uuid.uuid4())})
    assert not any(NAME in row.words + row.thing_name + str(row.detail) for row in Entry.objects.filter(actor=carol))


def test_nothing_of_it_was_changed(stranger: Client, theirs: ExportRequest, alice: Person, emulator: Running) -> None:
    stranger.post(f"/exports/{theirs.export_id}/delete/", {"act_id": str(uuid.uuid4())})
    assert not [one for one in sent(emulator, "DELETE", EXPORTS) if one["status"] < 300]
    theirs.refresh_from_db()
    assert theirs.end_status == "COMPLETED"
