"""Restrictions and sort orders of FindItem as SQL, so that a folder of a hundred thousand items is not walked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox.ews import zones
from connectors.sandbox.ews.codecs import BOOL, FLOAT, INT, WHEN
from connectors.sandbox.ews.errors import EwsError, malformed
from connectors.sandbox.ews.extended import attributes_of, canonical
from connectors.sandbox.ews.fields import FIELD_OF, names_in
from connectors.sandbox.ews.items import LOOKED_UP
from connectors.sandbox.ews.shapes import dictionary
from connectors.sandbox.ews.wire import Node, attribute, child, children, local, need

Sql = tuple[str, list[Any]]
_COLUMNS = {
    "item:DateTimeCreated": "created",
    "item:LastModifiedTime": "modified",
    "item:Size": "size",
    "calendar:Start": "starts",
    "calendar:End": "ends",
}
_COMPARE = {
    "IsEqualTo": "=",
    "IsNotEqualTo": "<>",
    "IsGreaterThan": ">",
    "IsGreaterThanOrEqualTo": ">=",
    "IsLessThan": "<",
    "IsLessThanOrEqualTo": "<=",
}
# the real server searches them not
_UNSEARCHABLE = names_in(
    "UID IsResponseRequested RequiredAttendees OptionalAttendees Resources Recurrence StartTimeZone EndTimeZone "
    "FirstOccurrence LastOccurrence ModifiedOccurrences DeletedOccurrences OriginalStart RecurrenceId "
    "ToRecipients CcRecipients BccRecipients ReplyTo ReminderDueBy MimeContent InternetMessageHeaders EffectiveRights"
)
_PATHS = ("FieldURI", "ExtendedFieldURI", "IndexedFieldURI")


def restriction(node: Node) -> Sql:
    """The condition of a `m:Restriction` over `ews_item i`."""
    inner = list(children(node))
    if len(inner) != 1:
        raise malformed("The element 'Restriction' must hold one expression.")
    return _expression(inner[0])


def _expression(node: Node) -> Sql:
    name = local(node)
    if name in ("And", "Or"):
        parts = [_expression(each) for each in children(node)]
        if not parts:
            raise malformed(f"The element '{name}' has incomplete content.")
        joined = f" {name.upper()} ".join(f"({sql})" for sql, _ in parts)
        return joined, [value for _, values in parts for value in values]
    if name == "Not":
        sql, values = _expression(next(children(node)))
        return f"NOT ({sql})", values
    path = next((each for each in children(node) if local(each) in _PATHS), None)
    if path is None:
        raise malformed(f"The element '{name}' has incomplete content.")
    match name:
        case "Exists":
            return _on(path, lambda column: f"{column} IS NOT NULL", [])
        case "Contains":
            return _contains(node, path)
        case "Excludes":
            raise EwsError("ErrorUnsupportedPathForQuery")
    operator = _COMPARE.get(name)
    if operator is None:
        raise malformed(f"The element has invalid child element '{name}'.")
    constant = child(need(node, "FieldURIOrConstant"), "Constant")
    if constant is None:
        raise EwsError("ErrorUnsupportedPathForQuery")
    value = _constant(path, attribute(constant, "Value"))
    if name == "IsNotEqualTo":
        sql, values = _on(path, lambda column: f"{column} = ?", [value])
        return f"NOT coalesce(({sql}), 0)", values
    folded = " COLLATE NOCASE" if isinstance(value, str) else ""
    return _on(path, lambda column: f"{column} {operator} ?{folded if '.value' not in column else ''}", [value])


def _contains(node: Node, path: Node) -> Sql:
    wanted = attribute(need(node, "Constant"), "Value")
    mode = attribute(node, "ContainmentMode", "Substring")
    comparison = attribute(node, "ContainmentComparison", "Exact")
    if local(path) == "FieldURI" and attribute(path, "FieldURI") == "item:Categories":
        # categories are kept folded, as Exchange compares them
        wanted, comparison = wanted.lower(), "Exact"
    loose = "IgnoreCase" in comparison or comparison == "Loose"
    needle = wanted.lower() if loose else wanted

    def condition(column: str) -> str:
        hay = f"lower({column})" if loose else column
        match mode:
            case "FullString":
                return f"{hay} = ?"
            case "Prefixed" | "PrefixOnWords":
                return f"substr({hay}, 1, length(?1x)) = ?".replace("?1x", "?")
        return f"instr({hay}, ?) > 0"

    values = [needle, needle] if mode in ("Prefixed", "PrefixOnWords") else [needle]
    return _on(path, condition, values)


def _on(path: Node, condition: Callable[[str], str], values: list[Any]) -> Sql:
    """The condition applied to what the path names: a column, a value that is looked up, or one inside the document."""
    match local(path):
        case "ExtendedFieldURI":
            return _looked_up(canonical(attributes_of(path)), condition, values)
        case "IndexedFieldURI":
            name, key = dictionary(attribute(path, "FieldURI")), attribute(path, "FieldIndex")
            if not key.isalnum():
                raise malformed("The 'FieldIndex' attribute is invalid.")
            return condition("json_extract(i.doc, ?)"), [f'$.{name}."{key}"', *values]
    uri = attribute(path, "FieldURI")
    if uri in _COLUMNS:
        return condition(f"i.{_COLUMNS[uri]}"), values
    field = FIELD_OF.get(uri)
    if field is None or field.name in _UNSEARCHABLE:
        raise EwsError("ErrorUnsupportedPathForQuery")
    if field.name == "Categories" or field.name in LOOKED_UP:
        return _looked_up(field.name, condition, values)
    if field.name == "Body":
        return condition("coalesce(json_extract(i.heavy, '$.Body.text'), json_extract(i.heavy, '$.Body.html'))"), values
    if field.name in ("From", "Sender", "Organizer"):
        at = f"$.{field.name}"
        whole = f"json_extract(i.doc, '{at}.name') || ' ' || json_extract(i.doc, '{at}.address')"
        return condition(f"({whole})"), values
    if field.name in ("DisplayTo", "DisplayCc"):
        source = {"DisplayTo": "ToRecipients", "DisplayCc": "CcRecipients"}[field.name]
        return condition(f"json_extract(i.doc, '$.{source}')"), values
    return condition(f"json_extract(i.doc, '$.{field.name}')"), values


def _looked_up(name: str, condition: Callable[[str], str], values: list[Any]) -> Sql:
    found = "SELECT p.item FROM ews_property p WHERE p.folder = i.folder AND p.name = ? AND"
    return f"i.id IN ({found} {condition('p.value')})", [name, *values]


def _constant(path: Node, text: str) -> Any:
    """The constant in the form in which the value is stored."""
    uri = attribute(path, "FieldURI")
    field = FIELD_OF.get(uri) if local(path) == "FieldURI" else None
    if field is None:
        return text
    if field.codec is BOOL:
        return 1 if text.lower() in ("true", "1") else 0
    if field.codec in (INT, FLOAT):
        return _number(text)
    if field.codec is not WHEN:
        return text.lower() if field.name == "Categories" else text
    try:
        return zones.stamp(zones.moment(text))
    except ValueError:
        raise malformed("The 'Constant' element is invalid: not a dateTime.") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise malformed("The 'Constant' element is invalid: not a number.") from None


def order(node: Node | None) -> Sql:
    """`ORDER BY` terms of a `m:SortOrder`; the newest number last by default."""
    terms: list[str] = []
    values: list[Any] = []
    for each in children(node) if node is not None else ():
        path = next((inner for inner in children(each) if local(inner) in _PATHS), None)
        if path is None:
            raise malformed("The element 'FieldOrder' has incomplete content.")
        uri = attribute(path, "FieldURI")
        direction = "DESC" if attribute(each, "Order") == "Descending" else "ASC"
        if local(path) == "FieldURI" and uri in _COLUMNS:
            terms.append(f"i.{_COLUMNS[uri]} {direction}")
        elif local(path) == "FieldURI" and uri in FIELD_OF:
            terms.append(f"json_extract(i.doc, ?) {direction}")
            values.append(f"$.{FIELD_OF[uri].name}")
    return ", ".join([*terms, "i.id"]), values
