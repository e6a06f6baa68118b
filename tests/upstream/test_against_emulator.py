"""All 35 operations over sockets, against a second reading of the vendors' documents."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from console.emulator.server import Running, start
from console.upstream import downloads, errors
from console.upstream.avala import Avala
from console.upstream.circuit_breaker import VendorHealth
from console.upstream.cloudfactory import CloudFactory
from console.upstream.pagination import pages
from console.upstream.response_models import NewWorkItem, Page, Project, SignalItem, SubSlice
from console.upstream.transport import CallLimits, Transport

SPACE = "5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10"
OWNER = "northwind"
SHORT = CallLimits(connect=1, silence=0.5, total=1.0, pause=0.01)


@pytest.fixture(scope="module")
def started() -> Iterator[Running]:
    running = start(pace=0.0, rate=0)
    yield running
    running.stop()


@pytest.fixture
def vendors(started: Running) -> Running:
    started.reset()
    return started


@pytest.fixture
def avala(vendors: Running) -> Avala:
    return avala_as(vendors, "avk_demo_ops")


@pytest.fixture
def platform(vendors: Running) -> CloudFactory:
    return platform_as(vendors, "cf_demo_ops")


def avala_as(vendors: Running, key: str, limits: CallLimits | None = None) -> Avala:
    return Avala(
        Transport("avala", vendors.avala_url, health=VendorHealth("avala"), limits=limits or CallLimits()), key
    )


def platform_as(vendors: Running, key: str, limits: CallLimits | None = None) -> CloudFactory:
    health = VendorHealth("cloudfactory")
    return CloudFactory(
        Transport("cloudfactory", vendors.cloudfactory_url, health=health, limits=limits or CallLimits()), key
    )


def an_id() -> str:
    return str(uuid4())


def project(platform: CloudFactory) -> Project:
    return next(found for found in platform.list_projects(SPACE) if found.name == "Coin outlines")


def sent(vendors: Running, vendor: str, method: str) -> list[dict[str, Any]]:
    return [entry for entry in vendors.requests(vendor) if entry["method"] == method]


def test_every_reading_operation_of_avala_is_answered(avala: Avala) -> None:
    me = avala.get_me()
    organization = avala.list_organizations().items[0]
    assert avala.get_organization(organization.slug or "").uid == organization.uid
    assert me.uid
    slices = avala.list_slices(OWNER)
    found = next(entry for entry in slices.items if entry.slug == "all-coins")
    assert avala.get_slice(OWNER, "all-coins").uid == found.uid
    items = avala.list_slice_items(OWNER, "all-coins", limit=3)
    assert avala.get_slice_item(OWNER, "all-coins", items.items[0].uid).key == items.items[0].key
    dataset_uid = found.sub_slices[0].dataset_uid
    dataset = avala.get_dataset(dataset_uid)
    assert dataset.uid in {entry.uid for entry in avala.list_datasets(name=(dataset.name or "")[1:]).items}
    assert dataset.uid in {entry.uid for entry in avala.list_owner_datasets(OWNER).items}
    assert avala.find_dataset(OWNER, dataset.slug or "").uid == dataset.uid
    assert found.uid in {entry.uid for entry in avala.list_dataset_slices(dataset_uid).items}
    item = avala.list_dataset_items(OWNER, dataset.slug or "", limit=1).items[0]
    assert avala.get_dataset_item(OWNER, dataset.slug or "", item.uid).uid == item.uid
    assert avala.validate_slice_name(found.name or "").is_valid is False
    assert avala.validate_slice_name("Never heard of").is_valid is True


def test_a_slice_of_all_three_kinds_of_parts_is_built(avala: Avala) -> None:
    dataset = avala.find_dataset(OWNER, "coins-on-velvet")
    items = avala.list_dataset_items(OWNER, "coins-on-velvet", limit=2).items
    parts = [
        SubSlice("dataset", dataset.uid),
        SubSlice("dataset_items", dataset.uid, item_uids=tuple(item.uid for item in items)),
        SubSlice("filters", dataset.uid, filters={"tag": ["coins"]}),
    ]
    made = avala.create_slice(name="Three kinds", visibility="private", sub_slices=parts, request_id=an_id())
    assert made.sub_slices == tuple(parts)

    for _ in range(50):
        built = avala.get_slice(made.owner_name or "", made.slug or "")
        if built.status != "pending":
            break
        time.sleep(0.02)
    assert (built.status, built.item_count) == ("created", dataset.item_count)


def test_every_page_of_a_list_is_walked_in_both_styles(avala: Avala, platform: CloudFactory) -> None:
    count = avala.list_slices(OWNER, limit=1).count
    by_number = [page.items for page in pages(lambda page: avala.list_slices(OWNER, page=page or 1, limit=3))]
    assert sum(map(len, by_number)) == count
    total = avala.get_slice(OWNER, "all-coins").item_count
    by_cursor = pages(lambda cursor: avala.list_slice_items(OWNER, "all-coins", cursor=cursor, limit=5))
    assert sum(len(page.items) for page in by_cursor) == total

    at = project(platform).id
    first = platform.list_batches(at, limit=3)
    second = platform.list_batches(at, cursor=first.next, limit=3)
    back = platform.list_batches(at, cursor=second.previous, direction="PREV", limit=3)
    assert [batch.id for batch in back.items] == [batch.id for batch in first.items]


def test_projects_batches_and_priorities_are_read_and_changed(platform: CloudFactory) -> None:
    at = project(platform).id
    assert platform.get_project(SPACE, at).name == "Coin outlines"
    made = platform.create_batch(at, name="Fresh", request_id=an_id())
    renamed = platform.update_batch(at, made.id, name="Fresher", metadata={"a": 1}, request_id=an_id())
    assert (renamed.id, renamed.name, renamed.metadata) == (made.id, "Fresher", {"a": 1})

    before = platform.get_priorities(at)
    platform.save_priorities(at, before[::-1], request_id=an_id())
    after = {entry.batch_id: entry for entry in platform.get_priorities(at)}
    assert all(after[entry.batch_id] == entry for entry in before)


def test_work_items_are_made_signalled_and_labelled(platform: CloudFactory) -> None:
    at = project(platform).id
    new = NewWorkItem("image", asset_url="raw/new.jpg", metadata={"press": "1"}, due_in_seconds=60, difficulty=5)
    made = platform.create_work_item(at, new, request_id=an_id())
    assert (made.status, made.metadata) == ("NEW", {"press": "1"})

    results = platform.send_signals(at, signal="start", items=[SignalItem(made.id)], request_id=an_id())
    assert [(result.work_item_id, result.failed) for result in results] == [(made.id, False)]
    again = platform.send_signals(at, signal="start", items=[SignalItem(made.id)], request_id=an_id())
    assert again[0].failed
    platform.insert_labels(at, made.id, [{"category": "coin"}], request_id=an_id())
    platform.signal(
        at, made.id, signal="cancel", task_type="labeling", outcome="OK", reason="twice", request_id=an_id()
    )
    (read,) = platform.list_work_items(at, ids=[made.id]).items
    assert read.status == "CANCELED"
    with pytest.raises(errors.Conflict):
        platform.signal(at, made.id, signal="start", task_type="labeling", outcome="OK", request_id=an_id())


def test_an_annotation_leads_to_its_coco_file(vendors: Running, platform: CloudFactory) -> None:
    at = project(platform).id
    done = platform.list_work_items(at, status="COMPLETED", limit=1).items[0]
    assert platform.get_annotation(at, done.id).work_item_id == done.id
    stored = platform.get_annotation(at, done.id, coco=True).coco_results_url
    assert stored is not None
    (link,) = platform.download_links(SPACE, [stored])
    assert link.path == stored
    content = downloads.fetch(link.signed_url, limit=2**20, origins=[vendors.storage_url])
    assert "annotations" in json.loads(content)
    assert len(platform.upload_links(SPACE, count=2)) == 2


def test_an_export_is_made_downloaded_in_part_and_deleted(vendors: Running, platform: CloudFactory) -> None:
    made = platform.create_export(SPACE, name="Weekly", project_ids=[project(platform).id], request_id=an_id())
    for _ in range(50):
        found = platform.get_export(SPACE, made.id)
        if found.download_url:
            break
        time.sleep(0.02)
    assert found.status == "COMPLETED"
    assert made.id in {export.id for export in platform.list_exports(SPACE).items}
    link, trusted = found.download_url or "", [vendors.storage_url]
    with downloads.stream(link, range_header="bytes=0-1", origins=trusted) as download:
        assert (download.status, b"".join(download)) == (206, b"PK")
    platform.delete_export(SPACE, made.id, request_id=an_id())
    with pytest.raises(errors.NotFound):
        platform.get_export(SPACE, made.id)


def test_the_refusals_of_both_vendors_are_told_apart(vendors: Running, avala: Avala, platform: CloudFactory) -> None:
    with pytest.raises(errors.KeyRejected):
        avala_as(vendors, "avk_nobody_knows").get_me()
    with pytest.raises(errors.KeyRejected):
        platform_as(vendors, "cf_nobody_knows").list_projects(SPACE)
    part, reviewer = SubSlice("dataset", avala.find_dataset(OWNER, "coins-on-velvet").uid), "avk_demo_reviewer"
    with pytest.raises(errors.Forbidden):
        avala_as(vendors, reviewer).create_slice(name="No", visibility="private", sub_slices=[part], request_id=an_id())
    with pytest.raises(errors.NotFound):
        avala.get_slice(OWNER, "nothing-here")
    with pytest.raises(errors.Conflict):
        platform.create_batch(project(platform).id, name="Default", request_id=an_id())
    with pytest.raises(errors.Refused) as taken:
        avala.create_slice(name="All coins", visibility="private", sub_slices=[part], request_id=an_id())
    assert isinstance(taken.value, errors.Conflict) or "name" in getattr(taken.value, "fields", {})


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("500", errors.ServerFailed),
        ("503", errors.ServerFailed),
        ("html", errors.Unknown),
        ("garbage", errors.Unreadable),
        ("truncated", errors.Broken),
        ("reset", errors.Broken),
        ("drop-after", errors.Broken),
        ("huge", errors.Unreadable),
        ("redirect", errors.PointedElsewhere),
        ("slow-3", errors.TimedOut),
    ],
)
def test_a_write_that_goes_wrong_is_unknown_and_received_once(
    vendors: Running, platform: CloudFactory, fault: str, kind: type[errors.UpstreamError]
) -> None:
    at = project(platform).id
    vendors.fault("cloudfactory", fault, method="POST")
    limits = SHORT if fault.startswith("slow") else None
    with pytest.raises(kind) as caught:
        platform_as(vendors, "cf_demo_ops", limits).create_batch(at, name="Once", request_id=an_id())

    assert caught.value.outcome == "unknown"
    assert len(sent(vendors, "cloudfactory", "POST")) == 1


@pytest.mark.parametrize("fault", ["500", "503", "reset", "truncated", "drop-after"])
def test_a_read_gets_over_two_failures(vendors: Running, avala: Avala, fault: str) -> None:
    vendors.fault("avala", fault, times=2)

    assert avala.get_me().uid
    assert len(vendors.requests("avala")) == 3


def test_an_empty_answer_to_a_rename_means_done(vendors: Running, platform: CloudFactory) -> None:
    at = project(platform).id
    batch = platform.list_batches(at).items[1]
    vendors.fault("cloudfactory", "empty", method="PATCH")

    assert platform.update_batch(at, batch.id, name="Renamed", request_id=an_id()).name == "Renamed"
    assert "Renamed" in names(platform.list_batches(at))


def names(page: Page[Any]) -> set[str]:
    return {item.name for item in page.items}


def test_a_busy_vendor_says_when(vendors: Running, avala: Avala) -> None:
    vendors.fault("avala", "429", times=0)
    with pytest.raises(errors.RateLimited) as caught:
        avala.get_me()

    assert caught.value.retry_in
    assert caught.value.retry_in > 0
