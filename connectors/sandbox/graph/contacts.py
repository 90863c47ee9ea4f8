"""Contacts between the store and Graph's JSON."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.ews.codecs import body_in
from connectors.sandbox.ews.contacts import NAME_PREFIX
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.shapes import told_values
from connectors.sandbox.graph import ids
from connectors.sandbox.graph.call import GraphCall, Json
from connectors.sandbox.graph.errors import bad
from connectors.sandbox.graph.odata import EXTENDED, canonical
from connectors.sandbox.graph.values import read_date, read_extended, told_extended

KIND = "Contact"
TYPE = "contact"
ON_REQUEST = frozenset({EXTENDED})
_TEXTS = {
    "givenName": "GivenName", "middleName": "MiddleName", "surname": "Surname", "generation": "Generation",
    "initials": "Initials", "nickName": "Nickname", "displayName": "DisplayName", "fileAs": "FileAs",
    "jobTitle": "JobTitle", "companyName": "CompanyName", "department": "Department", "profession": "Profession",
    "officeLocation": "OfficeLocation", "manager": "Manager", "assistantName": "AssistantName",
    "spouseName": "SpouseName", "businessHomePage": "BusinessHomePage",
}  # fmt: skip
_PHONES = {"businessPhones": ("BusinessPhone", "BusinessPhone2"), "homePhones": ("HomePhone", "HomePhone2")}
_MOBILE = "MobilePhone"
_EMAILS = ("EmailAddress1", "EmailAddress2", "EmailAddress3")
_ADDRESSES = {"businessAddress": "Business", "homeAddress": "Home", "otherAddress": "Other"}
_PARTS = {
    "street": "Street", "city": "City", "state": "State", "countryOrRegion": "CountryOrRegion",
    "postalCode": "PostalCode",
}  # fmt: skip
# numbers for which Graph has no property, by the tags under which Exchange keeps them
_TAGS = {
    "String 0x3a1a": "PrimaryPhone", "String 0x3a1f": "OtherTelephone", "String 0x3a2e": "AssistantPhone",
    "String 0x3a24": "BusinessFax",
}  # fmt: skip
_NAMES = ("GivenName", "MiddleName", "Surname", "Generation")


# --- telling


def told(call: GraphCall, item: Stored) -> Json:
    """Everything that Graph has to say of a contact."""
    values = told_values(item)
    phones, addresses = values.get("PhoneNumbers") or {}, values.get("PhysicalAddresses") or {}
    emails = [values["EmailAddresses"][key] for key in _EMAILS if (values.get("EmailAddresses") or {}).get(key)]
    body = item.values.get("Body") or {}
    entity: Json = {
        "@odata.etag": ids.etag(item.version),
        "id": call.item_id(item),
        "createdDateTime": values["DateTimeCreated"],
        "lastModifiedDateTime": values["LastModifiedTime"],
        "changeKey": ids.etag(item.version)[3:-1],
        "categories": list(values.get("Categories") or ()),
        "parentFolderId": call.folder_id(item.folder),
        "birthday": values.get("Birthday"),
        "title": item.extended.get(NAME_PREFIX, {}).get("value"),
        "imAddresses": [],
        "children": list(values.get("Children") or ()),
        "mobilePhone": phones.get(_MOBILE),
        "personalNotes": body_in(body, "Text")["text"] if body else "",
        "emailAddresses": [{"name": each, "address": each} for each in emails],
        **{name: values.get(ours) for name, ours in _TEXTS.items()},
        **{name: [phones[key] for key in keys if phones.get(key)] for name, keys in _PHONES.items()},
        **{name: _address(addresses.get(ours) or {}) for name, ours in _ADDRESSES.items()},
    }
    if call.options.extended:
        tagged = [
            {"id": f"String {int(tag.split(' ')[1], 16):#x}", "value": phones[key]}
            for tag, key in _TAGS.items() if tag in call.options.extended and phones.get(key)
        ]  # fmt: skip
        entity[EXTENDED] = told_extended(item, call.options.extended) + tagged
    return entity


def _address(held: Values) -> Json:
    return {name: held[ours] for name, ours in _PARTS.items() if held.get(ours)}


# --- reading


def read(call: GraphCall, before: Values) -> Values:
    """What the body of a call sets. Raises GraphError for what Graph does not take."""
    made: Values = {}
    phones = dict(before.get("PhoneNumbers") or {})
    addresses = dict(before.get("PhysicalAddresses") or {})
    for name, value in call.body.items():
        if name in _TEXTS:
            made[_TEXTS[name]] = value or None
        elif name in _PHONES:
            _set(phones, _PHONES[name], value)
        elif name == "mobilePhone":
            _set(phones, (_MOBILE,), [value] if value else [])
        elif name in _ADDRESSES:
            addresses[_ADDRESSES[name]] = {
                ours: value[part] for part, ours in _PARTS.items() if (value or {}).get(part)
            }  # fmt: skip
        elif name == EXTENDED:
            made.update(_extended(value, {**before, **made}, phones))
        else:
            made.update(_other(name, value, {**before, **made}))
    made["PhoneNumbers"] = {key: text for key, text in phones.items() if text}
    made["PhysicalAddresses"] = {key: parts for key, parts in addresses.items() if parts}
    made |= _called({**before, **made}, before, made)
    return {**made, "Subject": made["DisplayName"]} if "DisplayName" in made else made


def _other(name: str, value: Any, before: Values) -> Values:
    match name:
        case "emailAddresses":
            if len(value) > len(_EMAILS):
                raise bad("A contact has three addresses at most.", "ErrorPropertyValidationFailure")
            given = [each.get("address") for each in value]
            return {"EmailAddresses": {key: text for key, text in zip(_EMAILS, given, strict=False) if text}}
        case "birthday":
            return {"Birthday": None if value is None else read_date(value, name)}
        case "personalNotes":
            return {"Body": {"text": value} if value else None}
        case "categories":
            return {"Categories": value}
        case "title":
            held = read_extended([{"id": NAME_PREFIX, "value": value or ""}], before)
            if not value:
                held["ExtendedProperty"].pop(NAME_PREFIX)
            return held
        case "children":
            return {"Children": value}
        case "imAddresses":
            return {}
    raise bad(f"The property '{name}' cannot be set on type 'microsoft.graph.contact'.", "RequestBodyRead")


def _extended(value: Any, before: Values, phones: Values) -> Values:
    for each in value:
        tag = canonical(str(each.get("id")))
        if tag in _TAGS:
            phones[_TAGS[tag]] = each.get("value")
    rest = [each for each in value if canonical(str(each.get("id"))) not in _TAGS]
    return read_extended(rest, before) if rest else {}


def _set(phones: Values, keys: tuple[str, ...], texts: Any) -> None:
    if len(texts) > len(keys):
        raise bad(f"There are {len(keys)} such numbers at most.", "ErrorPropertyValidationFailure")
    for at, key in enumerate(keys):
        phones[key] = texts[at] if at < len(texts) else None


def _called(now: Values, before: Values, made: Values) -> Values:
    """The name to show follows the parts of the name whenever one of them is written."""
    if made.get("DisplayName") or all(now.get(name) == before.get(name) for name in _NAMES):
        return {} if now.get("DisplayName") else {"DisplayName": _name(now)}
    return {"DisplayName": _name(now)}


def _name(values: Values) -> str:
    emails = values.get("EmailAddresses") or {}
    name = " ".join(str(values[part]) for part in _NAMES if values.get(part))
    return name or str(values.get("CompanyName") or emails.get(_EMAILS[0]) or "")
