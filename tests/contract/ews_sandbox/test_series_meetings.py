"""Meetings that repeat: what attendees get of a series, of one changed occurrence, and of one that is cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from exchangelib import EWSDateTime
from exchangelib.items import CalendarItem
from exchangelib.properties import OccurrenceItemId
from exchangelib.recurrence import Recurrence, WeeklyPattern

from tests.contract.ews_sandbox.conftest import ANN, BOB, UTC, Office

TUESDAY = EWSDateTime(2026, 12, 1, 10, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
LOUD, SILENT = "SendToAllAndSaveCopy", "SendToNone"


@pytest.fixture
def master(office: Office) -> Any:
    """A series of Ann's to which Bob was invited."""
    folder = office.folder("calendar")
    recurrence = Recurrence(pattern=WeeklyPattern(interval=1, weekdays=["Tuesday"]), start=TUESDAY.date(), number=4)
    item = CalendarItem(
        subject="Team",
        start=TUESDAY,
        end=TUESDAY + HOUR,
        recurrence=recurrence,
        required_attendees=[BOB],
        location="R1",
    )
    [made] = folder.account.bulk_create(folder, [item], send_meeting_invitations=LOUD)
    return made


def nth(office: Office, master: Any, index: int) -> Any:
    folder = office.folder("calendar")
    [found] = list(
        folder.account.fetch([OccurrenceItemId(id=master.id, changekey=None, instance_index=index)], folder=folder)
    )
    return found


def update(office: Office, item: Any, tell: str = LOUD, **values: Any) -> None:
    for name, value in values.items():
        setattr(item, name, value)
    office.account().bulk_update([(item, list(values))], send_meeting_invitations_or_cancellations=tell)


def view(office: Office, address: str = BOB) -> list[Any]:
    return list(office.account(address).calendar.view(start=TUESDAY - WEEK, end=TUESDAY + 10 * WEEK))


def told(office: Office) -> list[tuple[str, list[str]]]:
    return [(mail["reason"], mail["to"]) for mail in office.mails()]


def test_a_series_is_one_invitation_and_one_copy(office: Office, master: Any) -> None:
    [copy] = office.content(BOB)
    [request] = list(office.account(BOB).inbox.all())

    assert told(office) == [("invitation", [BOB])]
    assert copy["values"]["CalendarItemType"] == "RecurringMaster"
    assert [(each.start, each.subject, each.my_response_type) for each in view(office)] == [
        (TUESDAY + n * WEEK, "Team", "NoResponseReceived") for n in range(4)
    ]
    assert (request.type, request.recurrence.boundary.number) == ("RecurringMaster", 4)
    assert request.associated_calendar_item_id.id == copy["id"]


def test_a_changed_occurrence_changes_with_the_attendee(office: Office, master: Any) -> None:
    second = nth(office, master, 2)
    update(office, second, subject="Review", start=second.start + HOUR, end=second.end + HOUR)

    assert told(office)[1:] == [("update", [BOB])]
    assert [(each.type, each.subject, each.start) for each in view(office)[:3]] == [
        ("Occurrence", "Team", TUESDAY), ("Exception", "Review", TUESDAY + WEEK + HOUR),
        ("Occurrence", "Team", TUESDAY + 2 * WEEK),
    ]  # fmt: skip
    request = office.content(BOB, "inbox")[-1]["values"]
    assert (request["RecurrenceId"], request["Start"]) == ("2026-12-08T10:00:00Z", "2026-12-08T11:00:00Z")


def test_a_cancelled_occurrence_is_marked_with_the_attendee(office: Office, master: Any) -> None:
    office.account().bulk_delete([nth(office, master, 2)], send_meeting_cancellations=LOUD)

    assert told(office)[1:] == [("cancellation", [BOB])]
    assert [each.is_cancelled for each in view(office)] == [False, True, False, False]
    assert [each.start for each in view(office, ANN)] == [TUESDAY + n * WEEK for n in (0, 2, 3)]


def test_silent_changes_stay_with_the_organizer(office: Office, master: Any) -> None:
    update(office, nth(office, master, 2), SILENT, subject="Review")
    office.account().bulk_delete([nth(office, master, 3)], send_meeting_cancellations=SILENT)

    assert told(office) == [("invitation", [BOB])]
    assert [each.subject for each in view(office)] == ["Team"] * 4


def test_exceptions_travel_with_the_next_update_of_the_series(office: Office, master: Any) -> None:
    update(office, nth(office, master, 2), SILENT, subject="Review", categories=["Private matter"])
    office.account().bulk_delete([nth(office, master, 3)], send_meeting_cancellations=SILENT)
    [found] = [each for each in office.folder("calendar").all() if each.type == "RecurringMaster"]
    [copy] = office.content(BOB)
    office.control("items/update", mailbox=BOB, id=copy["id"], original="2026-12-22T10:00:00Z",
                   values={"Categories": ["Own"]})  # fmt: skip

    update(office, found, location="R2")

    assert [(each.start, each.subject, each.location, each.categories) for each in view(office)] == [
        (TUESDAY, "Team", "R2", None), (TUESDAY + WEEK, "Review", "R2", None),
        (TUESDAY + 3 * WEEK, "Team", "R2", ["Own"]),
    ]  # fmt: skip


def test_an_answer_to_one_occurrence_is_noted_there_alone(office: Office, master: Any) -> None:
    view(office)[1].accept(message_disposition="SendAndSaveCopy")

    assert [each.my_response_type for each in view(office)[:3]] == [
        "NoResponseReceived", "Accept", "NoResponseReceived",
    ]  # fmt: skip
    answers = [nth(office, master, n).required_attendees[0].response_type for n in (1, 2, 3)]
    assert answers == ["Unknown", "Accept", "Unknown"]


def test_a_declined_occurrence_goes_and_the_series_stays(office: Office, master: Any) -> None:
    view(office)[1].decline(message_disposition="SendAndSaveCopy")

    assert [each.start for each in view(office)] == [TUESDAY + n * WEEK for n in (0, 2, 3)]
    assert nth(office, master, 2).required_attendees[0].response_type == "Decline"


def test_a_declined_occurrence_comes_back_with_its_update(office: Office, master: Any) -> None:
    view(office)[1].decline(message_disposition="SendAndSaveCopy")
    update(office, nth(office, master, 2), subject="Please come")

    assert [each.subject for each in view(office)] == ["Team", "Please come", "Team", "Team"]


def test_somebody_invited_to_one_occurrence_has_that_alone(office: Office, master: Any) -> None:
    office.control("mailboxes", address="carl@acme.example", name="Carl")
    update(office, nth(office, master, 2), required_attendees=[BOB, "carl@acme.example"])

    [single] = view(office, "carl@acme.example")
    assert (single.type, single.start, single.recurrence_id) == ("Single", TUESDAY + WEEK, TUESDAY + WEEK)
    update(office, nth(office, master, 2), subject="Review")
    assert [each.subject for each in view(office, "carl@acme.example")] == ["Review"]

    [found] = [each for each in office.folder("calendar").all() if each.type == "RecurringMaster"]
    update(office, found, required_attendees=[BOB, "carl@acme.example"])
    assert [each.type for each in view(office, "carl@acme.example")] == [
        "Occurrence", "Exception", "Occurrence", "Occurrence",
    ]  # fmt: skip


def test_a_cancelled_series_is_marked_as_a_whole(office: Office, master: Any) -> None:
    office.account().bulk_delete([master], send_meeting_cancellations=LOUD)

    assert [each.is_cancelled for each in view(office)] == [True] * 4
    assert view(office, ANN) == []
