"""When an event takes place: six columns that must agree, and how long it may be."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from connectors.sandbox.salesforce.errors import SfError, integrity
from connectors.sandbox.salesforce.rules import Row
from connectors.sandbox.salesforce.values import read_date, read_moment, show_moment

DAY = 24 * 60
LONGEST = 14 * DAY
GIVEN = frozenset(
    ("StartDateTime", "EndDateTime", "DurationInMinutes", "ActivityDate", "ActivityDateTime", "IsAllDayEvent")
)


def all_day_end(start: datetime, days: int, mode: str) -> datetime:
    """What EndDateTime says of an all-day event: midnight of its last day, or (other reading) of the day after."""
    return start + timedelta(days=days - 1 if mode == "inclusive" else days)


def all_day_length(start: datetime, end: datetime, mode: str) -> int:
    """Days of an all-day event of which only the end was told."""
    return (end - start).days + (1 if mode == "inclusive" else 0)


def _mismatch(fields: list[str], message: str) -> SfError:
    return integrity(message, fields)


def set_times(row: Row, given: frozenset[str], *, mode: str, multi_day: bool) -> None:
    """Bring the six time columns into agreement with what was `given`. Raises FIELD_INTEGRITY_EXCEPTION."""
    told = {name for name in given if row.get(name) is not None}
    end_known = "EndDateTime" in told
    duration_known = "DurationInMinutes" in told
    if row["IsAllDayEvent"]:
        start = _all_day_start(row, told)
        if end_known:
            end = datetime.combine(read_moment(row["EndDateTime"]).date(), time(), UTC)
            days = all_day_length(start, end, mode)
            if duration_known and row["DurationInMinutes"] != days * DAY:
                raise _mismatch(["EndDateTime"], "duration and end date/time do not agree")
            minutes = days * DAY
        else:
            minutes = int(row["DurationInMinutes"] or DAY) if duration_known or "StartDateTime" not in told else DAY
            if not duration_known and row["DurationInMinutes"]:
                minutes = max(int(row["DurationInMinutes"]), DAY)
        if minutes % DAY:
            raise _mismatch(["DurationInMinutes"], "an all-day event lasts whole days")
        _check_length(minutes, duration_known, multi_day)
        end = all_day_end(start, minutes // DAY, mode)
        row["ActivityDateTime"] = None
    else:
        start = _timed_start(row, told)
        if end_known:
            minutes = int((read_moment(row["EndDateTime"]) - start).total_seconds() // 60)
            if duration_known and row["DurationInMinutes"] != minutes:
                raise _mismatch(["EndDateTime"], "duration and end date/time do not agree")
        elif row["DurationInMinutes"] is not None:
            minutes = int(row["DurationInMinutes"])
        else:
            names = ["DurationInMinutes", "EndDateTime"]
            raise SfError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)
        _check_length(minutes, duration_known, multi_day)
        end = start + timedelta(minutes=minutes)
        row["ActivityDateTime"] = show_moment(start)
    row["StartDateTime"], row["EndDateTime"] = show_moment(start), show_moment(end)
    row["ActivityDate"], row["EndDate"] = start.date().isoformat(), end.date().isoformat()
    row["DurationInMinutes"] = minutes


def _check_length(minutes: int, duration_known: bool, multi_day: bool) -> None:
    field = "DurationInMinutes" if duration_known else "EndDateTime"
    if minutes < 0:
        raise integrity("Event end cannot be before its start", [field])
    if minutes > LONGEST:
        raise integrity("Event duration cannot be longer than 14 days", [field])
    if minutes > DAY and not multi_day:
        raise integrity("Event duration cannot be longer than one day", [field])


def _timed_start(row: Row, told: set[str]) -> datetime:
    names = [name for name in ("StartDateTime", "ActivityDateTime") if name in told]
    if not names:
        names = [name for name in ("StartDateTime",) if row.get(name)]
    if not names:
        raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [StartDateTime]", ["StartDateTime"])
    starts = {name: read_moment(row[name]) for name in names}
    if len(set(starts.values())) > 1:
        raise _mismatch(["ActivityDateTime"], "ActivityDateTime and StartDateTime do not agree")
    start = starts[names[0]]
    if "ActivityDate" in told and read_date(row["ActivityDate"]) != start.date():
        raise _mismatch(["ActivityDate"], "ActivityDate and StartDateTime do not agree")
    return start


def _all_day_start(row: Row, told: set[str]) -> datetime:
    days = {
        name: read_date(row[name]) for name in ("StartDateTime", "ActivityDateTime", "ActivityDate") if name in told
    }
    if len(set(days.values())) > 1:
        raise _mismatch(["ActivityDate"], "ActivityDate and StartDateTime do not agree")
    if not days and row.get("StartDateTime"):
        days = {"StartDateTime": read_date(row["StartDateTime"])}
    if not days:
        raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [ActivityDate]", ["ActivityDate"])
    return datetime.combine(next(iter(days.values())), time(), UTC)
