"""Avala's own SDK, unchanged, against the emulator."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from avala import AsyncClient, Client
from avala.errors import (
    AuthenticationError,
    AvalaError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    ServerError,
    ValidationError,
)

from console.emulator.sample import uid_of
from console.emulator.server import Running

COINS = uid_of("dataset", "coins-on-velvet")


@pytest.fixture
def client(running: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("AVALA_ALLOW_INSECURE_BASE_URL", "true")
    with Client("avk_demo_ops", base_url=running.avala_url) as client:
        yield client


def another(running: Running, key: str) -> Client:
    return Client(key, base_url=running.avala_url)


def test_it_lists_the_slices_of_an_owner(client: Client) -> None:
    names = {row.name for row in client.slices.list("northwind")}
    assert {"All coins", "Night shift", "Crowded tissue"} <= names


def test_it_gets_a_slice_and_walks_its_items_by_cursor(client: Client) -> None:
    found = client.slices.get("northwind", "all-coins")
    assert (found.status, found.organization) == ("created", None)
    uids: list[str] = []
    cursor = None
    while True:
        page = client.slices.list_items("northwind", "all-coins", limit=8, cursor=cursor)
        uids += [item.uid for item in page]
        cursor = page.next_cursor
        if not page.has_more:
            break
    assert len(set(uids)) == len(uids) == found.item_count


def test_it_walks_back_by_the_previous_cursor(client: Client) -> None:
    first = client.slices.list_items("northwind", "all-coins", limit=8)
    second = client.slices.list_items("northwind", "all-coins", limit=8, cursor=first.next_cursor)
    assert (first.previous_cursor, bool(second.previous_cursor)) == (None, True)
    back = client.slices.list_items("northwind", "all-coins", limit=8, cursor=second.previous_cursor)
    assert [item.uid for item in back] == [item.uid for item in first]


def test_it_gets_one_item_with_its_metadata(client: Client) -> None:
    first = client.slices.list_items("northwind", "all-coins", limit=1).items[0]
    item = client.slices.get_item("northwind", "all-coins", first.uid)
    assert item.key == client.datasets.get_item("northwind", "coins-on-velvet", first.uid).key
    assert str(item.url).partition("?")[0].endswith(f"/{item.key}")
    assert item.metadata
    assert "coins" in item.metadata["tag"]


def test_it_creates_a_slice_with_an_organization_as_a_string(client: Client) -> None:
    made = client.slices.create(
        name="From the SDK",
        visibility="private",
        sub_slices=[{"type": "dataset", "dataset_uid": COINS}],
        organization="northwind-labs",
        random_selection_count=5,
    )
    assert (made.status, made.item_count, made.owner_name) == ("pending", 0, "northwind-labs")
    ready = client.slices.get("northwind-labs", str(made.slug))
    assert (ready.status, ready.item_count) == ("created", 5)


@pytest.mark.parametrize("kind", ["dataset", "dataset_items", "filters"])
def test_it_creates_a_slice_of_each_kind_of_part(client: Client, kind: str) -> None:
    item = client.datasets.list_items("northwind", "coins-on-velvet", limit=1).items[0]
    part: dict[str, object] = {"type": kind, "dataset_uid": COINS}
    part |= {"dataset_items": {"dataset_item_uids": [item.uid]}, "filters": {"filters": {"split": "train"}}}.get(
        kind, {}
    )
    made = client.slices.create(name=f"Of {kind}", visibility="public", sub_slices=[part])
    ready = client.slices.get("northwind", str(made.slug))
    assert (made.sub_slices, ready.sub_slices, ready.source_data) == ([part], [part], [part])
    assert ready.status == "created"
    assert ready.item_count
    assert ready.featured_slice_item_urls


def test_the_asynchronous_client_reads_and_creates_as_well(client: Client, running: Running) -> None:
    async def use() -> None:
        async with AsyncClient("avk_demo_ops", base_url=running.avala_url) as other:
            assert (await other.slices.get("northwind", "all-coins")) == client.slices.get("northwind", "all-coins")
            page = await other.slices.list_items("northwind", "all-coins", limit=2)
            uid = page.items[1].uid
            assert (await other.slices.get_item("northwind", "all-coins", uid)).uid == uid
            assert (await other.datasets.wait(COINS, timeout=1)).slug == "coins-on-velvet"
            assert [row.slug for row in await other.organizations.list()] == ["northwind", "northwind-labs"]
            part = {"type": "dataset", "dataset_uid": COINS}
            made = await other.slices.create(name="Later", visibility="private", sub_slices=[part])
            assert made.status == "pending"
            with pytest.raises(NotFoundError):
                await other.slices.get("northwind", "nothing")

    with ThreadPoolExecutor() as elsewhere:  # the browser of other tests may keep a loop running in this thread
        elsewhere.submit(asyncio.run, use()).result()


def test_what_the_facts_do_not_know_is_refused_in_avalas_words(client: Client) -> None:
    for ask in (client.projects.list, client.exports.list, client.tasks.list, client.webhooks.list, client.agents.list):
        with pytest.raises(NotFoundError, match="Not found"):
            ask()
    with pytest.raises(AvalaError, match="not allowed") as caught:
        client.organizations.delete("northwind")
    assert caught.value.status_code == 405


def test_it_finds_datasets_by_name_uid_and_slug(client: Client) -> None:
    page = client.datasets.list(name="COIN", data_type="image", status="created", visibility="public", limit=10)
    assert [row.uid for row in page] == [COINS]
    assert client.datasets.get(COINS) == client.datasets.get_by_slug("northwind", "coins-on-velvet")
    assert client.datasets.wait(COINS, timeout=1).status == "created"


def test_it_walks_all_datasets_and_their_items(client: Client) -> None:
    found, cursor = [], None
    while True:
        page = client.datasets.list(limit=2, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if not cursor:
            break
    assert len({row.uid for row in found}) == len(found) >= 5
    assert all(client.datasets.list_items(str(row.owner_name), row.slug, limit=3).items for row in found)


def test_it_lists_organizations_by_page_and_finds_a_slug_for_a_uid(client: Client) -> None:
    first = client.organizations.list(limit=1)
    second = client.organizations.list(limit=1, page=first.next_cursor)
    assert [page.items[0].slug for page in (first, second)] == ["northwind", "northwind-labs"]
    assert client.organizations.slug_for_uid(second.items[0].uid.upper()) == "northwind-labs"
    assert client.organizations.get("northwind").name == "Northwind"


def test_it_reads_the_rate_limit(client: Client, running: Running) -> None:
    running.act("set_rate", rate=100)
    client.organizations.list()
    assert client.rate_limit_info["limit"] == "100"
    assert client.rate_limit_info["remaining"] == "99"


def test_a_wrong_key_is_an_authentication_error(client: Client, running: Running) -> None:
    with another(running, "avk_nobody") as nobody, pytest.raises(AuthenticationError, match="Invalid API key"):
        nobody.slices.list("northwind")


def test_a_reviewer_may_not_create(client: Client, running: Running) -> None:
    with another(running, "avk_demo_reviewer") as reviewer, pytest.raises(ForbiddenError):
        reviewer.slices.create(name="x", visibility="private", sub_slices=[])


def test_an_outsider_finds_nothing(client: Client, running: Running) -> None:
    with another(running, "avk_demo_outsider") as outsider:
        with pytest.raises(NotFoundError):
            outsider.slices.get("northwind", "all-coins")
        assert outsider.datasets.list().items == []


def test_wrong_fields_are_a_validation_error_with_a_map(client: Client) -> None:
    with pytest.raises(ValidationError) as caught:
        client.slices.create(name="", visibility="secret", sub_slices=[])
    assert set(caught.value.body) == {"name", "visibility", "sub_slices"}


def test_an_unknown_dataset_is_not_found(client: Client) -> None:
    part = {"type": "dataset", "dataset_uid": "00000000-0000-4000-8000-000000000000"}
    with pytest.raises(NotFoundError):
        client.slices.create(name="x", visibility="private", sub_slices=[part])


def test_too_many_requests_are_a_rate_limit_error_with_a_time(client: Client, running: Running) -> None:
    running.act("set_rate", rate=2)
    client.organizations.list()
    client.organizations.list()
    with pytest.raises(RateLimitError) as caught:
        client.organizations.list()
    assert caught.value.retry_after
    assert 0 < caught.value.retry_after <= 60


def test_a_failing_server_is_a_server_error(client: Client) -> None:
    with pytest.raises(ServerError):
        client.slices.create(
            name="fail-503", visibility="private", sub_slices=[{"type": "dataset", "dataset_uid": COINS}]
        )
