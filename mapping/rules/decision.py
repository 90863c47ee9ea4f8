"""What a run has to know to decide whether an item is ours, and the words in which it decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mapping.model import fields
from mapping.model.item import Item, Side
from mapping.model.reasons import TELLABLE, Reason
from mapping.rules import marks


class Outcome(StrEnum):
    MIRROR = "mirror"  # both ways, from now on
    SHARE = "share"  # a message: once, upwards
    CANDIDATE = "candidate"  # if the people on it can be found or made: see `confirm_event`, `confirm_email`
    SKIP = "skip"
    WAIT = "wait"  # not now; time or somebody else may change that
    UNSYNC = "unsync"
    RELEASE = "release"
    GONE = "gone"  # to be treated as deleted in the mailbox
    JOIN = "join"  # a colleague's run writes the record; this copy only takes part
    DISOWN = "disown"  # it bears marks of ours that nobody set; they are taken off


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule`: the numbered rule that decided. `detail`: what the sentence of the reason names, nothing personal.

    Raises ValueError for a detail that must not be kept (see `TELLABLE`).
    """

    outcome: Outcome
    reason: Reason
    rule: str
    detail: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.detail.keys() <= TELLABLE:
            raise ValueError(f"{', '.join(sorted(self.detail.keys() - TELLABLE))} must not be kept with a decision")


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What is known of an item from earlier runs. `saved_before`: its other half exists, as far as is known.
    `unsynced`: the other half was taken away on purpose. `pinned`: saved by hand when it already lay outside the
    window, so the window does not take it away again."""

    key: str
    born: Side
    kind_letter: str = "A"
    saved_before: bool = True
    unsynced: bool = False
    pinned: bool = False
    folder: str = ""  # role of the folder in which its mailbox item stands
    series: bool = False  # it stands for a series as a whole
    guest: bool = False  # a colleague's pair writes the record
    refused: bool = False  # somebody refused what was to become of it, so both copies are left alone


@dataclass(frozen=True, slots=True)
class Me:
    """The user of the run. `sync_users`: addresses of colleagues whose own runs save what they organize."""

    addresses: frozenset[str]
    activated_at: datetime
    sync_users: frozenset[str] = frozenset()
    user_id: str = ""
    series_zones: frozenset[str] = frozenset()  # zones in which his Salesforce repeats events; none: it knows no series


_PRIVATE = frozenset({"private", "confidential"})


def is_private(item: Item) -> bool:
    """Confidential counts as private, personal does not."""
    return item.text(fields.SENSITIVITY).lower() in _PRIVATE


def is_marked(item: Item, mark: str = marks.SALESFORCE) -> bool:
    return marks.has(categories(item), mark)


def categories(item: Item) -> tuple[str, ...]:
    value = item.get(fields.CATEGORIES)
    return tuple(str(each) for each in value) if isinstance(value, tuple) else ()
