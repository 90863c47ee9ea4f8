"""Meeting messages that Exchange mails: invitations, updates, cancellations, answers; for series and single items.

They are counted in the ledger. Recipients with a mailbox in this sandbox also get them: a message in the Inbox and the
copy in the calendar that a real attendee finds there.
"""

from __future__ import annotations

import uuid
from typing import Any

from connectors.sandbox.ews import copies
from connectors.sandbox.ews.appointments import CANCELLED, ROLES, attendees
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.ids import change_key
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.state import Mailbox


def invite(call: Call, item: Stored, *, update: bool = False, only: frozenset[str] | None = None) -> Stored:
    """Mail the meeting to its attendees (`only` these addresses, None: all)."""
    told = _recipients(item, only)
    if not told:
        return item
    _count(call, item, told, "update" if update else "invitation")
    sender = call.directory.mailbox_by_id(item.mailbox)
    for each in told:
        mailbox = call.directory.find_mailbox(each.get("address", ""))
        if mailbox is not None and mailbox.id != item.mailbox:
            copy = copies.renew(call, item, mailbox)
            kind = "FullUpdate" if update else "NewMeetingRequest"
            message = {**_message(call, item, sender, mailbox, copy), **copies.shared(copy.values)}
            message.update(MeetingRequestType=kind, IsMeeting=True, MyResponseType=copy.values["MyResponseType"])
            message.update(AppointmentState=copy.values["AppointmentState"], IsCancelled=False)
            message["IntendedFreeBusyStatus"] = item.values.get("LegacyFreeBusyStatus", "Busy")
            _deliver(call, mailbox, "MeetingRequest", message)
    if item.values.get("MeetingRequestWasSent"):
        return item
    return call.items.replace(item, {**item.values, "MeetingRequestWasSent": True})


def cancel(call: Call, item: Stored, only: frozenset[str] | None = None) -> None:
    """Mail the cancellation; the attendees' copies stay, marked as cancelled."""
    told = _recipients(item, only)
    if not told:
        return
    _count(call, item, told, "cancellation")
    sender = call.directory.mailbox_by_id(item.mailbox)
    for each in told:
        mailbox = call.directory.find_mailbox(each.get("address", ""))
        if mailbox is None or mailbox.id == item.mailbox:
            continue
        copy = copies.of(call, item, mailbox)
        if copy is not None:
            state = int(copy.values.get("AppointmentState", 0)) | CANCELLED
            changed = {**copy.values, "AppointmentState": state, "IsCancelled": True}
            copy = call.items.replace(copy, {**changed, "LegacyFreeBusyStatus": "Free"})
        message = _message(call, item, sender, mailbox, copy)
        message["Subject"] = f"Canceled: {message['Subject']}"
        message.update({n: item.values.get(n) for n in ("Start", "End", "Location")})
        _deliver(call, mailbox, "MeetingCancellation", message)


def respond(call: Call, copy: Stored, answer: str, *, tell: bool) -> Stored:
    """Answer an invitation: Accept, Tentative or Decline. `tell`: the organizer gets a mail, and the answer noted."""
    owner = call.directory.mailbox_by_id(copy.mailbox)
    answered = {**copy.values, "MyResponseType": answer, "AppointmentReplyTime": call.items.now}
    copy = call.items.replace(copy, answered)
    organizer = copy.values.get("Organizer") or {}
    address = organizer.get("address", "")
    if not tell or not address:
        return copy
    subject = f"{_RESPONSES[answer][0]}: {copy.values.get('Subject', '')}"
    call.sandbox.ledger.mail(call.vendor, owner.address, [address], subject, "response")
    mailbox = call.directory.find_mailbox(address)
    if mailbox is None or mailbox.id == copy.mailbox:
        return copy
    original = copies.of(call, copy, mailbox)
    if original is not None:
        noted = dict(original.values)
        for role in ROLES:
            noted[role] = _answered(noted.get(role), owner.address, answer, call.items.now)
        original = call.items.replace(original, noted)
    message = _message(call, copy, owner, mailbox, original)
    message.update(Subject=subject, ResponseType=answer, ItemClass=f"IPM.Schedule.Meeting.Resp.{_RESPONSES[answer][1]}")
    message.update({n: copy.values.get(n) for n in ("Start", "End", "Location")})
    _deliver(call, mailbox, "MeetingResponse", message)
    return copy


_RESPONSES = {"Accept": ("Accepted", "Pos"), "Tentative": ("Tentative", "Tent"), "Decline": ("Declined", "Neg")}


def _answered(people: Any, address: str, answer: str, now: str) -> Any:
    return [
        {**each, "response": answer, "replied": now} if each.get("address", "").lower() == address else each
        for each in people or ()
    ]


def _recipients(item: Stored, only: frozenset[str] | None) -> list[Values]:
    mine = (item.values.get("Organizer") or {}).get("address", "").lower()
    return [
        each
        for each in attendees(item.values)
        if each.get("address") and each["address"].lower() != mine and (only is None or each["address"].lower() in only)
    ]


def _count(call: Call, item: Stored, told: list[Values], reason: str) -> None:
    sender = call.directory.mailbox_by_id(item.mailbox).address
    recipients = [each["address"] for each in told]
    call.sandbox.ledger.mail(call.vendor, sender, recipients, str(item.values.get("Subject", "")), reason)


def _message(call: Call, item: Stored, sender: Mailbox, to: Mailbox, copy: Stored | None) -> Values:
    who = {"name": sender.name, "address": sender.address}
    made: Values = {
        "Subject": item.values.get("Subject", ""),
        "Body": item.values.get("Body") or {"text": ""},
        "From": who,
        "Sender": who,
        "ToRecipients": [{"name": to.name, "address": to.address}],
        "DateTimeSent": call.items.now,
        "DateTimeReceived": call.items.now,
        "InternetMessageId": f"<{uuid.uuid4().hex}@{sender.address.partition('@')[2]}>",
        "UID": item.values.get("UID", ""),
        "RecurrenceId": item.values.get("RecurrenceId"),
        "IsRead": False,
        "IsDraft": False,
        "IsOutOfDate": False,
        "HasBeenProcessed": True,
        "IsDelegated": False,
        "ResponseType": "Unknown",
        "ConversationTopic": item.values.get("Subject", ""),
    }
    if copy is not None:
        made["AssociatedCalendarItemId"] = {"id": copy.identifier, "key": change_key(copy.version)}
    return made


def _deliver(call: Call, mailbox: Mailbox, kind: str, values: Values) -> None:
    call.items.create(call.directory.distinguished(mailbox, "inbox"), kind, values)
