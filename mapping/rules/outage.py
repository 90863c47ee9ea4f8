"""When a whole vendor is down: telling that from single users in trouble, and looking whether it is back.

A breaker stands between an organization and one vendor. It opens when several users meet passing faults one after the
other and nobody gets through; while it is open one user at a time looks whether the vendor is back, and all others are
put off rather than failed. The first run that goes well closes it.

    closed --faults of several users--> open --time to look--> half open --fault--> open
                                         ^                         |
                                         +-------- success --------+--> closed (nothing is kept of it)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

USERS = 3  # so many different users in trouble open it; in an organization of two, both
WITHIN = timedelta(minutes=45)  # of the usual interval and half of another
LOOKS = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5))  # between two looks, the last for ever
PATIENCE = timedelta(minutes=15)  # after so long a look counts as lost, with the worker that took it


@dataclass(frozen=True, slots=True)
class Breaker:
    """`faults`: who met a fault since anybody got through, and when last. `opened_at`: None while it is closed.
    `look_at`: when the next user may try, or, while one tries (`looking`), when his try counts as lost. `looks`: how
    many tries were in vain. `code`: what the last fault was."""

    faults: tuple[tuple[int, datetime], ...] = ()
    opened_at: datetime | None = None
    look_at: datetime | None = None
    looking: int | None = None
    looks: int = 0
    code: str = ""

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None


CLOSED = Breaker()


def fault(breaker: Breaker, user_id: int, code: str, now: datetime, *, users: int) -> Breaker:
    """The breaker after a run of a user met a passing fault. `users`: how many use this vendor."""
    if breaker.is_open:
        if user_id != breaker.looking:
            return replace(breaker, code=code)  # he had started before
        looks = breaker.looks + 1
        return replace(breaker, code=code, looking=None, looks=looks, look_at=now + _pause(looks))
    recent = {who: at for who, at in breaker.faults if now - at <= WITHIN} | {user_id: now}
    counted = replace(breaker, faults=tuple(sorted(recent.items())), code=code)
    if len(recent) < max(2, min(USERS, users)):
        return counted
    return replace(counted, opened_at=now, look_at=now + _pause(0))


def may_look(breaker: Breaker, now: datetime) -> bool:
    """Is it time for somebody to look whether the vendor is back?"""
    return breaker.is_open and breaker.look_at is not None and breaker.look_at <= now


def look(breaker: Breaker, user_id: int, now: datetime) -> Breaker:
    """This user looks now."""
    return replace(breaker, looking=user_id, look_at=now + PATIENCE)


def unsure(breaker: Breaker, now: datetime) -> Breaker:
    """The try of a user ended in something else, which says nothing about the vendor."""
    return replace(breaker, looking=None, look_at=now + _pause(breaker.looks))


def next_look(breaker: Breaker, now: datetime) -> datetime:
    """Until when the others are put off: the next look, or, while somebody looks, the one after it."""
    at = breaker.look_at
    if at is not None and at > now and breaker.looking is None:
        return at
    return now + _pause(breaker.looks)


def _pause(looks: int) -> timedelta:
    return LOOKS[min(looks, len(LOOKS) - 1)]
