"""What is refused before anything is sent (FACTS 3). `responses` has no address, so a call would fail."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from console.upstream.errors import Invalid
from console.upstream.response_models import NewWorkItem, Priority, SignalItem, SubSlice
from tests.upstream import samples as s
from tests.upstream.clients import REQUEST_ID, avala, platform

WHOLE = SubSlice("dataset", s.DATASET_UID)


def create_slice(client: Any, **changed: Any) -> Any:
    given = {"name": "Fog", "visibility": "private", "sub_slices": [WHOLE], "request_id": REQUEST_ID}
    return client.create_slice(**{**given, **changed})


def create_item(client: Any, **changed: Any) -> Any:
    new = NewWorkItem(**{"asset_type": "image", "asset_url": "a.jpg", **changed})
    return client.create_work_item(s.PROJECT, new, request_id=REQUEST_ID)


def send_signals(client: Any, **changed: Any) -> Any:
    given = {"signal": "start", "items": [SignalItem(s.WORK_ITEM_ID)], "request_id": REQUEST_ID}
    return client.send_signals(s.PROJECT, **{**given, **changed})


def export(client: Any, **changed: Any) -> Any:
    return client.create_export(s.SPACE, **{"name": "Weekly", "request_id": REQUEST_ID, **changed})


AVALA_CASES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda c: create_slice(c, name=""), "name"),
    (lambda c: create_slice(c, name=" "), "name"),
    (lambda c: create_slice(c, name="x" * 101), "name"),
    (lambda c: create_slice(c, visibility="secret"), "visibility"),
    (lambda c: create_slice(c, sub_slices=[]), "sub_slices"),
    (lambda c: create_slice(c, sub_slices=[WHOLE, SubSlice("dataset", "x")]), "sub_slices.1.dataset_uid"),
    (lambda c: create_slice(c, sub_slices=[SubSlice("all", s.DATASET_UID)]), "sub_slices.0.type"),
    (
        lambda c: create_slice(c, sub_slices=[SubSlice("dataset_items", s.DATASET_UID)]),
        "sub_slices.0.dataset_item_uids",
    ),
    (
        lambda c: create_slice(c, sub_slices=[SubSlice("dataset_items", s.DATASET_UID, ("x",))]),
        "sub_slices.0.dataset_item_uids",
    ),
    (lambda c: create_slice(c, random_selection_count=0), "random_selection_count"),
    (lambda c: create_slice(c, random_selection_count=True), "random_selection_count"),
    (lambda c: c.validate_slice_name("x" * 101), "name"),
    (lambda c: c.list_slices("o", limit=101), "limit"),
    (lambda c: c.list_slices("o", page=0), "page"),
    (lambda c: c.list_slices("o", page="9" * 12), "page"),
    (lambda c: c.list_slices(""), "owner"),
    (lambda c: c.list_slices(".."), "owner"),
    (lambda c: c.list_slices("a/b"), "owner"),
    (lambda c: c.list_slices("%2e%2e"), "owner"),
    (lambda c: c.list_slices("a\nb"), "owner"),
    (lambda c: c.list_slices("\ud800"), "owner"),
    (lambda c: c.get_slice("dataset", "x"), "owner"),
    (lambda c: c.get_slice("o", "list"), "slug"),
    (lambda c: c.get_slice("o", "."), "slug"),
    (lambda c: c.get_dataset("me"), "uid"),
    (lambda c: c.get_dataset_item("o", "s", "x"), "item_uid"),
]
PLATFORM_CASES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda c: c.upload_links(s.SPACE, count=11), "count"),
    (lambda c: c.upload_links("x"), "space"),
    (lambda c: c.download_links(s.SPACE, []), "paths"),
    (lambda c: c.download_links(s.SPACE, [f"a{n}" for n in range(1001)]), "paths"),
    (lambda c: c.download_links(s.SPACE, ["a", ""]), "paths.1"),
    (lambda c: c.download_links(s.SPACE, [f"s3://bucket/spaces/{s.PROJECT}/a"]), "paths.0"),
    (lambda c: c.download_links(s.SPACE, ["a", "../b"]), "paths.1"),
    (lambda c: c.create_batch(s.PROJECT, name=" ", request_id=REQUEST_ID), "name"),
    (lambda c: c.list_batches(s.PROJECT, limit=0), "limit"),
    (lambda c: c.list_batches(s.PROJECT, cursor="x", direction="BACK"), "direction"),
    (lambda c: c.save_priorities(s.PROJECT, [], request_id=REQUEST_ID), "items"),
    (lambda c: c.save_priorities(s.PROJECT, [Priority(1), Priority(1)], request_id=REQUEST_ID), "items"),
    (lambda c: c.save_priorities(s.PROJECT, [Priority(2**63)], request_id=REQUEST_ID), "items.0.batchId"),
    (lambda c: c.update_batch(s.PROJECT, 1, request_id=REQUEST_ID), "name"),
    (lambda c: c.update_batch(s.PROJECT, 1, name="", request_id=REQUEST_ID), "name"),
    (lambda c: c.update_batch(s.PROJECT, 2**63, name="x", request_id=REQUEST_ID), "batch_id"),
    (lambda c: c.list_exports(s.SPACE, sort_order="UP"), "sort_order"),
    (lambda c: export(c, name=""), "name"),
    (lambda c: export(c, name="x" * 256), "name"),
    (lambda c: export(c, project_ids=[s.PROJECT] * 51), "project_ids"),
    (lambda c: export(c, project_ids=["x"]), "project_ids"),
    (lambda c: export(c, batch_ids=range(101)), "batch_ids"),
    (lambda c: export(c, created_from=datetime(2026, 1, 1)), "created_to"),
    (
        lambda c: export(c, updated_from=datetime(2026, 1, 2, tzinfo=UTC), updated_to=datetime(2026, 1, 1, tzinfo=UTC)),
        "updated_to",
    ),
    (lambda c: c.get_export(s.SPACE, "../x"), "export_id"),
    (lambda c: send_signals(c, signal="go"), "signal"),
    (lambda c: send_signals(c, signal="complete"), "task_type"),
    (lambda c: send_signals(c, outcome="MAYBE"), "outcome"),
    (lambda c: send_signals(c, items=[]), "items"),
    (lambda c: send_signals(c, items=[SignalItem(s.WORK_ITEM_ID)] * 101), "items"),
    (lambda c: send_signals(c, items=[SignalItem("x")]), "items.0.work_item_id"),
    (lambda c: send_signals(c, items=[SignalItem(s.WORK_ITEM_ID), SignalItem(s.WORK_ITEM_ID.upper())]), "items"),
    (lambda c: create_item(c, asset_type="external"), "asset_type"),
    (lambda c: create_item(c, asset_id=5), "asset_url"),
    (lambda c: create_item(c, asset_url=None), "asset_url"),
    (lambda c: create_item(c, asset_url=""), "asset_url"),
    (lambda c: create_item(c, asset_url=None, asset_id=-1), "asset_id"),
    (lambda c: create_item(c, due_in_seconds=0), "due_in_seconds"),
    (lambda c: create_item(c, due_in_seconds=2_592_001), "due_in_seconds"),
    (lambda c: create_item(c, difficulty=101), "difficulty"),
    (lambda c: create_item(c, batch_id=2**63), "batch_id"),
    (lambda c: create_item(c, taxonomy_version_id="x"), "taxonomy_version_id"),
    (lambda c: create_item(c, labels=("x",)), "labels"),
    (lambda c: c.list_work_items(s.PROJECT, ids=[s.WORK_ITEM_ID] * 101), "ids"),
    (lambda c: c.list_work_items(s.PROJECT, batch_ids=range(101)), "batch_ids"),
    (lambda c: c.insert_labels(s.PROJECT, s.WORK_ITEM_ID, [], request_id=REQUEST_ID), "labels"),
    (
        lambda c: c.signal(
            s.PROJECT, s.WORK_ITEM_ID, signal="start", task_type="", outcome="OK", request_id=REQUEST_ID
        ),
        "task_type",
    ),
]


@pytest.mark.parametrize(
    ("client", "call", "field"),
    [(avala, *case) for case in AVALA_CASES] + [(platform, *case) for case in PLATFORM_CASES],
)
@responses.activate
def test_what_is_out_of_bounds_is_refused_before_the_call(client: Any, call: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        call(client())

    assert field in caught.value.fields
    assert (caught.value.status, caught.value.outcome) == (None, "failed")
    assert len(responses.calls) == 0


@responses.activate
@pytest.mark.parametrize("metadata", [{"a": float("nan")}, {"a": "\ud800"}])
def test_what_json_cannot_say_is_not_sent(metadata: Any) -> None:
    with pytest.raises(Invalid):
        platform().update_batch(s.PROJECT, 1, metadata=metadata, request_id=REQUEST_ID)

    assert len(responses.calls) == 0


@responses.activate
def test_half_a_character_in_a_query_is_not_sent() -> None:
    with pytest.raises(Invalid):
        avala().list_datasets(name="\ud800")

    assert len(responses.calls) == 0


@responses.activate
def test_empty_lists_are_left_out_because_they_do_not_mean_all() -> None:
    responses.post(f"https://api.platform.test/api/v1/spaces/{s.SPACE}/exports", json=s.COMPLETED)

    export(platform(), project_ids=[], batch_ids=())

    assert responses.calls[0].request.body == b'{"name":"Weekly","format":"COCO_JSON"}'


@pytest.mark.parametrize("request_id", [None, "", "a b", "é", "x\r\nInjected: 1"])
def test_a_write_without_a_usable_id_is_a_fault_of_the_caller(request_id: Any) -> None:
    with pytest.raises(ValueError, match="request_id"):
        platform().create_batch(s.PROJECT, name="x", request_id=request_id)
