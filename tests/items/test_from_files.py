"""Work items of uploaded files: one for each saved file, with its name, and once however often it is asked for."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.files.models import Upload, UploadFile
from console.items.console_ids import KEY
from console.items.models import Import
from console.jobs import worker
from tests.conftest import SPACE
from tests.faults.browser import Page
from tests.items.import_helpers import ARCHIVE, count_console_ids, figures, posts, run_workers

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[[Person], Client]
State = UploadFile.State


@pytest.fixture(autouse=True)
def quick_checks(settings: Any, audit_anchor: Any) -> None:
    settings.AUDIT_SETTLE_SPAN = 0


def uploaded(person: Person, names: list[str], *, space: str = SPACE, **more: Any) -> Upload:
    """As an upload leaves its ledger."""
    upload = Upload.objects.create(person=person, space=space, space_name="Northwind")
    fields = {"size": 10, "modified": 1, "content_type": "image/jpeg", "state": State.SAVED, **more}
    for place, name in enumerate(names, start=1):
        folder, _, plain = name.rpartition("/")
        path = f"uploads/{upload.pk}/{place}"
        upload.files.create(position=place, folder=folder, name=plain, digest=str(place), path=path, **fields)
    return upload


def address(upload: Upload, project: str = ARCHIVE) -> str:
    return f"/projects/{project}/items/from-files/{upload.pk}/"


def batch_of(person: Person) -> int:
    return connections.cloudfactory(person).list_batches(ARCHIVE).items[0].id


def plan(client: Client, upload: Upload, **fields: Any) -> Any:
    return client.post(address(upload), ids_of(client, upload) | fields)


def ids_of(client: Client, upload: Upload) -> dict[str, str]:
    """The one-time ids of the form."""
    html = client.get(address(upload)).content.decode()
    return dict(re.findall(r'name="(import_id|act_id)" value="([^"]+)"', html))


def started(client: Client, answer: Any) -> Import:
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    import_run = Import.objects.get(pk=answer["Location"].split("/")[-2])
    form = Page(client.get(answer["Location"]).content.decode(), answer["Location"]).form(r"/start/")
    client.post(form.action, form.filled())
    run_workers()
    import_run.refresh_from_db()
    return import_run


def test_each_saved_file_becomes_an_item_that_keeps_its_name(
    alice: Person, emulator: Running, client_as: SignIn
) -> None:
    upload, client = uploaded(alice, [f"Drive 1/пример {place}.jpg" for place in range(1, 26)]), client_as(alice)
    batch = batch_of(alice)
    import_run = started(client, plan(client, upload, batch=str(batch)))
    assert figures(import_run) == (25, 0, 0, 0, 0)
    bodies = sorted(posts(emulator), key=lambda body: int(body["assetUrl"].rpartition("/")[2]))
    assert [body["metadata"]["file"] for body in bodies] == [f"Drive 1/пример {place}.jpg" for place in range(1, 26)]
    assert [body["assetUrl"] for body in bodies] == list(upload.files.values_list("path", flat=True))
    assert {(body["assetType"], body["batchId"]) for body in bodies} == {("image", batch)}
    assert len({body["metadata"][KEY] for body in bodies}) == 25


def test_pressing_again_creates_only_what_is_missing(alice: Person, emulator: Running, client_as: SignIn) -> None:
    upload, client = uploaded(alice, [f"{place}.jpg" for place in range(1, 6)]), client_as(alice)
    last = upload.files.order_by("position").last()
    upload.files.filter(pk=last.pk).update(state=State.FAILED)
    batch = str(batch_of(alice))
    answer = plan(client, upload, batch=batch)
    assert "1 file of this upload is not saved" in client.get(answer["Location"]).content.decode()
    started(client, answer)
    upload.files.update(state=State.SAVED)
    answer = plan(client, upload, batch=batch)
    page = client.get(answer["Location"]).content.decode()
    assert "1 work item will be created." in page
    assert "4 are there already" in page
    assert figures(started(client, answer)) == (1, 0, 0, 0, 0)
    again = plan(client, upload, batch=batch)
    assert "There are no work items left to create." in client.get(again["Location"]).content.decode()
    assert set(count_console_ids(emulator).values()) == {1}
    assert len(posts(emulator)) == 5


def test_another_batch_gets_items_of_its_own(alice: Person, emulator: Running, client_as: SignIn) -> None:
    upload, client = uploaded(alice, ["1.jpg"]), client_as(alice)
    started(client, plan(client, upload, batch=str(batch_of(alice))))
    import_run = started(client, plan(client, upload, batch="new", name="Dashcam Q9"))
    assert (figures(import_run), import_run.batch_name) == ((1, 0, 0, 0, 0), "Dashcam Q9")
    assert len(count_console_ids(emulator)) == 2


def test_a_file_that_was_there_already_gets_no_second_item_through_another_upload(
    alice: Person, emulator: Running, client_as: SignIn
) -> None:
    client, batch = client_as(alice), str(batch_of(alice))
    first, second = uploaded(alice, ["1.jpg", "2.jpg"]), uploaded(alice, ["1.jpg", "2.jpg", "3.jpg"])
    for row in first.files.all():
        second.files.filter(name=row.name).update(path=row.path)
    started(client, plan(client, first, batch=batch))
    answer = plan(client, second, batch=batch)
    page = client.get(answer["Location"]).content.decode()
    assert "1 work item will be created." in page
    assert "2 are there already" in page
    assert figures(started(client, answer)) == (1, 0, 0, 0, 0)
    assert sorted(body["metadata"]["file"] for body in posts(emulator)) == ["1.jpg", "2.jpg", "3.jpg"]


def test_of_rows_of_one_stored_file_only_the_first_becomes_an_item(
    alice: Person, emulator: Running, client_as: SignIn
) -> None:
    upload, client = uploaded(alice, ["1.jpg", "copy.jpg"]), client_as(alice)
    upload.files.update(path="uploads/one")
    answer = plan(client, upload, batch=str(batch_of(alice)))
    assert "It is the same stored file as “1.jpg” above." in client.get(answer["Location"]).content.decode()
    assert figures(started(client, answer)) == (1, 0, 0, 0, 0)
    assert len(posts(emulator)) == 1


def test_what_is_neither_an_image_nor_a_video_is_named(alice: Person, emulator: Running, client_as: SignIn) -> None:
    upload, client = uploaded(alice, ["1.jpg", "2.mp4", "notes.txt"]), client_as(alice)
    upload.files.filter(name="2.mp4").update(content_type="video/mp4")
    upload.files.filter(name="notes.txt").update(content_type="text/plain")
    answer = plan(client, upload, batch=str(batch_of(alice)))
    page = client.get(answer["Location"]).content.decode()
    assert "notes.txt" in page
    assert "It is neither an image nor a video." in page
    started(client, answer)
    assert sorted(body["assetType"] for body in posts(emulator)) == ["image", "video"]


def test_a_double_press_makes_one_plan(alice: Person, emulator: Running, client_as: SignIn) -> None:
    upload, client = uploaded(alice, ["1.jpg"]), client_as(alice)
    data = ids_of(client, upload) | {"batch": str(batch_of(alice))}
    assert client.post(address(upload), data)["Location"] == client.post(address(upload), data)["Location"]
    assert Import.objects.count() == 1


def test_what_is_wrong_is_said_at_its_field(alice: Person, emulator: Running, client_as: SignIn) -> None:
    upload, client = uploaded(alice, ["1.jpg"]), client_as(alice)
    for fields, words in (
        ({"batch": "new", "name": ""}, "Give the new batch a name."),
        ({"batch": "999999999"}, "This project has no such batch."),
        ({"batch": ""}, "Choose a batch"),
        ({"batch": str(batch_of(alice)), "name": "Night shift"}, "This name is for a new batch."),
    ):
        answer = plan(client, upload, **fields)
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not Import.objects.exists()


def test_an_upload_without_saved_files_says_so(alice: Person, emulator: Running, client_as: SignIn) -> None:
    upload, client = uploaded(alice, ["1.jpg"], state=State.WAITING), client_as(alice)
    assert "No file of this upload is saved yet" in client.get(address(upload)).content.decode()
    assert client.post(address(upload), {"batch": "new"}).status_code == 409


def test_files_of_another_person_or_space_are_not_found(
    alice: Person, erin: Person, emulator: Running, client_as: SignIn
) -> None:
    upload, client = uploaded(erin, ["1.jpg"]), client_as(alice)
    assert client.get(address(upload)).status_code == 404
    elsewhere = uploaded(alice, ["1.jpg"], space=str(uuid.uuid4()))
    assert client.get(address(elsewhere)).status_code in (403, 404)
    assert client.post(address(elsewhere), {"batch": "new", "name": "Q9"}).status_code in (403, 404)
    assert not Import.objects.exists()


def test_the_project_is_chosen_among_those_of_the_files_space(
    alice: Person, emulator: Running, client_as: SignIn
) -> None:
    upload, client = uploaded(alice, ["1.jpg"]), client_as(alice)
    html = client.get(f"/files/upload/{upload.pk}/projects/").content.decode()
    assert f'href="{address(upload)}"' in html
    assert html.count("/items/from-files/") == len([one for one in PROJECTS.values() if one in html])


def test_an_upload_that_is_added_to_for_long_makes_no_item_of_a_file_twice(
    alice: Person, emulator: Running, client_as: SignIn
) -> None:
    upload, client = uploaded(alice, ["one.jpg", "two.jpg"]), client_as(alice)
    batch = str(batch_of(alice))
    first = started(client, plan(client, upload, batch=batch))
    Import.objects.update(created_at=timezone.now() - timedelta(days=200))
    worker.clean_up()
    answer = plan(client, upload, batch=batch)
    assert "2 are there already" in client.get(answer["Location"]).content.decode()
    again = uploaded(alice, ["one.jpg"])
    again.files.update(path=upload.files.get(position=1).path)
    upload.delete()
    worker.clean_up()
    assert Import.objects.filter(pk=first.pk).exists(), "a later upload names the same file"
    again.delete()
    worker.clean_up()
    assert not Import.objects.filter(pk=first.pk).exists()
