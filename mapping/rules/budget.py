"""How often vendors may be called: token buckets, and the calls of a day of which a part is kept for people.

A bucket holds `capacity` tokens and gains `per_second`. Whoever takes more than there are runs up a debt, and waits
until it would be paid off: so those who come first are served first, whichever process they are in, and in any stretch
of time no more get through than the capacity and what was gained meanwhile.

Salesforce counts the calls of the last 24 hours. Of what it allows, or an administrator does, routine runs leave the
reserve untouched; what people ask for goes on until nothing is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
WINDOW = 24  # hours of which Salesforce counts the calls
TRUSTED = timedelta(minutes=15)  # so long what a vendor told of its day is taken for what is
LOOK_AGAIN = timedelta(minutes=15)  # after which one routine run finds out how it stands now
SCARCE, SLOWEST = 0.25, 4.0  # below this share of what routine may use intervals grow, at the end to so many times


# --- buckets


@dataclass(frozen=True, slots=True)
class Bucket:
    capacity: float
    per_second: float


@dataclass(frozen=True, slots=True)
class Level:
    """How many tokens a bucket held at a moment, in seconds; less than none is a debt. `until`: when the vendor lets us
    call again, when it asked for a pause."""

    tokens: float
    at: float
    until: float = 0.0


def full(bucket: Bucket, now: float) -> Level:
    return Level(bucket.capacity, now)


def refilled(bucket: Bucket, level: Level, now: float) -> Level:
    """The level now. A clock that goes back gives nothing and takes nothing."""
    gained = max(now - level.at, 0.0) * bucket.per_second
    return Level(min(bucket.capacity, level.tokens + gained), max(now, level.at), level.until)


def wait(bucket: Bucket, level: Level, now: float, parts: float) -> float:
    """For how many seconds whoever takes so many parts now has to wait before sending them."""
    left = refilled(bucket, level, now).tokens - _cost(bucket, parts)
    return max(0.0, -left / bucket.per_second, level.until - now)


def taken(bucket: Bucket, level: Level, now: float, parts: float) -> Level:
    """The level after so many parts were taken."""
    before = refilled(bucket, level, now)
    return Level(before.tokens - _cost(bucket, parts), before.at, before.until)


def paused(level: Level, until: float) -> Level:
    """The level after the vendor asked not to be called before that moment; an earlier one changes nothing."""
    return Level(level.tokens, level.at, max(level.until, until))


def _cost(bucket: Bucket, parts: float) -> float:
    """One call of more parts than a bucket ever holds costs all of it: it must get through at last."""
    return min(parts, bucket.capacity)


# --- the calls of a day


@dataclass(frozen=True, slots=True)
class Day:
    """How an organization stands. `used` and `allowed`: as Salesforce told at `told_at`, by whomever the calls were
    made; None before it ever did. `ours`: our own calls of the last 24 hours by the hour in which they were made.
    `most`: how many of its calls may be ours, None for as many as there are. `reserve`: how many percent are kept."""

    used: int | None = None
    allowed: int | None = None
    told_at: datetime | None = None
    ours: Mapping[datetime, int] | None = None
    most: int | None = None
    reserve: int = 0

    @property
    def spent(self) -> int:
        """Our own calls."""
        return sum((self.ours or {}).values())

    @property
    def total(self) -> int | None:
        """How many calls there are in a day, for us; None when nobody has said."""
        known = [each for each in (self.allowed, self.most) if each is not None]
        return min(known) if known else None

    @property
    def left(self) -> int | None:
        """How many more there may be; None for any number."""
        theirs = None if self.used is None or self.allowed is None else self.allowed - self.used
        own = None if self.most is None else self.most - self.spent
        known = [each for each in (theirs, own) if each is not None]
        return max(0, min(known)) if known else None

    @property
    def kept(self) -> int:
        """The reserve, in calls."""
        return -(-(self.total or 0) * self.reserve // 100)

    @property
    def is_short(self) -> bool:
        """Is there nothing left for routine runs?"""
        return self.left is not None and self.left <= self.kept

    def may(self, *, asked: bool) -> bool:
        """May one more call be made? `asked`: somebody asked for it."""
        return self.left is None or (self.left > 0 if asked else not self.is_short)

    def may_look(self, now: datetime) -> bool:
        """Is it only Salesforce's word that says no, and an old one? Then a call finds out."""
        own = Day(ours=self.ours, most=self.most, reserve=self.reserve)
        return not own.is_short and (self.told_at is None or now - self.told_at >= TRUSTED)

    def resets_at(self, now: datetime) -> datetime | None:
        """When calls come back: when the oldest of ours that count are a day old, by the hour. None when none count."""
        counted = [hour for hour, count in (self.ours or {}).items() if count]
        return max(min(counted) + (WINDOW + 1) * HOUR, now) if counted else None

    def again(self, now: datetime) -> datetime:
        """When it is worth to try once more while there is too little."""
        if self.may_look(now + LOOK_AGAIN):
            return now + LOOK_AGAIN
        back = self.resets_at(now)
        return now + HOUR if back is None else min(max(back, now + LOOK_AGAIN), now + HOUR)

    def stretch(self) -> float:
        """By how much the intervals of routine runs are longer than usual: 1 while there is plenty."""
        if self.left is None or self.total is None or self.total <= self.kept:
            return 1.0
        share = max(0.0, (self.left - self.kept) / (self.total - self.kept))
        return 1.0 if share >= SCARCE else SLOWEST - (SLOWEST - 1.0) * share / SCARCE


def hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
