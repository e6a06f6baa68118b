"""A page with the stage and invented labels, for what only a browser shows: looks, zoom, names, tables."""

import math

from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path

from console.items.labels.overlay import STYLES, Dot, LabelClass, Overlay, Shape
from console.items.pictures import Picture

WORDS = (
    "coin",
    "nucleus",
    "vessel",
    "dog",
    "left wing",
    "scratch",
    "label",
    "door",
    "<b>bold</b>",
    "wheel",
    "leaf",
    "sign",
)
PICTURE = "/static/readme/builder.png"
PAGE = Template("""{% extends "base.html" %}{% load static %}
{% block title %}Stage{% endblock %}{% block heading %}Stage{% endblock %}
{% block styles %}<link rel="stylesheet" href="{% static 'css/pictures.css' %}">
<link rel="stylesheet" href="{% static 'css/stage.css' %}">{% endblock %}
{% block shortcuts %}{% include "items/_stage_shortcuts.html" %}{% endblock %}
{% block content %}
<div data-step>{% include "items/_stage.html" %}{% if overlay %}{% include "items/_labels.html" %}{% endif %}</div>
{% if waiting %}{% with item_id=waiting %}
<div hidden data-step>{% include "items/_stage.html" %}{% include "items/_labels.html" %}</div>
{% endwith %}{% endif %}
{% endblock %}
""")


def classes(count: int, labels: int) -> tuple[LabelClass, ...]:
    return tuple(
        LabelClass(
            at + 1, WORDS[at % len(WORDS)] + " b" * (at // len(WORDS)), len(range(at, labels, count)), at % STYLES + 1
        )
        for at in range(count)
    )


def ring(x: float, y: float, radius: float, points: int = 24) -> str:
    turns = [2 * math.pi * at / points for at in range(points)]
    return "M" + "L".join(f"{x + radius * math.cos(t):.1f} {y + radius * math.sin(t):.1f}" for t in turns) + "z"


def outline(number: int, of: LabelClass, x: float, y: float, radius: float) -> Shape:
    return Shape(
        number=number,
        label_class=of,
        kind="outline",
        kind_word="Outline",
        path=ring(x, y, radius),
        anchor=(x, y),
        place_words=f"{x:.0f}, {y:.0f}",
        size_words=f"{2 * radius:.0f} × {2 * radius:.0f}",
        score_words="0.97",
    )


def drawing(labels: int, kinds: int = 12, width: float = 1200, height: float = 800) -> Overlay:
    """Circles in rows, each class in turn."""
    across = max(1, math.ceil(math.sqrt(labels * width / height)))
    step = width / across
    named = classes(kinds, labels)
    shapes = tuple(
        outline(at + 1, named[at % kinds], (at % across + 0.5) * step, (at // across + 0.5) * step, step * 0.45)
        for at in range(labels)
    )
    return Overlay(width, height, named, shapes)


def special() -> Overlay:
    """A crowd, a skeleton with a hidden point, a label that cannot be drawn, and a class without a name."""
    person, unnamed = LabelClass(1, "person", 2, 1), LabelClass(2, "Unnamed class", 1, 2)
    dots = (Dot(300, 200, "nose", False), Dot(320, 400, "hip", True))
    crowd = Shape(1, person, "crowd", "Crowd", "M600 100h400v500h-400z", anchor=(800, 350))
    walker = Shape(2, person, "keypoints", "Keypoints", "", dots, "M300 200L320 400", (310, 300))
    odd = Shape(3, unnamed, "other", "Other", "", reason="Its outline has a coordinate that is no number.")
    return Overlay(1200, 800, (person, unnamed), (crowd, walker, odd), ("2 labels were left out.",))


def nested() -> Overlay:
    """A small shape, then a large one over it."""
    leaf, tree = classes(2, 2)
    return Overlay(1200, 800, (leaf, tree), (outline(1, leaf, 600, 400, 50), outline(2, tree, 600, 400, 300)))


DRAWINGS = {
    "looks": lambda: drawing(24),
    "fitting": lambda: drawing(24, width=1280),
    "special": special,
    "nested": nested,
    "none": lambda: None,
}


def page(request: HttpRequest, name: str) -> HttpResponse:
    overlay = DRAWINGS[name]() if name in DRAWINGS else drawing(int(name))
    about = {
        "item_id": "one",
        "waiting": request.GET.get("waiting", ""),
        "name": "coin-3.jpg",
        "picture": Picture(request.build_absolute_uri(request.GET.get("picture", PICTURE))),
        "overlay": overlay,
        "renew_url": "",
    }
    return HttpResponse(PAGE.render(RequestContext(request, about)))


urlpatterns = [path("stage/<str:name>/", page, name="stage"), path("", include("console.urls"))]
