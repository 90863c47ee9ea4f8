"""Why Salesforce refused a write, where its own words do not say it."""

from __future__ import annotations

from collections.abc import Collection

from mapping.model.item import Fields
from mapping.model.moment import DAY_MINUTES
from mapping.model.reasons import Reason
from mapping.rules.rooms import PREFIX

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
