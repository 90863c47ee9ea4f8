"""The events of one UID into the calendar: a single item, or a series with its exceptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.ews import series as kept
from connectors.sandbox.ews import zones
from connectors.sandbox.ews.appointments import finish
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.fields import names_in
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.rules import recurrence
from connectors.sandbox.seeding.repeating import Repeating, original_of, repeating, span_in
from connectors.sandbox.seeding.report import FileReport
from connectors.sandbox.seeding.values import (
    busy,
    common,
    parameter,
    people,
    reminder,
    sequence,
    text_of,
    title,
)
from connectors.sandbox.seeding.when import Home, Times, Unusable, at_midnight, moment, prop, times_of
from mapping.model.item import Moved, Original, Series, Span
from mapping.model.series import stamp
from mapping.recurrence.edits import begun_at, ended_before, shifted
from mapping.recurrence.expand import moment_of, originals

# what a changed occurrence says anew; the rest it has from its series
_SAID = names_in(
    "Subject Body Location Sensitivity Categories Importance Start End IsAllDayEvent LegacyFreeBusyStatus "
    "RequiredAttendees OptionalAttendees Resources ReminderIsSet ReminderMinutesBeforeStart AppointmentState "
    "MyResponseType"
)


_OLDER = "an older revision of the same UID"
_THERE = "the calendar has an item of this UID already"


@dataclass(frozen=True, slots=True)
class Event:
    """A component that can be read."""

    component: Any
    home: Home
    times: Times

    @property
    def onwards(self) -> bool:
        """Is a change of one occurrence meant for all that follow as well?"""
        return parameter(prop(self.component, "RECURRENCE-ID"), "RANGE") == "THISANDFUTURE"


@dataclass(frozen=True, slots=True)
class Part:
    """A series to be put there, whose values `event` has; changes from some occurrence on make several of one."""

    uid: str
    event: Event
    series: Series


Changes = Mapping[Original, Event]  # by the original start of the occurrence that was changed


def load_events(call: Call, entries: Sequence[tuple[Any, Home]], report: FileReport) -> None:
    """Load the events of one UID. Raises `Unusable` when none of them can be."""
    masters = [entry for entry in entries if "RECURRENCE-ID" not in entry[0]]
    changed = [entry for entry in entries if "RECURRENCE-ID" in entry[0]]
    if not masters:
        _load_orphans(call, changed, report)
        return
    component, home = max(masters, key=lambda entry: sequence(entry[0]))
    for other, _ in masters:
        if other is not component:
            report.skip(title(other), _OLDER if sequence(other) < sequence(component) else _THERE)
    if _is_there(call, text_of(component, "UID")):
        raise Unusable(_THERE)
    master = Event(component, home, times_of(component, home))
    changes = _changes(changed, master, report)
    try:
        found = repeating(component, master.times, home)
    except Unusable as error:
        report.skip(title(component), str(error))
        for each in changes.values():
            report.skip(title(each.component), "an occurrence of a series that is not loaded")
        return
    _put(call, master, found, changes, report)


def _is_there(call: Call, uid: str) -> bool:
    calendar = call.directory.distinguished(call.acting, "calendar")
    return bool(uid) and bool(call.items.by_uid(calendar, uid))


def _changes(entries: Sequence[tuple[Any, Home]], master: Event, report: FileReport) -> Changes:
    """The changed occurrences, of several revisions the newest, in order."""
    found: dict[Original, Event] = {}
    for component, home in sorted(entries, key=lambda entry: sequence(entry[0])):
        try:
            event = Event(component, home, times_of(component, home))
            original = original_of(component, master.times, home)
        except Unusable as error:
            report.skip(title(component), str(error))
            continue
        if original in found:
            report.skip(title(found[original].component), "an older revision of the same occurrence")
        found[original] = event
    return dict(sorted(found.items(), key=lambda entry: moment_of(entry[0])))


def _load_orphans(call: Call, entries: Sequence[tuple[Any, Home]], report: FileReport) -> None:
    """Single occurrences whose series is not in the file, as somebody has them who is invited to them alone."""
    for component, home in entries:
        if _is_there(call, text_of(component, "UID")):
            raise Unusable(_THERE)
        event = Event(component, home, times_of(component, home))
        original = original_of(component, event.times, home)
        _put_single(call, event, span_in(event.times), report, RecurrenceId=_stamp(original, home))


# --- putting them there


def _put(call: Call, master: Event, found: Repeating, changes: Changes, report: FileReport) -> None:
    left = dict(changes)
    if found.series is not None:
        for original in _put_series(call, master, found.series, changes, report):
            del left[original]
    elif found.reason:
        report.note(f"{title(master.component)}: loaded as single items ({found.reason})")
    alone = found.series is None and len(found.singles) == 1
    for original, span in found.singles.items():
        event = left.pop(original, None)
        span = span if event is None else span_in(event.times)
        uid = text_of(master.component, "UID") if alone else _own_uid(master, original)
        _put_single(call, event or master, span, report, UID=uid)
    for original, event in left.items():  # the series has no such occurrence, or cannot have it there
        _put_single(call, event, span_in(event.times), report, UID=_own_uid(master, original))


def _own_uid(event: Event, original: Original) -> str:
    """What stands beside a series is an item of its own, which must not be taken for it."""
    uid = text_of(event.component, "UID")
    return f"{uid}/{_stamp(original, event.home)}" if uid else ""


def _put_single(call: Call, event: Event, span: Span, report: FileReport, **more: str) -> None:
    values = {**_values(call, event, report), **_span_values(span, event), **more}
    _create(call, event, {name: value for name, value in values.items() if value != ""})
    report.loaded["CalendarItem"] += 1


def _put_series(call: Call, master: Event, series: Series, changes: Changes, report: FileReport) -> frozenset[Original]:
    """Put a series there with those of the changed occurrences that it can have; their original starts."""
    behind = max((moment_of(original) for original in changes), default=master.times.start) + timedelta(seconds=1)
    there = [original for original in originals(series, before=behind) if original in changes]
    moved = tuple(Moved(original, span_in(changes[original].times), stamp(original)) for original in there)
    cancelled = tuple(original for original in series.cancelled if original not in there)
    uid = text_of(master.component, "UID")
    parts = [Part(uid, master, replace(series, cancelled=cancelled, moved=moved))]
    for original in there:
        if changes[original].onwards:
            parts = [*parts[:-1], *_split(parts[-1], original, changes[original], report)]
    events = {stamp(original): changes[original] for original in there}
    refused = {name for part in parts for name in _put_part(call, part, events, report)}
    return frozenset(original for original in there if stamp(original) not in refused)


def _split(part: Part, original: Original, event: Event, report: FileReport) -> list[Part]:
    """From a change on that is meant for all that follow, there is another series."""
    name, begins = stamp(original), moment_of(original)
    try:
        earlier, later = ended_before(part.series, begins), begun_at(part.series, begins)
        if later is None or later.first.start != original:
            raise ValueError("the occurrence is deleted")
        later = replace(later, moved=tuple(each for each in later.moved if each.id != name))
        later = shifted(later, span_in(event.times))
        recurrence(later)
    except ValueError as error:
        report.note(f"{title(event.component)}: changed alone, not for all that follow ({error})")
        return [part]
    following = Part(_own_uid(event, original), event, later)
    return [following] if earlier is None else [replace(part, series=earlier), following]


def _put_part(call: Call, part: Part, events: Mapping[str, Event], report: FileReport) -> list[str]:
    """Put one series there. The names of the changed occurrences that it cannot have where they shall be: those are
    cancelled in it."""
    event, series = part.event, part.series
    values = {**_values(call, event, report), **_span_values(series.first, event), "Recurrence": recurrence(series)}
    made = _create(call, event, {**values, "UID": part.uid} if part.uid else values)
    cancelled = [_stamp(original, event.home) for original in series.cancelled]
    if cancelled:
        made = call.items.replace(made, {**made.values, kept.CANCELLED: cancelled})
    if kept.ends(made)[0] is None:
        raise Unusable("all occurrences of the series are deleted")
    report.loaded["CalendarItem"] += 1
    todo: Sequence[Moved] = series.moved
    while todo:
        # one may have to make room for another
        rest = [each for each in todo if not _change(call, made, each, events[each.id], report)]
        if len(rest) == len(todo):
            break
        todo = rest
    for each in todo:
        report.note(f"{title(events[each.id].component)}: a single item, because it passes its neighbours")
        current = call.items.get(made.id)
        call.items.replace(current, kept.cancelled(current.values, _stamp(each.original, event.home)))
    return [each.id for each in todo]


def _change(call: Call, master: Stored, moved: Moved, event: Event, report: FileReport) -> bool:
    """Change one occurrence; False when its neighbours are in the way."""
    occurrence = kept.occurrence(call.items.get(master.id), _stamp(moved.original, event.home))
    inherited = {name: value for name, value in occurrence.values.items() if name not in _SAID}
    said = {name: value for name, value in _values(call, event, report).items() if name in _SAID}
    values = {**inherited, **said, **_span_values(moved.span, event)}
    try:
        call.items.replace(occurrence, finish(values, call.acting, call.items.now))
    except EwsError as error:
        if error.code != "ErrorOccurrenceCrossingBoundary":
            raise
        return False
    report.loaded["Exception"] += 1
    return True


def _values(call: Call, event: Event, report: FileReport) -> Values:
    """The properties of an event, but for its times."""
    component, times = event.component, event.times
    values = common(component, event.home, report)
    values |= {
        "StartTimeZone": times.zone_name,
        "EndTimeZone": times.zone_name,
        "LegacyFreeBusyStatus": busy(component, all_day=times.all_day),
        "AppointmentSequenceNumber": sequence(component),
    }
    if times.note:
        report.note(f"{title(component)}: {times.note}")
    for name, target in (("UID", "UID"), ("LOCATION", "Location")):
        if text_of(component, name):
            values[target] = text_of(component, name)
    return {**values, **people(call, component), **reminder(component, times, report)}


def _span_values(span: Span, event: Event) -> Values:
    start, end = (_stamp(each, event.home) for each in (span.start, span.end))
    return {"Start": start, "End": end, "IsAllDayEvent": span.all_day}


def _stamp(original: Original, home: Home) -> str:
    """The text of an original start; that of a whole day is its midnight."""
    return zones.stamp(original if isinstance(original, datetime) else at_midnight(original, home))


def _create(call: Call, event: Event, values: Values) -> Stored:
    component, home = event.component, event.home
    created = moment(component, "CREATED", home) or moment(component, "DTSTAMP", home)
    modified = moment(component, "LAST-MODIFIED", home) or created
    folder = call.directory.distinguished(call.acting, "calendar")
    finished = finish(values, call.acting, call.items.now)
    return call.items.create(folder, "CalendarItem", finished, created=created, modified=modified)
