"""The slice that a work item's metadata names, whatever strangers wrote there."""

from typing import Any

import pytest

from console.items.provenance import Provenance, provenance_of

UID = "2d7f1a94-6b3c-4e8d-a5f0-7c9b1e3d5f60"


def test_the_slice_and_its_item_are_linked() -> None:
    provenance = provenance_of({"avala_slice": "northwind/all-coins", "avala_item": UID})
    assert provenance == Provenance("northwind", "all-coins", UID)
    assert provenance.address == f"/slices/northwind/all-coins/items/{UID}/"


def test_a_slice_alone_is_linked_too() -> None:
    provenance = provenance_of({"avala_slice": "northwind/all-coins", "avala_item": "the third"})
    assert provenance
    assert (provenance.name, provenance.address) == ("northwind/all-coins", "/slices/northwind/all-coins/")


@pytest.mark.parametrize(
    "named",
    [
        None,
        7,
        "",
        "/",
        "northwind",
        "northwind/",
        "/all",
        "../..",
        "a/../b",
        "a/b/c",
        "a/\x00",
        "new/",
        ["a/b"],
        "a" * 300 + "/b",
    ],
)
def test_what_names_no_slice_is_none(named: Any) -> None:
    assert provenance_of({"avala_slice": named}) is None
