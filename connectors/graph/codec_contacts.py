"""The fields of a contact. Graph keeps addresses and numbers in lists and groups and writes those as a whole; so what
is written is first laid into what is there (`merged`), and what Salesforce cannot hold stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from connectors.graph.rows import Json, Reader, Writer, as_extended, extended, text
from connectors.graph.times import day_of, moment
from connectors.outlook.codec import as_is
from mapping.model import fields as f
from mapping.model.item import MISSING, Value
from mapping.model.people import normalise

_TEXTS = {
    f.GIVEN_NAME: "givenName",
    f.MIDDLE_NAME: "middleName",
    f.SURNAME: "surname",
    f.SALUTATION: "title",
    f.SUFFIX: "generation",
    f.JOB_TITLE: "jobTitle",
    f.COMPANY: "companyName",
    f.DEPARTMENT: "department",
    f.ASSISTANT: "assistantName",
    f.PHONE_MOBILE: "mobilePhone",
    f.WEB_PAGE: "businessHomePage",
}
# by the tags under which Exchange keeps them
_TAGS = {
    f.PHONE_PRIMARY: "String 0x3a1a",
    f.PHONE_OTHER: "String 0x3a1f",
    f.PHONE_ASSISTANT: "String 0x3a2e",
    f.FAX_BUSINESS: "String 0x3a24",
}
_LISTS = {f.PHONE_BUSINESS: "businessPhones", f.PHONE_HOME: "homePhones"}
_PARTS = {
    "street": "street", "city": "city", "state": "state", "postal_code": "postalCode", "country": "countryOrRegion",
}  # fmt: skip
_ADDRESSES = {
    f"{label}_{part}": (f"{label}Address", name) for label in ("business", "other") for part, name in _PARTS.items()
}
_EMAILS = "emailAddresses"
GROUPS = (_EMAILS, *_LISTS.values(), "businessAddress", "otherAddress")


# --- reading


def filed(told: Json) -> str:
    """Where the server files a contact by itself: `Simpson, Homer Jay`."""
    first = " ".join(str(told[name]) for name in ("givenName", "middleName") if told.get(name))
    return ", ".join(name for name in (told.get("surname"), first) if name)


def _first(name: str) -> Callable[[Json], Value]:
    return lambda told: next(iter(told.get(name) or ()), "") or ""


def _part(group: str, name: str) -> Callable[[Json], Value]:
    return lambda told: (told.get(group) or {}).get(name) or ""


def _tagged(tag: str) -> Callable[[Json], Value]:
    return lambda told: extended(told, tag)


def _email(told: Json) -> Value:
    """The first address. Somebody of the same organization has an X.500 name there, which says nothing outside."""
    found = next((each.get("address") for each in told.get(_EMAILS) or ()), "")
    return (normalise(found) or MISSING) if found else ""


def _birthday(told: Json) -> Value:
    """A date, which Graph tells as midnight or 11:59 in UTC."""
    found = told.get("birthday")
    if not found:
        return None
    at = moment(found)
    return at.date() if (at.hour, at.minute) == (11, 59) else day_of(at, None)


READERS: dict[str, Reader] = {
    f.SUBJECT: Reader(("displayName",), text("displayName")),
    f.BODY: Reader(("personalNotes",), text("personalNotes"), deep=True),
    **{name: Reader((path,), text(path)) for name, path in _TEXTS.items()},
    **{name: Reader((), _tagged(tag), (tag,)) for name, tag in _TAGS.items()},
    **{name: Reader((path,), _first(path)) for name, path in _LISTS.items()},
    **{name: Reader((group,), _part(group, part)) for name, (group, part) in _ADDRESSES.items()},
    f.EMAIL: Reader((_EMAILS,), _email),
    f.BIRTHDAY: Reader(("birthday",), _birthday),
}


# --- writing: groups hold only what is written of them


def _write_first(name: str) -> Writer:
    return lambda value, _: {name: [value] if value else []}


def _write_part(group: str, part: str) -> Writer:
    return lambda value, _: {f"{group}/{part}": value or None}


def _write_email(value: Any, _: ZoneInfo) -> Mapping[str, Any]:
    return {_EMAILS: [{"address": value, "name": value}] if value else []}


def _write_birthday(value: date | None, _: ZoneInfo) -> Mapping[str, Any]:
    return {"birthday": None if value is None else f"{value.isoformat()}T00:00:00Z"}


WRITERS: dict[str, Writer] = {
    **{name: as_is(path) for name, path in _TEXTS.items()},
    **{name: as_extended(tag) for name, tag in _TAGS.items()},
    **{name: _write_first(path) for name, path in _LISTS.items()},
    **{name: _write_part(group, part) for name, (group, part) in _ADDRESSES.items()},
    f.EMAIL: _write_email,
    f.BIRTHDAY: _write_birthday,
}


def needs_present(values: Mapping[str, Any]) -> bool:
    """Is something written that is only a part of a list or group?"""
    return any(name.partition("/")[0] in GROUPS for name in values)


def merged(values: Mapping[str, Any], present: Json) -> dict[str, Any]:
    """Encoded values with whole lists and groups, laid into what the contact (read with `GROUPS`) has."""
    made = {name: value for name, value in values.items() if "/" not in name}
    for name in (_EMAILS, *_LISTS.values()):
        if name in made:
            made[name] = [*made[name], *(present.get(name) or ())[1:]]
    for path, value in values.items():
        group, found, part = path.partition("/")
        if found:
            made[group] = {**(made.get(group) or present.get(group) or {}), part: value}
    return made
