"""From labelled tokens to values: spans put together, cut where one ends, and numbers told apart by their labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mapping.signatures.model import Kind
from mapping.signatures.tokens import Line, Token

Tagged = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """A value before it is judged. `sure`: the least probability of its tokens."""

    kind: Kind
    start: int
    end: int
    sure: float
    line: int


_KINDS = {
    kind.value: kind
    for kind in (Kind.NAME, Kind.TITLE, Kind.ORGANISATION, Kind.PHONE, Kind.FAX, Kind.MAIL, Kind.WEBSITE, Kind.ADDRESS)
}
_MUST_BE = {Kind.MAIL: "mail", Kind.PHONE: "phone", Kind.FAX: "phone", Kind.WEBSITE: "url"}
_NUMBER_KINDS = {
    "label_fax": Kind.FAX, "label_mobile": Kind.MOBILE, "label_direct": Kind.DIRECT, "label_home": Kind.HOME,
    "label_pager": Kind.PAGER, "label_phone": Kind.PHONE,
}  # fmt: skip


def values(lines: Sequence[Line], rows: Sequence[Sequence[Token]], tags: Sequence[Tagged]) -> list[Found]:
    found: list[Found] = []
    place = 0
    for number, row in enumerate(rows):
        part = tags[place : place + len(row)]
        place += len(row)
        found += _of_line(number, lines[number], row, part)
    return _addresses_joined([f for f in found if f.end > f.start], lines)


def _of_line(number: int, line: Line, row: Sequence[Token], tags: Sequence[Tagged]) -> list[Found]:
    found: list[Found] = []
    labels = _number_labels(row)
    begun = ""
    for place, (token, (tag, sure)) in enumerate(zip(row, tags, strict=True)):
        mark, _, name = tag.partition("-")
        if mark == "O":
            begun = ""
            continue
        kind = _KINDS[name]
        needed = _MUST_BE.get(kind)
        if needed and token.kind != needed:
            begun = ""
            continue
        if needed == "phone":
            kind = labels.get(place) or kind
        if mark == "I" and begun == name and not needed:
            last = found[-1]
            found[-1] = Found(kind, last.start, token.end, min(last.sure, sure), number)
        else:
            found.append(Found(kind, token.start, token.end, sure, number))
        begun = name
    return [_trimmed(_unlabelled(each, row), line) for each in found]


def _unlabelled(found: Found, row: Sequence[Token]) -> Found:
    """An address without the word that says it is one."""
    inside = [token for token in row if found.start <= token.start and token.end <= found.end]
    if found.kind is not Kind.ADDRESS or len(inside) < 3:
        return found
    labels = 0
    while labels < 3 and "label_address" in inside[labels].classes:
        labels += 1
    apart = labels and inside[labels].start - inside[labels - 1].end > 1
    if labels and (apart or inside[labels].text == ":" or len(inside[0].text) > 3):
        return replace(found, start=inside[labels].start)
    return found


def _number_labels(row: Sequence[Token]) -> dict[int, Kind]:
    """For each number of a line, what its label says; the label stands before it, or else right behind."""
    numbers = [place for place, token in enumerate(row) if token.kind == "phone"]
    found: dict[int, Kind] = {}
    behind = bool(numbers) and not _labels_of(row[: numbers[0]])
    for order, place in enumerate(numbers):
        start = numbers[order - 1] + 1 if order else 0
        end = numbers[order + 1] if order + 1 < len(numbers) else len(row)
        said = _labels_of(row[place + 1 : end][:4] if behind else row[start:place])
        if said:
            found[place] = said[0] if behind else said[-1]
    return found


def _labels_of(tokens: Iterable[Token]) -> list[Kind]:
    """A word that may mean several things ("D", "M") means what comes first in the table."""
    return [
        next(kind for name, kind in _NUMBER_KINDS.items() if name in token.classes)
        for token in tokens
        if any(name in _NUMBER_KINDS for name in token.classes)
    ]


_FULL_NAME = re.compile(r"\W*((?:[^\W\d_]\.?\s|[^\W\d_][\w'’.-]+\s){1,3}[^\W\d_][\w'’-]+)\W*")


def closing_name(line: Line, sure: float) -> list[Found]:
    """The name with which a text closes, when it is a full one: "Jane Doe", never "Jane" or "JD"."""
    full = _FULL_NAME.fullmatch(line.text)
    if not full or not all(word[0].isupper() for word in full.group(1).split()):
        return []
    return [Found(Kind.NAME, line.start + full.start(1), line.start + full.end(1), sure, 0)]


_EDGES = " \t,;:|•·/–-*_<>[]\"'“”"


def _trimmed(found: Found, line: Line) -> Found:
    """Without the signs around it, and without half a pair of brackets."""
    text = line.text[found.start - line.start : found.end - line.start]
    start = found.start + len(text) - len(text.lstrip(_EDGES + ")"))
    end = found.end - (len(text) - len(text.rstrip(_EDGES + "(")))
    inner = line.text[start - line.start : end - line.start]
    if inner.endswith(")") and "(" not in inner:
        end -= 1
    return Found(found.kind, start, max(start, end), found.sure, found.line)


def _addresses_joined(found: list[Found], lines: Sequence[Line]) -> list[Found]:
    """The lines of an address are one value, unless something lies between them."""
    joined: list[Found] = []
    for each in found:
        last = joined[-1] if joined else None
        if (
            last
            and last.kind is each.kind is Kind.ADDRESS
            and each.line - last.line <= 1
            and lines[each.line].blank_before == 0
        ):
            joined[-1] = Found(Kind.ADDRESS, last.start, each.end, min(last.sure, each.sure), each.line)
        else:
            joined.append(each)
    return joined
