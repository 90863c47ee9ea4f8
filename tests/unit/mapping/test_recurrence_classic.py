"""Series as Salesforce Classic holds them: columns, limits, and what it cannot hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mapping.model.item import Series, Span
from mapping.model.reasons import ISSUES, SENTENCES
from mapping.recurrence import classic, lex
from mapping.recurrence.classic import FORMS, Part
from mapping.recurrence.expand import originals
from mapping.recurrence.patterns import ORDINALS
from mapping.recurrence.refusals import ALL_DAY, NOT_EXPRESSIBLE, OFF, REFUSALS, TOO_LONG, ZONE_UNKNOWN, Refusal
from mapping.recurrence.rules import Day, Frequency, Rule

KEYS = frozenset({"Europe/Berlin", "America/New_York", "GMT"})
FIRST = datetime(2026, 12, 1, 9, tzinfo=UTC)  # a Tuesday


def series(rule: str, first: datetime = FIRST, *, minutes: int = 60, zone: str = "Europe/Berlin") -> Series:
    return Series(rule, Span(first, first + timedelta(minutes=minutes)), zone)


def held(given: Series, since: datetime | None = None) -> Part:
    part = classic.part(given, since or FIRST, KEYS)
    assert isinstance(part, Part), part
    return part


def pattern(part: Part) -> dict[str, Any]:
    """What the columns say of the way in which it repeats."""
    names = ("Type", "Interval", "DayOfWeekMask", "DayOfMonth", "Instance", "MonthOfYear")
    return {name: part.columns[f"Recurrence{name}"] for name in names if part.columns[f"Recurrence{name}"] is not None}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=3", {"Type": "RecursDaily", "Interval": 3}),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", {"Type": "RecursEveryWeekday", "DayOfWeekMask": 62}),
        ("FREQ=WEEKLY;INTERVAL=2", {"Type": "RecursWeekly", "Interval": 2, "DayOfWeekMask": 4}),
        ("FREQ=WEEKLY;BYDAY=SU,TU,SA", {"Type": "RecursWeekly", "Interval": 1, "DayOfWeekMask": 69}),
        ("FREQ=MONTHLY;BYMONTHDAY=1", {"Type": "RecursMonthly", "Interval": 1, "DayOfMonth": 1}),
        (
            "FREQ=MONTHLY;BYDAY=1TU",
            {"Type": "RecursMonthlyNth", "Interval": 1, "DayOfWeekMask": 4, "Instance": "First"},
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
            {"Type": "RecursMonthlyNth", "Interval": 1, "DayOfWeekMask": 62, "Instance": "First"},
        ),
        ("FREQ=YEARLY", {"Type": "RecursYearly", "DayOfMonth": 1, "MonthOfYear": "December"}),
        (
            "FREQ=YEARLY;BYMONTH=12;BYDAY=1TU",
            {"Type": "RecursYearlyNth", "DayOfWeekMask": 4, "Instance": "First", "MonthOfYear": "December"},
        ),
    ],
)
@pytest.mark.rule("REC-4")
def test_a_pattern_is_told_in_the_columns_of_its_type_and_in_no_others(rule: str, expected: dict[str, Any]) -> None:
    assert pattern(held(series(rule + ";COUNT=2"))) == expected


@pytest.mark.rule("REC-4")
def test_the_columns_say_when_the_series_begins_and_ends_on_its_own_clock() -> None:
    late = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)  # half past midnight of the 2nd

    columns = held(series("FREQ=DAILY;COUNT=3", late, minutes=45)).columns

    assert {name: value for name, value in columns.items() if value is not None} == {
        "IsRecurrence": True,
        "IsAllDayEvent": False,
        "StartDateTime": late,
        "DurationInMinutes": 45,
        "RecurrenceStartDateTime": late,
        "RecurrenceEndDateOnly": date(2026, 12, 4),
        "RecurrenceTimeZoneSidKey": "Europe/Berlin",
        "RecurrenceType": "RecursDaily",
        "RecurrenceInterval": 1,
    }


@pytest.mark.parametrize(
    ("given", "keys", "refusal"),
    [
        (series("FREQ=DAILY"), frozenset(), OFF),
        (Series("FREQ=DAILY", Span(date(2026, 12, 1), date(2026, 12, 2))), KEYS, ALL_DAY),
        (series("FREQ=DAILY", minutes=24 * 60 + 1), KEYS, TOO_LONG),
        (series("FREQ=MONTHLY;BYMONTHDAY=1,15"), KEYS, NOT_EXPRESSIBLE),
        (series("FREQ=MONTHLY;BYMONTHDAY=29", FIRST + timedelta(28)), KEYS, NOT_EXPRESSIBLE),
        (series("FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1", FIRST + timedelta(28)), KEYS, NOT_EXPRESSIBLE),
        (series("FREQ=YEARLY;INTERVAL=2"), KEYS, NOT_EXPRESSIBLE),
        (series("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU"), KEYS, NOT_EXPRESSIBLE),
        (series("FREQ=DAILY;INTERVAL=1000"), KEYS, NOT_EXPRESSIBLE),
        (series("FREQ=DAILY", zone="Etc/GMT+12"), KEYS, ZONE_UNKNOWN),
    ],
)
@pytest.mark.rule("REC-1", "REC-7", "REC-8", "ALL-3", "TZN-1")
def test_what_salesforce_cannot_hold_is_refused_with_its_reason(
    given: Series, keys: frozenset[str], refusal: Refusal
) -> None:
    assert classic.part(given, FIRST, keys) is refusal


@pytest.mark.rule("REC-8")
def test_a_series_of_whole_24_hours_is_held() -> None:
    assert held(series("FREQ=DAILY;COUNT=2", minutes=24 * 60)).columns["DurationInMinutes"] == 1440


@pytest.mark.rule("REC-7", "REC-8", "TZN-1")
def test_every_refusal_is_an_issue_with_a_sentence_for_people() -> None:
    assert {each.reason for each in REFUSALS} <= ISSUES
    assert {each.reason for each in REFUSALS} <= set(SENTENCES)


@pytest.mark.parametrize(
    ("rule", "most", "passed"),
    [
        ("FREQ=DAILY", 100, 25),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", 100, 25),
        ("FREQ=WEEKLY", 53, 14),
        ("FREQ=MONTHLY", 60, 15),
        ("FREQ=MONTHLY;BYDAY=1TU", 60, 15),
        ("FREQ=YEARLY", 10, 3),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=1TU", 10, 3),
    ],
)
@pytest.mark.rule("REC-14")
def test_an_endless_series_is_held_in_parts_and_each_is_due_when_a_quarter_has_passed(
    rule: str, most: int, passed: int
) -> None:
    endless = series(rule)
    all_starts = originals(endless)

    first = held(endless)
    assert isinstance(first.next, datetime)
    second = held(endless, first.next)

    assert first.originals == tuple(next(all_starts) for _ in range(most))
    assert second.originals == tuple(next(all_starts) for _ in range(most))
    assert isinstance(last_passed := first.originals[passed - 1], datetime)
    assert first.due == last_passed + timedelta(hours=1)


@pytest.mark.rule("REC-14")
def test_a_series_that_fits_is_held_whole_and_nothing_is_due() -> None:
    part = held(series("FREQ=YEARLY;COUNT=10"))

    assert (len(part.originals), part.next, part.due) == (10, None, None)


@pytest.mark.rule("REC-14")
def test_the_last_part_of_a_long_series_ends_with_it() -> None:
    long = series("FREQ=DAILY;COUNT=101")
    part = held(long, FIRST + timedelta(90))

    assert (len(part.originals), part.next) == (11, None)
    assert classic.part(long, FIRST + timedelta(101), KEYS) is None


def test_an_occurrence_at_a_time_that_the_clocks_skip_is_a_part_of_its_own() -> None:
    daily = series("FREQ=DAILY", datetime(2026, 3, 27, 1, 30, tzinfo=UTC))
    skipped = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

    alone, rest = held(daily, skipped), held(daily, skipped + timedelta(hours=1))

    assert (alone.originals, alone.next) == ((skipped,), rest.originals[0])
    assert rest.columns["RecurrenceStartDateTime"] == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


@pytest.mark.rule("TZN-1", "TZN-2")
def test_a_zone_is_told_under_the_name_that_the_organization_knows() -> None:
    part = held(series("FREQ=DAILY;COUNT=2", zone="Europe/Vienna"))

    assert part.columns["RecurrenceTimeZoneSidKey"] == "Europe/Berlin"


# --- down

ROW: dict[str, Any] = {
    "IsAllDayEvent": False,
    "StartDateTime": FIRST,
    "DurationInMinutes": 30,
    "RecurrenceStartDateTime": FIRST,
    "RecurrenceEndDateOnly": date(2027, 1, 31),
    "RecurrenceTimeZoneSidKey": "Europe/Berlin",
}


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"Type": "RecursDaily", "Interval": 2}, "FREQ=DAILY;INTERVAL=2"),
        ({"Type": "RecursEveryWeekday"}, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ({"Type": "RecursWeekly", "Interval": 2, "DayOfWeekMask": 5}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU"),
        ({"Type": "RecursMonthly", "Interval": 1, "DayOfMonth": 1}, "FREQ=MONTHLY;BYMONTHDAY=1"),
        (
            {"Type": "RecursMonthlyNth", "Interval": 1, "Instance": "Last", "DayOfWeekMask": 127},
            "FREQ=MONTHLY;BYMONTHDAY=-1",
        ),
        ({"Type": "RecursYearly", "DayOfMonth": 1, "MonthOfYear": "December"}, "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=1"),
        (
            {"Type": "RecursYearlyNth", "Instance": "First", "DayOfWeekMask": 4, "MonthOfYear": "December"},
            "FREQ=YEARLY;BYMONTH=12;BYDAY=1TU",
        ),
    ],
)
@pytest.mark.rule("REC-5")
def test_a_series_made_in_salesforce_is_read(columns: dict[str, Any], rule: str) -> None:
    read = classic.read(ROW | {f"Recurrence{name}": value for name, value in columns.items()})

    assert isinstance(read, Series)
    assert read.rule == f"{rule};UNTIL=20270131T090000Z"
    assert (read.first.minutes, read.zone) == (30, "Europe/Berlin")


@pytest.mark.rule("REC-5")
def test_a_series_begins_with_its_first_occurrence_even_if_it_is_said_to_begin_before() -> None:
    read = classic.read(
        ROW | {"RecurrenceType": "RecursWeekly", "RecurrenceInterval": 1, "RecurrenceDayOfWeekMask": 16}
    )

    assert isinstance(read, Series)
    assert read.first == Span(FIRST + timedelta(2), FIRST + timedelta(2, minutes=30))


DAILY_ROW = ROW | {"RecurrenceType": "RecursDaily", "RecurrenceInterval": 1}


@pytest.mark.parametrize(
    ("columns", "refusal"),
    [
        ({"IsAllDayEvent": True}, ALL_DAY),
        ({"DurationInMinutes": 1441}, TOO_LONG),
        ({"RecurrenceTimeZoneSidKey": "Mars/Olympus"}, ZONE_UNKNOWN),
        ({"RecurrenceEndDateOnly": None}, NOT_EXPRESSIBLE),
        ({"RecurrenceEndDateOnly": date(2026, 11, 30)}, NOT_EXPRESSIBLE),
        ({"DurationInMinutes": None}, NOT_EXPRESSIBLE),
        ({"RecurrenceType": None}, NOT_EXPRESSIBLE),
        ({"RecurrenceType": "RecursHourly"}, NOT_EXPRESSIBLE),
        ({"RecurrenceInterval": -1}, NOT_EXPRESSIBLE),
        ({"RecurrenceType": "RecursWeekly", "RecurrenceDayOfWeekMask": 0}, NOT_EXPRESSIBLE),
        ({"RecurrenceType": "RecursMonthly", "RecurrenceDayOfMonth": 31}, NOT_EXPRESSIBLE),
        (
            {"RecurrenceType": "RecursMonthlyNth", "RecurrenceInstance": "First", "RecurrenceDayOfWeekMask": 6},
            NOT_EXPRESSIBLE,
        ),
    ],
)
@pytest.mark.rule("REC-7", "REC-8")
def test_a_series_of_salesforce_that_has_no_sure_meaning_is_refused(columns: dict[str, Any], refusal: Refusal) -> None:
    assert classic.read(DAILY_ROW | columns) is refusal


def test_every_type_says_how_many_occurrences_salesforce_holds() -> None:
    assert {name: form.most for name, form in FORMS.items()} == {
        "RecursDaily": 100,
        "RecursEveryWeekday": 100,
        "RecursWeekly": 53,
        "RecursMonthly": 60,
        "RecursMonthlyNth": 60,
        "RecursYearly": 10,
        "RecursYearlyNth": 10,
    }


# --- Lightning


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("FREQ=DAILY", "RRULE:FREQ=DAILY"),
        ("COUNT=13;FREQ=WEEKLY;WKST=SU;BYDAY=TU", "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=13"),
        ("FREQ=MONTHLY;UNTIL=20270301", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1;UNTIL=20270301T090000Z"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=1TU;COUNT=999", "RRULE:FREQ=YEARLY;BYMONTH=12;BYDAY=1TU;COUNT=999"),
    ],
)
def test_a_lightning_series_is_told_as_a_rule(rule: str, text: str) -> None:
    assert lex.columns(series(rule), FIRST, "Europe/Berlin") == {
        "IsAllDayEvent": False,
        "StartDateTime": FIRST,
        "DurationInMinutes": 60,
        "Recurrence2PatternText": text,
    }


def test_a_lightning_series_is_made_from_the_moment_on() -> None:
    columns = lex.columns(series("FREQ=DAILY;COUNT=40"), FIRST + timedelta(30), "Europe/Berlin")

    assert isinstance(columns, dict)
    assert columns["StartDateTime"] == FIRST + timedelta(30)
    assert columns["Recurrence2PatternText"] == "RRULE:FREQ=DAILY;UNTIL=20270109T090000Z"
    assert lex.columns(series("FREQ=DAILY;COUNT=40"), FIRST + timedelta(40), "Europe/Berlin") is None


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (Series("FREQ=DAILY", Span(date(2026, 12, 1), date(2026, 12, 2))), ALL_DAY),
        (series("FREQ=DAILY", minutes=24 * 60 + 1), TOO_LONG),
        (series("FREQ=DAILY;INTERVAL=1000"), NOT_EXPRESSIBLE),
        (series("FREQ=WEEKLY;INTERVAL=100"), NOT_EXPRESSIBLE),
        (series("FREQ=MONTHLY;INTERVAL=100"), NOT_EXPRESSIBLE),
        (series("FREQ=YEARLY;INTERVAL=2"), NOT_EXPRESSIBLE),
        (series("FREQ=DAILY;COUNT=1000"), NOT_EXPRESSIBLE),
        (series("FREQ=MONTHLY;BYDAY=5TU"), NOT_EXPRESSIBLE),
        (series("FREQ=YEARLY;BYYEARDAY=335"), NOT_EXPRESSIBLE),
        (series("FREQ=MONTHLY;BYDAY=-2MO,-2TU", datetime(2026, 12, 21, 9, tzinfo=UTC)), NOT_EXPRESSIBLE),
        (series("FREQ=DAILY", zone="America/New_York"), ZONE_UNKNOWN),
    ],
)
@pytest.mark.rule("REC-7", "REC-8")
def test_what_lightning_does_not_take_is_refused_with_its_reason(given: Series, refusal: Refusal) -> None:
    assert lex.columns(given, FIRST, "Europe/Berlin") is refusal


def test_every_rule_that_lightning_takes_fits_its_column() -> None:
    months, days = range(1, 13), [*range(-31, 0), *range(1, 32)]
    weekdays = [Day(day, ordinal) for day in range(7) for ordinal in (0, *ORDINALS)]
    longest = Rule(
        Frequency.MONTHLY, 99, tuple(months), (), (), tuple(days), tuple(weekdays), ORDINALS, until=FIRST + timedelta(9)
    )

    columns = lex.columns(series(str(longest)), FIRST, "Europe/Berlin")

    assert isinstance(columns, dict)
    assert len(str(columns["Recurrence2PatternText"])) == 492
