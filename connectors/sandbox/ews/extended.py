"""Extended properties: one canonical name per property, the same that Graph uses (`String {guid} Name Key`)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.ews.errors import malformed
from connectors.sandbox.ews.wire import Node, add, attribute, child, children, need, text_of

_SETS = {
    "meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "appointment": "00062002-0000-0000-c000-000000000046",
    "common": "00062008-0000-0000-c000-000000000046",
    "publicstrings": "00020329-0000-0000-c000-000000000046",
    "address": "00062004-0000-0000-c000-000000000046",
    "internetheaders": "00020386-0000-0000-c000-000000000046",
    "calendarassistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "unifiedmessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
    "task": "00062003-0000-0000-c000-000000000046",
}
_ATTRIBUTES = (
    "DistinguishedPropertySetId",
    "PropertySetId",
    "PropertyTag",
    "PropertyName",
    "PropertyId",
    "PropertyType",
)


def attributes_of(uri: Node) -> dict[str, str]:
    return {name: attribute(uri, name) for name in _ATTRIBUTES if attribute(uri, name)}


def canonical(attributes: dict[str, str]) -> str:
    """The name under which the property is kept; the two spellings of a well-known set come out the same."""
    kind = attributes.get("PropertyType", "String")
    if "PropertyTag" in attributes:
        tag = attributes["PropertyTag"].lower()
        return f"{kind} {int(tag, 16 if tag.startswith('0x') else 10):#06x}"
    group = attributes.get("PropertySetId", "").lower()
    if not group:
        group = _SETS.get(attributes.get("DistinguishedPropertySetId", "").lower(), "")
    if not group:
        raise malformed("The 'ExtendedFieldURI' element names no property set and no tag.")
    if "PropertyName" in attributes:
        return f"{kind} {{{group}}} Name {attributes['PropertyName']}"
    if "PropertyId" in attributes:
        return f"{kind} {{{group}}} Id {attributes['PropertyId']}"
    raise malformed("The 'ExtendedFieldURI' element names no property.")


def read_property(node: Node) -> tuple[str, dict[str, Any]]:
    """A `t:ExtendedProperty` as canonical name and stored form."""
    attributes = attributes_of(need(node, "ExtendedFieldURI"))
    several = child(node, "Values")
    value: Any = text_of(child(node, "Value")) if several is None else [text_of(each) for each in children(several)]
    return canonical(attributes), {"uri": attributes, "value": value}


def write_property(parent: Node, stored: dict[str, Any]) -> None:
    node = add(parent, "ExtendedProperty")
    add(node, "ExtendedFieldURI", None, **stored["uri"])
    value = stored["value"]
    if isinstance(value, list):
        holder = add(node, "Values")
        for each in value:
            add(holder, "Value", each)
    else:
        add(node, "Value", value)
