"""A signal to many work items as the audit tells it: one sentence, on every page that shows lines."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit import verify
from console.audit.models import Entry, SearchText
from console.emulator.server import Running
from console.items.models import BulkSignal
from tests.items.bulk_helpers import ARCHIVE, ITEMS, archive_ids
from tests.items.test_bulk_send import entries, ready, sent_signal, start, work

ClientAs = Callable[[Person], Client]
pytestmark = pytest.mark.django_db(transaction=True)
POST = {"method": "POST", "path": "workItems/signals"}


@pytest.fixture(autouse=True)
def quick_checks(settings: Any, audit_anchor: Any) -> None:
    settings.AUDIT_SETTLE_SPAN = 0


def lines(client: Client, query: str = "") -> list[str]:
    return [line.text for line in client.get(f"/audit/?{query}").context["page"].lines if line.entry.group]


def act_page(client: Client, bulk: BulkSignal) -> Any:
    return client.get(f"/audit/acts/{bulk.pk}/")


def test_one_sentence_says_what_became_of_250_items(
    alice: Person, dana: Person, client_as: ClientAs, emulator: Running
) -> None:
    items = archive_ids(alice)
    emulator.act("fail_items", items=items[:7], how="error")
    bulk = start(ready(alice, items, reason="Wrong taxonomy"))
    work()
    sentence = "Alice reopened 243 of 250 work items of Archive (7 refused): Wrong taxonomy"
    for client in (client_as(alice), client_as(dana)):
        for query in ("", f"thing=item:{items[203]}", f"q={items[203]}", "q=taxonomy", "outcome=failed"):
            assert lines(client, query) == [sentence]
        assert lines(client, "outcome=unknown") == []
    page = act_page(client_as(dana), bulk)
    assert [(part.text.partition(" work")[0], part.state) for part in page.context["parts"]] == [
        ("Alice reopened 93 of 100", "In part"),
        ("Alice reopened 100", "Done"),
        ("Alice reopened 50", "Done"),
    ]
    result = f'href="{ITEMS}bulk/{bulk.pk}/"'
    assert result in act_page(client_as(alice), bulk).content.decode()
    # Without a key of the space the page of the result is not theirs to open.
    assert (result in page.content.decode()) == (client_as(dana).get(f"{ITEMS}bulk/{bulk.pk}/").status_code == 200)
    first = client_as(dana).get(f"/audit/{entries(bulk)[0].pk}/").content.decode()
    assert "(7 items)" in first
    assert f"/audit/acts/{bulk.pk}/" in first
    assert verify.check().is_whole


def test_the_page_of_an_item_of_a_later_part_says_what_became_of_it(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    items = archive_ids(alice)
    emulator.act("fail_items", items=[items[240]], how="error")
    start(ready(alice, items))
    work()
    client = client_as(alice)
    assert "This item was refused." in client.get(f"{ITEMS}{items[240]}/").content.decode()
    assert "This item: “Not started” afterwards." in client.get(f"{ITEMS}{items[150]}/").content.decode()


def test_only_whoever_can_see_an_act_can_check_it(
    alice: Person, bob: Person, dana: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk = sent_signal(alice, 101)
    for page in (f"/audit/acts/{bulk.pk}/", f"/audit/acts/{bulk.pk}/settle/"):
        ask = "post" if page.endswith("settle/") else "get"
        assert getattr(client_as(bob), ask)(page).status_code == 404
        assert getattr(client_as(dana), ask)(page).status_code in (200, 302)


def test_a_part_that_was_put_back_is_told_by_its_last_way(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    items = archive_ids(alice, 150)
    emulator.fault("cloudfactory", "429", **POST, times=2)
    start(ready(alice, items))
    work(4)
    assert lines(client_as(alice)) == ["Alice reopened 150 work items of Archive"]
    assert lines(client_as(alice), "outcome=failed") == []


def test_the_search_index_does_not_grow_with_the_items(alice: Person, emulator: Running) -> None:
    def size() -> int:
        return sum(len(words) for words in SearchText.objects.values_list("words", flat=True))

    items = archive_ids(alice)
    before = size()
    bulk = start(ready(alice, items))
    work()
    assert size() - before < 2_000
    assert SearchText.objects.filter(pk__in=[entry.sequence for entry in entries(bulk)]).count() == 1
    assert Entry.objects.filter(thing_id=ARCHIVE, words__contains=items[5]).count() == 0
