"""Why Salesforce refused a write, where its own words do not say it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mapping.model.item import Fields
from mapping.model.moment import DAY_MINUTES
from mapping.model.reasons import CODES, Reason, sentence
from mapping.rules.rooms import PREFIX

LOOKS_KNOWN = "DUPLICATES_DETECTED"  # a duplicate rule held somebody up: whether he is known is for a person to say

_LENGTH = frozenset({"DurationInMinutes", "EndDateTime"})


def explained(crm_object: str, values: Fields, code: str, columns: Collection[str]) -> Reason | None:
    """The reason behind the vendor's code, if it is one that we know. `columns`: those that the vendor named."""
    if code != "FIELD_INTEGRITY_EXCEPTION":
        return None
    minutes = values.get("DurationInMinutes")
    if crm_object == "Event" and isinstance(minutes, int) and minutes > DAY_MINUTES and _LENGTH.intersection(columns):
        return Reason.MULTI_DAY_OFF
    if crm_object == "EventRelation" and "RelationId" in columns and str(values.get("RelationId")).startswith(PREFIX):
        return Reason.ROOM_TAKEN
    return None


# What people are told of a refused write; the columns that the vendor named follow.
_WORDS = {
    "REQUIRED_FIELD_MISSING": "Required fields are missing",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule of your Salesforce refuses it",
    "STRING_TOO_LONG": "A text is too long for Salesforce",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "A value is not on the list of its field",
    "INSUFFICIENT_ACCESS_OR_READONLY": "The record may not be written",
    "ENTITY_IS_LOCKED": "An approval process has locked the record",
    LOOKS_KNOWN: "Salesforce takes it for a duplicate",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "An automation of your Salesforce refuses it",
    "CANNOT_EXECUTE_FLOW_TRIGGER": "An automation of your Salesforce refuses it",
}
_OTHERWISE = "Salesforce did not take it"

# Gone by itself in most cases, so a first failure is nobody's business.
_PASSING = frozenset({"UNABLE_TO_LOCK_ROW", "UNKNOWN_EXCEPTION", "REQUEST_RUNNING_TOO_LONG", "PROCESSING_HALTED"})


def words(code: str, columns: Sequence[str]) -> str:
    """What an issue says to the person who has to do something about it."""
    known = next((reason for reason, each in CODES.items() if each == code), None)
    if known is None and code in Reason._value2member_map_:
        known = Reason(code)
    if known is not None:
        return sentence(known)
    said = _WORDS.get(code, _OTHERWISE)
    return f"{said}: {', '.join(columns)}" if columns else said


# A lead takes no business record beside it, and nobody can do anything about that.
_NEVER_TOGETHER = frozenset({"FIELD_INTEGRITY_EXCEPTION", "INVALID_FIELD_FOR_INSERT_UPDATE"})


def is_beyond(rule: str, code: str) -> bool:
    """Is it a link that the record of a colleague cannot take? Links are added only as far as Salesforce lets them
    (DUP-3)."""
    return rule == "DUP-3" and code in _NEVER_TOGETHER


def may_pass(code: str) -> bool:
    return code in _PASSING
