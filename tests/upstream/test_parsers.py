"""What answers become, and how much of their strangeness is borne (FACTS rules 1 and 2, section 4)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from console.upstream import avala_parsers, cloudfactory_parsers
from console.upstream.json_fields import Misshapen, identified
from console.upstream.pagination import avala_page
from console.upstream.response_models import Batch, Export, Organization, Priority, Slice, SubSlice, WorkItem
from tests.upstream import samples as s


def test_the_sample_of_a_slice_is_read() -> None:
    part = SubSlice("dataset", s.DATASET_UID)

    assert avala_parsers.slice_of(s.SLICE) == Slice(
        uid=s.SLICE["uid"],
        name="Fog test",
        slug="fog-test",
        owner_name="northwind",
        visibility="private",
        sub_slices=(part,),
        source_data=(part,),
        status="pending",
        item_count=0,
    )


def test_a_slice_of_an_old_page_shows_its_description_and_time() -> None:
    found = avala_parsers.slice_of({**s.SLICE, "description": "rainy", "created_at": "2026-02-03T08:00:00+02:00"})

    assert (found.description, found.created_at) == ("rainy", datetime(2026, 2, 3, 6, tzinfo=UTC))


def test_everything_but_the_identifier_may_be_missing_or_null() -> None:
    uid = s.ITEM_UID
    assert avala_parsers.slice_of({"uid": uid}) == Slice(uid)
    assert avala_parsers.slice_of({"uid": uid, **dict.fromkeys(set(s.SLICE) - {"uid"})}) == Slice(uid)
    assert cloudfactory_parsers.batch_of({"id": 4}) == Batch(4)
    assert cloudfactory_parsers.export_of({"exportId": uid.upper()}) == Export(uid)
    assert cloudfactory_parsers.work_item_of({"id": uid}) == WorkItem(uid)


@pytest.mark.parametrize("value", [None, 5, 1.5, True, "", "x", "../x", "x" * 300, "{" + s.ITEM_UID + "}", [], {}])
def test_a_thing_whose_identifier_is_no_uuid_is_kept_without_one(value: Any) -> None:
    assert avala_parsers.slice_of({"uid": value}).uid == ""
    assert avala_parsers.item_of({"uid": value}).uid == ""
    assert avala_parsers.dataset_of({"uid": value}).uid == ""
    assert cloudfactory_parsers.export_of({"exportId": value}).id == ""
    assert cloudfactory_parsers.project_of({"id": value}).id == ""
    assert cloudfactory_parsers.work_item_of({"id": value}).id == ""


@pytest.mark.parametrize(
    ("owner", "slug"),
    [
        (None, "a"),
        ("a", None),
        ("dataset", "a"),
        ("a", "list"),
        ("..", "a"),
        ("a", "b/c"),
        ("a", "%2e%2e"),
        ("a", "x" * 256),
    ],
)
def test_a_slice_whose_owner_or_slug_cannot_stand_in_an_address_has_none(owner: Any, slug: Any) -> None:
    assert avala_parsers.slice_of({**s.SLICE, "owner_name": owner, "slug": slug}).address is None
    assert avala_parsers.slice_of(s.SLICE).address == ("northwind", "fog-test")


def test_several_rows_without_an_identifier_all_stay() -> None:
    rows = [{"name": "a"}, {"name": "b"}, {"uid": 5, "name": "c"}]

    assert [one.name for one in avala_page(rows, avala_parsers.slice_of, numbered=True).items] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("shape", "data"),
    [
        (avala_parsers.created_slice_of, {"name": "x"}),
        (avala_parsers.created_slice_of, {**s.SLICE, "uid": 5}),
        (avala_parsers.created_slice_of, {**s.SLICE, "slug": "../x"}),
        (cloudfactory_parsers.created(cloudfactory_parsers.export_of), {"exportId": 5}),
        (identified(avala_parsers.item_of, "uid"), {"uid": None}),
        (identified(avala_parsers.slice_of, "uid", "slug"), {"error": "no"}),
        (avala_parsers.item_of, 5),
        (cloudfactory_parsers.batch_of, {"id": "x"}),
        (cloudfactory_parsers.batch_of, {"id": True}),
        (cloudfactory_parsers.signed_urls_of, {"items": [{"path": "a"}]}),
        (cloudfactory_parsers.projects_of, {"meta": {}}),
        (cloudfactory_parsers.projects_of, {"items": "x"}),
        (avala_parsers.me_of, []),
        (avala_parsers.slice_of, None),
    ],
)
def test_without_its_identifier_or_list_an_answer_is_none(shape: Any, data: Any) -> None:
    with pytest.raises(Misshapen):
        shape(data)


def test_unknown_enums_are_text_and_unknown_fields_are_kept() -> None:
    found = avala_parsers.slice_of({"uid": s.ITEM_UID, "status": "ready", "colour": "red", "item_count": "many"})

    assert found.status == "ready"
    assert found.item_count is None
    assert found.extra == {"colour": "red", "item_count": "many"}


@pytest.mark.parametrize(
    ("data", "label"),
    [
        ({"uid": "u", "name": "Northwind", "slug": "nw"}, "Northwind"),
        ({"slug": "nw"}, "nw"),
        ({"id": 5}, '{"id": 5}'),
        ("nw", "nw"),
    ],
)
def test_the_organization_of_a_slice_may_have_any_shape(data: Any, label: str) -> None:
    found = avala_parsers.slice_of({"uid": "x", "organization": data}).organization

    assert found is not None
    assert found.label == label


def test_a_part_of_an_unknown_kind_goes_back_as_it_came() -> None:
    data = {"type": "time", "dataset_uid": s.DATASET_UID, "from": 1, "filters": {"a": 1}}
    (part,) = avala_parsers.sub_slices_of([data])

    assert part.to_wire() == data


def test_parts_that_are_no_objects_are_kept_to_be_shown() -> None:
    parts = avala_parsers.sub_slices_of([5, {"type": "filters", "dataset_uid": None, "filters": "x"}])

    assert [part.extra for part in parts] == [{"value": 5}, {"filters": "x"}]
    assert avala_parsers.sub_slices_of("nothing") == ()


def test_an_item_is_read_under_either_set_of_names() -> None:
    usual = avala_parsers.item_of(s.ITEM)
    other = avala_parsers.item_of({"uid": "i", "data_url": "https://a/b", "thumbnail_url": "https://a/t"})

    assert (usual.url, usual.thumbnail) == (s.ITEM["url"], s.ITEM["thumbnails"][0])
    assert (other.url, other.thumbnail, other.thumbnails) == ("https://a/b", "https://a/t", ())


def test_signed_links_do_not_stand_in_a_repr() -> None:
    shown = repr(
        [
            avala_parsers.item_of(s.ITEM),
            cloudfactory_parsers.export_of(s.COMPLETED),
            cloudfactory_parsers.signed_urls_of(s.LINKS),
        ]
    )

    assert "https://" not in shown


@pytest.mark.parametrize("spelling", ["projectId", "projectID", "PROJECTID"])
def test_ids_are_found_in_any_case(spelling: str) -> None:
    assert cloudfactory_parsers.batch_of({"ID": 4, spelling: "p"}) == Batch(4, "p")


def test_a_work_item_has_its_results_under_either_name_and_knows_when_it_is_due() -> None:
    found = cloudfactory_parsers.work_item_of({**s.WORK_ITEM, "resultsUrl": None, "resultUrl": "https://r"})

    assert found.results_url == "https://r"
    assert found.due_at == datetime(2026, 2, 5, 8, 10, tzinfo=UTC)
    assert cloudfactory_parsers.work_item_of({**s.WORK_ITEM, "dueInSeconds": 2**62}).due_at is None
    assert cloudfactory_parsers.work_item_of({"id": s.ITEM_UID, "dueInSeconds": 5}).due_at is None


def test_a_priority_goes_back_as_it_came() -> None:
    entries = [{"batchId": 41, "priority": 2, "pinned": True}, {"id": 42, "priority": None}, {"BATCHID": 43}]
    found = cloudfactory_parsers.priorities_of({"items": entries})

    assert found[0] == Priority(41, 2, {"pinned": True})
    assert [entry.to_wire() for entry in found] == [
        {"pinned": True, "batchId": 41, "priority": 2},
        {"id": 42},
        {"BATCHID": 43},
    ]


@pytest.mark.parametrize("kinds", ["image, image_sequence", ["image", "image_sequence"]])
def test_data_types_are_one_text_or_several(kinds: Any) -> None:
    found = cloudfactory_parsers.project_of({**s.PROJECT_DATA, "dataType": kinds})

    assert found.data_types == ("image", "image_sequence")


def test_an_annotation_knows_its_coco_file_if_there_is_one() -> None:
    assert (
        cloudfactory_parsers.annotation_of(s.ANNOTATION).coco_results_url
        == s.ANNOTATION["metadata"]["coco_results_url"]
    )
    assert cloudfactory_parsers.annotation_of({**s.ANNOTATION, "metadata": None}).coco_results_url is None


ODD_VALUES: list[Any] = [[{"class": "coin"}], [], "coin", "", 0, 1.5, True, False]


@pytest.mark.parametrize("value", [*ODD_VALUES, {}, {"class": "coin"}, None])
def test_an_inference_of_any_kind_is_kept_as_it_came(value: Any) -> None:
    found = cloudfactory_parsers.annotation_of({**s.ANNOTATION, "inference": value})

    assert found.inference == value
    assert type(found.inference) is type(value)


@pytest.mark.parametrize("value", ODD_VALUES)
def test_metadata_of_an_annotation_that_is_no_object_is_kept_beside_it(value: Any) -> None:
    found = cloudfactory_parsers.annotation_of({**s.ANNOTATION, "metadata": value})

    assert (found.metadata, found.extra) == ({}, {"metadata": value})
    assert found.coco_results_url is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "soon", "", 5, "1"])
def test_a_time_that_no_page_could_show_is_kept_as_it_came(text: Any) -> None:
    found = cloudfactory_parsers.batch_of({"id": 1, "createdAt": text})

    assert found.created_at is None
    assert found.extra == {"createdAt": text}


def test_an_organization_keeps_all_it_said() -> None:
    assert avala_parsers.organization_of({**s.ORGANIZATION, "plan": "pro"}) == Organization(
        "b1", "Northwind", "northwind", "admin", {**s.ORGANIZATION, "plan": "pro"}
    )


def test_a_list_of_more_rows_than_any_operation_answers_with_is_none() -> None:
    rows = [{"id": s.PROJECT, "name": "x"}] * 20_001

    assert len(cloudfactory_parsers.projects_of({"items": rows[:-1]})) == 20_000
    with pytest.raises(Misshapen):
        cloudfactory_parsers.projects_of({"items": rows})
