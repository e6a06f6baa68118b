"""Statuses and bodies into errors, and no secret in any of them (FACTS 1.3, 2.3; PROMISES 2 and 12)."""

import json
import pickle
import time
import traceback
from typing import Any

import pytest
import responses

from console.common.redaction import mask_vendor_text
from console.upstream import errors
from console.upstream.avala import Avala
from console.upstream.response_models import Priority, SignalItem
from tests.upstream import samples as s
from tests.upstream.clients import AVALA, AVALA_KEY, PLATFORM, REQUEST_ID, avala, platform, transport
from tests.upstream.test_bounds import create_slice

BATCHES = f"{PLATFORM}/projects/{s.PROJECT}/batches"
SLICES = f"{AVALA}/slices/"


def write(status: int, **answer: Any) -> errors.UpstreamError:
    """What a write to Avala that is answered like this ends with."""
    responses.post(SLICES, status=status, **answer)
    with pytest.raises(errors.UpstreamError) as caught:
        create_slice(avala())
    assert len(responses.calls) == 1
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        (301, errors.PointedElsewhere, "unknown"),
        (308, errors.PointedElsewhere, "unknown"),
        (400, errors.Invalid, "failed"),
        (401, errors.KeyRejected, "failed"),
        (403, errors.Forbidden, "failed"),
        (404, errors.NotFound, "failed"),
        (405, errors.OtherRefusal, "failed"),
        (409, errors.Conflict, "failed"),
        (413, errors.OtherRefusal, "failed"),
        (422, errors.Invalid, "failed"),
        (429, errors.RateLimited, "failed"),
        (500, errors.ServerFailed, "unknown"),
        (503, errors.ServerFailed, "unknown"),
    ],
)
@responses.activate
def test_a_status_becomes_one_error_and_a_write_is_never_sent_again(status: int, kind: type, outcome: str) -> None:
    error = write(status, json={"detail": "Because."}, headers={"X-Request-Id": "r-1", "Location": "https://evil/"})

    assert type(error) is kind
    assert (error.vendor, error.status, error.reference) == ("avala", status, "r-1")
    assert (error.outcome, error.vendor_text) == (outcome, "Because.")
    assert error.message.startswith("Avala")
    assert str(error) == error.message


@pytest.mark.parametrize("status", [301, 401, 404, 429, 500])
@responses.activate
def test_a_read_changes_nothing_however_it_ends(status: int) -> None:
    responses.get(f"{AVALA}/users/me/", status=status)
    with pytest.raises(errors.UpstreamError) as caught:
        avala().get_me()

    assert caught.value.outcome == "failed"


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b'{"name": "no identifier"}', b"[]", b"null", b'{"uid": NaN}'])
@responses.activate
def test_a_write_whose_answer_cannot_be_read_is_unknown(body: bytes) -> None:
    error = write(201, body=body)

    assert isinstance(error, errors.Unreadable)
    assert error.outcome == "unknown"


@responses.activate
def test_an_empty_answer_means_done_where_nothing_has_to_be_named() -> None:
    for method, address in (
        (responses.PUT, f"{BATCHES}/prioritization"),
        (responses.PATCH, f"{BATCHES}/42"),
        (responses.POST, f"{PLATFORM}/projects/{s.PROJECT}/workItems/signals"),
        (responses.DELETE, f"{PLATFORM}/spaces/{s.SPACE}/exports/{s.EXPORT_ID}"),
    ):
        responses.add(method, address, status=202)
    client = platform()

    assert client.save_priorities(s.PROJECT, [Priority(1, 1)], request_id=REQUEST_ID) == ()
    renamed = client.update_batch(s.PROJECT, 42, name="New", request_id=REQUEST_ID)
    assert (renamed.id, renamed.name) == (42, "New")
    items = [SignalItem(s.WORK_ITEM_ID)]
    assert client.send_signals(s.PROJECT, signal="start", items=items, request_id=REQUEST_ID) == ()
    client.delete_export(s.SPACE, s.EXPORT_ID, request_id=REQUEST_ID)


@responses.activate
def test_a_created_batch_that_is_not_named_is_unknown() -> None:
    responses.post(BATCHES, status=201)
    with pytest.raises(errors.Unreadable) as caught:
        platform().create_batch(s.PROJECT, name="x", request_id=REQUEST_ID)

    assert caught.value.outcome == "unknown"


@pytest.mark.parametrize("status", [404, 405])
@responses.activate
def test_a_guessed_address_may_be_what_is_wrong(status: int) -> None:
    responses.post(BATCHES, status=status)
    responses.get(BATCHES, status=404)
    with pytest.raises(errors.NotFound) as guessed:
        platform().create_batch(s.PROJECT, name="x", request_id=REQUEST_ID)
    with pytest.raises(errors.NotFound) as known:
        platform().list_batches(s.PROJECT)

    assert guessed.value.maybe_wrong_address
    assert "address we use for it may be wrong" in guessed.value.message
    assert not known.value.maybe_wrong_address


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (
            {"name": ["Too long.", "Taken."], "visibility": ["No."]},
            {"name": ["Too long.", "Taken."], "visibility": ["No."]},
        ),
        ({"detail": {"name": ["Taken."]}}, {"name": ["Taken."]}),
        ({"name": "Taken."}, {"name": ["Taken."]}),
        (["Bad."], {"": ["Bad."]}),
        ({"detail": ["Bad."]}, {"": ["Bad."]}),
        (
            {"sub_slices": [{}, {"dataset_uid": ["Unknown."]}, {"filters": {"tag": ["Bad."]}}]},
            {"sub_slices.1.dataset_uid": ["Unknown."], "sub_slices.2.filters.tag": ["Bad."]},
        ),
        ({"detail": [{"loc": ["body", "name"], "msg": "short", "type": "x"}]}, {"name": ["short"]}),
        ({"message": "Out of bounds.", "code": 7}, {}),
        ({"detail": "Bad."}, {}),
    ],
)
@responses.activate
def test_complaints_are_sorted_by_field(body: Any, fields: Any) -> None:
    error = write(400, json=body)

    assert isinstance(error, errors.Invalid)
    assert error.fields == fields


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"message": "A", "error": "B"}', "A"),
        (b'{"error": {"message": "B"}}', "B"),
        (b'{"error": "B", "detail": "C"}', "B"),
        (b'{"detail": {"message": "C"}}', "C"),
        (b'{"title": "D"}', "D"),
        (b"plain \x07\n words", "plain words"),
        (b"<html><h1>502</h1></html>", ""),
        (b"", ""),
        (b'{"detail": "' + b"x" * 999 + b'"}', "x" * 300),
        (b'{"code": 5}', ""),
    ],
)
@responses.activate
def test_the_vendors_words_are_found_and_cut_short(body: bytes, text: str) -> None:
    assert write(409, body=body).vendor_text == text


@responses.activate
def test_a_key_that_the_vendor_repeats_is_in_no_part_of_the_error() -> None:
    answer = {"detail": f"Invalid API key {AVALA_KEY}.", "name": [f"{AVALA_KEY}!"], AVALA_KEY: ["x"]}
    error = write(400, json=answer, headers={"X-Request-Id": AVALA_KEY})
    shown = "".join(traceback.format_exception(error)) + repr(vars(error))

    assert AVALA_KEY not in shown
    assert "••••cdef" in error.vendor_text
    assert error.__cause__ is None
    assert error.__context__ is None


@responses.activate
def test_a_key_that_straddles_the_cut_is_masked_first() -> None:
    error = write(400, json={"detail": "x" * 290 + AVALA_KEY, "name": ["y" * 290 + AVALA_KEY]})

    assert "avk" not in error.vendor_text + repr(vars(error))


@pytest.mark.parametrize(
    "secret",
    [
        "avk_live_abcdef123",
        "cf_live_abcdef123",
        "a" * 40,
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
        "Bearer abc.def",
        "sk_test_abcdef",
        "api_key=hunter2",
        '"password": "hunter2"',
        "https://store/x?signature=hunter2&a=b",
        "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret_is_masked(secret: str) -> None:
    shown = mask_vendor_text(f"before {secret} after", "")

    assert secret not in shown
    assert "hunter2" not in shown
    assert "before" in shown


@pytest.mark.parametrize("word", ["a-", "?", "eyJ-", "token", "-----BEGIN "])
@responses.activate
def test_words_made_to_keep_the_masks_busy_are_soon_done_with(word: str) -> None:
    endless = word * (30_000 // len(word))
    began = time.thread_time()
    error = write(400, json={endless: {endless: ["x"]}})

    assert isinstance(error, errors.Invalid)
    assert max(map(len, error.fields)) <= 300
    assert time.thread_time() - began < 5


def test_ordinary_words_are_left_alone() -> None:
    text = "Slice “Night rain” already exists (uid 0b6e7c1e-6f0e-4b7a-9f0e-2b9b8a1f7d10)."

    assert mask_vendor_text(text, AVALA_KEY) == text


@pytest.mark.parametrize("key", ["", "a b", "avk_“x”", "avk_x\r\nX-Evil: 1", "x" * 2000])
@responses.activate
def test_a_key_that_cannot_stand_in_a_header_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        Avala(transport("avala", AVALA), key).get_me()

    assert not key or key not in repr(vars(caught.value))
    assert len(responses.calls) == 0


def test_an_error_can_be_copied_whole() -> None:
    error = errors.Invalid("No.", fields={"name": ["Bad."]}, vendor="avala", status=400, reference="r")
    copy = pickle.loads(pickle.dumps(error))

    assert (copy.message, copy.fields, copy.vendor, copy.status) == ("No.", {"name": ["Bad."]}, "avala", 400)
    assert json.dumps(copy.fields)


PROMISING_NOTHING: list[tuple[str, str, Any]] = [
    (
        responses.DELETE,
        f"{PLATFORM}/spaces/{s.SPACE}/exports/{s.EXPORT_ID}",
        lambda client: client.delete_export(s.SPACE, s.EXPORT_ID, request_id=REQUEST_ID),
    ),
    (
        responses.POST,
        f"{PLATFORM}/projects/{s.PROJECT}/workItems/{s.WORK_ITEM_ID}/labels",
        lambda client: client.insert_labels(s.PROJECT, s.WORK_ITEM_ID, [{"a": 1}], request_id=REQUEST_ID),
    ),
    (
        responses.PUT,
        f"{PLATFORM}/projects/{s.PROJECT}/workItems/{s.WORK_ITEM_ID}/signals",
        lambda client: client.signal(
            s.PROJECT,
            s.WORK_ITEM_ID,
            signal="complete",
            task_type="labeling",
            outcome="OK",
            request_id=REQUEST_ID,
        ),
    ),
]


@pytest.mark.parametrize(("method", "address", "call"), PROMISING_NOTHING)
@pytest.mark.parametrize(
    "body",
    [b"<html>Sign in</html>", b"OK", b'{"error": "no"}', b'{"success": false}', b'{"a": 1', b" " * (11 * 2**20) + b"x"],
    ids=["portal", "text", "error", "no success", "cut", "huge"],
)
@responses.activate
def test_a_write_that_promises_no_body_is_not_done_by_any_page(
    method: str, address: str, call: Any, body: bytes
) -> None:
    responses.add(method, address, status=200, body=body)
    with pytest.raises(errors.Unreadable) as caught:
        call(platform())

    assert caught.value.outcome == "unknown"


@pytest.mark.parametrize(("method", "address", "call"), PROMISING_NOTHING)
@pytest.mark.parametrize("body", [b"", b" \r\n"])
@responses.activate
def test_a_write_that_promises_no_body_is_done_when_it_is_empty(
    method: str, address: str, call: Any, body: bytes
) -> None:
    responses.add(method, address, status=200, body=body)

    assert call(platform()) is None


@responses.activate
def test_the_log_says_why_an_answer_could_not_be_read_and_quotes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    responses.get(f"{AVALA}/users/me/", body=b'{"uid": NaN, "secret": 1}')
    with pytest.raises(errors.Unreadable):
        avala().get_me()

    assert "A16: unreadable answer with status 200: NaN or Infinity is not JSON" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("body", [b"{}", b"null", b"[]", b'"done"', b'{"results": []}'])
@responses.activate
def test_an_export_is_not_deleted_by_an_answer_that_should_be_empty(body: bytes) -> None:
    method, address, call = PROMISING_NOTHING[0]
    responses.add(method, address, status=200, body=body)
    with pytest.raises(errors.Unreadable) as caught:
        call(platform())

    assert caught.value.outcome == "unknown"


@pytest.mark.parametrize(("method", "address", "call"), PROMISING_NOTHING[1:])
@responses.activate
def test_labels_and_signals_are_answered_by_an_object_or_nothing(method: str, address: str, call: Any) -> None:
    """Their addresses and answers are only inferred (FACTS 2.4)."""
    for body in (b"{}", b'{"id": "x"}'):
        responses.add(method, address, status=200, body=body)
        assert call(platform()) is None
    for body in (b"null", b"[]", b'"done"'):
        responses.add(method, address, status=200, body=body)
        with pytest.raises(errors.Unreadable):
            call(platform())


ANSWERING_JSON: list[tuple[str, str, Any]] = [
    (
        responses.PUT,
        f"{BATCHES}/prioritization",
        lambda client: client.save_priorities(s.PROJECT, [Priority(1, 1)], request_id=REQUEST_ID),
    ),
    (
        responses.PATCH,
        f"{BATCHES}/42",
        lambda client: client.update_batch(s.PROJECT, 42, name="New", request_id=REQUEST_ID),
    ),
    (responses.POST, BATCHES, lambda client: client.create_batch(s.PROJECT, name="New", request_id=REQUEST_ID)),
    (
        responses.POST,
        f"{PLATFORM}/spaces/{s.SPACE}/exports",
        lambda client: client.create_export(s.SPACE, name="New", request_id=REQUEST_ID),
    ),
]


@pytest.mark.parametrize(("method", "address", "call"), ANSWERING_JSON)
@pytest.mark.parametrize(
    "body",
    [b'{"error": "no"}', b"[1]", b'"done"', b"<html>", b"true", b"null", b"[]", b'{"items": []}', b'{"id": null}'],
)
@responses.activate
def test_a_write_answered_by_json_of_another_shape_is_unknown(
    method: str, address: str, call: Any, body: bytes
) -> None:
    responses.add(method, address, status=200, body=body)
    with pytest.raises(errors.Unreadable) as caught:
        call(platform())

    assert caught.value.outcome == "unknown"


@responses.activate
def test_an_answer_that_contradicts_what_was_sent_does_not_mean_done() -> None:
    responses.put(f"{BATCHES}/prioritization", json={"items": [{"batchId": 1, "priority": 9}]})
    responses.patch(f"{BATCHES}/42", json={"id": 41, "name": "New"})
    with pytest.raises(errors.Unreadable):
        platform().save_priorities(s.PROJECT, [Priority(1, 1)], request_id=REQUEST_ID)
    with pytest.raises(errors.Unreadable):
        platform().update_batch(s.PROJECT, 42, name="New", request_id=REQUEST_ID)
