"""What leaves the audit: the CSV, which is itself recorded, and the handover note."""

import csv
import datetime
import html
import io
import re
import zoneinfo
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from accounts.models import Person
from console.audit import record
from console.audit.csv_export import safe_cell
from console.audit.models import Entry
from console.exports.models import ExportRequest
from tests.audit.test_index import at, text_of

ClientAs = Callable[[Person], Client]
EXPORT = "5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10"
DAY = datetime.datetime(2026, 11, 3, tzinfo=datetime.UTC)


def rows_of(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def a_day(alice: Person, bob: Person) -> None:
    def hour(hour: int) -> datetime.datetime:
        return DAY + datetime.timedelta(hours=hour)

    at(hour(8), alice, "session.sign_in")
    at(hour(9), alice, "export.create", thing_kind="export", thing_id="e1", thing_name="Q3")
    at(hour(10), bob, "export.download", thing_kind="export", thing_id="e1", thing_name="Q3")
    at(hour(11), bob, "export.download", thing_kind="export", thing_id="e1", thing_name="Q3")
    at(hour(12), alice, "order.save", thing_name="Dashcam", detail={"summary": "Rain 2nd to 1st"})
    at(hour(13), bob, "item.send_back", thing_name="img_7", detail={"reason": "box too wide"})
    at(hour(14), alice, "slice.create", thing_name="Night", outcome="failed", detail={"error": "Avala was down."})
    at(hour(15), alice, "batch.create", thing_name="After hours")


def test_the_sheet_holds_the_filtered_rows(a_day: None, dana: Person, client_as: ClientAs) -> None:
    rows = rows_of(client_as(dana).get("/audit/export.csv?period=all&view=leaving"))
    assert [row["What happened"] for row in rows] == [
        "Bob downloaded the export Q3",
        "Bob downloaded the export Q3",
        "Alice exported Q3 (COCO)",
    ]
    assert rows[0]["When (UTC)"] == "2026-11-03 11:00:00"


def test_taking_it_away_is_recorded_first(a_day: None, dana: Person, client_as: ClientAs) -> None:
    response = client_as(dana).get("/audit/export.csv?period=all&q=night")
    entry = Entry.objects.get(action="audit.export")
    assert (entry.actor, entry.detail["rows"]) == (dana, 1)
    assert len(rows_of(response)) == 1
    assert "Dana exported the audit as CSV: “night”, from the beginning" in text_of(client_as(dana).get("/audit/"))


def test_days_that_nobody_chose_are_not_said_as_chosen(dana: Person, client_as: ClientAs) -> None:
    client_as(dana).get("/audit/export.csv?q=night")
    assert "exported the audit as CSV: “night”, the last 90 days" in text_of(client_as(dana).get("/audit/"))


def test_no_record_no_sheet(a_day: None, dana: Person, client_as: ClientAs) -> None:
    client = client_as(dana)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_chainhead RENAME TO audit_gone")
    response = client.get("/audit/export.csv")
    assert response.status_code == 503
    assert "Not started: it could not be recorded." in text_of(response)
    assert b"Alice" not in response.content
    fragment = client.get("/audit/export.csv", headers={"HX-Request": "true"}).content.decode()
    assert "could not be recorded" in fragment
    assert "<html" not in fragment


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", '=HYPERLINK("http://a","b")'])
def test_no_cell_is_a_formula(dana: Person, client_as: ClientAs, name: str) -> None:
    record.event(actor=dana, action="slice.create", thing_name=name, note=name)
    row = rows_of(client_as(dana).get("/audit/export.csv"))[0]
    assert row["Thing's name"] == f"'{name}"
    assert row["Note"] == f"'{name}"


BLANKS = " \u00a0\u2003\u3000\v\f\0\x1c\u0085\u00ad\u200b\u200d\u200e\u202e\u2060\ufeff\u180e\u3164"
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"


@pytest.mark.parametrize("separator", ["", ";", ";\t\r\n", "Rain;"])
@pytest.mark.parametrize("sign", SIGNS)
def test_no_cell_is_a_formula_behind_what_nobody_sees(separator: str, sign: str) -> None:
    for blank in ("", *BLANKS, BLANKS):
        cell = safe_cell(f"{separator}{blank}{sign}1+1")
        assert f"{blank}'{sign}1" in cell


@pytest.mark.parametrize("text", ["", "Rain", "a - b", "a\u00a0-\u00a0b = c", "q3@x", ";;", "  ", "5;3", "x\n"])
def test_a_cell_that_is_no_formula_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


@pytest.mark.parametrize("separator", [";", "\t", "\n"])
def test_no_cell_is_a_formula_however_the_sheet_is_split(dana: Person, client_as: ClientAs, separator: str) -> None:
    record.event(actor=dana, action="slice.create", thing_name=f"Rain{separator} =1+1{separator}@x", note="5;-3")
    sheet = b"".join(client_as(dana).get("/audit/export.csv").streaming_content).decode("utf-8-sig")
    cells = [cell.strip(' "') for cell in re.split(f"[{separator}]", sheet)]
    assert any("=1+1" in cell for cell in cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


def test_the_sheet_tells_who_took_an_export_home(dana: Person, client_as: ClientAs) -> None:
    one = {"actor": dana, "thing_kind": "export", "thing_id": "e1", "thing_name": "Q3"}
    record.event(action="export.create", **one)
    record.event(action="export.download", **one)
    downloaded, exported = rows_of(client_as(dana).get("/audit/export.csv"))
    assert (downloaded["Since then"], exported["Since then"]) == ("", "Downloaded by Dana once.")


def test_all_times_of_the_sheet_are_in_the_zone_its_header_names(dana: Person, client_as: ClientAs) -> None:
    dana.time_zone = "Asia/Tokyo"
    dana.save()
    ended = datetime.datetime(2026, 11, 3, 22, 30, tzinfo=datetime.UTC)
    about = {"export_id": EXPORT, "ended_at": ended, "end_status": "COMPLETED"}
    ExportRequest.objects.create(person=dana, name="Q3", space="s", **about)
    at(ended, dana, "export.create", thing_kind="export", thing_id=EXPORT, thing_name="Q3")
    client = client_as(dana)
    assert "11 Nov 2026, 07:30 JST" in text_of(client.get("/audit/?period=all"))
    [row] = rows_of(client.get("/audit/export.csv?period=all&q=q3&since=2026-11-04&until=2026-11-04"))
    assert (row["When (UTC)"], row["Since then"]) == (
        "2026-11-03 22:30:00",
        "Its link expired 10 Nov 2026, 22:30 UTC.",
    )
    assert [name for name in row if name.startswith(("When", "Ended"))] == ["When (UTC)", "Ended (UTC)"]
    assert "JST" not in str(row)
    asked = "“q3”, from 4 Nov 2026 to 4 Nov 2026 (Asia/Tokyo)"
    assert f"Dana exported the audit as CSV: {asked}" in text_of(client.get("/audit/?period=all"))


def test_an_operator_gets_no_sheet(a_day: None, alice: Person, client_as: ClientAs) -> None:
    client = client_as(alice)
    assert client.get("/audit/export.csv").status_code == 403
    assert client.get("/audit/handover.csv").status_code == 403
    assert "CSV of this view" not in text_of(client.get("/audit/"))


def test_the_handover_note_of_a_day(a_day: None, dana: Person, client_as: ClientAs) -> None:
    said = text_of(client_as(dana).get("/audit/handover/?since=2026-11-03T08:00&until=2026-11-03T15:00"))
    for sentence in (
        "Alice exported Q3 (COCO)",
        "Bob downloaded the export Q3 (2 times)",
        "Alice changed the order of Dashcam: Rain 2nd to 1st",
        "Bob sent back the work item img_7: box too wide",
        "Alice tried to create the slice Night, but it failed: Avala was down.",
    ):
        assert sentence in said
    assert "After hours" not in said
    assert "signed in" not in said
    assert said.index("Exports created") < said.index("Work items sent back") < said.index("Failed")


def test_the_note_as_text_has_no_ids(dana: Person, client_as: ClientAs) -> None:
    at(DAY, dana, "export.create", thing_kind="export", thing_id="5f0c2c1e-7d3a", thing_name="Q3")
    page = client_as(dana).get("/audit/handover/?since=2026-11-02T08:00&until=2026-11-03T15:00").content.decode()
    text = page.partition('id="note-text"')[2].partition("</pre>")[0]
    assert "Dana exported Q3 (COCO)" in text
    assert "5f0c2c1e" not in text


def text_note(page: Any) -> str:
    said = page.content.decode().partition('id="note-text"')[2].partition(">")[2].partition("</pre>")[0]
    return html.unescape(said)


def test_the_note_says_whose_work_it_covers(a_day: None, bob: Person, dana: Person, client_as: ClientAs) -> None:
    page = client_as(bob).get("/audit/handover/?since=2026-11-03T08:00&until=2026-11-03T16:00")
    said = text_of(page)
    assert "Handover note: work by Bob" in said
    assert "This note covers only your own work. To include others' work, ask Dana for it." in said
    assert "Bob sent back" in said
    assert "Alice" not in said
    heading = "Handover note: work by Bob\n3 Nov 2026, 08:00 UTC to 3 Nov 2026, 16:00 UTC\n\n"
    assert text_note(page).startswith(heading)
    everyone = client_as(dana).get("/audit/handover/?since=2026-11-03T08:00&until=2026-11-03T16:00")
    assert "Handover note: work by everyone" in text_of(everyone)
    assert "only your own work" not in text_of(everyone)
    assert text_note(everyone).startswith("Handover note: work by everyone\n")


def test_silence_is_only_of_those_the_note_covers(a_day: None, bob: Person, dana: Person, client_as: ClientAs) -> None:
    quiet = "/audit/handover/?since=2026-11-03T08:00&until=2026-11-03T08:30"
    mine, everyone = client_as(bob).get(quiet), client_as(dana).get(quiet)
    for page, who in ((mine, "Bob"), (everyone, "anyone")):
        assert f"No work by {who} was recorded in this time." in text_of(page)
        assert f"No work by {who} was recorded in this time." in text_note(page)
        assert "Nothing happened" not in page.content.decode()
    sheet = client_as(dana).get(quiet.replace("handover/", "handover.csv"))
    assert sheet["Content-Disposition"].startswith('attachment; filename="handover-everyone-')
    [row] = rows_of(sheet)
    assert (row["What happened"], row["Work by"]) == ("No work by anyone was recorded in this time.", "everyone")


def test_notes_are_on_the_page_in_the_text_and_in_the_sheet(dana: Person, client_as: ClientAs) -> None:
    about = {"thing_name": "Dashcam", "detail": {"summary": "Rain 2nd to 1st"}}
    for note in ("for Friday", "", "for <Monday>"):
        at(DAY, dana, "order.save", note=note, **about)
    act = record.audited_call(actor=dana, action="slice.create", thing_name="Rain")
    with time_machine.travel(DAY, tick=False):
        with pytest.raises(TimeoutError), act:
            raise TimeoutError
        record.reconcile(act.entry, "done", by=dana, note="seen in Avala")
    query = "since=2026-11-02T08:00&until=2026-11-03T15:00"
    page = client_as(dana).get(f"/audit/handover/?{query}")
    changed = "Dana changed the order of Dashcam: Rain 2nd to 1st (3 times)"
    assert f"{changed}“for Friday”“for &lt;Monday&gt;”" in text_of(page)
    assert f"{changed}. Note: “for Friday”, “for <Monday>”" in text_note(page)
    assert "Dana created the slice Rain. Note: “seen in Avala”" in text_note(page)
    rows = rows_of(client_as(dana).get(f"/audit/handover.csv?{query}"))
    assert [row["Note"] for row in rows] == ["“for Friday”, “for <Monday>”", "“seen in Avala”"]


@pytest.mark.parametrize(
    ("choice", "label", "there", "gone"),
    [
        (
            "evening",
            "Since yesterday 18:00",
            ["last night", "this morning"],
            ["yesterday noon", "last week", "long ago"],
        ),
        ("today", "Today", ["this morning"], ["last night", "yesterday noon", "last week", "long ago"]),
        ("week", "Last week", ["last week"], ["this morning", "last night", "yesterday noon", "long ago"]),
    ],
    ids=["evening", "today", "week"],
)
def test_ready_periods_are_one_click_away_and_mean_the_readers_days(
    dana: Person, client_as: ClientAs, choice: str, label: str, there: list[str], gone: list[str]
) -> None:
    """Wednesday, 4 November, 09:30 in Tokyo."""
    dana.time_zone = "Asia/Tokyo"
    dana.save()
    tokyo = zoneinfo.ZoneInfo("Asia/Tokyo")
    now = datetime.datetime(2026, 11, 4, 9, 30, tzinfo=tokyo)
    for name, when in {
        "long ago": datetime.datetime(2026, 10, 25, 23, 59, tzinfo=tokyo),
        "last week": datetime.datetime(2026, 10, 26, 0, 0, tzinfo=tokyo),
        "yesterday noon": now - datetime.timedelta(hours=15, minutes=31),
        "last night": now - datetime.timedelta(hours=15, minutes=30),
        "this morning": now.replace(hour=0, minute=0),
    }.items():
        at(when, dana, "slice.create", thing_name=name)
    client = client_as(dana)
    with time_machine.travel(now, tick=False):
        client.force_login(dana)
        page = client.get(f"/audit/handover/?period={choice}")
        link = f'<a href="?period={choice}" aria-current="page">{label}</a>'
        assert link in " ".join(page.content.decode().split())
        sheet = rows_of(client.get(f"/audit/handover.csv?period={choice}"))
    names = [row["What happened"].removeprefix("Dana created the slice ") for row in sheet]
    assert sorted(names) == sorted(there)
    for name in gone:
        assert f"the slice {name}" not in text_of(page)
    assert f'href="/audit/handover.csv?period={choice}"' in page.content.decode()


def test_an_open_end_is_now(dana: Person, client_as: ClientAs) -> None:
    now = datetime.datetime(2026, 11, 3, 9, 30, 20, tzinfo=datetime.UTC)
    at(now - datetime.timedelta(seconds=5), dana, "slice.create", thing_name="Just now")
    client = client_as(dana)
    with time_machine.travel(now, tick=False):
        client.force_login(dana)
        page = client.get("/audit/handover/?since=2026-11-03T08:00&until=")
        assert len(rows_of(client.get("/audit/handover.csv?since=2026-11-03T08:00"))) == 1
    assert "3 Nov 2026, 08:00 UTC to 3 Nov 2026, 09:30 UTC" in text_of(page)
    assert "created the slice Just now" in text_of(page)


def test_the_note_begins_yesterday_evening(dana: Person, client_as: ClientAs) -> None:
    now = datetime.datetime(2026, 11, 3, 9, 30, tzinfo=datetime.UTC)
    at(now - datetime.timedelta(hours=20), dana, "slice.create", thing_name="Too early")
    at(now - datetime.timedelta(hours=15), dana, "slice.create", thing_name="In time")
    client = client_as(dana)
    with time_machine.travel(now, tick=False):
        client.force_login(dana)
        said = text_of(client.get("/audit/handover/"))
    assert "In time" in said
    assert "Too early" not in said


def test_the_notes_sheet_is_what_the_page_shows(a_day: None, dana: Person, client_as: ClientAs) -> None:
    query = "since=2026-11-03T08:00&until=2026-11-03T15:00"
    client = client_as(dana)
    rows = rows_of(client.get(f"/audit/handover.csv?{query}"))
    assert list(rows[0]) == ["Section", "When (UTC)", "What happened", "Times", "Since then", "Note", "Work by"]
    assert [(row["Section"], row["When (UTC)"][11:], row["Times"]) for row in rows] == [
        ("Exports created", "09:00:00", "1"),
        ("Downloads", "10:00:00", "2"),
        ("Order changes", "12:00:00", "1"),
        ("Work items sent back", "13:00:00", "1"),
        ("Failed", "14:00:00", "1"),
    ]
    shown = text_of(client.get(f"/audit/handover/?{query}"))
    assert all(row["What happened"] in shown for row in rows)
    assert {row["Work by"] for row in rows} == {"everyone"}
    summary = Entry.objects.get(action="audit.export").detail["summary"]
    assert summary == "handover note of work by everyone, 3 Nov 2026, 08:00 UTC to 3 Nov 2026, 15:00 UTC"


@pytest.mark.parametrize(
    "query",
    [
        "since=9999-12-31T00:00&until=9999-12-31T23:59",
        "since=0001-01-01T00:00&until=2026-11-03T15:00",
        "since=2026-11-03T15:00&until=2026-11-03T15:00",
        "since=x&until=y",
        "since=2099-11-03T15:00",
        "until=2026-11-03T15:00",
        "period=x",
    ],
)
def test_moments_that_make_no_sense_are_told(dana: Person, client_as: ClientAs, query: str) -> None:
    client = client_as(dana)
    assert client.get(f"/audit/handover/?{query}").status_code == 422
    assert client.get(f"/audit/handover.csv?{query}").status_code == 302
    dana.time_zone = "America/New_York"
    dana.save()
    assert client.get(f"/audit/handover/?{query}").status_code == 422
