"""What an item's labels have thousands of, as HTML: `{% load label_markup %}`.

One function for each element, named after it, because a template takes ten times as long for so many.
"""

import uuid

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from console.common import formatting
from console.items.labels.overlay import Dot, DrawnClass, LabelClass, LabelTable, Overlay, Shape

register = template.Library()

_IS_CROWD = format_html(' class="{}"', "is-crowd")
_IS_FRAME = format_html(' class="{}"', "frame")


@register.simple_tag
def drawn_shapes(group: DrawnClass, item_id: uuid.UUID, oob: bool) -> SafeString:
    """The shapes of one class as SVG, each with a title unless `oob`."""
    return format_html_join("\n", "{}", ((_drawn_shape(shape, item_id, has_title=not oob),) for shape in group.shapes))


@register.simple_tag
def label_rows(table: LabelTable, overlay: Overlay, item_id: uuid.UUID) -> SafeString:
    """The rows of one table of labels, with a cell for the score where any label of the item has one."""
    rows = ((_label_row(shape, item_id, has_scores=overlay.has_scores),) for shape in table.shapes)
    return format_html_join("\n", "{}", rows)


def _drawn_shape(shape: Shape, item_id: uuid.UUID, *, has_title: bool) -> SafeString:
    attributes = (shape.number, item_id, _IS_CROWD if shape.is_crowd else "", shape.number, shape.anchor_words)
    title = _title(shape) if has_title else ""
    if shape.is_plain:
        element = '<path id="shape-{}-{}"{} data-shape="{}" data-at="{}" d="{}">{}</path>'
        return format_html(element, *attributes, shape.path, title)
    element = '<g id="shape-{}-{}"{} data-shape="{}" data-at="{}">{}{}{}{}</g>'
    return format_html(element, *attributes, title, _frame(shape), _skeleton(shape), _dots(shape))


def _title(shape: Shape) -> SafeString:
    return format_html("<title>{} {}</title>", shape.label_class.visible_name, shape.number)


def _frame(shape: Shape) -> str:
    """The box or outline around keypoints."""
    is_frame = _IS_FRAME if shape.is_framed else ""
    return format_html('<path{} d="{}"/>', is_frame, shape.path) if shape.path else ""


def _skeleton(shape: Shape) -> str:
    return format_html('<path class="keypoint-lines" d="{}"/>', shape.skeleton) if shape.skeleton else ""


def _dots(shape: Shape) -> SafeString:
    return format_html_join("", "{}", ((_dot(dot),) for dot in shape.dots))


def _dot(dot: Dot) -> SafeString:
    name = f"{formatting.show_controls(dot.name)}, hidden" if dot.is_hollow else formatting.show_controls(dot.name)
    hole = format_html('<path class="dot-hole" d="{}"/>', dot.path) if dot.is_hollow else ""
    return format_html('<g><title>{}</title><path class="dot" d="{}"/>{}</g>', name, dot.path, hole)


def _label_row(shape: Shape, item_id: uuid.UUID, *, has_scores: bool) -> SafeString:
    return format_html(
        '<tr data-label="{}"><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>{}</tr>',
        shape.number,
        _number(shape, item_id),
        _class_name(shape.label_class),
        _kind(shape),
        shape.place_words,
        shape.size_words,
        format_html('<td class="number">{}</td>', shape.score_words) if has_scores else "",
    )


def _number(shape: Shape, item_id: uuid.UUID) -> str | int:
    if not shape.is_drawn:
        return shape.number
    return format_html('<a href="#shape-{}-{}" data-label-link>{}</a>', shape.number, item_id, shape.number)


def _class_name(label_class: LabelClass) -> SafeString:
    return format_html("<bdi>{}</bdi>", label_class.visible_name)


def _kind(shape: Shape) -> str:
    note = format_html(' <span class="row-note">{}</span>', shape.reason) if shape.reason else ""
    return format_html("{}{}", shape.kind_word, note)
