"""No secret in words."""

import json
import logging
import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.views.debug import technical_500_response

from console import json_logging
from console.common import redaction

TESTED = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}


@pytest.fixture
def remembered() -> str:
    redaction.remember("s3cr3t-value-4f2a")
    return "s3cr3t-value-4f2a"


def test_a_known_value_is_masked_wherever_it_stands(remembered: str) -> None:
    assert redaction.hide(f"refused: {remembered}!") == "refused: ••••4f2a!"


@pytest.mark.parametrize(
    "text",
    [
        "Invalid key avk_live_1234567890abcdef",
        "Invalid key cf_live_1234567890abcdef",
        "Authorization: Bearer abc.def-ghi",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF_123",
        "GET https://store.example.com/exports/a.zip?X-Amz-Signature=0a1b2c3d",
        "https://store.example.com/a.zip?expires=17&signature=0a1b2c3d",
    ],
)
def test_what_looks_like_a_secret_is_masked_unseen(text: str) -> None:
    hidden = redaction.hide(text)
    assert redaction.MASK in hidden
    for secret in ("1234567890", "def-ghi", "abcDEF", "0a1b2c3d"):
        assert secret not in hidden


def test_a_log_line_masks_message_arguments_and_trace(remembered: str) -> None:
    try:
        raise ValueError(remembered)
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "key %s", (remembered,), (type(error), error, None))
    redaction.LogFilter().filter(record)
    line = json.loads(json_logging.JsonFormatter().format(record))
    assert line["message"] == "key ••••4f2a"
    assert remembered not in json.dumps(line)
    assert "••••4f2a" in line["trace"]


def test_a_log_line_that_does_not_fit_its_arguments_is_no_error_of_the_callers(remembered: str) -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "%d rows", (remembered,), None)
    redaction.LogFilter().filter(record)
    assert record.getMessage().startswith("%d rows")
    assert remembered not in record.getMessage()


def test_an_error_page_masks_the_exceptions_own_words(remembered: str, rf: RequestFactory, settings: Any) -> None:
    settings.DEBUG = True
    request = rf.get("/", {"mistyped": remembered}, HTTP_HOST="localhost")
    try:
        raise ValueError(f"Invalid header value {remembered}")
    except ValueError:
        page = technical_500_response(request, *sys.exc_info()).content.decode()
    assert "Invalid header value ••••4f2a" in page
    assert remembered not in page


SERVER = """
import django, logging
from gunicorn.config import Config
from gunicorn.glogging import Logger
server = Logger(Config())
django.setup()
from console.common import redaction
redaction.remember("s3cr3t-value-4f2a")
try:
    raise OSError("the answer broke off at s3cr3t-value-4f2a")
except OSError:
    server.exception("Error handling request %s", "/x?key=s3cr3t-value-4f2a")
"""


def test_the_servers_own_lines_are_masked_like_ours() -> None:
    ran = subprocess.run([sys.executable, "-c", SERVER], env=TESTED, capture_output=True, text=True, check=True)
    [line] = ran.stderr.splitlines()
    assert json.loads(line)["message"] == "Error handling request /x?key=••••4f2a"
    assert "s3cr3t" not in line


@pytest.mark.django_db
def test_a_line_of_django_itself_carries_the_id_of_its_request(client: Client) -> None:
    kept: list[logging.LogRecord] = []
    listener = logging.Handler()
    listener.emit = kept.append  # type: ignore[method-assign]
    logging.getLogger("django.request").addHandler(listener)
    answer = client.get("/nowhere/", HTTP_HOST="localhost")
    logging.getLogger("django.request").removeHandler(listener)
    [line] = [json.loads(json_logging.JsonFormatter().format(record)) for record in kept]
    assert (line["message"], line["request_id"]) == ("Not Found: /nowhere/", answer["X-Request-Id"])


def test_short_texts_are_left_alone() -> None:
    redaction.remember("abc")
    assert redaction.hide("abcdef") == "abcdef"


def test_a_long_text_is_cut_and_says_so() -> None:
    hidden = redaction.hide("x" * 100_000)
    assert len(hidden) < 21_000
    assert hidden.endswith("… (cut)")


def test_a_secret_across_the_cut_is_masked_whole(remembered: str) -> None:
    for start in range(redaction.LONGEST - 30, redaction.LONGEST + 5):
        assert remembered[:8] not in redaction.hide("x" * start + remembered + "y" * 100)
        assert remembered[-8:] not in redaction.hide_before("y" * 100 + remembered + "x" * start)


def test_a_log_line_and_its_trace_have_a_longest_length() -> None:
    try:
        raise ValueError("?" * 300_000 + " the reason")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "%s", ("?" * 300_000,), (type(error), error, None))
    redaction.LogFilter().filter(record)
    line = json.loads(json_logging.JsonFormatter().format(record))
    assert len(json.dumps(line)) < 50_000
    assert line["trace"].endswith("the reason"), "of a trace the end says what went wrong"


# Made up, but the same in every process: they are part of the tests' names.
TOKEN = "pGRLvy1OdnFxXK1Pw4IOBNss7ValcUvFrWuPHG8bRgE"
RESET = "c4kzw1-427e9e9774b72dd8f2f4d0d1e09b7f19"


@pytest.mark.parametrize(
    "line",
    [
        f"Not Found: /join/{TOKEN}/nowhere",
        f"Not Found: /join/{TOKEN[:20]}",
        f"Method Not Allowed (PUT): /join/{TOKEN}/",
        f"Forbidden (Referer checking failed - https://x.example/JOIN/{TOKEN} does not match): /",
        f"Not Found: /account/login/?next=%2Fjoin%2F{TOKEN}%2F",
        f"Not Found: /nowhere/{TOKEN}",
        f"Bad Request: /account/password/reset/key/1a-{RESET}/",
        f"Not Found: /account/login/?next=%2Faccount%2Fpassword%2Freset%2Fkey%2F1a-{RESET}%2F",
        f"Invalid HTTP request line: 'GET /x/{RESET}'",
    ],
)
def test_an_open_link_is_masked_by_its_shape_in_a_process_that_never_saw_it(line: str) -> None:
    hidden = redaction.hide(line)
    assert hidden.split()[0] == line.split()[0]
    for token in (TOKEN, TOKEN[:20], RESET):
        assert token not in hidden


def test_ids_and_digests_are_not_taken_for_links() -> None:
    said = (
        f"Audit chain now at 7 {'0a' * 32}; request {'0b' * 16}; {'slice-' * 8}; 5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10"
    )
    assert redaction.hide(said) == said
