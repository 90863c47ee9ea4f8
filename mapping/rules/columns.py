"""Salesforce columns that an organization names: what is read of them, written to them, or looked for in them.

An entry is a column (`Outcome__c`) or a column with a value (`Outcome__c=Lost`). What an entry means is taken from the
describe; an entry that does not fit the org is left out and told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mapping.model.item import Fields, ItemKind, Value
from mapping.rules import once
from mapping.rules.settings import Effective
from mapping.rules.shown_objects import shown_objects
from mapping.tables.adjust import Change, columns

Mappings = Mapping[ItemKind, Sequence[Change]]  # what an organization changed of the tables, by kind

Facts = Mapping[str, Mapping[str, object]]  # the describe of an object, by column

# settings that name columns which must be read, by object
_READ = {
    "Event": ("events.appended", "deletion.unsync_when"),
    "Task": ("tasks.appended",),
    "Contact": ("contacts.appended",),
}
_OBJECTS = {ItemKind.EVENT: "Event", ItemKind.TASK: "Task", ItemKind.CONTACT: "Contact"}


@dataclass(frozen=True, slots=True)
class Fitted:
    """Entries as the org takes them, and what is wrong with the others."""

    values: dict[str, Value]
    unfit: tuple[str, ...] = ()


def to_read(settings: Effective, mappings: Mappings) -> dict[str, tuple[str, ...]]:
    """The columns that must be read beyond those that always are, by object, each once: those that settings list, and
    those of rows of the organization's own."""
    named = {name: [column_of(e) for each in lists for e in settings.list(each)] for name, lists in _READ.items()}
    for shown in shown_objects(settings.mappings("objects.shown")):
        named.setdefault(shown.object, []).extend(shown.columns)
    for kind, name in _OBJECTS.items():
        named[name] += columns(mappings.get(kind, ()))
    return {name: tuple(dict.fromkeys(listed)) for name, listed in named.items() if listed}


def column_of(entry: str) -> str:
    return entry.partition("=")[0].strip()


def to_write(entries: Iterable[str], facts: Facts, may: str) -> Fitted:
    """What entries with values write to a record. `may`: "createable" or "updateable"."""

    def check(about: Mapping[str, object]) -> str:
        return "" if about.get(may) else "may not be written"

    return _fitted(entries, facts, check)


def conditions(entries: Iterable[str], facts: Facts) -> Fitted:
    """What entries with values look for in a record: checkboxes, texts, picklists and whole numbers can be told apart
    reliably; dates, references, addresses and what Salesforce encrypts cannot."""

    def check(about: Mapping[str, object]) -> str:
        if about.get("type") not in _COMPARED or not about.get("filterable", True):
            return "is of a kind that cannot be compared"
        return "has decimals, which cannot be compared" if about.get("scale") else ""

    return _fitted(entries, facts, check)


def holds(wanted: Mapping[str, Value], record: Fields) -> bool:
    """Does the record show one of the values?"""
    return any(column in record and record[column] == value for column, value in wanted.items())


_COMPARED = frozenset(
    {"boolean", "string", "email", "phone", "url", "textarea", "picklist", "combobox", "multipicklist", "int", "double"}
)


def _fitted(entries: Iterable[str], facts: Facts, check: Callable[[Mapping[str, object]], str]) -> Fitted:
    values: dict[str, Value] = {}
    unfit: list[str] = []
    for entry in entries:
        column, _, text = (part.strip() for part in entry.partition("="))
        about = facts.get(column)
        objection = "is not there or hidden from the user" if about is None else check(about)
        if about is not None and not objection:
            try:
                values[column] = _typed(text, about)
            except ValueError as error:
                objection = str(error)
        if objection:
            unfit.append(f"{column} {objection}")
    return Fitted(values, tuple(unfit))


def _typed(text: str, about: Mapping[str, object]) -> Value:
    """The value that a text means for a column. Raises ValueError."""
    kind = str(about.get("type", "string"))
    read = _READERS.get(kind)
    if read is not None:
        try:
            return read(text)
        except ValueError:
            raise ValueError(f"holds {_NAMES[kind]}, not {text!r}") from None
    words = about.get("values")
    if about.get("restrictedPicklist") and isinstance(words, (list, tuple)) and text not in words:
        raise ValueError(f"has no value {text!r}")
    return text


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _number(text: str) -> Value:
    """Whole numbers are numbers, others keep their digits."""
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        raise ValueError(text)
    return int(float(text)) if float(text).is_integer() else text


_READERS: dict[str, Callable[[str], Value]] = {
    "boolean": _flag, "int": int, "double": _number, "currency": _number, "percent": _number,
    "date": date.fromisoformat, "datetime": _moment,
}  # fmt: skip
_NAMES = {
    "boolean": "true or false", "int": "whole numbers", "double": "numbers", "currency": "numbers",
    "percent": "numbers", "date": "dates", "datetime": "moments with a zone",
}  # fmt: skip


def unfit(settings: Effective, shape: Mapping[str, Facts]) -> dict[str, tuple[str, ...]]:
    """By setting, what of the columns and values that it names does not fit the org."""
    event = shape.get("Event", {})
    found = {
        "defaults.event": to_write(settings.list("defaults.event"), event, "createable").unfit,
        "deletion.cancel_instead": to_write(settings.list("deletion.cancel_instead"), event, "updateable").unfit,
        "deletion.unsync_when": conditions(settings.list("deletion.unsync_when"), event).unfit,
    }
    for crm_object in ("Event", "Task", "Contact"):
        name = f"{crm_object.lower()}s.appended"
        absent = [column for column in settings.list(name) if column not in shape.get(crm_object, {})]
        found[name] = tuple(f"{column} is not there or hidden from the user" for column in absent)
    found["dedupe.field"] = tuple(each for each in (once.objection(settings), once.misfit(settings, shape)) if each)
    return {name: texts for name, texts in found.items() if texts}
