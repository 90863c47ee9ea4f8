"""Why Salesforce cannot hold a series as a series: a closed list."""

from __future__ import annotations

from dataclasses import dataclass

from mapping.model.item import Span
from mapping.model.moment import DAY_MINUTES
from mapping.model.reasons import Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """`rule`: the number of the rule of the specification."""

    reason: Reason
    rule: str


OFF = Refusal(Reason.RECURRING_OFF, "REC-1")
ALL_DAY = Refusal(Reason.SERIES_ALL_DAY, "REC-7")
TOO_LONG = Refusal(Reason.SERIES_TOO_LONG, "REC-8")
NOT_EXPRESSIBLE = Refusal(Reason.SERIES_NOT_EXPRESSIBLE, "REC-4")
ZONE_UNKNOWN = Refusal(Reason.ZONE_UNKNOWN, "TZN-1")

REFUSALS = (OFF, ALL_DAY, TOO_LONG, NOT_EXPRESSIBLE, ZONE_UNKNOWN)


def of_length(first: Span) -> Refusal | None:
    """Whether the length of an occurrence alone forbids the series."""
    if first.all_day:
        return ALL_DAY
    return TOO_LONG if first.minutes > DAY_MINUTES else None
