"""The recipe sentence: every kind of part, names that are missing, and values nobody expected."""

from console.slices.recipes import dataset_uids, sentence
from console.upstream.response_models import SubSlice

CITY = "7f0c2f66-3a55-4c39-8f54-5f1f2f0f9a01"
TUNNEL = "7f0c2f66-3a55-4c39-8f54-5f1f2f0f9a02"
RAIN = "7f0c2f66-3a55-4c39-8f54-5f1f2f0f9a03"
NAMES = {CITY: "City day", TUNNEL: "Tunnel", RAIN: "Rain"}


def filtered(filters: dict[str, object]) -> SubSlice:
    return SubSlice("filters", RAIN, filters=filters)


def test_all_three_kinds_and_a_random_choice_make_one_sentence() -> None:
    parts = [
        SubSlice("dataset", CITY),
        SubSlice("dataset_items", TUNNEL, item_uids=tuple(f"item-{n}" for n in range(12))),
        filtered({"tag": ["night", "rain"]}),
    ]
    assert sentence(parts, NAMES, 500).text == (
        "Everything in City day + 12 chosen items from Tunnel + items in Rain tagged night or rain; then 500 at random."
    )


def test_only_the_first_clause_starts_with_a_capital() -> None:
    recipe = sentence([filtered({"tag": ["night"]}), SubSlice("dataset", CITY)], NAMES)
    assert recipe.text == "Items in Rain tagged night + everything in City day."


def test_one_chosen_item_is_singular_and_thousands_are_grouped() -> None:
    one = SubSlice("dataset_items", CITY, item_uids=("a",))
    many = SubSlice("dataset_items", CITY, item_uids=tuple(str(n) for n in range(1200)))
    assert sentence([one, many], NAMES, 1000).text == (
        "1 chosen item from City day + 1,200 chosen items from City day; then 1,000 at random."
    )


def test_every_key_of_a_filter_is_said() -> None:
    recipe = sentence([filtered({"tag": ["night", "rain"], "split": "train", "lanes": [2]})], NAMES)
    assert recipe.text == "Items in Rain tagged night or rain and with split train and with lanes 2."


def test_a_long_list_of_values_is_cut_with_its_number() -> None:
    recipe = sentence([filtered({"tag": [str(n) for n in range(9)]})], NAMES)
    assert recipe.text == "Items in Rain tagged 0 or 1 or 2 or 3 or 4 or 5 or 3 more."


def test_empty_filters_are_said_to_be_empty() -> None:
    assert sentence([filtered({})], NAMES).text == "Items in Rain that match an empty filter."
    assert sentence([filtered({"tag": []})], NAMES).text == "Items in Rain tagged nothing."


def test_a_dataset_without_a_known_name_shows_its_id_and_says_so() -> None:
    recipe = sentence([SubSlice("dataset", CITY)], {})
    assert recipe.text == "Everything in dataset 7f0c2f66."
    assert not recipe.clauses[0].named


def test_an_unknown_kind_of_part_is_named_not_dropped() -> None:
    recipe = sentence([SubSlice("tiles", CITY)], NAMES)
    assert recipe.text == "A part of the kind “tiles” from City day."


def test_names_and_values_stand_in_pieces_of_their_own() -> None:
    clause = sentence([filtered({"split": "<b>"})], {RAIN: "<i>Rain</i>"}).clauses[0]
    outside = [piece.text for piece in clause.pieces if piece.role != "word"]
    assert outside == ["<i>Rain</i>", "split", "<b>"]


def test_no_parts_say_that_there_is_nothing_yet() -> None:
    assert sentence([], NAMES, 5).text == "Nothing yet."


def test_each_dataset_is_named_once_in_the_order_of_parts() -> None:
    parts = [SubSlice("dataset", RAIN), SubSlice("dataset", CITY), SubSlice("dataset_items", RAIN, item_uids=("a",))]
    assert dataset_uids(parts) == (RAIN, CITY)
