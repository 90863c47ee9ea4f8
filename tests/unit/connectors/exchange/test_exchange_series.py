"""What the element of a recurring item means: pattern, range, exceptions, and the zone that its name does not tell."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from exchangelib import EWSTimeZone
from exchangelib.util import TNS, to_xml

from connectors.exchange.series import series_values, take_series
from mapping.model.item import Moved, Series, Span
from mapping.recurrence.expand import rule_of
from mapping.recurrence.rules import parse

BERLIN = EWSTimeZone("Europe/Berlin")
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEKLY = "<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday</t:DaysOfWeek></t:WeeklyRecurrence>"
ENDLESS = "<t:NoEndRecurrence><t:StartDate>2026-03-02+01:00</t:StartDate></t:NoEndRecurrence>"


def element(
    pattern: str = WEEKLY, limits: str = ENDLESS, *, zone: str = "W. Europe Standard Time", start: datetime = NINE,
    end: datetime = NINE + HOUR, all_day: bool = False, more: str = "", definition: str = "",
) -> Any:  # fmt: skip
    """The CalendarItem element of a master, as far as its series goes."""
    named = f'<t:StartTimeZone Id="{zone}" Name="{zone}">{definition}</t:StartTimeZone>'
    return to_xml(
        f'<t:CalendarItem xmlns:t="{TNS}"><t:Start>{_told(start)}</t:Start><t:End>{_told(end)}</t:End>'
        f"<t:IsAllDayEvent>{str(all_day).lower()}</t:IsAllDayEvent><t:Recurrence>{pattern}{limits}</t:Recurrence>"
        f"{more}{named}</t:CalendarItem>".encode()
    ).getroot()


def _told(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def deleted(*starts: datetime) -> str:
    each = "".join(f"<t:DeletedOccurrence><t:Start>{_told(start)}</t:Start></t:DeletedOccurrence>" for start in starts)
    return f"<t:DeletedOccurrences>{each}</t:DeletedOccurrences>"


def read(given: Any, home: EWSTimeZone | None = BERLIN) -> Series:
    found = take_series(given, home)
    assert found is not None
    return found


WEEKDAYS = WEEKLY.replace("Monday", "Weekday").replace(">1<", ">2<")
COUNTED = ENDLESS.replace("NoEnd", "Numbered").replace("</t:N", "<t:NumberOfOccurrences>7</t:NumberOfOccurrences></t:N")
UNTIL = ENDLESS.replace("NoEnd", "EndDate").replace("</t:E", "<t:EndDate>2026-06-22-04:00</t:EndDate></t:E")
NTH = (
    "<t:RelativeMonthlyRecurrence><t:Interval>12</t:Interval><t:DaysOfWeek>Monday</t:DaysOfWeek>"
    "<t:DayOfWeekIndex>First</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>"
)


@pytest.mark.parametrize(
    ("pattern", "limits", "rule"),
    [
        ("<t:DailyRecurrence><t:Interval>3</t:Interval></t:DailyRecurrence>", COUNTED, "FREQ=DAILY;INTERVAL=3;COUNT=7"),
        (WEEKLY, UNTIL, "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260622"),
        # words for groups of days, and weeks that begin on Sunday where nothing is said
        (WEEKDAYS, ENDLESS, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR;WKST=SU"),
        (NTH, ENDLESS, "FREQ=YEARLY;BYMONTH=3;BYDAY=1MO"),
    ],
)
def test_pattern_and_range_are_a_rule(pattern: str, limits: str, rule: str) -> None:
    series = read(element(pattern, limits))

    assert rule_of(series) == parse(rule)
    assert (series.first, series.zone) == (Span(NINE, NINE + HOUR), "Europe/Berlin")


def test_a_series_begins_with_the_first_day_of_its_pattern() -> None:
    early = ENDLESS.replace("2026-03-02", "2026-02-27")  # a Friday

    assert read(element(limits=early)).first == Span(NINE, NINE + HOUR)


def test_exceptions_are_told_by_their_original_starts_in_order() -> None:
    moved = "".join(
        f'<t:Occurrence><t:ItemId Id="id-{week}" ChangeKey="k"/><t:Start>{_told(start + HOUR)}</t:Start>'
        f"<t:End>{_told(start + 2 * HOUR)}</t:End><t:OriginalStart>{_told(start)}</t:OriginalStart></t:Occurrence>"
        for week, start in ((2, NINE + timedelta(weeks=2)), (1, NINE + timedelta(weeks=1)))
    )
    gone = NINE + timedelta(weeks=4) - HOUR, NINE + timedelta(weeks=3)

    series = read(element(more=f"<t:ModifiedOccurrences>{moved}</t:ModifiedOccurrences>{deleted(*gone)}"))

    assert series.cancelled == (gone[1], gone[0])
    assert series.moved == tuple(
        Moved(start, Span(start + HOUR, start + 2 * HOUR), f"id-{week}")
        for week, start in ((1, NINE + timedelta(weeks=1)), (2, NINE + timedelta(weeks=2)))
    )


def test_an_all_day_series_is_dates() -> None:
    midnight = datetime(2026, 3, 1, 23, tzinfo=UTC)
    series = read(
        element(start=midnight, end=midnight + timedelta(days=1), all_day=True,
                more=deleted(datetime(2026, 3, 29, 22, tzinfo=UTC)))
    )  # fmt: skip

    assert series.first == Span(date(2026, 3, 2), date(2026, 3, 3))
    assert (series.zone, series.cancelled) == ("", (date(2026, 3, 30),))


# --- zones whose name says nothing


def rule(period: str, month: int, day: str, occurrence: int) -> str:
    return (
        f'<t:RecurringDayTransition><t:To Kind="Period">{period}</t:To><t:TimeOffset>PT2H</t:TimeOffset>'
        f"<t:Month>{month}</t:Month><t:DayOfWeek>{day}</t:DayOfWeek><t:Occurrence>{occurrence}</t:Occurrence>"
        "</t:RecurringDayTransition>"
    )


def definition(standard: str, daylight: str, *groups: str, since: int = 2007) -> str:
    """What a zone holds that is told in full; of several groups of changes the last holds since that year."""
    numbered = "".join(f'<t:TransitionsGroup Id="{n}">{group}</t:TransitionsGroup>' for n, group in enumerate(groups))
    later = "".join(
        f'<t:AbsoluteDateTransition><t:To Kind="Group">{n}</t:To><t:DateTime>{since}-01-01T00:00:00</t:DateTime>'
        "</t:AbsoluteDateTransition>"
        for n in range(1, len(groups))
    )
    return (
        f'<t:Periods><t:Period Bias="{standard}" Name="Standard" Id="s"/><t:Period Bias="{daylight}" Name="Daylight" '
        f'Id="d"/></t:Periods><t:TransitionsGroups>{numbered}</t:TransitionsGroups><t:Transitions><t:Transition>'
        f'<t:To Kind="Group">0</t:To></t:Transition>{later}</t:Transitions>'
    )


EUROPE = rule("d", 3, "Sunday", -1) + rule("s", 10, "Sunday", -1)
AMERICA = rule("d", 3, "Sunday", 2) + rule("s", 11, "Sunday", 1)
AMERICA_ONCE = rule("d", 4, "Sunday", 1) + rule("s", 10, "Sunday", -1)
AUSTRALIA = rule("d", 10, "Sunday", 1) + rule("s", 4, "Sunday", 1)
STILL = '<t:Transition><t:To Kind="Period">s</t:To></t:Transition>'


@pytest.mark.parametrize(
    ("told", "zone"),
    [
        (definition("-PT1H", "-PT2H", EUROPE), "Europe/Berlin"),  # and not Paris, which has the same clocks
        (definition("PT8H", "PT7H", AMERICA_ONCE, AMERICA), "America/Los_Angeles"),
        (definition("P0DT5H0M0.0S", "P0DT4H0M0.0S", AMERICA), "America/New_York"),
        (definition("-PT10H", "-PT11H", AUSTRALIA), "Australia/Sydney"),
        (definition("-PT5H30M", "-PT5H30M", STILL), "Asia/Calcutta"),
        (definition("PT0H", "PT0H", STILL), "UTC"),
    ],
)
@pytest.mark.parametrize("name", ["", "Customized Time Zone"])
def test_a_zone_without_a_name_is_known_by_its_clocks(told: str, zone: str, name: str) -> None:
    given = element(zone=name, definition=told)

    series = read(given)

    ours, theirs = (ZoneInfo(each) for each in (series.zone, zone))
    days = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
    assert [day.astimezone(ours).utcoffset() for day in days] == [day.astimezone(theirs).utcoffset() for day in days]
    assert zone not in ("Europe/Berlin", "UTC") or series.zone == zone


def test_a_name_counts_for_more_than_a_definition() -> None:
    given = element(zone="", definition=definition("PT8H", "PT7H", AMERICA))
    given.find(f"{{{TNS}}}StartTimeZone").set("Name", "Tokyo Standard Time")

    assert read(given).zone == "Asia/Tokyo"


@pytest.mark.parametrize("told", ["", definition("-PT1H", "-PT7H", EUROPE), definition("-PT1H", "-PT2H")])
def test_a_zone_that_nothing_tells_is_that_of_the_mailbox(told: str) -> None:
    given = {"zone": "Customized Time Zone", "definition": told}

    assert read(element(**given)).zone == "Europe/Berlin"
    assert read(element(**given), home=None).zone == "UTC"


def test_an_all_day_series_has_the_dates_of_a_zone_that_is_only_defined() -> None:
    midnight = datetime(2026, 3, 1, 13, tzinfo=UTC)  # in Sydney
    told = definition("-PT10H", "-PT11H", AUSTRALIA)

    series = read(element(start=midnight, end=midnight + timedelta(days=1), all_day=True, zone="", definition=told))

    assert (series.first, series.zone) == (Span(date(2026, 3, 2), date(2026, 3, 3)), "")


# --- what is no series


@pytest.mark.parametrize(
    ("pattern", "limits"),
    [
        ("<t:DailyRegeneration><t:Interval>1</t:Interval></t:DailyRegeneration>", ENDLESS),
        (WEEKLY.replace("Monday", "Someday"), ENDLESS),
        (WEEKLY, ENDLESS.replace("2026-03-02", "soon")),
        (WEEKLY, UNTIL.replace("2026-03-02", "2026-03-03").replace("2026-06-22", "2026-03-04")),
        (WEEKLY, ""),
        ("", ""),
    ],
)
def test_what_cannot_be_read_is_no_series_and_no_exception(pattern: str, limits: str) -> None:
    given = element(pattern, limits)

    assert take_series(given, BERLIN) is None
    assert given.find(f"{{{TNS}}}Recurrence") is None  # exchangelib must not stumble over it


def test_a_single_item_is_no_series() -> None:
    given = element()
    given.remove(given.find(f"{{{TNS}}}Recurrence"))

    assert take_series(given, BERLIN) is None


def test_years_are_twelve_months_each() -> None:
    series = Series("FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYDAY=1MO", Span(NINE, NINE + HOUR), "Europe/Berlin")

    pattern = series_values(series, BERLIN)["recurrence"].pattern

    assert (type(pattern).__name__, pattern.interval) == ("RelativeMonthlyPattern", 24)
