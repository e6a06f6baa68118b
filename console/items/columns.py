"""The columns of the table of work items. Each person's choice is remembered, wherever they sign in."""

from collections.abc import Collection

from accounts.models import Person
from console.items.models import TableColumns

PICTURE = "picture"
COLUMNS = {
    PICTURE: "Picture",
    "status": "Status",
    "batch": "Batch",
    "due": "Due",
    "difficulty": "Difficulty",
    "created": "Created",
    "changed": "Changed",
    "slice": "From slice",
}
"""In their order. The name of the file is always shown."""


def columns_of(user: Person) -> frozenset[str]:
    """The columns a person sees: all of them until they choose."""
    columns = TableColumns.objects.filter(person_id=user.pk).values_list("columns", flat=True).first()
    return frozenset(COLUMNS) if columns is None else frozenset(columns) & COLUMNS.keys()


def heads(columns: Collection[str]) -> list[tuple[str, str]]:
    """Name and heading of the columns after the file's name, in their order; the picture comes before it."""
    return [(name, word) for name, word in COLUMNS.items() if name in columns and name != PICTURE]


def choose_columns(*, user: Person, columns: Collection[str]) -> None:
    """Remembers the columns; names that aren't in COLUMNS are left out."""
    names = [name for name in COLUMNS if name in columns]
    TableColumns.objects.update_or_create(person=user, defaults={"columns": names})


def show_pictures(*, user: Person, is_shown: bool) -> None:
    """Adds or removes the column with pictures and keeps the others."""
    others = columns_of(user) - {PICTURE}
    choose_columns(user=user, columns=others | {PICTURE} if is_shown else others)
