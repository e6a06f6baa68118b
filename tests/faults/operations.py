"""What people do with the console: every page that asks a vendor, and every form that has it change something."""

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from console.emulator.sample import FIRST_BATCH, PROJECTS, uid_of
from tests.conftest import SPACE
from tests.exports.making import work
from tests.faults import work_items
from tests.faults.browser import Seen
from tests.faults.desk import Desk, Operation
from tests.faults.table import FAULTS, MARK

COINS, EYES = PROJECTS["coins"], PROJECTS["eyes"]
BATCHES = f"/projects/{COINS}/batches/"
BATCH = f"{BATCHES}{FIRST_BATCH['coins'] + 1}/"
SLICE = "/slices/northwind/all-coins/"
SEND_SLICE = f"/projects/{COINS}/items/from-slice/northwind/all-coins/"
DATASET = uid_of("dataset", "coins-on-velvet")


# Reading


def _address(found: str | Callable[[Desk], str]) -> Callable[[Desk, bool], Seen]:
    def press(desk: Desk, htmx: bool) -> Seen:
        return desk.browser.get(found(desk) if callable(found) else found, htmx=htmx)

    return press


def _post(address: str, form: Mapping[str, Any]) -> Callable[[Desk, bool], Seen]:
    """A form that writes nothing at a vendor."""
    return lambda desk, htmx: desk.browser.post(address, dict(form), htmx=htmx)


def _page(
    name: str, found: str, *, plain: bool = True, htmx: bool = True, reviewer: bool = True, **more: Any
) -> Operation:
    return Operation(name, _address(found), plain=plain, htmx=htmx, reviewer=reviewer, pages=(found,), **more)


def _item(desk: Desk) -> None:
    links = desk.browser.get(SLICE).page.links
    desk.kept = next(link for link in links if "/items/" in link and len(link) > len(SLICE) + 40).split("?")[0]


def _draft(desk: Desk) -> None:
    """A draft with one part of a whole dataset."""
    desk.kept = desk.browser.post("/slices/new/", {"resume": "yes"}).address.split("?")[0]
    desk.browser.post(f"{desk.kept}parts/add/", {"dataset": DATASET, "kind": "dataset"})


def _part(desk: Desk, kind: str) -> None:
    """The address of a part whose items or filter are chosen on a page of their own."""
    draft = desk.browser.post("/slices/new/", {"resume": "yes"}).address.split("?")[0]
    desk.kept = desk.browser.post(f"{draft}parts/add/", {"dataset": DATASET, "kind": kind}).address.split("?")[0]


def _export(desk: Desk, *, finished: bool = True) -> None:
    """An export that was started here."""
    desk.emulator.act("set_pace", seconds=6000)
    form = {"id": str(uuid.uuid4()), "name": "Earlier", "projects": [EYES], "when": "now"}
    desk.kept = desk.browser.post("/exports/new/", form).address.split("?")[0]
    if finished:
        desk.emulator.act("finish_export")


def _below(tail: str) -> Callable[[Desk], str]:
    return lambda desk: f"{desk.kept}{tail}"


READS = (
    _page("home", "/", htmx=False),
    _page("home's slices", "/home/slices/", plain=False),
    _page("home's review", "/home/review/", plain=False),
    _page("slices", "/slices/"),
    _page("slices, another order", "/slices/?ordering=name&limit=20", htmx=False),
    _page("names of slices", "/slices/names/?q=co", plain=False),
    _page("slices of datasets", "/slices/datasets/", htmx=False),
    _page("slice", SLICE, htmx=False),
    _page("state of a slice", f"{SLICE}status/", plain=False),
    _page("items of a slice", f"{SLICE}items/"),
    _page("projects for a slice", f"{SLICE}projects/", htmx=False, reviewer=False),
    _page("slices for a batch", f"/slices/choose/?project={COINS}", htmx=False, reviewer=False),
    _page("sending a slice's page", SEND_SLICE, htmx=False, reviewer=False),
    Operation("item", lambda desk, htmx: desk.browser.get(desk.kept), _item, htmx=False, reviewer=True),
    Operation("tile", lambda desk, htmx: desk.browser.get(f"{desk.kept}tile/", htmx=htmx), _item, plain=False),
    Operation("copy a recipe", _post("/slices/new/", {"from": "northwind/all-coins"}), htmx=False),
    Operation("builder", _address(_below("")), _draft, htmx=False),
    Operation("builder's name", _address(_below(f"name/?name={MARK}")), _draft),
    Operation("builder's organizations", _address(_below("organizations/")), _draft),
    Operation("builder's datasets", _address(_below("datasets/?q=coin")), _draft),
    Operation("items of a part", _address(_below("")), partial(_part, kind="dataset_items")),
    Operation("filter of a part", _address(_below("")), partial(_part, kind="filters")),
    _page("projects", "/projects/"),
    _page("project", f"/projects/{COINS}/", htmx=False),
    _page("project's figures", f"/projects/{COINS}/figures/", plain=False),
    _page("batches", BATCHES),
    _page("batches that wait", f"{BATCHES}waiting/?batch={FIRST_BATCH['coins']}", plain=False),
    _page("new batch's page", f"{BATCHES}new/", htmx=False, reviewer=False),
    _page("batch", BATCH, htmx=False),
    _page("new work item's page", f"/projects/{COINS}/items/new/", htmx=False, reviewer=False),
    _page("batch with counts", f"{BATCH}?count=yes", htmx=False),
    _page("counts of a batch", f"{BATCH}counts/", plain=False),
    _page("name of a batch", f"{BATCH}name/?edit=name", reviewer=False),
    _page("metadata of a batch", f"{BATCH}metadata/?edit=yes", reviewer=False),
    _page("order", f"{BATCHES}order/", htmx=False),
    _page("history of orders", f"{BATCHES}order/history/", htmx=False),
    _page("exports", "/exports/"),
    _page("lane", "/exports/lane/", plain=False),
    Operation("news of exports", _post("/exports/news/", {}), plain=False, reviewer=True),
    _page("new export's page", f"/exports/new/?projects={COINS}", reviewer=False),
    Operation("export", _address(_below("")), _export, htmx=False),
    Operation("export that runs", _address(_below("")), partial(_export, finished=False), htmx=False),
    Operation("state of an export", _address(_below("status/")), _export),
    Operation("row of an export", _address(_below("row/")), partial(_export, finished=False), plain=False),
    Operation("download", _address(_below("download/")), _export, htmx=False),
    Operation("asking before deleting", _address(_below("delete/")), _export, htmx=False),
    _page("keys", "/keys/", htmx=False),
    _page("audit", "/audit/", htmx=False),
    *work_items.READS,
    *work_items.PLANS,
)


# Forms that only read at the vendor


def _choice(desk: Desk, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "name": MARK, "projects": [COINS], **more}


def _key(desk: Desk, htmx: bool) -> Seen:
    typed = {"value": "avk_demo_ops", "label": MARK, "place": "northwind", "place_name": "Northwind"}
    return desk.browser.post("/keys/avala/", typed)


def _space(desk: Desk, htmx: bool) -> Seen:
    return desk.browser.post("/keys/cloudfactory/places/", {"place": SPACE.replace("5f0c", "5f0d"), "place_name": MARK})


ASKING = (
    Operation("batches of chosen projects", lambda desk, htmx: _asked(desk, "batches/"), plain=False),
    Operation("contents of a choice", lambda desk, htmx: _asked(desk, "contents/"), plain=False),
    Operation("count without script", lambda desk, htmx: _asked(desk, "", when="look"), htmx=False, typed=(MARK,)),
    Operation(
        "add a part",
        lambda desk, htmx: desk.browser.post(
            f"{desk.kept}parts/add/", {"dataset": uid_of("dataset", "cell-nuclei"), "kind": "dataset"}, htmx=htmx
        ),
        _draft,
    ),
    Operation("test Avala's key", lambda desk, htmx: desk.browser.post("/keys/avala/test/", {}), htmx=False),
    Operation(
        "test CloudFactory's key", lambda desk, htmx: desk.browser.post("/keys/cloudfactory/test/", {}), htmx=False
    ),
    Operation("replace a key", _key, htmx=False, confirmed=True),
    Operation("add a space", _space, htmx=False, typed=(MARK,)),
    Operation(
        "pin a project",
        lambda desk, htmx: desk.browser.post(f"/projects/{COINS}/pin/", {"pinned": "yes"}, htmx=htmx),
    ),
)


def _asked(desk: Desk, tail: str, **more: Any) -> Seen:
    return desk.browser.post(f"/exports/new/{tail}", _choice(desk, **more), htmx=bool(tail))


# Forms that change something at the vendor


def _create_slice(desk: Desk, htmx: bool) -> Seen:
    return desk.browser.submit(desk.kept, htmx=htmx, name=MARK)


def _open(address: str, form: str) -> Callable[[Desk], None]:
    def arrange(desk: Desk) -> None:
        desk.kept = desk.browser.get(address).page.form(form)

    return arrange


def _draft_form(desk: Desk) -> None:
    _draft(desk)
    desk.kept = desk.browser.get(desk.kept).page.form(f"{desk.kept}$")


def _press_named(desk: Desk, htmx: bool) -> Seen:
    return desk.browser.submit(desk.kept, htmx=htmx, name=MARK)


def _press_metadata(desk: Desk, htmx: bool) -> Seen:
    form = desk.kept
    data = {name: [*form.fields.get(name, [])] for name in ("key", "value", "kind")}
    lines = len(data["key"])
    more = {"key": "stone", "value": MARK, "kind": "text"}
    return desk.browser.submit(form, htmx=htmx, **{name: [*data[name][:lines], more[name]] for name in data})


def _press_item(desk: Desk, htmx: bool) -> Seen:
    line = {"key": ["site"], "value": [MARK], "kind": ["text"]}
    return desk.browser.submit(desk.kept, htmx=htmx, asset_url="raw/a.jpg", due_in_days="3", **line)


def _press_order(desk: Desk, htmx: bool) -> Seen:
    form = desk.kept
    batches = form.fields["batch"]
    typed: dict[str, Any] = {"batch": [*batches[1:], batches[0]], "note": MARK}
    fields = {name: values for name, values in form.fields.items() if name not in {"place", "order", "note_plain"}}
    return desk.browser.post(form.action, {**fields, **typed}, htmx=htmx)


def _saved_order(desk: Desk) -> None:
    """An order that was saved here, so that it can be taken back."""
    _open(f"{BATCHES}order/", r"order/$")(desk)
    _press_order(desk, htmx=False)


def _undo_form(desk: Desk) -> None:
    _saved_order(desk)
    desk.kept = desk.browser.get(f"{BATCHES}order/").page.form(r"/undo/$")


def _restore_form(desk: Desk) -> None:
    _saved_order(desk)
    _open(f"{BATCHES}order/", r"order/$")(desk)
    _press_order(desk, htmx=False)
    listed = desk.browser.get(f"{BATCHES}order/history/").page
    versions = [link for link in listed.links if "/history/" in link and link.rstrip("/").split("/")[-1].isdigit()]
    desk.kept = desk.browser.get(versions[-1]).page.form(r"/restore/$")


def _press(desk: Desk, htmx: bool) -> Seen:
    return desk.browser.submit(desk.kept, htmx=htmx)


def _export_form(desk: Desk) -> None:
    desk.emulator.act("set_pace", seconds=6000)
    desk.kept = desk.browser.get(f"/exports/new/?projects={EYES}").page.form(r"exports/new/$")


def _press_export(desk: Desk, htmx: bool) -> Seen:
    return desk.browser.submit(desk.kept, htmx=htmx, name=MARK, when="now")


def _delete_form(desk: Desk) -> None:
    _export(desk)
    desk.kept = desk.browser.get(f"{desk.kept}delete/").page.form(r"delete/$")


_COINS_API = f"/projects/{COINS}/batches"
_EXPORTS_API = f"/spaces/{SPACE}/exports"

WRITES = (
    Operation(
        "create a slice",
        _create_slice,
        _draft_form,
        writes=("avala", "POST", "/slices/$"),
        typed=(MARK,),
        pages=("/slices/", "/slices/new/"),
    ),
    Operation(
        "create a batch",
        _press_named,
        _open(f"{BATCHES}new/", "new/$"),
        writes=("cloudfactory", "POST", f"{_COINS_API}$"),
        typed=(MARK,),
        pages=(BATCHES, f"{BATCHES}order/"),
    ),
    Operation(
        "send a slice to a new batch",
        _press_named,
        _open(SEND_SLICE, "all-coins/$"),
        writes=("cloudfactory", "POST", f"{_COINS_API}$"),
        action="batch.create",
        typed=(MARK,),
        htmx=False,
        pages=(SEND_SLICE, BATCHES),
    ),
    Operation(
        "create a work item",
        _press_item,
        _open(f"/projects/{COINS}/items/new/", "items/new/$"),
        writes=("cloudfactory", "POST", f"/projects/{COINS}/workItems$"),
        typed=(MARK,),
        htmx=False,
        pages=(f"/projects/{COINS}/items/", f"/projects/{COINS}/items/new/"),
    ),
    Operation(
        "rename a batch",
        _press_named,
        _open(f"{BATCH}?edit=name", "name/$"),
        writes=("cloudfactory", "PATCH", f"{_COINS_API}/[0-9]+$"),
        typed=(MARK,),
        pages=(BATCH, BATCHES),
    ),
    Operation(
        "change metadata",
        _press_metadata,
        _open(f"{BATCH}?edit=metadata", "metadata/$"),
        writes=("cloudfactory", "PATCH", f"{_COINS_API}/[0-9]+$"),
        typed=(MARK,),
        pages=(BATCH,),
    ),
    Operation(
        "save an order",
        _press_order,
        _open(f"{BATCHES}order/", r"order/$"),
        writes=("cloudfactory", "PUT", "prioritization$"),
        pages=(f"{BATCHES}order/", BATCHES, f"{BATCHES}order/history/"),
    ),
    Operation(
        "undo an order",
        _press,
        _undo_form,
        writes=("cloudfactory", "PUT", "prioritization$"),
        pages=(f"{BATCHES}order/", f"{BATCHES}order/history/"),
    ),
    Operation(
        "restore an order",
        _press,
        _restore_form,
        writes=("cloudfactory", "PUT", "prioritization$"),
        pages=(f"{BATCHES}order/", f"{BATCHES}order/history/"),
    ),
    Operation(
        "start an export",
        _press_export,
        _export_form,
        writes=("cloudfactory", "POST", f"{_EXPORTS_API}$"),
        typed=(MARK,),
        pages=("/exports/", f"/projects/{EYES}/", f"/projects/{EYES}/batches/"),
    ),
    Operation(
        "delete an export",
        _press,
        _delete_form,
        writes=("cloudfactory", "DELETE", f"{_EXPORTS_API}/"),
        htmx=False,
        pages=("/exports/",),
    ),
    *work_items.WRITES,
)


def _queue_export(desk: Desk, htmx: bool) -> Seen:
    """Pressed, and then the worker's turn; what is judged is the page of the export that waits."""
    answer = desk.browser.submit(desk.kept, htmx=htmx, name=MARK, when="free")
    work(1)
    return desk.browser.get(answer.address)


QUEUE = Operation(
    "start a queued export",
    _queue_export,
    _export_form,
    writes=("cloudfactory", "POST", f"{_EXPORTS_API}$"),
    action="export.create",
    typed=(MARK,),
    htmx=False,
    pages=("/exports/",),
)


# Looking for what an unknown outcome has come to


def _unknown(operation: Operation) -> Callable[[Desk], None]:
    """The write is performed, its answer is lost; kept is the button that checks."""

    def arrange(desk: Desk) -> None:
        assert operation.writes
        operation.arrange(desk)
        desk.proxy.apply(*operation.writes, FAULTS["reset after it is performed"])
        answer = operation.press(desk, False)
        desk.proxy.heal()
        desk.kept = answer.page.form(r"/(check|settle)/")

    return arrange


CHECKS = tuple(
    Operation(
        f"check after: {operation.name}",
        _press,
        _unknown(operation),
        writes=operation.writes,
        looks_up=True,
        htmx=False,
        pages=operation.pages,
    )
    for operation in WRITES
    if not operation.reads_back and not operation.never_told
)


def _receipt(desk: Desk, htmx: bool) -> Seen:
    """The worker reads the finished file, and the page shows what it found."""
    work(2)
    return desk.browser.get(desk.kept)


# A file is read once, so the press before the fault would be the only one.
RECEIPT = Operation("receipt of an export", _receipt, _export, htmx=False, looks_up=True)

ALL = (*READS, *ASKING, RECEIPT, *WRITES, QUEUE, *CHECKS)
OPERATIONS = {one.name: one for one in ALL}
