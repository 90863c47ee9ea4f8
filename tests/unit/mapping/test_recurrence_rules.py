"""Rules as data: what is read, what is refused, and which texts mean the same."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mapping.recurrence.patterns import EVERY_DAY, LAST, WORKDAYS, Kind, Pattern, pattern_of, rule_for
from mapping.recurrence.rules import SUNDAY, Day, Frequency, Rule, explicit, parse


def test_every_part_of_a_rule_is_read() -> None:
    rule = parse("RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=11,3;BYDAY=-1SU,2TU;WKST=SU;COUNT=7")

    assert rule == Rule(Frequency.YEARLY, 2, by_month=(3, 11), by_day=(Day(1, 2), Day(6, LAST)), week_start=0, count=7)
    assert str(rule) == "FREQ=YEARLY;INTERVAL=2;BYMONTH=3,11;BYDAY=2TU,-1SU;COUNT=7"


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("20261231", date(2026, 12, 31)),
        ("20261231T235959", date(2026, 12, 31)),
        ("20261231T090000Z", datetime(2026, 12, 31, 9, tzinfo=UTC)),
        ("20261231T090000", datetime(2026, 12, 31, 9)),  # noqa: DTZ001 - on the clock of the series
    ],
)
def test_an_end_is_a_day_a_moment_or_a_time_on_the_clock_of_the_series(text: str, until: datetime | date) -> None:
    assert parse(f"FREQ=DAILY;UNTIL={text}").until == until


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,FR", "rrule:byday=fr,mo,mo;freq=weekly;interval=1;wkst=mo;"),
        ("FREQ=WEEKLY;BYDAY=MO,FR", "FREQ=WEEKLY;BYDAY=MO,FR;WKST=SU"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=5", "FREQ=DAILY;COUNT=5"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=WE", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=TU"),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "FREQ=MONTHLY;BYDAY=+2TU"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYSETPOS=-1", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1", "FREQ=MONTHLY;BYMONTHDAY=-1"),
    ],
)
def test_texts_of_one_meaning_are_one_rule(one: str, other: str) -> None:
    assert parse(one) == parse(other)
    assert str(parse(one)) == str(parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU"),
        ("FREQ=YEARLY;BYDAY=SU;BYSETPOS=-1", "FREQ=YEARLY;BYDAY=-1SU,1SU"),
        ("FREQ=YEARLY;BYMONTH=3,4;BYDAY=SU;BYSETPOS=-1", "FREQ=YEARLY;BYMONTH=3,4;BYDAY=-1SU"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"),
        ("FREQ=DAILY;BYMONTH=1;BYDAY=MO,TU,WE,TH,FR,SA,SU", "FREQ=DAILY"),
    ],
)
def test_texts_of_another_meaning_stay_apart(one: str, other: str) -> None:
    assert parse(one) != parse(other)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no part"),
        ("every Monday", "no part"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=HOURLY", "FREQ=HOURLY"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR"),
        ("FREQ=DAILY;FREQ=WEEKLY", "twice"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=DAILY;INTERVAL=1_0", "INTERVAL=1_0"),
        ("FREQ=DAILY;COUNT=-1", "COUNT=-1"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261231", "not both"),
        ("FREQ=DAILY;UNTIL=20261331", "UNTIL"),
        ("FREQ=DAILY;UNTIL=next year", "UNTIL"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY=XX"),
        ("FREQ=WEEKLY;BYDAY=1MO", "numbered"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY=32"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY=0MO"),
        ("FREQ=MONTHLY;BYWEEKNO=3", "BYWEEKNO"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH=13"),
        ("FREQ=DAILY\nEXDATE:20261231", "FREQ=DAILY\nEXDATE"),
    ],
)
def test_a_text_that_is_no_rule_of_days_is_refused_with_its_reason(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=SU"),
        ("FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=29"),
        ("FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=29"),
        ("FREQ=YEARLY;BYMONTH=3", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=29"),
        ("FREQ=YEARLY;BYMONTHDAY=3", "FREQ=YEARLY;BYMONTHDAY=3"),
        ("FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=1MO"),
    ],
)
def test_what_a_rule_leaves_to_the_first_occurrence_can_be_spelled_out(text: str, told: str) -> None:
    assert str(explicit(parse(text), date(2026, 11, 29))) == told


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("FREQ=DAILY;INTERVAL=3", Pattern(Kind.DAILY, 3)),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU",
            Pattern(Kind.WEEKLY, 2, frozenset({0, 6}), week_start=SUNDAY),
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=28", Pattern(Kind.MONTHLY, day=28)),
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", Pattern(Kind.MONTHLY, day=30)),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", Pattern(Kind.MONTHLY_NTH, 1, EVERY_DAY, LAST)),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", Pattern(Kind.MONTHLY_NTH, 1, WORKDAYS, 1)),
        ("FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30", Pattern(Kind.YEARLY, day=30, month=4)),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1", Pattern(Kind.YEARLY, day=29, month=2)),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", Pattern(Kind.YEARLY_NTH, 1, frozenset({3}), 4, month=11)),
    ],
)
def test_a_rule_of_one_of_the_six_patterns_is_that_pattern(text: str, pattern: Pattern) -> None:
    assert pattern_of(parse(text)) == pattern
    assert str(rule_for(pattern)) == text


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=3",
        "FREQ=WEEKLY;BYDAY=MO;BYMONTH=3",
        "FREQ=MONTHLY;BYMONTHDAY=31",  # it skips months; the patterns do not
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;BYMONTHDAY=-2",
        "FREQ=MONTHLY;BYDAY=5MO",
        "FREQ=MONTHLY;BYDAY=1MO,1TU",
        "FREQ=MONTHLY;BYDAY=1MO,3MO",
        "FREQ=MONTHLY;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=MONTHLY;BYMONTH=3;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYMONTH=3,4;BYMONTHDAY=1",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "FREQ=YEARLY;BYYEARDAY=100",
    ],
)
def test_other_rules_are_none_of_the_six_patterns(text: str) -> None:
    assert pattern_of(parse(text)) is None
