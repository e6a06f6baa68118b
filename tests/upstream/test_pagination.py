"""Walking through pages without following addresses and without end (FACTS 1.2, 2.2; PROMISES 7)."""

from typing import Any

import pytest

from console.upstream.avala_parsers import dataset_of
from console.upstream.cloudfactory_parsers import batch_of
from console.upstream.errors import NextPageUnclear
from console.upstream.json_fields import Misshapen
from console.upstream.pagination import avala_page, collect, pages, platform_page
from console.upstream.response_models import Batch, Page
from tests.upstream import samples as s


def avala(data: Any, numbered: bool = True) -> Page[Any]:
    return avala_page(data, dataset_of, numbered=numbered)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (None, None),
        ("", None),
        ("https://evil.example/api?page=3&limit=2", "3"),
        ("https://evil.example/api?cursor=a%2Bb%3D&page=9", "a+b="),
        ("?page=3", "3"),
    ],
)
def test_next_is_read_for_its_cursor_or_page_only(address: Any, place: Any) -> None:
    assert avala({"results": [], "next": address}).next == place


@pytest.mark.parametrize(
    "following", ["https://x/", "https://[", "x", "?page=", "?cursor=" + "x" * 5000, 5, True, ["a"]]
)
def test_a_next_that_cannot_be_read_keeps_the_rows_and_is_not_taken_for_the_end(following: Any) -> None:
    page = avala({"results": [s.DATASET], "next": following})

    assert (len(page.items), page.next, page.is_last) == (1, None, False)
    assert page.unclear == "Avala didn't say how to get the next page, so there may be more."


NO_CURSORS = [5, "x" * 5000, ["a"], "a\n", True]


@pytest.mark.parametrize("meta", [*({"cursorNext": cursor} for cursor in NO_CURSORS), [1], "x"])
def test_a_cursor_of_the_platform_that_cannot_be_one_keeps_the_rows(meta: Any) -> None:
    page = platform_page({"items": [{"id": 1}], "meta": meta}, batch_of)

    assert (len(page.items), page.next, page.is_last) == (1, None, False)
    assert page.unclear == "CloudFactory didn't say how to get the next page, so there may be more."


def test_a_walk_over_a_page_that_does_not_say_what_follows_is_not_complete() -> None:
    shelf = Shelf(Page((Batch(1),), "a"), Page((Batch(2),), None, unclear="Nobody knows."))
    found = collect(shelf)

    assert [batch.id for batch in found.items] == [1, 2]
    assert (found.more, found.is_complete) == (True, False)
    with pytest.raises(NextPageUnclear):
        list(pages(Shelf(Page((), None, unclear="Nobody knows."))))


def test_a_previous_without_a_number_or_cursor_is_the_first_page() -> None:
    assert avala({"results": [], "previous": "https://x/?limit=2"}).previous == "1"
    assert avala({"results": [], "previous": "https://x/?limit=2"}, numbered=False).previous == ""


def test_a_bare_array_and_a_missing_count_are_borne() -> None:
    assert avala([s.DATASET]) == Page((dataset_of(s.DATASET),))
    assert avala({"results": [s.DATASET]}).count is None
    assert avala({"results": None, "count": 7}) == Page((), count=7)
    assert platform_page([{"id": 1}], batch_of) == Page((Batch(1),))


@pytest.mark.parametrize("data", [{}, {"result": []}, {"results": {}}, "x", None, 5, {"results": [5]}])
def test_a_page_without_its_list_is_no_empty_page(data: Any) -> None:
    with pytest.raises(Misshapen):
        avala(data)


def test_an_item_that_stands_twice_is_shown_once() -> None:
    assert len(avala({"results": [s.DATASET, s.DATASET]}).items) == 1


@pytest.mark.parametrize(
    ("meta", "following", "before"),
    [
        ({"cursorNext": "n", "cursorPrev": "p"}, "n", "p"),
        ({"cursor_next": "n", "cursor_prev": "p"}, "n", "p"),
        ({"cursorNext": "", "cursorPrev": None}, None, None),
        ({}, None, None),
        (None, None, None),
    ],
)
def test_both_spellings_of_cursors_are_read(meta: Any, following: Any, before: Any) -> None:
    page = platform_page({"items": [], "meta": meta}, batch_of)

    assert (page.next, page.previous) == (following, before)
    assert platform_page({"items": []}, batch_of).next is None


class Shelf:
    """Pages as a vendor might give them."""

    def __init__(self, *given: Page[Batch]) -> None:
        self.given = given
        self.asked: list[str | None] = []

    def __call__(self, cursor: str | None) -> Page[Batch]:
        self.asked.append(cursor)
        return self.given[min(len(self.asked), len(self.given)) - 1]


def test_a_walk_ends_at_the_last_page_and_drops_what_it_saw() -> None:
    shelf = Shelf(Page((Batch(1), Batch(2)), "a"), Page((Batch(2), Batch(3)), None))

    assert [[batch.id for batch in page.items] for page in pages(shelf)] == [[1, 2], [3]]
    assert shelf.asked == [None, "a"]


def test_a_walk_ends_at_a_repeated_cursor() -> None:
    shelf = Shelf(Page((), "a"), Page((), "b"), Page((), "a"))

    assert len(list(pages(shelf))) == 3


def test_a_walk_ends_after_fifty_pages_and_says_that_there_is_more() -> None:
    asked: list[str | None] = []

    def endless(cursor: str | None) -> Page[Batch]:
        asked.append(cursor)
        return Page((), str(len(asked)))

    walked = list(pages(endless))

    assert len(walked) == 50
    assert walked[-1].next == "50"
    assert len(list(pages(endless, most=3))) == 3


def test_rows_whose_id_cannot_be_read_are_named_and_the_others_stay() -> None:
    rows: list[Any] = [{"id": 1}, *({"id": value, "name": "Odd"} for value in (None, True, 1.5, "x", [], "9" * 30))]
    page = platform_page({"items": rows}, batch_of)

    assert page.items == (Batch(1),)
    assert page.unusable == ("Odd",) * 6
