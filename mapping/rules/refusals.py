"""Why Salesforce refused a write, where its own words do not say it."""

from __future__ import annotations

from collections.abc import Collection

from mapping.model.item import Fields
from mapping.model.moment import DAY_MINUTES
from mapping.model.reasons import Reason

_LENGTH = frozenset({"DurationInMinutes", "EndDateTime"})


def explained(crm_object: str, values: Fields, code: str, columns: Collection[str]) -> Reason | None:
    """The reason behind the vendor's code, if it is one that we know. `columns`: those that the vendor named."""
    minutes = values.get("DurationInMinutes")
    too_long = isinstance(minutes, int) and minutes > DAY_MINUTES
    if crm_object == "Event" and code == "FIELD_INTEGRITY_EXCEPTION" and too_long and _LENGTH.intersection(columns):
        return Reason.MULTI_DAY_OFF
    return None
