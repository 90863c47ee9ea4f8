"""The only owner of identity: which mailbox item and which CRM record are the same thing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, extract, func, insert, select, update
from sqlalchemy.orm import Session

from mapping.model.item import ItemKind, Side
from sync_tasks.state.models import Pair
from sync_tasks.state.records import PairState, PairView
from sync_tasks.state.types import chunks

# A view is its columns: read as such and not as objects of the session, which cost twice as much.
NAMES = tuple(each.name for each in fields(PairView))
VIEWED = tuple(getattr(Pair, name) for name in NAMES)


class Pairs:
    def __init__(self, session: Session) -> None:
        self._session = session

    def by_key(self, user_id: int, keys: Iterable[str]) -> dict[str, PairView]:
        return {pair.key: pair for pair in self._where(user_id, Pair.key, keys)}

    def by_mailbox(self, user_id: int, ids: Iterable[str]) -> dict[str, PairView]:
        return {pair.mailbox_id: pair for pair in self._where(user_id, Pair.mailbox_id, ids)}

    def by_crm(self, user_id: int, ids: Iterable[str]) -> dict[tuple[ItemKind, str], PairView]:
        """By kind and id: one record may be shown in the calendar and be mirrored as what it is."""
        return {(ItemKind(pair.kind), pair.crm_id): pair for pair in self._where(user_id, Pair.crm_id, ids)}

    def _where(self, user_id: int, column: Any, values: Iterable[str]) -> Iterator[PairView]:
        for some in chunks(values):
            yield from self._views(Pair.user_id == user_id, column.in_(some))

    def _views(self, *where: ColumnElement[bool]) -> list[PairView]:
        return [_view(row) for row in self._session.execute(select(*VIEWED).where(*where))]

    def _rows(self, user_id: int, column: Any, values: Iterable[str]) -> Iterator[Pair]:
        for some in chunks(values):
            yield from self._session.scalars(select(Pair).where(Pair.user_id == user_id, column.in_(some)))

    def in_folder(self, user_id: int, folder: str) -> list[PairView]:
        """Live pairs whose mailbox item stands in the folder."""
        return self._views(
            Pair.user_id == user_id, Pair.folder == folder, Pair.state == PairState.LIVE, Pair.mailbox_id != ""
        )

    def unseen(self, user_id: int) -> list[PairView]:
        """Live pairs whose mailbox item we created and whose folder has not told it yet."""
        return self._views(Pair.user_id == user_id, Pair.state == PairState.LIVE, Pair.unseen.is_(True))

    def live(self, user_id: int, kind: ItemKind, crm_object: str) -> list[PairView]:
        """All live pairs of a kind with a record of this object."""
        return self._views(*_alive(user_id, kind, crm_object))

    def shown(self, user_id: int, kind: ItemKind, crm_object: str) -> list[PairView]:
        """Those of them that were born in the CRM and have a copy in the mailbox."""
        return self._views(*_alive(user_id, kind, crm_object), Pair.born == Side.CRM.value, Pair.mailbox_id != "")

    def records(
        self, user_id: int, kinds: Collection[str], *, without: str
    ) -> dict[tuple[ItemKind, str], tuple[str, ...]]:  # fmt: skip
        """Kind and object -> ids of the records that live pairs stand for, without those of colleagues in which the
        user only takes part, and without pairs of a role."""
        rows = self._session.execute(
            select(Pair.kind, Pair.crm_object, Pair.crm_id)
            .where(
                Pair.user_id == user_id,
                Pair.kind.in_(kinds),
                Pair.state == PairState.LIVE,
                Pair.crm_id != "",
                Pair.letter != "E",
                Pair.role != without,
            )
            .order_by(Pair.kind, Pair.crm_object, Pair.crm_id)
        )
        return {
            (ItemKind(kind), crm_object): tuple(map(itemgetter(2), held))
            for (kind, crm_object), held in groupby(rows, itemgetter(0, 1))
        }

    def mark(self, user_id: int, kinds: Collection[str]) -> str:
        """Something that is another one once a pair of these kinds was written. The newest moment alone would not do:
        a worker whose clock is behind may have written after it."""
        told = (func.count(), func.max(Pair.updated_at), func.sum(extract("epoch", Pair.updated_at)))
        mine = (Pair.user_id == user_id, Pair.kind.in_(kinds))
        return str(tuple(self._session.execute(select(*told).where(*mine)).one()))

    def count_things(self, user_id: int) -> dict[str, int]:
        """How many things of each kind live pairs stand for; a series with all its occurrences is one."""
        thing = func.coalesce(func.nullif(Pair.series, ""), func.nullif(Pair.mailbox_id, ""), Pair.key)
        rows = self._session.execute(
            select(Pair.kind, func.count(thing.distinct()))
            .where(Pair.user_id == user_id, Pair.state == PairState.LIVE)
            .group_by(Pair.kind)
        )
        return {row[0]: row[1] for row in rows}

    def ended_before(self, user_id: int, kind: str, moment: datetime) -> list[PairView]:
        """Live pairs that have slid out of the window."""
        return self._views(
            Pair.user_id == user_id, Pair.kind == kind, Pair.state == PairState.LIVE,
            Pair.ends_at < moment, Pair.pinned.is_(False),
        )  # fmt: skip

    def of_series(self, user_id: int, masters: Iterable[str]) -> dict[str, list[PairView]]:
        """Pairs of the occurrences of some series, in any state, by master; not those of the masters."""
        found: dict[str, list[PairView]] = {}
        for pair in self._where(user_id, Pair.series, (master for master in masters if master)):
            found.setdefault(pair.series, []).append(pair)
        return found

    def holders(self, org_id: int, keys: Iterable[str]) -> dict[str, list[tuple[int, PairView]]]:
        """Who of the whole organization has a pair with one of these keys: (user id, pair), in the order of saving."""
        found: dict[str, list[tuple[int, PairView]]] = {}
        for some in chunks(keys):
            rows = self._session.execute(
                select(Pair.user_id, *VIEWED)
                .where(Pair.org_id == org_id, Pair.key.in_(some))
                .order_by(Pair.created_at, Pair.id)
            )
            for row in rows:
                found.setdefault(row.key, []).append((row.user_id, _view(row)))
        return found

    def saved_at(self, user_id: int, keys: Iterable[str]) -> dict[str, datetime]:
        """When the things with these keys were first planned to be saved, of those that are."""
        found: dict[str, datetime] = {}
        for some in chunks(keys):
            alive = (Pair.user_id == user_id, Pair.state == PairState.LIVE, Pair.key.in_(some))
            found |= {row[0]: row[1] for row in self._session.execute(select(Pair.key, Pair.created_at).where(*alive))}
        return found

    def marks_of(self, user_id: int, kind: ItemKind, name: str) -> frozenset[str]:
        """What live pairs of a kind agreed on for one field."""
        alive = (Pair.user_id == user_id, Pair.kind == kind.value, Pair.state == PairState.LIVE)
        return frozenset(marks.get(name, "") for marks in self._session.scalars(select(Pair.marks).where(*alive)))

    def of_user(self, user_id: int) -> list[PairView]:
        return self._views(Pair.user_id == user_id)

    def drop(self, user_id: int) -> None:
        """Forget all pairs of a user, so that his next run finds each item as if for the first time."""
        self._session.execute(delete(Pair).where(Pair.user_id == user_id))

    def put(self, org_id: int, user_id: int, now: datetime, notes: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Write what is known of pairs, by key and in order; new ones come to be with it.

        Names as in `PairView`; besides, `met` and `left`: attendees (fingerprints) of whom both sides now agree that
        they are, or are no longer, on the list; `baseline`: marks that take the place of all that there are."""
        rows = {row.key: row for row in self._rows(user_id, Pair.key, [key for key, _ in notes])}
        fresh: list[Pair] = []
        for key, values in notes:
            row = rows.get(key)
            if row is None:
                row = rows[key] = Pair(
                    org_id=org_id, user_id=user_id, key=key, born=values["born"], kind=values["kind"],
                    state=PairState.PENDING, created_at=now, marks={}, people=[],
                )  # fmt: skip
                fresh.append(row)
            _note(row, values)
            row.updated_at = now
        self._session.flush()
        if fresh:
            # one statement; rows that the session adds itself are written one by one, to learn the id of each
            self._session.execute(insert(Pair), [_columns(row) for row in fresh])

    def replace(self, org_id: int, key: str, old: str, new: str) -> None:
        """Let all pairs of the organization with this key that stand for one record stand for another."""
        of_old = (Pair.org_id == org_id, Pair.key == key, Pair.crm_id == old)
        self._session.execute(update(Pair).where(*of_old).values(crm_id=new))


def _alive(user_id: int, kind: ItemKind, crm_object: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Pair.user_id == user_id, Pair.kind == kind.value, Pair.crm_object == crm_object, Pair.state == PairState.LIVE,
    )  # fmt: skip


def _columns(row: Pair) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def _note(row: Pair, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name == "marks":
            row.marks = {**row.marks, **value}
        elif name == "baseline":
            row.marks = dict(value)
        elif name == "people":
            row.people = sorted(value)
        elif name == "met":
            row.people = sorted({*row.people, *value})
        elif name == "left":
            row.people = sorted({*row.people} - {*value})
        else:
            setattr(row, name, value)


def _view(row: Row[Any]) -> PairView:
    told = row._mapping  # noqa: SLF001  # how SQLAlchemy spells a public attribute
    return PairView(**{name: told[name] for name in NAMES} | {"people": frozenset(told["people"])})
