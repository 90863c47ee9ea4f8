"""How a contact is called in lists: Exchange keeps that beside the parts of the name and does not follow their changes.

A name that was made of the parts is made anew when they change; one that somebody chose stays. The name to file under
follows by itself, because contacts of ours say by which pattern.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.exchange.properties import NAME_PREFIX
from connectors.exchange.rows import content_of

SHOWN = "display_name"
PARTS = (NAME_PREFIX, "given_name", "middle_name", "surname", "generation")
_FORMS = (
    ("given_name", "surname"),
    ("given_name", "middle_name", "surname"),
    ("given_name", "middle_name", "surname", "generation"),
    PARTS,
)
_ELSE = ("company_name", "email_addresses__EmailAddress1__email")


def of_new(contents: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a new contact that say how it is called; exchangelib refuses one without."""
    shown = _spelled(contents, _FORMS[0]) or next((contents[name] for name in _ELSE if contents.get(name)), "")
    return {SHOWN: shown, "file_as_mapping": "LastCommaFirst"}


def renamed(before: Any, contents: Mapping[str, Any]) -> dict[str, str]:
    """What the item `before` (read with `PARTS` and `SHOWN`) must be called once the contents are written to it."""
    old = {name: content_of(before, name) for name in PARTS}
    new = old | {name: contents[name] for name in PARTS if name in contents}
    shown = content_of(before, SHOWN) or ""
    form = next((form for form in _FORMS if _spelled(old, form) == shown), None)
    called = _spelled(new, form) if form is not None else shown
    return {SHOWN: called} if called not in ("", shown) else {}


def _spelled(contents: Mapping[str, Any], form: tuple[str, ...]) -> str:
    return " ".join(str(contents[name]) for name in form if contents.get(name))
