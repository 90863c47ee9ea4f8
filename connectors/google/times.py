"""Times as Google's calendar keeps them: `{"date"}` for all-day, `{"dateTime", "timeZone"}` for everything else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from mapping.model.item import Original, Span


def moment(text: object) -> datetime | None:
    """An RFC 3339 moment in UTC."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def original(told: Mapping[str, Any] | None) -> Original | None:
    """A moment to the minute, or a day."""
    if not told:
        return None
    if "date" in told:
        return date.fromisoformat(told["date"])
    found = moment(told.get("dateTime"))
    return found.replace(second=0, microsecond=0) if found else None


def span(event: Mapping[str, Any]) -> Span | None:
    start, end = original(event.get("start")), original(event.get("end"))
    if start is None or end is None or isinstance(start, datetime) is not isinstance(end, datetime):
        return None
    return Span(start, end)


def written(when: Span, zone: str) -> dict[str, Any]:
    """`start` and `end` for a span that is meant in the zone. What one form has and the other has not is taken out, so
    that an all-day event can become a timed one. Raises ValueError for a span that ends before it begins."""
    if when.end < when.start:
        raise ValueError("the end comes before the start")
    return {"start": _written(when.start, zone), "end": _written(when.end, zone)}


def _written(at: Original, zone: str) -> dict[str, Any]:
    if isinstance(at, datetime):
        whole = at.astimezone(UTC).replace(second=0, microsecond=0)
        return {"dateTime": f"{whole:%Y-%m-%dT%H:%M:%SZ}", "timeZone": zone, "date": None}
    return {"date": at.isoformat(), "dateTime": None, "timeZone": None}


def without_nothing(value: Any) -> Any:
    """The same without what is empty: a new item has nothing to be taken out of."""
    if isinstance(value, dict):
        return {name: without_nothing(each) for name, each in value.items() if each is not None}
    return [without_nothing(each) for each in value] if isinstance(value, list) else value
