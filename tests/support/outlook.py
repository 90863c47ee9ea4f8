"""Generated neutral fields of tasks and contacts, and series, such as people enter in a mailbox program."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from connectors.exchange.codec import SENSITIVITIES
from connectors.exchange.codec_contacts import WRITERS as CONTACT_WRITERS
from connectors.exchange.codec_tasks import IMPORTANCES, STATUSES
from mapping.model import fields as f
from mapping.model.item import Series, Span
from mapping.recurrence.expand import originals, span_of, with_rule
from mapping.recurrence.patterns import GROUPS, ORDINALS, Kind, Pattern, rule_for

TEXT = st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=60)
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
MINUTES = st.integers(0, 19_000_000).map(lambda count: datetime(2001, 1, 1, tzinfo=UTC) + timedelta(minutes=count))
ADDRESSES = st.builds("{}@{}.example".format, st.text(string.ascii_lowercase, min_size=1), st.sampled_from("abc"))
PAGES = st.builds("https://crm.example/{}?x={}".format, st.text(string.ascii_letters), st.integers(0, 99))

_EVERY = {
    f.SUBJECT: TEXT,
    f.BODY: TEXT,
    f.SENSITIVITY: st.sampled_from(sorted(SENSITIVITIES.values())),
    f.CATEGORIES: st.lists(TEXT.filter(str.strip), max_size=4).map(tuple),
}
TASKS = st.fixed_dictionaries(
    {},
    optional={
        **_EVERY,
        f.DUE: st.one_of(st.none(), DAYS),
        f.STATUS: st.sampled_from(sorted(STATUSES.values())),
        f.IMPORTANCE: st.sampled_from(sorted(IMPORTANCES.values())),
        f.REMINDER_AT: st.one_of(st.none(), MINUTES),
    },
)
CONTACTS = st.fixed_dictionaries(
    {},
    optional={
        **_EVERY,
        **dict.fromkeys(CONTACT_WRITERS, TEXT),
        f.EMAIL: st.one_of(st.just(""), ADDRESSES),
        f.BIRTHDAY: st.one_of(st.none(), DAYS),
        f.WEB_PAGE: st.one_of(st.just(""), PAGES),
    },
)


# --- series

_WEEKDAYS = st.frozensets(st.integers(0, 6), min_size=1)
_NTH_DAYS = st.one_of(st.integers(0, 6).map(lambda day: frozenset({day})), st.sampled_from(GROUPS))
_INTERVALS, _MONTHS = st.integers(1, 5), st.integers(1, 12)
_PATTERNS = st.one_of(
    st.builds(Pattern, st.just(Kind.DAILY), _INTERVALS),
    st.builds(Pattern, st.just(Kind.WEEKLY), _INTERVALS, _WEEKDAYS, week_start=st.integers(0, 6)),
    st.builds(Pattern, st.just(Kind.MONTHLY), _INTERVALS, day=st.integers(1, 31)),
    st.builds(Pattern, st.just(Kind.MONTHLY_NTH), _INTERVALS, _NTH_DAYS, st.sampled_from(ORDINALS)),
    st.builds(Pattern, st.just(Kind.YEARLY), _INTERVALS, day=st.integers(1, 28), month=_MONTHS),
    st.builds(Pattern, st.just(Kind.YEARLY_NTH), _INTERVALS, _NTH_DAYS, st.sampled_from(ORDINALS), month=_MONTHS),
)
_ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Tokyo", "UTC", "Pacific/Apia")


@st.composite
def any_series(draw: st.DrawFn) -> Series:
    """Patterns, ends and zones of all kinds; the first occurrence is the first that the rule yields."""
    zone = draw(st.sampled_from(_ZONES))
    day = draw(st.dates(date(2015, 1, 1), date(2030, 1, 1)))
    if draw(st.booleans()):
        minutes = draw(st.integers(0, 24 * 60 - 1).filter(lambda minute: not 60 <= minute < 240))  # when clocks change
        start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
        length = timedelta(minutes=draw(st.integers(0, 59)))
        series = Series("", Span(start, start + length), zone)
    else:
        series = Series("", Span(day, day + timedelta(days=1)))
    rule = rule_for(draw(_PATTERNS))
    end = draw(st.sampled_from(["never", "count", "until"]))
    if end == "count":
        rule = replace(rule, count=draw(st.integers(2, 40)))
    if end == "until":
        rule = replace(rule, until=day + timedelta(days=draw(st.integers(12_000, 15_000))))
    series = with_rule(series, rule)
    first = next(originals(series))
    return with_rule(replace(series, first=span_of(series, first)), rule)


SERIES = any_series()
