"""What is known about the objects: one JSON file per object, one line per field.

A field line is [name, label, type, length, letters, more]. The letters stand for the describe's yes/no members
(`FIELD_LETTERS`); `more` holds what few fields have: `to` and `rel` of a reference, `values` and `default` of a
picklist, numbers' `precision`/`scale`/`digits`, `compound`, `controller`, `extra`, `order`, `soap`.
An object's `can` are letters too (`OBJECT_LETTERS`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

FIELD_LETTERS = {
    "n": "nillable", "c": "createable", "u": "updateable", "d": "defaultedOnCreate", "f": "filterable", "s": "sortable",
    "g": "groupable", "a": "aggregatable", "i": "idLookup", "x": "externalId", "q": "unique", "v": "caseSensitive",
    "r": "restrictedPicklist", "N": "nameField", "P": "namePointing", "y": "polymorphicForeignKey", "C": "custom",
    "p": "permissionable", "k": "calculated", "A": "autoNumber", "D": "dependentPicklist", "H": "htmlFormatted",
    "E": "encrypted", "R": "restrictedDelete", "X": "cascadeDelete", "h": "searchPrefilterable",
}  # fmt: skip
OBJECT_LETTERS = {
    "c": "createable", "u": "updateable", "d": "deletable", "U": "undeletable", "q": "queryable", "r": "replicateable",
    "R": "retrieveable", "s": "searchable", "t": "triggerable", "l": "layoutable", "m": "mergeable", "M": "mruEnabled",
    "f": "feedEnabled", "L": "searchLayoutable", "k": "compactLayoutable",
}  # fmt: skip

KEY_FIELD = "InboxSync_Key__c"  # the idempotency key that the deployable package adds
KEY_OBJECTS = ("Event", "Task", "EmailMessage")
SYSTEM_FIELDS = frozenset(
    ("Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp")
)
OBJECTS = (
    "Account", "Attachment", "Calendar", "Case", "Contact", "ContentDocument", "ContentDocumentLink", "ContentVersion",
    "EmailMessage", "EmailMessageRelation", "Event", "EventRelation", "Lead", "Opportunity", "OpportunityContactRole",
    "Profile", "Task", "TaskRelation", "User", "UserRole", "Visit__c",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldFact:
    name: str
    label: str
    type: str
    length: int
    letters: str
    more: Mapping[str, Any]

    def has(self, letter: str) -> bool:
        return letter in self.letters

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(self.more.get("to", ()))

    @property
    def relationship(self) -> str:
        return str(self.more.get("rel", ""))

    @property
    def values(self) -> tuple[str, ...]:
        listed = self.more.get("values", ())
        return _zones() if listed == "zones" else tuple(listed)

    @property
    def stored(self) -> bool:
        """Has a column of its own; compound values are put together from their parts, junction lists from rows."""
        return self.type not in ("address", "location", "junctionIdList")


@dataclass(frozen=True, slots=True)
class ObjectFact:
    name: str
    label: str
    plural: str
    prefix: str
    letters: str
    fields: Mapping[str, FieldFact]
    children: tuple[tuple[str, str, str | None, bool], ...]  # child object, its field, relationship name, cascade
    by_lower: Mapping[str, FieldFact] = field(default_factory=dict)

    def find(self, name: str) -> FieldFact | None:
        """Field names are not case-sensitive anywhere in the API."""
        return self.by_lower.get(name.lower())

    def can(self, letter: str) -> bool:
        return letter in self.letters


# The zones that the vendor offers: far fewer than there are. From memory of its pages on supported time zones.
_ZONES = """
GMT
Africa/Algiers Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Nairobi
America/Anchorage America/Bogota America/Buenos_Aires America/Caracas America/Chicago America/Denver America/El_Salvador
America/Halifax America/Indiana/Indianapolis America/Lima America/Los_Angeles America/Mazatlan America/Mexico_City
America/New_York America/Panama America/Phoenix America/Puerto_Rico America/Santiago America/Sao_Paulo America/St_Johns
America/Tijuana
Asia/Baghdad Asia/Baku Asia/Bangkok Asia/Beirut Asia/Colombo Asia/Dhaka Asia/Dubai Asia/Ho_Chi_Minh Asia/Hong_Kong
Asia/Jakarta Asia/Jerusalem Asia/Kabul Asia/Kamchatka Asia/Karachi Asia/Kathmandu Asia/Kolkata Asia/Kuala_Lumpur
Asia/Kuwait Asia/Manila Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Taipei Asia/Tashkent Asia/Tbilisi
Asia/Tehran Asia/Tokyo Asia/Yangon Asia/Yekaterinburg Asia/Yerevan
Atlantic/Azores Atlantic/Bermuda Atlantic/Cape_Verde Atlantic/South_Georgia
Australia/Adelaide Australia/Brisbane Australia/Darwin Australia/Lord_Howe Australia/Perth Australia/Sydney
Europe/Amsterdam Europe/Athens Europe/Berlin Europe/Brussels Europe/Bucharest Europe/Dublin Europe/Helsinki
Europe/Istanbul Europe/Lisbon Europe/London Europe/Minsk Europe/Moscow Europe/Paris Europe/Prague Europe/Rome
Pacific/Auckland Pacific/Chatham Pacific/Enderbury Pacific/Fiji Pacific/Gambier Pacific/Guadalcanal Pacific/Honolulu
Pacific/Kiritimati Pacific/Marquesas Pacific/Niue Pacific/Norfolk Pacific/Pago_Pago Pacific/Pitcairn
Pacific/Tongatapu
"""


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(_ZONES.split()))


def _read(name: str) -> ObjectFact:
    raw = json.loads((Path(__file__).with_name("facts") / f"{name}.json").read_text(encoding="utf-8"))
    fields = {}
    for line in raw["fields"]:
        more = line[5] if len(line) > 5 else {}
        fields[line[0]] = FieldFact(line[0], line[1], line[2], line[3], line[4], more)
    children = tuple((child, by, name, bool(cascade)) for child, by, name, cascade in raw["children"])
    return ObjectFact(raw["name"], raw["label"], raw["plural"], raw["prefix"], raw["can"], fields, children)


def _with_fields(fact: ObjectFact, fields: Mapping[str, FieldFact]) -> ObjectFact:
    return replace(fact, fields=fields, by_lower={name.lower(): found for name, found in fields.items()})


_KEY = FieldFact(KEY_FIELD, "Inbox Sync Key", "string", 80, "ncufsaixqCp", {})
_ADVANCED = (
    FieldFact("ClientGuid", "Client GUID", "string", 255, "nfsga", {}),
    FieldFact("OriginalInstanceDateTime", "Original Instance Date Time", "datetime", 0, "nfsa", {}),
)
_RECURRENCE = ("IsRecurrence", "Recurrence")  # also of Lightning series
# objects that are there only with a feature
_NEEDS = {
    "Attachment": "attachments",
    "ContentDocument": "files",
    "ContentDocumentLink": "files",
    "ContentVersion": "files",
    "EmailMessage": "enhanced_email",
    "EmailMessageRelation": "enhanced_email",
    "TaskRelation": "shared_activities",
    "Visit__c": "visits",
}
_WHO_COUNT = FieldFact("WhoCount", "Relation Count", "int", 0, "nfsga", {"digits": 8})
_WHAT_COUNT = FieldFact("WhatCount", "Related To Count", "int", 0, "nfsga", {"digits": 8})


def _junction(name: str, label: str, *to: str) -> FieldFact:
    return FieldFact(name, label, "junctionIdList", 0, "ncu", {"to": list(to)})


_CUSTOM_LETTERS = {"boolean": "cudfsgCp", "textarea": "ncupC"}


def custom_field(raw: Mapping[str, Any]) -> FieldFact:
    """A field that an administrator added: {"name", "label", "type", "length", "values", "required", "to"}, all but the
    name may be left out. `to`: the objects that a reference may name. Raises ValueError."""
    name, kind = str(raw.get("name", "")), str(raw.get("type", "string"))
    if not re.fullmatch(r"[A-Za-z]\w*__c", name):
        raise ValueError("the name of a custom field is letters, digits and underscores, and ends in __c")
    letters = _CUSTOM_LETTERS.get(kind, "ncufsgaCp")
    letters = letters.replace("n", "") if raw.get("required") else letters
    more: dict[str, Any] = {"values": list(raw["values"])} if "values" in raw else {}
    if "to" in raw:
        more |= {"to": list(raw["to"]), "rel": name.removesuffix("__c") + "__r"}
    label = str(raw.get("label") or name.removesuffix("__c").replace("_", " "))
    return FieldFact(name, label, kind, int(raw.get("length", 255)), letters, more)


def with_custom(
    known: Mapping[str, ObjectFact], custom: Mapping[str, Mapping[str, FieldFact]]
) -> Mapping[str, ObjectFact]:
    """The objects with an org's own fields."""
    return {**known, **{name: _with_fields(known[name], {**known[name].fields, **custom[name]}) for name in custom}}


@dataclass(frozen=True, slots=True)
class Features:
    """What an edition or a setting of the org brings along or leaves out. See `orgs.Settings`."""

    key_field: bool = True
    shared_activities: bool = True
    person_accounts: bool = True
    enhanced_email: bool = True
    recurring_events: bool = True
    advanced_calendaring: bool = True
    visits: bool = True
    files: bool = True
    attachments: bool = True


EVERYTHING = Features()


@cache
def objects(features: Features = EVERYTHING) -> Mapping[str, ObjectFact]:
    """The objects of an org with these features; everything stored has the union of all features' columns."""
    missing = {name for name, needed in _NEEDS.items() if not getattr(features, needed)}
    return {name: _fact(name, features) for name in OBJECTS if name not in missing}


def _fact(name: str, features: Features) -> ObjectFact:
    fact = _read(name)
    fields = dict(fact.fields)
    if features.person_accounts and name == "Account":
        fields |= _read("PersonAccount").fields
    if features.person_accounts and name == "Contact":
        fields["IsPersonAccount"] = FieldFact("IsPersonAccount", "Is Person Account", "boolean", 0, "dfsg", {})
    if features.shared_activities:
        fields |= _shared(name, fields)
    if features.advanced_calendaring and name == "Event":
        fields |= {field.name: field for field in _ADVANCED}
    if features.key_field and name in KEY_OBJECTS:
        fields[KEY_FIELD] = _KEY
    made = _with_fields(fact, fields)
    if not features.recurring_events and name == "Event":
        made = read_only(made, *(key for key in fields if key.startswith(_RECURRENCE)))
    return made


def _shared(name: str, fields: Mapping[str, FieldFact]) -> dict[str, FieldFact]:
    """What shared activities add to an object: several people on an activity, told as relations."""
    if name in ("Event", "Task"):
        who_ids = _junction(f"{name}WhoIds", "Name IDs", "Contact", "Lead")
        return {"WhoCount": _WHO_COUNT, "WhatCount": _WHAT_COUNT, who_ids.name: who_ids}
    if name != "EventRelation":
        return {}
    flags = (("IsWhat", "Is What"), ("IsParent", "Is Parent"), ("IsInvitee", "Is Invitee"))
    added = {flag: FieldFact(flag, label, "boolean", 0, "cudfsg", {}) for flag, label in flags}
    relation = fields["RelationId"]
    to = sorted({*relation.references, "Account", "Case", "Opportunity"})
    added["RelationId"] = replace(relation, more={**relation.more, "to": to})
    added["AccountId"] = FieldFact(
        "AccountId", "Account ID", "reference", 18, "nfsga", {"to": ["Account"], "rel": "Account"}
    )
    return added


def read_only(fact: ObjectFact, *names: str) -> ObjectFact:
    """The object with fields that callers cannot write."""
    letters = {name: fact.fields[name].letters.replace("c", "").replace("u", "") for name in names}
    changed = {name: replace(fact.fields[name], letters=kept) for name, kept in letters.items()}
    return _with_fields(fact, {**fact.fields, **changed})


def all_columns(name: str) -> Mapping[str, FieldFact]:
    """Every field an object can have under any feature: the columns of its table."""
    return objects()[name].fields


PREFIXES = {}
for _name in OBJECTS:
    PREFIXES[_read(_name).prefix] = _name


def object_of(record_id: str) -> str | None:
    """The object that an id's first three characters name; None for objects that are not kept here."""
    return PREFIXES.get(record_id[:3])
