"""Meetings: silent writes are silent, others are mailed, counted and delivered to those who live in the sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from exchangelib import EWSDateTime, errors
from exchangelib.items import CalendarItem, Message

from tests.contract.ews_sandbox.conftest import ANN, BOB, UTC, Office

TEN = EWSDateTime(2026, 12, 1, 10, tzinfo=UTC)
OUTSIDER = "eve@outside.example"


def meet(office: Office, tell: str, attendees: list[str], **more: Any) -> Any:
    folder = office.folder("calendar")
    item = CalendarItem(
        subject="Kick-off", start=TEN, end=TEN + timedelta(hours=1), required_attendees=attendees, body="Agenda", **more
    )
    [made] = folder.account.bulk_create(folder, [item], send_meeting_invitations=tell)
    return next(iter(folder.account.fetch([(made.id, made.changekey)], folder=folder)))


def update(office: Office, item: Any, tell: str, **values: Any) -> None:
    for name, value in values.items():
        setattr(item, name, value)
    office.account().bulk_update([(item, list(values))], send_meeting_invitations_or_cancellations=tell)


def subjects(office: Office, address: str, role: str) -> list[tuple[str, str]]:
    return [(item["kind"], item["values"]["Subject"]) for item in office.content(address, role)]


def test_send_to_none_sends_nothing(office: Office) -> None:
    item = meet(office, "SendToNone", [BOB, OUTSIDER])
    update(office, item, "SendToNone", subject="Changed", required_attendees=[BOB])
    office.account().bulk_delete([item], send_meeting_cancellations="SendToNone")
    assert office.mails() == []
    assert office.content(BOB) == office.content(BOB, "inbox") == []


def test_an_invitation_is_counted_and_lies_with_the_attendee(office: Office) -> None:
    item = meet(office, "SendToAllAndSaveCopy", [BOB, OUTSIDER])
    [mail] = office.mails()
    assert (mail["from"], mail["to"], mail["reason"]) == (ANN, [BOB, OUTSIDER], "invitation")
    assert subjects(office, BOB, "inbox") == [("MeetingRequest", "Kick-off")]
    [copy] = list(office.account(BOB).calendar.all())
    assert (copy.uid, copy.my_response_type, copy.is_meeting) == (item.uid, "NoResponseReceived", True)
    assert copy.organizer.email_address == ANN
    assert set(copy.appointment_state) == {"Meeting", "Received"}
    [request] = list(office.account(BOB).inbox.all())
    assert request.associated_calendar_item_id.id == copy.id
    assert (request.item_class, request.meeting_request_type) == ("IPM.Schedule.Meeting.Request", "NewMeetingRequest")


def test_what_clients_say_about_answers_is_not_believed(office: Office) -> None:
    item = meet(office, "SendToNone", [BOB])
    assert [each.response_type for each in item.required_attendees] == ["Unknown"]


def test_an_answer_reaches_the_organizer(office: Office) -> None:
    meet(office, "SendToAllAndSaveCopy", [BOB])
    [request] = list(office.account(BOB).inbox.all())
    request.accept(message_disposition="SendAndSaveCopy")
    [copy] = list(office.account(BOB).calendar.all())
    assert copy.my_response_type == "Accept"
    assert office.content(BOB, "inbox") == []
    [original] = list(office.account().calendar.all())
    assert [each.response_type for each in original.required_attendees] == ["Accept"]
    assert subjects(office, ANN, "inbox") == [("MeetingResponse", "Accepted: Kick-off")]
    assert [mail["reason"] for mail in office.mails()] == ["invitation", "response"]


def test_declining_takes_the_copy_away(office: Office) -> None:
    meet(office, "SendToAllAndSaveCopy", [BOB])
    [copy] = list(office.account(BOB).calendar.all())
    copy.decline(message_disposition="SendAndSaveCopy")
    assert office.content(BOB) == []
    [original] = list(office.account().calendar.all())
    assert [each.response_type for each in original.required_attendees] == ["Decline"]


def test_the_organizer_cannot_answer(office: Office) -> None:
    item = meet(office, "SendToNone", [BOB])
    with pytest.raises(errors.ErrorCalendarIsOrganizerForAccept):
        item.accept()


def test_an_update_reaches_old_and_new_attendees_and_keeps_answers(office: Office) -> None:
    item = meet(office, "SendToAllAndSaveCopy", [BOB])
    office.control("items/respond", mailbox=BOB, id=office.content(BOB)[0]["id"], response="Accept", send=True)
    item = next(iter(office.account().calendar.all()))
    update(office, item, "SendToAllAndSaveCopy", required_attendees=[BOB, OUTSIDER], start=TEN + timedelta(minutes=30))
    told = [(mail["reason"], mail["to"]) for mail in office.mails()]
    assert told[2:] == [("invitation", [OUTSIDER]), ("update", [BOB])]
    [found] = list(office.account().calendar.all())
    answers = {each.mailbox.email_address: each.response_type for each in found.required_attendees}
    assert answers == {BOB: "Accept", OUTSIDER: "Unknown"}
    [copy] = list(office.account(BOB).calendar.all())
    assert (copy.start, copy.my_response_type) == (TEN + timedelta(minutes=30), "NoResponseReceived")


def test_only_those_concerned_are_told(office: Office) -> None:
    item = meet(office, "SendToAllAndSaveCopy", [BOB])
    update(office, item, "SendToChangedAndSaveCopy", required_attendees=[BOB, OUTSIDER])
    assert [(mail["reason"], mail["to"]) for mail in office.mails()][1:] == [("invitation", [OUTSIDER])]
    item = next(iter(office.account().calendar.all()))
    update(office, item, "SendToChangedAndSaveCopy", required_attendees=[OUTSIDER])
    assert [(mail["reason"], mail["to"]) for mail in office.mails()][2:] == [("cancellation", [BOB])]


def test_cancelling_marks_the_copies(office: Office) -> None:
    item = meet(office, "SendToAllAndSaveCopy", [BOB])
    office.account().bulk_delete([item], send_meeting_cancellations="SendToAllAndSaveCopy")
    assert office.content() == []
    [copy] = list(office.account(BOB).calendar.all())
    assert copy.is_cancelled
    assert "Canceled" in copy.appointment_state
    assert ("MeetingCancellation", "Canceled: Kick-off") in subjects(office, BOB, "inbox")


def test_an_attendee_who_deletes_loudly_declines(office: Office) -> None:
    meet(office, "SendToAllAndSaveCopy", [BOB])
    [copy] = list(office.account(BOB).calendar.all())
    office.account(BOB).bulk_delete([copy], send_meeting_cancellations="SendToAllAndSaveCopy")
    [original] = list(office.account().calendar.all())
    assert [each.response_type for each in original.required_attendees] == ["Decline"]


def test_own_marks_on_a_copy_survive_an_update(office: Office) -> None:
    item = meet(office, "SendToAllAndSaveCopy", [BOB])
    office.control("items/update", mailbox=BOB, id=office.content(BOB)[0]["id"], values={"Categories": ["Salesforce"]})
    update(office, item, "SendToAllAndSaveCopy", location="Roof")
    [copy] = list(office.account(BOB).calendar.all())
    assert (copy.location, copy.categories) == ("Roof", ["Salesforce"])


def test_an_organizer_outside_has_a_copy_only(office: Office) -> None:
    office.control(
        "items",
        mailbox=ANN,
        values={
            "Subject": "From outside",
            "Start": "2026-12-01T10:00:00Z",
            "End": "2026-12-01T11:00:00Z",
            "Organizer": {"name": "Eve", "address": OUTSIDER},
            "RequiredAttendees": [{"address": ANN}],
            "AppointmentState": 3,
            "MyResponseType": "Tentative",
        },
    )
    [item] = list(office.account().calendar.all())
    assert (item.organizer.email_address, item.my_response_type) == (OUTSIDER, "Tentative")
    assert item.is_meeting


def test_sending_a_mail_counts_and_delivers(office: Office) -> None:
    account = office.account()
    mail = Message(account=account, subject="Hi", body="x", to_recipients=[BOB], bcc_recipients=[ANN])
    mail.folder = account.sent
    mail.send_and_save()
    [told] = office.mails()
    assert (told["to"], told["reason"]) == ([BOB, ANN], "message")
    assert subjects(office, ANN, "sentitems") == [("Message", "Hi")]
    [received] = list(office.account(BOB).inbox.all())
    assert (received.subject, received.is_read, received.bcc_recipients) == ("Hi", False, None)


def test_saving_a_mail_sends_nothing(office: Office) -> None:
    account = office.account()
    Message(account=account, folder=account.drafts, subject="Hi", to_recipients=[BOB]).save()
    [draft] = list(account.drafts.all())
    assert draft.is_draft
    assert office.mails() == []


def test_writes_are_counted_by_kind_and_verb(office: Office) -> None:
    item = meet(office, "SendToNone", [BOB])
    update(office, item, "SendToNone", subject="x")
    office.account().bulk_delete([item], send_meeting_cancellations="SendToNone")
    assert office.sandbox.ledger.counters()["writes"]["ews"]["CalendarItem"] == {"create": 1, "update": 1, "delete": 1}
