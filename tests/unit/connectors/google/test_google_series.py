"""Series of Google: `recurrence` lines and exceptions, to and from the neutral series."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.google.series import alike, instance_id, lines_of, pattern_values, series_of
from mapping.model.item import Moved, Series, Span
from mapping.model.series import occurrence_id

NINE = datetime(2026, 3, 3, 8, tzinfo=UTC)
TIMED = {"start": {"dateTime": "2026-03-03T09:00:00+01:00", "timeZone": "Europe/Berlin"},
         "end": {"dateTime": "2026-03-03T10:00:00+01:00", "timeZone": "Europe/Berlin"}}  # fmt: skip
DAYS = {"start": {"date": "2026-03-03"}, "end": {"date": "2026-03-05"}}


def told(*lines: str, times: dict[str, Any] = TIMED) -> dict[str, Any]:
    return {"id": "m", "recurrence": list(lines), **times}


def test_a_timed_series_repeats_on_the_clock_of_its_zone() -> None:
    found = series_of(told("RRULE:FREQ=WEEKLY;COUNT=8"), ())
    assert found == Series("FREQ=WEEKLY;COUNT=8", Span(NINE, NINE + timedelta(hours=1)), "Europe/Berlin")


def test_a_series_of_whole_days_has_no_zone() -> None:
    found = series_of(told("RRULE:FREQ=MONTHLY;COUNT=2", "EXDATE;VALUE=DATE:20260403", times=DAYS), ())
    assert found is not None
    assert (found.zone, found.first, found.cancelled) == (
        "", Span(date(2026, 3, 3), date(2026, 3, 5)), (date(2026, 4, 3),),
    )  # fmt: skip


@pytest.mark.parametrize(
    "line", ["EXDATE:20260310T080000Z", "EXDATE;TZID=Europe/Berlin:20260310T090000", "EXDATE:20260310T090000"]
)
def test_dates_that_are_left_out_are_moments_in_any_form(line: str) -> None:
    found = series_of(told("RRULE:FREQ=WEEKLY;COUNT=8", line), ())
    assert found is not None
    assert found.cancelled == (NINE + timedelta(days=7),)


def test_exceptions_are_told_apart_by_where_they_stood() -> None:
    third = {"dateTime": "2026-03-17T09:00:00+01:00"}
    exceptions = [
        {"id": "m_1", "status": "cancelled", "originalStartTime": {"dateTime": "2026-03-10T08:00:00Z"}},
        {"id": "m_2", "originalStartTime": third, "start": {"dateTime": "2026-03-18T09:00:00Z"},
         "end": {"dateTime": "2026-03-18T10:00:00Z"}},
        {"id": "m_3"},
    ]  # fmt: skip
    found = series_of(told("RRULE:FREQ=WEEKLY;COUNT=8"), exceptions)
    assert found is not None
    stands = datetime(2026, 3, 18, 9, tzinfo=UTC)
    assert found.cancelled == (NINE + timedelta(days=7),)
    assert found.moved == (Moved(NINE + timedelta(days=14), Span(stands, stands + timedelta(hours=1)), "m_2"),)


@pytest.mark.parametrize(
    "lines",
    [
        ("RDATE:20260310T080000Z",), ("RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), ("RRULE:FREQ=HOURLY",),
        ("RRULE:FREQ=DAILY", "RDATE:20260310T080000Z"), ("nonsense",), ("RRULE:FREQ=WEEKLY;UNTIL=20200101T000000Z",),
    ],
)  # fmt: skip
def test_what_is_no_single_rule_is_no_series(lines: tuple[str, ...]) -> None:
    assert series_of(told(*lines), ()) is None


def test_a_series_is_written_in_lines_and_read_back_the_same() -> None:
    for times in (TIMED, DAYS):
        series = series_of(told("RRULE:FREQ=DAILY;COUNT=5", times=times), ())
        assert series is not None
        second = series.first.start + timedelta(days=1)
        wanted = Series(series.rule, series.first, series.zone, (second,))
        values = pattern_values(wanted)
        kept = {name: {k: v for k, v in values[name].items() if v is not None} for name in ("start", "end")}
        assert series_of({"id": "m", "recurrence": values["recurrence"], **kept}, ()) == wanted
    with pytest.raises(ValueError, match="FREQ"):
        lines_of(Series("INTERVAL=2", Span(NINE, NINE)))


def test_exceptions_do_not_make_another_series() -> None:
    one = Series("FREQ=WEEKLY;COUNT=3", Span(NINE, NINE + timedelta(hours=1)), "UTC")
    assert alike(one, Series("FREQ=WEEKLY;BYDAY=TU;COUNT=3", one.first, "UTC", (NINE,)))
    assert not alike(one, Series(one.rule, one.first, "Europe/Berlin"))
    assert not alike(one, Series("nonsense", one.first, "UTC"))


def test_an_occurrence_is_named_by_where_it_starts_by_the_rule() -> None:
    assert instance_id(occurrence_id("m", NINE)) == "m_20260303T080000Z"
    assert instance_id(occurrence_id("m", date(2026, 3, 3))) == "m_20260303"
    assert instance_id("m") == "m"
