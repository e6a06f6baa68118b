"""The stage as it is written: every label in the drawing and in the table, outside text as text."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.access import ACCESS, ANYONE
from accounts.models import Person

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.items.stage_page")]


@pytest.fixture(autouse=True)
def stage_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ACCESS, "stage", ANYONE)


def read_stage_page(client: Client, name: str) -> str:
    return client.get(f"/stage/{name}/").content.decode()


def test_each_label_is_a_shape_and_a_row(alice: Person, client_as: Callable[[Person], Client]) -> None:
    text = read_stage_page(client_as(alice), "looks")
    assert text.count("data-shape=") == 24
    assert text.count("<tr data-label=") == 24
    assert 'viewBox="0 0 1200 800"' in " ".join(text.split())


def test_a_label_that_cannot_be_drawn_is_a_row_with_its_reason(
    alice: Person, client_as: Callable[[Person], Client]
) -> None:
    text = read_stage_page(client_as(alice), "special")
    assert text.count("data-shape=") == 2
    assert text.count("<tr data-label=") == 3
    assert "Its outline has a coordinate that is no number." in text
    assert "2 labels were left out." in text
    assert text.count('class="dot-hole"') == 1


def test_names_of_classes_are_text(alice: Person, client_as: Callable[[Person], Client]) -> None:
    text = read_stage_page(client_as(alice), "looks")
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
    assert "<b>bold</b>" not in text


def test_a_long_table_is_closed_beyond_its_first_hundred(alice: Person, client_as: Callable[[Person], Client]) -> None:
    text = read_stage_page(client_as(alice), "250")
    assert text.count('<details class="labels-more">') == 2
    assert "<summary>Labels 201 to 250</summary>" in text
