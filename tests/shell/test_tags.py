from datetime import UTC, datetime

import pytest
from django.template import Context, Template, TemplateSyntaxError

from console.templatetags.shell import shapes
from tests.markup import folded


def shown(source: str, **context: object) -> str:
    return Template("{% load shell %}" + source).render(Context(context))


def test_an_icon_stands_in_the_page_itself_and_is_hidden_from_readers() -> None:
    page = shown('{% icon "plus" %}')
    assert shapes()["plus"] in page
    assert 'aria-hidden="true"' in page


def test_an_icon_that_stands_alone_has_a_name() -> None:
    assert 'role="img" aria-label="current &lt;one&gt;"' in shown(
        '{% icon "check" label=label %}', label="current <one>"
    )


def test_an_unknown_icon_is_refused() -> None:
    with pytest.raises(TemplateSyntaxError, match="no icon “nonesuch”"):
        shown('{% icon "nonesuch" %}')


def test_a_moment_is_a_time_element_with_utc_on_hover() -> None:
    page = shown("{% moment at %}", at=datetime(2026, 11, 3, 14, 2, 5, tzinfo=UTC))
    assert page == (
        '<time datetime="2026-11-03T14:02:05+00:00" title="2026-11-03 14:02:05 UTC">3 Nov 2026, 14:02 UTC</time>'
    )


def test_no_moment_is_nothing() -> None:
    assert shown("{% moment at %}{{ at|ago }}", at=None) == ""


def test_text_from_outside_is_escaped_and_kept_apart() -> None:
    assert shown("{{ name|untrusted }}", name="<b>\u202ex") == "<bdi>&lt;b&gt;[U+202E]x</bdi>"


def test_a_word_of_the_vocabulary_opens_its_meaning_without_script() -> None:
    page = folded(shown('{% term "batch" "batches" %}'))
    target = page.split('popovertarget="')[1].split('"')[0]
    assert f'id="{target}" popover' in page
    assert "batches</button>" in page
    assert "CloudFactory: batch" in page


def test_two_of_the_same_word_do_not_share_an_id() -> None:
    pages = [shown('{% term "batch" %}') for _ in range(2)]
    assert pages[0] != pages[1]


def test_a_picture_from_elsewhere_becomes_a_quiet_tile() -> None:
    page = shown('{% include "components/_picture.html" %}', url="https://evil.example/x.jpg", alt="A car")
    assert "<img" not in page
    assert "No picture to show" in page


def test_a_notice_takes_its_tone_from_the_level_of_a_message() -> None:
    page = shown('{% include "components/_notice.html" with kind="error" %}', text="<i>No")
    assert "notice-bad" in page
    assert 'role="alert"' in page
    assert "&lt;i&gt;No" in page


def test_good_news_leaves_by_itself_but_not_with_something_to_press() -> None:
    assert "data-passing" in shown('{% include "components/_notice.html" with kind="good" text="Saved" %}')
    undo = (
        '{% include "components/_notice.html" with kind="good" text="Saved" action_url="/undo" action_label="Undo" %}'
    )
    assert "data-passing" not in shown(undo)


def test_counts_and_words_agree() -> None:
    assert shown('{{ n|plural:"batch,batches" }}', n=3) == "3 batches"
    assert shown('{{ n|plural:"slice" }}', n=1) == "1 slice"
