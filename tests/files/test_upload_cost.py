"""What links and reports cost: they come hundreds of times in an upload."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from console.emulator.server import Running
from console.files.models import UploadFile
from tests.files.uploading import UploadScript, file

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def script(alice: Person, client_as: Callable[[Person], Client], emulator: Running) -> UploadScript:
    return UploadScript(client_as(alice))


def writes(found: CaptureQueriesContext) -> list[str]:
    return [one["sql"] for one in found.captured_queries if 'UPDATE "files_uploadfile"' in one["sql"]]


@pytest.mark.parametrize("count", [2, 10])
def test_links_for_many_files_change_their_rows_in_two_statements(script: UploadScript, count: int) -> None:
    ids = script.add_ids(*[file(f"{number}.jpg") for number in range(count)])
    with CaptureQueriesContext(connection) as found:
        script.links(*ids)
    assert len(writes(found)) == 2
    # Only the paths differ from row to row.
    assert sum("CASE" in one for one in writes(found)) == 1
    assert set(UploadFile.objects.values_list("state", flat=True)) == {"sending"}


def test_a_report_changes_rows_that_ended_alike_in_one_statement(script: UploadScript) -> None:
    ids = script.add_ids(*[file(f"{number}.jpg") for number in range(10)])
    script.links(*ids)
    with CaptureQueriesContext(connection) as found:
        script.report("saved", *ids[:9])
    assert len(writes(found)) == 1
    assert "CASE" not in writes(found)[0]
    assert sorted(UploadFile.objects.values_list("state", flat=True)) == ["saved"] * 9 + ["sending"]
