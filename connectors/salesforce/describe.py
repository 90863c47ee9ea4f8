"""What an org is like: the objects we use, their describes cut down to what is asked of them, and our columns.

Sources: REST API guide, sObject describe (a describe already reflects the field-level security of the user);
Object Reference for the columns. A statement selects only what the describe shows, because a hidden field is an
unknown column to the whole statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import OrgShape
from connectors.salesforce.composite import MOST_PARTS, Part, batched
from connectors.salesforce.faults import call_error
from connectors.salesforce.wire import Wire
from mapping.model.item import ItemKind

OBJECTS = (
    "Event",
    "EventRelation",
    "Task",
    "EmailMessage",
    "EmailMessageRelation",
    "Lead",
    "Contact",
    "Account",
    "Opportunity",
    "OpportunityContactRole",
    "User",
    "Calendar",
    "ContentVersion",
    "ContentDocumentLink",
    "Attachment",
)

# Without these there is nothing to sync; the others are absent in some editions and setups.
NEEDED = frozenset({"Event", "Contact", "User"})

_KEPT = (
    "type",
    "label",
    "length",
    "custom",
    "createable",
    "updateable",
    "nillable",
    "defaultedOnCreate",
    "filterable",
    "externalId",
    "unique",
    "caseSensitive",
    "idLookup",
    "restrictedPicklist",
)

_SYSTEM = ("Id", "SystemModstamp", "LastModifiedDate", "LastModifiedById", "CreatedDate", "IsDeleted")
_ACTIVITY = (
    "OwnerId",
    "WhoId",
    "WhatId",
    "AccountId",
    "Subject",
    "ActivityDate",
    "IsReminderSet",
    "ReminderDateTime",
    "IsArchived",
    "Type",
)

# Columns that hold the texts of a record; left out when only the head of an item is asked for.
BODIES = frozenset({"Description", "TextBody", "HtmlBody", "Headers"})

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "Event": (
        *_SYSTEM,
        *_ACTIVITY,
        "Location",
        "Description",
        "StartDateTime",
        "EndDateTime",
        "ActivityDateTime",
        "DurationInMinutes",
        "IsAllDayEvent",
        "IsPrivate",
        "ShowAs",
        "EventSubtype",
        "IsChild",
        "IsGroupEvent",
        "GroupEventType",
        "IsRecurrence",
        "RecurrenceActivityId",
        "RecurrenceType",
        "RecurrenceStartDateTime",
        "RecurrenceEndDateOnly",
        "RecurrenceTimeZoneSidKey",
        "RecurrenceInterval",
        "RecurrenceDayOfWeekMask",
        "RecurrenceDayOfMonth",
        "RecurrenceInstance",
        "RecurrenceMonthOfYear",
        "IsRecurrence2",
        "IsRecurrence2Exception",
        "Recurrence2PatternText",
        "Recurrence2PatternStartDate",
        "Recurrence2PatternTimeZone",
        "WhoCount",
        "ClientGuid",
    ),
    "Task": (
        *_SYSTEM,
        *_ACTIVITY,
        "Description",
        "Status",
        "Priority",
        "IsClosed",
        "TaskSubtype",
        "CompletedDateTime",
        "IsRecurrence",
        "RecurrenceActivityId",
        "RecurrenceRegeneratedType",
    ),
    "EmailMessage": (
        *_SYSTEM,
        "Subject",
        "TextBody",
        "HtmlBody",
        "Headers",
        "FromAddress",
        "FromName",
        "ToAddress",
        "CcAddress",
        "BccAddress",
        "Status",
        "Incoming",
        "MessageDate",
        "MessageIdentifier",
        "ThreadIdentifier",
        "RelatedToId",
        "ParentId",
        "ActivityId",
        "IsClientManaged",
    ),
    "EmailMessageRelation": (*_SYSTEM, "EmailMessageId", "RelationId", "RelationType", "RelationAddress"),
    "EventRelation": (
        *_SYSTEM,
        "EventId",
        "RelationId",
        "Status",
        "Response",
        "RespondedDate",
        "IsInvitee",
        "IsParent",
        "IsWhat",
    ),
    "Contact": (
        *_SYSTEM,
        "OwnerId",
        "AccountId",
        "Account.Name",
        "FirstName",
        "LastName",
        "MiddleName",
        "Suffix",
        "Salutation",
        "Name",
        "Email",
        "Title",
        "Department",
        "Phone",
        "MobilePhone",
        "HomePhone",
        "OtherPhone",
        "Fax",
        "AssistantName",
        "AssistantPhone",
        "Birthdate",
        "Description",
        "MailingStreet",
        "MailingCity",
        "MailingState",
        "MailingPostalCode",
        "MailingCountry",
        "OtherStreet",
        "OtherCity",
        "OtherState",
        "OtherPostalCode",
        "OtherCountry",
        "IsPersonAccount",
    ),
    "Lead": (
        *_SYSTEM,
        "OwnerId",
        "FirstName",
        "LastName",
        "Name",
        "Company",
        "Email",
        "Title",
        "Phone",
        "MobilePhone",
        "Website",
        "LeadSource",
        "Status",
        "Description",
        "IsConverted",
        "ConvertedContactId",
    ),
    "Account": (
        *_SYSTEM,
        "OwnerId",
        "Name",
        "Website",
        "Phone",
        "RecordTypeId",
        "IsPersonAccount",
        "PersonContactId",
        "PersonEmail",
        "FirstName",
        "LastName",
        "BillingStreet",
        "BillingCity",
        "BillingState",
        "BillingPostalCode",
        "BillingCountry",
    ),
    "Opportunity": (*_SYSTEM, "OwnerId", "Name", "AccountId", "StageName", "CloseDate", "IsClosed", "IsWon"),
    "OpportunityContactRole": (*_SYSTEM, "OpportunityId", "ContactId", "Role", "IsPrimary"),
    "Calendar": ("Id", "Name", "Type", "IsActive", "UserId", "SystemModstamp"),
    "User": (
        "Id", "SystemModstamp", "LastModifiedDate", "CreatedDate", "Username", "Email", "Name", "IsActive",
        "TimeZoneSidKey", "UserType", "Email",
    ),
}  # fmt: skip

_KINDS: Mapping[str, ItemKind] = {
    "Event": ItemKind.EVENT,
    "EventRelation": ItemKind.EVENT,
    "Task": ItemKind.TASK,
    "EmailMessage": ItemKind.EMAIL,
    "EmailMessageRelation": ItemKind.EMAIL,
}


def kind_of(crm_object: str) -> ItemKind:
    """The kind of an object's records; everything that is nobody's calendar, list or mail is a CONTACT."""
    return _KINDS.get(crm_object, ItemKind.CONTACT)


def read_shape(wire: Wire, version: str, user_id: str, org_id: str, objects: Iterable[str] = OBJECTS) -> OrgShape:
    """Describe the objects: one composite call. An object that the org or the user does not have is left out.
    Raises ConnectorError for anything else."""
    found: dict[str, Mapping[str, Mapping[str, object]]] = {}
    labels: dict[str, str] = {}
    for chunk in batched(objects, MOST_PARTS):
        parts = [Part("GET", f"/services/data/v{version}/sobjects/{o}/describe") for o in chunk]
        for crm_object, answer in zip(chunk, wire.composite(parts, "describe", reading=True), strict=True):
            if answer.ok:
                found[crm_object] = fields_of(answer.body)
                labels[crm_object] = label_of(answer.body)
                continue
            error = call_error(answer.status, answer.body)
            # An absent object is NOT_FOUND, and INVALID_TYPE or FORBIDDEN when hidden from the user.
            if error.fault not in (Fault.NOT_FOUND, Fault.INVALID, Fault.FORBIDDEN) or error.scope is Scope.CONNECTION:
                raise error
    return OrgShape(objects=found, user_id=user_id, org_id=org_id, labels=labels)


def label_of(described: Any) -> str:
    """What people call the object."""
    return str(described.get("label") or "") if isinstance(described, Mapping) else ""


def fields_of(described: Any) -> dict[str, dict[str, object]]:
    """Field name -> the facts about it that anybody asks for. Picklists become `values` (the active ones),
    references `referenceTo`."""
    if not isinstance(described, Mapping) or not isinstance(described.get("fields"), list):
        raise ConnectorError(Fault.UNAVAILABLE, "an answer that is none to a describe")
    fields: dict[str, dict[str, object]] = {}
    for told in described["fields"]:
        facts = {name: told[name] for name in _KEPT if name in told}
        if listed := told.get("picklistValues"):
            facts["values"] = [v["value"] for v in listed if v.get("active")]
        if told.get("referenceTo"):
            facts["referenceTo"] = list(told["referenceTo"])
        fields[str(told["name"])] = facts
    # Lists of ids over a junction (ToIds, EventWhoIds) are written like fields but told with the child relationships.
    for relation in described.get("childRelationships") or ():
        for listed in relation.get("junctionIdListNames") or ():
            fields.setdefault(str(listed), {"type": "junctionidlist", "createable": True, "updateable": True})
    return fields


def columns_of(shape: OrgShape, crm_object: str, extra: Sequence[str] = (), bodies: bool = True) -> list[str]:
    """The columns to select: ours and the extra ones, as far as the org shows them. Raises NOT_FOUND (CONTAINER)
    when it does not show the object."""
    fields = shape.objects.get(crm_object)
    if fields is None:
        raise ConnectorError(
            Fault.NOT_FOUND, "the org does not have this object, or hides it", crm_object, scope=Scope.CONTAINER
        )
    wanted = dict.fromkeys((*COLUMNS.get(crm_object, _SYSTEM), *extra))
    return [c for c in wanted if _shows(fields, c) and (bodies or c not in BODIES)]


def _shows(fields: Mapping[str, object], column: str) -> bool:
    """Does the object have the column? One of a parent (`Account.Name`) takes the reference to it."""
    parent, dot, _ = column.partition(".")
    return f"{parent}Id" in fields if dot else column in fields


def email_fields(shape: OrgShape, crm_object: str) -> list[str]:
    """Filterable fields of type email, the standard one first."""
    fields = shape.objects.get(crm_object, {})
    found = [n for n, facts in fields.items() if facts.get("type") == "email" and facts.get("filterable")]
    return sorted(found, key=lambda n: (n != "Email", n))
