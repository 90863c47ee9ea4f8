"""Files into the sandbox: everything is loaded, or named with the reason why not."""

from __future__ import annotations

import base64
import json
import mailbox
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.ews import mime
from connectors.sandbox.ews.control import call_for
from connectors.sandbox.seed import FileReport, load
from connectors.sandbox.server import Sandbox

OWNER = "ann@acme.example"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox()
    yield made
    made.close()


def content(sandbox: Sandbox, role: str, address: str = OWNER) -> list[dict[str, Any]]:
    call = call_for(sandbox, address)
    return [each.values for each in call.items.inside(call.directory.distinguished(call.acting, role))]


def loaded(sandbox: Sandbox, files: Path, name: str, data: bytes | str) -> FileReport:
    (files / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    report = load(sandbox, files, mailbox=OWNER)
    return next(each for each in report.files if each.name == name)


def event(*lines: str, calendar: str = "") -> str:
    inner = "\r\n".join(("BEGIN:VEVENT", "UID:u1", "SUMMARY:Plan", *lines, "END:VEVENT"))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{calendar}{inner}\r\nEND:VCALENDAR\r\n"


# --- mails


def test_a_mail_goes_where_it_belongs_with_its_bytes(sandbox: Sandbox, files: Path) -> None:
    received = (
        b"From: Eve <eve@x.example>\r\nTo: ann@acme.example\r\nSubject: Hi\r\n"
        b"Date: Fri, 1 Dec 2000 08:00:00 -0800\r\n\r\nText"
    )
    sent = received.replace(b"Eve <eve@x.example>", b"Ann <ANN@acme.example>").replace(b"Subject: Hi", b"Subject: Out")
    (files / "sent.eml").write_bytes(sent)
    report = loaded(sandbox, files, "in.eml", received)
    assert report.loaded == {"Message": 1}
    [inbox] = content(sandbox, "inbox")
    assert (inbox["Subject"], inbox["From"]["address"], inbox["Body"]["text"]) == ("Hi", "eve@x.example", "Text")
    assert inbox["DateTimeReceived"] == "2000-12-01T16:00:00Z"
    assert mime.read(base64.b64decode(inbox["MimeContent"]))[0]["Subject"] == "Hi"
    assert [each["Subject"] for each in content(sandbox, "sentitems")] == ["Out"]


def test_broken_charsets_and_headers_survive(sandbox: Sandbox, files: Path) -> None:
    data = (
        b"From: =?klingon?q?W=F6rf?= <w@x.example>\r\nSubject: raw \xfcmlaut =?utf-8?q?broken=C3?=\r\n"
        b"Date: yesterday-ish\r\n"
        b"Content-Type: text/plain; charset=no-such-charset\r\n\r\nBody \xff\xfe\x00 end"
    )
    report = loaded(sandbox, files, "odd.eml", data)
    assert report.loaded == {"Message": 1}
    assert any("unreadable Date" in note for note in report.notes)
    assert any("unknown charset 'no-such-charset'" in note for note in report.notes)
    [mail] = content(sandbox, "inbox")
    assert mail["From"]["address"] == "w@x.example"
    assert mail["Subject"].startswith("raw ümlaut broken")
    assert mail["Body"]["text"].startswith("Body ")


def test_what_is_no_mail_is_named(sandbox: Sandbox, files: Path) -> None:
    assert loaded(sandbox, files, "empty.eml", b"").skipped == [("empty.eml", "empty")]
    assert loaded(sandbox, files, "noise.eml", b"\x00\x01\x02\n\n").skipped[0][1] == "not a mail: it has no header"


def test_a_mail_with_parts(sandbox: Sandbox, files: Path) -> None:
    data = (
        b'From: e@x.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+SGk8L3A+\r\n"
        b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\nxx\r\n--b--\r\n"
    )
    loaded(sandbox, files, "parts.eml", data)
    [mail] = content(sandbox, "inbox")
    assert (mail["Body"], mail["HasAttachments"]) == ({"html": "<p>Hi</p>"}, True)


def test_an_mbox_is_many_mails(sandbox: Sandbox, files: Path) -> None:
    box = mailbox.mbox(files / "all.mbox")
    for n in range(3):
        box.add(f"From: e{n}@x.example\nSubject: {n}\nDate: Fri, 1 Dec 2000 08:00:0{n} +0000\n\nText\n")
    box.close()
    report = load(sandbox, files, mailbox=OWNER)
    assert report.loaded == {"Message": 3}
    assert [each["Subject"] for each in content(sandbox, "inbox")] == ["0", "1", "2"]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading_of_mails(data: bytes) -> None:
    values, _ = mime.read(data)
    json.dumps(values)
    mime.read(b"Subject: " + data + b"\nContent-Type: text/plain; charset=" + data[:9] + b"\n\n" + data)


# --- calendars


def test_an_event_in_a_zone(sandbox: Sandbox, files: Path) -> None:
    ics = event(
        "DTSTART;TZID=Europe/Berlin:20260701T100000",
        "DTEND;TZID=Europe/Berlin:20260701T113000",
        "LOCATION:Room",
        "CLASS:PRIVATE",
        "CATEGORIES:A,B",
        "TRANSP:TRANSPARENT",
        "DESCRIPTION:One\\ntwo",
        "CREATED:20260101T000000Z",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT25M",
        "END:VALARM",
    )
    report = loaded(sandbox, files, "e.ics", ics)
    assert (report.loaded, report.skipped, report.notes) == ({"CalendarItem": 1}, [], [])
    [item] = content(sandbox, "calendar")
    assert (item["Start"], item["End"]) == ("2026-07-01T08:00:00Z", "2026-07-01T09:30:00Z")
    assert (item["StartTimeZone"], item["UID"], item["Location"]) == ("W. Europe Standard Time", "u1", "Room")
    assert (item["Sensitivity"], item["Categories"], item["LegacyFreeBusyStatus"]) == ("Private", ["A", "B"], "Free")
    assert (item["Body"], item["ReminderIsSet"], item["ReminderMinutesBeforeStart"]) == ({"text": "One\ntwo"}, True, 25)
    assert not item["IsMeeting"]


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        (["DTSTART:20260701T100000Z", "DURATION:PT2H"], "2026-07-01T10:00:00Z", "2026-07-01T12:00:00Z"),
        (["DTSTART:20260701T100000Z"], "2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z"),
        (["DTSTART:20260701T100000", "DTEND:20260701T110000"], "2026-07-01T08:00:00Z", "2026-07-01T09:00:00Z"),
        (["DTSTART;VALUE=DATE:20260701"], "2026-06-30T22:00:00Z", "2026-07-01T22:00:00Z"),
        (
            ["DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260704"],
            "2026-06-30T22:00:00Z",
            "2026-07-03T22:00:00Z",
        ),
        (
            ["DTSTART;TZID=Eastern Standard Time:20260701T100000", "DURATION:PT1H"],
            "2026-07-01T14:00:00Z",
            "2026-07-01T15:00:00Z",
        ),
        (
            ["DTSTART;TZID=/vendor.example/zones/Asia/Tokyo:20260701T100000", "DURATION:PT1H"],
            "2026-07-01T01:00:00Z",
            "2026-07-01T02:00:00Z",
        ),
    ],
)
def test_times(sandbox: Sandbox, files: Path, lines: list[str], start: str, end: str) -> None:
    report = loaded(sandbox, files, "e.ics", event(*lines, calendar="X-WR-TIMEZONE:Europe/Berlin\r\n"))
    assert report.loaded == {"CalendarItem": 1}, report.skipped
    [item] = content(sandbox, "calendar")
    assert (item["Start"], item["End"]) == (start, end)


def test_a_zone_that_only_the_file_knows(sandbox: Sandbox, files: Path) -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Moonbase\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0130\r\n"
        "TZOFFSETTO:+0130\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    report = loaded(sandbox, files, "e.ics", event("DTSTART;TZID=Moonbase:20260701T100000", calendar=zone))
    assert (report.loaded, len(report.notes)) == ({"CalendarItem": 1}, 1)
    assert content(sandbox, "calendar")[0]["Start"] == "2026-07-01T08:30:00Z"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["DTSTART;TZID=Nowhere/Land:20260701T100000"], "unknown time zone 'Nowhere/Land'"),
        ([], "no readable start"),
        (["DTSTART:garbage"], "no readable start"),
        (["DTSTART:20260701T100000Z", "DTEND:20260701T090000Z"], "it ends before it begins"),
        (["DTSTART:20260701T100000Z", "RECURRENCE-ID:soon"], "a changed occurrence that does not say which"),
        (["DTSTART:20260701T100000Z", "RRULE:FREQ=DAILY;UNTIL=20260601"], "the series ends before it begins"),
        (["DTSTART:20260131T100000Z", "RRULE:FREQ=MONTHLY"], "no pattern of Exchange repeats in that way"),
        (["DTSTART:20260701T100000Z", "RRULE:FREQ=HOURLY"], "FREQ=HOURLY makes no sense"),
    ],
)
def test_what_cannot_be_kept_is_named(sandbox: Sandbox, files: Path, lines: list[str], reason: str) -> None:
    report = loaded(sandbox, files, "e.ics", event(*lines))
    assert not report.loaded
    assert report.skipped[0][0] == "VEVENT Plan"
    assert report.skipped[0][1].startswith(reason)


def test_other_components_are_named_and_tasks_loaded(sandbox: Sandbox, files: Path) -> None:
    ics = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nSUMMARY:Do\r\nDUE;VALUE=DATE:20260701\r\n"
        "STATUS:IN-PROCESS\r\nPERCENT-COMPLETE:40\r\nPRIORITY:1\r\nEND:VTODO\r\nBEGIN:VJOURNAL\r\nSUMMARY:J\r\nEND:VJOURNAL\r\n"
        "BEGIN:X-THING\r\nEND:X-THING\r\nEND:VCALENDAR\r\n"
    )
    report = loaded(sandbox, files, "mixed.ics", ics)
    assert report.loaded == {"Task": 1}
    assert [what for what, _ in report.skipped] == ["VJOURNAL J", "X-THING"]
    [task] = content(sandbox, "tasks")
    assert (task["Status"], task["PercentComplete"], task["Importance"]) == ("InProgress", 40.0, "High")


def test_items_inside_a_component_that_nobody_knows_are_loaded(sandbox: Sandbox, files: Path) -> None:
    inner = event("DTSTART:20261203T090000Z", "DTEND:20261203T100000Z")
    wrapped = inner.replace("BEGIN:VEVENT", "BEGIN:X-THING\r\nBEGIN:VEVENT").replace(
        "END:VEVENT", "END:VEVENT\r\nEND:X-THING"
    )
    report = loaded(sandbox, files, "wrapped.ics", wrapped)
    assert (report.loaded, report.skipped) == ({"CalendarItem": 1}, [])


def test_a_meeting_of_somebody_else(sandbox: Sandbox, files: Path) -> None:
    ics = event(
        "DTSTART:20260701T100000Z",
        "ORGANIZER;CN=Eve:mailto:eve@x.example",
        "ATTENDEE;CN=Ann;PARTSTAT=TENTATIVE:MAILTO:Ann@acme.example",
        "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED:mailto:o@x.example",
        "ATTENDEE;CUTYPE=ROOM:mailto:room@x.example",
        "ATTENDEE;ROLE=CHAIR:mailto:eve@x.example",
        "STATUS:CANCELLED",
    )
    loaded(sandbox, files, "m.ics", ics)
    [item] = content(sandbox, "calendar")
    assert (item["Organizer"], item["IsOrganizer"]) == ({"name": "Eve", "address": "eve@x.example"}, False)
    assert [each["address"] for each in item["RequiredAttendees"]] == ["Ann@acme.example"]
    assert item["OptionalAttendees"][0]["response"] == "Decline"
    assert item["Resources"][0]["address"] == "room@x.example"
    assert (item["MyResponseType"], item["AppointmentState"], item["IsCancelled"]) == ("Tentative", 7, True)


def test_a_series_is_its_master(sandbox: Sandbox, files: Path) -> None:
    ics = event(
        "DTSTART;TZID=Europe/Berlin:20260706T100000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20261231T225959Z",
        "EXDATE;TZID=Europe/Berlin:20260720T100000",
    )
    report = loaded(sandbox, files, "s.ics", ics)
    assert (report.loaded, report.notes) == ({"CalendarItem": 1}, [])
    [item] = content(sandbox, "calendar")
    assert item["CalendarItemType"] == "RecurringMaster"
    assert item["Cancelled"] == ["2026-07-20T08:00:00Z"]
    assert item["Recurrence"] == [
        ["WeeklyRecurrence", [["Interval", "2"], ["DaysOfWeek", "Monday Thursday"], ["FirstDayOfWeek", "Monday"]]],
        ["EndDateRecurrence", [["StartDate", "2026-07-06"], ["EndDate", "2026-12-31"]]],
    ]


def test_revisions_and_repeated_uids(sandbox: Sandbox, files: Path) -> None:
    def one(sequence: int) -> str:
        inner = f"UID:u\r\nSEQUENCE:{sequence}\r\nSUMMARY:v{sequence}\r\nDTSTART:20260701T100000Z"
        return f"BEGIN:VEVENT\r\n{inner}\r\nEND:VEVENT\r\n"

    ics = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{one(0)}{one(2)}END:VCALENDAR\r\n"
    report = loaded(sandbox, files, "r.ics", ics)
    assert report.skipped == [("VEVENT v0", "an older revision of the same UID")]
    report = loaded(sandbox, files, "again.ics", ics)
    assert {reason for _, reason in report.skipped} >= {"the calendar has an item of this UID already"}
    assert [each["Subject"] for each in content(sandbox, "calendar")] == ["v2"]
