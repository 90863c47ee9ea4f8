"""*.vcf into contacts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import vobject

from connectors.sandbox.ews import writes
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.items import Values
from connectors.sandbox.ews.mime import decode
from connectors.sandbox.ews.wire import clean
from connectors.sandbox.seeding.report import FileReport

_PLAIN = (("title", "JobTitle"), ("nickname", "Nickname"), ("role", "Profession"), ("url", "BusinessHomePage"))
_NAMES = (("given", "GivenName"), ("additional", "MiddleName"), ("family", "Surname"), ("suffix", "Generation"))
MAX_ADDRESSES = 3


def load_vcf(call: Call, path: Path, report: FileReport) -> None:
    text, problem = decode(path.read_bytes(), "utf-8-sig")
    if problem:
        report.note(problem)
    folder = call.directory.distinguished(call.acting, "contacts")
    cards = vobject.readComponents(text, ignoreUnreadable=True)
    while True:
        try:
            card = next(cards)
        except StopIteration:
            break
        except vobject.base.ParseError as error:
            report.skip(path.name, f"not a vCard from here on ({error})")
            break
        if str(card.name).upper() != "VCARD":
            report.skip(str(card.name), "not a vCard")
            continue
        values = _values(card, report)
        if not values.get("DisplayName"):
            report.skip("a vCard", "neither a name nor an address")
            continue
        call.items.create(folder, "Contact", writes.finish(call, "Contact", values, call.acting))
        report.loaded["Contact"] += 1
    if not report.loaded and not report.skipped:
        report.skip(path.name, "no vCard in it")


def _values(card: Any, report: FileReport) -> Values:
    values: Values = {}
    for name, target in _PLAIN:
        _set(values, target, _first(card, name))
    structured = _first_raw(card, "n")
    for part, target in _NAMES:
        _set(values, target, _flat(getattr(structured, part, "")))
    addresses = [clean(str(each.value)).strip() for each in card.contents.get("email", []) if str(each.value).strip()]
    shown = _first(card, "fn") or " ".join(values[name] for name in ("GivenName", "Surname") if name in values)
    shown = shown or (addresses[0] if addresses else "")
    _set(values, "DisplayName", shown)
    _set(values, "FileAs", ", ".join(values[n] for n in ("Surname", "GivenName") if n in values) or shown)
    if len(addresses) > MAX_ADDRESSES:
        report.note(f"{shown}: a contact has room for {MAX_ADDRESSES} addresses, {len(addresses)} were given")
    if addresses:
        values["EmailAddresses"] = {f"EmailAddress{n}": each for n, each in enumerate(addresses[:MAX_ADDRESSES], 1)}
    organisation = _first_raw(card, "org")
    if isinstance(organisation, list) and organisation:
        _set(values, "CompanyName", str(organisation[0]))
        _set(values, "Department", ", ".join(str(each) for each in organisation[1:]))
    _telephones(card, values, report)
    _postal(card, values)
    note = _first(card, "note")
    if note:
        values["Body"] = {"text": note}
    categories = _first_raw(card, "categories")
    if isinstance(categories, list):
        values["Categories"] = [clean(str(each)) for each in categories if str(each).strip()]
    born = _first(card, "bday")
    if born:
        try:
            values["Birthday"] = f"{date.fromisoformat(born[:10]).isoformat()}T00:00:00Z"
        except ValueError:
            report.note(f"{shown}: unreadable birthday {born[:20]!r}")
    return values


def _telephones(card: Any, values: Values, report: FileReport) -> None:
    numbers: dict[str, str] = {}
    for each in card.contents.get("tel", []):
        kinds = {str(kind).upper() for kind in each.params.get("TYPE", [])}
        key = (
            "MobilePhone"
            if "CELL" in kinds
            else "BusinessFax"
            if "FAX" in kinds
            else "HomePhone"
            if "HOME" in kinds
            else "BusinessPhone"
        )
        for place in (key, "BusinessPhone2", "OtherTelephone"):
            if place not in numbers:
                numbers[place] = clean(str(each.value).removeprefix("tel:"))
                break
        else:
            report.note(f"no room for the telephone number {each.value}")
    if numbers:
        values["PhoneNumbers"] = numbers


def _postal(card: Any, values: Values) -> None:
    places: dict[str, dict[str, str]] = {}
    for each in card.contents.get("adr", []):
        kinds = {str(kind).upper() for kind in each.params.get("TYPE", [])}
        key = "Home" if "HOME" in kinds else "Business" if "WORK" in kinds or not kinds else "Other"
        parts = {
            "Street": _flat(each.value.street),
            "City": _flat(each.value.city),
            "State": _flat(each.value.region),
            "CountryOrRegion": _flat(each.value.country),
            "PostalCode": _flat(each.value.code),
        }
        places.setdefault(key, {name: clean(text) for name, text in parts.items() if text})
    if places:
        values["PhysicalAddresses"] = places


def _first_raw(card: Any, name: str) -> Any:
    found = card.contents.get(name)
    return found[0].value if found else None


def _first(card: Any, name: str) -> str:
    value = _first_raw(card, name)
    return clean(_flat(value)).strip() if value is not None else ""


def _flat(value: Any) -> str:
    return " ".join(str(each) for each in value) if isinstance(value, list) else str(value or "")


def _set(values: Values, name: str, text: str) -> None:
    if text.strip():
        values[name] = clean(text.strip())
