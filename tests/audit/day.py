"""A day at northwind, played through the pages: each kind of act that the console records, done, refused, failed and
without a clear answer."""

import re
import time
import uuid
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from console.audit.models import Entry
from console.common import write_behind
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.accounts.asking import browser, sign_in, signed_in
from tests.batches import boards
from tests.batches.boards import BATCHES, NAPLES_EARLY, ORDER, START, TURIN_NIGHT, WORN
from tests.conftest import PASSWORD
from tests.exports.making import COINS, body_of, broken_off, finish, form, start, work
from tests.slices.drafting import Desk
from tests.slices.making import COINS as COINS_DATASET

FRESH = "Gertrude-likes-tall-trees"
BATCH = f"{BATCHES}{NAPLES_EARLY}/"
HISTORY = f"{BATCHES}order/history/"


def play(emulator: Running, alice: Person, bob: Person, dana: Person, erin: Person) -> None:
    emulator.act("set_pace", seconds=6000)
    administrator = signed_in(erin)
    invite_people(administrator)
    operator = signed_in(alice)
    manage_keys(operator)
    build_slices(operator, alice, emulator)
    work_on_batches(operator, emulator)
    export_request = export(operator, emulator)
    reviewer = sign_in_as_reviewer(bob)
    review(reviewer, export_request, emulator)
    secure_account(reviewer, bob)
    administrator.post(reverse("accounts:person", args=[bob.pk]), {"act": "factors"})
    delete_exports(operator, export_request, emulator)
    audit(signed_in(dana))


def invite_people(administrator: Client) -> None:
    known = {"email": "nia@northwind.example", "name": "Nia", "role": "operator"}
    page = administrator.post(reverse("accounts:invite"), known, follow=True)
    person = reverse("accounts:person", args=[Person.objects.get(email=known["email"]).pk])
    administrator.post(person, {"act": "withdraw"})
    page = administrator.post(person, {"act": "link"}, follow=True)
    [link] = re.findall(r"http://localhost(/join/[\w-]+/)", page.content.decode())[:1]
    browser().post(link, {"name": "Nia Novak", "password": FRESH})
    for act in ({"act": "role", "role": "auditor"}, {"act": "disable"}, {"act": "enable"}):
        administrator.post(person, act)


def manage_keys(operator: Client) -> None:
    address = reverse("accounts:connect", args=["avala"])
    key = {"label": "Mine", "place": ""}
    operator.post(address, {**key, "value": "avk_of_somebody_else"})
    operator.post(address, {**key, "value": "avk_demo_ops"})
    operator.post(reverse("accounts:remove", args=["avala"]))
    operator.post(address, {**key, "value": "avk_demo_ops"})


def build_slices(operator: Client, alice: Person, emulator: Running) -> None:
    for name, fault in (("Rain", ""), ("Fog", "403"), ("Snow", "drop-after"), ("Hail", "garbage")):
        desk = Desk(operator, alice)
        desk.add(COINS_DATASET)
        if fault:
            emulator.fault("avala", fault, method="POST", path="/slices/$")
        desk.create(name=name)
        if fault == "drop-after":
            operator.post(reverse("audit:reconcile", args=[last("slice.create").pk]))


def work_on_batches(operator: Client, emulator: Running) -> None:
    def send(address: str, fault: str = "", **said: Any) -> None:
        if fault:
            emulator.fault("cloudfactory", fault, method=said.pop("method", "POST"))
        operator.post(address, {"act_id": str(uuid.uuid4()), **said})

    send(f"{BATCHES}new/", name="Night rain")
    send(f"{BATCHES}new/", name="Worn edges")
    send(f"{BATCHES}new/", "drop-after", name="Second rain")
    send(f"{BATCH}name/", name="Naples, dawn shift")
    send(f"{BATCH}name/", "403", method="PATCH", name="Naples, noon shift")
    described = {"key": ["site", "crew"], "value": ["Napoli", "4"], "kind": ["text", "number"]}
    send(f"{BATCH}metadata/", base='{"site": "Naples", "shift": "early"}', **described)
    save_order(operator, boards.moved(START, WORN, 1), note="for Friday")
    page = operator.get(ORDER)
    saved = page.context["last"].pk
    operator.post(f"{HISTORY}{saved}/undo/", {"act_id": str(page.context["undo_id"])})
    page = operator.get(f"{HISTORY}{saved}/")
    said = {name: str(page.context.get(name, "")) for name in ("act_id", "base")}
    operator.post(f"{HISTORY}{saved}/restore/", said)
    emulator.fault("cloudfactory", "403", method="PUT")
    save_order(operator, boards.moved(boards.held_order(emulator), TURIN_NIGHT, 1))
    emulator.fault("cloudfactory", "reset", method="PUT")
    save_order(operator, boards.moved(boards.held_order(emulator), TURIN_NIGHT, 1))


def save_order(operator: Client, ids: list[int], note: str = "") -> None:
    opened = boards.opened(operator)
    operator.post(ORDER, opened | {"batch": [*ids, *(one for one in opened["batch"] if one not in ids)], "note": note})


def export(operator: Client, emulator: Running) -> ExportRequest:
    """One that is ready in the end; the others fail, wait, are removed from the queue, or stay unclear."""
    export_request = start(operator, name="Eyes")
    finish(emulator, export_request)
    operator.get(f"/exports/{export_request.export_id}/")
    work(2)
    emulator.act("start_export", name="A colleague's")
    operator.post("/exports/new/", new_export("Too soon"))
    waiting = start(operator, name="Coins", projects=[COINS], when="free")
    leaving = new_export("Never mind", when="free")
    operator.post("/exports/new/", leaving)
    operator.post(f"/exports/plan/{leaving['id']}/leave/")
    emulator.act("finish_export")
    work(2)
    waiting.refresh_from_db()
    emulator.act("fail_export", error="disk full")
    operator.get(f"/exports/{waiting.export_id}/")
    write_behind.flush()
    emulator.fault("cloudfactory", "drop-after", method="POST", path="/exports$")
    operator.post("/exports/new/", new_export("Unclear"))
    return export_request


def new_export(name: str, **said: Any) -> dict[str, Any]:
    return form(name=name, again="1", **said)


def sign_in_as_reviewer(bob: Person) -> Client:
    reviewer = browser()
    sign_in(reviewer, bob.email, "not-my-password")
    sign_in(browser(), "stranger@northwind.example", "anything")
    sign_in(browser(), "my-password-by-mistake", "anything")
    sign_in(reviewer, bob.email)
    return reviewer


def review(reviewer: Client, export_request: ExportRequest, emulator: Running) -> None:
    download = f"/exports/{export_request.export_id}/download/"
    whole = body_of(reviewer.get(download))
    broken_off(reviewer.get(download))
    reviewer.get(download, headers={"Range": f"bytes={len(whole) // 2}-"}).getvalue()
    emulator.fault("cloudfactory", "403", method="GET", path=f"/{export_request.export_id}$")
    reviewer.get(download)
    for page in ("slices:create", "accounts:people", "jobs:index", "audit:export"):
        reviewer.get(reverse(page))


def secure_account(reviewer: Client, bob: Person) -> None:
    activate = reverse("mfa_activate_totp")
    secret = reviewer.get(activate).context["form"].secret
    reviewer.post(activate, {"code": code(secret)})
    sign_in(other := browser(), bob.email)
    other.post(reverse("mfa_authenticate"), {"code": "000000"})
    other.post(reverse("mfa_authenticate"), {"code": code(secret, 1)})
    reviewer.post(reverse("mfa_generate_recovery_codes"))
    sign_in(third := browser(), bob.email)
    recovery = reviewer.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    third.post(reverse("mfa_authenticate"), {"code": recovery})
    reviewer.post(reverse("accounts:sessions"), {"session": "others"})
    passwords = {"oldpassword": PASSWORD, "password1": FRESH, "password2": FRESH}
    reviewer.post(reverse("account_change_password"), passwords)
    reviewer.post(reverse("account_logout"))


def code(secret: str, later: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def delete_exports(operator: Client, export_request: ExportRequest, emulator: Running) -> None:
    address = f"/exports/{export_request.export_id}/delete/"
    emulator.fault("cloudfactory", "403", method="DELETE")
    operator.post(address, {"act_id": str(operator.get(address).context["act_id"])})
    operator.post(address, {"act_id": str(operator.get(address).context["act_id"])})
    operator.post(reverse("account_logout"))


def audit(auditor: Client) -> None:
    auditor.get("/exports/new/")
    auditor.get("/audit/export.csv?view=leaving&sign_ins=hidden&period=all&q=eyes").getvalue()
    auditor.get("/audit/handover.csv?period=today").getvalue()
    closed = {"outcome": "failed", "note": "It is not in the list."}
    auditor.post(reverse("audit:close", args=[last("export.create").pk]), closed)
    auditor.post(reverse("audit:check"))


def last(action: str) -> Entry:
    found = Entry.objects.filter(action=action, kind=Entry.Kind.OPENING).order_by("-sequence").first()
    assert found is not None
    return found
