"""The actions that the audit records, as each app registers them in `apps.py`: their sentences, groups and pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from console.audit import phrases
from console.audit.phrases import Detail
from console.common.formatting import plural

LEFT_OUT = "left out"
"""In place of a section: no work to hand over."""


@dataclass(frozen=True)
class Action:
    """The sentence after the person's name.

    Slots: {thing}, {a_thing}, {as_thing}, {contents}, {vendor}, {page}, {many} ("5,000 work items", by `noun`), {were}.

    `refused` is the whole sentence where "tried to …, but it was not done" would read oddly. `whether` follows
    "We don't know whether" for acts that a vendor may leave without a clear answer. `begins` is the verb in place of
    the first word of `past_tense`, where what was done is not always the same.
    """

    group: str
    past_tense: str
    infinitive: str
    tail: Callable[[Detail], str] = phrases.nothing
    refused: str = ""
    whether: str = ""
    begins: Callable[[Detail], str] = phrases.nothing
    variants: Mapping[str, "Action"] = field(default_factory=dict)
    """Rows to use instead where one thing was signaled, by its `signal` and `outcome` in the detail."""
    of_many: Mapping[str, "Action"] = field(default_factory=dict)
    """The same where the act was about many things, as `items` in the detail tells; "" without a signal."""
    noun: str = "work item"
    """Of {many}."""
    contents: Callable[[Detail], str] = phrases.nothing
    """Of {contents}."""
    author: str = ""
    """Instead of the person's name."""
    section: str = ""
    """Of the handover note, where it is not the section of the group; or LEFT_OUT."""
    is_long_running: bool = False
    """A big file takes hours on its way, in both directions, and that is no sign of a crash."""
    is_egress: bool = False
    """It takes data out of the console: the view an auditor opens first."""

    def for_detail(self, detail: Detail) -> "Action":
        """The row for what this act really was."""
        rows, signal = self.of_many if "items" in detail else self.variants, str(detail.get("signal") or "")
        return rows.get(f"{signal} {detail.get('outcome')}") or rows.get(signal) or self

    def past_tense_of(self, detail: Detail) -> str:
        verb = self.begins(detail)
        return f"{verb} {self.past_tense.partition(' ')[2]}" if verb else self.past_tense


@dataclass(frozen=True)
class ActionGroup:
    """A kind of actions in the filter of the audit; `section` is its place in the handover note."""

    title: str
    position: int
    section: str


OTHER = "other"
ACTIONS: dict[str, Action] = {}
GROUPS: dict[str, ActionGroup] = {OTHER: ActionGroup("Other", 1000, "")}
PAGES: dict[str, str] = {}
"""What a page is for, by the name of its view: completes "tried to …, but their role doesn't allow it"."""


def register(actions: Mapping[str, Action]) -> None:
    ACTIONS.update(actions)


def register_group(name: str, title: str, *, position: int, section: str) -> None:
    GROUPS[name] = ActionGroup(title, position, section)


def register_pages(pages: Mapping[str, str]) -> None:
    """For every page that some role can't open."""
    PAGES.update(pages)


def for_entry(name: str, detail: Detail) -> Action:
    """The action's row, or one made from its name, so that an action that is not registered still reads as a
    sentence."""
    kind, _, verb = name.partition(".")
    verb = verb.replace("_", " ")
    action = ACTIONS.get(name) or Action(
        OTHER, f"did “{verb}” on the {kind} {{thing}}", f"do “{verb}” on the {kind} {{thing}}", phrases.summary
    )
    return action.for_detail(detail)


def whether(name: str, thing: str, detail: Detail) -> str:
    """What follows "We don't know whether"; an action without such words is named as the request it was."""
    action = for_entry(name, detail)
    wording = action.whether or f"the request to {action.infinitive} was carried out"
    items = phrases.figure(detail, "items_unknown") or phrases.figure(detail, "items")
    wording = wording.replace("{many}", plural(items, action.noun)).replace("{were}", "was" if items == 1 else "were")
    return wording.replace("{contents}", "{thing}").replace("{vendor}", "a vendor").replace("{thing}", thing, 1)


def group_choices() -> list[tuple[str, str]]:
    """For the filter, in the order of the groups' positions."""
    return [(name, group.title) for name, group in sorted(GROUPS.items(), key=lambda row: row[1].position)]


def in_group(group: str) -> list[str]:
    return [name for name, action in ACTIONS.items() if action.group == group]


def in_section(section: str) -> list[str]:
    """The actions of a section of the handover note."""
    return [name for name in ACTIONS if section_of(name) == section]


def section_of(name: str) -> str:
    """The section of the handover note, LEFT_OUT, or "" for an action that has none."""
    action = ACTIONS.get(name)
    if action is None:
        return ""
    return action.section or (GROUPS[action.group].section if action.group in GROUPS else "")


def long_running() -> list[str]:
    return [name for name, action in ACTIONS.items() if action.is_long_running]


def egress() -> list[str]:
    """What takes data out of the console."""
    return [name for name, action in ACTIONS.items() if action.is_egress]


def sign_ins() -> list[str]:
    return [name for name in ACTIONS if name.startswith("session.")]
