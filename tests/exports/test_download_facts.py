"""All of a file, a part, nothing, or its link: told apart, and told alike by pages, audit, sheet and home."""

import csv
import io
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from console.audit import record
from console.audit.download_states import Downloads, State, transfer
from console.audit.models import Entry
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.exports.making import body_of, broken_off, finish, start, text_of, work

ClientAs = Callable[[Person], Client]
SIZE = 3 * 1024**2


@pytest.fixture
def big(alice: Person, client_as: ClientAs, slow: Running) -> ExportRequest:
    """An export of 3.1 MB."""
    export_request = start(client_as(alice), name="big-3mb")
    finish(slow, export_request)
    work()
    return export_request


def ask(client: Client, export_request: ExportRequest, **headers: str) -> Any:
    return client.get(f"/exports/{export_request.export_id}/download/", headers=headers)


def part(client: Client, export_request: ExportRequest, first: int, last: int | str = "") -> bytes:
    return body_of(ask(client, export_request, Range=f"bytes={first}-{last}"))


def break_off(client: Client, export_request: ExportRequest, least: int, **headers: str) -> int:
    """Takes at least so many bytes and goes away; how many it were."""
    response, taken = ask(client, export_request, **headers), 0
    chunks = iter(response.streaming_content)
    while taken < least:
        taken += len(next(chunks))
    response._iterator.close()
    return taken


def told(client: Client, export_request: ExportRequest) -> str:
    """What the page of the export says of its downloads, which the list, the audit and the sheet say alike."""
    page = text_of(client.get(f"/exports/{export_request.export_id}/"))
    words: str = client.get("/exports/").context["rows"][0].downloads
    assert words in page
    assert words in text_of(client.get("/exports/"))
    return words


def sentences(client: Client) -> list[str]:
    return [
        line.text
        for line in client.get("/audit/?view=leaving").context["page"].lines
        if "export.download" in line.entry.action
    ]


def test_a_whole_file_is_a_download(big: ExportRequest, alice: Person, bob: Person, client_as: ClientAs) -> None:
    client = client_as(alice)
    for person in (client, client, client_as(bob)):
        body_of(ask(person, big))
    assert told(client, big) == "Downloaded by Alice twice and by Bob once."
    assert sentences(client) == ["Alice downloaded the export big-3mb (3.1 MB)"] * 2


def test_nothing_that_was_sent_is_no_download(big: ExportRequest, alice: Person, client_as: ClientAs) -> None:
    client = client_as(alice)
    for _ in range(2):
        for close in ask(client, big)._resource_closers:
            close()
    assert told(client, big) == ""
    assert "Nobody has downloaded it here yet." in text_of(client.get(f"/exports/{big.export_id}/"))
    assert sentences(client)[0] == (
        "Alice tried to download the export big-3mb (0 bytes of 3.1 MB), but it failed: "
        "The connection closed before everything was sent."
    )
    assert "You have not downloaded it." in text_of(client.get("/"))


def test_a_part_is_said_apart(big: ExportRequest, alice: Person, bob: Person, client_as: ClientAs) -> None:
    client, other = client_as(alice), client_as(bob)
    body_of(ask(client, big))
    taken = break_off(other, big, 983_000)
    assert 983_000 <= taken < 1_100_000
    assert told(client, big) == "Downloaded by Alice once. Partly downloaded by Bob (983 kB of 3.1 MB)."
    assert sentences(other) == ["Bob downloaded part of the export big-3mb (983 kB of 3.1 MB, then it broke off)"]


def test_a_part_on_home_is_no_download(big: ExportRequest, alice: Person, client_as: ClientAs) -> None:
    client = client_as(alice)
    break_off(client, big, 983_000)
    assert "You have downloaded only 983 kB of 3.1 MB." in text_of(client.get("/"))
    body_of(ask(client, big))
    assert "is ready" not in text_of(client.get("/"))


def test_parts_that_make_the_whole_are_one_download(big: ExportRequest, alice: Person, client_as: ClientAs) -> None:
    client = client_as(alice)
    taken = break_off(client, big, 500_000)
    assert "Partly" in told(client, big)
    part(client, big, taken)
    assert told(client, big) == "Downloaded by Alice once."
    assert sentences(client)[0] == "Alice downloaded part of the export big-3mb (resumed, 2.6 MB of 3.1 MB)"


def test_several_parts_at_once_are_one_download(big: ExportRequest, alice: Person, client_as: ClientAs) -> None:
    client = client_as(alice)
    for first, last in ((2_000_000, SIZE - 1), (0, 999_999), (900_000, 2_000_000)):
        part(client, big, first, last)
    assert told(client, big) == "Downloaded by Alice once."


def test_parts_of_two_people_make_no_whole(big: ExportRequest, alice: Person, bob: Person, client_as: ClientAs) -> None:
    part(client_as(alice), big, 0, 1_999_999)
    part(client_as(bob), big, 2_000_000)
    words = told(client_as(alice), big)
    assert words == "Partly downloaded by Alice (2.0 MB of 3.1 MB) and by Bob (1.1 MB of 3.1 MB)."


def test_all_but_a_byte_is_not_the_whole(big: ExportRequest, alice: Person, client_as: ClientAs) -> None:
    client = client_as(alice)
    part(client, big, 1)
    assert told(client, big) == "Partly downloaded by Alice (all but 1 byte of 3.1 MB)."
    part(client, big, 0, 0)
    assert told(client, big) == "Downloaded by Alice once."


def test_a_range_over_everything_is_the_whole(big: ExportRequest, alice: Person, client_as: ClientAs) -> None:
    client = client_as(alice)
    for asked in ("bytes=0-", f"bytes=-{SIZE}", f"bytes=0-{SIZE - 1}", "Bytes=0-"):
        body_of(ask(client, big, Range=asked))
    assert told(client, big) == "Downloaded by Alice 4 times."


def test_a_last_chunk_that_was_not_passed_on_is_not_counted(alice: Person, client_as: ClientAs, slow: Running) -> None:
    client = client_as(alice)
    export_request = start(client, name="Eyes")
    finish(slow, export_request)
    response = ask(client, export_request)
    size = int(response["Content-Length"])
    chunks, taken = iter(response.streaming_content), 0
    while taken < size:
        taken += len(next(chunks))
    response._iterator.close()
    assert told(client, export_request).startswith("Partly downloaded by Alice (")


def over_a_socket(client: Client, export_request: ExportRequest, *, reads: bool) -> None:
    """Downloads as gunicorn does, to somebody who takes everything, or goes away without reading."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        other.connect(listener.getsockname())
        ours, _ = listener.accept()
        received: list[bytes] = []
        reader = threading.Thread(target=lambda: received.extend(iter(lambda: other.recv(65536), b"")))
        with ours:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * SIZE)
            reader.start() if reads else threading.Timer(0.2, other.close).start()
            response = client.get(f"/exports/{export_request.export_id}/download/", **{"gunicorn.socket": ours})
            with suppress(OSError):
                for chunk in response.streaming_content:
                    ours.sendall(chunk)
            for close in response._resource_closers:
                close()
        if reads:
            reader.join()
            assert sum(map(len, received)) == SIZE


@pytest.mark.parametrize("reads", [True, False])
def test_what_only_the_kernel_has_taken_is_no_download(
    big: ExportRequest, alice: Person, client_as: ClientAs, reads: bool
) -> None:
    client = client_as(alice)
    over_a_socket(client, big, reads=reads)
    assert ("Downloaded by Alice once." in told(client, big)) is reads


def test_a_link_that_was_handed_out_is_not_called_a_download(
    big: ExportRequest, alice: Person, client_as: ClientAs, settings: Any
) -> None:
    settings.EXPORT_DOWNLOAD = "redirect"
    client = client_as(alice)
    ask(client, big)
    assert told(client, big) == "Link given to Alice once."
    assert sentences(client) == ["Alice was given a link to the export big-3mb"]
    assert "is ready" not in text_of(client.get("/"))


def test_head_and_what_was_refused_are_no_downloads(
    big: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    client = client_as(alice)
    client.head(f"/exports/{big.export_id}/download/")
    ask(client, big, Range=f"bytes={SIZE}-")
    slow.act("expire_links", export=big.export_id)
    ask(client, big)
    assert told(client, big) == ""


def test_a_download_under_way_is_neither(big: ExportRequest, alice: Person, client_as: ClientAs) -> None:
    client = client_as(alice)
    response = ask(client, big)
    next(iter(response.streaming_content))
    assert told(client, big) == "Being downloaded by Alice."
    response._iterator.close()
    assert "Partly" in told(client, big)


def test_the_sheet_and_the_list_say_in_part(
    big: ExportRequest, alice: Person, dana: Person, client_as: ClientAs
) -> None:
    broken_off(ask(client_as(alice), big))
    client = client_as(dana)
    sheet = b"".join(client.get("/audit/export.csv?view=leaving").streaming_content).decode("utf-8-sig")
    rows = {row["Action"]: row for row in csv.DictReader(io.StringIO(sheet, newline=""))}
    assert rows["export.download"]["Outcome"] == "In part"
    assert rows["export.create"]["Since then"].startswith("Partly downloaded by Alice (")
    assert "In part" in text_of(client.get("/audit/?view=leaving"))
    entry = Entry.objects.lines().get(action="export.download")
    assert "In part: The connection closed before everything was sent." in text_of(client.get(f"/audit/{entry.pk}/"))
    assert "downloaded part of the export big-3mb" in text_of(
        client.get("/audit/handover/?since=2020-01-01T00:00&until=2040-01-01T00:00")
    )


def test_namesakes_are_told_apart(big: ExportRequest, alice: Person, bob: Person, client_as: ClientAs) -> None:
    bob.name = "Alice"
    bob.save()
    for person in (alice, bob):
        body_of(ask(client_as(person), big))
    words = told(client_as(alice), big)
    assert words == f"Downloaded by Alice ({alice.email}) once and by Alice ({bob.email}) once."


@pytest.mark.parametrize(
    ("detail", "outcome", "state"),
    [
        ({"bytes": 5}, "done", State.COMPLETE),
        ({}, "done", State.COMPLETE),
        ({"bytes": 5, "of": 9, "interrupted": True}, "done", State.PART),
        ({"bytes": 0, "of": 9, "interrupted": True}, "done", State.NOTHING),
        ({"bytes": 5, "from": "bytes=4-"}, "done", State.PART),
        ({"redirected": True}, "done", State.LINK),
        ({"bytes": 9, "of": 9, "first": 0}, "done", State.COMPLETE),
        ({"bytes": 9, "of": 9, "first": 0, "interrupted": True}, "done", State.PART),
        ({"bytes": 5, "of": 9, "first": 0}, "done", State.PART),
        ({"bytes": 5, "of": 9, "first": 4, "from": "bytes=4-"}, "done", State.PART),
        ({"bytes": 9, "of": 9, "first": 0, "from": "bytes=-9"}, "done", State.COMPLETE),
        ({"error": "x"}, "failed", State.NOTHING),
        ({}, "open", State.RUNNING),
        ({}, "unknown", State.UNKNOWN),
        ({"bytes": "many"}, "done", State.COMPLETE),
    ],
)
def test_every_row_there_has_been_is_read(detail: dict[str, Any], outcome: str, state: State) -> None:
    assert transfer(detail, outcome).state is state


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), max_size=12))
def test_parts_make_the_whole_exactly_when_no_byte_is_missing(parts: list[tuple[int, int]]) -> None:
    total, held, complete = 30, set[int](), 0
    found = Downloads()
    for first, length in parts:
        sent = min(length, total - first)
        detail = {"bytes": sent, "of": total, "first": first, "version": "v"}
        if sent <= 0:
            continue
        found.add(1, "Alice", "", transfer(detail))
        if (first, sent) == (0, total):
            complete += 1
            continue
        held |= set(range(first, first + sent))
        if len(held) == total:
            complete, held = complete + 1, set()
    assert found.of(1).complete == complete
    assert found.of(1).partial == (f"{len(held)} byte{'s' * (len(held) != 1)} of 30 bytes" if held else "")


def test_reading_downloads_needs_no_more_queries_for_more_of_them(
    big: ExportRequest, alice: Person, client_as: ClientAs, django_assert_max_num_queries: Any
) -> None:
    from console.audit import selectors

    for _ in range(20):
        one = {"actor": alice, "action": "export.download", "thing_kind": "export", "thing_id": big.export_id}
        with record.audited_call(**one) as act:
            act.done(detail={"bytes": 5, "of": 9, "first": 0, "version": "v", "interrupted": True})
    assert Entry.objects.filter(action="export.download").count() == 40
    with django_assert_max_num_queries(2):
        assert selectors.downloads_of([big.export_id])[big.export_id].sentence
