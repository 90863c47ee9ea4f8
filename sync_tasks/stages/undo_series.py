"""Series in an undo: single dates come back, and keep what they have of their own.

Some vendors bring a date back only by writing the whole pattern anew, and some bring a deleted series back without its
exceptions. So what single dates have of their own is kept, or looked up, and laid anew; where it still stands that
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from connectors.protocols import Detail, Mailbox
from mapping.model import fields as f
from mapping.model.item import MISSING, Fields, Item, ItemRef, Moved, Original, Series, Span
from mapping.model.series import occurrence_id, split_id, stamp
from mapping.recurrence.edits import with_moved, with_standing
from mapping.recurrence.expand import span_of

# besides its time, which the series tells
_OWN = (f.SUBJECT, f.LOCATION, f.BODY, f.HTML, f.SHOW_AS, f.SENSITIVITY, f.REMINDER, f.CATEGORIES)

Parts = Mapping[str, Fields]  # by the stamp of the original start


def series_of(master: Item | None) -> Series | None:
    found = master.get(f.SERIES) if master is not None else None
    return found if isinstance(found, Series) else None


def to_write(before: Fields) -> Fields:
    """The series among the values of a master, without the exceptions that stand where the rule has them."""
    series = before.get(f.SERIES)
    if not isinstance(series, Series):
        return {}
    moved = tuple(each for each in series.moved if each.span != span_of(series, each.original))
    return {f.SERIES: replace(series, moved=moved)}


def exceptions(masters: Iterable[Item]) -> list[ItemRef]:
    """The dates of these series that differ from the rest."""
    return [
        ItemRef(each.ref.side, each.ref.kind, occurrence_id(each.ref.id, moved.original), each.ref.container)
        for each in masters
        if (series := series_of(each)) is not None
        for moved in series.moved
    ]


def parts(mailbox: Mailbox, masters: Iterable[Item]) -> dict[str, dict[str, Fields]]:
    """What single dates have of their own, by the id of their master. Costs what reading them costs."""
    known = {each.ref.id: each for each in masters}
    refs = exceptions(known.values())
    found: dict[str, dict[str, Fields]] = {}
    for ref, date in (mailbox.read(refs, Detail.BODY) if refs else {}).items():
        master, original = split_id(ref.id)
        if isinstance(date, Item) and original is not None:
            found.setdefault(master, {})[stamp(original)] = own(date.fields, known[master].fields)
    return found


def own(date: Fields, master: Fields) -> Fields:
    """In what a date differs from its series, apart from its time."""
    return {name: date[name] for name in _OWN if _told(date, name) and date[name] != master.get(name)}


def _told(values: Fields, name: str) -> bool:
    return values.get(name, MISSING) is not MISSING


def with_dates(series: Series, dates: Mapping[Original, Fields]) -> Series:
    """The series with these dates again, where they stood. `dates`: what they were, by original start."""
    for original, before in dates.items():
        span = before.get(f.SPAN)
        stood = span if isinstance(span, Span) else span_of(series, original)
        moved = stood != span_of(series, original)
        series = with_moved(series, Moved(original, stood)) if moved else with_standing(series, original)
    return series
