"""When a series takes place: its rule, its exceptions, and the clock of its zone.

A timed series repeats at the wall-clock time of its zone, so its instants move when the clocks do; an all-day series
repeats by dates and has no zone. A time that the clocks skip is told by the clock of before, one that they show twice
is the first of the two, and all occurrences last equally long (RFC 5545). Occurrences are named by their *original*
start, which never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import rrule as rfc

from mapping.model.item import Moved, Original, Series, Span
from mapping.model.moment import midnight
from mapping.recurrence.rules import Frequency, Rule, explicit, parse

_DAY = timedelta(days=1)
_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`original`: where it starts by the rule. `moved`: what the mailbox says of it when it differs from its master."""

    original: Original
    span: Span
    moved: Moved | None = None


def zone_of(name: str) -> tzinfo:
    """The zone by its IANA name; '' is UTC. Raises ValueError for a name that nobody knows."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"the time zone {name!r} is unknown") from None


def rule_of(series: Series) -> Rule:
    """The rule with nothing left to the first occurrence, and with its end told as the last day, on the clock of the
    series: all series that repeat alike have the same. Raises ValueError for a rule without sense."""
    rule = explicit(parse(series.rule), day_of(series, series.first.start))
    return replace(rule, until=_last_day(series, rule.until)) if rule.until else rule


def originals(series: Series, after: datetime | None = None, before: datetime | None = None) -> Iterator[Original]:
    """The original starts that the rule yields, cancelled ones included, in order and each once: `after <= start <
    before`, where None is no bound. An endless series without `before` never ends. Raises ValueError for a rule
    without sense, or for a zone that nobody knows."""
    zone, tell = _clock(series), _teller(series)
    # The bounds only spare work, with a day for what the clocks may be moved; the moments themselves decide.
    low = _local(after, zone) - _DAY if after is not None else None
    high = _local(before, zone) + _DAY if before is not None else None
    previous: Original | None = None
    for naive in _starts(series, low, high):
        original = tell(naive)
        # On a day that a zone left out, two days of the rule are the same moment.
        if original == previous or (after is not None and moment_of(original) < after):
            continue
        if before is not None and moment_of(original) >= before:
            return
        previous = original
        yield original


def occurrences(series: Series, after: datetime, before: datetime) -> tuple[Occurrence, ...]:
    """What takes place between the two moments (it ends after the first and starts before the second), in the order of
    original starts. Cancelled occurrences are left out; moved ones stand where they are now, even those that the rule
    no longer yields. All-day occurrences last from midnight to midnight UTC here."""
    cancelled = set(series.cancelled)
    moved = {each.original: each for each in series.moved if each.original not in cancelled}
    found = [
        Occurrence(original, span_of(series, original))
        for original in originals(series, after - _length(series), before)
        if original not in cancelled and original not in moved
    ]
    found += [Occurrence(each.original, each.span, each) for each in moved.values()]
    taking_place = (each for each in found if _inside(each.span, after, before))
    return tuple(sorted(taking_place, key=lambda each: moment_of(each.original)))


def span_of(series: Series, original: Original) -> Span:
    """Where an occurrence stands by the rule."""
    return Span(original, original + _length(series))


def index_of(series: Series, original: Original) -> int:
    """The place of an occurrence in its series: 1 for the first, cancelled ones counted. Raises ValueError when the
    rule does not yield it."""
    for number, each in enumerate(originals(series, before=moment_of(original) + _DAY), 1):
        if each == original:
            return number
    raise ValueError("the series has no such occurrence")


def next_after(series: Series, moment: datetime) -> Original | None:
    """The first original start after the moment, cancelled ones left out; None when the series has ended by then."""
    cancelled = set(series.cancelled)
    later = (each for each in originals(series, moment) if moment_of(each) > moment and each not in cancelled)
    return next(later, None)


def is_endless(series: Series) -> bool:
    return parse(series.rule).endless


def moment_of(original: Original) -> datetime:
    """The instant of an original start; a day begins at midnight UTC."""
    return original if isinstance(original, datetime) else midnight(original)


def day_of(series: Series, original: Original) -> date:
    """The date of an original start on the clock of the series."""
    return _local(original, _clock(series)).date() if isinstance(original, datetime) else original


def on_day(series: Series, day: date) -> Original:
    """Where an occurrence of that day starts, whether or not the rule has one then."""
    return _teller(series)(datetime.combine(day, _time(series)))


def is_skipped(series: Series, original: Original) -> bool:
    """Whether the clocks leave out the time of day at which the series starts, on the day of that occurrence. A series
    cannot begin there: the time that it repeats could not be told from such a first occurrence."""
    return isinstance(original, datetime) and _local(original, _clock(series)).time() != _time(series)


def with_rule(series: Series, rule: Rule) -> Series:
    """The series under another rule. Where that ends on a day, the text says the last moment, as RFC 5545 wants it."""
    until = rule.until
    if until is not None and not isinstance(until, datetime):
        until = on_day(series, until)
    return replace(series, rule=str(replace(rule, until=until)))


# --- the clock of the series


def _clock(series: Series) -> tzinfo:
    return UTC if series.all_day else zone_of(series.zone)


def _local(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _time(series: Series) -> time:
    start = series.first.start
    return _local(start, _clock(series)).time() if isinstance(start, datetime) else time()


def _teller(series: Series) -> Callable[[datetime], Original]:
    """What tells the original start from a start on the clock of the series."""
    start, zone = series.first.start, _clock(series)
    if not isinstance(start, datetime):
        return datetime.date
    first, begin = start.astimezone(UTC), _local(start, zone)
    # The first may be the second of two equal times, which the local time alone does not tell.
    return lambda naive: first if naive == begin else naive.replace(tzinfo=zone).astimezone(UTC)


def _length(series: Series) -> timedelta:
    length = moment_of(series.first.end) - moment_of(series.first.start)
    return max(length, _DAY if series.all_day else _NO_TIME)


def _inside(span: Span, after: datetime, before: datetime) -> bool:
    start, end = moment_of(span.start), moment_of(span.end)
    return start < before and (end > after or start >= after)


def _last_day(series: Series, until: datetime | date) -> date:
    """The last day on which an occurrence may start."""
    if not isinstance(until, datetime):
        return until
    if until.tzinfo is None:
        return until.date() if until.time() >= _time(series) else until.date() - _DAY
    day = _local(until, _clock(series)).date()
    while moment_of(on_day(series, day)) > until:
        day -= _DAY
    return day


# --- the rule


def _starts(series: Series, low: datetime | None, high: datetime | None) -> Iterator[datetime]:
    """The starts by the rule on the clock of the series, from `low` to `high`, both included."""
    rule = rule_of(series)
    first = datetime.combine(day_of(series, series.first.start), _time(series))
    start = first if low is None or rule.count is not None else _near(rule, first, low)
    end = [high] if high is not None else []
    end += [datetime.combine(rule.until, time.max)] if rule.until is not None else []
    found = rfc.rrule(
        getattr(rfc, rule.frequency),
        dtstart=start,
        interval=rule.interval,
        wkst=rule.week_start,
        count=rule.count,
        until=min(end, default=None),
        bymonth=rule.by_month or None,
        byweekno=rule.by_week or None,
        byyearday=rule.by_year_day or None,
        bymonthday=rule.by_month_day or None,
        byweekday=[rfc.weekday(day.weekday, day.ordinal or None) for day in rule.by_day] or None,
        bysetpos=rule.by_set_pos or None,
    )
    return found.xafter(max(first, low) if low else first, inc=True)


def _near(rule: Rule, first: datetime, low: datetime) -> datetime:
    """Where an uncounted rule may be taken up without a difference, shortly before `low`: a series that began decades
    ago costs no more than a new one. It is the begin of a period that is no longer the first one."""
    if low <= first + _DAY * 366:
        return first
    match rule.frequency:
        case Frequency.DAILY | Frequency.WEEKLY:
            days = rule.interval * (1 if rule.frequency is Frequency.DAILY else 7)
            return first + _DAY * ((low - first).days // days * days)
        case Frequency.MONTHLY:
            months = (low.year - first.year) * 12 + low.month - first.month
            months = first.year * 12 + first.month - 1 + months // rule.interval * rule.interval
            return first.replace(year=months // 12, month=months % 12 + 1, day=1)
        case Frequency.YEARLY:
            years = (low.year - first.year) // rule.interval * rule.interval
            return first.replace(year=first.year + years, month=1, day=1)
