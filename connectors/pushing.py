"""Being told by a mailbox that something happened in it: what is agreed with the vendor, and what he then says.

What a vendor posts to us is a hint and never data: it says for which agreement something happened, and nothing else of
it is believed. A hint that is lost costs the time until the next regular run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class Feed(StrEnum):
    """What a user can be listened for."""

    CALENDAR = "calendar"
    MAIL = "mail"


class Kind(StrEnum):
    """By which way a vendor tells, and at which of our addresses."""

    EWS = "ews"
    GRAPH = "graph"
    GOOGLE = "google"
    GMAIL = "gmail"


@dataclass(frozen=True, slots=True)
class Ear:
    """Where we listen. `base`: the address of this installation, without a slash at its end. `secret`: 43 characters
    that nobody can guess, by which what is posted is known to come from this agreement."""

    base: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Agreed:
    """`id`: how the vendor calls the agreement. `until`: when it ends by itself. `renew_after`: how long to leave it
    alone. `resource`: what else must be known to end it. `mark`: where its telling begins."""

    id: str
    until: datetime
    renew_after: timedelta
    resource: str = ""
    mark: str = ""


class Subscriptions(Protocol):
    """The agreements of one mailbox of one kind. All raise ConnectorError. `roles`: the folder roles that they tell
    about."""

    kind: Kind
    roles: tuple[str, ...]

    def subscribe(self, ear: Ear, now: datetime) -> Agreed:
        """Ask to be told from now on. The vendor may try our address before it answers."""
        ...

    def renew(self, agreed: Agreed, ear: Ear, now: datetime) -> Agreed:
        """Go on being told, by the same agreement or by another one in its place. Raises NOT_FOUND when the vendor
        knows it no more; then it takes a new one."""
        ...

    def drop(self, agreed: Agreed) -> None:
        """Be told no more. What is gone already is no error."""
        ...


class Says(StrEnum):
    """What a hint is about."""

    CHANGED = "changed"  # something happened
    ALIVE = "alive"  # nothing happened, and the agreement stands
    MISSED = "missed"  # something happened that was not told
    RENEW = "renew"  # the vendor wants the agreement to be renewed now
    REMOVED = "removed"  # the vendor has ended it


@dataclass(frozen=True, slots=True)
class Word:
    """One hint. `subscription`: the vendor's name of the agreement. `secret`: what it was shown with, '' where the
    address was the proof. `mark`: by which it is known when it comes again, '' if it cannot; `after`: the mark before,
    where that is told. `number`: counts up with each hint, where the vendor counts. `lives`: for how long, from now,
    the agreement is known to stand, None: as agreed."""

    subscription: str
    says: Says = Says.CHANGED
    secret: str = field(default="", repr=False)
    mark: str = ""
    after: str = ""
    number: int | None = None
    lives: timedelta | None = None


class NoHintError(ValueError):
    """What was posted is not what the vendor posts. The text holds nothing of it."""
