"""Calendar items as Exchange keeps them: what a client left out is filled in, what follows from the rest is set."""

from __future__ import annotations

import uuid
from typing import Any

from connectors.sandbox.ews import series, zones
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.state import Mailbox

Values = dict[str, Any]
ROLES = ("RequiredAttendees", "OptionalAttendees", "Resources")
MEETING, RECEIVED, CANCELLED = 1, 2, 4
# the start of the global object id that every Exchange UID has
_UID_START = "040000008200E00074C5B7101A82E008"


def attendees(values: Values) -> list[Values]:
    return [each for role in ROLES for each in values.get(role) or ()]


def finish(values: Values, owner: Mailbox, now: str, before: Values | None = None) -> Values:
    """A calendar item as the server would keep it: checked, whole days cut at midnight, derived properties set.
    `before`: the values that it had until now. Raises `EwsError`."""
    made = dict(values)
    made.setdefault("Start", now)
    if "End" not in made:
        made["End"] = made["Start"]
    zone = made.setdefault("StartTimeZone", owner.timezone)
    made.setdefault("EndTimeZone", zone)
    if made["End"] < made["Start"]:
        raise EwsError("ErrorCalendarEndDateIsEarlierThanStartDate")
    if made.setdefault("IsAllDayEvent", False):
        start, end = zones.moment(made["Start"]), zones.moment(made["End"])
        first, last = zones.midnight(start, zone), zones.midnight(end, zone)
        if last < end or last <= first:
            last = zones.day_after(last, zone)
        made["Start"], made["End"] = zones.stamp(first), zones.stamp(last)
    for name, value in (
        ("UID", _UID_START + uuid.uuid4().hex.upper()),
        ("LegacyFreeBusyStatus", "Busy"),
        ("ReminderIsSet", False),
        ("ReminderMinutesBeforeStart", 15),
        ("Organizer", {"name": owner.name, "address": owner.address}),
        ("IsCancelled", False),
        ("AppointmentSequenceNumber", 0),
        ("MeetingRequestWasSent", False),
        ("IsResponseRequested", True),
        ("AppointmentState", 0),
    ):
        made.setdefault(name, value)
    state = int(made["AppointmentState"])
    mine = (made["Organizer"].get("address") or "").lower() == owner.address
    state = state | MEETING if attendees(made) else state & ~MEETING if not state & RECEIVED else state
    made["AppointmentState"] = state
    made["IsMeeting"] = bool(state & MEETING)
    made["IsCancelled"] = bool(state & CANCELLED)
    made["IsOrganizer"] = mine or not state & RECEIVED
    made.setdefault("MyResponseType", "Organizer" if made["IsOrganizer"] else "NoResponseReceived")
    if "OriginalStart" in made:  # an occurrence is not told by what it holds
        return made
    made["IsRecurring"] = bool(made.get("Recurrence"))
    made["CalendarItemType"] = "RecurringMaster" if made.get("Recurrence") else "Single"
    made = series.aligned(made) if made.get("Recurrence") else made
    return series.renewed(before, made) if before is not None else made
