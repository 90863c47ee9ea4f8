"""Labelled mails as sequences that the taggers learn from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mapping.signatures import document
from mapping.signatures.block import Sender, token_features
from mapping.signatures.body import WINDOW, line_features
from mapping.signatures.confidence import family
from mapping.signatures.model import Kind
from mapping.signatures.tokens import Line, Token, segments, split_lines, squeeze, tokenize
from mapping.signatures.values import Found
from tests.signatures.example import DISCLAIMER, HEADER, OUTRO_NAME, Block, Example, Span

Sequenced = tuple[list[list[str]], list[str]]  # features and labels

TEXT, CLOSED, SIGNED, BELOW = "text", "closed", "signed", "below"
LABEL_OF = {
    "Name": "name", "Position": "title", "Organisation": "organisation", "Phone": "phone", "Fax": "fax", "Mail": "mail",
    "Website": "website", "Address": "address",
}  # fmt: skip


@dataclass(frozen=True)
class Message:
    """One message of a mail: the newest, or for learning an older one."""

    lines: tuple[Line, ...]
    blocks: tuple[Block, ...]
    spans: tuple[Span, ...]
    sender: Sender


def messages(example: Example, *, older: bool) -> Iterator[Message]:
    """The newest message as the reader sees it; `older`: those below its quoted headers too."""
    blocks = tuple(example.signatures())
    if example.html:
        yield Message(document.of_html(example.html).lines, blocks, example.spans, example.sender)
        return
    headers = sorted((s for s in example.spans if s.type == HEADER), key=lambda s: s.start)
    starts = [0, *(header.end for header in headers)] if older else [0]
    for number, start in enumerate(starts):
        end = headers[number].start if number < len(headers) else len(example.body)
        lines = split_lines(example.body, start, end)
        yield Message(tuple(lines), blocks, example.spans, example.sender if number == 0 else Sender())


def of_lines(message: Message) -> Sequenced:
    lines = message.lines[-WINDOW:]
    rows = [tokenize(line.text, line.start) for line in lines]
    return line_features(lines, rows, message.sender), line_labels(lines, message.blocks, message.spans)


def line_labels(lines: Sequence[Line], blocks: Sequence[Block], spans: Sequence[Span]) -> list[str]:
    foot = [s for s in spans if s.type == DISCLAIMER]
    outro = [s for s in spans if s.type == OUTRO_NAME]
    found = []
    for line in lines:
        block = next((b for b in blocks if _touches(b, line)), None)
        if block is None:
            found.append(CLOSED if any(_touches(s, line) for s in outro) else TEXT)
        elif any(_touches(s, line) for s in block.fields):
            found.append(SIGNED)
        else:
            behind = all(s.end <= line.start for s in block.fields)
            found.append(BELOW if behind or any(_touches(s, line) for s in foot) else SIGNED)
    return found


def _touches(span: Span | Block, line: Line) -> bool:
    return span.start < line.end and span.end > line.start


def of_tokens(example: Example, rng: random.Random) -> Iterator[Sequenced]:
    """The blocks of a mail. The lexicon does not know all names, so now and then it is made to know fewer."""
    for block in example.signatures():
        lines = [piece for line in block_lines(example, block) for piece in segments(line)]
        rows = [tokenize(line.text, line.start) for line in lines]
        tokens = [token for row in rows for token in row]
        sender = example.sender if block.start < example.own_end else Sender()
        forget = {token.text.casefold() for token in tokens if token.kind == "word" and rng.random() < 0.35}
        yield token_features(lines, rows, sender, forget), token_labels(rows, block.fields)


def block_lines(example: Example, block: Block) -> list[Line]:
    if example.html:
        return [line for line in document.of_html(example.html).lines if block.start <= line.start < block.end]
    return split_lines(example.body, block.start, block.end)


def token_labels(rows: Sequence[Sequence[Token]], fields: Sequence[Span]) -> list[str]:
    """What goes on over a line break is begun anew there; annotators do not agree on it."""
    found = []
    begun: Span | None = None
    for row in rows:
        begun = None
        for token in row:
            field = next((f for f in fields if token.start < f.end and token.end > f.start), None)
            if field is None:
                found.append("O")
            else:
                found.append(("I-" if field is begun else "B-") + LABEL_OF[field.field])
            begun = field
    return found


def is_right(example: Example, found: Found) -> bool:
    """Is it what is labelled as a field of the newest message, or as its closing name?"""
    value = squeeze(example.body[found.start : found.end])
    own = (s for s in example.spans if s.start < example.own_end)
    same = [s for s in own if s.start < found.end and found.start < s.end]
    if any(s.type == OUTRO_NAME and found.kind is Kind.NAME for s in same):
        return True
    wanted = [s for s in same if s.field and LABEL_OF[s.field] == family(found.kind)]
    return squeeze("".join(example.body[s.start : s.end] for s in sorted(wanted, key=lambda s: s.start))) == value
