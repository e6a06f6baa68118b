"""The review run: one item after the other, decided, skipped or passed over, and what became of them at the end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import Decision, ReviewRun
from tests.batches.boards import COINS, HTMX
from tests.items.decision_helpers import press, sent_signals, work
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]
REVIEW = f"/projects/{COINS}/items/review/"
WAITING = {"status": "CLIENT_REVIEW"}


def begin(client: Client, **filters: Any) -> str:
    """The address of a new run."""
    answer = client.post(REVIEW, WAITING | filters)
    assert answer.status_code == 302, text_of(answer)
    return str(answer["Location"])


def received_requests(emulator: Running, method: str = "GET", part: str = "") -> list[dict[str, Any]]:
    return [one for one in emulator.requests("cloudfactory") if one["method"] == method and one["path"].endswith(part)]


def test_a_run_shows_the_items_of_the_filter_one_after_the_other(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    start = text_of(client.get(REVIEW, WAITING))
    run = begin(client)
    items = ReviewRun.objects.get().items
    assert f"{len(items)} items waiting for review" in start
    page = client.get(run)
    assert f"1 of {len(items)}" in text_of(page)
    assert items[0]["name"] in text_of(page)
    assert "Overdue" in text_of(page)


def run_of(address: str) -> ReviewRun:
    return ReviewRun.objects.get(pk=address.split("/")[-2])


def step_url(address: str, place: int) -> str:
    return f"{address}{run_of(address).items[place]['id']}/"


def item_of_page(answer: Any) -> str:
    """The id of the item that the page is about."""
    return str(answer.context["step"].id)


def decide(address: str, place: int, person: Person, **fields: Any) -> Decision:
    """A decision as the buttons make it, without the wait for them."""
    run = run_of(address)
    now = timezone.now()
    facts = {"action": "item.approve", "signal": "complete", "state": Decision.State.WAITING} | fields
    item = run.items[place]
    due_at = now + timedelta(seconds=10)
    return Decision.objects.create(
        person=person, run=run, project=run.project, item=item["id"], item_name=item["name"], due_at=due_at, **facts
    )


def test_a_reload_shows_the_first_item_that_is_still_open(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    address = begin(client)
    ids = [item["id"] for item in run_of(address).items]
    decide(address, 0, bob)
    assert item_of_page(client.get(address)) == ids[1]
    assert client.post(f"{step_url(address, 1)}skip/")["Location"] == address
    assert item_of_page(client.get(address)) == ids[2]
    Decision.objects.update(state=Decision.State.TAKEN_BACK)
    assert item_of_page(client.get(address)) == ids[0]


def test_items_that_a_colleague_decided_are_passed_over_and_named_once(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client)
    items = run_of(address).items
    decide(address, 0, bob)
    emulator.act("set_status", item=items[1]["id"], status="COMPLETED")
    page = client.get(address)
    assert item_of_page(page) == items[2]["id"]
    assert f"{items[1]['name']} was already completed." in text_of(page)
    decide(address, 2, bob)
    assert "already" not in text_of(client.get(address))
    end = text_of(client.get(f"{address}end/"))
    assert f"Passed over 1 item {items[1]['name']} was already completed" in end


def test_a_run_is_its_persons_alone(bob: Person, alice: Person, client_as: ClientAs, emulator: Running) -> None:
    address = begin(client_as(bob))
    other = client_as(alice)
    for url in (address, f"{address}end/", step_url(address, 0)):
        assert other.get(url).status_code == 404
    assert other.post(f"{step_url(address, 0)}skip/").status_code == 404
    assert other.post(address).status_code == 404
    assert run_of(address).skipped == []


def test_an_auditor_is_told_whom_to_ask(dana: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(dana).post(REVIEW, WAITING).status_code == 403
    assert ReviewRun.objects.count() == 0


def test_an_item_of_another_run_is_no_step_of_this_one(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    address = begin(client)
    foreign = "0" * 8 + run_of(address).items[0]["id"][8:]
    assert client.get(f"{address}{foreign}/").status_code == 404
    assert client.post(f"{address}{foreign}/skip/").status_code == 404


def test_a_filter_that_matches_nothing_starts_no_run(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    answer = client.post(REVIEW, {"ids": "0" * 8 + "-0000-4000-8000-" + "0" * 12})
    page = client.get(answer["Location"])
    assert "No work item matches this filter." in text_of(page)
    assert ReviewRun.objects.count() == 0


def test_a_filter_that_cannot_be_used_says_why(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    page = client.get(REVIEW, {"status": "DONE", "created_from": "nonsense"})
    assert page.status_code == 200
    assert "There is no status “DONE”." in text_of(page)
    assert client.post(REVIEW, {"status": "DONE"}).status_code == 422
    assert received_requests(emulator, part="workItems") == []
    assert ReviewRun.objects.count() == 0


def test_the_next_hundred_follow_where_the_first_ended(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    address = begin(client, status="")
    assert "1 of 100+" in text_of(client.get(address))
    first = [item["id"] for item in run_of(address).items]
    ReviewRun.objects.update(skipped=first)
    assert "More items match the filter." in text_of(client.get(address))
    client.post(address)
    page = client.get(address)
    run = run_of(address)
    ids = [item["id"] for item in run.items]
    assert ids[:100] == first
    assert len(set(ids)) == len(ids) == 112
    assert run.next_cursor == ""
    assert "101 of 112" in text_of(page)


def test_the_newest_items_first_are_reviewed_newest_first(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    oldest = [item["id"] for item in run_of(begin(client)).items]
    newest = [item["id"] for item in run_of(begin(client, order="newest")).items]
    assert newest == oldest[::-1]


def test_pasted_ids_are_reviewed_in_the_order_of_the_paste(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    ids = [item["id"] for item in run_of(begin(client)).items][:3]
    address = begin(client, status="", ids=" ".join([ids[2], ids[0]]))
    assert [item["id"] for item in run_of(address).items] == [ids[2], ids[0]]


def test_opening_a_step_reads_the_coming_items_and_signs_their_pictures_once(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client)
    client.get(address)
    emulator.forget_requests()
    client.get(address)
    assert len(received_requests(emulator, part="workItems")) == 1
    assert len(received_requests(emulator, "POST", "signedurls")) == 1


def test_the_end_says_what_became_of_each_item(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    address = begin(client)
    state = Decision.State
    decide(address, 0, bob, state=state.SENT, status_after="COMPLETED")
    decide(address, 1, bob, action="item.send_back", reason="Wrong class", state=state.SENT, status_after="IN_PROGRESS")
    decide(address, 2, bob)
    decide(address, 3, bob, state=state.UNKNOWN)
    decide(address, 4, bob, state=state.FAILED, message="Your key can’t do that.")
    client.post(f"{step_url(address, 5)}skip/")
    names = [item["name"] for item in run_of(address).items]
    text = text_of(client.get(f"{address}end/"))
    assert "2 approved, 1 sent back, 1 unresolved, 1 failed, 1 skipped" in text
    assert f"{names[0]} now “Completed”" in text
    assert f"Sent back: Wrong class 1 item {names[1]} now “In progress”" in text
    assert f"{names[2]} can be undone until it is sent" in text
    assert f"Unresolved 1 item {names[3]} we don’t know whether it arrived" in text
    assert f"Failed 1 item {names[4]} Your key can’t do that." in text
    assert f"Skipped 1 item {names[5]}" in text
    assert "Not decided yet" in text
    assert f'href="/projects/{COINS}/items/?status=CLIENT_REVIEW"' in client.get(f"{address}end/").content.decode()


def test_the_end_calls_no_item_gone_that_it_did_not_ask_about(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client, status="")
    client.post(address)
    assert len(run_of(address).items) == 112
    end = text_of(client.get(f"{address}end/"))
    assert "is not in this project any more" not in end
    assert "Not decided yet 112 items" in end


def test_an_item_that_was_refused_stands_once_at_the_end(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    address = begin(client)
    decide(address, 0, bob, state=Decision.State.FAILED, message="CloudFactory refused this.")
    item = run_of(address).items[0]
    emulator.act("set_status", item=item["id"], status="COMPLETED")
    end = text_of(client.get(f"{address}end/"))
    assert f"Failed 1 item {item['name']} CloudFactory refused this." in end
    assert "Passed over" not in end


def test_an_item_whose_decision_failed_is_counted_once_at_the_end(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client)
    decide(address, 0, bob, state=Decision.State.FAILED, message="CloudFactory refused this.")
    end = text_of(client.get(f"{address}end/"))
    assert "1 failed. Failed 1 item" in end
    assert f"Not decided yet {len(run_of(address).items) - 1} items" in end
    assert "Continue reviewing" in end


def test_the_end_of_a_run_with_other_signals_alone_does_not_say_that_nothing_was_decided(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client)
    decide(address, 0, bob, action="item.signal", signal="cancel", state=Decision.State.SENT, status_after="CANCELED")
    decide(address, 1, bob, action="item.signal", signal="cancel", state=Decision.State.SENT, status_after="CANCELED")
    end = text_of(client.get(f"{address}end/"))
    assert "2 with other signals. Other signals 2 items" in end
    assert "No decisions yet" not in end


def test_the_title_of_the_end_is_its_heading(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    address = begin(client)
    end = client.get(f"{address}end/").content.decode()
    assert "<title>Review paused" in end


def test_the_skipped_ones_can_be_reviewed_again(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    address = begin(client)
    client.post(f"{step_url(address, 0)}skip/")
    assert "Review skipped items" in text_of(client.get(f"{address}end/"))
    client.post(address, {"skipped": "again"})
    assert item_of_page(client.get(address)) == run_of(address).items[0]["id"]


def test_a_run_with_nothing_left_leads_to_its_end(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    address = begin(client)
    for place in range(len(run_of(address).items)):
        decide(address, place, bob)
    assert client.get(address)["Location"] == f"{address}end/"
    assert "Review finished" in text_of(client.get(f"{address}end/"))


def test_silence_of_cloudfactory_is_said_in_the_place_of_the_item(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client)
    decide(address, 0, bob)
    emulator.fault("cloudfactory", "503", times=0)
    for url in (address, step_url(address, 1)):
        page = client.get(url)
        assert page.status_code in {502, 503}
        assert "Your decisions so far are kept." in text_of(page)
    end = client.get(f"{address}end/")
    assert end.status_code == 200
    assert "Some statuses couldn’t be read." in text_of(end)
    assert "1 approved" in text_of(end)
    assert client.get(REVIEW, WAITING).status_code == 503


def test_an_item_that_was_deleted_meanwhile_is_passed_over(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    address = begin(client)
    run = run_of(address)
    run.items[0]["id"] = "0" * 8 + run.items[0]["id"][8:]
    run.save()
    page = client.get(address)
    assert item_of_page(page) == run.items[1]["id"]
    assert f"{run.items[0]['name']} is not in this project any more." in text_of(page)
    assert client.get(step_url(address, 0)).status_code == 404


def test_a_decision_of_the_run_leads_to_the_next_item_and_stands_at_the_end(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client)
    run = run_of(address)
    first, second = (item["id"] for item in run.items[:2])
    assert 'data-event="item-decided"' in press(client, first, run=run.pk).content.decode()
    assert item_of_page(client.get(address)) == second
    text = text_of(client.get(f"{address}end/"))
    assert f"Approved 1 item {run.items[0]['name']} can be undone until it is sent" in text
    work()
    assert [body["signalOutcome"] for body in sent_signals(emulator, first)] == ["OK"]
    assert f"{run.items[0]['name']} now “Completed”" in text_of(client.get(f"{address}end/"))


def test_a_step_names_the_signal_that_was_sent_as_its_button_does(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client, status="IN_PROGRESS")
    run = run_of(address)
    press(client, run.items[0]["id"], "signal", choice="complete-not-ok", run=run.pk)
    assert "You chose “Complete as not OK”: can be undone" in text_of(client.get(step_url(address, 0)))


def test_without_script_a_decision_is_asked_about_once_and_leads_on(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client)
    run = run_of(address)
    first, second = (item["id"] for item in run.items[:2])
    asked_first = press(client, first, "send-back", htmx=False, run=run.pk, reason="Wrong class")
    assert "Wrong class" in text_of(asked_first)
    assert sent_signals(emulator) == []
    sure = press(client, first, "send-back", htmx=False, run=run.pk, reason="Wrong class", sure="yes")
    assert sure["Location"] == address
    assert [body["reason"] for body in sent_signals(emulator, first)] == ["Wrong class"]
    assert item_of_page(client.get(address)) == second
    assert "Sent back: Wrong class 1 item" in text_of(client.get(f"{address}end/"))


def test_the_statements_of_a_step_do_not_grow_with_the_items_ahead(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    long, short = begin(client, status=""), begin(client, status="FAILED")
    assert len(run_of(short).items) < 20 < len(run_of(long).items)
    counts = []
    for address in (long, short, long, short):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[2] == counts[3]


def test_the_next_twenty_cost_one_read_and_one_signature(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    address = begin(client, status="")
    ids = [item["id"] for item in run_of(address).items]
    assert [step.id for step in client.get(address).context["chunk"].steps] == ids[1:20]
    emulator.act("set_status", item=ids[21], status="CANCELED")
    emulator.forget_requests()
    chunk = client.get(address, {"after": ids[19]}, headers=HTMX).context["chunk"]
    assert [step.id for step in chunk.steps] == [ids[20], *ids[22:40]]
    assert [(one.name, one.words) for one in chunk.passed_over] == [
        (run_of(address).items[21]["name"], "was already canceled")
    ]
    assert chunk.behind == "read"
    assert [one["path"].split("/")[-1] for one in emulator.requests("cloudfactory")] == ["workItems", "signedurls"]


def test_the_script_takes_the_next_hundred_in_behind_the_last_item(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client, status="")
    last = run_of(address).items[99]["id"]
    before = client.get(address, {"after": run_of(address).items[80]["id"]}, headers=HTMX).context["chunk"]
    assert (before.steps[-1].id, before.behind) == (last, "take")
    chunk = client.post(address, {"after": last}, headers=HTMX).context["chunk"]
    assert [step.id for step in chunk.steps] == [item["id"] for item in run_of(address).items[100:]]
    assert chunk.behind == "end"
    again = client.post(address, {"after": last}, headers=HTMX)
    assert len(run_of(address).items) == 112
    assert again.status_code == 200


def test_the_script_asks_with_one_read_what_became_of_the_coming_items(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    address = begin(client)
    ids = [item["id"] for item in run_of(address).items]
    decide(address, 1, bob)
    for item in ids[:3]:
        emulator.act("set_status", item=item, status="COMPLETED")
    emulator.forget_requests()
    chunk = client.get(address, {"check": ids[0]}, headers=HTMX).context["chunk"]
    assert [one.id for one in chunk.passed_over] == [ids[0], ids[2]]
    assert len(emulator.requests("cloudfactory")) == 1
    assert client.get(address, {"check": "nonsense"}, headers=HTMX).status_code == 200
    assert client.get(address, {"after": "nonsense"}, headers=HTMX).status_code == 200


def test_the_end_leads_back_to_the_list_as_it_was(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    table = client.get(f"/projects/{COINS}/items/", {"order": "newest", "size": "10"}).content.decode()
    assert 'name="list" value="order=newest&amp;size=10"' in table
    address = begin(client, order="newest", list="order=newest&size=10")
    page = client.get(f"{address}end/").content.decode()
    assert f'href="/projects/{COINS}/items/?order=newest&amp;size=10"' in page
    for hostile in ("//elsewhere.example", "x" * 9000, "a=1&" * 3000):
        address = begin(client, list=hostile)
        assert f'href="/projects/{COINS}/items/"' in client.get(f"{address}end/").content.decode()
