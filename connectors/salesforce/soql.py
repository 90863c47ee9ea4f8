"""SOQL as text: literals quoted safely, IN lists cut to size, statements put together.

Sources: SOQL reference (quoted string escapes, date formats, 100,000 characters a statement, 4,000 a literal).
Names of fields and objects come from describes and from our own tables, never from content; still they are checked,
because a name cannot be quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from urllib.parse import quote_plus

from connectors.salesforce.codec import format_utc

# Statements travel percent-encoded in the body of a composite call; this keeps one far below the limit of
# 100,000 characters, and the sum of five below what a body may reasonably weigh.
MOST_LIST_CHARS = 40_000

_NAME = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*", re.ASCII)
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
)
_WILDCARDS = str.maketrans({"%": "\\%", "_": "\\_"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _escaped(text: str) -> str:
    if text.isalnum():
        return text  # an id, of which there are many
    # The remaining control characters have no short escape and break the statement as they are.
    return _CONTROL.sub(lambda m: f"\\u{ord(m[0]):04x}", text.translate(_ESCAPES))


def literal(value: str | int | bool | datetime | date | None) -> str:
    """A value as a SOQL literal. Raises ValueError for a naive datetime."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return format_utc(value)
    if isinstance(value, date):
        return value.isoformat()
    return f"'{_escaped(value)}'"


def like(field: str, text: str, before: str = "%", after: str = "%") -> str:
    """`field LIKE '%text%'` with the wildcards of the text itself taken literally."""
    return f"{name(field)} LIKE '{before}{_escaped(text).translate(_WILDCARDS)}{after}'"


def name(text: str) -> str:
    """A field, object or dotted path, checked. Raises ValueError."""
    if not _NAME.fullmatch(text):
        raise ValueError("not a name of a field or object")
    return text


def one_of(field: str, values: Iterable[str | datetime | date]) -> str:
    """`field IN (...)`; the list must not be empty."""
    listed = ",".join(literal(v) for v in values)
    if not listed:
        raise ValueError("an IN list needs a value")
    return f"{name(field)} IN ({listed})"


def any_of(conditions: Sequence[str]) -> str:
    """Conditions joined by OR, in parentheses: SOQL refuses AND beside OR without them."""
    return conditions[0] if len(conditions) == 1 else "(" + " OR ".join(conditions) + ")"


def select(
    columns: Sequence[str], crm_object: str, where: Sequence[str] = (), order: Sequence[str] = (), limit: int = 0
) -> str:
    """A statement; `where` is joined by AND. A column may be a child query in parentheses."""
    listed = ", ".join(c if c.startswith("(") else name(c) for c in columns)
    text = f"SELECT {listed} FROM {name(crm_object)}"  # noqa: S608 - names are checked, values are literals
    if where:
        text += " WHERE " + " AND ".join(where)
    if order:
        text += " ORDER BY " + ", ".join(name(o) for o in order)
    return f"{text} LIMIT {limit}" if limit else text


def chunks(values: Iterable[str], most_chars: int = MOST_LIST_CHARS, repeats: int = 1) -> Iterator[list[str]]:
    """Values in their order, without repetition, in lists whose IN literals stay under `most_chars` together when
    written `repeats` times (once for each field that is compared)."""
    chunk: list[str] = []
    size = 0
    for value in dict.fromkeys(values):
        weight = repeats * (len(_escaped(value)) + 3)
        if chunk and size + weight > most_chars:
            yield chunk
            chunk, size = [], 0
        chunk.append(value)
        size += weight
    if chunk:
        yield chunk


def query_path(version: str, statement: str, deleted: bool = False) -> str:
    """The path of a query. `deleted`: with rows of the recycle bin and archived activities (queryAll)."""
    return f"/services/data/v{version}/{'queryAll' if deleted else 'query'}?q={quote_plus(statement)}"
