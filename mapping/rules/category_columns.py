"""What the categories of a message say in its Salesforce record, as an organization has set it (upwards only)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_NAMES = ("category", "column", "value")


def read(value: object) -> tuple[Mapping[str, str], ...]:
    """The setting as rows `{category, column, value}`. Raises ValueError."""
    rows = value if isinstance(value, (list, tuple)) else None
    if rows is None:
        raise ValueError("takes a list of rows with category, column and value")
    return tuple(_row(each) for each in rows)


def _row(given: object) -> Mapping[str, str]:
    if not isinstance(given, Mapping) or set(given) != set(_NAMES):
        raise ValueError(f"each row has {', '.join(_NAMES[:-1])} and {_NAMES[-1]}, and nothing else")
    row = {name: str(given[name]).strip() for name in _NAMES}
    if not row["category"] or not row["column"].replace("_", "").isalnum():
        raise ValueError("each row names a category and the API name of a column")
    return row


def entries(categories: Iterable[str], rows: Iterable[Mapping[str, str]]) -> list[str]:
    """What the categories write, as `Column=value`. Of several that write one column the first row holds."""
    borne = {each.strip().casefold() for each in categories}
    found: dict[str, str] = {}
    for row in rows:
        if row["category"].casefold() in borne:
            found.setdefault(row["column"], row["value"])
    return [f"{column}={value}" for column, value in found.items()]
