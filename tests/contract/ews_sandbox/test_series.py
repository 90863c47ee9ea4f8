"""Series through exchangelib: one stored master that makes its occurrences, with exceptions and their ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from exchangelib import EWSDate, EWSDateTime, EWSTimeZone, errors
from exchangelib.items import CalendarItem
from exchangelib.properties import ItemId, OccurrenceItemId, RecurringMasterItemId
from exchangelib.recurrence import (
    AbsoluteMonthlyPattern,
    AbsoluteYearlyPattern,
    DailyPattern,
    Recurrence,
    RelativeMonthlyPattern,
    RelativeYearlyPattern,
    WeeklyPattern,
)

from connectors.sandbox.ews.patterns import days
from tests.contract.ews_sandbox.conftest import ANN, UTC, Office

BERLIN = EWSTimeZone("Europe/Berlin")
MONDAY = EWSDateTime(2026, 3, 2, 10, tzinfo=BERLIN)  # the clocks go forward on the 29th
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


MONDAYS = WeeklyPattern(interval=1, weekdays=["Monday"])


def series(
    office: Office, pattern: Any = MONDAYS, *, number: int | None = 6, start: EWSDateTime = MONDAY, **values: Any
) -> Any:
    """A series that is written now; its master as it is read."""
    folder = office.folder("calendar")
    recurrence = Recurrence(pattern=pattern, start=start.date(), number=number)
    given = {"subject": "Team", "location": "Room 1", **values}
    item = CalendarItem(start=start, end=start + HOUR, recurrence=recurrence, **given)
    [made] = folder.account.bulk_create(folder, [item], send_meeting_invitations="SendToNone")
    return read(office, made)


def read(office: Office, identifier: Any) -> Any:
    folder = office.folder("calendar")
    [found] = list(folder.account.fetch([identifier], folder=folder))
    if isinstance(found, Exception):
        raise found
    return found


def nth(office: Office, master: Any, index: int) -> Any:
    return read(office, OccurrenceItemId(id=master.id, changekey=None, instance_index=index))


def view(office: Office, start: EWSDateTime = MONDAY, end: EWSDateTime = MONDAY + 20 * WEEK) -> list[Any]:
    return list(office.account().calendar.view(start=start, end=end))


def update(office: Office, item: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(item, name, value)
    told = office.account().bulk_update([(item, list(values))], send_meeting_invitations_or_cancellations="SendToNone")
    return ItemId(*told[0])


def delete(office: Office, *items: Any) -> list[Any]:
    told = office.account().bulk_delete(
        list(items), send_meeting_cancellations="SendToNone", delete_type="MoveToDeletedItems"
    )
    return list(told)


def starts(items: Sequence[Any]) -> list[datetime]:
    return [each.start for each in items]


# --- what there is


def test_a_view_shows_occurrences_and_a_listing_the_master(office: Office) -> None:
    master = series(office)

    listed = list(office.folder("calendar").all().only("subject", "type"))
    shown = view(office)

    assert [(each.id, each.type) for each in listed] == [(master.id, "RecurringMaster")]
    assert [each.type for each in shown] == ["Occurrence"] * 6
    # at ten o'clock in Berlin, in winter and in summer
    assert starts(shown) == [MONDAY + n * WEEK for n in range(6)]
    assert [each.start.astimezone(UTC).hour for each in shown] == [9, 9, 9, 9, 8, 8]
    assert len({each.id for each in shown} | {master.id}) == 7
    assert {each.changekey for each in shown} == {master.changekey}


def test_a_view_shows_what_touches_it(office: Office) -> None:
    series(office)

    assert starts(view(office, MONDAY + WEEK + HOUR / 2, MONDAY + 2 * WEEK)) == [MONDAY + WEEK]
    assert starts(view(office, MONDAY + WEEK + HOUR, MONDAY + 2 * WEEK)) == []


def test_the_master_tells_its_first_and_last_occurrence(office: Office) -> None:
    master = series(office)
    delete(office, nth(office, master, 1), nth(office, master, 6))

    found = read(office, master)

    assert (found.start, found.end) == (MONDAY, MONDAY + HOUR)
    assert (found.first_occurrence.start, found.last_occurrence.start) == (MONDAY + WEEK, MONDAY + 4 * WEEK)
    assert [each.start for each in found.deleted_occurrences] == [MONDAY, MONDAY + 5 * WEEK]
    assert read(office, ItemId(id=found.first_occurrence.id)).start == MONDAY + WEEK
    endless = series(office, number=None, subject="endless")
    assert (endless.first_occurrence.start, endless.last_occurrence) == (MONDAY, None)


@pytest.mark.parametrize(
    ("pattern", "start", "expected"),
    [
        (DailyPattern(interval=3), date(2026, 2, 27), ["02-27", "03-02", "03-05"]),
        (WeeklyPattern(interval=1, weekdays=["Monday", "Friday"]), date(2026, 3, 2), ["03-02", "03-06", "03-09"]),
        # the weekend belongs to the week before, or to the one after it
        (WeeklyPattern(interval=2, weekdays=["Monday", "Sunday"], first_day_of_week="Monday"), date(2026, 3, 2),
         ["03-02", "03-08", "03-16"]),
        (WeeklyPattern(interval=2, weekdays=["Monday", "Sunday"], first_day_of_week="Sunday"), date(2026, 3, 2),
         ["03-02", "03-15", "03-16"]),
        # a shorter month has its last day instead
        (AbsoluteMonthlyPattern(interval=1, day_of_month=31), date(2026, 1, 31), ["01-31", "02-28", "03-31"]),
        (AbsoluteMonthlyPattern(interval=2, day_of_month=30), date(2027, 12, 30), ["12-30", "02-29", "04-30"]),
        (AbsoluteYearlyPattern(day_of_month=29, month="February"), date(2027, 2, 1), ["02-28", "02-29", "02-28"]),
        (RelativeMonthlyPattern(interval=1, weekday="Tuesday", week_number="Second"), date(2026, 3, 1),
         ["03-10", "04-14", "05-12"]),
        (RelativeMonthlyPattern(interval=1, weekday="Weekday", week_number="Last"), date(2026, 1, 1),
         ["01-30", "02-27", "03-31"]),
        (RelativeMonthlyPattern(interval=1, weekday="WeekendDay", week_number="First"), date(2026, 1, 1),
         ["01-03", "02-01", "03-01"]),
        (RelativeMonthlyPattern(interval=1, weekday="Day", week_number="Last"), date(2026, 1, 1),
         ["01-31", "02-28", "03-31"]),
        (RelativeYearlyPattern(weekday="Monday", week_number="First", month="September"), date(2026, 3, 1),
         ["09-07", "09-06", "09-04"]),
    ],
)  # fmt: skip
def test_patterns_name_days_as_exchange_reads_them(
    office: Office, pattern: Any, start: date, expected: list[str]
) -> None:
    begin = EWSDateTime(start.year, start.month, start.day, 12, tzinfo=UTC)

    master = series(office, pattern, number=3, start=begin)

    assert [f"{nth(office, master, n).start:%m-%d}" for n in (1, 2, 3)] == expected
    assert f"{master.start:%m-%d}" == expected[0]
    assert master.recurrence.pattern == pattern


def test_a_series_ends_with_its_last_day(office: Office) -> None:
    recurrence = [
        ["DailyRecurrence", [["Interval", "1"]]],
        ["EndDateRecurrence", [["StartDate", "2026-03-02"], ["EndDate", "2026-03-04Z"]]],
    ]

    assert list(days(recurrence)) == [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)]


def test_an_all_day_series_is_whole_days_on_both_sides_of_a_change_of_clocks(office: Office) -> None:
    folder = office.folder("calendar")
    folder.account.default_timezone = BERLIN
    first = EWSDate(2026, 3, 28)
    recurrence = Recurrence(pattern=DailyPattern(interval=1), start=first, number=3)
    item = CalendarItem(subject="Fair", start=first, end=first, is_all_day=True, recurrence=recurrence)
    folder.account.bulk_create(folder, [item], send_meeting_invitations="SendToNone")

    # exchangelib itself is a day out in telling the end of the short day
    assert starts(view(office)) == [first + n * DAY for n in range(3)]
    assert starts(view(office, EWSDateTime(2026, 3, 29, 23, 59, tzinfo=BERLIN), MONDAY + 20 * WEEK)) == [
        first + DAY, first + 2 * DAY,
    ]  # fmt: skip
    assert starts(view(office, EWSDateTime(2026, 3, 30, tzinfo=BERLIN), MONDAY + 20 * WEEK)) == [first + 2 * DAY]


# --- how occurrences are addressed


def test_master_and_occurrences_lead_to_each_other(office: Office) -> None:
    master = series(office)
    second = nth(office, master, 2)

    assert second.start == MONDAY + WEEK
    assert second.original_start == MONDAY + WEEK
    assert second.id == view(office)[1].id
    assert read(office, ItemId(id=second.id)).start == MONDAY + WEEK
    assert read(office, RecurringMasterItemId(id=second.id)).id == master.id


def test_deleted_occurrences_are_counted(office: Office) -> None:
    master = series(office)
    gone = nth(office, master, 2)
    delete(office, gone)

    assert nth(office, master, 3).start == MONDAY + 2 * WEEK
    with pytest.raises(errors.ErrorCalendarOccurrenceIsDeletedFromRecurrence):
        nth(office, master, 2)
    with pytest.raises(errors.ErrorItemNotFound):
        read(office, ItemId(id=gone.id))
    for index in (7, 1000):
        with pytest.raises(errors.ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange):
            nth(office, master, index)


def test_ids_of_other_items_lead_nowhere(office: Office) -> None:
    master = series(office)
    second = nth(office, master, 2)

    with pytest.raises(errors.ErrorCalendarCannotUseIdForOccurrenceId):
        nth(office, second, 1)
    with pytest.raises(errors.ErrorCalendarCannotUseIdForRecurringMasterId):
        read(office, RecurringMasterItemId(id=master.id))


# --- exceptions


def test_an_exception_has_values_of_its_own_and_the_rest_of_its_master(office: Office) -> None:
    master = series(office, categories=["Own"])
    third = nth(office, master, 3)
    update(office, third, subject="Review", body="Agenda", start=third.start + HOUR, end=third.end + 2 * HOUR)
    update(office, read(office, master), location="Room 2", categories=["Salesforce"])

    shown = view(office)

    assert [(each.type, each.subject, each.location, each.categories) for each in shown[1:4]] == [
        ("Occurrence", "Team", "Room 2", ["Salesforce"]),
        ("Exception", "Review", "Room 2", ["Salesforce"]),
        ("Occurrence", "Team", "Room 2", ["Salesforce"]),
    ]
    assert (shown[2].start, shown[2].end) == (MONDAY + 2 * WEEK + HOUR, MONDAY + 2 * WEEK + 3 * HOUR)
    assert shown[2].body == "Agenda"
    assert not shown[1].body
    [told] = read(office, master).modified_occurrences
    assert (told.id, told.start, told.original_start) == (shown[2].id, shown[2].start, MONDAY + 2 * WEEK)
    assert shown[2].id == third.id


def test_an_exception_that_was_moved_is_shown_where_it_stands(office: Office) -> None:
    master = series(office)
    first = nth(office, master, 1)
    update(office, first, start=first.start - 3 * DAY, end=first.end - 3 * DAY)

    assert starts(view(office, MONDAY - WEEK, MONDAY - DAY)) == [MONDAY - 3 * DAY]
    assert starts(view(office, MONDAY, MONDAY + DAY)) == []


def test_a_property_can_be_taken_from_one_occurrence(office: Office) -> None:
    master = series(office)
    update(office, nth(office, master, 1), location=None)

    assert [each.location for each in view(office)[:2]] == [None, "Room 1"]


@pytest.mark.parametrize(
    ("move", "length"),
    [
        (WEEK, HOUR),  # onto the next one
        (WEEK + HOUR, HOUR),  # past it
        (-WEEK - HOUR, HOUR),  # before the previous one
        (WEEK - 3 * HOUR, HOUR),  # to the same day
        (timedelta(0), WEEK + HOUR),  # into it
    ],
)
def test_occurrences_do_not_pass_or_touch_each_other(office: Office, move: timedelta, length: timedelta) -> None:
    second = nth(office, series(office), 2)

    with pytest.raises(errors.ErrorOccurrenceCrossingBoundary):
        update(office, second, start=second.start + move, end=second.start + move + length)

    assert starts(view(office)) == [MONDAY + n * WEEK for n in range(6)]


def test_a_deleted_neighbour_makes_room(office: Office) -> None:
    master = series(office)
    delete(office, nth(office, master, 3))
    second = nth(office, master, 2)
    update(office, second, start=second.start + WEEK, end=second.end + WEEK)

    assert starts(view(office)) == [MONDAY + n * WEEK for n in (0, 2, 3, 4, 5)]


def test_the_last_occurrence_cannot_be_deleted_alone(office: Office) -> None:
    master = series(office, number=2)
    delete(office, nth(office, master, 1))
    last = nth(office, master, 2)

    body = f"""<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone"><m:ItemIds>
        <t:ItemId Id="{last.id}"/></m:ItemIds></m:DeleteItem>"""

    assert office.post(body)[1].findtext(".//{*}ResponseCode") == "ErrorRecurrenceHasNoOccurrence"
    assert starts(view(office)) == [MONDAY + WEEK]


def test_nothing_of_a_deleted_occurrence_lies_in_deleted_items(office: Office) -> None:
    delete(office, nth(office, series(office), 2))

    assert office.content(folder="deleteditems") == []


def test_occurrences_stay_in_their_series(office: Office) -> None:
    second = nth(office, series(office), 2)

    body = f"""<m:{{0}}><m:ToFolderId><t:DistinguishedFolderId Id="deleteditems"/></m:ToFolderId><m:ItemIds>
        <t:ItemId Id="{second.id}"/></m:ItemIds></m:{{0}}>"""

    for operation in ("MoveItem", "CopyItem"):
        answer = office.post(body.format(operation))[1]
        assert answer.findtext(".//{*}ResponseCode") == "ErrorCalendarCannotMoveOrCopyOccurrence"


# --- masters


def test_another_pattern_drops_exceptions_and_renews_ids(office: Office) -> None:
    master = series(office)
    update(office, nth(office, master, 2), subject="other")
    delete(office, nth(office, master, 3))
    before = view(office)

    pattern = WeeklyPattern(interval=1, weekdays=["Monday", "Friday"])
    update(office, read(office, master), recurrence=Recurrence(pattern=pattern, start=MONDAY.date(), number=4))

    found = read(office, master)
    assert (found.modified_occurrences, found.deleted_occurrences) == (None, None)
    shown = view(office)
    assert starts(shown) == [MONDAY, MONDAY + 4 * DAY, MONDAY + WEEK, MONDAY + WEEK + 4 * DAY]
    assert not {each.id for each in shown} & {each.id for each in before}
    with pytest.raises(errors.ErrorItemNotFound):
        read(office, ItemId(id=before[0].id))


def test_the_same_pattern_again_changes_nothing(office: Office) -> None:
    master = series(office)
    update(office, nth(office, master, 2), subject="other")

    update(office, read(office, master), recurrence=master.recurrence, start=master.start, end=master.end)

    assert [each.subject for each in view(office)[:2]] == ["Team", "other"]


def test_a_series_turns_into_a_single_item_and_back(office: Office) -> None:
    master = series(office)
    update(office, read(office, master), recurrence=None)
    assert read(office, master).type == "Single"

    recurrence = Recurrence(pattern=DailyPattern(interval=1), start=MONDAY.date(), number=2)
    update(office, read(office, master), recurrence=recurrence)

    assert starts(view(office)) == [MONDAY, MONDAY + DAY]


def test_a_series_moves_with_its_master(office: Office) -> None:
    master = series(office, number=2)

    update(office, master, start=master.start + 2 * HOUR, end=master.end + 2 * HOUR)

    assert starts(view(office)) == [MONDAY + 2 * HOUR, MONDAY + WEEK + 2 * HOUR]


def test_a_master_begins_with_the_first_day_of_its_pattern(office: Office) -> None:
    master = series(office, WeeklyPattern(interval=1, weekdays=["Thursday"]), number=2)

    assert master.start == MONDAY + 3 * DAY
    assert starts(view(office)) == [MONDAY + 3 * DAY, MONDAY + 10 * DAY]


@pytest.mark.parametrize(
    ("pattern", "range_", "code"),
    [
        ("<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>", "2", "ErrorOccurrenceTimeSpanTooBig"),
        ("<t:DailyRecurrence><t:Interval>1000</t:Interval></t:DailyRecurrence>", "2", "ErrorCalendarInvalidRecurrence"),
        ("<t:DailyRecurrence><t:Interval>7</t:Interval></t:DailyRecurrence>", "1000", "ErrorCalendarInvalidRecurrence"),
    ],
)
def test_what_cannot_be_a_series_is_refused(office: Office, pattern: str, range_: str, code: str) -> None:
    body = f"""<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>
        <t:Start>2026-12-01T10:00:00Z</t:Start><t:End>2026-12-02T11:00:00Z</t:End><t:Recurrence>{pattern}
        <t:NumberedRecurrence><t:StartDate>2026-12-01</t:StartDate><t:NumberOfOccurrences>{range_}</t:NumberOfOccurrences>
        </t:NumberedRecurrence></t:Recurrence></t:CalendarItem></m:Items></m:CreateItem>"""

    assert office.post(body)[1].findtext(".//{*}ResponseCode") == code
    assert office.content() == []


def test_an_end_before_the_first_day_leaves_no_occurrence(office: Office) -> None:
    recurrence = Recurrence(pattern=DailyPattern(interval=1), start=MONDAY.date(), end=MONDAY.date() - DAY)
    folder = office.folder("calendar")
    item = CalendarItem(subject="x", start=MONDAY, end=MONDAY + HOUR, recurrence=recurrence)

    [told] = folder.account.bulk_create(folder, [item], send_meeting_invitations="SendToNone")

    assert isinstance(told, errors.ErrorRecurrenceHasNoOccurrence)


# --- how it is told


def test_synchronisation_tells_of_the_master_whatever_happens_to_an_occurrence(office: Office) -> None:
    master = series(office)
    folder = office.folder("calendar")
    list(folder.sync_items(only_fields=["subject"]))
    state = folder.item_sync_state
    update(office, nth(office, master, 2), subject="other")
    delete(office, nth(office, master, 3))

    [(verb, told)] = list(folder.sync_items(sync_state=state, only_fields=["type"]))

    assert (verb, told.id, told.type) == ("update", master.id, "RecurringMaster")
    assert told.changekey != master.changekey


def test_a_stale_change_key_of_an_occurrence_is_a_conflict(office: Office) -> None:
    master = series(office)
    second, third = nth(office, master, 2), nth(office, master, 3)
    update(office, second, subject="other")
    third.subject = "late"

    # all occurrences share the version of their master
    with pytest.raises(errors.ErrorIrresolvableConflict):
        office.account().bulk_update(
            [(third, ["subject"])], conflict_resolution="NeverOverwrite",
            send_meeting_invitations_or_cancellations="SendToNone",
        )  # fmt: skip


def test_the_control_entries_take_rules_and_original_starts(office: Office) -> None:
    given = {"Start": "2026-03-02T09:00:00Z", "End": "2026-03-02T10:00:00Z", "StartTimeZone": "W. Europe Standard Time"}
    master = office.control("items", mailbox=ANN, values={**given, "Recurrence": "FREQ=WEEKLY;COUNT=6"})["id"]
    summer = "2026-03-30T08:00:00Z"
    office.control("items/update", mailbox=ANN, id=master, original=summer, values={"Subject": "other"})
    office.control("items/delete", mailbox=ANN, id=master, original="2026-03-02T09:00:00Z")

    [told] = office.content()

    assert told["cancelled"] == ["2026-03-02T09:00:00Z"]
    assert [(each["values"]["Start"], each["values"]["Subject"]) for each in told["exceptions"]] == [(summer, "other")]
    [dumped] = office.http.get("/control/dump?normalise=1").json["ews"][ANN]["calendar"]
    assert dumped["cancelled"] == told["cancelled"]
    assert dumped["exceptions"] == {summer: {"Subject": "other"}}
    for path, wrong in (("update", "2026-03-03T09:00:00Z"), ("delete", "2026-03-02T09:00:00Z")):
        answer = office.http.post(f"/control/ews/items/{path}", json={"mailbox": ANN, "id": master, "original": wrong})
        assert (answer.status_code, "ErrorItemNotFound" in answer.text) == (400, True)


@pytest.mark.parametrize(
    "rule", ["FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=HOURLY", "FREQ=WEEKLY;BYDAY=TU", "FREQ=DAILY;COUNT=1000"]
)
def test_the_control_entries_refuse_rules_that_are_no_pattern(office: Office, rule: str) -> None:
    values = {"Start": "2026-03-02T09:00:00Z", "End": "2026-03-02T10:00:00Z", "Recurrence": rule}

    answer = office.http.post("/control/ews/items", json={"mailbox": ANN, "values": values})

    assert (answer.status_code, office.content()) == (400, [])
