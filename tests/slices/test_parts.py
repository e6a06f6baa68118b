"""Parts as plain forms: found, added, edited, moved, removed; items chosen over pages; filters by field and as JSON."""

import json
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from tests.slices.drafting import HTMX, Desk, plain
from tests.slices.making import COINS, EYES, NUCLEI, uid_of

ClientAs = Callable[[Person], Client]
CITY = uid_of("dataset", "city-garden-and-people")
NO_DATASET = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def desk(alice: Person, client_as: ClientAs, emulator: Running) -> Desk:
    return Desk(client_as(alice), alice)


def names(desk: Desk) -> list[str]:
    return [part.source.name for part in desk.parts]


def test_datasets_are_found_by_typing(desk: Desk, emulator: Running) -> None:
    emulator.forget_requests()
    response = desk.client.get(f"{desk.address}datasets/", {"q": "NUCLEI"}, headers=HTMX)
    assert "Cell nuclei" in plain(response)
    assert "Coins" not in plain(response)
    assert len(emulator.requests("avala")) == 1


def test_without_script_the_whole_page_shows_what_was_found(desk: Desk) -> None:
    page = plain(desk.client.get(f"{desk.address}datasets/", {"q": "nuclei"}))
    assert "New slice" in page
    assert "Cell nuclei" in page


def test_datasets_of_an_owner_are_found(desk: Desk) -> None:
    response = desk.client.get(f"{desk.address}datasets/", {"owner": "northwind", "q": "eye"}, headers=HTMX)
    assert "Eye screening" in plain(response)
    assert "Coins" not in plain(response)


@pytest.mark.parametrize("query", [{"q": "zzz"}, {"owner": "nobody-of-this-name"}])
def test_nothing_found_says_why(desk: Desk, query: dict[str, str]) -> None:
    assert "No dataset matches" in plain(desk.client.get(f"{desk.address}datasets/", query, headers=HTMX))


@pytest.mark.parametrize(
    "query", [{"q": "\x00"}, {"q": "a" * 5000}, {"owner": "../.."}, {"owner": "a/b"}, {"cursor": "\x00"}]
)
def test_hostile_searches_break_nothing(desk: Desk, query: dict[str, str]) -> None:
    assert desk.client.get(f"{desk.address}datasets/", query, headers=HTMX).status_code < 500


def test_a_whole_dataset_is_added_with_the_sentence(desk: Desk) -> None:
    response = desk.client.post(f"{desk.address}parts/add/", {"dataset": COINS, "kind": "dataset"}, headers=HTMX)
    assert "Coins on velvet added as part 1 of 1." in plain(response)
    assert 'id="builder-recipe"' in response.content.decode()
    assert "Everything in Coins on velvet." in plain(response)


def test_items_and_filters_lead_to_their_own_page(desk: Desk) -> None:
    assert desk.add(COINS, "dataset_items").headers["Location"].endswith("/items/")
    assert desk.add(COINS, "filters").headers["Location"].endswith("/filter/")
    assert [part.kind for part in desk.parts] == ["dataset_items", "filters"]


@pytest.mark.parametrize(
    ("dataset", "kind"), [(COINS, "everything"), ("urn:uuid:" + COINS, "dataset"), ("x" * 999, "dataset"), ("", "")]
)
def test_an_impossible_part_is_not_found_and_not_asked_for(
    desk: Desk, emulator: Running, dataset: str, kind: str
) -> None:
    emulator.forget_requests()
    assert desk.add(dataset, kind).status_code == 404
    assert emulator.requests("avala") == []


def test_an_unknown_dataset_adds_nothing(desk: Desk) -> None:
    assert desk.add(NO_DATASET).status_code == 404
    assert desk.parts == ()


def test_parts_are_moved_and_stop_at_the_ends(desk: Desk) -> None:
    for dataset in (COINS, NUCLEI, EYES):
        desk.add(dataset)
    desk.part_post("move", desk.parts[2], direction="up")
    assert names(desk) == ["Coins on velvet", "Eye screening", "Cell nuclei"]
    desk.part_post("move", desk.parts[0], direction="up")
    desk.part_post("move", desk.parts[0], direction="sideways")
    assert names(desk) == ["Coins on velvet", "Eye screening", "Cell nuclei"]


def test_a_removed_part_comes_back_to_its_place(desk: Desk) -> None:
    desk.add(COINS)
    desk.add(NUCLEI)
    desk.part_post("remove", desk.parts[0])
    assert names(desk) == ["Cell nuclei"]
    assert "Coins on velvet was removed" in plain(desk.client.get(desk.address))
    desk.client.post(f"{desk.address}parts/restore/")
    assert names(desk) == ["Coins on velvet", "Cell nuclei"]


def test_a_part_removed_in_another_tab_is_said_to_be_gone(desk: Desk) -> None:
    desk.add(COINS)
    part = desk.parts[0]
    desk.part_post("remove", part)
    response = desk.client.post(f"{desk.address}parts/{part.id}/move/", {"direction": "up"}, headers=HTMX)
    assert response.status_code == 200
    assert "removed already" in plain(response)


def test_a_part_becomes_another_kind_and_back_without_losing_its_choice(desk: Desk) -> None:
    desk.add(COINS, "filters")
    desk.part_post("filter", desk.parts[0], **{"as": "json", "json": '{"split": ["train"]}'})
    desk.part_post("kind", desk.parts[0], kind="dataset")
    assert desk.parts[0].is_whole
    desk.part_post("kind", desk.parts[0], kind="filters")
    assert desk.parts[0].filters == {"split": ["train"]}


def test_the_same_dataset_twice_is_warned_about(desk: Desk) -> None:
    desk.add(COINS)
    desk.add(COINS, "filters")
    assert "Coins on velvet is used in 2 parts, and one of them already takes all of it." in plain(
        desk.client.get(desk.address)
    )


def test_more_at_random_than_there_is_is_warned_about(desk: Desk) -> None:
    desk.add(COINS)
    desk.save(random_count="500", was_random_count="")
    page = plain(desk.client.get(desk.address))
    assert "500 at random is more than the 21 items these parts hold." in page
    assert "then 500 at random." in page


# Chosen items


def pick(desk: Desk, **sent: object) -> object:
    return desk.part_post("items", desk.parts[0], **sent)


def items(desk: Desk, cursor: str = "") -> object:
    return desk.client.get(f"{desk.address}parts/{desk.parts[0].id}/items/", {"cursor": cursor}).context["page"]


def test_the_choice_survives_paging(desk: Desk) -> None:
    desk.add(CITY, "dataset_items")
    first = items(desk)
    shown = ",".join(item.uid for item in first.items)
    answer = pick(desk, shown=shown, item=[first.items[0].uid, first.items[3].uid], do="next", next=first.next)
    second = desk.client.get(answer.headers["Location"])
    assert "2 chosen of 36 on all pages together" in plain(second)
    page = second.context["page"]
    pick(desk, shown=",".join(item.uid for item in page.items), item=[page.items[0].uid], do="done")
    assert desk.parts[0].items == (first.items[0].uid, first.items[3].uid, page.items[0].uid)


def test_a_box_unticked_on_its_page_is_forgotten_and_others_stay(desk: Desk) -> None:
    desk.add(CITY, "dataset_items")
    uids = [item.uid for item in items(desk).items]
    pick(desk, shown=",".join(uids[:4]), do="all")
    pick(desk, shown=",".join(uids[:2]), item=[uids[0]], do="save")
    assert set(desk.parts[0].items) == {uids[0], uids[2], uids[3]}
    pick(desk, shown=",".join(uids), do="none")
    assert desk.parts[0].items == ()


def test_with_script_only_changes_are_sent(desk: Desk) -> None:
    desk.add(CITY, "dataset_items")
    uids = [item.uid for item in items(desk).items]
    address = f"{desk.address}parts/{desk.parts[0].id}/items/"
    desk.client.post(address, {"on": ",".join(uids[:3]), "off": ""}, headers=HTMX)
    response = desk.client.post(address, {"on": uids[5], "off": uids[0]}, headers=HTMX)
    assert "3 chosen" in plain(response)
    assert desk.parts[0].items == (uids[1], uids[2], uids[5])


@pytest.mark.parametrize("text", ["../../x", "urn:uuid:" + NO_DATASET, "\x00", "{" + NO_DATASET + "}", "x" * 100_000])
def test_nonsense_is_never_chosen(desk: Desk, text: str) -> None:
    desk.add(CITY, "dataset_items")
    pick(desk, on=text, off=text)
    assert desk.parts[0].items == ()


def test_too_many_items_are_refused_with_a_sentence(desk: Desk) -> None:
    desk.add(CITY, "dataset_items")
    many = ",".join(f"00000000-0000-4000-8000-{number:012x}" for number in range(10_001))
    response = pick(desk, on=many, off="")
    assert response.status_code == 422
    assert "at most 10,000" in plain(response)
    assert desk.parts[0].items == ()


def test_an_item_in_two_parts_is_warned_about(desk: Desk) -> None:
    desk.add(CITY, "dataset_items")
    desk.add(CITY, "dataset_items")
    uid = items(desk).items[0].uid
    for part in desk.parts:
        desk.part_post("items", part, on=uid, off="")
    assert "1 item is chosen twice." in plain(desk.client.get(desk.address))


# Filters


def filtered(desk: Desk, *, htmx: bool = False, **sent: object) -> object:
    address = f"{desk.address}parts/{desk.parts[0].id}/filter/"
    return desk.client.post(address, sent, headers=HTMX if htmx else {})


def row(desk: Desk, name: str) -> int:
    page = desk.client.get(f"{desk.address}parts/{desk.parts[0].id}/filter/")
    return next(row.index for row in page.context["rows"] if row.name == name)


def test_fields_and_values_are_offered_from_the_metadata_seen(desk: Desk, emulator: Running) -> None:
    desk.add(COINS, "filters")
    emulator.forget_requests()
    page = plain(desk.client.get(f"{desk.address}parts/{desk.parts[0].id}/filter/"))
    assert "split" in page
    assert "monochrome 21 items" in page
    asked = len(emulator.requests("avala"))
    assert 1 <= asked <= 3
    desk.client.get(f"{desk.address}parts/{desk.parts[0].id}/filter/")
    assert len(emulator.requests("avala")) == asked


def test_datasets_are_asked_for_once_a_minute_and_again_for_another_name(desk: Desk, emulator: Running) -> None:
    emulator.forget_requests()
    for _ in range(2):
        assert "Cell nuclei" in plain(desk.client.get(f"{desk.address}datasets/"))
    assert len(emulator.requests("avala")) == 1
    assert "Cell nuclei" not in plain(desk.client.get(f"{desk.address}datasets/", {"q": "coins"}))
    assert len(emulator.requests("avala")) == 2


def test_fields_that_part_the_items_come_before_those_all_share(desk: Desk) -> None:
    desk.add(COINS, "filters")
    page = desk.client.get(f"{desk.address}parts/{desk.parts[0].id}/filter/")
    counts = [len(row.choices) + row.more for row in page.context["rows"] if row.name]
    assert counts.index(1) > 0
    assert set(counts[counts.index(1) :]) == {1}


def test_several_fields_and_values_make_a_filter(desk: Desk) -> None:
    desk.add(COINS, "filters")
    tag, split = row(desk, "tag"), row(desk, "split")
    filtered(
        desk,
        **{f"f{tag}": "tag", f"v{tag}": ['"coins"', '"metal"'], f"o{tag}": "night\r\n rain \r\n", f"f{split}": "split"},
        **{f"v{split}": ['"train"'], "f90": "weather", "o90": "fog", "do": "done"},
    )
    assert desk.parts[0].filters == {"tag": ["coins", "metal", "night", "rain"], "split": ["train"], "weather": ["fog"]}


def test_numbers_stay_numbers(desk: Desk) -> None:
    desk.add(COINS, "filters")
    place = row(desk, "brightness")
    filtered(desk, **{f"f{place}": "brightness", f"v{place}": ["0.38"], f"o{place}": "0.5", "do": "done"})
    assert desk.parts[0].filters == {"brightness": [0.38, 0.5]}


def test_how_many_match_is_said_where_all_items_were_read(desk: Desk) -> None:
    desk.add(EYES, "filters")
    response = filtered(desk, htmx=True, **{"as": "json", "json": '{"split": ["train"]}'})
    assert "11 of its 17 items match." in plain(response)
    page = plain(desk.client.get(desk.address))
    assert "Items with split train: 11 of 17." in page
    assert "11 items in all" in page


def test_of_a_dataset_read_in_part_only_the_newest_are_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.slices.builder.lookups.LOOKED_AT_ONCE", 5)
    desk.add(COINS, "filters")
    desk.save(random_count="500", was_random_count="")
    response = filtered(desk, htmx=True, **{"as": "json", "json": '{"tag": ["coins"]}'})
    assert "15 of the 15 newest items match. How many there are in all only Avala can tell." in plain(response)
    page = plain(desk.client.get(desk.address))
    assert "At most 21 items" in page
    assert "500 at random is more than these parts can hold: at most 21 items." in page


def test_a_filter_of_a_kind_nobody_here_can_count_is_not_counted(desk: Desk) -> None:
    desk.add(EYES, "filters")
    response = filtered(desk, htmx=True, **{"as": "json", "json": '{"split": {"not": "train"}}'})
    assert "items match" not in plain(response)
    assert "At most 17 items" in plain(desk.client.get(desk.address))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('{"tag": ["night"', "not JSON yet: line 1"),
        ("[]", "A filter is an object"),
        ('{"n": NaN}', "NaN or Infinity is not JSON"),
        ('{"n": [1e999]}', "too large"),
        ('{"n": [' + "9" * 5000 + "]}", "too large"),
        ('{"a": ["\\u0000"]}', "cannot be stored"),
        ('{"a": ["\\ud800"]}', "cannot be stored"),
        ('{"a": [1], "a": [2]}', "a key appears twice"),
        ('{"a": []}', "no value yet"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "nested too deeply"),
        ("[" * 15_000, "nested too deeply"),
        ('{"a": ["' + "x" * 25_000 + '"]}', "too long"),
    ],
)
def test_json_that_cannot_be_used_is_said_at_the_field_and_kept(desk: Desk, typed: str, said: str) -> None:
    desk.add(COINS, "filters")
    response = filtered(desk, **{"as": "json", "json": typed, "do": "done"})
    assert response.status_code == 422
    assert said in plain(response)
    assert response.context["json"] == typed
    assert desk.parts[0].filters == {}


def test_json_is_checked_as_it_is_typed(desk: Desk) -> None:
    desk.add(COINS, "filters")
    response = filtered(desk, htmx=True, **{"as": "json", "json": '{"tag": '})
    assert response.status_code == 200
    assert "not JSON yet" in plain(response)
    assert '{"tag": ' in desk.client.get(f"{desk.address}parts/{desk.parts[0].id}/filter/").context["json"]


def test_a_field_without_a_value_is_kept_but_not_finished(desk: Desk) -> None:
    desk.add(COINS, "filters")
    response = filtered(desk, f90="weather", o90="", do="done")
    assert response.status_code == 422
    assert "The field weather has no value yet" in plain(response)
    assert desk.parts[0].filters == {"weather": []}


def test_a_filter_changed_in_another_tab_is_told(desk: Desk) -> None:
    desk.add(COINS, "filters")
    was = desk.client.get(f"{desk.address}parts/{desk.parts[0].id}/filter/").context["was"]
    filtered(desk, **{"as": "json", "json": '{"split": ["train"]}', "was": was})
    response = filtered(desk, htmx=True, **{"as": "json", "json": '{"split": ["test"]}', "was": was})
    assert response.status_code == 409
    assert desk.parts[0].filters == {"split": ["train"]}
    filtered(desk, **{"as": "json", "json": '{"split": ["test"]}', "was": was, "do": "mine"})
    assert desk.parts[0].filters == {"split": ["test"]}


def test_metadata_that_cannot_be_read_leaves_free_entry(desk: Desk, emulator: Running) -> None:
    desk.add(COINS, "filters")
    emulator.fault("avala", "500", path="/items/", times=0)
    response = desk.client.get(f"{desk.address}parts/{desk.parts[0].id}/filter/")
    assert response.status_code == 200
    assert "Fields could not be read" in plain(response)
    assert 'id="field-new"' in response.content.decode()


def test_the_order_of_fields_is_kept(desk: Desk) -> None:
    desk.add(COINS, "filters")
    filtered(desk, **{"as": "json", "json": json.dumps({"zeta": ["1"], "alpha": ["2"]})})
    assert list(desk.parts[0].filters) == ["zeta", "alpha"]
