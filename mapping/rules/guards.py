"""When a plan is too much to be carried out without a person: counted before anything of it is written.

    guard    trips when
    deletes  of one kind more than `guard.deletes_most` items go on one side, and more than `guard.deletes_percent` of
             the pairs; the number alone is enough where the cursor of the other side was lost
    changes  the same with `guard.changes_...`, for what is edited or let go
    empty    a source that was read anew holds nothing, or tells that every pair is gone (`guard.empty_least` or more),
             or its folder is missing and something would be deleted for that
    mails    more than `guard.mails_most` people would be mailed without anybody asking for it

Only pairs that are alive are counted: what is created can be taken back, and harms nobody. A series counts once, with
however many occurrences: people make and cancel it as one thing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mapping.model.item import ItemKind, Side
from mapping.model.reasons import Reason
from mapping.rules.settings import Effective


class Guard(StrEnum):
    DELETES = "deletes"
    CHANGES = "changes"
    EMPTY = "empty"
    MAILS = "mails"


class Effect(StrEnum):
    """What a plan does to a pair."""

    DELETE = "delete"
    RELEASE = "release"
    CHANGE = "change"
    OTHER = "other"  # looked at for the mails it causes only


class Loss(StrEnum):
    """What befell a source before it was read for this plan."""

    CURSOR = "cursor"  # all of it was read anew
    EMPTY = "empty"  # so it was, and there was nothing
    CONTAINER = "container"  # the folder itself was missing


Source = tuple[Side, ItemKind]


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing that a plan does. `id`: the operation's, or the key of a pair that is let go without a write. `thing`:
    what is counted, the same for all occurrences of a series. `side`: whose copy is touched."""

    id: str
    thing: str
    effect: Effect
    side: Side
    kind: ItemKind
    reason: str
    mails: int = 0

    @property
    def source(self) -> Source:
        """Who told that something is gone; only of use with such a reason."""
        return _TELLS_GONE[self.reason], self.kind


@dataclass(frozen=True, slots=True)
class Line:
    """The numbers of a guard for one side and kind: so many of so many pairs, where so many may go."""

    side: Side
    kind: ItemKind
    count: int
    pairs: int
    most: int


@dataclass(frozen=True, slots=True)
class Trip:
    """A guard that says no. `changes`: ids of what it objects to."""

    guard: Guard
    lines: tuple[Line, ...]
    changes: tuple[str, ...]

    @property
    def reason(self) -> Reason:
        return REASONS[self.guard]

    @property
    def count(self) -> int:
        return sum(line.count for line in self.lines)

    @property
    def most(self) -> int:
        return min(line.most for line in self.lines)


REASONS: dict[Guard, Reason] = {
    Guard.DELETES: Reason.HELD_DELETES,
    Guard.CHANGES: Reason.HELD_CHANGES,
    Guard.EMPTY: Reason.HELD_EMPTY,
    Guard.MAILS: Reason.HELD_MAILS,
}

_TELLS_GONE: dict[str, Side] = {
    Reason.DELETED_IN_MAILBOX.value: Side.MAILBOX,
    Reason.SERIES_CHANGED.value: Side.MAILBOX,
    Reason.SERIES_OVER.value: Side.MAILBOX,
    Reason.FOLDER_GONE.value: Side.MAILBOX,
    Reason.DELETED_IN_CRM.value: Side.CRM,
}


def trips(
    planned: Sequence[Planned],
    pairs: Mapping[ItemKind, int],
    losses: Mapping[Source, Loss],
    settings: Effective,
) -> tuple[Trip, ...]:
    """The guards that object to this plan. `pairs`: how many things of each kind are alive. What one guard objects to,
    the next does not count again, so a person is asked once."""
    found: list[Trip] = []
    rest = list(planned)
    for objects in (_emptied, _mailing, _deleting, _changing):
        trip = objects(rest, pairs, losses, settings)
        if trip is not None:
            found.append(trip)
            named = set(trip.changes)
            rest = [each for each in rest if each.id not in named]
    return tuple(found)


def _emptied(
    planned: Sequence[Planned], pairs: Mapping[ItemKind, int], losses: Mapping[Source, Loss], settings: Effective
) -> Trip | None:
    least = settings.optional_int("guard.empty_least")
    sources: dict[Source, list[Planned]] = {}
    for each in planned:
        if each.reason in _TELLS_GONE and each.effect in (Effect.DELETE, Effect.RELEASE):
            sources.setdefault(each.source, []).append(each)
    objected: list[Planned] = []
    lines: list[Line] = []
    for (side, kind), vanished in sorted(sources.items()):
        loss, all_of_them = losses.get((side, kind)), pairs.get(kind, 0)
        count = len({each.thing for each in vanished})
        suddenly = least is not None and count >= max(least, all_of_them)
        missing = loss is Loss.CONTAINER and any(each.effect is Effect.DELETE for each in vanished)
        if suddenly or missing or (loss is Loss.EMPTY and least is not None):
            lines.append(Line(side, kind, count, all_of_them, 0))
            objected += vanished
    return _trip(Guard.EMPTY, lines, objected)


def _mailing(
    planned: Sequence[Planned], _pairs: Mapping[ItemKind, int], _losses: Mapping[Source, Loss], settings: Effective
) -> Trip | None:
    most = settings.optional_int("guard.mails_most")
    people = Counter[Source]()
    for each in planned:
        people[each.side, each.kind] += each.mails
    if most is None or people.total() <= most:
        return None
    lines = [Line(side, kind, count, 0, most) for (side, kind), count in sorted(people.items()) if count]
    return _trip(Guard.MAILS, lines, [each for each in planned if each.mails])


def _deleting(
    planned: Sequence[Planned], pairs: Mapping[ItemKind, int], losses: Mapping[Source, Loss], settings: Effective
) -> Trip | None:
    return _too_many(Guard.DELETES, [p for p in planned if p.effect is Effect.DELETE], pairs, losses, settings)


def _changing(
    planned: Sequence[Planned], pairs: Mapping[ItemKind, int], losses: Mapping[Source, Loss], settings: Effective
) -> Trip | None:
    counted = [p for p in planned if p.effect in (Effect.CHANGE, Effect.RELEASE)]
    return _too_many(Guard.CHANGES, counted, pairs, losses, settings)


def _too_many(
    guard: Guard,
    counted: Sequence[Planned],
    pairs: Mapping[ItemKind, int],
    losses: Mapping[Source, Loss],
    settings: Effective,
) -> Trip | None:
    most, percent = settings.optional_int(f"guard.{guard}_most"), settings.int(f"guard.{guard}_percent")
    if most is None:
        return None
    lines = [
        Line(side, kind, count, pairs.get(kind, 0), most)
        for (side, kind), count in _by_place(counted)
        if count > most and ((side.other, kind) in losses or count * 100 > percent * pairs.get(kind, 0))
    ]
    where = {(line.side, line.kind) for line in lines}
    return _trip(guard, lines, [each for each in counted if (each.side, each.kind) in where])


def _by_place(counted: Iterable[Planned]) -> list[tuple[Source, int]]:
    """How many things on each side, kind by kind."""
    things = {(each.side, each.kind, each.thing) for each in counted}
    return sorted(Counter((side, kind) for side, kind, _ in things).items())


def _trip(guard: Guard, lines: Sequence[Line], objected: Iterable[Planned]) -> Trip | None:
    return Trip(guard, tuple(lines), tuple(sorted(each.id for each in objected))) if lines else None
