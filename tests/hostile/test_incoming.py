"""Everything that brings work in: asked by the wrong person, at the wrong place, in a wrong state, with anything."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Person
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.files.models import Upload, UploadFile
from console.items.models import Import, ImportRow, LabelInsert
from tests.concurrent_requests import press
from tests.files.getting import listed, pictures
from tests.files.uploading import UploadScript, file
from tests.items import import_helpers as imports
from tests.items import label_forms as labels
from tests.items.item_helpers import COINS, add_item

ClientAs = Callable[[Person], Client]

pytestmark = pytest.mark.django_db

NOWHERE = "00000000-0000-4000-8000-000000000000"
WRITES = ("POST", "PUT", "PATCH", "DELETE")
STEPS = ("start", "stop", "carry-on", "retry", "read-again")


@dataclass
class Things:
    """What Alice has begun: a plan, an upload, a list of paths, labels. Nobody else can do anything with it."""

    plan: Import
    upload: UploadScript
    files: list[str]
    paths: str
    preview: str

    def addresses(self) -> list[str]:
        """Where something would change."""
        plan = f"{imports.ITEMS}imports/{self.plan.pk}/"
        return [
            *(f"{plan}{step}/" for step in STEPS),
            *(f"/files/upload/{self.upload.id}/{step}/" for step in ("links", "report", "check")),
            f"{imports.ITEMS}from-files/{self.upload.id}/",
            f"{self.paths}sizes/",
            f"{self.preview}send/",
        ]

    def pages(self) -> list[str]:
        return [f"/files/upload/{self.upload.id}/", f"/files/upload/{self.upload.id}/rows/", self.paths, self.preview]

    def state(self) -> Any:
        rows = ImportRow.objects.filter(import_run=self.plan).values_list("number", "outcome")
        inserts = LabelInsert.objects.values_list("pk", "state", "digest")
        files = UploadFile.objects.values_list("pk", "state", "upload")
        return Import.objects.get(pk=self.plan.pk).state, sorted(rows), sorted(inserts), sorted(files)

    def body(self, address: str) -> tuple[Any, str]:
        """What their own page sends there, and as which type."""
        if "/files/upload/" in address:
            step = PurePosixPath(address).name
            bodies: dict[str, Any] = {
                "links": {"files": self.files},
                "report": {"files": [{"id": one, "state": "failed", "reason": "stopped"} for one in self.files]},
                "check": {"file": self.files[0]},
            }
            return json.dumps(bodies[step]), "application/json"
        version = self.plan.read_at.isoformat() if self.plan.read_at else ""
        insert = LabelInsert.objects.get()
        return {"version": version, "digest": insert.digest, "known": "0", "again": "1"}, ""


@pytest.fixture
def things(alice: Person, client_as: ClientAs, emulator: Running) -> Things:
    client, item = client_as(alice), add_item(emulator)
    upload = UploadScript(client)
    found = Things(
        plan=imports.ready_import(alice, 5),
        upload=upload,
        files=upload.add_ids(file("a.jpg"), file("b.jpg")),
        paths=listed(client, pictures(emulator, 3)),
        preview=labels.previewed(client, item, labels.OBJECTS),
    )
    emulator.forget_requests()
    return found


def send(client: Client, address: str, body: Any, content_type: str = "", **more: Any) -> Any:
    if content_type:
        return client.post(address, body, content_type, **more)
    return client.post(address, body, **more)


def fill(client: Client, address: str, fields: dict[str, str]) -> Any:
    """A form with half characters in it as a program can send them: no browser does."""
    body = urlencode(fields, errors="surrogatepass")
    return client.post(address, body, "application/x-www-form-urlencoded")


def changed(emulator: Running) -> list[str]:
    """Calls that can have changed something at CloudFactory; links are asked for by POST too."""
    asked = emulator.requests("cloudfactory")
    return [one["path"] for one in asked if one["method"] in WRITES and not one["path"].endswith("/signedurls")]


@pytest.mark.parametrize("who", ["erin", "carol", "nobody"])
def test_what_somebody_has_begun_is_not_there_for_others(
    things: Things, client_as: ClientAs, emulator: Running, request: pytest.FixtureRequest, who: str
) -> None:
    client, before = client_as(request.getfixturevalue(who)), things.state()
    for address in things.addresses():
        body, content_type = things.body(address)
        for headers in ({}, {"HX-Request": "true"}):
            if headers and content_type:
                continue  # htmx sends no JSON.
            answer = send(client, address, body, content_type, headers=headers)
            assert answer.status_code == 404, address
    for address in things.pages():
        assert client.get(address).status_code == 404, address
    assert things.state() == before
    assert emulator.requests("cloudfactory") == []


@pytest.mark.parametrize("who", ["bob", "dana"])
def test_whoever_may_not_change_anything_changes_nothing(
    things: Things, client_as: ClientAs, emulator: Running, request: pytest.FixtureRequest, who: str
) -> None:
    client, before = client_as(request.getfixturevalue(who)), things.state()
    for address in things.addresses():
        assert send(client, address, *things.body(address)).status_code in (403, 404), address
    forms = [
        f"{imports.ITEMS}new/",
        f"{imports.ITEMS}import/",
        "/files/upload/",
        things.preview.rsplit("/", 2)[0] + "/",
    ]
    for address in forms:
        for answer in (client.get(address), client.post(address, {"act_id": str(uuid.uuid4())})):
            assert answer.status_code == 403, address
    assert things.state() == before
    assert changed(emulator) == []


def test_signed_out_nothing_changes(things: Things, emulator: Running) -> None:
    client, before = Client(HTTP_HOST="localhost"), things.state()
    for address in things.addresses():
        assert send(client, address, *things.body(address)).status_code in (302, 401), address
    assert things.state() == before
    assert emulator.requests("cloudfactory") == []


@pytest.mark.parametrize("project", [PROJECTS["nuclei"], NOWHERE])
def test_under_another_project_there_is_nothing_of_it(
    things: Things, alice: Person, client_as: ClientAs, emulator: Running, project: str
) -> None:
    client, before = client_as(alice), things.state()
    of_project = [one for one in things.addresses() if one.startswith("/projects/") and "from-files" not in one]
    assert len(of_project) == 6
    for address in of_project:
        for known in (imports.ARCHIVE, COINS):
            moved = address.replace(known, project)
            if moved != address:
                assert send(client, moved, *things.body(address)).status_code == 404, moved
    assert things.state() == before
    assert changed(emulator) == []


@pytest.mark.parametrize("state", list(Import.State))
def test_in_whatever_state_an_import_is_each_button_is_answered(
    things: Things, alice: Person, client_as: ClientAs, emulator: Running, state: str
) -> None:
    client = client_as(alice)
    here = f"{imports.ITEMS}imports/{things.plan.pk}/"
    for step in STEPS:
        for headers in ({}, {"HX-Request": "true"}):
            Import.objects.filter(pk=things.plan.pk).update(state=state)
            answer = send(client, f"{here}{step}/", *things.body(here), headers=headers)
            assert answer.status_code in (200, 302, 404, 409), step
            assert client.get(here).status_code == 200, step
    for tail in ("", "progress/", "refused.csv", "?page=2", "?page=x", "?outcome=created", "?outcome=<b>"):
        assert client.get(here + tail).status_code in (200, 302), tail
    assert changed(emulator) == [], "something was created without a worker"


@pytest.mark.parametrize("state", list(UploadFile.State))
def test_in_whatever_state_a_file_is_each_call_is_answered(things: Things, emulator: Running, state: str) -> None:
    for step in ("links", "report", "check"):
        UploadFile.objects.filter(upload=things.upload.id).update(state=state)
        body = things.body(f"/files/upload/{things.upload.id}/{step}/")[0]
        assert things.upload.post(step, body).status_code == 200, step
    assert UploadFile.objects.filter(upload=things.upload.id).count() == 2


# Bodies that no page of ours sends

BODIES: list[Any] = [
    " ",
    "{",
    "null",
    "[]",
    "7",
    '"files"',
    "{}",
    '{"files": null}',
    '{"files": {}}',
    '{"files": [null]}',
    '{"files": [7]}',
    '{"files": ["x"]}',
    '{"files": [[]]}',
    '{"files": [{}]}',
    '{"files": [{"id": null, "state": null}]}',
    '{"files": [{"id": {}, "state": []}]}',
    '{"files": NaN}',
    '{"files": [], "files": []}',
    '{"files": ' + "[" * 3_000 + "]" * 3_000 + "}",
    '{"files": [' + ",".join(["{}"] * 501) + "]}",
    '{"files": [{"folder": 7, "name": [], "size": "x", "modified": {}}]}',
    '{"files": [{"folder": "", "name": "", "size": -1, "modified": -1}]}',
    '{"files": [{"folder": "", "name": "a", "size": 1e300, "modified": 1}]}',
    '{"files": [{"folder": "", "name": "a", "size": 9223372036854775807, "modified": 9223372036854775807}]}',
    '{"files": [{"folder": "", "name": "a", "size": 99999999999999999999, "modified": 1}]}',
    '{"files": [{"folder": "", "name": "a", "size": true, "modified": false}]}',
    '{"files": [{"folder": "../..", "name": "../a\\u0000\\ud800", "size": 1, "modified": 1}]}',
    '{"file": null}',
    '{"file": [1]}',
    f'{{"file": "{NOWHERE}"}}',
    f'{{"files": ["{NOWHERE}"]}}',
    f'{{"files": [{{"id": "{NOWHERE}", "state": "saved"}}]}}',
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:60])
def test_whatever_the_script_sends_is_answered_in_json(things: Things, emulator: Running, body: str) -> None:
    for step in ("add", "links", "report", "check"):
        answer = things.upload.post(step, body)
        assert answer.status_code in (200, 400, 404), (step, answer.status_code)
        assert answer["Content-Type"].startswith("application/json"), step
        assert isinstance(answer.json(), dict)
    assert UploadFile.objects.filter(upload=things.upload.id, state="saved").count() == 0
    assert emulator.requests("storage") == []


def test_a_file_of_another_upload_is_not_reached_through_ones_own(
    things: Things, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    hers, before = UploadScript(client_as(erin)), things.state()
    hers.add(file("c.jpg"))
    assert hers.post("check", {"file": things.files[0]}).status_code == 404
    for step, body in (
        ("links", {"files": things.files}),
        ("report", {"files": [{"id": one, "state": "saved"} for one in things.files]}),
    ):
        assert hers.post(step, body).status_code in (200, 404)
    mine = [one for one in things.state()[3] if one[2] == things.upload.id]
    assert mine == before[3]


TEXTS = [
    "\0",
    "\ud800",
    "\u202e",
    "x" * 300_000,
    "1" * 5_000,
    "-1",
    "1e9",
    "²",
    "[" * 3_000,
    '{"a": NaN}',
    "javascript:alert(1)",
    "=1+1",
    "<script>alert(1)</script>",
    "9999-12-31",
    "0001-01-01",
]
FIELDS = {
    "new/": (
        *("act_id", "asset_url", "asset_id", "asset_type", "batch", "due_at", "due_in_days", "difficulty"),
        *("results_url", "taxonomy_version_id", "labels", "base", "key", "value", "kind"),
    ),
    "import/": ("import_id", "text", "batch_id"),
    "from-slice/northwind/all-coins/": ("import_id", "act_id", "batch", "name"),
}


@pytest.mark.parametrize("form", FIELDS)
def test_anything_in_any_field_is_answered_and_creates_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, form: str
) -> None:
    client, address, names = client_as(alice), f"/projects/{COINS}/items/{form}", FIELDS[form]
    alone = [{name: TEXTS[(3 * place + turn) % len(TEXTS)]} for place, name in enumerate(names) for turn in range(2)]
    for sent in (*alone, *(dict.fromkeys(names, text) for text in TEXTS)):
        answer = fill(client, address, sent)
        assert answer.status_code in (302, 409, 422), (answer.status_code, {key: sent[key][:20] for key in sent})
        assert "<script>alert" not in answer.content.decode()
    assert client.post(address, {name: ["1"] * 50 for name in names}).status_code in (302, 409, 422)
    assert changed(emulator) == []


@pytest.mark.parametrize("text", TEXTS)
def test_anything_as_labels_or_as_paths_is_answered(
    things: Things, alice: Person, client_as: ClientAs, emulator: Running, text: str
) -> None:
    client = client_as(alice)
    form = things.preview.rsplit("/", 2)[0] + "/"
    for sent in (
        {"labels": text},
        {"labels": "[{}]", "picture": text, "act_id": str(uuid.uuid4())},
        {"labels": "[{}]", "act_id": text},
        {"labels": text, "check": "yes", "file_name": text},
    ):
        assert fill(client, form, sent).status_code in (200, 302, 422), sent
    for field in ("digest", "known", "again"):
        assert fill(client, f"{things.preview}send/", {field: text}).status_code == 409, field
    assert fill(client, "/files/get/", {"paths": text}).status_code in (302, 422)
    assert changed(emulator) == []


@pytest.mark.parametrize(
    "query",
    [
        "batch=x",
        "batch=" + "9" * 40,
        "batch=-1",
        "batch=1&batch=2",
        "insert=x",
        "typed=x",
        "page=0",
        "page=1e9",
        "q=%00",
    ],
)
def test_any_address_opens_the_pages(
    things: Things, alice: Person, client_as: ClientAs, emulator: Running, query: str
) -> None:
    client = client_as(alice)
    items = f"/projects/{COINS}/items/"
    for page in (
        *(f"{items}{tail}" for tail in ("new/", "import/", "from-slice/northwind/all-coins/")),
        *("/files/", "/files/upload/", "/files/get/"),
        *(*things.pages(), things.preview.rsplit("/", 2)[0] + "/"),
    ):
        assert client.get(f"{page}?{query}").status_code == 200, page


# At once


@pytest.mark.django_db(transaction=True)
def test_ten_presses_of_each_button_at_once_do_it_once(
    things: Things, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    plan = f"{imports.ITEMS}imports/{things.plan.pk}/"
    for address in (f"{plan}start/", f"{plan}stop/", f"{plan}retry/", f"{things.paths}sizes/"):
        told = press(lambda: client_as(alice), address, things.body(address)[0], {})
        assert {one.status_code for one in told} <= {302, 409}, address
    imports.run_workers(3)
    made_items = [path for path in changed(emulator) if path.endswith("/workItems")]
    assert len(made_items) <= 5
    assert ImportRow.objects.filter(import_run=things.plan, outcome="created").count() == len(made_items)


@pytest.mark.django_db(transaction=True)
def test_ten_tabs_that_add_and_ask_for_links_at_once_lose_and_double_nothing(
    things: Things, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    clients, together = [client_as(alice) for _ in range(10)], Barrier(10)
    shared = uuid.uuid4()

    def tab(client: Client) -> list[int]:
        script = UploadScript(client, shared)
        together.wait()
        try:
            added = script.post("add", {"files": [file(f"{number}.jpg") for number in range(5)]})
            ids = [one["id"] for one in added.json()["files"]] if added.status_code == 200 else []
            return [added.status_code, script.post("links", {"files": ids}).status_code]
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(tab, clients))
    assert told == [[200, 200]] * 10
    assert Upload.objects.get(pk=shared).files.count() == 5
    given = UploadFile.objects.filter(upload=shared).values_list("path", flat=True)
    assert len({path for path in given if path}) == len([path for path in given if path])
