"""Where a label is, how large and how sure, in words for the table beside the picture."""

from console.items.labels.paths import Extent

_PLACES = (
    ("Top left", "Top", "Top right"),
    ("Left", "Center", "Right"),
    ("Bottom left", "Bottom", "Bottom right"),
)


def place_words(extent: Extent | None, width: float, height: float) -> str:
    """The ninth of the picture that its middle is in, with its left and top in pixels: `Top left (23, 0)`."""
    if extent is None:
        return ""
    left, top, right, bottom = extent
    across, down = (left + right) / 2 / width, (top + bottom) / 2 / height
    is_inside = 0 <= across <= 1 and 0 <= down <= 1
    where = _PLACES[min(int(down * 3), 2)][min(int(across * 3), 2)] if is_inside else "Outside the picture"
    return f"{where} ({_number(left)}, {_number(top)})"


def size_words(extent: Extent | None) -> str:
    """`89 × 105 px`; nothing for a single point."""
    if extent is None or extent[:2] == extent[2:]:
        return ""
    left, top, right, bottom = extent
    return f"{_number(right - left)} × {_number(bottom - top)} px"


def score_words(score: float | None) -> str:
    """A share of one in percent, with a decimal where it matters: `97%`, `99.9%`. Other numbers as they are."""
    if score is None:
        return ""
    if not 0 <= score <= 1:
        return f"{score:,.6g}"
    return f"{score:.1%}".replace(".0%", "%")


def _number(value: float) -> str:
    rounded = round(value) if abs(value) >= 10 else round(value, 1)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.1f}"
