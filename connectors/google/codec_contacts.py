"""The fields of a contact. A person of Google's has a list of each kind of entry, told apart by their types: each
neutral field is one part of one entry, and what else stands in the list stays."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.errors import UnwritableError
from connectors.google import beside
from connectors.google.html import plain
from connectors.google.multipart import Json
from connectors.google.times import moment
from mapping.model import fields as f
from mapping.model.item import MISSING, Fields, Value
from mapping.model.people import normalise

READ = (
    "names,emailAddresses,phoneNumbers,addresses,organizations,birthdays,urls,biographies,relations,clientData,"
    "memberships,metadata"
)
# what a person is told with that says nothing of what it holds
_ABOUT = frozenset({"metadata", "type", "formattedType", "displayName", "displayNameLastFirst", "formattedValue",
                    "canonicalForm", "contentType", "current", "unstructuredName", "countryCode"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands: the list, the type of its entry ('' for the first one, whatever its type), and the part."""

    list: str
    part: str
    type: str = ""


PLACES: Mapping[str, Place] = {
    f.GIVEN_NAME: Place("names", "givenName"),
    f.MIDDLE_NAME: Place("names", "middleName"),
    f.SURNAME: Place("names", "familyName"),
    f.SALUTATION: Place("names", "honorificPrefix"),
    f.SUFFIX: Place("names", "honorificSuffix"),
    f.JOB_TITLE: Place("organizations", "title"),
    f.COMPANY: Place("organizations", "name"),
    f.DEPARTMENT: Place("organizations", "department"),
    f.EMAIL: Place("emailAddresses", "value"),
    f.PHONE_BUSINESS: Place("phoneNumbers", "value", "work"),
    f.PHONE_PRIMARY: Place("phoneNumbers", "value", "main"),
    f.PHONE_MOBILE: Place("phoneNumbers", "value", "mobile"),
    f.PHONE_HOME: Place("phoneNumbers", "value", "home"),
    f.PHONE_OTHER: Place("phoneNumbers", "value", "other"),
    f.PHONE_ASSISTANT: Place("phoneNumbers", "value", "assistant"),
    f.FAX_BUSINESS: Place("phoneNumbers", "value", "workFax"),
    f.ASSISTANT: Place("relations", "person", "assistant"),
    f.WEB_PAGE: Place("urls", "value", "work"),
    f.BODY: Place("biographies", "value"),
    **{
        f"{label}_{neutral}": Place("addresses", part, kind)
        for label, kind in (("business", "work"), ("other", "other"))
        for neutral, part in (
            ("street", "streetAddress"), ("city", "city"), ("state", "region"), ("postal_code", "postalCode"),
            ("country", "country"),
        )
    },
}  # fmt: skip
_NEW_TYPES = {"emailAddresses": "work", "organizations": "work"}
# what Google has no place for: it is never told, and never written
_NOT_HELD = frozenset({f.SENSITIVITY, f.HTML})


# --- reading


def decode(person: Json, *, deep: bool) -> dict[str, Value]:
    values: dict[str, Value] = {name: _text(person, place) for name, place in PLACES.items() if deep or name != f.BODY}
    values[f.EMAIL] = normalise(str(values[f.EMAIL])) or values[f.EMAIL]
    if deep and (_entry(person, PLACES[f.BODY]) or {}).get("contentType") == "TEXT_HTML":
        values[f.BODY] = plain(str(values[f.BODY]))
    kept = kept_beside(person)
    values |= {
        f.BIRTHDAY: _birthday(person),
        f.CATEGORIES: beside.split(kept.get(beside.CATEGORIES, "")),
        f.KEY: kept.get(beside.KEY) or MISSING,
        f.MODIFIED: _modified(person),
    }
    return {name: value for name, value in values.items() if value is not MISSING}


def kept_beside(person: Json) -> Mapping[str, str]:
    return {each["key"]: each.get("value", "") for each in person.get("clientData") or () if each.get("key")}


def _entry(person: Json, place: Place) -> Json | None:
    entries = person.get(place.list) or ()
    return next((each for each in entries if not place.type or each.get("type") == place.type), None)


def _text(person: Json, place: Place) -> Value:
    found = _entry(person, place)
    return str(found.get(place.part) or "") if found is not None else ""


def _birthday(person: Json) -> Value:
    """A birthday without its year is none that anybody else can hold."""
    told = next((each["date"] for each in person.get("birthdays") or () if each.get("date")), None)
    if told is None:
        return None
    try:
        return date(told["year"], told["month"], told["day"])
    except (KeyError, ValueError):
        return MISSING


def _modified(person: Json) -> Value:
    sources = (person.get("metadata") or {}).get("sources") or ()
    found = (moment(each.get("updateTime")) for each in sources if each.get("type") == "CONTACT")
    return next((at for at in found if at is not None), MISSING)


# --- writing


def encode(values: Fields, present: Json) -> Json:
    """The lists that hold the neutral values, each as a whole, as they are with the rest of what stands in them.
    Raises UnwritableError."""
    made: Json = {}
    for name, value in values.items():
        if value is MISSING or name in _NOT_HELD:
            continue
        if name in PLACES:
            _put(made, present, PLACES[name], str(value or ""))
        elif name == f.BIRTHDAY:
            made["birthdays"] = [_written(value)] if isinstance(value, date) else []
        elif name == f.CATEGORIES:
            _keep(made, present, beside.CATEGORIES, _joined(value))
        elif name == f.KEY:
            _keep(made, present, beside.KEY, str(value or ""))
        else:
            raise UnwritableError(name)
    return made


def _written(day: date) -> Json:
    return {"date": {"year": day.year, "month": day.month, "day": day.day}}


def _joined(value: Any) -> str:
    try:
        return beside.joined(tuple(value or ()))
    except ValueError:
        raise UnwritableError(f.CATEGORIES) from None


def _listed(made: Json, present: Json, name: str) -> list[Json]:
    if name not in made:
        made[name] = [
            {part: content for part, content in each.items() if part != "metadata"}
            for each in deepcopy(present.get(name) or [])
        ]
    found: list[Json] = made[name]
    return found


def _put(made: Json, present: Json, place: Place, text: str) -> None:
    entries = _listed(made, present, place.list)
    entry = next((each for each in entries if not place.type or each.get("type") == place.type), None)
    if entry is None:
        kind = place.type or _NEW_TYPES.get(place.list, "")
        entry = {"type": kind} if kind else {}
        entries.append(entry)
    entry[place.part] = text
    if not text:
        del entry[place.part]
    made[place.list] = [each for each in entries if each.keys() - _ABOUT]


def _keep(made: Json, present: Json, key: str, text: str) -> None:
    others = [each for each in _listed(made, present, "clientData") if each.get("key") != key]
    made["clientData"] = [*others, *([{"key": key, "value": text}] if text else [])]
