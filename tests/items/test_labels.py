"""The labels of one work item as a part of its page: four faces, three calls, and a sentence for every trouble."""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.items.console_ids import KEY
from tests.items.item_helpers import COINS, HTMX, add_item, page_of, request_kinds
from tests.slices.making import text_of
from tests.upstream.rawserver import Peer, RawServer, Script, serving

ClientAs = Callable[[Person], Client]

BOX = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]}
ONE = {
    "images": [{"id": 1, "width": 100, "height": 100, "file_name": "coins-r1c1.jpg"}],
    "categories": [{"id": 1, "name": "Denarius"}],
    "annotations": [BOX],
}
NONE = {**ONE, "annotations": []}


def part(client: Client, item: str) -> Any:
    """As the page asks for it."""
    return client.get(client.get(page_of(item)).context["labels_url"], headers=HTMX)


def face_of(response: Any) -> str:
    match = re.search(r'data-face="(\w+)"', response.content.decode())
    return match[1] if match else ""


def test_labels_come_after_three_calls(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator)
    address = client.get(page_of(item)).context["labels_url"]
    emulator.forget_requests()
    response = client.get(address, headers=HTMX)
    assert request_kinds(emulator) == ["annotations", "signedurls", "file"]
    assert face_of(response) == "labels"
    assert f'id="overlay-{item}" hx-swap-oob="true"' in response.content.decode()
    assert "signature=" not in response.content.decode()


def test_without_script_the_labels_stand_in_the_page(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator)
    emulator.act("set_annotation", item=item, coco=ONE)
    address = re.search(r'href="([^"]*)">Show the labels', client.get(page_of(item)).content.decode())
    assert address
    response = client.get(address[1].replace("&amp;", "&"), follow=True)
    assert "Denarius" in text_of(response)
    assert face_of(response) == "labels"
    assert "hx-swap-oob" not in response.content.decode().partition('id="main"')[2].partition("</main>")[0]


@pytest.mark.parametrize(
    "asset", [f"raw/{'x' * 230}.jpg", "https://pictures.example.com/b.jpg?size=1", "raw/what?.jpg", "raw/b.jpg"]
)
def test_of_a_file_with_several_pictures_the_items_own_is_shown_with_and_without_script(
    alice: Person, client_as: ClientAs, emulator: Running, asset: str
) -> None:
    own = asset.removesuffix("?size=1").rpartition("/")[2]
    images = [{**ONE["images"][0], "id": number, "file_name": name} for number, name in ((1, "other.jpg"), (2, own))]
    classes = [{"id": 1, "name": "Stranger"}, {"id": 2, "name": "Denarius"}]
    labels = [{**BOX, "image_id": number, "category_id": number} for number in (1, 2)]
    client, item = client_as(alice), add_item(emulator, asset=asset)
    emulator.act("set_annotation", item=item, coco={"images": images, "categories": classes, "annotations": labels})
    for response in (part(client, item), client.get(f"{page_of(item)}?labels=1")):
        assert "Denarius" in text_of(response)
        assert "Stranger" not in text_of(response)


@pytest.mark.parametrize(
    ("status", "set_to", "face", "message"),
    [
        ("CLIENT_REVIEW", {"coco": ONE}, "labels", "Denarius"),
        ("IN_PROGRESS", {"coco": ONE}, "labels", "Denarius"),
        ("COMPLETED", {"coco": NONE}, "empty", "Checked, nothing there"),
        ("CLIENT_REVIEW", {"coco": NONE}, "empty", "Checked, nothing there"),
        ("NEW", {"coco": None}, "undone", "Nobody has started on this item."),
        ("IN_PROGRESS", {"coco": NONE}, "undone", "Somebody is working on this item."),
        ("CANCELED", {"coco": None}, "undone", "Not done: canceled"),
        ("FAILED", {"coco": None}, "undone", "Not done: failed"),
        ("COMPLETED", {"absent": True}, "undone", "Not done yet"),
        ("CLIENT_REVIEW", {"absent": True}, "undone", "Not done yet"),
        ("COMPLETED", {"coco": None}, "failed", "No label file"),
        ("COMPLETED", {"missing": True}, "failed", "The label file is no longer in CloudFactory's file store."),
    ],
)
def test_each_item_has_one_of_four_faces(
    alice: Person,
    client_as: ClientAs,
    emulator: Running,
    status: str,
    set_to: dict[str, Any],
    face: str,
    message: str,
) -> None:
    client, item = client_as(alice), add_item(emulator, status=status)
    emulator.act("set_annotation", item=item, **set_to)
    response = part(client, item)
    assert (response.status_code, face_of(response)) == (200, face)
    assert message in text_of(response)
    assert ("Try again" in text_of(response)) == (face == "failed")
    asked_directly = client.get(f"{page_of(item)}labels/", headers=HTMX)
    assert face_of(asked_directly) == (face if status != "IN_PROGRESS" or face == "labels" else "empty")


@pytest.mark.parametrize("fault", ["403", "404", "500", "503", "429", "reset", "garbage", "truncated", "empty", "html"])
@pytest.mark.parametrize("path", ["annotations", "signedurls"])
def test_labels_that_cannot_be_had_say_why(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str, path: str
) -> None:
    client, item = client_as(alice), add_item(emulator)
    address = client.get(page_of(item)).context["labels_url"]
    emulator.fault("cloudfactory", fault, path=path, times=0)
    response = client.get(address, headers=HTMX)
    assert response.status_code == 200
    assert face_of(response) == ("undone" if (path, fault) == ("annotations", "404") else "failed")
    emulator.clear_faults()
    assert face_of(client.get(address, headers=HTMX)) == "labels"


@pytest.mark.parametrize("fault", ["403", "503", "reset", "garbage"])
def test_an_item_without_labels_whose_status_cannot_be_read_says_why(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    client, item = client_as(alice), add_item(emulator)
    emulator.act("set_annotation", item=item, absent=True)
    address = client.get(page_of(item)).context["labels_url"]
    emulator.fault("cloudfactory", fault, path=r"workItems\?", times=0)
    response = client.get(address, headers=HTMX)
    assert (response.status_code, face_of(response)) == (200, "failed")
    emulator.clear_faults()
    assert face_of(client.get(address, headers=HTMX)) == "undone"


@pytest.mark.parametrize("fault", ["403", "404", "500", "503", "reset", "truncated", "html", "redirect"])
def test_a_store_that_fails_leaves_the_facts_of_the_labels(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    client, item = client_as(alice), add_item(emulator)
    address = client.get(page_of(item)).context["labels_url"]
    emulator.fault("storage", fault, times=0)
    response = client.get(address, headers=HTMX)
    assert (response.status_code, face_of(response)) == (200, "failed")
    assert "Consensus review" in text_of(response)


def test_a_key_that_is_refused_is_what_has_to_be_mended(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator)
    address = client.get(page_of(item)).context["labels_url"]
    emulator.fault("cloudfactory", "401", path="annotations", times=0)
    assert "Replace the key" in text_of(client.get(address, headers=HTMX))


def test_where_coco_is_refused_the_annotation_is_asked_for_without(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, item = client_as(alice), add_item(emulator)
    address = client.get(page_of(item)).context["labels_url"]
    emulator.fault("cloudfactory", "409", path="format=coco", times=0)
    response = client.get(address, headers=HTMX)
    assert (response.status_code, face_of(response)) == (200, "failed")


@pytest.mark.parametrize(
    ("inference", "text"),
    [
        (None, "Inference None"),
        ({}, "Inference None"),
        ([], "Inference None"),
        (["cat", "dog"], "Inference cat, dog"),
        ("blurred", "Inference blurred"),
        (0, "Inference 0"),
        (0.25, "Inference 0.25"),
        (False, "Inference no"),
        ({"cat": 0.7, "deep": {"a": 1}}, "cat 0.7"),
        ([{"cat": 0.7}], 'Inference [{"cat": 0.7}]'),
        ({"<b>": "<script>"}, "<b> <script>"),
    ],
)
def test_inference_of_any_kind_is_shown(
    alice: Person, client_as: ClientAs, emulator: Running, inference: Any, text: str
) -> None:
    client, item = client_as(alice), add_item(emulator)
    emulator.act("set_annotation", item=item, coco=ONE, inference=inference)
    response = part(client, item)
    assert response.status_code == 200
    assert text in text_of(response)
    assert "<script>" not in response.content.decode()
    assert face_of(response) == "labels"


def test_the_facts_of_the_labels_stand_beside_them(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator)
    emulator.act("set_annotation", item=item, coco=ONE, metadata={"label_count": 3, "tool": "polygon", KEY: "0b6e7c1e"})
    text = text_of(part(client, item))
    for fact in ("Reviewed by Consensus review", "Label count", "Created", "Changed", "tool polygon"):
        assert fact in text
    for hidden in ("coco_results_url", "s3://", KEY):
        assert hidden not in text


@pytest.mark.parametrize("metadata", [None, [], "text", 7, {"coco_results_url": 7}, {"label_count": {"a": 1}}])
def test_metadata_of_any_kind_leaves_the_rest(
    alice: Person, client_as: ClientAs, emulator: Running, metadata: Any
) -> None:
    client, item = client_as(alice), add_item(emulator)
    emulator.act("set_annotation", item=item, coco=None, metadata=metadata)
    response = part(client, item)
    assert response.status_code == 200
    assert "Consensus review" in text_of(response)


@pytest.mark.parametrize(
    "address",
    [
        "../../other",
        "https://evil.example/x.json",
        "javascript:1",
        "s3://b/spaces/5f0c2c1e-0000-4000-8000-000000000000/x",
    ],
)
def test_an_address_of_labels_that_cannot_be_asked_for_makes_no_call(
    alice: Person, client_as: ClientAs, emulator: Running, address: str
) -> None:
    client, item = client_as(alice), add_item(emulator)
    emulator.act("set_annotation", item=item, coco=None, metadata={"coco_results_url": address})
    labels = client.get(page_of(item)).context["labels_url"]
    emulator.forget_requests()
    response = client.get(labels, headers=HTMX)
    assert request_kinds(emulator) == ["annotations"]
    assert (response.status_code, face_of(response)) == (200, "failed")


HOSTILE = {
    "no JSON": "not JSON at all",
    "cut short": json.dumps(ONE)[:-20],
    "empty": "",
    "a list": "[1, 2]",
    "NaN": json.dumps(ONE).replace("[10, 10, 20, 20]", "[NaN, Infinity, 1, 1]"),
    "text for numbers": json.dumps(ONE).replace("[10, 10, 20, 20]", '["a", "b", "c", "d"]'),
    "odd coordinates": json.dumps({**ONE, "annotations": [{**BOX, "segmentation": [[1, 2, 3]]}]}),
    "a huge mask": json.dumps(
        {**ONE, "annotations": [{**BOX, "segmentation": {"size": [100000, 100000], "counts": [5, 10**10]}}]}
    ),
    "markup": json.dumps({**ONE, "categories": [{"id": 1, "name": '<script>alert(1)</script>"><img src=x>'}]}),
    "huge numbers": json.dumps({**ONE, "annotations": [{**BOX, "bbox": [1e308, 1e308, 1e308, 1e308]}]}),
    "a size of nothing": json.dumps({**ONE, "images": [{"id": 1, "width": 0, "height": -5}]}),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_label_file_leaves_everything_else(
    alice: Person, client_as: ClientAs, emulator: Running, text: str
) -> None:
    client, item = client_as(alice), add_item(emulator)
    emulator.act("set_annotation", item=item, coco=text)
    response = part(client, item)
    assert response.status_code == 200
    assert face_of(response) in {"labels", "failed"}
    assert "Consensus review" in text_of(response)
    content = response.content.decode()
    assert "<script>" not in content
    assert "<img" not in content
    assert "nan" not in content.lower().replace("finance", "")


@pytest.mark.parametrize("entries", [[1, "x"], [[]], [None]])
def test_entries_that_cannot_be_read_are_not_called_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, entries: list[Any]
) -> None:
    client, item = client_as(alice), add_item(emulator, status="COMPLETED")
    emulator.act("set_annotation", item=item, coco={**ONE, "annotations": entries})
    response = part(client, item)
    assert face_of(response) == "failed"
    assert "can't be read" in text_of(response)


@pytest.mark.parametrize("name", ["workItemID", "projectID"])
def test_labels_of_another_item_are_not_shown(
    name: str, alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    item = add_item(emulator)
    answer = {"id": str(uuid.uuid4()), name: str(uuid.uuid4()), "metadata": {"coco_results_url": "a.json"}}
    with serving(lambda peer: peer.request() and peer.answer(json.dumps(answer).encode())) as vendor:
        settings.CLOUDFACTORY_BASE_URL = vendor.base
        response = client_as(alice).get(f"{page_of(item)}labels/?status=COMPLETED", headers=HTMX)
    assert "labels of another item" in text_of(response)
    assert len(vendor.requests) == 1


def test_a_store_that_drips_does_not_hold_the_page(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.REQUEST_SECONDS = 2
    item = add_item(emulator)
    beginning = b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 20

    def drip(peer: Peer) -> None:
        if peer.request():
            peer.drip(beginning + b" " * 1000, every=0.05)

    with serving(drip) as store, serving(_vendor_that_leads_to(store)) as vendor:
        settings.CLOUDFACTORY_BASE_URL = vendor.base
        settings.TRUSTED_LOCAL_ORIGINS = [store.origin]
        response = client_as(alice).get(f"{page_of(item)}labels/?status=COMPLETED", headers=HTMX)
    assert (response.status_code, face_of(response)) == (200, "failed")
    assert "took too long" in text_of(response)


def _vendor_that_leads_to(store: RawServer) -> Script:
    """P18 that names a file, and P2 that leads to the store."""

    def answer(peer: Peer) -> None:
        head = peer.request()
        if b"/annotations" in head:
            peer.answer(json.dumps({"metadata": {"coco_results_url": "a.json"}}).encode())
        elif head:
            link = {"path": "a.json", "signedUrl": f"{store.origin}/a.json"}
            peer.answer(json.dumps({"items": [link]}).encode())

    return answer


def test_a_file_that_is_too_large_is_said_before_it_is_read(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, item = client_as(alice), add_item(emulator)
    emulator.act("set_annotation", item=item, coco=" " * (50 * 1024**2 + 1))
    response = part(client, item)
    assert face_of(response) == "failed"
    assert "larger than 50 MiB" in text_of(response)


def test_a_video_has_its_labels_in_words_and_no_drawing(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, item = client_as(alice), add_item(emulator, asset="raw/clip.mp4", type="video")
    emulator.act("set_annotation", item=item, coco=ONE)
    response = part(client, item)
    assert face_of(response) == "labels"
    assert "hx-swap-oob" not in response.content.decode()


def test_labels_of_an_item_of_another_project_are_not_shown(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    item = add_item(emulator)
    response = client_as(alice).get(f"{page_of(item, PROJECTS['eyes'])}labels/?status=NEW", headers=HTMX)
    assert response.status_code == 404
    assert COINS not in text_of(response)
