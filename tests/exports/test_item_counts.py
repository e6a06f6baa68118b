"""What will be in this file? Honest counts, warnings, and one click to leave a batch out."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts import connections
from accounts.models import Person
from console.common import write_behind
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.emulator.server import start as start_emulator
from console.exports import item_counts as contents
from console.exports.selection import ExportSelection
from console.items import counts as item_counts
from console.upstream.pagination import pages
from tests.conftest import point_at
from tests.exports.making import COINS, EYES, HTMX, PILOT, finish, form, sent, start, text_of

ClientAs = Callable[[Person], Client]
ITEMS = "/api/v1/projects/"


def counted(client: Client, **said: Any) -> Any:
    return client.post("/exports/new/contents/", form(**said), headers=HTMX)


def statuses(person: Person, project: str, batches: tuple[int, ...] = ()) -> Counter[str]:
    client = connections.cloudfactory(person)
    walk = pages(lambda cursor: client.list_work_items(project, cursor=cursor, direction="NEXT" if cursor else None))
    items = [item for page in walk for item in page.items if not batches or item.batch_id in batches]
    return Counter(item.status or "" for item in items)


def test_the_figures_are_those_of_the_work_items(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    wanted = statuses(alice, COINS)
    page = counted(client_as(alice), projects=[COINS])
    words = text_of(page)
    assert page.context["counts"].by_status == wanted
    assert f"{wanted.total()} items" in words
    assert f"Completed {wanted['COMPLETED']}" in words
    assert f"{wanted['NEW']} not started" in words
    assert "COMPLETED" not in words
    assert "CLIENT_REVIEW" not in words


def test_leaving_a_batch_out_changes_the_figures(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    page = counted(client, projects=[EYES], batches=["401", "402"])
    offered = [batch.id for batch, _ in page.context["batches"]]
    assert offered == [401, 402]
    fewer = counted(client, projects=[EYES], batches=["402"])
    assert fewer.context["counts"].by_status == statuses(alice, EYES, (402,))
    assert fewer.context["batches"] == []


def test_without_script_the_page_counts_and_leaves_out(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, pressed = client_as(alice), form(projects=[EYES])
    page = client.post("/exports/new/", {**pressed, "when": "look"}, follow=True)
    assert page.status_code == 200
    assert page.context["counts"].by_status == statuses(alice, EYES)
    less = client.post("/exports/new/", {**pressed, "without": "401"}, follow=True)
    assert sorted(less.context["form"]["batches"].value()) == ["402", "403"]
    assert less.context["counts"].by_status == statuses(alice, EYES, (402, 403))
    assert sent(emulator, "POST") == []


def test_the_last_batch_is_never_left_out(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    """Without any batch the vendor would export all of them."""
    page = client_as(alice).post("/exports/new/", form(projects=[EYES], batches=["401"], without="401"), follow=True)
    assert page.context["form"]["batches"].value() == ["401"]
    assert page.context["batches"] == []


def test_a_project_that_gives_nothing_is_named(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    page = counted(client_as(alice), projects=[EYES, COINS], batches=["401"])
    (name,) = page.context["passed_over"]
    assert f"Nothing of {name} goes in" in text_of(page)
    assert page.context["counts"].by_status == statuses(alice, EYES, (401,))


def test_nothing_is_said_to_be_nothing(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert "An export of nothing fails" in text_of(counted(client_as(alice), projects=[PILOT]))


def test_the_buttons_are_off_while_the_choice_holds_nothing(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    """New buttons come only when that changes, so that one is not taken away under a finger."""
    client = client_as(alice)
    assert counted(client, projects=[PILOT], busy="1").content.count(b" disabled") == 2
    assert counted(client, projects=[PILOT]).content.count(b" disabled") == 1
    assert b"<button" not in counted(client, projects=[PILOT], off="1").content
    again = counted(client, projects=[EYES], off="1").content.decode()
    assert 'id="export-presses" hx-swap-oob="true"' in again
    assert " disabled" not in again
    assert 'id="export-presses"' not in counted(client, projects=[EYES]).content.decode()


def test_an_export_of_nothing_is_refused_at_the_field(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    counted(client, projects=[PILOT])
    response = client.post("/exports/new/", form(projects=[PILOT]))
    assert response.status_code == 422
    assert response.context["form"].errors["projects"] == ["Nothing matches this choice. An export of nothing fails."]
    assert sent(emulator, "POST") == []


def test_each_status_has_an_icon_of_its_own() -> None:
    rows = contents.ExportCounts(Counter([*contents.ORDER, "SOMETHING_NEW"])).rows
    assert len({row.status.icon for row in rows}) == len(rows) == 7


def test_the_moments_stand_beside_the_days(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    alice.time_zone = "Asia/Tokyo"
    alice.save()
    words = text_of(counted(client_as(alice), created_from="2026-11-03"))
    assert "Created from the start of 3 Nov 2026, 00:00 JST 2026-11-02 15:00:00 UTC" in words


def test_bad_days_are_not_counted(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.forget_requests()
    page = counted(client_as(alice), created_from="2026-11-03", created_to="2026-11-01")
    assert "Created until must not be before created from." in text_of(page)
    assert sent(emulator, "GET", f"{ITEMS}{EYES}/workItems") == []


def test_a_vendor_that_fails_is_said_in_the_panel(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.fault("cloudfactory", "503", path="/workItems", times=0)
    page = counted(client_as(alice))
    assert page.status_code == 200
    assert "The items could not be counted" in text_of(page)
    assert "Count again" in text_of(page)


def test_the_same_choice_that_is_ready_is_offered(alice: Person, client_as: ClientAs, slow: Running) -> None:
    client = client_as(alice)
    export_request = start(client, name="Ready one", batches=["402", "401"])
    finish(slow, export_request)
    client.get(f"/exports/{export_request.export_id}/")
    write_behind.flush()
    page = counted(client, batches=["401", "402"])
    assert "The same choice is ready already: Ready one , made by Alice" in text_of(page)
    assert "ready already" not in text_of(counted(client, batches=["401"]))
    act_id = client.get(f"/exports/{export_request.export_id}/delete/").context["act_id"]
    client.post(f"/exports/{export_request.export_id}/delete/", {"act_id": str(act_id)})
    assert "ready already" not in text_of(counted(client, batches=["401", "402"]))


def test_one_that_was_deleted_elsewhere_is_not_offered(
    alice: Person, erin: Person, client_as: ClientAs, slow: Running
) -> None:
    export_request = start(client_as(alice))
    finish(slow, export_request)
    client_as(alice).get(f"/exports/{export_request.export_id}/")
    write_behind.flush()
    assert "ready already" in text_of(counted(client_as(erin), projects=[EYES]))
    slow.act("delete_export", export=export_request.export_id)
    assert "ready already" not in text_of(counted(client_as(erin), projects=[EYES]))


def test_counting_stops_at_ten_calls_and_says_so(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any, tmp_path: Any
) -> None:
    large = start_emulator(state_dir=tmp_path, pace=0, rate=0, scale="large")
    try:
        point_at(large, settings)
        counts = contents.count_items(user=alice, selection=ExportSelection())
        calls = [one for one in large.requests("cloudfactory") if one["path"].endswith("/workItems")]
        assert len(calls) == item_counts.CALLS
        assert not counts.complete
        assert counts.total_text.endswith("+")
        page = client_as(alice).post("/exports/new/contents/", form(projects=["all"]), headers=HTMX)
        assert "Counting stopped before the last page" in text_of(page)
        assert f"Export {counts.total_text} items" in text_of(page)
        assert all(row.figure.endswith("+") for row in counts.rows)
    finally:
        large.stop()


def test_each_project_has_its_turn(alice: Person, emulator: Running) -> None:
    emulator.world.projects.delete(PROJECTS["samples"])  # with it eleven calls would be needed
    counts = contents.count_items(user=alice, selection=ExportSelection())
    assert counts.complete
    assert counts.total == sum(statuses(alice, project.id).total() for project in _projects(alice))


def _projects(person: Person) -> Any:
    return connections.cloudfactory(person).list_projects(connections.space(person).id)
