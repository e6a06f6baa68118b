"""The page of one work item: its picture after two calls, its facts, what was done to it, and what goes wrong."""

import html
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from console.audit import record
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.items import console_ids
from tests.items.item_helpers import COINS, HTMX, add_item, page_of, request_kinds
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]


def test_the_page_stands_after_two_calls(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    item = add_item(emulator)
    emulator.forget_requests()
    response = client_as(alice).get(page_of(item))
    assert request_kinds(emulator) == ["workItems", "signedurls"]
    assert "coins-r1c1.jpg" in text_of(response)
    assert "signature=" in response.content.decode()


def test_all_facts_are_on_the_page_in_words(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    words: dict[str, Any] = {
        "dueInSeconds": 60,
        "difficulty": 42,
        "asset_id": 7700,
        "resultsUrl": "https://results.example/one",
        "taxonomyVersionId": str(uuid.UUID(int=7)),
        "metadata": {"site": "Naples", "tags": ["wet", "worn"], "deep": {"a": [1]}},
    }
    response = client_as(alice).get(page_of(add_item(emulator, **words)))
    text = text_of(response)
    for fact in ("Waiting for review", "42", "7700", "raw/coins-on-velvet/coins-r1c1.jpg", words["taxonomyVersionId"]):
        assert fact in text
    assert "site Naples" in text
    assert "tags wet, worn" in text
    assert 'deep {"a": [1]}' in text
    assert 'href="https://results.example/one"' in response.content.decode()
    assert "CLIENT_REVIEW" not in text


def test_an_unfinished_item_past_its_due_time_is_overdue(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    items = {status: add_item(emulator, status=status, dueInSeconds=-60) for status in ("NEW", "COMPLETED")}
    assert "Overdue" in text_of(client.get(page_of(items["NEW"])))
    assert "Overdue" not in text_of(client.get(page_of(items["COMPLETED"])))


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://results.example/", "https://u:p@results.example/"])
def test_results_are_linked_only_where_the_address_is_harmless(
    alice: Person, client_as: ClientAs, emulator: Running, address: str
) -> None:
    response = client_as(alice).get(page_of(add_item(emulator, resultsUrl=address)))
    assert address in text_of(response)
    assert f'href="{address}"' not in response.content.decode()


def test_no_signature_of_an_asset_gets_into_our_own_addresses(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    """They stand in the logs of this console and of the proxy in front."""
    client, address = client_as(alice), f"{emulator.storage_url}/raw/coin.jpg?X-Amz-Signature=5ec2e7"
    content = client.get(page_of(add_item(emulator, asset=address))).content.decode()
    assert "file=coin.jpg" in content
    for ours in re.findall(r'(?:href|action|hx-get|hx-post)="(/[^"]*)"', content):
        assert "5ec2e7" not in ours


def test_text_from_outside_is_only_text(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    metadata = {"<script>x</script>": "<img src=x onerror=alert(1)>", "turned": "a\u202eb"}
    content = client_as(alice).get(page_of(add_item(emulator, metadata=metadata))).content.decode()
    assert "<script>x" not in content
    assert "<img src=x" not in content
    assert "\u202e" not in content


@pytest.mark.parametrize(
    "asset",
    [
        "../secret.jpg",
        "javascript:alert(1)",
        "https://elsewhere.example/a.jpg",
        "s3://bucket/spaces/other/a.jpg",
        "",
        None,
    ],
)
def test_a_picture_that_cannot_be_asked_for_is_a_quiet_tile(
    alice: Person, client_as: ClientAs, emulator: Running, asset: str | None
) -> None:
    item = add_item(emulator, asset=asset, metadata={"site": "Naples"})
    emulator.forget_requests()
    response = client_as(alice).get(page_of(item))
    assert response.status_code == 200
    assert request_kinds(emulator) == ["workItems"]
    assert "picture-failed" in response.content.decode()
    assert "site Naples" in text_of(response)


@pytest.mark.parametrize("asset", ["raw/clip.mp4", "raw/scan.pcd"])
def test_what_is_no_picture_is_a_sentence_and_a_link(
    alice: Person, client_as: ClientAs, emulator: Running, asset: str
) -> None:
    kind = "video" if asset.endswith("mp4") else "external"
    response = client_as(alice).get(page_of(add_item(emulator, asset=asset, type=kind)))
    assert "so it can't be shown here" in text_of(response)
    assert re.search(rf'href="[^"]*{asset}[^"]*signature=', response.content.decode())
    assert "<img" not in response.content.decode().partition('<div class="page-content">')[2].partition("</main>")[0]


@pytest.mark.parametrize(
    ("asset", "name"),
    [
        ("raw/" + "x" * 100_000 + ".jpg", "x" * 179 + "…" + "x" * 16 + ".jpg"),
        ("raw/\u200b\u2060/\u200b", "Asset 7700"),
        (None, "Asset 7700"),
    ],
    ids=["endless", "invisible", "none"],
)
def test_an_item_has_a_name_that_can_be_read(
    alice: Person, client_as: ClientAs, emulator: Running, asset: str | None, name: str
) -> None:
    content = client_as(alice).get(page_of(add_item(emulator, asset=asset, asset_id=7700))).content.decode()
    assert f"<h1><bdi>{name}</bdi></h1>" in content


@pytest.mark.parametrize("fault", ["403", "404", "500", "503", "reset", "garbage", "empty", "html"])
def test_a_failed_link_leaves_everything_else(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    item = add_item(emulator, metadata={"site": "Naples"})
    emulator.fault("cloudfactory", fault, path="signedurls", times=0)
    response = client_as(alice).get(page_of(item))
    assert response.status_code == 200
    assert "picture-failed" in response.content.decode()
    assert "site Naples" in text_of(response)


@pytest.mark.parametrize("fault", ["500", "503", "reset", "garbage", "truncated", "403", "404", "429"])
def test_an_item_that_cannot_be_read_is_a_page_that_says_so(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    item = add_item(emulator)
    emulator.fault("cloudfactory", fault, path="workItems", times=0)
    response = client_as(alice).get(page_of(item))
    assert response.status_code >= 400
    assert "CloudFactory" in text_of(response) or "no such" in text_of(response)


def test_an_unknown_item_and_one_of_another_project_are_404_with_words(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, item = client_as(alice), add_item(emulator)
    for address in (page_of(str(uuid.uuid4())), page_of(item, PROJECTS["eyes"]), page_of(item, str(uuid.uuid4()))):
        response = client.get(address)
        assert response.status_code == 404
        assert "no such work item" in text_of(response) or "CloudFactory" in text_of(response)
        assert ">Work items</" in response.content.decode().replace("<bdi>", "").replace("</bdi>", "")


@pytest.mark.parametrize("odd", ["not-an-id", "%00", "123", "urn:uuid:00000000-0000-0000-0000-000000000001"])
def test_an_id_that_is_none_makes_no_call(alice: Person, client_as: ClientAs, emulator: Running, odd: str) -> None:
    emulator.forget_requests()
    assert client_as(alice).get(page_of(odd)).status_code == 404
    assert client_as(alice).get(page_of(add_item(emulator).upper())).status_code == 404
    assert request_kinds(emulator) == []


def test_the_way_back_leads_to_the_list_as_it_was(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    item = add_item(emulator)
    response = client_as(alice).get(page_of(item), {"list": "status=CLIENT_REVIEW&batch=104&nonsense=%22%3E"})
    assert response.context["list_url"] == f"/projects/{COINS}/items/?status=CLIENT_REVIEW&batch=104"
    answer_with_labels = client_as(alice).get(response.context["inline_labels_url"])
    assert answer_with_labels.context["list_url"] == response.context["list_url"]
    for odd in ("//evil.example/?" + "x" * 5000, "&".join(["a=1"] * 5000), "cursor=%00", "status=%ff"):
        response = client_as(alice).get(page_of(item), {"list": odd})
        assert response.context["list_url"] == f"/projects/{COINS}/items/"


def test_trying_again_without_script_keeps_the_list(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator)
    address = client.get(page_of(item), {"list": "status=CLIENT_REVIEW"}).context["inline_labels_url"]
    emulator.fault("cloudfactory", "403", path="annotations", times=1)
    again = re.search(r'href="([^"]*)"[^>]*>[^>]*(?:<[^>]*>)*Try again', client.get(address).content.decode())
    assert again
    assert again[1].replace("&amp;", "&") == address


def test_names_that_are_not_remembered_come_as_a_part(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator, batch=104)
    names = client.get(page_of(item)).context["names_url"]
    part = text_of(client.get(names, headers=HTMX))
    assert "Coin outlines" in part
    assert "Naples, early shift" in part
    emulator.forget_requests()
    response = client.get(page_of(item))
    assert response.context["names_url"] == ""
    assert response.context["facts"].batch_words in part
    assert request_kinds(emulator) == ["workItems", "signedurls"]


def test_names_that_cannot_be_had_leave_ids(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator, batch=104)
    names = client.get(page_of(item)).context["names_url"]
    emulator.fault("cloudfactory", "503", path="/projects", times=0)
    response = client.get(names, headers=HTMX)
    assert response.status_code == 200
    assert response.content.strip() == b""


def test_the_history_holds_what_the_console_did(
    alice: Person, bob: Person, dana: Person, client_as: ClientAs, emulator: Running
) -> None:
    item = add_item(emulator)
    detail = {"project_id": COINS, "reason": "Edge is missing"}
    about = {"action": "item.send_back", "thing_kind": "item", "thing_id": item, "thing_name": "coins-r1c1.jpg"}
    with record.audited_call(actor=alice, vendor="cloudfactory", detail=detail, **about) as act:
        act.done()
    sentence = "Alice sent back the work item coins-r1c1.jpg: Edge is missing"
    assert sentence in text_of(client_as(alice).get(page_of(item)))
    assert sentence in text_of(client_as(dana).get(page_of(item)))
    assert sentence not in text_of(client_as(bob).get(page_of(item)))
    assert "Nobody has done anything" not in text_of(client_as(bob).get(page_of(item)))


def test_a_long_history_says_that_there_is_more_and_leads_there(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, item = client_as(alice), add_item(emulator)
    about = {"action": "item.approve", "thing_kind": "item", "thing_id": item, "thing_name": "coins-r1c1.jpg"}
    for acts in (20, 1):
        assert "These are the latest 20" not in text_of(client.get(page_of(item)))
        for _ in range(acts):
            with record.audited_call(actor=alice, vendor="cloudfactory", detail={"project_id": COINS}, **about) as act:
                act.done()
    page = client.get(page_of(item))
    assert "These are the latest 20." in text_of(page)
    address = re.search(r'href="([^"]*)">All of them', page.content.decode())
    assert address
    assert "approved the work item coins-r1c1.jpg" in text_of(client.get(address[1].replace("&amp;", "&")))


def test_json_that_is_cut_says_so(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator, metadata={"note": "x" * 19_000})
    assert "Only the first 20,000 characters are shown." not in text_of(client.get(page_of(item)))
    item = add_item(emulator, metadata={"note": "x" * 21_000})
    assert "Only the first 20,000 characters are shown." in text_of(client.get(page_of(item)))


def test_a_fresh_link_is_asked_for_alone(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator)
    emulator.act("set_link_life", seconds=300, pictures=300)
    renew = client.get(page_of(item)).context["renew_url"]
    emulator.forget_requests()
    response = client.get(renew, headers=HTMX)
    assert request_kinds(emulator) == ["workItems", "signedurls"]
    assert response.content.decode().count("<img") == 1
    assert client.get(renew).url == page_of(item)  # type: ignore[attr-defined]


def test_an_aged_link_is_followed_by_one_that_works(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator)
    page = client.get(page_of(item))
    first = _source(page)
    assert requests.get(first, timeout=10).status_code == 200
    emulator.act("expire_links")
    assert requests.get(first, timeout=10).status_code == 403
    fresh = _source(client.get(page.context["renew_url"], headers=HTMX))
    assert requests.get(fresh, timeout=10).headers["Content-Type"] == "image/jpeg"


def _source(response: Any) -> str:
    """The address of the one picture."""
    [source] = re.findall(r'<img src="([^"]+)"', response.content.decode())
    return html.unescape(source)


@pytest.mark.parametrize("path", ["workItems", "signedurls"])
def test_a_fresh_link_that_cannot_be_had_is_a_tile_with_the_reason(
    alice: Person, client_as: ClientAs, emulator: Running, path: str
) -> None:
    item = add_item(emulator)
    emulator.fault("cloudfactory", "403", path=path, times=0)
    response = client_as(alice).get(f"{page_of(item)}picture/", headers=HTMX)
    assert response.status_code == 200
    assert "picture-failed" in response.content.decode()
    assert "Try again" in text_of(response)


def test_statements_do_not_grow_with_the_history(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator)
    about = {"action": "item.approve", "thing_kind": "item", "thing_id": item, "detail": {"project_id": COINS}}

    def statements(acts: int) -> int:
        for _ in range(acts):
            with record.audited_call(actor=alice, vendor="cloudfactory", **about) as act:
                act.done()
        with CaptureQueriesContext(connection) as queries:
            client.get(page_of(item))
        return len(queries)

    client.get(page_of(item))  # what the first page of a session notes
    assert statements(2) == statements(10)


def test_our_own_id_is_not_shown_among_the_metadata(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    console_id = "0b6e7c1e-6f0e-4b7a-9f0e-2b9b8a1f7d10"
    item = add_item(emulator, metadata={"site": "Naples", console_ids.KEY: console_id})
    content = client_as(alice).get(page_of(item)).content.decode()
    assert "Naples" in content
    assert console_id not in content
    assert console_ids.KEY not in content
    alone = add_item(emulator, metadata={console_ids.KEY: console_id})
    assert "No metadata." in client_as(alice).get(page_of(alone)).content.decode()
