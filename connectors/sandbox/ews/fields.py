"""The properties of every item kind in schema order: element name, path in a FieldURI, codec, and where it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connectors.sandbox.ews import contacts
from connectors.sandbox.ews.codecs import (
    ATTACHED,
    ATTENDEES,
    BODY,
    BOOL,
    DELETED,
    ENTRIES,
    FLOAT,
    HEADERS,
    ID,
    INT,
    MIME,
    OCCURRENCE,
    OCCURRENCES,
    PAIRS,
    PEOPLE,
    SINGLE,
    STRINGS,
    TEXT,
    WHEN,
    ZONE,
    Codec,
)


def names_in(text: str) -> frozenset[str]:
    """The words of a text as a set of names."""
    return frozenset(text.split())


class Told(StrEnum):
    """ALWAYS; BRIEFLY: listings (FindItem, SyncFolderItems) give people without their address;
    READ: only GetItem; asking a listing for it is an error."""

    ALWAYS = "always"
    BRIEFLY = "briefly"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Field:
    """`fixed`: clients cannot set it."""

    name: str
    uri: str
    codec: Codec
    told: Told = Told.ALWAYS
    fixed: bool = False


# the only words that the schema allows; by element name
CHOICES = {
    "Sensitivity": frozenset({"Normal", "Personal", "Private", "Confidential"}),
    "Importance": frozenset({"Low", "Normal", "High"}),
    "LegacyFreeBusyStatus": frozenset({"Free", "Tentative", "Busy", "OOF", "WorkingElsewhere", "NoData"}),
    "MyResponseType": frozenset({"Unknown", "Organizer", "Tentative", "Accept", "Decline", "NoResponseReceived"}),
    "Status": frozenset({"NotStarted", "InProgress", "Completed", "WaitingOnOthers", "Deferred"}),
    "FileAsMapping": frozenset({"None", "Empty", *contacts.MAPPINGS}),
    "EmailAddresses": frozenset({"EmailAddress1", "EmailAddress2", "EmailAddress3"}),
    "ImAddresses": frozenset({"ImAddress1", "ImAddress2", "ImAddress3"}),
    "PhysicalAddresses": frozenset({"Business", "Home", "Other"}),
    "PhoneNumbers": names_in(
        "AssistantPhone BusinessFax BusinessPhone BusinessPhone2 Callback CarPhone CompanyMainPhone HomeFax "
        "HomePhone HomePhone2 Isdn MobilePhone OtherFax OtherTelephone Pager PrimaryPhone RadioPhone Telex "
        "TtyTddPhone BusinessMobile IPPhone Mms Msn"
    ),
}
CHOICES["IntendedFreeBusyStatus"] = CHOICES["LegacyFreeBusyStatus"]
CHOICES["ResponseType"] = CHOICES["MyResponseType"]
MAX_REMINDER = 2_629_800


def objection(field: Field, value: Any) -> str:
    """Why the schema would refuse the value as that property, empty when it would not."""
    if not field.codec.fits(value):
        return "the value has not the type of the property"
    allowed = CHOICES.get(field.name)
    words = list(value) if field.codec is ENTRIES else [value]
    if allowed is not None and not allowed.issuperset(words):
        return "not one of the allowed words"
    answers = [each.get("response", "Unknown") for each in value] if field.codec is ATTENDEES else []
    if not CHOICES["ResponseType"].issuperset(answers):
        return "not one of the allowed responses"
    if field.name == "ReminderMinutesBeforeStart" and not 0 <= int(value) <= MAX_REMINDER:
        return "out of bounds"
    return ""


_FIXED = names_in(
    "ItemId ParentFolderId Attachments DateTimeReceived DateTimeSent DateTimeCreated Size IsSubmitted IsDraft "
    "IsFromMe "
    "IsResend IsUnmodified DisplayTo DisplayCc DisplayBcc HasAttachments EffectiveRights LastModifiedName "
    "LastModifiedTime ConversationId ConversationTopic ConversationIndex TextBody UniqueBody IsMeeting "
    "IsCancelled IsRecurring MeetingRequestWasSent CalendarItemType MyResponseType Organizer "
    "AppointmentReplyTime AppointmentSequenceNumber AppointmentState IsOrganizer CompleteName IsComplete "
    "AssociatedCalendarItemId MeetingRequestType Preview HasPicture ReminderNextTime DateTimeStamp "
    "OriginalStart RecurrenceId FirstOccurrence LastOccurrence ModifiedOccurrences DeletedOccurrences"
)


def _fields(prefix: str, *rows: tuple[str, Codec] | tuple[str, Codec, Told]) -> tuple[Field, ...]:
    return tuple(
        Field(row[0], f"{prefix}:{row[0]}", row[1], row[2] if len(row) == 3 else Told.ALWAYS, row[0] in _FIXED)
        for row in rows
    )


READ, BRIEFLY = Told.READ, Told.BRIEFLY

_ITEM = _fields(
    "item",
    ("MimeContent", MIME, READ),
    ("ItemId", ID),
    ("ParentFolderId", ID),
    ("ItemClass", TEXT),
    ("Subject", TEXT),
    ("Sensitivity", TEXT),
    ("Body", BODY, READ),
    ("Attachments", ATTACHED, READ),
    ("DateTimeReceived", WHEN),
    ("Size", INT),
    ("Categories", STRINGS),
    ("Importance", TEXT),
    ("InReplyTo", TEXT),
    ("IsSubmitted", BOOL),
    ("IsDraft", BOOL),
    ("IsFromMe", BOOL),
    ("IsResend", BOOL),
    ("IsUnmodified", BOOL),
    ("InternetMessageHeaders", HEADERS, READ),
    ("DateTimeSent", WHEN),
    ("DateTimeCreated", WHEN),
    ("ReminderDueBy", WHEN),
    ("ReminderIsSet", BOOL),
    ("ReminderNextTime", WHEN),
    ("ReminderMinutesBeforeStart", INT),
    ("DisplayCc", TEXT),
    ("DisplayTo", TEXT),
    ("HasAttachments", BOOL),
    ("ExtendedProperty", TEXT),
    ("EffectiveRights", PAIRS),
    ("LastModifiedName", TEXT),
    ("LastModifiedTime", WHEN),
    ("ConversationId", ID),
    ("UniqueBody", BODY, READ),
    ("Flag", PAIRS),
    ("Preview", TEXT),
    ("TextBody", BODY, READ),
)
_MESSAGE = _fields(
    "message",
    ("Sender", SINGLE, BRIEFLY),
    ("ToRecipients", PEOPLE, READ),
    ("CcRecipients", PEOPLE, READ),
    ("BccRecipients", PEOPLE, READ),
    ("IsReadReceiptRequested", BOOL),
    ("IsDeliveryReceiptRequested", BOOL),
    ("ConversationIndex", TEXT),
    ("ConversationTopic", TEXT),
    ("From", SINGLE, BRIEFLY),
    ("InternetMessageId", TEXT),
    ("IsRead", BOOL),
    ("IsResponseRequested", BOOL),
    ("References", TEXT),
    ("ReplyTo", PEOPLE, READ),
    ("ReceivedBy", SINGLE, BRIEFLY),
    ("ReceivedRepresenting", SINGLE, BRIEFLY),
)
_MEETING = _fields(
    "meeting",
    ("AssociatedCalendarItemId", ID),
    ("IsDelegated", BOOL),
    ("IsOutOfDate", BOOL),
    ("HasBeenProcessed", BOOL),
    ("ResponseType", TEXT),
)
_UID = _fields("calendar", ("UID", TEXT), ("RecurrenceId", WHEN), ("DateTimeStamp", WHEN))
_WHERE_AND_WHEN = _fields(
    "calendar",
    ("Start", WHEN),
    ("End", WHEN),
    ("OriginalStart", WHEN),
    ("IsAllDayEvent", BOOL),
    ("LegacyFreeBusyStatus", TEXT),
    ("Location", TEXT),
    ("When", TEXT),
    ("IsMeeting", BOOL),
    ("IsCancelled", BOOL),
    ("IsRecurring", BOOL),
    ("MeetingRequestWasSent", BOOL),
)
_WHO = _fields(
    "calendar",
    ("CalendarItemType", TEXT),
    ("MyResponseType", TEXT),
    ("Organizer", SINGLE, BRIEFLY),
    ("RequiredAttendees", ATTENDEES, READ),
    ("OptionalAttendees", ATTENDEES, READ),
    ("Resources", ATTENDEES, READ),
    ("AppointmentReplyTime", WHEN),
    ("AppointmentSequenceNumber", INT),
    ("AppointmentState", INT),
    ("Recurrence", PAIRS, READ),
    ("FirstOccurrence", OCCURRENCE, READ),
    ("LastOccurrence", OCCURRENCE, READ),
    ("ModifiedOccurrences", OCCURRENCES, READ),
    ("DeletedOccurrences", DELETED, READ),
    ("StartTimeZone", ZONE),
    ("EndTimeZone", ZONE),
    ("ConferenceType", INT),
    ("AllowNewTimeProposal", BOOL),
    ("IsOnlineMeeting", BOOL),
    ("MeetingWorkspaceUrl", TEXT),
    ("NetShowUrl", TEXT),
)
_RESPONSE_REQUESTED = _fields("calendar", ("IsResponseRequested", BOOL))
_ORGANIZING = _fields("calendar", ("IsOrganizer", BOOL))
_CONTACT = _fields(
    "contacts",
    ("FileAs", TEXT),
    ("FileAsMapping", TEXT),
    ("DisplayName", TEXT),
    ("GivenName", TEXT),
    ("Initials", TEXT),
    ("MiddleName", TEXT),
    ("Nickname", TEXT),
    ("CompleteName", PAIRS),
    ("CompanyName", TEXT),
    ("EmailAddresses", ENTRIES),
    ("PhysicalAddresses", ENTRIES),
    ("PhoneNumbers", ENTRIES),
    ("AssistantName", TEXT),
    ("Birthday", WHEN),
    ("BusinessHomePage", TEXT),
    ("Children", STRINGS),
    ("Companies", STRINGS),
    ("Department", TEXT),
    ("Generation", TEXT),
    ("ImAddresses", ENTRIES),
    ("JobTitle", TEXT),
    ("Manager", TEXT),
    ("Mileage", TEXT),
    ("OfficeLocation", TEXT),
    ("PostalAddressIndex", TEXT),
    ("Profession", TEXT),
    ("SpouseName", TEXT),
    ("Surname", TEXT),
    ("WeddingAnniversary", WHEN),
    ("HasPicture", BOOL),
    ("Notes", TEXT, READ),
)
_TASK = _fields(
    "task",
    ("ActualWork", INT),
    ("AssignedTime", WHEN),
    ("BillingInformation", TEXT),
    ("ChangeCount", INT),
    ("Companies", STRINGS),
    ("CompleteDate", WHEN),
    ("Contacts", STRINGS),
    ("Delegator", TEXT),
    ("DueDate", WHEN),
    ("IsComplete", BOOL),
    ("IsRecurring", BOOL),
    ("Mileage", TEXT),
    ("Owner", TEXT),
    ("PercentComplete", FLOAT),
    ("Recurrence", PAIRS),
    ("StartDate", WHEN),
    ("Status", TEXT),
    ("StatusDescription", TEXT),
    ("TotalWork", INT),
)

_MEETING_MESSAGE = (*_ITEM, *_MESSAGE, *_MEETING, *_UID, *_ORGANIZING)
_BRIEF_MEETING = (*_MEETING_MESSAGE, *(f for f in _WHERE_AND_WHEN if f.name in ("Start", "End", "Location")))
FIELDS: dict[str, tuple[Field, ...]] = {
    "Item": _ITEM,
    "Message": (*_ITEM, *_MESSAGE),
    "CalendarItem": (*_ITEM, *_UID, *_WHERE_AND_WHEN, *_RESPONSE_REQUESTED, *_WHO, *_ORGANIZING),
    "Contact": (*_ITEM, *_CONTACT),
    "Task": (*_ITEM, *_TASK),
    "MeetingRequest": (
        *_MEETING_MESSAGE,
        *_fields("meetingRequest", ("MeetingRequestType", TEXT), ("IntendedFreeBusyStatus", TEXT)),
        *_WHERE_AND_WHEN,
        *_WHO,
    ),
    "MeetingCancellation": _BRIEF_MEETING,
    "MeetingResponse": _BRIEF_MEETING,
}
CLASSES = {
    "Item": "IPM.Document",
    "Message": "IPM.Note",
    "CalendarItem": "IPM.Appointment",
    "Contact": "IPM.Contact",
    "Task": "IPM.Task",
    "MeetingRequest": "IPM.Schedule.Meeting.Request",
    "MeetingCancellation": "IPM.Schedule.Meeting.Canceled",
    "MeetingResponse": "IPM.Schedule.Meeting.Resp.Pos",
}
BY_NAME = {kind: {field.name: field for field in fields} for kind, fields in FIELDS.items()}
NAME_OF = {field.uri: field.name for fields in FIELDS.values() for field in fields}
FIELD_OF = {field.uri: field for fields in FIELDS.values() for field in fields}
# kept apart from the rest because they are big
HEAVY = frozenset({"Body", "Attachments", "MimeContent", "InternetMessageHeaders"})
DEFAULT_SHAPE = names_in(
    "ItemId ParentFolderId Subject Sensitivity DateTimeReceived Size Importance IsSubmitted IsDraft IsFromMe "
    "DateTimeSent DateTimeCreated DisplayCc DisplayTo HasAttachments LastModifiedTime From InternetMessageId "
    "IsRead Sender UID Start End IsAllDayEvent LegacyFreeBusyStatus Location IsMeeting IsCancelled "
    "IsRecurring CalendarItemType MyResponseType Organizer StartTimeZone EndTimeZone FileAs DisplayName "
    "GivenName Surname CompanyName EmailAddresses PhoneNumbers DueDate Status PercentComplete StartDate"
)
DICTIONARIES = {
    "contacts:EmailAddress": "EmailAddresses",
    "contacts:PhoneNumber": "PhoneNumbers",
    "contacts:ImAddress": "ImAddresses",
    "contacts:PhysicalAddress": "PhysicalAddresses",
}
