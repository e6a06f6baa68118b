"""What the answer to one signal to many says about each of them, in every shape it may have (FACTS 4, rows 6 and 7)."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from console.upstream import errors
from console.upstream.cloudfactory_parsers import signal_results_of
from console.upstream.response_models import SignalItem, SignalResult
from tests.upstream import samples as s
from tests.upstream.clients import PLATFORM, REQUEST_ID, platform

A, B = s.WORK_ITEM_ID, s.OTHER_ITEM_ID
ELSEWHERE = "00000000-0000-4000-8000-000000000000"
SIGNALS = f"{PLATFORM}/projects/{s.PROJECT}/workItems/signals"

DONE_A, DONE_B = SignalResult(A, "NEW"), SignalResult(B, "NEW")


def refused(item: str, words: str = "no") -> SignalResult:
    return SignalResult(item, None, words)


def send(*items: str) -> tuple[SignalResult, ...]:
    given = [SignalItem(item) for item in items]
    return platform().send_signals(s.PROJECT, signal="reopen", items=given, request_id=REQUEST_ID)


ENTRIES: list[tuple[Any, Sequence[SignalResult]]] = [
    # The field's name, and the id's spelling.
    ({"workItemId": A, "status": "NEW"}, [DONE_A]),
    ({"workItemID": A, "status": "NEW"}, [DONE_A]),
    ({"workitemid": A.upper(), "Status": "NEW"}, [DONE_A]),
    ({"id": A, "status": "NEW"}, [DONE_A]),
    ({"id": 7, "workItemId": A, "status": "NEW"}, [DONE_A]),
    ({"workItemId": None, "id": A, "status": "NEW"}, [DONE_A]),
    ({"workItemId": A, "id": A.upper(), "status": "NEW"}, [DONE_A]),
    ({"workItemId": A, "id": ELSEWHERE, "status": "NEW"}, [DONE_A]),
    # What is a failure, and its words.
    ({"workItemId": A, "error": "no"}, [refused(A)]),
    ({"workItemId": A, "error": {"message": "no", "code": 4}}, [refused(A)]),
    ({"workItemId": A, "error": ["no", {"message": "never"}]}, [refused(A, "no; never")]),
    ({"workItemId": A, "errors": ["no"]}, [refused(A)]),
    ({"workItemId": A, "error": True}, [refused(A, "refused")]),
    ({"workItemId": A, "error": 4, "message": "no"}, [refused(A)]),
    ({"workItemId": A, "error": {}, "success": False}, [refused(A, "refused")]),
    ({"workItemId": A, "success": False, "message": "no"}, [refused(A)]),
    ({"workItemId": A, "status": "NEW", "error": "no"}, [SignalResult(A, "NEW", "no")]),
    # What is none.
    ({"workItemId": A}, [SignalResult(A)]),
    ({"workItemId": A, "status": "NEW", "error": None}, [DONE_A]),
    ({"workItemId": A, "status": "NEW", "error": "", "success": True}, [DONE_A]),
    ({"workItemId": A, "status": "NEW", "error": {}}, [DONE_A]),
    ({"workItemId": A, "status": "NEW", "error": False}, [DONE_A]),
    ({"workItemId": A, "status": "PAUSED", "surprise": [1]}, [SignalResult(A, "PAUSED")]),
    # About no item that was sent, or about two.
    ({"status": "NEW"}, []),
    ({"workItemId": ELSEWHERE, "status": "NEW"}, []),
    ({"workItemId": "", "status": "NEW"}, []),
    ({"workItemId": [A], "status": "NEW"}, []),
    ({"workItemId": f"{{{A}}}", "status": "NEW"}, []),
    ({"workItemId": A, "id": B, "status": "NEW"}, []),
    ({}, []),
    (None, []),
    (A, []),
    (5, []),
]


@pytest.mark.parametrize(("entry", "results"), ENTRIES)
@responses.activate
def test_an_entry_is_read_in_every_shape(entry: Any, results: Sequence[SignalResult]) -> None:
    responses.post(SIGNALS, json={"items": [entry]})

    assert send(A, B) == tuple(results)


ANSWERS: list[tuple[Any, Sequence[SignalResult]]] = [
    # Order and spelling of the entries are no matter; the results stand in the order of the items.
    ([{"id": B, "error": "no"}, {"id": A, "status": "NEW"}], [DONE_A, refused(B)]),
    ([{"id": A.upper(), "status": "NEW"}, {"id": B.upper(), "status": "NEW"}], [DONE_A, DONE_B]),
    # Without an entry an item is unknown.
    ([{"id": B, "status": "NEW"}], [DONE_B]),
    ([], []),
    # Twice the same is once; two that differ are unknown.
    ([{"id": A, "status": "NEW"}, {"workItemID": A.upper(), "status": "NEW"}], [DONE_A]),
    ([{"id": A, "status": "NEW"}, {"id": A, "error": "no"}, {"id": B, "status": "NEW"}], [DONE_B]),
    ([{"id": A, "status": "NEW"}, {"id": A.upper(), "status": "IN_PROGRESS"}], []),
    # More than was asked.
    ([{"id": A, "status": "NEW"}, {"id": ELSEWHERE, "status": "NEW"}], [DONE_A]),
]


@pytest.mark.parametrize(("entries", "results"), ANSWERS)
@responses.activate
def test_entries_are_matched_to_the_items_that_were_sent(entries: Any, results: Sequence[SignalResult]) -> None:
    responses.post(SIGNALS, json={"items": entries})

    assert send(A, B) == tuple(results)


def test_a_bare_list_is_read_as_well() -> None:
    assert signal_results_of([A])([{"id": A, "status": "NEW"}]) == (DONE_A,)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"ok": True},
        {"success": True},
        {"items": None},
        {"items": {A: "NEW"}},
        {"items": "NEW"},
        {"error": "no"},
        {"success": False, "items": []},
        {"data": {"items": [{"id": A, "status": "NEW"}]}},
        "done",
        True,
    ],
)
@responses.activate
def test_an_answer_without_the_list_makes_every_item_unknown(answer: Any) -> None:
    responses.post(SIGNALS, body=json.dumps(answer), content_type="application/json")

    assert send(A, B) == ()


@pytest.mark.parametrize("status", [200, 202, 204])
@responses.activate
def test_an_answer_without_a_body_makes_every_item_unknown(status: int) -> None:
    responses.post(SIGNALS, status=status)

    assert send(A, B) == ()


@pytest.mark.parametrize(
    "body", ["<html></html>", "null", '{"items": [', '{"items": [NaN]}', '{"items": [], "items": []}']
)
@responses.activate
def test_an_answer_that_cannot_be_read_is_an_unknown_call(body: str) -> None:
    responses.post(SIGNALS, body=body, status=200)

    with pytest.raises(errors.UpstreamError) as caught:
        send(A, B)

    assert caught.value.outcome == "unknown"
    assert len(responses.calls) == 1


@responses.activate
def test_an_id_is_sent_plainly_and_its_result_found_under_the_spelling_that_was_given() -> None:
    responses.post(SIGNALS, json={"items": [{"workItemId": A, "status": "NEW"}]})

    assert send(A.upper()) == (SignalResult(A.upper(), "NEW"),)
    assert json.loads(responses.calls[0].request.body)["workItems"] == [{"workItemId": A}]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([A, A.upper(), B, ELSEWHERE, "", "NEW"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["items", "workItemId", "workItemID", "id", "error", "success"]), inner)
    ),
    max_leaves=12,
)


@given(answer=json_values, entries=st.lists(json_values, max_size=5))
def test_no_answer_has_two_results_for_one_item_or_one_for_another(answer: Any, entries: list[Any]) -> None:
    for data in (answer, entries, {"items": entries}):
        found = [result.work_item_id for result in signal_results_of([A, B])(data)]

        assert found in ([], [A], [B], [A, B])
