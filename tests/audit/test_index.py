"""The audit page: sentences, filters that stand in the address, and nobody else's rows."""

import datetime
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import record
from console.audit.models import ChainCheck

ClientAs = Callable[[Person], Client]
NOW = datetime.datetime(2026, 11, 3, 12, tzinfo=datetime.UTC)


def at(when: datetime.datetime, actor: Person | None, action: str, **said: Any) -> Any:
    with time_machine.travel(when, tick=False):
        return record.event(actor=actor, action=action, **said)


def text_of(response: Any) -> str:
    """The page as it reads, without the frame around it."""
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    plain = re.sub(r"<[^>]+>", "", main)
    return re.sub(r"\s+", " ", plain.replace("&#x27;", "'").replace("&quot;", '"'))


@pytest.fixture
def some_rows(alice: Person, bob: Person) -> None:
    with record.audited_call(
        actor=alice,
        action="export.create",
        thing_kind="export",
        thing_name="Q3",
        detail={"batches": ["Rain", "Tunnel", "City"], "projects": ["Dashcam Q3"], "items": 1200},
    ) as act:
        act.done(thing_id="e-1")
    record.event(actor=alice, action="export.download", thing_kind="export", thing_id="e-1", thing_name="Q3")
    record.event(actor=alice, action="export.download", thing_kind="export", thing_id="e-1", thing_name="Q3")
    record.event(actor=bob, action="export.download", thing_kind="export", thing_id="e-1", thing_name="Q3")
    record.event(actor=bob, action="session.sign_in")


def test_an_export_of_nothing_reads_as_such(dana: Person, client_as: ClientAs) -> None:
    record.event(actor=dana, action="export.create", thing_name="Q3", detail={"items": 0})
    assert "Dana exported Q3 (COCO, no items)" in text_of(client_as(dana).get("/audit/"))


def test_an_act_is_a_sentence_with_who_took_it_home(some_rows: None, dana: Person, client_as: ClientAs) -> None:
    said = text_of(client_as(dana).get("/audit/"))
    assert "Alice exported 3 batches of Dashcam Q3 as Q3 (COCO, about 1,200 items)" in said
    assert "Downloaded by Alice twice and by Bob once." in said
    assert "Bob signed in" in said


def test_resuming_and_failing_are_no_second_download(dana: Person, client_as: ClientAs) -> None:
    about = {"actor": dana, "thing_kind": "export", "thing_name": "Q3", "thing_id": "e-1"}
    record.event(action="export.create", **about)
    with record.audited_call(action="export.download", **about) as act:
        act.done(detail={"bytes": 1000, "of": 3_000_000, "interrupted": True})
    with record.audited_call(action="export.download", detail={"from": "bytes=1000-"}, **about) as act:
        act.done(detail={"bytes": 2_999_000})
    with record.audited_call(action="export.download", **about) as act:
        act.failed(detail={"error": "The link has expired."})
    said = text_of(client_as(dana).get("/audit/"))
    assert "Downloaded by Dana once." in said
    assert "Dana downloaded part of the export Q3 (1.0 kB of 3.0 MB, then it broke off)" in said
    assert "but it failed: The link has expired." in said


def test_a_long_download_is_under_way_and_no_crash(dana: Person, client_as: ClientAs) -> None:
    with time_machine.travel(datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=2), tick=False):
        record.audited_call(actor=dana, action="export.download", thing_name="Q3").__enter__()
        record.audited_call(actor=dana, action="slice.create", thing_name="Rain").__enter__()
    said = text_of(client_as(dana).get("/audit/"))
    assert "Dana started to download the export Q3" in said
    assert "Dana tried to create the slice Rain, but the console stopped before an answer came" in said
    assert [entry.action for entry in record.open_or_unknown()] == ["slice.create"]


def test_a_reviewer_sees_only_their_own(some_rows: None, dana: Person, bob: Person, client_as: ClientAs) -> None:
    said = text_of(client_as(bob).get("/audit/"))
    assert "Bob downloaded the export Q3" in said
    assert "Alice" not in said
    assert "ask Dana" in said


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("q=exported", "exported 3 batches", "signed in"),
        ("q=TUNNEL+dashcam", "exported 3 batches", "Bob downloaded"),
        ("view=leaving", "Bob downloaded", "signed in"),
        ("group=sessions", "signed in", "exported 3"),
        ("outcome=done", "exported 3", "nothing at all"),
        ("thing=export:e-1", "exported 3", "signed in"),
    ],
)
def test_each_filter_is_an_address(
    some_rows: None, dana: Person, client_as: ClientAs, query: str, there: str, gone: str
) -> None:
    said = text_of(client_as(dana).get(f"/audit/?{query}"))
    assert there in said
    assert gone not in said


def test_one_persons_rows(some_rows: None, dana: Person, bob: Person, client_as: ClientAs) -> None:
    said = text_of(client_as(dana).get(f"/audit/?person={bob.pk}"))
    assert "Bob downloaded" in said
    assert "Alice exported" not in said


def test_a_reviewer_cannot_ask_for_anothers(some_rows: None, alice: Person, bob: Person, client_as: ClientAs) -> None:
    said = text_of(client_as(bob).get(f"/audit/?person={alice.pk}"))
    assert "Nothing matches. You can only see your own actions." in said
    assert "Q3" not in said


def test_a_link_to_ones_own_rows_shows_them(some_rows: None, bob: Person, client_as: ClientAs) -> None:
    assert "Bob downloaded the export Q3" in text_of(client_as(bob).get(f"/audit/?person={bob.pk}"))


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ("person=nobody", "a person"),
        ("person=987654", "a person"),
        ("person=%00", "a person"),
        ("group=x", "a kind of action"),
        ("outcome=x", "an outcome"),
        ("view=x", "a view"),
        ("period=x", "a period"),
        ("sign_ins=x", "a setting for sign-ins"),
        ("thing=x", "a thing"),
        ("thing=:", "a thing"),
        ("thing=:e-1", "a thing"),
        ("thing=export:", "a thing"),
    ],
)
def test_a_filter_that_does_not_exist_matches_nothing_and_says_so(
    some_rows: None, dana: Person, client_as: ClientAs, query: str, unknown: str
) -> None:
    client = client_as(dana)
    response = client.get(f"/audit/?{query}")
    assert response.status_code == 200
    said = text_of(response)
    assert f"Nothing matches. This link filters by {unknown} that doesn't exist." in said
    assert "Clear the filters" in said
    assert "Q3" not in said
    sheet = b"".join(client.get(f"/audit/export.csv?{query}").streaming_content).decode()
    assert sheet.count("\r\n") == 1


def test_sign_ins_are_hidden_and_shown_with_one_click(some_rows: None, dana: Person, client_as: ClientAs) -> None:
    record.event(actor=dana, action="session.refused", outcome="failed")
    record.event(actor=dana, action="password.change")
    client = client_as(dana)
    page = client.get("/audit/?q=north")
    hide = re.search(r'href="([^"]+)">Hide sign-ins<', page.content.decode())[1].replace("&amp;", "&")
    assert hide == "/audit/?q=north&sign_ins=hidden"
    hidden = client.get(hide)
    for kept in ("Bob downloaded", "Dana changed their password"):
        assert kept in text_of(hidden)
    for gone in ("signed in", "sign in"):
        assert gone not in text_of(hidden)
    assert '<input type="hidden" name="sign_ins" value="hidden">' in hidden.content.decode()
    show = re.search(r'href="([^"]+)">Show sign-ins<', hidden.content.decode())[1]
    assert show == "/audit/?q=north"
    client.get("/audit/export.csv?sign_ins=hidden")
    assert "Dana exported the audit as CSV: without sign-ins, the last 90 days" in text_of(client.get("/audit/"))


def test_days_are_the_readers_days(dana: Person, client_as: ClientAs) -> None:
    """23:30 on the 2nd in London is the 3rd in Tokyo."""
    at(datetime.datetime(2026, 11, 2, 23, 30, tzinfo=datetime.UTC), dana, "slice.create", thing_name="Late")
    query = "/audit/?since=2026-11-03&until=2026-11-03"
    assert "Late" not in text_of(client_as(dana).get(query))
    dana.time_zone = "Asia/Tokyo"
    dana.save()
    said = text_of(client_as(dana).get(query))
    assert "created the slice Late" in said
    assert "08:30" in said


def test_ninety_days_are_shown_with_the_way_to_all(dana: Person, client_as: ClientAs) -> None:
    at(NOW - datetime.timedelta(days=200), dana, "slice.create", thing_name="Ancient")
    client = client_as(dana)
    with time_machine.travel(NOW, tick=False):
        client.force_login(dana)
        record.event(actor=dana, action="slice.create", thing_name="Fresh")
        recent, everything = text_of(client.get("/audit/")), text_of(client.get("/audit/?period=all"))
    assert "The last 90 days" in recent
    assert "Fresh" in recent
    assert "Ancient" not in recent
    assert "Ancient" in everything


def test_an_empty_range_offers_the_nearest_day(dana: Person, client_as: ClientAs) -> None:
    at(datetime.datetime(2026, 11, 3, 12, tzinfo=datetime.UTC), dana, "slice.create", thing_name="Rain")
    at(datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC), dana, "slice.create", thing_name="Rain")
    response = client_as(dana).get("/audit/?since=2026-11-05&until=2026-11-06")
    assert "Tuesday 3 November 2026" in text_of(response)
    assert "since=2026-11-03&amp;until=2026-11-03" in response.content.decode()


def test_nothing_matches_is_told_apart(some_rows: None, dana: Person, client_as: ClientAs) -> None:
    assert "Nothing matches." in text_of(client_as(dana).get("/audit/?q=zebra"))


@pytest.mark.parametrize(
    "query",
    [
        "since=9999-12-31",
        "until=0001-01-01",
        "since=yesterday",
        "since=2026-11-03&until=2026-11-01",
        "q=%00",
        "q=" + "x" * 300,
    ],
)
def test_bad_filters_are_told_and_kept(dana: Person, client_as: ClientAs, query: str) -> None:
    response = client_as(dana).get(f"/audit/?{query}")
    assert response.status_code == 422
    assert "Please fix" in text_of(response)


@pytest.mark.parametrize(
    "query",
    ["before=1_000", "before=-1", "after=abc", "before=999999999999999999", "request=1&q=zebra"],
)
def test_odd_places_break_nothing(some_rows: None, dana: Person, client_as: ClientAs, query: str) -> None:
    assert client_as(dana).get(f"/audit/?{query}").status_code == 200


def test_pages_stay_where_they_are_while_rows_arrive(dana: Person, client_as: ClientAs) -> None:
    for number in range(120):
        record.event(actor=dana, action="slice.create", thing_name=f"number {number:03}")
    client = client_as(dana)
    first = client.get("/audit/").content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = re.findall(r"number \d{3}</bdi>", client.get(older).content.decode())
    record.event(actor=dana, action="slice.create", thing_name="newcomer")
    assert re.findall(r"number \d{3}</bdi>", client.get(older).content.decode()) == second
    assert len(second) == 50
    newer = re.search(r'rel="prev" href="([^"]+)"', client.get(older).content.decode())[1].replace("&amp;", "&")
    assert "number 119" in client.get(newer).content.decode()


def test_the_number_of_questions_does_not_grow(
    dana: Person, client_as: ClientAs, django_assert_max_num_queries: Any
) -> None:
    for number in range(49):
        with record.audited_call(
            actor=dana, action="export.create", thing_kind="export", thing_name=str(number)
        ) as act:
            act.done(thing_id=str(number))
    client = client_as(dana)
    with django_assert_max_num_queries(30):
        client.get("/audit/")


def test_names_of_strangers_are_text(dana: Person, client_as: ClientAs) -> None:
    record.event(actor=dana, action="slice.create", thing_name="<script>alert(1)</script>{thing}\u202e")
    page = client_as(dana).get("/audit/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{thing}[U+202E]" in page


def test_htmx_gets_the_list_and_a_clean_address(some_rows: None, dana: Person, client_as: ClientAs) -> None:
    response = client_as(dana).get("/audit/?q=exported&group=&since=", headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<div id="audit-list">')
    assert response["HX-Push-Url"] == "/audit/?q=exported"


def test_the_chain_is_for_auditors(
    some_rows: None, dana: Person, alice: Person, client_as: ClientAs, audit_anchor: Any
) -> None:
    assert "all tamper-evident. Not all verified yet." in text_of(client_as(dana).get("/audit/"))
    ChainCheck.objects.create(pk=1, at=timezone.now(), rows=6)
    assert "Complete and unaltered when last verified, just now." in text_of(client_as(dana).get("/audit/"))
    ChainCheck.objects.update(rows=2)
    later = text_of(client_as(dana).get("/audit/"))
    assert "The first 2 entries were complete and unaltered when last verified, just now." in later
    assert "tamper-evident" not in text_of(client_as(alice).get("/audit/"))
    assert client_as(alice).post("/audit/check/").status_code == 403


def test_a_broken_chain_is_a_banner(some_rows: None, dana: Person, client_as: ClientAs, settings: Any) -> None:
    settings.AUDIT_SECRET = "another-secret-0123456789-abcdefghij"
    said = text_of(client_as(dana).get("/audit/"))
    assert "The audit is not as it was written." in said
    assert "was changed after it was written" in said


def test_an_unknown_entry_is_404(dana: Person, client_as: ClientAs) -> None:
    assert client_as(dana).get(f"/audit/{uuid.uuid4()}/").status_code == 404
