"""What an RRULE says, as data, and back in one form: rules that mean the same are equal.

Calendars repeat by days, so what repeats within a day (`FREQ=HOURLY`, `BYHOUR`, ...) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MONDAY, SUNDAY = 0, 6


class Frequency(StrEnum):
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class Day(NamedTuple):
    """A weekday (0 is Monday), and which one of the month or the year: 1 the first, -1 the last, 0 each of them."""

    weekday: int
    ordinal: int = 0

    def __str__(self) -> str:
        return f"{self.ordinal or ''}{WEEKDAYS[self.weekday]}"


@dataclass(frozen=True, slots=True)
class Rule:
    """How a series repeats, in the words of RFC 5545. `until`: the last day, or the last moment at which an occurrence
    may start, without a zone when it is meant on the clock of the series."""

    frequency: Frequency
    interval: int = 1
    by_month: tuple[int, ...] = ()
    by_week: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[Day, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = MONDAY
    count: int | None = None
    until: datetime | date | None = None

    @property
    def endless(self) -> bool:
        return self.count is None and self.until is None

    def __str__(self) -> str:
        """The value of an RRULE: parts in a fixed order, without those that go without saying."""
        parts = [("FREQ", self.frequency.value), ("INTERVAL", str(self.interval) if self.interval > 1 else "")]
        parts += [(name, ",".join(map(str, getattr(self, attribute)))) for name, (attribute, _) in _LISTS.items()]
        parts += [("WKST", WEEKDAYS[self.week_start] if self.week_start != MONDAY else "")]
        parts += [("COUNT", str(self.count or "")), ("UNTIL", _show_until(self.until))]
        return ";".join(f"{name}={value}" for name, value in parts if value)


def parse(text: str) -> Rule:
    """The rule in an RRULE, with or without its name. Raises ValueError for what is no rule of days."""
    values: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if not value:
            raise ValueError(f"{part!r} is no part of a recurrence rule")
        if name in values:
            raise ValueError(f"the recurrence rule says {name} twice")
        values[name] = value
    return tidy(Rule(**_attributes(values)))


def tidy(rule: Rule) -> Rule:
    """The form that all rules of the same meaning share. Raises ValueError for a rule that contradicts itself."""
    _check(rule)
    lists: dict[str, Any] = {name: tuple(sorted(set(getattr(rule, name)))) for name, _ in _LISTS.values()}
    rule = replace(rule, **lists)
    for rewrite in (_whole_day, _numbered, _weekdays, _every_day, _week_start):
        rule = rewrite(rule)
    return rule


def explicit(rule: Rule, first: date) -> Rule:
    """The rule with the days spelled out that it leaves to the first occurrence."""
    if rule.by_week or rule.by_year_day or rule.by_month_day or rule.by_day:
        return rule
    match rule.frequency:
        case Frequency.DAILY:
            return rule
        case Frequency.WEEKLY:
            rule = replace(rule, by_day=(Day(first.weekday()),))
        case Frequency.MONTHLY:
            rule = replace(rule, by_month_day=(first.day,))
        case Frequency.YEARLY:
            rule = replace(rule, by_month=rule.by_month or (first.month,), by_month_day=(first.day,))
    return tidy(rule)


def in_week(days: Iterable[int], start: int) -> tuple[int, ...]:
    """Weekdays in the order that they have in a week which begins with the weekday `start`."""
    return tuple(sorted(days, key=lambda day: (day - start) % len(WEEKDAYS)))


# --- one form

_LAST_SECOND = time(23, 59, 59)
_USUAL_STARTS = (MONDAY, SUNDAY, 1, 2, 3, 4, 5)
_FOREIGN: Mapping[Frequency, tuple[str, ...]] = {
    Frequency.DAILY: ("by_week", "by_year_day"),
    Frequency.WEEKLY: ("by_week", "by_year_day", "by_month_day"),
    Frequency.MONTHLY: ("by_week", "by_year_day"),
    Frequency.YEARLY: (),
}


def _check(rule: Rule) -> None:
    if rule.count is not None and rule.until is not None:
        raise ValueError("a recurrence rule ends after COUNT or at UNTIL, not both")
    for name, (attribute, _) in _LISTS.items():
        if attribute in _FOREIGN[rule.frequency] and getattr(rule, attribute):
            raise ValueError(f"{name} is no part of a {rule.frequency} recurrence rule")
    if rule.frequency in (Frequency.DAILY, Frequency.WEEKLY) and any(day.ordinal for day in rule.by_day):
        raise ValueError(f"a {rule.frequency} recurrence rule has no numbered weekdays")


def _whole_day(rule: Rule) -> Rule:
    until = rule.until
    if isinstance(until, datetime) and until.tzinfo is None and until.time() == _LAST_SECOND:
        return replace(rule, until=until.date())
    return rule


def _numbered(rule: Rule) -> Rule:
    """The first of a month's Mondays is `1MO`, the last of its days is its day -1."""
    in_month = rule.frequency is Frequency.MONTHLY or (rule.frequency is Frequency.YEARLY and len(rule.by_month) == 1)
    others = rule.by_week or rule.by_year_day or rule.by_month_day or any(day.ordinal for day in rule.by_day)
    if not (in_month and rule.by_set_pos) or others:
        return rule
    if len(rule.by_day) == 1:
        days = tuple(Day(rule.by_day[0].weekday, position) for position in rule.by_set_pos)
        return replace(rule, by_day=days, by_set_pos=())
    if len(rule.by_day) == len(WEEKDAYS):
        return replace(rule, by_month_day=rule.by_set_pos, by_day=(), by_set_pos=())
    return rule


def _weekdays(rule: Rule) -> Rule:
    """Every day that is a Monday or a Friday: that is every week on Monday and Friday."""
    plain = rule.interval == 1 and not (rule.by_month or rule.by_month_day or rule.by_set_pos)
    if rule.frequency is Frequency.DAILY and rule.by_day and plain:
        return replace(rule, frequency=Frequency.WEEKLY)
    return rule


def _every_day(rule: Rule) -> Rule:
    whole = len(rule.by_day) == len(WEEKDAYS) and rule.interval == 1 and not (rule.by_month or rule.by_set_pos)
    if rule.frequency is Frequency.WEEKLY and whole:
        return replace(rule, frequency=Frequency.DAILY, by_day=())
    return rule


def _week_start(rule: Rule) -> Rule:
    """Where weeks begin matters only if some are left out or days are counted in them, and if it parts the days."""
    weekly = rule.frequency is Frequency.WEEKLY and (rule.interval > 1 or rule.by_set_pos)
    if rule.by_week:
        return rule
    days = [day.weekday for day in rule.by_day] if weekly else []
    alike = (start for start in _USUAL_STARTS if in_week(days, start) == in_week(days, rule.week_start))
    return replace(rule, week_start=next(alike))


# --- parts of the text

T = TypeVar("T")
_NUMBER = re.compile(r"[+-]?[0-9]{1,6}")
_DAY = re.compile(rf"([+-]?[0-9]{{1,2}})?({'|'.join(WEEKDAYS)})")
_UNTIL = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")


def _attributes(values: Mapping[str, str]) -> dict[str, Any]:
    if "FREQ" not in values:
        raise ValueError("a recurrence rule says FREQ")
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name not in _PARTS:
            raise ValueError(f"{name} is no part of a recurrence rule of days")
        attribute, read = _PARTS[name]
        try:
            found[attribute] = read(value)
        except ValueError:
            raise ValueError(f"{name}={value} makes no sense in a recurrence rule of days") from None
    return found


def _number(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers between the two that are not zero."""

    def read(text: str) -> int:
        if not _NUMBER.fullmatch(text) or not low <= int(text) <= high or not int(text):
            raise ValueError(text)
        return int(text)

    return read


def _each(read: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    return lambda text: tuple(read(piece.strip()) for piece in text.split(","))


def _read_day(text: str) -> Day:
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    number, name = found.groups()
    return Day(WEEKDAYS.index(name), _number(-53, 53)(number) if number else 0)


def _read_until(text: str) -> datetime | date:
    found = _UNTIL.fullmatch(text)
    if found is None:
        raise ValueError(text)
    day, clock, utc = found.groups()
    if clock is None:
        return date.fromisoformat(day)
    moment = datetime.fromisoformat(f"{day}T{clock}")
    return moment.replace(tzinfo=UTC) if utc else moment


def _show_until(until: datetime | date | None) -> str:
    if until is None:
        return ""
    if not isinstance(until, datetime):
        return f"{until:%Y%m%d}"
    return f"{until:%Y%m%dT%H%M%S}" if until.tzinfo is None else f"{until.astimezone(UTC):%Y%m%dT%H%M%SZ}"


_MOST = 999_999

# In the order in which RFC 5545 applies them.
_LISTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "BYMONTH": ("by_month", _each(_number(1, 12))),
    "BYWEEKNO": ("by_week", _each(_number(-53, 53))),
    "BYYEARDAY": ("by_year_day", _each(_number(-366, 366))),
    "BYMONTHDAY": ("by_month_day", _each(_number(-31, 31))),
    "BYDAY": ("by_day", _each(_read_day)),
    "BYSETPOS": ("by_set_pos", _each(_number(-366, 366))),
}
_PARTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "FREQ": ("frequency", Frequency),
    "INTERVAL": ("interval", _number(1, _MOST)),
    **_LISTS,
    "WKST": ("week_start", WEEKDAYS.index),
    "COUNT": ("count", _number(1, _MOST)),
    "UNTIL": ("until", _read_until),
}
