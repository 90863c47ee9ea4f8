"""How sure a value is: what the taggers think of it, and whether header and other values bear it out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from mapping.signatures.block import Sender
from mapping.signatures.model import Kind
from mapping.signatures.numbers import is_possible
from mapping.signatures.tokens import squeeze
from mapping.signatures.values import Found

Evidence = Mapping[str, float]


def family(kind: Kind) -> str:
    """Kinds of numbers are judged alike."""
    return Kind.PHONE.value if kind in (Kind.DIRECT, Kind.MOBILE, Kind.HOME, Kind.PAGER) else kind.value


def evidence(found: Sequence[Found], text: str, sure: Sequence[float], sender: Sender) -> list[Evidence]:
    """For each value how much there is of what, by kind of value. Probabilities count as log odds, so that they add up.
    `sure`: how probable it is of each line that it signs."""
    return [_of_one(each, found, text, sure, sender) for each in found]


def _of_one(each: Found, found: Sequence[Found], text: str, sure: Sequence[float], sender: Sender) -> Evidence:
    value = text[each.start : each.end]
    line = sure[each.line]
    agrees, differs = _checked(each, value, text, found, sender)
    kinds = {other.kind for other in found}
    told = {
        "known": 1.0,
        "tokens": _odds(each.sure),
        "line": _odds(line),
        "doubt": float(each.sure < 0.6 or line < 0.6),
        "agrees": agrees,
        "differs": differs,
        "odd": _odd(each.kind, value),
        "alone": float(len(kinds) < 3),
        "nameless": float(Kind.NAME not in kinds),
        "weakest_line": _odds(min(sure)),
    }
    return {f"{family(each.kind)}.{name}": much for name, much in told.items()}


def _odds(probability: float) -> float:
    kept = min(max(probability, 0.001), 0.999)
    return math.log(kept / (1 - kept))


def _checked(each: Found, value: str, text: str, found: Sequence[Found], sender: Sender) -> tuple[float, float]:
    """(bears out, speaks against), 0 or 1 each."""
    if each.kind is Kind.MAIL:
        if not sender.address:
            return 0.0, 0.0
        same = value.casefold() == sender.address.casefold()
        return float(same), float(not same)
    if each.kind is Kind.NAME:
        words = {squeeze(word) for word in re.split(r"[\s.]+", value)} - {""}
        mails = [text[f.start : f.end] for f in found if f.kind is Kind.MAIL]
        shown = {squeeze(word) for word in re.split(r"[\s,.]+", sender.name)} - {""}
        locals_ = [squeeze(mail.partition("@")[0]) for mail in (sender.address, *mails) if mail]
        agrees = bool(words & shown) or any(len(word) > 2 and word in local for word in words for local in locals_)
        return float(agrees), float(not agrees and bool(shown or locals_))
    if each.kind is Kind.ORGANISATION:
        plain = squeeze(value)
        domains = {
            m.partition("@")[2]
            for m in (sender.address, *(text[f.start : f.end] for f in found if f.kind is Kind.MAIL))
        }
        labels = {squeeze(label) for domain in domains for label in domain.casefold().split(".")[:-1]}
        agrees = any(len(label) > 2 and (label in plain or plain in label) for label in labels)
        return float(agrees), 0.0
    if each.kind in (Kind.TITLE, Kind.ADDRESS, Kind.WEBSITE):
        several = sum(f.kind is each.kind for f in found) > 1
        return 0.0, float(several)
    return float(is_possible(value)), float(value.startswith("+") and not is_possible(value))


def _odd(kind: Kind, value: str) -> float:
    """A name, title or company of a length or form that these seldom have."""
    words = len(value.split())
    if kind is Kind.NAME:
        return float(words > 4 or words < 2 or any(c.isdigit() for c in value))
    if kind is Kind.TITLE:
        return float(words > 7 or len(value) < 3)
    if kind is Kind.ORGANISATION:
        return float(words > 7 or len(value) < 3)
    if kind is Kind.ADDRESS:
        return float("\n" not in value and "," not in value and not any(c.isdigit() for c in value))
    digits = sum(c.isdigit() for c in value)
    return float(digits < 9 or digits > 13) if kind not in (Kind.MAIL, Kind.WEBSITE) else 0.0
