"""What housekeeping deletes of work items: pasted ids and review runs unused for half a year."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.emulator.server import Running
from console.items import id_lists
from console.items.models import Decision, IdList, ReviewRun
from console.jobs import tasks
from tests.batches.boards import COINS
from tests.conftest import SPACE
from tests.items.decision_helpers import press

ClientAs = Callable[[Person], Client]
IDS = [f"{number:08}-4b0e-4d0b-8f5e-1f6d5a7c3b20" for number in range(21)]

pytestmark = pytest.mark.django_db


def start_run(client: Client) -> ReviewRun:
    assert client.post(f"/projects/{COINS}/items/review/", {"status": "CLIENT_REVIEW"}).status_code == 302
    return ReviewRun.objects.latest("created_at")


def after(days: int) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(days=days))


def test_a_review_that_nobody_used_for_half_a_year_is_deleted_at_night(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    run = start_run(client)
    press(client, run.items[0]["id"], run=str(run.pk))
    with after(days=179):
        tasks.clean_up.call_local()
        assert ReviewRun.objects.filter(pk=run.pk).exists()
    with after(days=181):
        tasks.clean_up.call_local()
    assert not ReviewRun.objects.exists()
    assert Decision.objects.get().run_id is None


def test_an_old_review_with_a_recent_decision_is_kept(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    run = start_run(client)
    ReviewRun.objects.update(created_at=timezone.now() - timedelta(days=400))
    press(client, run.items[0]["id"], run=str(run.pk))
    tasks.clean_up.call_local()
    assert ReviewRun.objects.filter(pk=run.pk).exists()


def test_pasted_ids_are_deleted_after_half_a_year() -> None:
    id_lists.store_ids(IDS, space=SPACE)
    with after(days=179):
        tasks.clean_up.call_local()
        assert IdList.objects.exists()
    with after(days=181):
        tasks.clean_up.call_local()
    assert not IdList.objects.exists()
