from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from console.common import formatting

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (1240, "1,240"), (1234.56, "1,234.6"), (None, ""), ("100+", "100+"), (True, "True")]
)
def test_numbers_are_grouped_and_anything_else_is_left_alone(value: object, said: str) -> None:
    assert formatting.number(value) == said


@pytest.mark.parametrize("noun", ["an Avala key", "a CloudFactory key", "an owner", "a space"])
def test_a_word_gets_the_article_it_is_said_with(noun: str) -> None:
    assert formatting.with_article(noun.partition(" ")[2]) == noun


def test_one_thing_is_singular_and_all_other_counts_are_plural() -> None:
    assert [formatting.plural(count, "slice") for count in (0, 1, 2)] == ["0 slices", "1 slice", "2 slices"]
    assert formatting.plural(1200, "batch", "batches") == "1,200 batches"


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (48_256_000, "48.3 MB"), (5e12, "5000 GB")],
)
def test_sizes_are_said_in_the_nearest_unit(count: int, said: str) -> None:
    assert formatting.file_size(count) == said


def test_a_moment_names_its_zone_and_follows_daylight_saving() -> None:
    with timezone.override("Europe/London"):
        assert formatting.moment(NOON) == "3 Nov 2026, 12:00 GMT"
        assert formatting.moment(NOON.replace(month=7)) == "3 Jul 2026, 13:00 BST"


def test_a_zone_without_letters_is_named_by_its_distance_from_utc() -> None:
    with timezone.override("America/Sao_Paulo"):
        assert formatting.moment(NOON) == "3 Nov 2026, 09:00 UTC-03"


def test_a_moment_without_a_zone_is_read_as_utc() -> None:
    with timezone.override("Asia/Tokyo"):
        assert formatting.moment(NOON.replace(tzinfo=None)) == "3 Nov 2026, 21:00 JST"


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (timedelta(seconds=4), "just now"),
        (timedelta(minutes=5, seconds=59), "5 min ago"),
        (timedelta(hours=47), "47 h ago"),
        (timedelta(days=3), "3 days ago"),
        (-timedelta(hours=6, minutes=1), "in 6 h"),
        (-timedelta(days=6, hours=23, minutes=59), "in 7 days"),
        (-timedelta(minutes=59, seconds=40), "in 1 h"),
        (-timedelta(seconds=59), "in 59 s"),
    ],
)
def test_how_long_ago_is_said_roughly(apart: timedelta, said: str) -> None:
    assert formatting.ago(NOON - apart, now=NOON) == said


def test_what_nobody_would_see_is_made_visible() -> None:
    assert formatting.show_controls("a\x00b\x7fc") == "a\u2400b\u2421c"
    assert formatting.show_controls("safe\u202egnp.exe") == "safe[U+202E]gnp.exe"
    assert formatting.show_controls("two\nlines\tand a tab") == "two lines and a tab"
    assert formatting.show_controls("Größe 写真 🚗") == "Größe 写真 🚗"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "/relative",
        "http://plain.example/x",
        "https://user:secret@host.example/x",
        "https://user@host.example/x",
        "https:\\\\host.example/x",
        "https://host.example/a b",
        "https://host.example/\tx",
        "https://[broken/x",
        "https://host.example:99999/x",
        "https://",
        "",
        None,
    ],
)
def test_an_address_that_could_do_harm_is_dropped(address: object) -> None:
    assert formatting.untrusted_url(address) == ""
    assert formatting.picture_url(address) == ""


def test_https_and_trusted_local_origins_may_be_linked(settings: Any) -> None:
    settings.TRUSTED_LOCAL_ORIGINS = ["http://127.0.0.1:8903"]
    assert formatting.untrusted_url("https://any.example/x?sig=a%2Fb") == "https://any.example/x?sig=a%2Fb"
    assert formatting.untrusted_url("http://127.0.0.1:8903/x") == "http://127.0.0.1:8903/x"
    assert formatting.untrusted_url("http://127.0.0.1:8904/x") == ""


def test_pictures_come_only_from_origins_that_the_policy_lets_through(settings: Any) -> None:
    settings.MEDIA_ORIGINS = ["https://cdn.example"]
    settings.TRUSTED_LOCAL_ORIGINS = ["http://127.0.0.1:8903"]
    assert formatting.picture_url("https://cdn.example/a.jpg") == "https://cdn.example/a.jpg"
    assert formatting.picture_url("https://CDN.example/a.jpg") == "https://CDN.example/a.jpg"
    assert formatting.picture_url("http://127.0.0.1:8903/a.jpg") == "http://127.0.0.1:8903/a.jpg"
    assert formatting.picture_url("https://cdn.example.evil/a.jpg") == ""
    assert formatting.picture_url("http://cdn.example/a.jpg") == ""
