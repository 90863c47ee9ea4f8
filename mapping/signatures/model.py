"""What is read from a signature: values, each a span of the mail, with how sure the reading is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    NAME = "name"
    TITLE = "title"
    ORGANISATION = "organisation"
    PHONE = "phone"  # of the office, and when nothing says otherwise
    DIRECT = "direct"
    MOBILE = "mobile"
    HOME = "home"
    PAGER = "pager"
    FAX = "fax"
    MAIL = "mail"
    WEBSITE = "website"
    ADDRESS = "address"


NUMBERS = (Kind.PHONE, Kind.DIRECT, Kind.MOBILE, Kind.HOME, Kind.PAGER)


@dataclass(frozen=True, slots=True)
class Value:
    """`text` is `document.text[start:end]`; of an address over several lines it holds their breaks.
    `confidence`: the share of such values that are right, as measured when the models were trained."""

    kind: Kind
    text: str
    start: int
    end: int
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Signature:
    """The sender's own signature. `lines`: where each of its lines begins and ends in the text."""

    values: tuple[Value, ...] = ()
    lines: tuple[tuple[int, int], ...] = ()

    def of(self, *kinds: Kind) -> Iterator[Value]:
        """The values of these kinds, in the mail's order."""
        return (value for value in self.values if value.kind in kinds)

    def first(self, kind: Kind) -> Value | None:
        """The one of a kind that is surest; the earliest of equals."""
        return max(self.of(kind), key=lambda value: value.confidence, default=None)

    def sure(self, least: float) -> Signature:
        """Only what is at least so sure; the rest is not said."""
        return Signature(tuple(v for v in self.values if v.confidence >= least), self.lines)
