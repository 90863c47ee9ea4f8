"""Series as Exchange keeps them: one stored item, the master, that makes its occurrences when they are asked for.

What differs lies in the master's values: `Cancelled`, the original starts of occurrences that were deleted, and
`Exceptions`, {original start: the values that the occurrence has of its own}. Everything else of an occurrence follows
the master. `Epoch` counts how often the pattern was set anew: the ids of occurrences name it, so they end with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from connectors.sandbox.ews import zones
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.fields import names_in
from connectors.sandbox.ews.patterns import days, is_endless, normal

if TYPE_CHECKING:
    from connectors.sandbox.ews.items import Stored

Values = dict[str, Any]
CANCELLED, EXCEPTIONS, EPOCH = "Cancelled", "Exceptions", "Epoch"
OCCURRENCE, EXCEPTION = "Occurrence", "Exception"
# what makes the pattern: a change of any of them makes other occurrences
_PATTERN = ("Recurrence", "Start", "End", "StartTimeZone", "IsAllDayEvent")
# belongs to the master alone, or follows from what an occurrence is
_NOT_INHERITED = names_in("Recurrence Cancelled Exceptions")
_NOT_OWN = names_in("CalendarItemType IsRecurring OriginalStart RecurrenceId Epoch UID")
_COMPARED = 60  # neighbours looked at to see whether occurrences overlap


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the pattern: `index` counts from 1, cancelled occurrences included."""

    index: int
    original: datetime
    end: datetime

    @property
    def name(self) -> str:
        return zones.stamp(self.original)


def is_master(item: Stored) -> bool:
    return item.kind == "CalendarItem" and not item.original and bool(item.values.get("Recurrence"))


def slots(values: Values, before: datetime | None = None) -> Iterator[Slot]:
    """The places of the pattern in order, those that start before the moment (None: all of them)."""
    zone, clock, length = _clock(values)
    for index, day in enumerate(days(values["Recurrence"]), 1):
        # the clock tells both ends: an occurrence that spans a change of the clocks has another length
        start = datetime.combine(day, clock)
        end = (start + length).replace(tzinfo=zone).astimezone(UTC)
        slot = Slot(index, start.replace(tzinfo=zone).astimezone(UTC), end)
        if before is not None and slot.original >= before:
            return
        yield slot


def aligned(values: Values) -> Values:
    """A master's values with start and end of the first occurrence of the pattern. Raises
    ErrorCalendarInvalidRecurrence, ErrorRecurrenceHasNoOccurrence, ErrorOccurrenceTimeSpanTooBig."""
    values = {**values, "Recurrence": normal(values["Recurrence"])}
    first = list(islice(slots(values), _COMPARED))
    if not first:
        raise EwsError("ErrorRecurrenceHasNoOccurrence")
    if any(one.end > other.original for one, other in pairwise(first)):
        raise EwsError("ErrorOccurrenceTimeSpanTooBig")
    return {**values, "Start": first[0].name, "End": zones.stamp(first[0].end)}


def renewed(before: Values, after: Values) -> Values:
    """A master's new values: with another pattern than before, nothing is left of its exceptions."""
    if all(before.get(name) == after.get(name) for name in _PATTERN):
        return after
    kept = {name: value for name, value in after.items() if name not in (CANCELLED, EXCEPTIONS)}
    return {**kept, EPOCH: int(before.get(EPOCH, 0)) + 1}


def view(master: Stored, start: datetime, end: datetime) -> Iterator[Stored]:
    """What takes place between the moments, as a calendar shows it."""
    after, before = zones.stamp(start), zones.stamp(end)
    moved: Values = master.values.get(EXCEPTIONS) or {}
    # an exception may stand in the view although its place does not
    farthest = max((zones.moment(name) + timedelta(seconds=1) for name in moved), default=end)
    for slot in slots(master.values, max(end, farthest)):
        found = _made(master, slot) if slot.name in moved or slot.end >= start else None
        if found is None:
            continue
        begins, stops = found.values["Start"], found.values["End"]
        if begins < before and (stops > after or begins >= after):
            yield found


def occurrence(master: Stored, original: str) -> Stored:
    """The occurrence of an original start. Raises ErrorItemNotFound when it was deleted or never was."""
    found = _made(master, _slot(master.values, original))
    if found is None:
        raise EwsError("ErrorItemNotFound")
    return found


def occurrence_number(master: Stored, index: int) -> Stored:
    """The occurrence of an index. Raises ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange,
    ErrorCalendarOccurrenceIsDeletedFromRecurrence."""
    slot = next(islice(slots(master.values), index - 1, None), None) if index > 0 else None
    if slot is None:
        raise EwsError("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange")
    found = _made(master, slot)
    if found is None:
        raise EwsError("ErrorCalendarOccurrenceIsDeletedFromRecurrence")
    return found


def exceptions(master: Stored) -> list[Stored]:
    """The occurrences that differ from the master, in the order of their original starts."""
    return [occurrence(master, name) for name in sorted(master.values.get(EXCEPTIONS) or ())]


def ends(master: Stored) -> tuple[Stored | None, Stored | None]:
    """The first and the last occurrence that there is; no last one for a series without end."""
    gone = set(master.values.get(CANCELLED) or ())
    there = (slot for slot in slots(master.values) if slot.name not in gone)
    first = last = next(there, None)
    if first is None:
        return None, None
    if is_endless(master.values["Recurrence"]):
        return _made(master, first), None
    for slot in there:
        last = slot
    return _made(master, first), _made(master, last or first)


def changed(master: Values, item: Stored, values: Values) -> Values:
    """The master's values after its occurrence `item` got these values. Raises ErrorOccurrenceCrossingBoundary."""
    slot = _slot(master, item.original)
    inherited = _inherited(master, slot)
    own = {
        name: values.get(name)
        for name in values.keys() | inherited.keys()
        if name not in _NOT_OWN and values.get(name) != inherited.get(name)
    }
    if any(values[name] != item.values[name] for name in ("Start", "End")):
        _check_place(master, slot, values)
    return {**master, EXCEPTIONS: {**(master.get(EXCEPTIONS) or {}), slot.name: own}}


def cancelled(master: Values, original: str) -> Values:
    """The master's values without one of its occurrences. Raises ErrorRecurrenceHasNoOccurrence for the last one."""
    gone = {*(master.get(CANCELLED) or ()), original}
    if all(slot.name in gone for slot in islice(slots(master), len(gone) + 1)):
        raise EwsError("ErrorRecurrenceHasNoOccurrence")
    kept = {name: own for name, own in (master.get(EXCEPTIONS) or {}).items() if name != original}
    return {**master, CANCELLED: sorted(gone), EXCEPTIONS: kept}


def _clock(values: Values) -> tuple[tzinfo, time, timedelta]:
    """In which zone the series is meant, when it begins on a day there, and how long it lasts on the clock."""
    zone = zones.zone(str(values.get("StartTimeZone", ""))) or UTC
    begins, stops = (zones.moment(values[name]).astimezone(zone).replace(tzinfo=None) for name in ("Start", "End"))
    if values.get("IsAllDayEvent"):
        return zone, time(), stops.date() - begins.date()
    return zone, begins.time(), stops - begins


def _slot(values: Values, original: str) -> Slot:
    moment = zones.moment(original)
    for slot in slots(values, moment + timedelta(seconds=1)):
        if slot.original == moment:
            return slot
    raise EwsError("ErrorItemNotFound")


def _made(master: Stored, slot: Slot) -> Stored | None:
    """The occurrence at a place; None when it was deleted."""
    if slot.name in (master.values.get(CANCELLED) or ()):
        return None
    own = (master.values.get(EXCEPTIONS) or {}).get(slot.name)
    values = {**_inherited(master.values, slot), **(own or {})}
    values = {name: value for name, value in values.items() if value is not None}
    values["CalendarItemType"] = OCCURRENCE if own is None else EXCEPTION
    return replace(master, values=values, original=slot.name)


def _inherited(master: Values, slot: Slot) -> Values:
    """The values of an occurrence that nobody touched."""
    kept = {name: value for name, value in master.items() if name not in _NOT_INHERITED}
    times = {"Start": slot.name, "End": zones.stamp(slot.end), "OriginalStart": slot.name, "RecurrenceId": slot.name}
    return {**kept, **times, "CalendarItemType": OCCURRENCE, "IsRecurring": True}


def _check_place(master: Values, slot: Slot, values: Values) -> None:
    """Occurrences keep their order, do not overlap, and begin on different days."""
    zone = zones.zone(str(master.get("StartTimeZone", ""))) or UTC
    start, end = zones.moment(values["Start"]), zones.moment(values["End"])
    for other, later in _neighbours(master, slot):
        begins, stops = zones.moment(other["Start"]), zones.moment(other["End"])
        apart = end <= begins if later else stops <= start
        if not apart or begins.astimezone(zone).date() == start.astimezone(zone).date():
            raise EwsError(
                "ErrorOccurrenceCrossingBoundary", "",
                {
                    "AdjacentOccurrenceOriginalStartTime": other["OriginalStart"],
                    "AdjacentOccurrenceStartTime": other["Start"], "AdjacentOccurrenceEndTime": other["End"],
                    "ModifiedOccurrenceOriginalStartTime": slot.name,
                    "ModifiedOccurrenceStartTime": values["Start"], "ModifiedOccurrenceEndTime": values["End"],
                },
            )  # fmt: skip


def _neighbours(master: Values, slot: Slot) -> Iterator[tuple[Values, bool]]:
    """The times of the occurrence before a place and of the one after it (True), as far as there are any."""
    gone, moved = set(master.get(CANCELLED) or ()), master.get(EXCEPTIONS) or {}
    before: Values | None = None
    for each in slots(master):
        if each.name in gone or each.index == slot.index:
            continue
        times = {
            "Start": each.name,
            "End": zones.stamp(each.end),
            **moved.get(each.name, {}),
            "OriginalStart": each.name,
        }
        if each.index > slot.index:
            if before is not None:
                yield before, False
            yield times, True
            return
        before = times
    if before is not None:
        yield before, False
