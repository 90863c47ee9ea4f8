"""From a mail's body to its sender's signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mapping.signatures.block import Sender, token_features
from mapping.signatures.body import WINDOW, is_rule, line_features
from mapping.signatures.confidence import evidence
from mapping.signatures.document import Document, of_html, of_text
from mapping.signatures.model import Kind, Signature, Value
from mapping.signatures.tagging import Models, Tagger, models
from mapping.signatures.tokens import Line, Token, segments, tokenize
from mapping.signatures.values import Found, closing_name, values

LONGEST_LABEL = 3  # words


@dataclass(frozen=True, slots=True)
class Block:
    """The lines that sign a message, cut into pieces, with their tokens. `sure`: how probable each is to sign.
    `places`: where the uncut lines are, with those of what follows. `closing`: the line above with which the text
    closes, and how probable that is; it may be the only one with the name."""

    lines: tuple[Line, ...]
    rows: tuple[tuple[Token, ...], ...]
    sure: tuple[float, ...]
    places: tuple[tuple[int, int], ...] = ()
    closing: tuple[Line, float] | None = None


def read(text: str, html: str, sender: Sender) -> Signature:
    """`html` when the mail has it, else `text`; what is read are spans of that."""
    return read_document(of_html(html) if html.strip() else of_text(text), sender)


def read_document(document: Document, sender: Sender, by: Models | None = None) -> Signature:
    by = by or models()
    block = find_block(document, sender, by.lines)
    return Signature(read_block(document.text, block, sender, by), tuple(sorted(block.places)))


def find_block(document: Document, sender: Sender, by: Tagger) -> Block:
    """The last lines that are tagged as signing, and those below that belong to no text."""
    lines = document.lines[-WINDOW:]
    rows = [tuple(tokenize(line.text, line.start)) for line in lines]
    tags = by.tag(line_features(lines, rows, sender))
    signed = [place for place, (label, _) in enumerate(tags) if label == "signed"]
    start = _start_of_last(signed, tags)
    kept = [] if _is_announced(lines, tags, start) else [place for place in signed if place >= start]
    closing = lines[start - 1] if kept and start and tags[start - 1][0] == "closed" else None
    if closing and not closing_name(closing, 1.0):
        closing = None
    hanging = _hanging(lines, [label for label, _ in tags], start, kept)
    pieces = [(piece, tags[place][1]) for place in kept for piece in segments(lines[place])]
    return Block(
        tuple(piece for piece, _ in pieces),
        tuple(tuple(tokenize(piece.text, piece.start)) for piece, _ in pieces),
        tuple(sure for _, sure in pieces),
        tuple(
            (line.start, line.end) for line in (*([closing] if closing else []), *(lines[p] for p in kept), *hanging)
        ),
        (closing, tags[start - 1][1]) if closing else None,
    )


def _hanging(lines: Sequence[Line], labels: Sequence[str], start: int, signed: Sequence[int]) -> list[Line]:
    """The lines that belong to a signature without signing: a rule right above it, what is tagged as below, what lies
    between such lines, and what hangs on to them or to the last that signs without a blank line."""
    found = {place for place, label in enumerate(labels) if label == "below"}
    last = signed[-1] if signed else -1
    lowest = max(found, default=-1)
    for place in range(last + 1, len(lines)):
        hangs = place - 1 in {*found, last} and not lines[place].blank_before and place > 0
        if hangs or (place - 1 in found and place < lowest):
            found.add(place)
    if signed and start and is_rule(lines[start - 1].text):
        found.add(start - 1)
    return [lines[place] for place in sorted(found)]


def _start_of_last(signed: Sequence[int], tags: Sequence[tuple[str, float]]) -> int:
    """Where the last block begins: text between two of them parts them."""
    start = signed[0] if signed else 0
    for before, place in pairwise(signed):
        if any(tags[between][0] == "text" for between in range(before + 1, place)):
            start = place
    return start


def _is_announced(lines: Sequence[Line], tags: Sequence[tuple[str, float]], start: int) -> bool:
    """Does the text lead to it, as in "you reach the help desk at:"? Then it tells of somebody, and signs nothing."""
    above = [lines[start - 1]] if start and tags[start - 1][0] == "text" else []
    return any(_leads_on(line.text) for line in (*above, *lines[start : start + 1]))


def _leads_on(text: str) -> bool:
    """Is it text that says what follows, rather than the label of a value?"""
    return text.rstrip().endswith(":") and len(text.split()) > LONGEST_LABEL


def read_block(text: str, block: Block, sender: Sender, by: Models) -> tuple[Value, ...]:
    """The values of a block, in order, with how sure each is."""
    found = considered(block, sender, by.tokens)
    judged = [
        Value(each.kind, text[each.start : each.end], each.start, each.end, by.judge.share(told))
        for each, told in zip(found, evidence(found, text, block.sure, sender), strict=True)
    ]
    return tuple(sorted(judged, key=lambda value: value.start))


def considered(block: Block, sender: Sender, by: Tagger) -> list[Found]:
    """The values of a block before they are judged."""
    tags = by.tag(token_features(block.lines, block.rows, sender))
    found = values(block.lines, block.rows, tags)
    if block.closing and not any(each.kind is Kind.NAME for each in found):
        found += closing_name(*block.closing)
    return found
