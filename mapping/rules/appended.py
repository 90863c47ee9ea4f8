"""Salesforce columns shown below the text of a mailbox item.

A line of plus signs parts the two. What stands above it is the user's and is never touched; what stands below is ours,
comes from Salesforce only, and is written anew when it is not what it should be (DSC-6). Nothing of it goes back up
(DSC-7).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping

from mapping.model import fields
from mapping.model.item import Fields, Item
from mapping.model.lens import readable

DELIMITER = "+" * 24

_LINE = re.compile(rf"^[^\S\n]*{re.escape(DELIMITER)}[^\S\n]*$", re.MULTILINE)
# The delimiter in formatted text, with the tags that open right before it: they were ours.
_MARKUP = re.compile(rf"(?:<[^<>/!][^<>]*>\s*)*{re.escape(DELIMITER)}")
_END = re.compile(r"\s*</body\s*>", re.IGNORECASE)


def block(columns: Iterable[str], labels: Mapping[str, str], record: Fields) -> str:
    """The lines to show, one a column that says something; '' when none does."""
    shown = ((labels.get(name) or name, readable(record.get(name))) for name in columns)
    return "\n".join(f"{label}: {value}" for label, value in shown if value)


def own_text(item: Item) -> Item:
    """The item with the text above the delimiter only."""
    above, _ = _split(item.text(fields.BODY))
    return item if above is None else item.with_fields({fields.BODY: above})


def below(item: Item, written: Fields, lines: str) -> Fields:
    """What must be written so that the lines stand below the item's text; `written`: what is written in any case. Empty
    when they stand there already, or when the text of the item is not known."""
    text = item.get(fields.BODY)
    if not isinstance(text, str):
        return {}
    above, shown = _split(text)
    edited = written.get(fields.BODY)
    if not isinstance(edited, str) and _words(shown) == _words(lines):
        return {}
    markup = item.text(fields.HTML)
    if markup and not isinstance(edited, str):
        return {fields.HTML: _in_markup(markup, lines)}
    kept = edited if isinstance(edited, str) else text if above is None else above
    return {fields.BODY: f"{kept.rstrip()}\n\n{DELIMITER}\n{lines}".lstrip() if lines else kept}


def _split(text: str) -> tuple[str | None, str]:
    """What stands above and below the delimiter; (None, '') without one."""
    found = _LINE.search(text)
    return (text[: found.start()].rstrip(), text[found.end() :]) if found else (None, "")


def _in_markup(markup: str, lines: str) -> str:
    end = _END.search(markup)
    found = _MARKUP.search(markup)
    place = found.start() if found else end.start() if end else len(markup)
    shown = "<br>".join(map(html.escape, (DELIMITER, *lines.split("\n")))) if lines else ""
    return markup[:place] + (f"<div>{shown}</div>" if shown else "") + ("</body></html>" if end else "")


def _words(text: str) -> list[str]:
    # servers break lines and add spaces when they turn formatted text into plain text
    return text.split()
