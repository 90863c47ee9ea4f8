"""The fields of a contact, entry by entry where Exchange keeps lists, so that what Salesforce cannot hold stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exchangelib import EWSTimeZone

from connectors.exchange.properties import NAME_PREFIX
from connectors.exchange.rows import Reader, Writer, content_of, day, text
from connectors.exchange.zones import ews_date
from connectors.outlook.codec import as_is
from mapping.model import fields as f
from mapping.model.item import MISSING, Value
from mapping.model.people import normalise

_EMAIL = "email_addresses__EmailAddress1__email"
_ADDRESS_PARTS = {"street": "street", "city": "city", "state": "state", "postal_code": "zipcode", "country": "country"}
_TEXTS = {
    f.GIVEN_NAME: "given_name",
    f.MIDDLE_NAME: "middle_name",
    f.SURNAME: "surname",
    f.SALUTATION: NAME_PREFIX,
    f.SUFFIX: "generation",
    f.JOB_TITLE: "job_title",
    f.COMPANY: "company_name",
    f.DEPARTMENT: "department",
    f.ASSISTANT: "assistant_name",
    f.PHONE_BUSINESS: "phone_numbers__BusinessPhone__phone_number",
    f.PHONE_PRIMARY: "phone_numbers__PrimaryPhone__phone_number",
    f.PHONE_MOBILE: "phone_numbers__MobilePhone__phone_number",
    f.PHONE_HOME: "phone_numbers__HomePhone__phone_number",
    f.PHONE_OTHER: "phone_numbers__OtherTelephone__phone_number",
    f.PHONE_ASSISTANT: "phone_numbers__AssistantPhone__phone_number",
    f.FAX_BUSINESS: "phone_numbers__BusinessFax__phone_number",
    **{
        f"{label.lower()}_{part}": f"physical_addresses__{label}__{name}"
        for label in ("Business", "Other")
        for part, name in _ADDRESS_PARTS.items()
    },
}
# what the schema lets through as anyURI without any doubt; a single bad one would have the whole call refused
_URI = re.compile(r"[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*")


def _email(item: Any) -> Value:
    """The first address. Somebody of the same organization has an X.500 name there, which says nothing outside."""
    found = content_of(item, _EMAIL)
    return (normalise(found) or MISSING) if found else ""


READERS: dict[str, Reader] = {
    **{name: Reader((path,), text(path)) for name, path in _TEXTS.items()},
    f.EMAIL: Reader((_EMAIL,), _email),
    f.BIRTHDAY: Reader(("birthday",), day("birthday")),
    f.WEB_PAGE: Reader(("business_homepage",), text("business_homepage")),
}


def _write_birthday(value: Any, _: EWSTimeZone) -> Mapping[str, Any]:
    return {"birthday": None if value is None else ews_date(value)}


def _write_web_page(value: Any, _: EWSTimeZone) -> Mapping[str, Any]:
    if _URI.fullmatch(value or "") is None:
        raise ValueError("not an address of a page")
    return {"business_homepage": value or None}


WRITERS: dict[str, Writer] = {
    **{name: as_is(path) for name, path in _TEXTS.items()},
    f.EMAIL: as_is(_EMAIL),
    f.BIRTHDAY: _write_birthday,
    f.WEB_PAGE: _write_web_page,
}
