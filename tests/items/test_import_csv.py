"""A CSV becomes a plan: what each line creates and where, or what is wrong with it; nothing is sent."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from console.batches import selectors
from console.emulator.server import Running
from console.items.models import Import
from tests.concurrent_requests import press as press_together
from tests.exports.making import text_of
from tests.items import csv_helpers
from tests.items.csv_helpers import FORM, lines, paste, plan_of, problems, sheet, table_of, upload, writes
from tests.items.decision_helpers import ITEMS, PROJECT

ClientAs = Callable[[Person], Client]


@pytest.fixture
def client(alice: Person, client_as: ClientAs, emulator: Running) -> Client:
    return client_as(alice)


def page_of(client: Client, plan: Import, query: str = "") -> str:
    return text_of(client.get(f"{ITEMS}imports/{plan.pk}/{query}"))


def test_each_line_becomes_a_row_with_its_fields(client: Client, emulator: Running) -> None:
    header = (
        "Asset URL", "asset_id", "asset_type", "batch", "results_url", "taxonomy_version_id", "due_in_seconds",
        "difficulty", "metadata", "labels", "metadata.Site",
    )  # fmt: skip
    taxonomy = str(uuid.uuid4())
    full = (
        "raw/1.jpg", "", "image", "", "https://example.com/r", taxonomy, "60", "0", '{"camera": "front"}',
        '[{"label": "coin"}]', "Lisbon",
    )  # fmt: skip
    plan = plan_of(upload(client, sheet([full, ("", "7", "video")], header).encode()))
    first, second = plan.rows.all()
    assert first.fields == {
        "asset_url": "raw/1.jpg",
        "asset_type": "image",
        "results_url": "https://example.com/r",
        "taxonomy_version_id": taxonomy,
        "due_in_seconds": 60,
        "difficulty": 0,
        "metadata": {"camera": "front", "Site": "Lisbon"},
        "labels": [{"label": "coin"}],
    }
    assert second.fields == {"asset_id": 7, "asset_type": "video"}
    assert (first.number, second.number, plan.source_name, plan.state) == (2, 3, "dashcam.csv", "ready")
    page = page_of(client, plan)
    assert "2 work items will be created." in page
    assert "Create 2 work items" in page
    assert writes(emulator) == []


def test_a_plan_of_five_thousand_lines_asks_for_the_batches_alone(client: Client, emulator: Running) -> None:
    plan = plan_of(upload(client, sheet(lines(5_000)).encode()))
    assert {(one["method"], one["path"].rpartition("/")[2]) for one in emulator.requests("cloudfactory")} == {
        ("GET", "batches")
    }
    assert plan.planned_count == 5_000
    assert "Create 5,000 work items" in page_of(client, plan)


WRONG = [
    ({"asset_url": ""}, "asset_url", "Enter an asset_url or an asset_id."),
    ({"asset_id": "7"}, "asset_id", "Enter an asset_url or an asset_id, not both."),
    ({"asset_url": "javascript:alert(1)"}, "asset_url", "Enter an address with https:// or s3://"),
    ({"asset_url": "", "asset_id": "-1"}, "asset_id", "Enter a whole number, 0 or more."),
    ({"asset_type": ""}, "asset_type", "Enter image or video."),
    ({"asset_type": "audio"}, "asset_type", "Enter image or video."),
    ({"batch": "No such batch"}, "batch", "This project has no batch with this id or name."),
    ({"results_url": "ftp://example.com"}, "results_url", "Enter an address with https://."),
    ({"taxonomy_version_id": "7"}, "taxonomy_version_id", "Enter a UUID"),
    ({"due_in_seconds": "0"}, "due_in_seconds", "from 1 to 2,592,000"),
    ({"due_in_seconds": "2592001"}, "due_in_seconds", "from 1 to 2,592,000"),
    ({"difficulty": "101"}, "difficulty", "Enter a whole number from 0 to 100."),
    ({"difficulty": "1_0"}, "difficulty", "Enter a whole number from 0 to 100."),
    ({"metadata": "[1]"}, "metadata", "Enter a JSON object"),
    ({"metadata": '{"a": NaN}'}, "metadata", "it has no NaN or Infinity"),
    ({"metadata": '{"a": 1' + "0" * 400 + "}"}, "metadata", "a number that is too large"),
    ({"metadata": '{"a": ' + "[" * 3_000 + "]" * 3_000 + "}"}, "metadata", "nested more than 100 levels deep"),
    ({"metadata": '{"annotation_console_id": "x"}'}, "metadata", "annotation_console_id"),
    ({"metadata": '{"site": "Porto"}', "metadata.site": "Lisbon"}, "metadata.site", "in the column “metadata”"),
    ({"labels": '{"label": 1}'}, "labels", "Give a list of objects"),
    ({"metadata.site": "x" * 20_001}, "metadata.site", "up to 20,000 characters"),
]


@pytest.mark.parametrize(("cells", "column", "message"), WRONG)
def test_a_wrong_line_is_named_with_its_column(
    client: Client, emulator: Running, cells: dict[str, str], column: str, message: str
) -> None:
    line = {"asset_url": "raw/1.jpg", "asset_type": "image", **cells}
    text = sheet([("raw/0.jpg", "image"), tuple(line.values())], tuple(line))
    plan = plan_of(paste(client, text))
    [(number, at, problem)] = problems(plan)
    assert (number, at) == (3, column)
    assert message in problem
    page = page_of(client, plan)
    assert f"line 3, {column}: " in page
    assert message in page
    assert "Create 1 work item" in page


def test_a_line_with_more_cells_than_columns_says_what_to_do(client: Client) -> None:
    plan = plan_of(paste(client, "asset_url;asset_type\nraw/1.jpg;image\nraw/2.jpg;image;Lisbon"))
    message = "This line has 3 cells, the header names 2 columns. Put a cell with a “;” in it in quotes."
    assert problems(plan) == [(3, "", message)]
    assert f"line 3: {message}" in page_of(client, plan)


def test_every_problem_of_a_line_is_said_at_once(client: Client) -> None:
    plan = plan_of(paste(client, sheet([("file:///etc/passwd", "text", "Nowhere", "x")])))
    assert [column for _, column, _ in problems(plan)] == ["asset_url", "asset_type", "difficulty", "batch"]


def test_all_wrong_lines_can_be_reached_and_nothing_can_be_started(client: Client) -> None:
    plan = plan_of(paste(client, sheet([(f"raw/{n}.jpg", "audio", "", "") for n in range(250)])))
    pages = [page_of(client, plan, f"?show=invalid&page={page}") for page in (1, 2, 3)]
    assert [page.count("Enter image or video.") for page in pages] == [100, 100, 50]
    assert "There are no work items left to create." in pages[0]
    assert "/start/" not in pages[0]


def test_lines_are_numbered_as_the_spreadsheet_numbers_its_rows(client: Client) -> None:
    text = 'asset_url,asset_type,metadata.note\n\nraw/1.jpg,image,"two\r\nlines"\r\n,,\r\nraw/2.jpg,audio,\r\n'
    plan = plan_of(paste(client, text))
    assert [(row.number, row.outcome) for row in plan.rows.all()] == [(3, ""), (5, "invalid")]
    assert plan.plan["notes"] == ["2 blank lines were skipped."]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_what_spreadsheets_write_is_read(client: Client, separator: str, encoding: str, line_end: str) -> None:
    """The header alone says how cells are separated, whatever the cells hold."""
    header = separator.join(("asset_url", "asset_type", "metadata.note"))
    line = separator.join(("raw/ä.jpg", "image", '"a,b;c\td ""e"""'))
    plan = plan_of(upload(client, line_end.join((header, line, "")).encode(encoding)))
    row = plan.rows.get()
    assert row.fields == {"asset_url": "raw/ä.jpg", "asset_type": "image", "metadata": {"note": 'a,b;c\td "e"'}}


def test_the_line_that_tells_excel_the_separator_is_no_row(client: Client) -> None:
    plan = plan_of(upload(client, b"sep=;\r\nasset_url;asset_type;metadata.a,b,c,d\r\nraw/1.jpg;image;x\r\n"))
    row = plan.rows.get()
    assert (row.number, row.fields["metadata"]) == (2, {"a,b,c,d": "x"})


NO_CSV = [
    (b"", "This CSV is empty."),
    (b" \r\n ", "This CSV is empty."),
    (b",,,\n,,\n", "This CSV is empty."),
    (b"asset_url,asset_type\n", "no lines below it"),
    (b"PK\x03\x04\x14\x00\x06\x00", "an Excel workbook or another zip file"),
    (b"%PDF-1.7\n", "a PDF"),
    ("asset_url,asset_type\nraw/1.jpg,image\n".encode("utf-16"), "isn’t UTF-8 but UTF-16"),
    ("asset_url,asset_type\nraw/1.jpg,image\n".encode("utf-16-le"), "isn’t UTF-8 but UTF-16"),
    ("asset_url,asset_type\nraw/ä.jpg,image\n".encode("latin-1"), "isn’t UTF-8: line 2 holds a byte"),
    (b"asset_url,asset_type\nraw/1.jpg,image\nraw/\x00.jpg,image\n", "Line 3 holds a NUL character"),
    (b'asset_url,asset_type\nraw/1.jpg,image\n"raw/2.jpg,image\nraw/3.jpg,image\n', "opens in line 3 and isn’t closed"),
    (b'asset_url,asset_type\n"raw/1.jpg"x,image\n', "In line 2, text follows a closing quotation mark."),
    (b"asset_url,asset_type,Asset_URL\nraw/1.jpg,image,\n", "stands twice, as column 1 and column 3"),
    (b"asset_url,,asset_type\nraw/1.jpg,x,image\n", "Column 2 has cells and no name"),
    (b"asset-url,asset_type\nraw/1.jpg,image\n", "Is it the column “asset-url”?"),
    (b"asset_url,type\nraw/1.jpg,image\n", "No column is named “asset_type”."),
    (b"asset_url,asset_type,metadata.\nraw/1.jpg,image,x\n", "needs a name after the dot"),
    (b"asset_url,asset_type,metadata.annotation_console_id\nraw/1.jpg,image,x\n", "can’t be used."),
    ((",".join(f"c{n}" for n in range(10_000)) + "\n1\n").encode(), "up to 200 columns; this one has 10,000"),
    (sheet(lines(5_001)).encode(), "up to 5,000 lines"),
    (b"asset_url,asset_type\n" + b"\n" * 50_000, "more than 50,000 rows, most of them blank"),
    (b"asset_url,asset_type\n" + b"x" * 5_000_000, "up to 5.0 MB"),
    (b"x" * 13_000_000, "up to 5.0 MB"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
]


@pytest.mark.parametrize(("body", "message"), NO_CSV)
def test_what_is_no_csv_gets_one_sentence_and_the_file_is_chosen_again(
    client: Client, emulator: Running, body: bytes, message: str
) -> None:
    client.get(FORM)
    emulator.forget_requests()
    answer = upload(client, body)
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert "A browser doesn’t keep a chosen file" in text_of(answer)
    assert emulator.requests("cloudfactory") == []
    assert not Import.objects.exists()


def test_pasted_text_is_still_there_after_an_error(client: Client) -> None:
    answer = paste(client, 'asset_url;asset_type\n<b>raw/1.jpg</b>;image\n"open')
    assert answer.status_code == 422
    assert "&lt;b&gt;raw/1.jpg&lt;/b&gt;;image" in answer.content.decode()


def test_a_file_and_pasted_lines_are_not_taken_together(client: Client) -> None:
    answer = upload(client, sheet(lines(1)).encode(), text="asset_url,asset_type")
    assert answer.status_code == 422
    assert "Choose a file or paste lines, not both." in text_of(answer)
    nothing = paste(client, "  ")
    assert "Choose a CSV file or paste its lines." in text_of(nothing)


def test_unknown_columns_are_named_with_the_nearest_known_one(client: Client) -> None:
    header = ("asset_url", "asset_type", "dificulty", "Photographer")
    plan = plan_of(paste(client, sheet([("raw/1.jpg", "image", "5", "Ann")], header)))
    page = page_of(client, plan)
    assert "The column “dificulty” is not known, so it is left out. Did you mean “difficulty”?" in page
    assert "name it “metadata.Photographer”" in page
    assert plan.rows.get().fields == {"asset_url": "raw/1.jpg", "asset_type": "image"}


def test_equal_assets_are_a_warning(client: Client) -> None:
    same = [("raw/1.jpg", "image", "", ""), ("raw/2.jpg", "image", "", ""), ("raw/1.jpg", "image", "", "")]
    plan = plan_of(paste(client, sheet(same)))
    assert "1 line has the same asset as an earlier line: line 4 (as line 2)." in page_of(client, plan)
    assert plan.planned_count == 3


def test_batches_are_found_by_name_and_by_id(client: Client, alice: Person) -> None:
    names = selectors.names_of(selectors.read_batches(user=alice, project=uuid.UUID(PROJECT)))
    (first, name), (second, _) = list(names.items())[:2]
    rows = [("raw/1.jpg", "image", name.upper(), ""), ("raw/2.jpg", "image", str(second), ""), lines(1)[0]]
    plan = plan_of(paste(client, sheet(rows)))
    assert [row.batch_id for row in plan.rows.all()] == [first, second, None]
    page = page_of(client, plan, "?show=create")
    assert name in page
    assert "Default" in page


def test_lines_without_a_batch_go_into_the_one_the_page_was_opened_for(client: Client, alice: Person) -> None:
    names = selectors.names_of(selectors.read_batches(user=alice, project=uuid.UUID(PROJECT)))
    (first, name), (second, _) = list(names.items())[:2]
    page = client.get(f"{FORM}?batch={first}")
    assert f"Put lines that name no batch into {name}" in text_of(page)
    assert f'value="{first}"' in page.content.decode()
    text = sheet([*lines(1), ("raw/2.jpg", "image", str(second), "")])
    data = {"import_id": str(uuid.uuid4()), "text": text}
    plan = plan_of(client.post(FORM, {**data, "batch_id": str(first)}))
    assert [row.batch_id for row in plan.rows.all()] == [first, second]
    unticked = plan_of(client.post(f"{FORM}?batch={first}", data))
    assert [row.batch_id for row in unticked.rows.all()] == [None, second]
    only = plan_of(paste(client, "asset_url,asset_type\nraw/1.jpg,image", batch_id=str(first)))
    assert (only.batch_id, only.batch_name) == (first, name)


@pytest.mark.parametrize("batch", ["77777777", "x", "-1", "9" * 40, "1_0"])
def test_a_batch_that_the_project_has_not_is_refused(client: Client, batch: str) -> None:
    assert client.get(FORM, {"batch": batch}).status_code == 200
    answer = paste(client, sheet(lines(1)), batch_id=batch)
    assert answer.status_code in (409, 422)
    assert "Nothing was created" in text_of(answer)
    assert "raw/00001.jpg" in answer.content.decode()
    assert not Import.objects.exists()


def test_the_same_form_with_the_same_lines_finds_the_first_plan(client: Client) -> None:
    import_id, text = str(uuid.uuid4()), sheet(lines(2))
    first, again = (plan_of(paste(client, text, import_id=import_id)) for _ in range(2))
    other = plan_of(paste(client, sheet(lines(3)), import_id=import_id))
    assert first.pk == again.pk != other.pk
    assert (first.rows.count(), other.rows.count()) == (2, 3)


def test_lines_that_were_imported_before_are_said_with_who_and_when(client: Client) -> None:
    text = sheet(lines(2))
    first = plan_of(paste(client, text))
    assert "were imported before" not in page_of(client, plan_of(paste(client, text)))
    Import.objects.filter(pk=first.pk).update(started_at=first.created_at, state="ended")
    page = page_of(client, plan_of(paste(client, text)))
    assert "These lines were imported before." in page
    assert "by Alice" in page


def test_the_template_can_be_imported_as_it_is(client: Client) -> None:
    answer = client.get(f"{FORM}template.csv")
    body = b"".join(answer.streaming_content)
    assert 'filename="work-items-template.csv"' in answer["Content-Disposition"]
    plan = plan_of(upload(client, body))
    assert problems(plan) == []
    assert plan.plan["warnings"] == []
    assert plan.planned_count == 2


def test_refused_lines_come_back_as_typed_and_can_be_imported_once_corrected(client: Client) -> None:
    header = ("asset_url", "asset_type", "metadata.note", "Photographer")
    rows = [
        ("raw/1.jpg", "image", "", ""),
        ("raw/2.jpg", "audio", "=1+1", "'-Ann;\t@x"),
        ("raw/3.jpg", "", "a\n-b", ""),
    ]
    plan = plan_of(paste(client, sheet(rows, header)))
    answer = client.get(f"{ITEMS}imports/{plan.pk}/refused.csv")
    assert 'filename="pasted lines-not-imported.csv"' in answer["Content-Disposition"]
    table = table_of(answer)
    assert table[0] == [*header, "problem"]
    assert table[1][2] == "'=1+1"
    assert [line[4] for line in table[1:]] == ["asset_type: Enter image or video."] * 2
    corrected = [[line[0], "image", *line[2:]] for line in table[1:]]
    again = plan_of(paste(client, csv_helpers.sheet(corrected, table[0])))
    assert problems(again) == []
    assert again.plan["warnings"][0].startswith("The column “Photographer” is not known")
    first, second = again.rows.all()
    assert first.fields["metadata"] == {"note": "=1+1"}
    assert first.cells[3] == "'-Ann;\t@x"
    assert second.fields["metadata"] == {"note": "a\n-b"}


def test_formulas_and_markup_are_shown_as_text(client: Client) -> None:
    plan = plan_of(
        paste(client, sheet([("=HYPERLINK(1)", "<script>", "", "")], ("asset_url", "asset_type", "<i>", "d")))
    )
    body = client.get(f"{ITEMS}imports/{plan.pk}/").content.decode()
    assert "<script>" not in body.partition("<main")[2].replace('<script type="module"', "")
    assert "<i>" not in body.partition("<main")[2]


def test_only_whoever_may_change_gets_the_form(
    bob: Person, dana: Person, nobody: Person, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    plan = plan_of(paste(client_as(alice), sheet([("x", "audio", "", "")])))
    for person in (bob, dana):
        assert client_as(person).get(FORM).status_code == 403
        assert paste(client_as(person), sheet(lines(1))).status_code == 403
        assert "Nobody else can start it." in page_of(client_as(person), plan)
    # Its lines can hold labels, which an auditor downloads nowhere.
    assert "Download these lines" in page_of(client_as(bob), plan)
    assert "Download these lines" not in page_of(client_as(dana), plan)
    assert client_as(dana).get(f"{ITEMS}imports/{plan.pk}/refused.csv").status_code == 403
    assert client_as(nobody).get(f"{ITEMS}imports/{plan.pk}/").status_code == 404
    assert client_as(nobody).get(f"{ITEMS}imports/{plan.pk}/refused.csv").status_code == 404


def test_batches_that_cannot_be_read_are_said_and_the_text_is_kept(client: Client, emulator: Running) -> None:
    client.get(FORM)
    emulator.fault("cloudfactory", method="GET", path="/batches$", fault="500", times=20)
    answer = paste(client, sheet(lines(1)))
    assert answer.status_code == 502
    assert "The batches of this project couldn’t be read" in text_of(answer)
    assert "raw/00001.jpg" in answer.content.decode()
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "猫" * 250 + ".csv", "\u202egnp.csv", "\x00.csv", "<b>.csv", "=1+1.csv", "\ufffd.csv"]
)
def test_a_file_with_a_hostile_name_is_shown_harmlessly(client: Client, name: str) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="import_id"\r\n\r\n' + str(uuid.uuid4()).encode() + b"\r\n"
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + name.encode() + b'"'
        b"\r\n\r\nasset_url,asset_type\nraw/1.jpg,audio\n\r\n--b--\r\n"
    )
    plan = plan_of(client.post(FORM, body, content_type="multipart/form-data; boundary=b"))
    assert len(plan.source_name) <= 300
    page = client.get(f"{ITEMS}imports/{plan.pk}/").content.decode()
    assert "<b>.csv" not in page
    assert "\u202e" not in page
    assert "/" not in client.get(f"{ITEMS}imports/{plan.pk}/refused.csv")["Content-Disposition"]


def test_a_plan_reads_as_often_whatever_it_holds(client: Client, django_assert_max_num_queries: Any) -> None:
    small, large = (plan_of(paste(client, sheet(lines(count)))) for count in (1, 900))
    page_of(client, small)
    with CaptureQueriesContext(connection) as few:
        page_of(client, small)
    with django_assert_max_num_queries(len(few)):
        page_of(client, large)


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_make_one_plan(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    data = {"import_id": str(uuid.uuid4()), "text": sheet(lines(20))}
    together = press_together(lambda: client_as(alice), FORM, data, {})
    assert len({answer["Location"] for answer in together}) == 1
    assert Import.objects.get().rows.count() == 20
