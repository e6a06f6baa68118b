"""The pictures of work items: signed in one call, and one that cannot be had never takes another along."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.test import Client

from accounts.models import Person
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.items.pictures import Picture, sign_pictures
from console.upstream.errors import KeyRejected
from console.upstream.response_models import WorkItem
from tests.conftest import SPACE
from tests.rewriting_proxy import Vendor, rewriting

COINS = uuid.UUID(PROJECTS["coins"])
GOOD = "raw/coins-on-velvet/coins-whole.jpg"
OTHER_SPACE = "0b6e7c1e-6f0e-4b7a-9f0e-2b9b8a1f7d10"

HOSTILE = [
    "../raw/coins-whole.jpg",
    "raw/../../coins-whole.jpg",
    "raw/%2e%2e/coins-whole.jpg",
    "raw/%252e%252e/coins-whole.jpg",
    "raw\\..\\..\\coins-whole.jpg",
    "raw/./coins-whole.jpg",
    "/etc/passwd",
    "//evil.example/a.jpg",
    "raw//a.jpg",
    "/\\evil.example/a.jpg",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "javascript%3Aalert(1)",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "https://evil.example/a.jpg",
    "HTTPS://evil.example/a.jpg",
    "http://169.254.169.254/latest/meta-data/",
    "https://user:password@cdn.avala.ai/a.jpg",
    "https://cdn.avala.ai.evil.example/a.jpg",
    "https://cdn.avala.ai\\@evil.example/a.jpg",
    "https://[broken/a.jpg",
    "https:raw/a.jpg",
    "ftp://cdn.avala.ai/a.jpg",
    f"s3://bucket/spaces/{OTHER_SPACE}/raw/a.jpg",
    f"s3://bucket/spaces/{SPACE}/../{OTHER_SPACE}/a.jpg",
    f"s3://bucket/spaces/{SPACE}/",
    "s3://bucket/a.jpg",
    "raw/a\x00.jpg",
    "raw/a\r\nHost: evil.example",
    "raw/a\x85.jpg",
    "raw/a\u2028.jpg",
    "raw/" + "a" * 100_000,
    "https://cdn.avala.ai/" + "a" * 100_000,
    "",
    " ",
    "\u200b",
    "..",
    ".",
    "%2e%2e",
]


def item(number: int, address: str | None) -> WorkItem:
    return WorkItem(id=f"00000000-0000-4000-8000-{number:012}", asset_url=address)


def signed(user: Person, *addresses: str | None) -> list[Picture]:
    items = [item(number, address) for number, address in enumerate(addresses)]
    pictures = sign_pictures(user=user, project=COINS, items=items)
    return [pictures[one.id] for one in items]


def signed_paths(emulator: Running) -> list[list[str]]:
    """The paths of each call to P2, in order."""
    calls = [one for one in emulator.requests("cloudfactory") if one["path"].endswith("/signedurls")]
    bodies = [json.loads(one["body"]) if isinstance(one["body"], str) else one["body"] for one in calls]
    return [body["paths"] for body in bodies]


@pytest.fixture
def vendor(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as answers:
        yield answers


def test_all_pictures_are_signed_in_one_call_and_can_be_loaded(alice: Person, emulator: Running) -> None:
    path = f"s3://bucket/spaces/{SPACE.upper()}/{GOOD}"
    plain, same, from_store, accents = signed(alice, GOOD, GOOD, path, "raw/Zürich 今日.jpg")
    assert signed_paths(emulator) == [[GOOD, "raw/Zürich 今日.jpg"]]
    assert plain == same == from_store
    assert requests.get(plain.url, timeout=10).headers["Content-Type"] == "image/jpeg"
    assert accents.url.startswith(emulator.storage_url)


@pytest.mark.parametrize("address", HOSTILE, ids=lambda address: repr(address)[:40])
def test_a_hostile_address_gets_a_reason_and_takes_no_other_picture_away(
    alice: Person, emulator: Running, address: str
) -> None:
    before, hostile, after = signed(alice, GOOD, address, "raw/coins-02.jpg")
    assert hostile.url == ""
    assert hostile.reason.endswith(".")
    assert len(hostile.reason) < 200
    assert before.url
    assert after.url
    assert signed_paths(emulator) == [[GOOD, "raw/coins-02.jpg"]]


def test_all_hostile_addresses_together_leave_the_good_one(alice: Person, emulator: Running) -> None:
    *others, good = signed(alice, *HOSTILE, GOOD)
    assert good.url
    assert not any(one.url for one in others)


def test_nothing_is_asked_where_nothing_has_to_be_signed(alice: Person, emulator: Running, settings: Any) -> None:
    settings.MEDIA_ORIGINS = ["https://cdn.example.com"]
    address = "https://cdn.example.com/a.jpg?width=100"
    assert signed(alice, address, None, "../a")[0] == Picture(address)
    assert signed(alice) == []
    assert signed_paths(emulator) == []


def test_a_picture_on_a_trusted_local_origin_is_used_as_it_is(alice: Person, emulator: Running) -> None:
    address = f"{emulator.storage_url}/pictures/a.jpg"
    assert signed(alice, address) == [Picture(address)]


def test_an_item_without_a_file_says_so(alice: Person, emulator: Running) -> None:
    assert signed(alice, None) == [Picture(reason="CloudFactory names no file for this item.")]


def test_items_without_an_id_share_no_picture(alice: Person, emulator: Running) -> None:
    assert sign_pictures(user=alice, project=COINS, items=[WorkItem(id="", asset_url=GOOD)]) == {}


def test_a_name_that_the_platform_refuses_takes_no_other_picture_away(alice: Person, emulator: Running) -> None:
    unbroken = "raw/Screenshot 10.30\u202fAM.jpg"  # as a Mac names them; the emulator refuses it
    refused, good = signed(alice, unbroken, GOOD)
    assert signed_paths(emulator) == [[unbroken, GOOD], [GOOD]]
    assert good.url
    assert refused.reason


@pytest.mark.parametrize(
    "fault", ["500", "503", "429", "403", "html", "garbage", "truncated", "empty", "reset", "drop-after", "redirect"]
)
def test_a_failed_call_is_the_reason_at_each_picture(alice: Person, emulator: Running, fault: str) -> None:
    emulator.fault("cloudfactory", fault, path="/signedurls$", times=9)
    pictures = signed(alice, GOOD, "raw/coins-02.jpg")
    assert {one.url for one in pictures} == {""}
    assert all(one.reason.endswith((".", "s")) for one in pictures)


def test_a_refused_key_is_raised_for_the_page_that_says_so(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "401", path="/signedurls$")
    with pytest.raises(KeyRejected):
        signed(alice, GOOD)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{"path": GOOD}],
        [{"signedUrl": "https://cdn.example.com/a"}],
        [{"path": GOOD, "signedUrl": ""}],
        [{"path": GOOD, "signedUrl": None}],
        [{"path": GOOD, "signedUrl": "javascript:alert(1)"}],
        [{"path": GOOD, "signedUrl": "https://evil.example/a"}],
        [
            {"path": GOOD, "signedUrl": "https://evil.example/a"},
            {"path": GOOD, "signedUrl": "https://cdn.example.com/a"},
        ],
        [{"path": "raw/other.jpg", "signedUrl": "https://cdn.example.com/a"}],
        ["text", None, 7, []],
    ],
)
def test_a_link_that_is_none_takes_no_other_away(
    alice: Person, vendor: Vendor, settings: Any, entries: list[Any]
) -> None:
    settings.MEDIA_ORIGINS = ["https://cdn.example.com"]
    good = {"path": "raw/coins-02.jpg", "signedUrl": "https://cdn.example.com/b"}
    vendor.rewrite("POST", "/signedurls$", lambda data: {"items": [*entries, good]})
    odd, other = signed(alice, GOOD, "raw/coins-02.jpg")
    assert odd.url == ""
    assert odd.reason
    assert other == Picture("https://cdn.example.com/b")


def test_links_come_in_any_order_and_a_repeated_one_is_one(alice: Person, vendor: Vendor) -> None:
    vendor.rewrite("POST", "/signedurls$", lambda data: {"items": [*reversed(data["items"]), *data["items"]]})
    one, two = signed(alice, GOOD, "raw/coins-02.jpg")
    assert GOOD in one.url
    assert "raw/coins-02.jpg" in two.url


def test_a_signed_link_does_not_stand_in_a_repr(alice: Person, emulator: Running) -> None:
    assert "http" not in repr(signed(alice, GOOD))


# NUL never gets that far: answers are read without it.
SENDABLE = [address for address in HOSTILE if "\x00" not in address]


@pytest.mark.parametrize("address", SENDABLE, ids=lambda address: repr(address)[:40])
def test_on_the_page_a_hostile_address_is_a_tile_among_pictures(
    bob: Person, client_as: Callable[[Person], Client], vendor: Vendor, address: str
) -> None:
    def hostile(data: Any) -> Any:
        first, *others = data["items"]
        return {**data, "items": [{**first, "assetUrl": address}, *others]}

    vendor.rewrite("GET", "/workItems", hostile)
    client = client_as(bob)
    answer = client.get(f"/projects/{PROJECTS['eyes']}/items/pictures/?size=10", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.count("<img") == 9
    assert "javascript:" not in page.lower()
    assert "evil.example" not in page
    assert len(vendor.sent("POST", "/signedurls$")) == 1
    table = client.get(f"/projects/{PROJECTS['eyes']}/items/?size=10")
    assert table.status_code == 200
    assert 'src="javascript:' not in table.content.decode().lower()
