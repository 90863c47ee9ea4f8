"""Features of a message's last lines, by which the line tagger tells text, closing, signature and what follows it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mapping.signatures.block import Sender, about_line
from mapping.signatures.lexicon import labels
from mapping.signatures.phrases import CLOSING, FOOTER, GREETING, LEGAL
from mapping.signatures.tokens import Line, Token, squeeze

WINDOW = 40  # lines from the end that are looked at

_RULE = re.compile(r"^[\W_]{3,}$")
_BULLET = re.compile(r"^(?:[-*•>]|\d+[.)])\s")


def is_rule(text: str) -> bool:
    """Is it a line of dashes, stars or the like?"""
    return bool(_RULE.match(text))


def line_features(lines: Sequence[Line], rows: Sequence[Sequence[Token]], sender: Sender) -> list[list[str]]:
    """`lines`: the last of a message, `rows`: their tokens."""
    names = {squeeze(word) for word in re.split(r"[\s,]+", sender.name)} | {squeeze(sender.address.partition("@")[0])}
    names.discard("")
    local = squeeze(sender.address.partition("@")[0])
    own = [_own(line, row, names, local, sender.address.casefold()) for line, row in zip(lines, rows, strict=True)]
    last = len(lines) - 1
    closed = -1
    contact_below = _counted_below(own)
    features = []
    for number, line in enumerate(lines):
        found = list(own[number])
        left = last - number
        found.append(f"left={left if left < 4 else 4 + min((left - 4) // 4, 4)}")
        found.append(f"top={min(number, 3)}")
        found.append(f"gap={min(line.blank_before, 2)}")
        found.append(f"gap_below={min(lines[number + 1].blank_before, 2) if number < last else 3}")
        found.append(f"below={min(contact_below[number], 4)}")
        found.append("closed=" + ("no" if closed < 0 else str(min(number - closed, 8))))
        if any(lines[j].blank_before for j in range(max(closed, 0) + 1, number + 1)) and closed >= 0:
            found.append("closed_gap")
        for offset, name in ((-2, "--"), (-1, "-"), (1, "+"), (2, "++")):
            if 0 <= number + offset <= last:
                found += [name + x for x in own[number + offset]]
            else:
                found.append(name + "edge")
        features.append(found)
        if "closing" in own[number]:
            closed = number
    return features


def _own(line: Line, row: Sequence[Token], names: set[str], local: str, address: str) -> list[str]:
    text = line.text
    found = ["b", *about_line(row)]
    size = len(text)
    found.append("size=" + ("s" if size < 16 else "m" if size < 45 else "l" if size < 66 else "xl"))
    if line.hinted:
        found.append("hinted")
    if line.cell:
        found.append("cell")
    if size < 60 and CLOSING.match(text):
        found.append("closing" if size < 34 else "closing_long")
    if size < 50 and GREETING.match(text):
        found.append("greeting")
    if FOOTER.search(text):
        found.append("footer")
    if LEGAL.search(text):
        found.append("legal")
    if is_rule(text):
        found.append("sigdash" if text in ("--", "-- ") else "rule")
    if _BULLET.match(text):
        found.append("bullet")
    if text.startswith("<") and text.endswith(">"):
        found.append("attachment")
    words = [token for token in row if token.kind == "word"]
    squeezed = [squeeze(token.text) for token in words]
    known = [word for word in squeezed if word in names or (len(word) > 2 and word in local)]
    if known:
        found.append("sender" if len(known) > 1 else "sender_part")
        if len(known) >= len(words) - 1:
            found.append("sender_only")
    if address and any(token.kind == "mail" and token.text.casefold() == address for token in row):
        found.append("sender_mail")
    stops = sum("stop" in token.classes for token in words)
    found.append(f"stops={min(stops, 4)}")
    if words and text[:1].islower():
        found.append("small")
    if text[-1:] in ".?!" and len(words) > 3:
        found.append("sentence")
    elif text[-1:] in ",:?!":
        found.append("ends" + text[-1])
    if any(labels(name) for token in row[:2] for name in token.classes):
        found.append("starts_labelled")
    return found


_CONTACT = frozenset({"mail", "url", "phone"})


def _counted_below(own: Sequence[Sequence[str]]) -> list[int]:
    """For each line, how many lines below it carry a number or an address of the net."""
    counts, count = [], 0
    for found in reversed(own):
        counts.append(count)
        count += bool(_CONTACT.intersection(found))
    return counts[::-1]
