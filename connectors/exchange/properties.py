"""The one named extended property that this project writes, the pair key stamped on mailbox items, and a property of
contacts that EWS does not take otherwise."""

from __future__ import annotations

from exchangelib import ExtendedProperty
from exchangelib.items import (
    CalendarItem,
    Contact,
    MeetingMessage,
    MeetingRequest,
    MeetingResponse,
    Message,
    Task,
)

from connectors.outlook.facts import PROPERTY_NAME, PROPERTY_SET

ATTRIBUTE = "inbox_sync_key"


class InboxSyncKey(ExtendedProperty):  # type: ignore[misc]
    property_set_id = PROPERTY_SET
    property_name = PROPERTY_NAME
    property_type = "String"


# `register` changes the classes for the whole process, so it happens here, once, and never at run time. Meeting
# messages lie in the inbox beside ordinary ones and can bear a key as well; a cancellation shares the fields of
# MeetingMessage.
for _model in (CalendarItem, Message, Contact, Task, MeetingMessage, MeetingRequest, MeetingResponse):
    _model.register(ATTRIBUTE, InboxSyncKey)


class NamePrefix(ExtendedProperty):  # type: ignore[misc]
    """The salutation of a contact ("Ms."), which EWS itself tells inside `CompleteName` but does not take."""

    property_tag = "0x3a45"
    property_type = "String"


NAME_PREFIX = "name_prefix"
Contact.register(NAME_PREFIX, NamePrefix)
