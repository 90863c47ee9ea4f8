"""Lenses: how a mailbox value shows as the CRM can hold it (its *view*), and how a changed view goes back.

Laws of every two-way lens, for every mailbox value s and every view v in normal form:
  GetPut  put(get(s), s) == s     nothing is written when the view did not change
  PutGet  get(put(v, s)) == v     what was written is what is shown
  Normal  norm(get(s)) == get(s)  a view compares equal to itself read back from the CRM
  Closed  an unknown word is refused with ValueError, never passed through
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mapping.model.item import MISSING, Person, Span, Value
from mapping.model.moment import midnight, minute, tidy

ZERO_WIDTH_JOINER = "\u200d"
CUT_MARK = "\n[The rest of this message was cut to fit.]"


def _same(value: Value) -> Value:
    return value


@dataclass(frozen=True, slots=True)
class Lens:
    """`norm`: normal form of a view as the CRM told it. `words`: the closed vocabulary of views, if there is one.
    `limit`: longest view; `shorter` makes the same lens with a smaller limit. `two_way`: `put` may be asked."""

    name: str
    get: Callable[[Value], Value]
    put: Callable[[Value, Value], Value]
    norm: Callable[[Value], Value] = _same
    words: frozenset[str] = frozenset()
    limit: int = 0
    shorter: Callable[[int], Lens] | None = None
    two_way: bool = True


def keeping(get: Callable[[Value], Value], back: Callable[[Value], Value]) -> Callable[[Value, Value], Value]:
    """A `put` that leaves the old value alone as long as its view is the one wanted."""

    def put(view: Value, old: Value) -> Value:
        return old if old is not MISSING and get(old) == view else back(view)

    return put


def identity() -> Lens:
    return Lens("identity", _same, lambda view, _old: view)


def one_way(
    name: str, get: Callable[[Value], Value], limit: int = 0, shorter: Callable[[int], Lens] | None = None
) -> Lens:
    """A lens for rows that only go up."""

    def put(_view: Value, _old: Value) -> Value:
        raise ValueError(f"{name} cannot be read back")

    return Lens(name, get, put, limit=limit, shorter=shorter, two_way=False)


def truncated(n: int) -> Lens:
    """A line of at most n characters; the mailbox keeps the longer text as long as the view did not change."""

    def get(value: Value) -> Value:
        return cut(text_of(value).strip(), n).rstrip()

    return Lens(f"truncated({n})", get, keeping(get, _same), get, limit=n, shorter=truncated)


def lowered(n: int) -> Lens:
    """An address: as `truncated`, and upper and lower case are the same."""

    def get(value: Value) -> Value:
        return cut(text_of(value).strip().lower(), n).rstrip()

    return Lens(f"lowered({n})", get, keeping(get, _same), get, limit=n, shorter=lowered)


def plain_text(n: int) -> Lens:
    """Text of several lines: one kind of line end, no spaces at line ends, then as `truncated`."""

    def get(value: Value) -> Value:
        lines = text_of(value).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return cut("\n".join(line.rstrip() for line in lines).strip(), n).rstrip()

    return Lens(f"plain_text({n})", get, keeping(get, _same), get, limit=n, shorter=plain_text)


def coarser(name: str, forward: Mapping[str, str], back: Mapping[str, str]) -> Lens:
    """A closed vocabulary in which several mailbox words may show as one CRM word."""
    if any(forward.get(word) != view for view, word in back.items()) or set(forward.values()) != set(back):
        raise ValueError(f"{name}: the way back must lead to words that show as the view they came from")

    def get(value: Value) -> Value:
        return _word(name, forward, value)

    def norm(view: Value) -> Value:
        _word(name, back, view)
        return view

    def put(view: Value, old: Value) -> Value:
        known = isinstance(old, str) and forward.get(old) == view
        return old if known else _word(name, back, view)

    return Lens(name, get, put, norm, frozenset(back))


def minutes_span() -> Lens:
    """A span at minute precision; the mailbox keeps its seconds as long as the minutes did not change."""

    def get(value: Value) -> Value:
        if not isinstance(value, Span):
            raise ValueError("span: not a span")
        return tidy(value)

    return Lens("minutes_span", get, keeping(get, _same), get)


def reminder_at() -> Lens:
    """(minutes before start, span) shows as the instant of the reminder, or None when it is off."""

    def get(value: Value) -> Value:
        minutes, span = value if isinstance(value, tuple) else (None, None)
        if minutes is None:
            return None
        if not isinstance(minutes, int) or not isinstance(span, Span):
            raise ValueError("reminder: needs minutes and a span")
        start = minute(span.start) if isinstance(span.start, datetime) else midnight(span.start)
        return start - timedelta(minutes=minutes)

    return one_way("reminder_at", get)


def addresses(n: int) -> Lens:
    """People as one list of addresses, parted by semicolons, cut between two addresses."""

    def get(value: Value) -> Value:
        people = value if isinstance(value, tuple) else ()
        shown = ""
        for person in people:
            longer = f"{shown}; {_address(person)}".removeprefix("; ")
            if len(longer) > n:
                break
            shown = longer
        return shown

    return one_way(f"addresses({n})", get, n, addresses)


def clipped(n: int) -> Lens:
    """Text of a message: what fits, then a mark that says that something is missing."""

    def get(value: Value) -> Value:
        text = _clean(text_of(value))
        return text if utf16_length(text) <= n else cut(text, n - len(CUT_MARK)) + CUT_MARK

    return one_way(f"clipped({n})", get, n, clipped)


def clipped_html(n: int) -> Lens:
    """As `clipped`, never cut inside a tag or an entity."""

    def get(value: Value) -> Value:
        text = _clean(text_of(value))
        if utf16_length(text) <= n:
            return text
        head = cut(text, n - len(CUT_MARK))
        head = head[: head.rfind("<")] if head.rfind("<") > head.rfind(">") else head
        entity = head.rfind("&")
        head = head[:entity] if entity > max(head.rfind(";"), len(head) - 12) else head
        return head + CUT_MARK

    return one_way(f"clipped_html({n})", get, n, clipped_html)


def text_of(value: Value) -> str:
    """The text; None (an empty CRM field) is the empty text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"not a text: {type(value).__name__}")
    return str(value)


def readable(value: Value) -> str:
    """A Salesforce value of any type as people read it; what is empty, or no single value, is the empty text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip() if isinstance(value, (str, int)) else ""


def utf16_length(text: str) -> int:
    """Length in UTF-16 units: the strictest way in which a vendor may count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, n: int) -> str:
    """The longest beginning made of whole characters that is at most n UTF-16 units long. A base character is not
    parted from its accents, nor an emoji from what is joined to it."""
    text = _clean(text)
    if utf16_length(text) <= n:
        return text
    # Half a pair at the end of the slice is dropped in decoding.
    end = len(text.encode("utf-16-le")[: 2 * n].decode("utf-16-le", "ignore"))
    whole = end
    while whole and (_clings(text[whole]) or text[whole - 1] == ZERO_WIDTH_JOINER):
        whole -= 1
    return text[: whole or end]


def _clings(char: str) -> bool:
    return bool(unicodedata.combining(char)) or char == ZERO_WIDTH_JOINER or 0xFE00 <= ord(char) <= 0xFE0F


def _clean(text: str) -> str:
    # Half of a surrogate pair, which JSON lets through, cannot be sent anywhere.
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _word(name: str, words: Mapping[str, str], value: Value) -> str:
    found = words.get(value) if isinstance(value, str) else None
    if found is None:
        known = ", ".join(sorted(words))
        raise ValueError(f"{name}: {value!r} is not one of {known}")
    return found


def _address(person: Value) -> str:
    if not isinstance(person, Person):
        raise ValueError("not a list of people")
    return person.address
