"""Threads of messages: by what they are known, what they are linked to, who wants all of their messages saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import Thread, ThreadFollower, ThreadKey, ThreadLink
from sync_tasks.state.types import chunks, insert_into


@dataclass(frozen=True, slots=True)
class ThreadLinkView:
    """`part`: person, business or address. `user_id`: whose message brought it, None when that user is gone."""

    part: str
    value: str
    by_hand: bool
    user_id: int | None


@dataclass(frozen=True, slots=True)
class FollowerView:
    thread_id: int
    user_id: int
    key: str
    sealed: bytes | None


class Threads:
    def __init__(self, session: Session) -> None:
        self._session = session

    def known_by(self, org_id: int, keys: Iterable[str]) -> dict[str, int]:
        """The threads that some of the keys belong to, by key."""
        found: dict[str, int] = {}
        for some in chunks(keys):
            rows = self._session.execute(
                select(ThreadKey.key, ThreadKey.thread_id).where(ThreadKey.org_id == org_id, ThreadKey.key.in_(some))
            )
            found |= {row.key: row.thread_id for row in rows}
        return found

    def ensure(self, org_id: int, keys: Sequence[str], now: datetime) -> int:
        """The thread of all these keys. What was known as several threads turns out to be one, the oldest of them."""
        known = sorted(set(self.known_by(org_id, keys).values()))
        if not known:
            thread = Thread(org_id=org_id, begun_at=now)
            self._session.add(thread)
            self._session.flush()
            known = [thread.id]
        rows = [{"org_id": org_id, "key": key, "thread_id": known[0]} for key in dict.fromkeys(keys)]
        self._session.execute(insert_into(self._session, ThreadKey).values(rows).on_conflict_do_nothing())
        # another run may have begun the same thread meanwhile, or joined two
        present = sorted({*known, *self.known_by(org_id, keys).values()})
        for other in present[1:]:
            self._join(present[0], other, now)
        return present[0]

    def _join(self, kept: int, other: int, now: datetime) -> None:
        self._session.execute(update(ThreadKey).where(ThreadKey.thread_id == other).values(thread_id=kept))
        theirs = select(ThreadLink).where(ThreadLink.thread_id == other).order_by(ThreadLink.id)
        for row in self._session.scalars(theirs).all():
            self._add(kept, row.part, row.value, row.user_id, row.by_hand, row.added_at)
        for follower in self.followers([other]):
            self.follow(kept, follower.user_id, now, key=follower.key, sealed=follower.sealed)
        self._session.execute(delete(Thread).where(Thread.id == other))

    # --- who wants a thread saved

    def follow(
        self, thread_id: int, user_id: int, now: datetime, *, key: str = "", sealed: bytes | None = None
    ) -> None:
        """Have all messages of a thread saved for a user from now on. Values that were given before stay, unless there
        are new ones."""
        row = self._session.get(ThreadFollower, (thread_id, user_id))
        if row is None:
            row = ThreadFollower(thread_id=thread_id, user_id=user_id, since=now, key=key, sealed=sealed)
            self._session.add(row)
        else:
            row.key, row.sealed = key or row.key, sealed or row.sealed
        self._session.flush()

    def unfollow(self, user_id: int, keys: Iterable[str]) -> None:
        """The messages that asked for their threads ask no longer."""
        for some in chunks(keys):
            self._session.execute(
                delete(ThreadFollower).where(ThreadFollower.user_id == user_id, ThreadFollower.key.in_(some))
            )

    def followers(self, thread_ids: Iterable[int]) -> list[FollowerView]:
        wanted = ThreadFollower.thread_id.in_(sorted(set(thread_ids)))
        rows = self._session.scalars(select(ThreadFollower).where(wanted)).all()
        return [FollowerView(row.thread_id, row.user_id, row.key, row.sealed) for row in rows]

    # --- what a thread is linked to

    def link(self, thread_id: int, user_id: int, values: Iterable[tuple[str, str, bool]], now: datetime) -> None:
        """Add what a message of a user led to, as (part, value, by hand). What is there already stays as it is."""
        for part, value, by_hand in values:
            self._add(thread_id, part, value, user_id, by_hand, now)

    def _add(self, thread_id: int, part: str, value: str, user_id: int | None, by_hand: bool, now: datetime) -> None:
        row = insert_into(self._session, ThreadLink).values(
            thread_id=thread_id, part=part, value=value, user_id=user_id, by_hand=by_hand, added_at=now
        )
        # a choice by hand is not undone by a rule that finds the same
        self._session.execute(
            row.on_conflict_do_update(
                index_elements=["thread_id", "part", "value", "user_id"], set_={"by_hand": True},
                where=ThreadLink.by_hand.is_(False) & row.excluded.by_hand,
            )
        )  # fmt: skip

    def links(self, thread_ids: Iterable[int]) -> Mapping[int, tuple[ThreadLinkView, ...]]:
        """By thread, in the order in which they came."""
        query = select(ThreadLink).where(ThreadLink.thread_id.in_(sorted(set(thread_ids)))).order_by(ThreadLink.id)
        found: dict[int, list[ThreadLinkView]] = {}
        for row in self._session.scalars(query):
            found.setdefault(row.thread_id, []).append(ThreadLinkView(row.part, row.value, row.by_hand, row.user_id))
        return {thread_id: tuple(rows) for thread_id, rows in found.items()}
