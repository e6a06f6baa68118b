"""Which fields of a form can be handed back when its page or session has expired, and the page that shows them.

A view names them; nothing else that was sent goes back. A list of what must not go back would miss the next secret.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse

ONE_TIME = ("act_id", "id")
"""Hidden fields whose value makes a form count once."""

BOOKKEEPING = re.compile(r"(?:act_id|act|id|base|was\w*|offered\w*|proposed|order|batch|cursor|next|previous|shown|do)")
"""Names of hidden fields, whose values mean nothing to a person."""

View = TypeVar("View", bound=Callable[..., Any])


def hand_back(*names: str, page: str = "", saves: bool = True) -> Callable[[View], View]:
    """Marks a view: these fields hold no secret. A name that ends in `#` matches any number there: `f#` for `f12`.

    `page` names the view whose page shows the form, where that is another one at an address of the same parts.
    `saves` is False for a view that only answers what was chosen so far. Put above `sensitive_post_parameters` and the
    like, whose wrappers keep the mark.
    """

    def mark(view: View) -> View:
        vars(view)["handed_back"] = frozenset(names)
        vars(view)["form_page"] = page
        vars(view)["saves_form"] = saves
        return view

    return mark


def typed_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Name and value of every field sent that the view behind this address hands back."""
    try:
        names: frozenset[str] = getattr(resolve(request.path_info).func, "handed_back", frozenset())
    except Resolver404:
        return []
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name in names or re.sub(r"[0-9]{1,6}\Z", "#", name[-200:]) in names
        for value in values
    ]


def form_page(request: HttpRequest) -> str:
    """The address of the page with the form that was sent to this address."""
    match = resolve(request.path_info)
    page = getattr(match.func, "form_page", "")
    return reverse(page, args=match.args, kwargs=match.kwargs) if page else request.path


def saves_form(request: HttpRequest) -> bool:
    """Whether the view behind this address takes in what was typed, rather than only answering it."""
    return request.method == "POST" and getattr(resolve(request.path_info).func, "saves_form", False)


def readable_values(fields: list[tuple[str, str]]) -> list[str]:
    """What a person typed or chose, out of name and value of each field."""
    return [value for name, value in fields if value.strip() and not BOOKKEEPING.fullmatch(name)]
