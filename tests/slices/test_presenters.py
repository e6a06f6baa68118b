"""What the pages make of values nobody promised: unknown enums, missing fields, ids that fit no address."""

import pytest

from console.common import value_rows
from console.slices import presenters
from console.upstream.response_models import Item, Slice

pytestmark = pytest.mark.django_db
UID = "0b6e7c1e-6f0e-4b7a-9f0e-2b9b8a1f7d10"


@pytest.mark.parametrize(
    ("status", "text", "building"),
    [
        ("pending", "Being built", True),
        ("ready", "ready", False),
        ("<b>", "<b>", False),
        (None, "State not given", False),
    ],
)
def test_an_unknown_state_is_shown_as_it_came_and_is_an_end(status: str | None, text: str, building: bool) -> None:
    state = presenters.state_of(Slice(uid=UID, status=status))
    assert (state.text, state.building) == (text, building)


def test_an_unknown_visibility_is_shown_as_it_came() -> None:
    assert presenters.row(Slice(uid=UID, visibility="unlisted"), {}).visibility == "unlisted"
    assert presenters.row(Slice(uid=UID), {}).visibility == "Not given"


@pytest.mark.parametrize(("owner", "slug"), [(None, "a"), ("a", None), ("a/b", "c"), ("", "")])
def test_a_slice_that_no_address_can_hold_has_none(owner: str | None, slug: str | None) -> None:
    assert presenters.row(Slice(uid=UID, owner_name=owner, slug=slug), {}).address == ""


def test_an_owner_may_be_an_email_address() -> None:
    address = presenters.row(Slice(uid=UID, owner_name="kim@northwind.example", slug="rain.2"), {}).address
    assert address == "/slices/kim@northwind.example/rain.2/"


def test_a_slice_that_comes_twice_is_shown_once() -> None:
    assert len(presenters.rows([Slice(uid=UID, name="A"), Slice(uid=UID, name="A")], {})) == 1


def test_a_slice_without_parts_has_no_sentence() -> None:
    assert presenters.row(Slice(uid=UID), {}).recipe is None


def test_an_item_whose_id_is_no_uuid_is_shown_without_a_page() -> None:
    tile = presenters.tile(Item(uid="", key='x" onload="y'), owner="northwind", slug="rain")
    assert (tile.address, tile.fresh_address) == ("", "")
    assert tile.ident == "item-x--onload--y"


def test_metadata_reads_as_people_write_it_and_is_bounded() -> None:
    values = {"tag": ["night", "rain"], "wet": True, "box": {"a": [1]}, "none": None, "long": "x" * 1000, "empty": []}
    more = {f"field {number}": number for number in range(100)}
    rows = dict(presenters.tile(Item(uid=UID, metadata=values | more), owner="o", slug="s").metadata)
    assert rows["tag"] == "night, rain"
    assert rows["wet"] == "yes"
    assert rows["box"] == '{"a": [1]}'
    assert rows["none"] == "null"
    assert rows["empty"] == "[]"
    assert len(rows["long"]) == value_rows.MOST_TEXT + 1
    assert rows["…"] == "46 more"
