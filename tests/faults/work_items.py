"""What people do with work items: find them, look at them, decide on them, and review many in a run."""

import re
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from console.emulator.sample import FIRST_BATCH, PROJECTS
from tests.faults.browser import Seen
from tests.faults.desk import Desk, Operation
from tests.faults.table import MARK
from tests.items.decision_helpers import work

COINS = PROJECTS["coins"]
ITEMS = f"/projects/{COINS}/items/"
WAITING = f"{ITEMS}?status=CLIENT_REVIEW"
_ITEM = re.compile(f"{ITEMS}[0-9a-f-]{{36}}/")
_SIGNALS = f"/projects/{COINS}/workItems/[0-9a-f-]{{36}}/signals$"


def _page(name: str, address: str, *, plain: bool = True, htmx: bool = True, reviewer: bool = True) -> Operation:
    return Operation(
        name,
        lambda desk, is_htmx: desk.browser.get(address, htmx=is_htmx),
        plain=plain,
        htmx=htmx,
        reviewer=reviewer,
        pages=(address,) if plain else (),
    )


def _find_item(desk: Desk, status: str = "CLIENT_REVIEW") -> None:
    """Kept is the address of the first item of this status."""
    links = desk.browser.get(f"{ITEMS}?status={status}").page.links
    desk.kept = next(found[0] for link in links if (found := _ITEM.match(link)))


def _below_item(name: str, tail: str, *, plain: bool = True, htmx: bool = True) -> Operation:
    def press(desk: Desk, is_htmx: bool) -> Seen:
        return desk.browser.get(f"{desk.kept}{tail}", htmx=is_htmx)

    return Operation(name, press, _find_item, plain=plain, htmx=htmx, reviewer=True)


def _labels_form(desk: Desk) -> None:
    _find_item(desk, "NEW")
    desk.kept = desk.browser.get(f"{desk.kept}ground-truth/").page.form("ground-truth/$")


def _type_labels(desk: Desk, htmx: bool) -> Seen:
    return desk.browser.submit(desk.kept, labels=_LABELS)


def _show_labels(desk: Desk) -> None:
    """Kept is the address of the page that shows labels before they are sent."""
    _labels_form(desk)
    desk.kept = _type_labels(desk, False).address


def _open_labels(desk: Desk) -> None:
    """Kept is the button that sends them."""
    _show_labels(desk)
    desk.kept = desk.browser.get(desk.kept).page.form("/send/$")


def _start_run(desk: Desk) -> None:
    """Kept is the address of a run through all that waits for review."""
    desk.kept = desk.browser.post(f"{ITEMS}review/", {"status": "CLIENT_REVIEW"}).address.split("?")[0]


def _in_run(name: str, tail: str = "", *, plain: bool = True, htmx: bool = False) -> Operation:
    def press(desk: Desk, is_htmx: bool) -> Seen:
        return desk.browser.get(f"{desk.kept}{tail}", htmx=is_htmx)

    return Operation(name, press, _start_run, plain=plain, htmx=htmx, reviewer=True)


def _first_step(desk: Desk) -> None:
    """Kept is where the run's page asks for what follows its first item."""
    _start_run(desk)
    first = _ITEM.match(desk.browser.get(desk.kept).page.form("approve/$").action)
    assert first
    desk.kept = f"{desk.kept}?after={first[0].rstrip('/').rpartition('/')[2]}"


READS = (
    _page("work items", ITEMS),
    _page("work items that wait for review", f"{WAITING}&order=newest&batch={FIRST_BATCH['coins'] + 3}", htmx=False),
    _page("figures of work items", f"{ITEMS}counts/", plain=False),
    _page("pictures of work items", f"{ITEMS}pictures/?status=CLIENT_REVIEW", plain=False),
    _page("names around a work item", f"{ITEMS}names/?batch={FIRST_BATCH['coins']}", plain=False),
    _below_item("work item", "", htmx=False),
    _below_item("work item with its labels", "?labels=1", htmx=False),
    _below_item("labels of a work item", "labels/", plain=False),
    _below_item("picture of a work item", "picture/", plain=False),
    _below_item("label file", "labels/download/", htmx=False),
    _page("form for many work items", f"{ITEMS}import/", htmx=False, reviewer=False),
    Operation(
        "form for labels", lambda desk, htmx: desk.browser.get(f"{desk.kept}ground-truth/"), _find_item, htmx=False
    ),
    Operation("labels before they are sent", lambda desk, htmx: desk.browser.get(desk.kept), _show_labels, htmx=False),
    _page("review's start", f"{ITEMS}review/?status=CLIENT_REVIEW", htmx=False),
    Operation(
        "start a review",
        lambda desk, htmx: desk.browser.post(f"{ITEMS}review/", {"status": "CLIENT_REVIEW"}, htmx=htmx),
        reviewer=True,
    ),
    _in_run("step of a review"),
    Operation(
        "next step of a review",
        lambda desk, htmx: desk.browser.get(desk.kept, htmx=htmx),
        _first_step,
        plain=False,
        reviewer=True,
    ),
    _in_run("end of a review", "end/"),
)


def _open_form(desk: Desk, which: str) -> None:
    _find_item(desk, "IN_PROGRESS" if which == "signal" else "CLIENT_REVIEW")
    desk.kept = desk.browser.get(desk.kept).page.form(f"{which}/$")


def _decide(desk: Desk, htmx: bool, **typed: Any) -> Seen:
    """With script the worker sends it, and the item's page tells; without, it is asked about once and sent at once."""
    form = desk.kept
    answer = desk.browser.submit(form, htmx=htmx, **typed)
    if not htmx:
        sure = [one for one in answer.page.forms if one.action == form.action and "sure" in one.fields]
        return desk.browser.submit(sure[0]) if sure else answer
    if answer.status != 200:
        return answer
    work()
    return desk.browser.get(_ITEM.match(form.action)[0])  # type: ignore[index]


def _write(name: str, which: str, typed: tuple[str, ...] = (), **fields: Any) -> Operation:
    def press(desk: Desk, htmx: bool) -> Seen:
        return _decide(desk, htmx, **fields)

    arrange: Callable[[Desk], None] = partial(_open_form, which=which)
    pages = (ITEMS, WAITING, f"{ITEMS}review/?status=CLIENT_REVIEW", f"/projects/{COINS}/")
    return Operation(
        name, press, arrange, writes=("cloudfactory", "PUT", _SIGNALS), typed=typed, pages=pages, reviewer=False
    )


def _select(desk: Desk, status: str = "NEW") -> None:
    """Two items of this status, and no others."""
    links = desk.browser.get(f"{ITEMS}?status={status}").page.links
    found = list(dict.fromkeys(one[0].rstrip("/")[-36:] for link in links if (one := _ITEM.match(link))))
    desk.browser.post(f"{ITEMS}selection/", {"do": "clear"})
    desk.browser.post(f"{ITEMS}selection/", {"on": [f"{item}:{status}" for item in found[:2]]})


def _plan(desk: Desk, htmx: bool = False, action: str = "cancel") -> Seen:
    """As the action bar's button does; answers the plan once it is read."""
    sent = {"action": action, "bulk_id": str(uuid.uuid4()), "list": "status=NEW"}
    return _work(desk, desk.browser.post(f"{ITEMS}bulk/", sent, htmx=htmx))


def _work(desk: Desk, answer: Seen) -> Seen:
    """The page of a signal to many that the answer led to, once the worker had its turn."""
    if answer.status != 200:
        return answer
    work()
    return desk.browser.get(_BULK.match(answer.address)[0])  # type: ignore[index]


def _open_plan(desk: Desk, action: str = "cancel") -> None:
    _select(desk)
    desk.kept = _plan(desk, action=action).page.form("/send/$")


def _send(desk: Desk, htmx: bool, **typed: Any) -> Seen:
    return _work(desk, desk.browser.submit(desk.kept, htmx=htmx, **typed))


def _open_result(desk: Desk) -> None:
    """Kept is the button that undoes a start."""
    _open_plan(desk, "start")
    desk.kept = _send(desk, htmx=False).page.form("/undo/$")


def _undo(desk: Desk, htmx: bool) -> Seen:
    """Its plan, and that one's button where another press was not faster."""
    plan = _work(desk, desk.browser.submit(desk.kept, htmx=htmx))
    buttons = [form for form in plan.page.forms if form.action.endswith("/send/")]
    return _work(desk, desk.browser.submit(buttons[0], htmx=htmx)) if buttons else plan


_BULK = re.compile(f"{ITEMS}bulk/[0-9a-f-]{{36}}/")
_MANY = ("cloudfactory", "POST", f"/projects/{COINS}/workItems/signals$")
_LABELS = f'[{{"category": "{MARK}", "bbox": [1, 2, 3, 4]}}]'
PLANS = (
    Operation("plan a signal to many", _plan, _select, pages=(ITEMS,)),
    Operation("type labels", _type_labels, _labels_form, typed=(MARK,), htmx=False),
)

WRITES = (
    _write("approve a work item", "approve"),
    _write("send a work item back", "send-back", (MARK,), reason=MARK, comment="Look at the rim"),
    _write("signal a work item", "signal", choice="release", comment="Look at the rim"),
    Operation(
        "add labels",
        lambda desk, htmx: desk.browser.submit(desk.kept, htmx=htmx),
        _open_labels,
        writes=("cloudfactory", "POST", f"/projects/{COINS}/workItems/[0-9a-f-]{{36}}/labels$"),
        typed=(MARK,),
        pages=(ITEMS,),
        never_told=True,
    ),
    Operation(
        "send a signal to many",
        partial(_send, reason=MARK),
        _open_plan,
        writes=_MANY,
        typed=(MARK,),
        pages=(ITEMS,),
        action="item.",
        reads_back=True,
    ),
    Operation(
        "undo a signal to many",
        _undo,
        _open_result,
        writes=_MANY,
        pages=(ITEMS,),
        action="item.",
        reads_back=True,
    ),
)
