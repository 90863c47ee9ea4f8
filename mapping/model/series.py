"""A series of events: the rule by which it repeats, and what was done to single occurrences.

An occurrence is named by where it *originally* starts, which never changes, however often it is moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from mapping.model.item import Span

Original = datetime | date  # aware UTC for timed series, a date for all-day ones
SEPARATOR = "#"


@dataclass(frozen=True, slots=True)
class Moved:
    """An occurrence that differs from its master: `id` is its own id at the vendor, `span` where it stands now."""

    original: Original
    span: Span
    id: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """`rule`: the value of an RRULE (`FREQ=WEEKLY;BYDAY=MO`), `first`: the first occurrence. A timed series repeats at
    the same wall-clock time of `zone` (IANA name), an all-day one by dates (zone ''). `cancelled` and `moved` are
    sorted by original start."""

    rule: str
    first: Span
    zone: str = ""
    cancelled: tuple[Original, ...] = ()
    moved: tuple[Moved, ...] = ()

    @property
    def all_day(self) -> bool:
        return self.first.all_day


def stamp(original: Original) -> str:
    """The original start as part of an id or a key: `20261124T090000Z`, or `20261124` for all-day."""
    if isinstance(original, datetime):
        return original.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return original.strftime("%Y%m%d")


def read_stamp(text: str) -> Original:
    """The inverse of `stamp`. Raises ValueError."""
    if "T" in text:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()


def occurrence_id(master: str, original: Original) -> str:
    """The id under which every mailbox connector takes a single occurrence of the series `master`."""
    return f"{master}{SEPARATOR}{stamp(original)}"


def split_id(item_id: str) -> tuple[str, Original | None]:
    """The master's id and the original start; (id, None) for what is no occurrence."""
    master, found, text = item_id.partition(SEPARATOR)
    return (master, read_stamp(text)) if found else (item_id, None)
