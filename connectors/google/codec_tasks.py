"""The fields of a task.

Google keeps a title, notes, a day and whether it is done. The key that we need stands in the last line of the notes,
because there is no other place for it; our list alone is the mark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from connectors.errors import UnwritableError
from connectors.google.multipart import Json
from connectors.google.times import moment
from mapping.model import fields as f
from mapping.model.item import MISSING, Fields, Value

_LONGEST_TITLE, _LONGEST_NOTES = 1024, 8192
_FOOTER = re.compile(r"\s*\[Inbox Sync: (?P<key>[^\s\[\]]+)\]\s*\Z")
# what Google has no place for: it is never told, and never written
_NOT_HELD = frozenset({f.IMPORTANCE, f.REMINDER_AT, f.SENSITIVITY, f.HTML, f.CATEGORIES})


@dataclass(frozen=True, slots=True)
class Notes:
    """The text of a task, and the key that stands below it."""

    text: str = ""
    key: str = ""

    @classmethod
    def read(cls, told: str) -> Notes:
        found = _FOOTER.search(told)
        return cls(told) if found is None else cls(told[: found.start()], found["key"])

    def written(self) -> str:
        return f"{self.text}\n\n[Inbox Sync: {self.key}]".lstrip("\n") if self.key else self.text


def decode(task: Json) -> dict[str, Value]:
    notes = Notes.read(task.get("notes", ""))
    values: dict[str, Value] = {
        f.SUBJECT: task.get("title", ""),
        f.BODY: notes.text,
        f.KEY: notes.key or MISSING,
        f.DUE: date.fromisoformat(task["due"][:10]) if task.get("due") else None,
        f.STATUS: "completed" if task.get("status") == "completed" else "not_started",
        f.MODIFIED: moment(task.get("updated")) or MISSING,
    }
    return {name: value for name, value in values.items() if value is not MISSING}


def encode(values: Fields, present: Json) -> Json:
    """The body that writes the neutral values over a task. Raises UnwritableError."""
    notes = Notes.read(present.get("notes", ""))
    body: Json = {}
    for name, value in values.items():
        match name:
            case f.SUBJECT:
                body["title"] = _fitting(str(value or ""), _LONGEST_TITLE, name)
            case f.DUE:
                body["due"] = f"{value.isoformat()}T00:00:00.000Z" if isinstance(value, date) else None
            case f.STATUS:
                body["status"] = "completed" if value == "completed" else "needsAction"
            case f.BODY:
                notes = Notes(str(value or ""), notes.key)
            case f.KEY:
                notes = Notes(notes.text, str(value or ""))
            case _ if name not in _NOT_HELD and value is not MISSING:
                raise UnwritableError(name)
    if not values.keys().isdisjoint((f.BODY, f.KEY)):
        body["notes"] = _fitting(notes.written(), _LONGEST_NOTES, f.BODY)
    return body


def _fitting(text: str, most: int, name: str) -> str:
    """A text that is too long is refused: cut, it would come back as an edit and cut the record's, too."""
    if len(text) > most:
        raise UnwritableError(name)
    return text
