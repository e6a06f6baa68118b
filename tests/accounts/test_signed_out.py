"""A session can end at any moment: the sign-in page says so, and everything typed is there again afterwards."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from django.urls import get_resolver, resolve, reverse
from django.utils import timezone

from accounts.access import ACCESS, CLOSED_PAGES, PUBLIC
from accounts.models import ApiKey, Person
from console.audit import record
from console.audit.models import Entry
from console.emulator.server import Running
from console.files.models import Upload
from tests.accounts.asking import browser, sign_in, signed_in, words
from tests.batches import boards
from tests.batches.boards import BATCHES, FIRST, HTMX, ORDER, START, WORN
from tests.conftest import PASSWORD, SPACE
from tests.exports import making
from tests.items import bulk_plan_helpers
from tests.items.decision_helpers import ITEMS, item_ids
from tests.markup import folded
from tests.slices.drafting import Desk
from tests.slices.making import COINS

TYPED = "Typed to the last letter"
BATCH = f"{BATCHES}{FIRST}/"


@dataclass
class Form:
    """What a person sends, and what they must find again. `page` is the page they typed it on."""

    address: str
    sent: dict[str, Any]
    typed: str = TYPED
    page: str = ""


def _draft(client: Client, person: Person, kind: str = "dataset") -> Desk:
    desk = Desk(client, person)
    desk.add(COINS, kind)
    return desk


def new_slice(client: Client, person: Person) -> Form:
    desk = _draft(client, person)
    return Form(desk.address, desk.form() | {"name": TYPED}, page=desk.address)


def draft_as_one_types(client: Client, person: Person) -> Form:
    desk = _draft(client, person)
    return Form(f"{desk.address}save/", desk.form() | {"name": TYPED}, page=desk.address)


def recipe_again(client: Client, person: Person) -> Form:
    return Form("/slices/new/", {"from": "northwind/all-coins"}, typed="northwind/all-coins")


def filter_of_a_part(client: Client, person: Person) -> Form:
    desk = _draft(client, person, "filters")
    page = f"{desk.address}parts/{desk.parts[-1].id}/filter/"
    return Form(page, {"as": "fields", "f0": "weather", "o0": TYPED}, page=page)


def filter_as_json(client: Client, person: Person) -> Form:
    desk = _draft(client, person, "filters")
    page = f"{desk.address}parts/{desk.parts[-1].id}/filter/"
    return Form(page, {"as": "json", "json": '{"weather": ["' + TYPED}, page=page)


def chosen_items(client: Client, person: Person) -> Form:
    desk = _draft(client, person, "dataset_items")
    page = f"{desk.address}parts/{desk.parts[-1].id}/items/"
    uid = re.findall(r'name="item" value="([^"]+)"', client.get(page).content.decode())[1]
    return Form(page, {"on": uid, "off": ""}, typed=f'value="{uid}" checked', page=page)


def lines_of_a_csv(client: Client, person: Person) -> Form:
    page = f"/projects/{boards.COINS}/items/import/"
    return Form(page, {"import_id": str(uuid.uuid4()), "text": TYPED}, page=page)


def slice_to_a_new_batch(client: Client, person: Person) -> Form:
    page = f"/projects/{boards.COINS}/items/from-slice/northwind/all-coins/"
    ids = {"import_id": str(uuid.uuid4()), "act_id": str(uuid.uuid4())}
    return Form(page, {**ids, "batch": "new", "name": TYPED}, page=page)


def files_to_a_new_batch(client: Client, person: Person) -> Form:
    upload = Upload.objects.create(person=person, space=SPACE)
    upload.files.create(position=1, name="1.jpg", size=1, modified=1, content_type="image/jpeg", state="saved")
    page = f"/projects/{boards.COINS}/items/from-files/{upload.pk}/"
    ids = {"import_id": str(uuid.uuid4()), "act_id": str(uuid.uuid4())}
    return Form(page, {**ids, "batch": "new", "name": TYPED}, page=page)


def new_batch(client: Client, person: Person) -> Form:
    return Form(f"{BATCHES}new/", {"name": TYPED, "act_id": str(uuid.uuid4())}, page=BATCHES)


def batch_name(client: Client, person: Person) -> Form:
    return Form(f"{BATCH}name/", {"name": TYPED, "act_id": str(uuid.uuid4())}, page=BATCH)


def metadata(client: Client, person: Person) -> Form:
    lines = {"key": ["site", "", ""], "value": [TYPED, "", ""], "kind": ["text", "text", "text"]}
    return Form(f"{BATCH}metadata/", {"act_id": str(uuid.uuid4()), "base": "{}", **lines}, page=BATCH)


def order_dragged(client: Client, person: Person) -> Form:
    wanted = boards.moved(START, WORN, 1)
    sent = boards.opened(client) | {"batch": wanted, "note": TYPED}
    return Form(ORDER, sent, typed=f'data-typed-order="{",".join(map(str, wanted))}"', page=ORDER)


def order_in_boxes(client: Client, person: Person) -> Form:
    form = boards.opened(client)
    boxes = ["" if batch != WORN else "77" for batch in form["batch"]]
    return Form(ORDER, form | {"place": boxes, "note_plain": TYPED}, typed='value="77"', page=ORDER)


def pasted_ids(client: Client, person: Person) -> Form:
    page = f"/projects/{boards.COINS}/items/"
    return Form(page, {"ids": TYPED, "list": ""}, page=page)


def ticked_rows(client: Client, person: Person) -> Form:
    page = f"/projects/{boards.COINS}/items/"
    value = re.findall(r'name="item" value="([^"]+)"', client.get(page, {"size": "10"}).content.decode())[1]
    return Form(
        f"{page}selection/", {"on": value, "off": "", "list": "size=10"}, typed=f'data-unsaved-on="{value}"', page=page
    )


def signal_to_ticked_rows(client: Client, person: Person) -> Form:
    form = ticked_rows(client, person)
    sent = form.sent | {"action": "reopen", "bulk_id": str(uuid.uuid4())}
    return Form(f"{form.page}bulk/", sent, typed=form.typed, page=form.page)


def reason_for_sending_back(client: Client, person: Person) -> Form:
    page = f"{ITEMS}{item_ids(person)[0]}/send-back/"
    return Form(page, {"act_id": str(uuid.uuid4()), "reason": TYPED, "comment": "Note"}, page=page)


def signal_by_an_expert(client: Client, person: Person) -> Form:
    page = f"{ITEMS}{item_ids(person)[0]}/signal/"
    sent = {"act_id": str(uuid.uuid4()), "choice": "cancel", "reason": TYPED, "feedback": "{", "assignee": "kim"}
    return Form(page, sent, page=page)


def labels_of_an_item(client: Client, person: Person) -> Form:
    page = f"{ITEMS}{item_ids(person)[0]}/ground-truth/"
    sent = {"act_id": str(uuid.uuid4()), "labels": f'[{{"category": "{TYPED}"}}]', "picture": "a.jpg"}
    return Form(page, sent, page=page)


def reason_of_a_plan(client: Client, person: Person) -> Form:
    bulk_plan_helpers.select(person, item_ids(person, "NEW", 2), "NEW")
    bulk = bulk_plan_helpers.create_plan(client, "cancel")
    page = bulk_plan_helpers.page_url(bulk)
    sent = {"version": bulk.read_at.isoformat() if bulk.read_at else "", "reason": TYPED, "note": "Note"}
    return Form(f"{page}send/", sent, page=page)


def reason_of_a_plan_that_is_read_again(client: Client, person: Person) -> Form:
    form = reason_of_a_plan(client, person)
    return Form(f"{form.page}read-again/", form.sent, page=form.page)


def new_item(client: Client, person: Person) -> Form:
    page = f"{ITEMS}new/"
    lines = {"base": "{}", "key": ["site", ""], "value": [TYPED, ""], "kind": ["text", "text"]}
    return Form(
        page, {"act_id": str(uuid.uuid4()), "asset_url": "raw/a.jpg", "asset_type": "image", **lines}, page=page
    )


def new_export(client: Client, person: Person) -> Form:
    return Form("/exports/new/", making.form(name=TYPED), page="/exports/new/")


def export_as_one_chooses(client: Client, person: Person) -> Form:
    return Form("/exports/new/contents/", making.form(name=TYPED), page="/exports/new/")


def export_as_projects_are_chosen(client: Client, person: Person) -> Form:
    return Form("/exports/new/batches/", making.form(name=TYPED), page="/exports/new/")


def note_on_an_entry(client: Client, person: Person) -> Form:
    with (
        pytest.raises(TimeoutError),
        record.audited_call(actor=person, action="slice.create", thing_name="Rain") as act,
    ):
        raise TimeoutError
    entry = act.entry
    page = reverse("audit:detail", args=[entry.pk])
    return Form(f"{page}close/", {"outcome": "done", "note": TYPED}, page=page)


def profile(client: Client, person: Person) -> Form:
    return Form("/profile/", {"name": TYPED, "time_zone": ""})


def invitation(client: Client, person: Person) -> Form:
    return Form("/people/invite/", {"email": "nia@northwind.example", "name": TYPED, "role": "auditor"})


def role(client: Client, person: Person) -> Form:
    other = Person.objects.create_user("nils@northwind.example", PASSWORD, name="Nils", role="reviewer")
    page = reverse("accounts:person", args=[other.pk])
    return Form(page, {"act": "role", "role": "auditor"}, typed="Auditor (chosen)", page=page)


def label_of_a_key(client: Client, person: Person) -> Form:
    return Form("/keys/avala/", {"value": "avk_secret_0123456789", "label": TYPED, "place": "northwind"}, page="/keys/")


def paths_of_files(client: Client, person: Person) -> Form:
    return Form("/files/get/", {"paths": TYPED})


def name_of_a_space(client: Client, person: Person) -> Form:
    return Form("/keys/cloudfactory/places/", {"place": SPACE, "place_name": TYPED}, page="/keys/")


FORMS = [
    new_slice, draft_as_one_types, recipe_again, filter_of_a_part, filter_as_json, chosen_items, new_batch, batch_name,
    metadata, order_dragged, order_in_boxes, pasted_ids, ticked_rows, signal_to_ticked_rows,
    new_item, new_export, export_as_one_chooses, export_as_projects_are_chosen, reason_for_sending_back,
    reason_of_a_plan, reason_of_a_plan_that_is_read_again, labels_of_an_item,
    signal_by_an_expert, note_on_an_entry, profile, invitation,
    lines_of_a_csv, slice_to_a_new_batch, files_to_a_new_batch, paths_of_files, role, label_of_a_key, name_of_a_space,
]  # fmt: skip
forms = pytest.mark.parametrize("form", FORMS)


def prepared(form: Callable[[Client, Person], Form], person: Person) -> tuple[Client, Form]:
    client = signed_in(person)
    typed = form(client, person)
    page = client.get(typed.page or typed.address)
    owner = re.search(r'name="form_owner" value="([^"]+)"', words(page))
    assert owner, "the page's forms do not say whose they are"
    typed.sent["form_owner"] = owner[1]
    return client, typed


def shown(response: Any) -> str:
    """The page as it reads, with the chosen role said in words."""
    page = unescape(words(response))
    return page + (" Auditor (chosen)" if re.search(r'value="auditor"[^>]* checked', page) else "")


def sent(client: Client, typed: Form, headers: dict[str, str]) -> str:
    """The address of the sign-in page that the form is answered with."""
    more = (
        {"HX-Current-URL": f"http://localhost{typed.page}"} if headers else {"Referer": f"http://localhost{typed.page}"}
    )
    answer = client.post(typed.address, typed.sent, headers=headers | more)
    assert answer.status_code == (401 if headers else 302)
    return str(answer.headers["HX-Redirect" if headers else "Location"])


def back(client: Client, address: str, person: Person) -> Any:
    """The page after signing in on the page at `address`, as a browser sends its form."""
    page = words(client.get(address))
    wanted = re.search(r'name="next" value="([^"]*)"', page)
    form = {"login": person.email, "password": PASSWORD} | ({"next": unescape(wanted[1])} if wanted else {})
    return client.get(client.post(reverse("account_login"), form)["Location"], follow=True)


@forms
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_what_was_typed_is_there_again_after_signing_in(
    erin: Person, emulator: Running, form: Any, headers: dict[str, str]
) -> None:
    client, typed = prepared(form, erin)
    client.cookies.clear()
    asked = sent(client, typed, headers)
    page = words(client.get(asked))
    assert "You were signed out" in page
    assert "What you typed is kept" in page
    before = Entry.objects.exclude(action__startswith="session.").count()
    found = back(client, asked, erin)
    assert found.status_code == 200
    assert typed.typed in folded(shown(found))
    assert "avk_secret" not in words(found)
    assert Entry.objects.exclude(action__startswith="session.").count() == before, "something was sent by itself"


def test_every_form_that_hands_text_back_is_among_them(erin: Person, emulator: Running) -> None:
    client = signed_in(erin)
    covered = {resolve(form(client, erin).address).view_name for form in FORMS}
    assert covered == set(_views_that_hand_back())


def _views_that_hand_back() -> Iterator[str]:
    def walk(patterns: list[Any], spaces: tuple[str, ...]) -> Iterator[str]:
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
                yield from walk(pattern.url_patterns, inner)
            elif hasattr(pattern.callback, "handed_back"):
                yield ":".join([*spaces, pattern.name])

    return (name for name in walk(get_resolver().url_patterns, ()) if ACCESS[name] not in {PUBLIC, CLOSED_PAGES})


@forms
def test_another_person_at_the_same_browser_finds_nothing(
    erin: Person, dana: Person, emulator: Running, form: Any
) -> None:
    client, typed = prepared(form, erin)
    client.cookies.clear()
    asked = sent(client, typed, {})
    found = back(client, asked, dana)
    assert TYPED not in shown(found)
    assert TYPED not in str(dict(client.session))


# How a session ends, and what the sign-in page says


@contextmanager
def cookies_gone(client: Client, person: Person) -> Iterator[None]:
    client.cookies.clear()
    yield


@contextmanager
def session_cookie_gone(client: Client, person: Person) -> Iterator[None]:
    del client.cookies[settings.SESSION_COOKIE_NAME]
    yield


@contextmanager
def row_gone(client: Client, person: Person) -> Iterator[None]:
    Session.objects.all().delete()
    yield


@contextmanager
def unused(client: Client, person: Person) -> Iterator[None]:
    with time_machine.travel(timezone.now() + timedelta(hours=2, minutes=1)):
        yield


@contextmanager
def too_long(client: Client, person: Person) -> Iterator[None]:
    for hours in range(1, 12):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            client.post(reverse("accounts:stay"))
    with time_machine.travel(timezone.now() + timedelta(hours=12, minutes=1)):
        yield


@contextmanager
def ended_elsewhere(client: Client, person: Person) -> Iterator[None]:
    signed_in(person).post(reverse("accounts:sessions"), {"session": "others"})
    yield


@contextmanager
def new_password(client: Client, person: Person) -> Iterator[None]:
    person.set_password("another-long-password-9")
    person.save()
    person.set_password(PASSWORD)
    person.save()
    yield


ENDS: list[tuple[Any, str]] = [
    (cookies_gone, "You were signed out."),
    (session_cookie_gone, "You were signed out."),
    (row_gone, "You were signed out."),
    (unused, "You were signed out after 2 hours without activity."),
    (too_long, "You were signed out because a session lasts 12 hours at most."),
    (ended_elsewhere, "You were signed out from another browser."),
    (new_password, "You were signed out because your password was changed."),
]


@pytest.mark.parametrize(("end", "sentence"), ENDS, ids=[end.__name__ for end, _ in ENDS])
@pytest.mark.parametrize("form", [batch_name, new_export])
def test_however_a_session_ends_the_page_says_why_and_the_text_is_kept(
    alice: Person, emulator: Running, form: Any, end: Any, sentence: str
) -> None:
    client, typed = prepared(form, alice)
    with end(client, alice):
        asked = sent(client, typed, {})
        assert sentence in words(client.get(asked))
        assert typed.typed in shown(back(client, asked, alice))


@pytest.mark.parametrize(("end", "sentence"), ENDS[2:], ids=[end.__name__ for end, _ in ENDS[2:]])
def test_a_page_that_is_opened_after_the_end_leads_back_and_says_why(alice: Person, end: Any, sentence: str) -> None:
    client = signed_in(alice)
    with end(client, alice):
        asked = client.get("/profile/")["Location"]
        page = words(client.get(asked))
        assert sentence in page
        assert "What you typed is kept" not in page
        assert back(client, asked, alice).request["PATH_INFO"] == "/profile/"


@pytest.mark.parametrize(("end", "sentence"), ENDS[3:], ids=[end.__name__ for end, _ in ENDS[3:]])
def test_the_reason_is_said_although_a_request_of_the_page_itself_met_the_end_first(
    alice: Person, end: Any, sentence: str
) -> None:
    client = signed_in(alice)
    with end(client, alice):
        client.post(reverse("accounts:stay"))
        client.get("/profile/", headers=HTMX)
        assert sentence in words(client.get(client.get("/profile/")["Location"]))
        client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
        client.post(reverse("account_logout"))
        assert sentence not in words(client.get(client.get("/profile/")["Location"]))


def test_a_button_that_is_pressed_too_late_leads_to_a_page(alice: Person, emulator: Running) -> None:
    client, undo = browser(), f"{ORDER}history/1/undo/"
    assert "next=%2F&" in client.post(undo)["Location"] + "&"
    asked = client.post(undo, headers={"Referer": f"http://localhost{ORDER}"})["Location"]
    assert back(client, asked, alice).request["PATH_INFO"] == ORDER


def test_only_a_person_is_led_to_the_sign_in_page(alice: Person, emulator: Running) -> None:
    """A beacon that followed there got a token of its own, and with it the browser forgot the one on the page."""
    client, typed = prepared(draft_as_one_types, alice)
    client.cookies.clear()
    for headers in ({"Sec-Fetch-Mode": "no-cors"}, {"Sec-Fetch-Mode": "cors"}, {"Sec-Fetch-Mode": "same-origin"}):
        for answer in (client.post(typed.address, typed.sent, headers=headers), client.get("/audit/", headers=headers)):
            assert answer.status_code == 401
            assert "Location" not in answer
            assert not answer.cookies
    assert client.post(typed.address, typed.sent, headers={"Sec-Fetch-Mode": "navigate"}).status_code == 302


def test_a_first_visit_is_told_of_no_session() -> None:
    client = browser()
    assert "You were signed out" not in words(client.get(client.get("/profile/")["Location"]))


def test_a_wrong_password_and_a_second_step_do_not_lose_it(alice: Person, emulator: Running) -> None:
    client, typed = prepared(batch_name, alice)
    client.cookies.clear()
    asked = sent(client, typed, {})
    sign_in(client, alice.email, "not the password")
    assert typed.typed in shown(back(client, asked, alice))


def test_whoever_signs_in_by_another_way_is_led_to_what_they_typed(alice: Person, emulator: Running) -> None:
    """A poll may have led to the sign-in page first, and the page alone is what it leads back to."""
    client, typed = prepared(batch_name, alice)
    client.cookies.clear()
    sent(client, typed, {})
    assert typed.typed in shown(back(client, reverse("account_login"), alice))
    client, typed = prepared(batch_name, alice)
    client.cookies.clear()
    sent(client, typed, {})
    assert typed.typed in shown(back(client, f"{reverse('account_login')}?next={BATCH}", alice))


def test_what_was_taken_in_does_not_come_back_with_a_reload(alice: Person, emulator: Running) -> None:
    client, typed = prepared(draft_as_one_types, alice)
    client.cookies.clear()
    found = back(client, sent(client, typed, HTMX), alice)
    address = f"{found.request['PATH_INFO']}?{found.request['QUERY_STRING']}"
    assert TYPED in shown(client.get(address))
    client.post(typed.address, typed.sent | {"name": "Something newer"}, headers=HTMX)
    assert TYPED not in shown(client.get(address))


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}], ids=str
)
def test_another_site_fills_in_nothing(alice: Person, emulator: Running, headers: dict[str, str]) -> None:
    client, typed = prepared(batch_name, alice)
    client.cookies.clear()
    answer = client.post(typed.address, typed.sent, headers=headers)
    assert "typed" not in answer["Location"]


def test_a_stranger_cannot_fill_the_database(alice: Person, emulator: Running) -> None:
    for _ in range(30):
        browser().post(f"{BATCH}name/", {"name": TYPED})
    assert Session.objects.count() <= 10


def test_neither_can_somebody_whose_page_named_its_owner(alice: Person, emulator: Running) -> None:
    """The mark stays valid, also for whoever left since."""
    _, typed = prepared(batch_name, alice)
    before = Session.objects.count()
    for _ in range(70):
        browser().post(typed.address, typed.sent)
    assert Session.objects.count() - before <= 30


def test_nothing_is_kept_for_a_person_who_was_disabled(alice: Person, emulator: Running) -> None:
    _, typed = prepared(batch_name, alice)
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    answer = browser().post(typed.address, typed.sent)
    assert "typed" not in answer["Location"]


def test_what_waits_for_a_key_is_its_senders_alone(alice: Person, erin: Person, emulator: Running) -> None:
    client, typed = prepared(new_batch, alice)
    ApiKey.objects.filter(person=alice, vendor="cloudfactory").delete()
    assert "typed%3D" in words(client.post(typed.address, typed.sent))
    [form] = client.session["typed_forms"].values()
    assert form["owner"] == str(alice.pk)


def test_text_without_end_is_not_kept_and_the_page_is_led_back_to(alice: Person, emulator: Running) -> None:
    client, typed = prepared(batch_name, alice)
    client.cookies.clear()
    typed.sent["name"] = "x" * 300_000
    asked = sent(client, typed, {})
    assert "typed" not in asked
    assert back(client, asked, alice).status_code == 200


# Pages older than the session: the cookies are gone or new, and the form's token with them


def strict(person: Person) -> Client:
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    page = words(client.get(reverse("account_login")))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"login": person.email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    assert client.post(reverse("account_login"), form).status_code == 302
    return client


def fields_of(client: Client, page: str) -> dict[str, str]:
    found = re.findall(
        r'<input type="hidden" name="(csrfmiddlewaretoken|form_owner)" value="([^"]+)"', words(client.get(page))
    )
    return dict(found)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_form_without_any_cookie_leads_to_the_sign_in_page_with_its_text(
    alice: Person, emulator: Running, headers: dict[str, str]
) -> None:
    client = strict(alice)
    typed = batch_name(client, alice)
    typed.sent |= fields_of(client, BATCH)
    client.cookies.clear()
    asked = sent(client, typed, headers)
    client.handler.enforce_csrf_checks = False
    assert typed.typed in shown(back(client, asked, alice))


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_page_that_somebody_else_opened_hands_nothing_to_who_signed_in_since(
    alice: Person, erin: Person, emulator: Running, headers: dict[str, str]
) -> None:
    client = strict(alice)
    typed = batch_name(client, alice)
    typed.sent |= fields_of(client, BATCH)
    newer = strict(erin)
    answer = newer.post(typed.address, typed.sent, headers=headers)
    assert answer.status_code == 403
    assert TYPED not in shown(answer)
    assert "omebody else" in words(answer)
    assert "csrfmiddlewaretoken" not in words(answer) or not headers


# Where the session takes no writes


def no_session_writes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if "django_session" in sql and not sql.startswith("SELECT"):
        raise OperationalError("attempt to write a readonly database")
    return execute(sql, params, many, context)


def test_nothing_is_promised_that_could_not_be_kept(alice: Person, emulator: Running) -> None:
    client, typed = prepared(new_batch, alice)
    client.cookies.clear()
    with connection.execute_wrapper(no_session_writes):
        asked = sent(client, typed, {})
        assert "typed" not in asked
        assert "What you typed is kept" not in words(client.get(asked))


def test_a_form_that_waits_for_a_key_stays_on_its_page_where_it_could_not_be_kept(
    alice: Person, emulator: Running
) -> None:
    client, typed = prepared(new_batch, alice)
    ApiKey.objects.filter(person=alice, vendor="cloudfactory").delete()
    with connection.execute_wrapper(no_session_writes):
        page = words(client.post(typed.address, typed.sent))
    assert TYPED in page
    assert "typed%3D" not in page
