"""Patterns and ranges between Graph's JSON and the elements that the store keeps."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.ews import zones
from connectors.sandbox.ews.patterns import MONTHS, WEEK, Pairs
from connectors.sandbox.graph.errors import bad
from connectors.sandbox.graph.values import lower_first, upper_first

Json = dict[str, Any]
_KINDS = {
    "daily": "DailyRecurrence", "weekly": "WeeklyRecurrence", "absoluteMonthly": "AbsoluteMonthlyRecurrence",
    "relativeMonthly": "RelativeMonthlyRecurrence", "absoluteYearly": "AbsoluteYearlyRecurrence",
    "relativeYearly": "RelativeYearlyRecurrence",
}  # fmt: skip
_KINDS_BACK = {element: name for name, element in _KINDS.items()}
_RANGES = {"noEnd": "NoEndRecurrence", "endDate": "EndDateRecurrence", "numbered": "NumberedRecurrence"}
_RANGES_BACK = {element: name for name, element in _RANGES.items()}
_GROUPS = {"Day": WEEK, "Weekday": WEEK[:5], "WeekendDay": WEEK[5:]}
# what the JSON of every pattern has, used or not
_UNUSED = {"month": 0, "dayOfMonth": 0, "firstDayOfWeek": "sunday", "index": "first"}
_NOTHING = "0001-01-01"


def told(recurrence: Pairs, zone_name: str) -> Json:
    (kind, pattern), (limits, bounds) = ((name, dict(values)) for name, values in recurrence[:2])
    made: Json = {"type": _KINDS_BACK.get(kind, "daily"), "interval": int(pattern.get("Interval", "1")), **_UNUSED}
    if "Month" in pattern:
        made["month"] = MONTHS.index(pattern["Month"]) + 1
    if "DayOfMonth" in pattern:
        made["dayOfMonth"] = int(pattern["DayOfMonth"])
    if "DaysOfWeek" in pattern:
        words = pattern["DaysOfWeek"].split()
        made["daysOfWeek"] = [lower_first(day) for word in words for day in _GROUPS.get(word, (word,))]
    if "FirstDayOfWeek" in pattern:
        made["firstDayOfWeek"] = lower_first(pattern["FirstDayOfWeek"])
    if "DayOfWeekIndex" in pattern:
        made["index"] = lower_first(pattern["DayOfWeekIndex"])
    span: Json = {
        "type": _RANGES_BACK[limits], "startDate": bounds["StartDate"][:10],
        "endDate": bounds.get("EndDate", _NOTHING)[:10], "recurrenceTimeZone": zone_name,
        "numberOfOccurrences": int(bounds.get("NumberOfOccurrences", "0")),
    }  # fmt: skip
    return {"pattern": made, "range": span}


def read(given: Any) -> Pairs:
    """Raises ErrorPropertyValidationFailure."""
    try:
        pattern, span = given["pattern"], given["range"]
        return [[_KINDS[pattern["type"]], _pattern(pattern)], [_RANGES[span["type"]], _range(span)]]
    except (KeyError, TypeError, ValueError, IndexError):
        raise bad("The recurrence is not valid.", "ErrorPropertyValidationFailure") from None


def zone_of(given: Any) -> str:
    """The Windows name of the zone of a range, '' when it names none. Raises ErrorInvalidTimeZone."""
    name = (given.get("range") or {}).get("recurrenceTimeZone") or ""
    if name and zones.zone(name) is None:
        raise bad("The time zone of the recurrence is unknown.", "ErrorInvalidTimeZone")
    return (zones.windows_name(name) or name) if name else ""


def _pattern(given: Json) -> list[list[str]]:
    """Raises KeyError, TypeError, ValueError and IndexError for what a pattern needs and has not."""
    every = ["Interval", str(int(given["interval"]))]
    month = ["Month", MONTHS[int(given["month"]) - 1]] if str(given["type"]).endswith("Yearly") else []
    match given["type"]:
        case "daily":
            return [every]
        case "weekly":
            first = upper_first(given.get("firstDayOfWeek") or "sunday")
            return [every, ["DaysOfWeek", _days(given)], ["FirstDayOfWeek", first]]
        case "absoluteMonthly":
            return [every, ["DayOfMonth", str(int(given["dayOfMonth"]))]]
        case "relativeMonthly":
            return [every, ["DaysOfWeek", _day(given)], ["DayOfWeekIndex", upper_first(given["index"])]]
        case "absoluteYearly":
            return [["DayOfMonth", str(int(given["dayOfMonth"]))], month]
        case _:
            return [["DaysOfWeek", _day(given)], ["DayOfWeekIndex", upper_first(given["index"])], month]


def _days(given: Json) -> str:
    names = [upper_first(day) for day in given["daysOfWeek"]]
    if not names or not set(names) <= set(WEEK):
        raise ValueError("daysOfWeek")
    return " ".join(names)


def _day(given: Json) -> str:
    """The one word that the store has for one day, for all of them, for those of work and of the weekend."""
    names = {upper_first(day) for day in given["daysOfWeek"]}
    group = next((word for word, days in _GROUPS.items() if set(days) == names), None)
    if group is None and len(names) != 1:
        raise ValueError("daysOfWeek")
    return group or names.pop()


def _range(given: Json) -> list[list[str]]:
    made = [["StartDate", str(given["startDate"])]]
    if given["type"] == "endDate":
        made.append(["EndDate", str(given["endDate"])])
    if given["type"] == "numbered":
        made.append(["NumberOfOccurrences", str(int(given["numberOfOccurrences"]))])
    return made
