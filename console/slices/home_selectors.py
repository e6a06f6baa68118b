"""What the home page shows of slices."""

from collections.abc import Sequence
from urllib.parse import urlencode

from accounts import connections
from accounts.models import Person
from console.slices import selectors
from console.slices.builder.drafts import editable as list_unfinished_drafts
from console.slices.presenters import SliceRow, State, rows
from console.slices.recent import RecentSlice, check_unfinished, list_recent

__all__ = [
    "RecentSlice",
    "State",
    "check_unfinished",
    "list_latest",
    "list_recent",
    "list_unfinished_drafts",
    "unnamed_datasets_query",
]


def list_latest(*, user: Person, most: int) -> list[SliceRow]:
    """The first few slices of the person's Avala owner: one upstream call."""
    owner = connections.owner(user)
    slices = connections.avala(user).list_slices(owner, limit=most).items
    return rows(slices, selectors.known_names(user=user, uids=selectors.recipe_datasets(slices)))


def unnamed_datasets_query(slice_rows: Sequence[SliceRow]) -> str:
    """The datasets whose names are not known yet, as the query of `slices:names`."""
    recipes = [row.recipe for row in slice_rows if row.recipe]
    uids = {clause.dataset_uid for recipe in recipes for clause in recipe.clauses if not clause.named}
    return urlencode([("d", uid) for uid in sorted(uids) if selectors.is_uid(uid)])
