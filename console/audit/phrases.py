"""Parts of sentences, made from an entry's detail. A tail stands behind the sentence and begins with its own space.

`detail` may hold, besides whatever is worth expanding, what the sentences use: `items` (a number; with `items_at_least`
true it reads "1,000+"), `projects` and `batches` (lists of names), `batch` (a name, or "3 batches"), `project_name`,
`format`, `summary` and `cause` (phrases of the service's own), `role`, `reason`, `bytes`, `sessions`. `before` and
`after` are shown side by side. Of many things it holds what `console.audit.multi_item` says.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma

from console.common.formatting import file_size, plural

Detail = Mapping[str, Any]
SEVERAL_BATCHES = re.compile(r"[0-9]+ batches")


def nothing(detail: Detail) -> str:
    return ""


def number_of_items(detail: Detail) -> str:
    number = detail.get("items")
    if not isinstance(number, int) or isinstance(number, bool):
        return ""
    if detail.get("items_at_least"):
        return f"{intcomma(number)}+ items"
    return "1 item" if number == 1 else f"{intcomma(number)} items"


def brackets(parts: Iterable[str]) -> str:
    texts = ", ".join(part for part in parts if part)
    return f" ({texts})" if texts else ""


def count_of_items(detail: Detail) -> str:
    return brackets([number_of_items(detail)])


def summary(detail: Detail) -> str:
    return f": {detail['summary']}" if detail.get("summary") else ""


def size(detail: Detail) -> str:
    """`(2.0 GB)`, and `(resumed, 0.8 GB)` for the rest of a file."""
    size = detail.get("bytes")
    return brackets(["resumed" if detail.get("from") else "", file_size(size)]) if isinstance(size, int) else ""


def new_name(detail: Detail) -> str:
    """The sentence has named the thing by its old name."""
    return f" to {detail['after']}" if isinstance(detail.get("after"), str) else ""


def reason(detail: Detail) -> str:
    return f": {detail['reason']}" if detail.get("reason") else ""


def many_things(detail: Detail, noun: str, *, is_done: bool) -> str:
    """`4,988 of 5,000 work items`: as far as it is done, how many of all; otherwise how many were tried."""
    items, done_items = figure(detail, "items"), figure(detail, "items_done")
    if not is_done:
        return plural(items, noun)
    all_items = max(items, figure(detail, "planned"))
    some = f"{intcomma(done_items)} of " if "items_done" in detail and done_items < all_items else ""
    return some + plural(all_items, noun)


def other_figures(detail: Detail, refused: str = "refused") -> list[str]:
    """`12 refused` and `3 unresolved`, where the sentence does not say that of all."""
    items, figures = figure(detail, "items"), {"items_refused": refused, "items_unknown": "unresolved"}
    texts = [(figure(detail, name), word) for name, word in figures.items()]
    return [f"{intcomma(number)} {word}" for number, word in texts if 0 < number < items]


def other_counts(detail: Detail) -> str:
    """` (12 refused, 3 unresolved): the reason`."""
    return brackets(other_figures(detail)) + reason(detail)


def batch(detail: Detail) -> str:
    """`the batch Harbour`, `3 batches`, or "" where it is not known."""
    name = str(detail.get("batch") or "")
    return name if not name or SEVERAL_BATCHES.fullmatch(name) else f"the batch {name}"


def in_batch(detail: Detail) -> str:
    """` in the batch Harbour`."""
    return f" in {batch(detail)}" if batch(detail) else ""


def figure(detail: Detail, name: str) -> int:
    number = detail.get(name)
    return number if isinstance(number, int) and not isinstance(number, bool) else 0
