"""Values as mailboxes and orgs really hold them, made around every limit and not only far below it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from mapping.model import fields
from mapping.model.item import MISSING, Attendee, Pending, Person, Response, Role, Span

# An accent that clings, a family joined from four emojis, a flag variant, a wide letter, spaces, line ends.
PIECES = (
    "a",
    "Z",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "e\u0301",
    "ü",
    "漢",
    "😀",
    "👨\u200d👩\u200d👧\u200d👦",
    "❤\ufe0f",
    "\u00a0",
)
WORDS = ("free", "working_elsewhere", "busy", "tentative", "no_data", "oof")


@st.composite
def texts_around(draw: st.DrawFn, limit: int) -> str:
    """Short texts, and texts that end just before, at or behind the limit, cut there by something awkward."""
    head = "".join(draw(st.lists(st.sampled_from(PIECES), max_size=6)))
    if draw(st.booleans()):
        return head
    near = "".join(draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8)))
    filler = draw(st.integers(limit - 12, limit + 3)) - len(head)
    return head + "x" * max(filler, 0) + near + draw(st.sampled_from(("", "tail", " ")))


instants = st.integers(0, 60 * 24 * 3600).map(lambda s: datetime(2026, 10, 1, tzinfo=UTC) + timedelta(seconds=s))
days = st.integers(0, 400).map(lambda n: date(2026, 3, 1) + timedelta(days=n))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    if draw(st.booleans()):
        first = draw(days)
        return Span(first, first + timedelta(days=draw(st.integers(0, 14))))
    start = draw(instants)
    return Span(start, start + timedelta(seconds=draw(st.integers(0, 3 * 86_400))))


def events() -> st.SearchStrategy[dict[str, Any]]:
    """The fields of a calendar item that the event table reads."""
    return st.fixed_dictionaries(
        {
            fields.SUBJECT: texts_around(255),
            fields.LOCATION: texts_around(255),
            fields.SPAN: spans(),
            fields.SHOW_AS: st.sampled_from(WORDS),
            fields.REMINDER: st.one_of(st.none(), st.integers(0, 20_160)),
            fields.BODY: st.sampled_from(("", "Agenda\r\n1. Numbers  \n", "e\u0301 😀")),
        }
    )


names = st.text(max_size=12)
people = st.builds(Person, names, names)
attendees = st.builds(Attendee, names, names, st.sampled_from(Role), st.sampled_from(Response))
zoned = st.datetimes(timezones=st.timezones() | st.just(UTC), allow_imaginary=False)
scalars = st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.none(), zoned, st.dates())
leaves = st.one_of(scalars, people, attendees, spans(), st.builds(Pending, names), st.just(MISSING))
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=8)
field_maps = st.dictionaries(st.text(max_size=10), values, max_size=6)
