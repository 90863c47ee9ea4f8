"""The feeds of organizations: who reads one now, how far it has come, and whom its rounds concerned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import MAY_RUN, Organization, OrgFeed, OrgFeedReader, Pair, User
from sync_tasks.state.types import chunks, insert_into


@dataclass(frozen=True, slots=True)
class Chain:
    """Of one object: the round since which nothing was missed, by which topics it is asked, and what its list views are
    about."""

    begun: int
    topics: tuple[str, ...] = ()
    lists: Mapping[str, str] = field(default_factory=dict)


class FeedState(StrEnum):
    """What came of the last round."""

    NEW = ""
    ON = "on"
    OFF = "off"  # by a setting
    FEW = "few"  # so few users that it would take more calls than it spares
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class OrgFeedView:
    org_id: int
    state: str
    round: int
    chains: Mapping[str, Chain]
    read_at: datetime | None
    good_until: datetime | None
    next_at: datetime
    failures: int
    error_code: str
    moved: int
    calls: int
    calls_on: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What a user has heard of the feed. `touched`: the last round that concerned him. `topics`: what he listens to."""

    feed: OrgFeedView | None = None
    touched: int = 0
    topics: tuple[str, ...] = ()

    @property
    def round(self) -> int:
        return self.feed.round if self.feed is not None else 0


@dataclass(frozen=True, slots=True)
class Listener:
    """`runs`: nobody keeps him from it. Whoever does not run is told all the same: one day he will."""

    user_id: int
    crm_user_id: str
    topics: tuple[str, ...]
    runs: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to read one feed. What a round writes, it writes under this token."""

    org_id: int
    token: int
    account: str
    cursors: Mapping[str, str]
    feed: OrgFeedView


class OrgFeeds:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- users

    def heard(self, org_id: int, user_id: int) -> Heard:
        """In one statement, so that no round comes in between."""
        mine = (OrgFeedReader, OrgFeedReader.user_id == user_id)
        row = self._session.execute(
            select(OrgFeed, OrgFeedReader.touched, OrgFeedReader.topics)
            .outerjoin(*mine)
            .where(OrgFeed.org_id == org_id)
        ).one_or_none()
        return Heard() if row is None else Heard(_view(row[0]), row[1] or 0, tuple(row[2] or ()))

    def listen(self, org_id: int, user_id: int, topics: Sequence[str], now: datetime) -> None:
        """From now on the feed tells when something of this moves; with nothing, the user does not need it."""
        feed = insert_into(self._session, OrgFeed).values(
            org_id=org_id, state=FeedState.NEW, round=0, account="", since={}, cursors={}, next_at=now, token=0,
            failures=0, error_code="", moved=0, calls=0, calls_on="",
        )  # fmt: skip
        self._session.execute(feed.on_conflict_do_nothing(index_elements=["org_id"]))
        reader = insert_into(self._session, OrgFeedReader).values(user_id=user_id, topics=list(topics), touched=0)
        self._session.execute(
            reader.on_conflict_do_update(index_elements=["user_id"], set_={"topics": reader.excluded.topics})
        )

    # --- reading

    def all(self) -> dict[int, tuple[OrgFeedView, int]]:
        """By organization, each with how many users listen."""
        query = select(User.org_id, func.count()).join(OrgFeedReader, OrgFeedReader.user_id == User.id)
        rows = self._session.execute(query.where(OrgFeedReader.topics != []).group_by(User.org_id))
        listening = {row[0]: row[1] for row in rows}
        return {
            row.org_id: (_view(row), listening.get(row.org_id, 0)) for row in self._session.scalars(select(OrgFeed))
        }

    def due(self, now: datetime, limit: int) -> list[int]:
        """Organizations whose feed somebody has to read, the longest due first."""
        query = (
            select(OrgFeed.org_id)
            .join(Organization, Organization.id == OrgFeed.org_id)
            .where(OrgFeed.next_at <= now, Organization.enabled, Organization.paused_at.is_(None))
            .order_by(OrgFeed.next_at, OrgFeed.org_id)
        )
        return list(self._session.scalars(query.limit(limit)))

    def take(self, org_id: int, now: datetime, again: datetime) -> Turn | None:
        """Take the reading of a feed that is due; None when somebody else has. It is due again at `again`, should the
        reader die; whoever takes it then fences this one off."""
        row = self._session.scalars(
            update(OrgFeed)
            .where(OrgFeed.org_id == org_id, OrgFeed.next_at <= now)
            .values(token=OrgFeed.token + 1, next_at=again)
            .returning(OrgFeed)
        ).one_or_none()
        if row is None:
            return None
        return Turn(org_id, row.token, row.account, dict(row.cursors), _view(row))

    def listeners(self, org_id: int) -> list[Listener]:
        """Users who listen to something."""
        query = (
            select(User.id, User.crm_user_id, OrgFeedReader.topics, and_(*MAY_RUN).label("runs"))
            .join(OrgFeedReader, OrgFeedReader.user_id == User.id)
            .join(Organization, Organization.id == User.org_id)
            .where(User.org_id == org_id)
            .order_by(User.id)
        )
        return [
            Listener(row.id, row.crm_user_id, tuple(row.topics), bool(row.runs))
            for row in self._session.execute(query) if row.topics
        ]  # fmt: skip

    def holders(self, org_id: int, records: Iterable[str]) -> dict[str, set[int]]:
        """By record, the users who hold a pair with it."""
        found: dict[str, set[int]] = {}
        for some in chunks(records):
            query = select(Pair.crm_id, Pair.user_id).where(Pair.org_id == org_id, Pair.crm_id.in_(some))
            for record, user in self._session.execute(query):
                found.setdefault(record, set()).add(user)
        return found

    def tell(
        self, turn: Turn, *, account: str, chains: Mapping[str, Chain], cursors: Mapping[str, str], read_at: datetime,
        good_until: datetime, next_at: datetime, moved: int, calls: int, touched: Collection[int],
    ) -> bool:  # fmt: skip
        """A round is over: how far it came, and whom it concerned, all at once. False when the turn is somebody
        else's by now; nothing is written then."""
        number = turn.feed.round + 1
        mine = self._session.execute(
            update(OrgFeed)
            .where(OrgFeed.org_id == turn.org_id, OrgFeed.token == turn.token)
            .values(
                state=FeedState.ON, round=number, account=account,
                since={name: [c.begun, list(c.topics), dict(c.lists)] for name, c in chains.items()},
                read_at=read_at, good_until=good_until, next_at=next_at, failures=0, error_code="", moved=moved,
                **({"cursors": dict(cursors)} if cursors != turn.cursors else {}),
                **_calls(turn.feed, calls, read_at),
            )
            .returning(OrgFeed.org_id)
        ).all()  # fmt: skip
        if mine:
            for some in chunks(map(str, touched)):
                those = OrgFeedReader.user_id.in_(map(int, some))
                self._session.execute(update(OrgFeedReader).where(those).values(touched=number))
        return bool(mine)

    def fail(self, turn: Turn, code: str, now: datetime, next_at: datetime, calls: int) -> None:
        """A round that went wrong moves nothing."""
        self._session.execute(
            update(OrgFeed)
            .where(OrgFeed.org_id == turn.org_id, OrgFeed.token == turn.token)
            .values(
                state=FeedState.FAILING,
                failures=OrgFeed.failures + 1,
                error_code=code[:80],
                next_at=next_at,
                **_calls(turn.feed, calls, now),
            )
        )

    def put_off(self, turn: Turn, state: FeedState, next_at: datetime) -> None:
        """Nothing is to be read for now."""
        mine = (OrgFeed.org_id == turn.org_id, OrgFeed.token == turn.token)
        now = {"state": state, "next_at": next_at, "failures": 0, "error_code": ""}
        self._session.execute(update(OrgFeed).where(*mine).values(now))


def _calls(before: OrgFeedView, calls: int, now: datetime) -> dict[str, object]:
    day = now.date().isoformat()
    return {"calls": calls + (before.calls if before.calls_on == day else 0), "calls_on": day}


def _view(row: OrgFeed) -> OrgFeedView:
    chains = {name: Chain(begun, tuple(topics), lists) for name, (begun, topics, lists) in row.since.items()}
    return OrgFeedView(
        row.org_id, row.state, row.round, chains, row.read_at, row.good_until, row.next_at, row.failures,
        row.error_code, row.moved, row.calls, row.calls_on,
    )  # fmt: skip
