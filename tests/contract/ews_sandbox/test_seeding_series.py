"""Series from files: what the calendar then shows is what an independent reader makes of the same file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from connectors.sandbox.ews import zones
from connectors.sandbox.ews.control import call_for
from connectors.sandbox.ews.state import Directory
from connectors.sandbox.ews.sync_ops import calendar_view
from connectors.sandbox.seed import FileReport, load
from connectors.sandbox.server import Sandbox

OWNER = "ann@acme.example"
HOME = ZoneInfo("Europe/Berlin")
START, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
BERLIN = (
    "BEGIN:VTIMEZONE\nTZID:Our Town\nBEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:19700329T020000\n"
    "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
)
MOON = (
    "BEGIN:VTIMEZONE\nTZID:Moonbase\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0130\nTZOFFSETTO:+0130\n"
    "END:STANDARD\nEND:VTIMEZONE\n"
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox()
    Directory(made.store).add_mailbox(OWNER, timezone="W. Europe Standard Time")
    yield made
    made.close()


def event(text: str, uid: str = "u1") -> str:
    """One component; its properties stand in the text, one a line."""
    inner = "\n".join(line.strip() for line in text.strip().splitlines())
    return f"BEGIN:VEVENT\nUID:{uid}\nSUMMARY:Plan\n{inner}\nEND:VEVENT\n"


def calendar(*components: str) -> str:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{''.join(components)}END:VCALENDAR\n".replace("\n", "\r\n")


def loaded(sandbox: Sandbox, files: Path, text: str) -> FileReport:
    (files / "c.ics").write_text(text)
    return load(sandbox, files, mailbox=OWNER).files[0]


def shown(sandbox: Sandbox) -> Counter[tuple[str, str, str]]:
    """What the calendar shows: start, end, subject."""
    call = call_for(sandbox, OWNER)
    items = calendar_view(call, call.directory.distinguished(call.acting, "calendar"), START, END)
    return Counter((item.values["Start"], item.values["End"], item.values["Subject"]) for item in items)


def judged(text: str) -> Counter[tuple[str, str, str]]:
    """What takes place by the independent reader."""
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(START, END)
    return Counter((_stamp(e["DTSTART"].dt), _stamp(e["DTEND"].dt), str(e["SUMMARY"])) for e in found)


def _stamp(value: Any) -> str:
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=HOME)
    return zones.stamp(value if value.tzinfo else value.replace(tzinfo=HOME))


WEEKLY = """DTSTART;TZID=Europe/Berlin:20260302T100000
    DURATION:PT1H
    RRULE:FREQ=WEEKLY;BYDAY=MO"""


@pytest.mark.parametrize(
    ("components", "items"),
    [
        # --- as one series
        ([event(WEEKLY)], {"CalendarItem": 1}),
        ([event(WEEKLY + "\nEXDATE;TZID=Europe/Berlin:20260330T100000,20260406T100000")], {"CalendarItem": 1}),
        ([event(WEEKLY), event("""RECURRENCE-ID;TZID=Europe/Berlin:20260330T100000
            DTSTART;TZID=Europe/Berlin:20260331T150000
            DURATION:PT2H""")], {"CalendarItem": 1, "Exception": 1}),
        # the change of one occurrence was changed again
        ([event(WEEKLY), *(event(f"""RECURRENCE-ID:20260330T080000Z
            SEQUENCE:{number}
            DTSTART:202603{31 - number}T120000Z
            DURATION:PT2H""") for number in (1, 0))], {"CalendarItem": 1, "Exception": 1}),
        # one makes room for another
        ([event(WEEKLY), event("""RECURRENCE-ID;TZID=Europe/Berlin:20260309T100000
            DTSTART;TZID=Europe/Berlin:20260317T100000
            DURATION:PT1H"""), event("""RECURRENCE-ID;TZID=Europe/Berlin:20260316T100000
            DTSTART;TZID=Europe/Berlin:20260319T100000
            DURATION:PT1H""")], {"CalendarItem": 1, "Exception": 2}),
        ([event("""DTSTART;VALUE=DATE:20260301
            DTEND;VALUE=DATE:20260303
            RRULE:FREQ=MONTHLY;COUNT=9
            EXDATE;VALUE=DATE:20260401""")], {"CalendarItem": 1}),
        ([event(WEEKLY.replace("Europe/Berlin", "Eastern Standard Time"))], {"CalendarItem": 1}),
        ([BERLIN, event(WEEKLY.replace("Europe/Berlin", "Our Town"))], {"CalendarItem": 1}),
        # --- as a series and what stands beside it
        ([event(WEEKLY + "\nRDATE;TZID=Europe/Berlin:20260304T120000,20260309T100000")], {"CalendarItem": 2}),
        ([event(WEEKLY + "\nRDATE;VALUE=PERIOD:20260304T120000Z/PT3H,20260305T120000Z/20260305T130000Z")],
         {"CalendarItem": 3}),
        # the start counts although the rule does not yield it
        ([event(WEEKLY.replace("BYDAY=MO", "BYDAY=TU"))], {"CalendarItem": 2}),
        # past its neighbour, where no occurrence of a series can go
        ([event(WEEKLY), event("""RECURRENCE-ID;TZID=Europe/Berlin:20260309T100000
            DTSTART;TZID=Europe/Berlin:20260318T100000
            DURATION:PT1H""")], {"CalendarItem": 2}),
        # no occurrence of the series, but said to be changed
        ([event(WEEKLY), event("""RECURRENCE-ID;TZID=Europe/Berlin:20260310T100000
            DTSTART;TZID=Europe/Berlin:20260311T100000
            DURATION:PT1H""")], {"CalendarItem": 2}),
        # from one on, all are an hour later
        ([event(WEEKLY), event("""RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260406T100000
            DTSTART;TZID=Europe/Berlin:20260406T110000
            DURATION:PT1H""")], {"CalendarItem": 2}),
        # --- one by one
        ([event("""DTSTART;TZID=Europe/Berlin:20260131T100000
            DURATION:PT1H
            RRULE:FREQ=MONTHLY;COUNT=5""")], {"CalendarItem": 5}),
        ([event(WEEKLY.replace("BYDAY=MO", "COUNT=3") + "\nRRULE:FREQ=MONTHLY;COUNT=2")], {"CalendarItem": 4}),
        ([event("""DTSTART:20260302T100000Z
            DURATION:PT1H
            RRULE:FREQ=HOURLY;INTERVAL=3;COUNT=4
            EXDATE:20260302T130000Z""")], {"CalendarItem": 3}),
        ([event("""DTSTART:20260302T100000Z
            DURATION:PT1H
            RDATE:20260304T100000Z"""), event("""RECURRENCE-ID:20260304T100000Z
            DTSTART:20260305T100000Z
            DURATION:PT1H""")], {"CalendarItem": 2}),
        ([MOON, event(WEEKLY.replace("Europe/Berlin", "Moonbase").replace("BYDAY=MO", "UNTIL=20260401T120000Z"))],
         {"CalendarItem": 5}),
        # an occurrence to which somebody was invited alone
        ([event("""RECURRENCE-ID:20260302T100000Z
            DTSTART:20260303T100000Z
            DURATION:PT1H""")], {"CalendarItem": 1}),
    ],
)  # fmt: skip
def test_the_calendar_shows_what_takes_place(
    sandbox: Sandbox, files: Path, components: list[str], items: dict[str, int]
) -> None:
    text = calendar(*components)

    report = loaded(sandbox, files, text)

    assert report.loaded == items, (report.skipped, report.notes)
    assert shown(sandbox) == judged(text) != Counter()


def test_changed_occurrences_have_their_own_values_and_no_others(sandbox: Sandbox, files: Path) -> None:
    series = WEEKLY + "\nLOCATION:Room 1\nCATEGORIES:Own\nATTENDEE:mailto:bob@x.example"
    change = """RECURRENCE-ID;TZID=Europe/Berlin:20260309T100000
        DTSTART;TZID=Europe/Berlin:20260309T100000
        DURATION:PT1H
        ATTENDEE:mailto:bob@x.example
        STATUS:CANCELLED"""

    loaded(sandbox, files, calendar(event(series), event(change)))

    call = call_for(sandbox, OWNER)
    first, second, third = calendar_view(
        call, call.directory.distinguished(call.acting, "calendar"), START, datetime(2026, 3, 20, tzinfo=UTC)
    )
    assert [item.values["CalendarItemType"] for item in (first, second, third)] == [
        "Occurrence", "Exception", "Occurrence",
    ]  # fmt: skip
    assert [item.values.get("Location") for item in (first, second, third)] == ["Room 1", None, "Room 1"]
    assert [item.values["IsCancelled"] for item in (first, second, third)] == [False, True, False]
    assert second.values.get("Categories") is None


def test_what_follows_a_change_for_good_keeps_its_own_exceptions(sandbox: Sandbox, files: Path) -> None:
    def change(day: date, hour: int, more: str = "", subject: str = "Plan") -> str:
        text = f"""RECURRENCE-ID{more};TZID=Europe/Berlin:{day:%Y%m%d}T100000
            DTSTART;TZID=Europe/Berlin:{day:%Y%m%d}T{hour}0000
            DURATION:PT1H"""
        return event(text).replace("SUMMARY:Plan", f"SUMMARY:{subject}")

    first = date(2026, 3, 2)
    changes = [change(first + timedelta(weeks=week), hour) for week, hour in ((1, 15), (6, 16))]
    later = change(first + timedelta(weeks=3), 12, ";RANGE=THISANDFUTURE", "Later")
    report = loaded(sandbox, files, calendar(event(WEEKLY), *changes, later))

    assert report.loaded == {"CalendarItem": 2, "Exception": 2}
    local = [
        (datetime.fromisoformat(start).astimezone(HOME), subject)
        for start, _, subject in sorted(shown(sandbox))
        if start < "2026-05"
    ]
    assert [(moment.hour, subject) for moment, subject in local] == [
        (10, "Plan"), (15, "Plan"), (10, "Plan"), (12, "Later"), (12, "Later"), (12, "Later"), (16, "Plan"),
        (12, "Later"), (12, "Later"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("components", "reason"),
    [
        ([event("DTSTART:20260131T100000Z\nRRULE:FREQ=MONTHLY")], "no pattern of Exchange repeats in that way"),
        ([event("DTSTART:20260131T100000Z\nRRULE:FREQ=MINUTELY;COUNT=5000")], "it takes place more than 1000 times"),
        ([event("DTSTART:20260301T100000Z\nRRULE:FREQ=DAILY;COUNT=1\nEXDATE:20260301T100000Z")],
         "all occurrences of the series are deleted"),
        ([MOON, event(WEEKLY.replace("Europe/Berlin", "Moonbase"))],
         "a series in a time zone that has no Windows name"),
    ],
)  # fmt: skip
def test_what_exchange_cannot_keep_is_named(sandbox: Sandbox, files: Path, components: list[str], reason: str) -> None:
    report = loaded(sandbox, files, calendar(*components))

    [(what, why)] = report.skipped
    assert (what, shown(sandbox)) == ("VEVENT Plan", Counter())
    assert why.endswith(reason)


def test_changes_of_a_series_that_is_not_loaded_are_named_too(sandbox: Sandbox, files: Path) -> None:
    change = event("RECURRENCE-ID:20260331T100000Z\nDTSTART:20260401T100000Z")

    report = loaded(sandbox, files, calendar(event("DTSTART:20260131T100000Z\nRRULE:FREQ=MONTHLY"), change))

    assert [why for _, why in report.skipped][1] == "an occurrence of a series that is not loaded"


def test_what_is_loaded_otherwise_than_it_is_said_is_noted(sandbox: Sandbox, files: Path) -> None:
    report = loaded(sandbox, files, calendar(
        BERLIN, event(WEEKLY.replace("Europe/Berlin", "Our Town")),
        event("DTSTART:20260131T100000Z\nRRULE:FREQ=MONTHLY;COUNT=5", "u2"),
    ))  # fmt: skip

    assert report.notes == [
        "VEVENT Plan: time zone 'Our Town' of the file taken for W. Europe Standard Time",
        "VEVENT Plan: loaded as single items (no pattern of Exchange repeats in that way)",
    ]
