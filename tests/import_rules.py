"""Who may import whom, for import-linter. Made from INSTALLED_APPS: a new app is covered without a line.

Page apps are what people work on. Any of them may use the platform (accounts, audit, jobs), the frame around the pages
(the modules directly in `console/`), `common` and `upstream`; of each other they may use what `PUBLIC` names.
"""

from collections.abc import Callable, Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

from tests.settings import INSTALLED_APPS

PLATFORM = ("accounts", "console.audit", "console.jobs")
FOUNDATIONS = ("console.common", "console.upstream")
EMULATOR = "console.emulator"
# Modules of a page app that other apps may import, in any package of it: `services`, `order_services` …
PUBLIC = ("services", "selectors", "presenters")
# What several apps count work items by. They import no page app, so that no circle leads through them.
SHARED = ("console.items.counts", "console.items.statuses")
# Where apps add to the page of another one.
REGISTRIES = ("console.projects.page_parts", "console.batches.page_parts")
# The commands that run the console, and the table of addresses.
ROOTS = ("console.management", "console.urls", "console.settings", "console.__main__")
HTTP_LIBRARIES = ("requests", "urllib3")

Rule = Callable[[ImportGraph, tuple[str, ...]], Iterator[str]]


def page_apps() -> tuple[str, ...]:
    return tuple(app for app in INSTALLED_APPS if app.startswith("console.") and app not in PLATFORM)


def app_of(module: str, apps: tuple[str, ...]) -> str:
    """The app or package that a module belongs to; "" for the frame, the roots and libraries."""
    return next((app for app in apps if module == app or module.startswith(f"{app}.")), "")


def imports_of(graph: ImportGraph) -> Iterator[tuple[str, str]]:
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            yield importer, imported


def foundations(graph: ImportGraph, apps: tuple[str, ...]) -> Iterator[str]:
    """`common` and `upstream` know no app, the frame neither; `upstream` does not know Django."""
    for importer, imported in imports_of(graph):
        foundation = app_of(importer, FOUNDATIONS)
        is_other = imported.startswith(("console.", "accounts")) and not app_of(imported, FOUNDATIONS)
        is_django = foundation == "console.upstream" and app_of(imported, ("django",))
        if foundation and (is_other or is_django):
            yield f"{importer} imports {imported}"


def platform(graph: ImportGraph, apps: tuple[str, ...]) -> Iterator[str]:
    """Accounts, audit and jobs know no page app, and the audit neither accounts nor jobs."""
    for importer, imported in imports_of(graph):
        owner = app_of(importer, PLATFORM)
        above = ("accounts", "console.jobs") if owner == "console.audit" else ()
        if owner and app_of(imported, (*apps, *above)):
            yield f"{importer} imports {imported}"


def frame(graph: ImportGraph, apps: tuple[str, ...]) -> Iterator[str]:
    """What stands around every page knows no page app: apps register what it shows."""
    for importer, imported in imports_of(graph):
        is_frame = importer.startswith("console.") and not app_of(
            importer, (*apps, *PLATFORM, *FOUNDATIONS, *ROOTS, EMULATOR)
        )
        if is_frame and app_of(imported, apps):
            yield f"{importer} imports {imported}"


def public_modules(graph: ImportGraph, apps: tuple[str, ...]) -> Iterator[str]:
    """Page apps import each other's public modules only."""
    for importer, imported in imports_of(graph):
        mine, theirs = app_of(importer, apps), app_of(imported, apps)
        if mine and theirs and mine != theirs and not is_public(imported):
            yield f"{importer} imports {imported}"


def is_public(module: str) -> bool:
    return module.rpartition(".")[2].rpartition("_")[2] in PUBLIC or module in (*SHARED, *REGISTRIES)


def circles(graph: ImportGraph, apps: tuple[str, ...]) -> Iterator[str]:
    """An app that another one imports does not import it back, itself or by way of others."""
    between = [(importer, imported) for importer, imported in imports_of(graph) if imported not in SHARED]
    steps: dict[str, set[str]] = {app: set() for app in apps}
    for importer, imported in between:
        mine, theirs = app_of(importer, apps), app_of(imported, apps)
        if mine and theirs and mine != theirs:
            steps[mine].add(theirs)
    for importer, imported in between:
        mine, theirs = app_of(importer, apps), app_of(imported, apps)
        if theirs in steps.get(mine, ()) and mine in reachable(theirs, steps):
            yield f"{importer} imports {imported}"
    for importer, imported in between:
        if importer in SHARED and app_of(imported, apps):
            yield f"{importer} imports {imported}"


def reachable(start: str, steps: dict[str, set[str]]) -> set[str]:
    """The apps that an app imports, and those that they import."""
    apps, waiting = set[str](), [start]
    while waiting:
        new = steps[waiting.pop()] - apps
        apps |= new
        waiting += new
    return apps


def http_libraries(graph: ImportGraph, apps: tuple[str, ...]) -> Iterator[str]:
    """Only the service module calls out."""
    for importer, imported in imports_of(graph):
        if app_of(imported, HTTP_LIBRARIES) and not app_of(importer, ("console.upstream", *HTTP_LIBRARIES)):
            yield f"{importer} imports {imported}"


def emulator(graph: ImportGraph, apps: tuple[str, ...]) -> Iterator[str]:
    """The emulator is a second reading of the vendors' documents: it knows the standard library alone, and only
    commands know it."""
    libraries = ("django", *HTTP_LIBRARIES)
    for importer, imported in imports_of(graph):
        is_within, is_about = app_of(importer, (EMULATOR,)), app_of(imported, (EMULATOR,))
        is_console = imported.startswith(("console.", "accounts")) and not is_about
        if is_within and (is_console or app_of(imported, libraries)):
            yield f"{importer} imports {imported}"
        if is_about and not is_within and not app_of(importer, ROOTS):
            yield f"{importer} imports {imported}"


RULES: dict[str, Rule] = {
    rule.__name__: rule for rule in (foundations, platform, frame, public_modules, circles, http_libraries, emulator)
}


class AppBoundaries(Contract):  # type: ignore[misc]
    """One of RULES, checked for every app of INSTALLED_APPS."""

    rule = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        problems = list(RULES[self.rule](graph, page_apps()))
        return ContractCheck(kept=not problems, metadata={"problems": problems})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for problem in check.metadata["problems"]:
            output.print_error(problem)
