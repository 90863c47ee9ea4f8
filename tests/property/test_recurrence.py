"""Laws of series, each asked of every kind of pattern with every kind of end: 18 tests a law.

An edit and the way through Salesforce are asked of 18 times 560 series, over 10,000; an independent reader, which takes
longer, of 18 times 200; the rest of 18 times 40 each. That is some 45 seconds of one core.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mapping.model.item import Moved, Original, Series, Span
from mapping.recurrence import classic
from mapping.recurrence.edits import Difference, begun_at, difference, ended_before, shifted, with_cancelled, with_moved
from mapping.recurrence.expand import (
    Occurrence,
    index_of,
    moment_of,
    next_after,
    occurrences,
    originals,
    rule_of,
    span_of,
    with_rule,
)
from mapping.recurrence.patterns import Kind, pattern_of, rule_for, sure_days
from mapping.recurrence.refusals import NOT_EXPRESSIBLE
from mapping.recurrence.rules import SUNDAY, parse
from tests.property.judge import judged
from tests.property.series import ENDS, EXCEPTIONS_WITHIN, ZONES, elsewhere, exceptions, series

WINDOW = timedelta(days=74)
FAR = timedelta(days=400 * 366)
KEYS = frozenset(ZONES)

Law = Callable[..., None]
of_every_kind = pytest.mark.parametrize("kind", Kind)
with_every_end = pytest.mark.parametrize("end", ENDS)


def hold(examples: int, *strategies: st.SearchStrategy[Any]) -> Callable[[Law], None]:
    """Ask a law of so many examples."""

    def run(law: Law) -> None:
        settings(max_examples=examples)(given(*strategies)(law))()

    return run


def in_order(found: tuple[Occurrence, ...]) -> list[Span]:
    return sorted((each.span for each in found), key=lambda span: (moment_of(span.start), moment_of(span.end)))


def by_original(given: Series | None, before: datetime) -> dict[Any, Span]:
    found = occurrences(given, moment_of(given.first.start) - FAR, before) if given else ()
    return {each.original: each.span for each in found}


def horizon(given: Series) -> datetime:
    """A moment after the occurrences that the strategies change, and some more."""
    starts = tuple(islice(originals(given), EXCEPTIONS_WITHIN + 1))
    return max(*map(moment_of, starts), *(moment_of(each.span.start) for each in given.moved), moment_of(starts[0]))


@pytest.mark.parametrize(("all_day", "examples"), [(False, 150), (True, 50)], ids=["timed", "all-day"])
@with_every_end
@of_every_kind
@pytest.mark.rule("REC-12", "REC-13", "ALL-4")
def test_a_series_takes_place_when_an_independent_reader_says(
    kind: Kind, end: str, all_day: bool, examples: int
) -> None:
    @hold(examples, series(kind, end, all_day=all_day).flatmap(exceptions), st.integers(-60, 1500))
    def law(drawn: Series, days: int) -> None:
        after = moment_of(drawn.first.start) + timedelta(days)

        assert in_order(occurrences(drawn, after, after + WINDOW)) == judged(drawn, after, after + WINDOW)


@with_every_end
@of_every_kind
@pytest.mark.rule("REC-4", "REC-5", "REC-12", "REC-13", "REC-14", "TOP-19")
def test_a_series_comes_through_salesforce_and_through_the_edit_of_one_occurrence(kind: Kind, end: str) -> None:
    interval = 1 if kind in (Kind.YEARLY, Kind.YEARLY_NTH) else 6

    @hold(560, series(kind, end, interval=interval).flatmap(edits), st.integers(0, 800))
    def law(edit: tuple[Series, Original, Span], days: int) -> None:
        drawn = edit[0]
        an_edit_changes_one_occurrence(*edit)
        salesforce_is_told_of_it(drawn, moment_of(drawn.first.start) + timedelta(days))


@st.composite
def edits(draw: st.DrawFn, plain: Series) -> tuple[Series, Original, Span]:
    """A series with exceptions, one of its original starts, and where that occurrence is moved to."""
    drawn = draw(exceptions(plain))
    starts = tuple(islice(originals(drawn), EXCEPTIONS_WITHIN))
    original = starts[draw(st.integers(0, len(starts) - 1))]
    return drawn, original, draw(elsewhere(original))


def an_edit_changes_one_occurrence(given: Series, original: Original, span: Span) -> None:
    cancelled, moved = with_cancelled(given, original), with_moved(given, Moved(original, span))
    until = max(horizon(given), moment_of(span.start)) + timedelta(days=1)
    before = by_original(given, until)

    assert by_original(cancelled, until) == {name: at for name, at in before.items() if name != original}
    assert by_original(moved, until) == {**before, original: span}
    assert difference(cancelled, moved) is Difference.EXCEPTIONS
    assert difference(given, replace(given)) is Difference.NONE


def salesforce_is_told_of_it(given: Series, since: datetime) -> None:
    starts = tuple(islice(originals(given, since), 101))
    part = classic.part(given, since, KEYS)

    if not isinstance(part, classic.Part):
        assert part is (NOT_EXPRESSIBLE if is_unsure(given) else None)
        assert part or not starts
        return
    back = classic.read(part.columns)
    assert isinstance(back, Series)
    assert tuple(originals(back)) == part.originals == starts[: len(part.originals)]
    assert back.first.minutes == given.first.minutes
    assert part.next == (starts[len(part.originals)] if len(starts) > len(part.originals) else None)
    assert replace(rule_of(back), until=None) == replace(rule_of(given), until=None, count=None)


def is_unsure(given: Series) -> bool:
    """Whether nobody can say that Salesforce repeats it alike: on the 31st, or in weeks that do not begin on Sunday."""
    rule = replace(rule_of(given), count=None, until=None)
    pattern = pattern_of(rule)
    by_sundays = replace(given, rule=str(replace(rule, week_start=SUNDAY)))
    told = (islice(originals(each), 30) for each in (replace(given, rule=str(rule)), by_sundays))
    return pattern is None or pattern.day > sure_days(pattern.month) or tuple(next(told)) != tuple(next(told))


@with_every_end
@of_every_kind
@pytest.mark.rule("REC-10")
def test_a_series_cut_in_two_takes_place_as_before(kind: Kind, end: str) -> None:
    @hold(40, series(kind, end).flatmap(exceptions), st.integers(0, 40), st.integers(-1, 1))
    def law(drawn: Series, place: int, beside: int) -> None:
        starts = tuple(islice(originals(drawn), place + 1))
        moment = moment_of(starts[-1]) + timedelta(minutes=beside)
        until = horizon(drawn) + timedelta(days=900)
        whole = by_original(drawn, until)
        ended, begun = ended_before(drawn, moment), begun_at(drawn, moment)

        early = {o: at for o, at in whole.items() if moment_of(o) < moment and moment_of(at.start) < moment}
        assert by_original(ended, until) == early
        assert by_original(begun, until) == {o: at for o, at in whole.items() if moment_of(o) >= moment}


@with_every_end
@of_every_kind
@pytest.mark.rule("REC-10")
def test_a_shifted_series_keeps_its_occurrences(kind: Kind, end: str) -> None:
    @hold(40, series(kind, end).flatmap(exceptions), st.integers(-40, 40), st.integers(-240, 240))
    def law(drawn: Series, days: int, minutes: int) -> None:
        start = drawn.first.start + timedelta(days, minutes=minutes)
        pattern = pattern_of(rule_of(drawn))
        assume(pattern and (len(pattern.days) == 1 or kind not in (Kind.MONTHLY_NTH, Kind.YEARLY_NTH)))
        new = shifted(drawn, Span(start, start + timedelta(minutes=45)))

        olds, news = (tuple(islice(originals(each), 100)) for each in (drawn, new))
        assert news[0] == start
        assert len(news) == len(olds)
        exceptions = zip(olds, news, strict=True)
        assert new.cancelled == tuple(there for here, there in exceptions if here in drawn.cancelled)
        assert [each.span for each in new.moved] == [each.span for each in drawn.moved]
        assert {span_of(new, each).minutes for each in news} == {45}


@with_every_end
@of_every_kind
def test_occurrences_are_counted_and_found_again(kind: Kind, end: str) -> None:
    @hold(40, series(kind, end))
    def law(drawn: Series) -> None:
        starts = tuple(islice(originals(drawn), 30))

        assert [index_of(drawn, each) for each in starts] == list(range(1, len(starts) + 1))
        assert [next_after(drawn, moment_of(each)) for each in starts[:-1]] == list(starts[1:])


@with_every_end
@of_every_kind
def test_a_rule_is_the_same_however_it_is_written(kind: Kind, end: str) -> None:
    @hold(40, series(kind, end), st.randoms())
    def law(drawn: Series, chance: Any) -> None:
        rule = rule_of(drawn)
        parts = drawn.rule.lower().split(";")
        chance.shuffle(parts)

        assert rule_of(replace(drawn, rule="RRULE:" + ";".join(parts))) == rule
        assert parse(str(rule)) == rule
        assert rule_of(with_rule(drawn, rule)) == rule
        pattern = pattern_of(rule)
        assert pattern
        assert pattern_of(rule_for(pattern)) == pattern
