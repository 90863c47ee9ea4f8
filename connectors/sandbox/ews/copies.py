"""The other copies of a meeting: an attendee's of what the organizer has, the organizer's of what an attendee has.

A copy has the UID of the meeting. Whoever is invited to a single occurrence of a series has that as an item of its own,
which bears the original start as `RecurrenceId`.
"""

from __future__ import annotations

from connectors.sandbox.ews import series
from connectors.sandbox.ews.appointments import MEETING, RECEIVED, ROLES, finish
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.fields import names_in
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.state import Mailbox

SHARED = names_in(
    "UID Subject Body Location Start End StartTimeZone EndTimeZone IsAllDayEvent Sensitivity LegacyFreeBusyStatus "
    "Recurrence CalendarItemType IsRecurring RequiredAttendees OptionalAttendees Resources Organizer ReminderIsSet "
    "ReminderMinutesBeforeStart AppointmentSequenceNumber"
)
_MOVING = ("Start", "End", "Recurrence")


def shared(values: Values) -> Values:
    """What all copies of a meeting have in common, and who answered what to nobody but the organizer."""
    told = {name: value for name, value in values.items() if name in SHARED}
    for role in ROLES:
        if told.get(role):
            told[role] = [{"name": each.get("name", ""), "address": each.get("address", "")} for each in told[role]]
    return told


def of(call: Call, item: Stored, mailbox: Mailbox) -> Stored | None:
    """The copy of the meeting, or of the same occurrence, in another mailbox's calendar."""
    original = item.original or str(item.values.get("RecurrenceId") or "")
    return find(call, mailbox, str(item.values.get("UID", "")), original)


def find(call: Call, mailbox: Mailbox, uid: str, original: str = "") -> Stored | None:
    """A mailbox's copy of a meeting; `original`: of this occurrence of it."""
    copies = call.items.by_uid(call.directory.distinguished(mailbox, "calendar"), uid)
    if not original:
        return next((each for each in copies if "RecurrenceId" not in each.values), None)
    master = next((each for each in copies if series.is_master(each)), None)
    if master is None:
        return next((each for each in copies if each.values.get("RecurrenceId") == original), None)
    try:
        return series.occurrence(master, original)
    except EwsError:
        return None


def renew(call: Call, item: Stored, mailbox: Mailbox) -> Stored:
    """An attendee's copy, made or brought up to date; own categories and properties stay."""
    told = shared(item.values)
    found = of(call, item, mailbox) or _reinstated(call, item, mailbox)
    if found is None:
        if item.original:
            told = {**told, "RecurrenceId": item.original}
        return _new(call, {**told, **_exceptions(item.values, {})}, mailbox)
    kept = {name: value for name, value in found.values.items() if name not in SHARED}
    if any(found.values.get(name) != told.get(name) for name in _MOVING):
        kept["MyResponseType"] = "NoResponseReceived"
    values = {**kept, **told, **_exceptions(item.values, found.values)}
    return call.items.replace(found, finish(values, mailbox, call.items.now, before=found.values))


def _new(call: Call, told: Values, mailbox: Mailbox) -> Stored:
    calendar = call.directory.distinguished(mailbox, "calendar")
    fresh = {**told, "AppointmentState": MEETING | RECEIVED, "MyResponseType": "NoResponseReceived"}
    fresh["LegacyFreeBusyStatus"] = "Tentative"
    made = finish(fresh, mailbox, call.items.now)
    if made.get("Recurrence"):  # the series takes in the single occurrences that came before it
        for single in call.items.by_uid(calendar, str(made["UID"])):
            call.items.delete(single)
    return call.items.create(calendar, "CalendarItem", made)


def _reinstated(call: Call, item: Stored, mailbox: Mailbox) -> Stored | None:
    """An occurrence that the attendee had removed comes back with its update."""
    if not item.original:
        return None
    master = find(call, mailbox, str(item.values.get("UID", "")))
    if master is None or not series.is_master(master):
        return None
    gone = [name for name in master.values.get(series.CANCELLED) or () if name != item.original]
    return series.occurrence(call.items.replace(master, {**master.values, series.CANCELLED: gone}), item.original)


def _exceptions(told: Values, own: Values) -> Values:
    """The exceptions of a series' copy: what differs for all, beside what its owner has of the own."""
    theirs: dict[str, Values] = told.get(series.EXCEPTIONS) or {}
    mine: dict[str, Values] = own.get(series.EXCEPTIONS) or {}
    gone = set(told.get(series.CANCELLED) or ()) | set(own.get(series.CANCELLED) or ())
    merged = {
        name: {**_named(mine.get(name, {}), shared_too=False), **_named(theirs.get(name, {}), shared_too=True)}
        for name in sorted(theirs.keys() | mine.keys()) if name not in gone
    }  # fmt: skip
    return {series.EXCEPTIONS: merged, series.CANCELLED: sorted(gone)} if merged or gone else {}


def _named(values: Values, *, shared_too: bool) -> Values:
    return {name: value for name, value in values.items() if (name in SHARED) is shared_too}
