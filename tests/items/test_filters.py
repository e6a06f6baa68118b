"""The filter of the table and its address, tried with many: whatever comes, it is read, and reading it again changes
nothing."""

from datetime import UTC, datetime, timedelta

import time_machine
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Person
from console.items import id_lists
from console.items.filter_dates import spell_end
from console.items.filters import ENDS, NEWEST, OLDEST, SIZES, ItemFilter
from console.items.models import IdList
from console.items.statuses import STATUSES
from tests.conftest import SPACE

ID = "e2a6e1c4-4b0e-4d0b-8f5e-1f6d5a7c3b20"
OTHER = "7c1b2a3d-5e4f-4a6b-8c9d-0e1f2a3b4c22"
NAMES = ("status", "batch", "ids", *ENDS, "zone", "order", "cursor", "page", "size")
NOBODY = Person()
ODD = [
    "0001-01-01 00:00",
    "0001-01-01T00:00:00+14:00",
    "Pacific/Kiritimati",
    "NEW",
    "newest",
    "prev",
    "2026-11-03",
    "3 Nov 9999",
    "1 Jan 0001",
    "2026-11-03T99:00:00Z",
    ID,
    "9" * 30,
    "\0",
    "-1",
]

moments = st.datetimes(datetime(2000, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
cursors = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=50)
queries = st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=30) | st.sampled_from(ODD)), max_size=12)


@st.composite
def filters(draw: st.DrawFn) -> ItemFilter:
    created, updated = (sorted(draw(st.tuples(moments, moments))) for _ in range(2))
    ids = tuple(dict.fromkeys(map(str, draw(st.lists(st.uuids(), max_size=120)))))
    pages = st.sampled_from(["", *(str(offset) for offset in range(100, len(ids), 100))]) if ids else cursors
    cursor = draw(pages)
    return ItemFilter(
        status=draw(st.sampled_from(["", *(status.value for status in STATUSES)])),
        batches=tuple(draw(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=100))),
        ids=ids,
        created_from=draw(st.sampled_from([None, created[0]])),
        created_to=draw(st.sampled_from([None, created[1]])),
        updated_from=draw(st.sampled_from([None, updated[0]])),
        updated_to=draw(st.sampled_from([None, updated[1]])),
        order=draw(st.sampled_from([OLDEST, NEWEST])),
        cursor=cursor,
        is_back=bool(cursor) and not ids and draw(st.booleans()),
        size=draw(st.sampled_from(SIZES)),
    )


@settings(max_examples=50, deadline=None)
@given(filters())
def test_an_address_gives_the_same_filter_again(item_filter: ItemFilter) -> None:
    parsed = ItemFilter.from_query(item_filter.query(), user=NOBODY)
    assert parsed == item_filter
    assert parsed.problems == ()


@settings(max_examples=300, deadline=None)
@given(queries)
def test_whatever_stands_in_an_address_is_read(pairs: list[tuple[str, str]]) -> None:
    data = QueryDict(mutable=True)
    for name, value in pairs:
        data.appendlist(name, value)
    parsed = ItemFilter.read(data, user=NOBODY)
    assert ItemFilter.from_query(parsed.query(), user=NOBODY) == parsed
    parsed.arguments()
    parsed.place()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.uuids(), min_size=1, max_size=30),
    st.text(" \t\n,;|\"'[]{}()·/_\u200b\ufeff\u3001", min_size=1, max_size=4),
)
def test_pasted_ids_can_stand_between_any_separators(pasted: list[object], separator: str) -> None:
    parsed = ItemFilter.read(_query_data(ids=separator.join(str(one).upper() for one in pasted)), user=NOBODY)
    assert parsed.ids == tuple(dict.fromkeys(map(str, pasted)))
    assert parsed.pasted.duplicates == len(pasted) - len(parsed.ids)
    assert parsed.pasted.wrong == ()


def test_words_among_the_ids_are_named_and_the_ids_are_used() -> None:
    parsed = ItemFilter.read(_query_data(ids=f"{ID} coin-17.jpg {OTHER[:-1]} {ID}"), user=NOBODY)
    assert parsed.ids == (ID,)
    assert parsed.pasted.notes == (
        "1 duplicate id was left out.",
        f"3 words aren’t work item ids: “coin-17”, “jpg”, “{OTHER[:-1]}”.",
    )
    assert parsed.problems == ()


def test_a_text_without_an_id_is_a_problem_of_the_field() -> None:
    problem = ItemFilter.read(_query_data(ids="coin"), user=NOBODY).problem("ids")
    assert problem
    assert problem.message == "1 word isn’t a work item id: “coin”."


def test_ten_thousand_ids_are_too_many() -> None:
    pasted = ",".join(f"{number:08}-4b0e-4d0b-8f5e-1f6d5a7c3b20" for number in range(10_000))
    parsed = ItemFilter.read(_query_data(ids=pasted), user=NOBODY)
    assert parsed.ids == ()
    problem = parsed.problem("ids")
    assert problem
    assert problem.message == "These are 10,000 ids. Paste up to 1,000 at once."


def test_a_thousand_ids_are_ten_parts_of_a_hundred() -> None:
    ids = tuple(f"{number:08}-4b0e-4d0b-8f5e-1f6d5a7c3b20" for number in range(1000))
    parts = ItemFilter(ids=ids, order=NEWEST).parts()
    assert [part.arguments()["ids"] for part in parts] == [ids[start : start + 100] for start in range(0, 1000, 100)]
    assert all(part.place() == {"cursor": None, "direction": None, "limit": 100} for part in parts)


def test_reversed_and_far_dates_are_problems_of_their_fields() -> None:
    parsed = ItemFilter.read(
        _query_data(created_from="5 Nov 2026", created_to="3 Nov 2026", updated_from="31 Dec 9999"), user=NOBODY
    )
    assert {one.name: one.message for one in parsed.problems} == {
        "created_to": "“Created until” is before “Created from”.",
        "updated_from": "Choose a day between 2000 and 2100.",
    }


def test_a_day_means_all_of_it_in_the_zone_it_was_typed_in() -> None:
    parsed = ItemFilter.read(
        _query_data(created_from="3 Nov 2026", created_to="3 Nov 2026", zone="Europe/Rome"), user=NOBODY
    )
    assert parsed.created_from == datetime(2026, 11, 2, 23, tzinfo=UTC)
    assert parsed.created_to == datetime(2026, 11, 3, 23, tzinfo=UTC) - timedelta(milliseconds=1)
    with timezone.override("Europe/Rome"):
        assert spell_end(parsed.created_from, is_last=False) == "3 Nov 2026"
        assert spell_end(parsed.created_to, is_last=True) == "3 Nov 2026"
    with timezone.override("UTC"):
        assert spell_end(parsed.created_from, is_last=False) == "2 Nov 2026, 23:00"


@settings(max_examples=200, deadline=None)
@given(
    moments.map(lambda moment: moment.replace(microsecond=0)), st.booleans(), st.sampled_from(["UTC", "Asia/Kathmandu"])
)
def test_what_a_field_shows_means_the_same_moment(moment: datetime, is_last: bool, zone: str) -> None:
    name = "created_to" if is_last else "created_from"
    with timezone.override(zone):
        spelled = spell_end(moment, is_last=is_last)
        assert getattr(ItemFilter.read(_query_data(**{name: spelled}), user=NOBODY), name) == moment


def test_the_newest_first_are_the_last_page_walked_backwards() -> None:
    newest = ItemFilter(order=NEWEST)
    assert newest.place() == {"cursor": None, "direction": "PREV", "limit": 25}
    assert ItemFilter(order=NEWEST, cursor="abc").place()["direction"] == "PREV"
    assert ItemFilter(order=NEWEST, cursor="abc", is_back=True).place()["direction"] == "NEXT"
    assert ItemFilter().place() == {"cursor": None, "direction": None, "limit": 25}
    assert ItemFilter(cursor="abc").place()["direction"] == "NEXT"
    assert ItemFilter(cursor="abc", is_back=True).place()["direction"] == "PREV"


def test_many_ids_stand_in_the_address_as_the_key_of_a_stored_list(alice: Person) -> None:
    ids = tuple(f"{number:08}-4b0e-4d0b-8f5e-1f6d5a7c3b20" for number in range(1000))
    key = id_lists.store_ids(ids, space=SPACE)
    assert id_lists.store_ids(ids, space=SPACE) == key
    item_filter = ItemFilter(ids=ids, id_list=key, status="NEW", cursor="900")
    assert item_filter.query() == f"status=NEW&ids={key}&cursor=900"
    assert ItemFilter.from_query(item_filter.query(), user=alice) == item_filter
    assert id_lists.store_ids(ids[:20], space=SPACE) == ""


def test_a_space_keeps_its_newest_thousand_lists(alice: Person) -> None:
    first = id_lists.store_ids([ID] * 21, space=SPACE)
    later, other = timezone.now() + timedelta(hours=1), timezone.now() - timedelta(hours=1)
    IdList.objects.bulk_create(
        IdList(key=f"{number:032}", space=SPACE, ids=[], created_at=later) for number in range(999)
    )
    IdList.objects.create(key="f" * 32, space="another", ids=[], created_at=other)
    assert id_lists.stored_ids(first, user=alice)
    newest = id_lists.store_ids([OTHER] * 21, space=SPACE)
    assert id_lists.stored_ids(newest, user=alice)
    assert not id_lists.stored_ids(first, user=alice)
    assert IdList.objects.filter(space=SPACE).count() == 1000
    assert IdList.objects.filter(space="another").exists()


def test_a_list_that_is_no_longer_stored_is_said(alice: Person) -> None:
    key = id_lists.store_ids([ID] * 21, space=SPACE)
    with time_machine.travel(timezone.now() + timedelta(days=181)):
        id_lists.delete_old_lists()
    parsed = ItemFilter.read(_query_data(ids=key), user=alice)
    problem = parsed.problem("ids")
    assert problem
    assert problem.message == "This list of ids is no longer stored. Paste the ids again."


def _query_data(**values: str) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update(values)
    return data
