"""How signatures are laid out. A layout makes lines of pieces; a piece may be a value of the person's."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.signatures.people import Person
from tests.signatures.phrases import Language

Piece = tuple[str, str]  # text, and the type of value that it is ('' for none)
Line = list[Piece]


@dataclass(frozen=True)
class Draft:
    """What a layout works with. `label` gives the words that stand before a value."""

    rng: random.Random
    person: Person
    language: Language

    def label(self, kind: str) -> str:
        words = self.language.labels[kind]
        return self.rng.choice(words)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share


def name_line(d: Draft) -> Line:
    line: Line = [(d.person.name.upper() if d.chance(0.06) else d.person.name, "Name")]
    if d.chance(0.1):
        line.append((f", {d.person.degree}", ""))
    elif d.chance(0.04):
        line.insert(0, (d.rng.choice(("Dr. ", "Mr. ", "Ms. ", "Prof. ", "Dipl.-Ing. ")), ""))
    return line


def title_line(d: Draft) -> Line:
    return [(d.person.title, "Position")]


def company_line(d: Draft) -> Line:
    return [(d.person.company, "Organisation")]


def unit_line(d: Draft) -> Line:
    return [(d.person.unit, "Organisation")]


NUMBERS = ("phone", "direct", "mobile", "home", "fax", "pager")


def numbers(d: Draft, most: int = 4) -> list[str]:
    """Which numbers are given, in which order."""
    kinds = ["phone"] if d.chance(0.85) else []
    kinds += [
        kind
        for kind, share in (("mobile", 0.45), ("fax", 0.45), ("direct", 0.15), ("home", 0.04), ("pager", 0.02))
        if d.chance(share)
    ]
    if d.chance(0.2):
        d.rng.shuffle(kinds)
    return kinds[:most]


def number_piece(d: Draft, kind: str) -> Line:
    text = {
        "phone": d.person.phone,
        "direct": d.person.direct,
        "mobile": d.person.mobile,
        "home": d.person.home,
        "fax": d.person.fax,
        "pager": d.person.home,
    }[kind]
    line: Line = [(text, "Fax" if kind == "fax" else "Phone")]
    if kind in ("phone", "direct") and d.chance(0.07):
        line.append((f" {d.label('ext')} {d.person.extension}", ""))
    return line


def labelled(d: Draft, kind: str, style: str) -> Line:
    """A number with its label: "Tel.: 1", "Tel 1", "1 (office)", "1 fax", "[T] 1", or bare."""
    value = number_piece(d, kind)
    label = d.label(kind)
    if style == "short":
        label = d.rng.choice(_SHORT[kind])
    elif style == "lower":
        label = label.lower()
    if style == "behind":
        return [*value, (f" ({label})" if d.chance(0.5) else f" {label}", "")]
    if style == "bare" and kind != "fax":
        return value
    mark = {"short": d.rng.choice((": ", " ", ". ", " | ")), "dash": " - "}.get(
        style, d.rng.choice((": ", ":", " ", ":  ", ".: "))
    )
    if label.endswith("."):
        mark = mark.lstrip(".")
    if d.chance(0.04):
        label = f"[{label}]"
    return [(label + mark, ""), *value]


_SHORT = {"phone": "TTTPOW", "direct": "D", "mobile": "MMMC", "home": "H", "fax": "F", "pager": "P"}
STYLES = ("long", "long", "long", "short", "lower", "behind", "bare", "dash")


def number_lines(d: Draft) -> list[Line]:
    style = d.rng.choice(STYLES)
    lines = [labelled(d, kind, style) for kind in numbers(d)]
    if style == "long" and d.chance(0.15):
        width = max((len(line[0][0]) for line in lines), default=0)
        lines = [[(line[0][0].ljust(width + 2), ""), *line[1:]] for line in lines]
    return lines


def mail_line(d: Draft) -> Line:
    if d.chance(0.55):
        return [(d.person.mail, "Mail")]
    mark = d.rng.choice((": ", ":", " ", ":  "))
    return [(d.label("mail") + mark, ""), (d.person.mail, "Mail")]


def web_line(d: Draft) -> Line:
    if d.chance(0.7):
        return [(d.person.web, "Website")]
    return [(d.label("web") + d.rng.choice((": ", " ")), ""), (d.person.web, "Website")]


def address_lines(d: Draft) -> list[Line]:
    lines: list[Line] = [[(line, "Address")] for line in d.person.address]
    if d.chance(0.05):
        lines[0] = [(d.label("address") + ": ", ""), *lines[0]]
    return lines


def address_one(d: Draft, mark: str = ", ") -> Line:
    return [(mark.join(d.person.address), "Address")]


def joined(parts: Sequence[Line], mark: str) -> Line:
    line: Line = []
    for number, part in enumerate(parts):
        if number:
            line.append((mark, ""))
        line += part
    return line


BARS = (" | ", " | ", " • ", " · ", " / ", " - ", "  ", " || ", "  |  ", ", ", " – ", "; ")


# --- layouts to train on


def stacked(d: Draft) -> list[Line]:
    lines = [name_line(d)]
    if d.chance(0.75):
        lines.append(title_line(d))
    if d.chance(0.25):
        lines.append(unit_line(d))
    if d.chance(0.85):
        lines.append(company_line(d))
    if d.chance(0.5):
        lines += address_lines(d)
    tail = [*number_lines(d)]
    if d.chance(0.65):
        tail.insert(d.rng.choice((0, len(tail), len(tail))), mail_line(d))
    if d.chance(0.3):
        tail.append(web_line(d))
    return [*lines, [("", "")], *tail] if d.chance(0.25) else [*lines, *tail]


def numbers_first(d: Draft) -> list[Line]:
    lines = [name_line(d), title_line(d), *([company_line(d)] if d.chance(0.6) else []), *number_lines(d), mail_line(d)]
    if d.chance(0.5):
        lines += [address_one(d)] if d.chance(0.4) else address_lines(d)
    if d.chance(0.5):
        lines.append(web_line(d))
    return lines


def pipes(d: Draft) -> list[Line]:
    bar = d.rng.choice(BARS)
    style = d.rng.choice(("short", "long", "bare"))
    head = joined([name_line(d), title_line(d), *([company_line(d)] if d.chance(0.6) else [])], bar)
    contact = joined([labelled(d, kind, style) for kind in numbers(d, 3)], bar)
    rest = joined([mail_line(d), *([web_line(d)] if d.chance(0.6) else [])], bar)
    place = [address_one(d, d.rng.choice((", ", bar)))] if d.chance(0.5) else []
    rows = [*([contact] if contact else []), rest]
    return [head, *rows, *place] if d.chance(0.35) else [head, *place, *rows]


def comma_head(d: Draft) -> list[Line]:
    """ "Jane Doe, Sales Manager" and "Sales Manager, Acme Ltd"."""
    head = d.rng.choice((
        [joined([name_line(d), title_line(d)], ", ")],
        [name_line(d), joined([title_line(d), company_line(d)], d.rng.choice((", ", ", ", " - ", " at ", " | ")))],
        [joined([name_line(d), company_line(d)], d.rng.choice((", ", " - ", " / ")))],
        [joined([name_line(d), title_line(d), company_line(d)], d.rng.choice((", ", " - ")))],
        [name_line(d), joined([unit_line(d), company_line(d)], ", ")],
    ))  # fmt: skip
    return [
        *head,
        *(address_lines(d) if d.chance(0.3) else []),
        *number_lines(d),
        *([mail_line(d)] if d.chance(0.5) else []),
    ]


def short(d: Draft) -> list[Line]:
    more = [
        title_line(d),
        company_line(d),
        labelled(d, "phone", d.rng.choice(STYLES)),
        labelled(d, "mobile", d.rng.choice(STYLES)),
        mail_line(d),
        unit_line(d),
    ]
    d.rng.shuffle(more)
    order = sorted(
        more[: d.rng.choice((1, 2, 2, 3))],
        key=lambda line: ("Position", "Organisation", "Phone", "Mail", "").index(
            line[-1][1] if line[-1][1] in ("Position", "Organisation", "Phone", "Mail") else ""
        ),
    )
    return [name_line(d), *order]


def nameless(d: Draft) -> list[Line]:
    """The name stands in the closing above, or nowhere."""
    if d.chance(0.25):
        return (
            [d.rng.choice((company_line, unit_line, title_line))(d)]
            if d.chance(0.5)
            else [labelled(d, "phone", d.rng.choice(STYLES))]
        )
    return stacked(d)[1:] or [company_line(d)]


def plain(d: Draft) -> list[Line]:
    """Nothing that could be dialled or clicked."""
    lines = [
        name_line(d),
        title_line(d),
        *([unit_line(d)] if d.chance(0.3) else []),
        *([company_line(d)] if d.chance(0.7) else []),
    ]
    if d.chance(0.2):
        lines += address_lines(d)
    if d.chance(0.25):
        lines += [[("", "")], [(d.rng.choice("_-*") * d.rng.randrange(5, 40), "")]]
    return lines if d.chance(0.8) else [name_line(d), company_line(d)]


def boxed(d: Draft) -> list[Line]:
    rule: Line = [(d.rng.choice("*-_=~") * d.rng.randrange(20, 62), "")]
    return [rule, *stacked(d), rule] if d.chance(0.6) else [rule, *comma_head(d)]


def pairs(d: Draft) -> list[Line]:
    """Two numbers on a line."""
    kinds = numbers(d)
    style = d.rng.choice(("long", "short", "behind"))
    rows = [
        joined(
            [labelled(d, kind, style) for kind in kinds[i : i + 2]], d.rng.choice(("  ", "   ", " | ", "\t", ", ", " "))
        )
        for i in range(0, len(kinds), 2)
    ]
    lines = [name_line(d), *([title_line(d)] if d.chance(0.7) else []), company_line(d)]
    if d.chance(0.4):
        lines += [address_one(d)] if d.chance(0.6) else address_lines(d)
    return [
        *lines,
        *rows,
        *([joined([mail_line(d), web_line(d)], d.rng.choice(("  ", " | ")))] if d.chance(0.7) else [mail_line(d)]),
    ]


def company_after(d: Draft) -> list[Line]:
    """The company heads its address, below the person."""
    return [
        name_line(d),
        title_line(d),
        *number_lines(d),
        *([mail_line(d)] if d.chance(0.6) else []),
        [("", "")],
        company_line(d),
        *address_lines(d),
        *([web_line(d)] if d.chance(0.6) else []),
    ]


def columns(d: Draft) -> list[Line]:
    left = [name_line(d), title_line(d), company_line(d), *address_lines(d)]
    right = [*number_lines(d), mail_line(d)]
    return _side_by_side(left, right)


def _side_by_side(left: Sequence[Line], right: Sequence[Line]) -> list[Line]:
    width = max(sum(len(text) for text, _ in line) for line in left) + 4
    rows = []
    for number in range(max(len(left), len(right))):
        line = list(left[number]) if number < len(left) else []
        used = sum(len(text) for text, _ in line)
        if number < len(right):
            line += [(" " * (width - used), ""), *right[number]]
        rows.append(line)
    return rows


def title_over_unit(d: Draft) -> list[Line]:
    return [
        name_line(d),
        joined([title_line(d), unit_line(d)], d.rng.choice((", ", " - ", " | "))),
        company_line(d),
        *number_lines(d),
        *([mail_line(d)] if d.chance(0.7) else []),
        *(address_lines(d) if d.chance(0.3) else []),
    ]


# --- layouts held out for testing


def company_first(d: Draft) -> list[Line]:
    return [
        company_line(d),
        *([unit_line(d)] if d.chance(0.3) else []),
        name_line(d),
        title_line(d),
        *address_lines(d),
        *number_lines(d),
        mail_line(d),
        *([web_line(d)] if d.chance(0.4) else []),
    ]


def bullets(d: Draft) -> list[Line]:
    """Everything about the company in one long line."""
    bar = d.rng.choice((" • ", " | ", " · ", " ~ "))
    style = d.rng.choice(("short", "long"))
    parts = [
        company_line(d),
        *([line] for line in address_lines(d)[0]),
        *([piece] for line in address_lines(d)[1:] for piece in line),
    ]
    return [
        name_line(d),
        title_line(d),
        joined([*parts], bar),
        joined([*(labelled(d, kind, style) for kind in numbers(d, 3)), mail_line(d), web_line(d)], bar),
    ]


def listed(d: Draft) -> list[Line]:
    """One label for each value, as on a card."""
    lines = [name_line(d), title_line(d), company_line(d)]
    lines += [[(d.label(kind).rjust(12) + "  ", ""), *number_piece(d, kind)] for kind in numbers(d)]
    lines.append([(d.label("mail").rjust(12) + "  ", ""), (d.person.mail, "Mail")])
    lines.append([(d.label("address").rjust(12) + "  ", ""), *address_one(d)])
    return lines


def slashes(d: Draft) -> list[Line]:
    head = joined([name_line(d), title_line(d)], d.rng.choice((" // ", " ° ", " – ", " :: ")))
    contact = joined([labelled(d, kind, "short") for kind in numbers(d, 3)], "   ")
    return [
        head,
        company_line(d),
        *([contact] if contact else []),
        joined([mail_line(d), web_line(d)], "   "),
        address_one(d),
    ]


Layout = Callable[[Draft], list[Line]]
TRAINING: tuple[tuple[Layout, int], ...] = (
    (stacked, 34), (numbers_first, 10), (pipes, 12), (comma_head, 12), (short, 12), (plain, 9), (nameless, 6),
    (boxed, 4), (pairs, 8), (company_after, 6), (columns, 3), (title_over_unit, 4),
)  # fmt: skip
HELD_OUT: tuple[tuple[Layout, int], ...] = ((company_first, 1), (bullets, 1), (listed, 1), (slashes, 1))
