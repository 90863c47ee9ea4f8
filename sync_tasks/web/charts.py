"""Small charts, drawn by the server: SVG with the classes of our style sheet, and a text for who can't see it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT, BELOW, GAP = 640, 120, 22, 2
ROOM = HEIGHT - 18  # above the columns stands how high the highest is
ROW, LABELS, LONGEST = 26, 280, 32


def columns(title: str, values: Sequence[tuple[str, float, float]]) -> Markup:
    """One column a value, each with its name, its height, and the part of it that is bad."""
    most = max((value for _, value, _ in values), default=0) or 1
    width = WIDTH / max(len(values), 1)
    told = "; ".join(f"{name} {_number(value)}" for name, value, _ in values if value)
    shapes = [_open(title, WIDTH, HEIGHT + BELOW, f"{title}: {told}" if told else "")]
    for place, (name, value, bad) in enumerate(values):
        tall, low = ROOM * value / most, ROOM * bad / most
        x = place * width
        shapes.append(Markup('<g class="bar"><title>{}: {}</title>').format(name, _number(value)))
        shapes.append(_rect(x, HEIGHT - tall, width - GAP, tall - low, "good"))
        shapes.append(_rect(x, HEIGHT - low, width - GAP, low, "bad"))
        shapes.append(Markup("</g>"))
    shapes.append(Markup('<line class="axis" x1="0" y1="{0}" x2="{1}" y2="{0}"/>').format(HEIGHT, WIDTH))
    named = range(0, len(values), max(len(values) // 6, 1))
    shapes.extend(_text(place * width, HEIGHT + 16, values[place][0], "tick-text") for place in named)
    shapes.append(_text(0, 11, f"at the most {_number(most)}" if values else "", "tick-text"))
    shapes.append(Markup("</svg>"))
    return Markup("").join(shapes)


def rows(title: str, values: Sequence[tuple[str, float]]) -> Markup:
    """One bar a value, its name before it and the number behind."""
    most = max((value for _, value in values), default=0) or 1
    room = WIDTH - LABELS - 60
    shapes = [_open(title, WIDTH, ROW * max(len(values), 1), "; ".join(f"{name} {_number(v)}" for name, v in values))]
    for place, (name, value) in enumerate(values):
        y, long = place * ROW, room * value / most
        shapes.append(_text(0, y + 17, name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"))
        shapes.append(_rect(LABELS, y + 5, max(long, 1), ROW - 10, "plain"))
        shapes.append(_text(LABELS + long + 8, y + 17, _number(value)))
    shapes.append(Markup("</svg>"))
    return Markup("").join(shapes)


def _open(title: str, width: float, height: float, told: str) -> Markup:
    return Markup('<svg class="chart" role="img" viewBox="0 0 {} {}" aria-label="{}">').format(
        width, height + 1, told or f"{title}: nothing"
    )


def _rect(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        kind, x, y, max(width, 0), max(height, 0)
    )


def _text(x: float, y: float, text: str, kind: str = "") -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, text)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
