"""One look a minute at a whole Salesforce organization, in place of one by each of its users.

A round asks what moved since the one before (`Crm.moves`) and notes which users that concerns, as a number at each:
nothing of a record is kept. A run of a user who is not concerned leaves Salesforce alone (`stages/resting.py`); whoever
is concerned asks for himself, as he would without the feed. So a round that fails, comes late or is never read costs
calls, and no change.

Who listens is read again after Salesforce has answered: somebody may have begun to while it was asked.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import ConnectorError
from connectors.protocols import Move, Moves, OrgShape
from mapping.rules.settings import Effective, resolve
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.state.org_feeds import Chain, FeedState, Listener, OrgFeedView, Turn
from sync_tasks.state.records import OrgView

log = logging.getLogger(__name__)

SIDE = "crm"
RETRIED = timedelta(minutes=5)  # a round whose worker died is taken again
RELIED = 5  # rounds that may fail to come before users ask for themselves
GAP = timedelta(hours=1)  # after a longer pause everything begins anew: nobody reads the backlog of everybody
SLOWEST = timedelta(minutes=15)  # between rounds that fail
UNWANTED = timedelta(minutes=5)  # how often to look whether a feed is wanted by now
DUE_BATCH = 200

MOST_HURRIED = 50  # users whose runs one round brings forward
APART = 90  # seconds between two runs of a user that are brought forward

LATE = "late"
WORDS: Mapping[str, str] = {
    FeedState.NEW: "about to begin", FeedState.ON: "on", FeedState.OFF: "off", FeedState.FEW: "off, for so few users",
    FeedState.FAILING: "failing", LATE: "late",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Round:
    """What became of one: records that moved, users they concern, calls."""

    moved: int
    touched: frozenset[int]
    calls: int


def due(app: App) -> list[int]:
    """Organizations whose feed somebody has to read now."""
    with app.store.reading() as unit:
        return unit.org_feeds.due(app.clock(), DUE_BATCH)


def read(app: App, org_id: int) -> Round | None:
    """Read the feed of an organization, if that is due and nobody else does; None when not, or when it failed."""
    now = app.clock()
    with app.store.writing() as unit:
        turn = unit.org_feeds.take(org_id, now, now + RETRIED)
        if turn is None:
            return None
        org = next(each for each in unit.accounts.orgs() if each.id == org_id)
        settings = resolve(unit.accounts.settings(org_id, None))
        listeners = unit.org_feeds.listeners(org_id)
        state = wanted(listeners, settings)
        if state is not FeedState.ON:
            unit.org_feeds.put_off(turn, state, now + UNWANTED)
            return None
    topics = tuple(sorted({topic for each in listeners if each.runs for topic in each.topics}))
    counted: Counter[str] = Counter()
    try:
        return _read(app, org, turn, topics, settings, counted)
    except (ConnectorError, NotConnectedError) as error:
        code, pause = "NOT_CONNECTED", None
        if isinstance(error, ConnectorError):
            code, pause = error.vendor_code or error.fault.value, error.retry_after
        log.warning("feed_failed", extra={"organization": org_id, "code": code})
        every = timedelta(seconds=app.settings.feed_every_seconds)
        wait = pause or min(SLOWEST, every * 2 ** min(turn.feed.failures, 10))
        with app.store.writing() as unit:
            unit.org_feeds.fail(turn, code, now, app.clock() + wait, counted.total())
        return None


def _read(
    app: App, org: OrgView, turn: Turn, topics: tuple[str, ...], settings: Effective, counted: Counter[str]
) -> Round | None:  # fmt: skip
    began = app.clock()
    crm = app.crm_of(org.id, None, org.name, asked=False, counted=counted)
    shape = app.keep_shape(org.id, crm)
    account = _account(app, org, shape)
    goes_on = turn.account == account and turn.feed.read_at is not None and began - turn.feed.read_at <= GAP
    told = crm.moves(topics, turn.cursors if goes_on else {})
    heard = {name: answer for name, answer in told.items() if isinstance(answer, Moves)}
    for name, answer in told.items():
        if isinstance(answer, ConnectorError):
            code = answer.vendor_code or answer.fault.value
            log.info("feed_refused", extra={"organization": org.id, "kind": name, "code": code})
    moves = [move for answer in heard.values() for move in answer.moves]
    every = timedelta(seconds=app.settings.feed_every_seconds)
    with app.store.writing() as unit:
        holders = unit.org_feeds.holders(org.id, {move.id for move in moves})
        listeners = unit.org_feeds.listeners(org.id)
        audience = Audience(listeners, holders)
        touched = frozenset(user for move in moves for user in audience.all(move))
        if not unit.org_feeds.tell(
            turn, account=account, chains=_chains(turn, heard, topics, goes_on=goes_on),
            cursors={name: answer.cursor for name, answer in heard.items()}, read_at=began,
            good_until=began + every * RELIED, next_at=_next(began, every), moved=len(moves), calls=counted.total(),
            touched=touched,
        ):  # fmt: skip
            log.info("lease_lost", extra={"organization": org.id})
            return None
    if settings.bool("feed.instant"):
        by_others = [move for move in moves if move.by != shape.user_id]
        closely = {user for move in by_others for user in audience.closely(move)}
        _hurry(app, closely & {each.user_id for each in listeners if each.runs})
    return Round(len(moves), touched, counted.total())


def _hurry(app: App, users: Collection[int]) -> None:
    """Let them run at once, as far apart as runs are that a calendar asks for. So many at a time are the work of a
    program, and are seen when their time has come. A transaction each: a run that listens holds its user, and wants
    what the round has written."""
    if len(users) <= MOST_HURRIED:
        apart = timedelta(seconds=max(app.settings.force_floor_seconds, APART))
        for user in sorted(users):
            with app.store.writing() as unit:
                unit.accounts.force(user, app.clock(), apart)


def _next(began: datetime, every: timedelta) -> datetime:
    return began + every * random.uniform(0.9, 1.1)


def _chains(turn: Turn, heard: Mapping[str, Moves], topics: Iterable[str], *, goes_on: bool) -> dict[str, Chain]:
    """What users may rely on from this round on. An object that was refused is left out, and begins anew."""
    number = turn.feed.round + 1
    old = turn.feed.chains if goes_on else {}
    return {
        name: Chain(
            number if answer.begins or name not in old else old[name].begun,
            tuple(topic for topic in topics if object_of(topic) == name), answer.lists,
        )
        for name, answer in heard.items()
    }  # fmt: skip


def _account(app: App, org: OrgView, shape: OrgShape) -> str:
    """With whose eyes the organization is looked at."""
    with app.store.reading() as unit:
        told = unit.accounts.connection(org.id, None, SIDE)
    return hashlib.sha256(json.dumps([told, shape.org_id, shape.user_id], sort_keys=True).encode()).hexdigest()


# --- what is asked, and whom it concerns


def wanted(listeners: Collection[Listener], settings: Effective) -> FeedState:
    """Whether a feed is to be read at all."""
    if not settings.bool("feed.enabled"):
        return FeedState.OFF
    running = sum(each.runs for each in listeners)
    return FeedState.ON if running >= settings.int("feed.users") else FeedState.FEW


class Audience:
    """Who of the listeners is concerned by a move. `holders`: by record, the users who hold a pair with it."""

    def __init__(self, listeners: Iterable[Listener], holders: Mapping[str, Collection[int]]) -> None:
        self._holders = holders
        self._listening: dict[str, set[int]] = {}  # by object
        self._lists: dict[str, set[int]] = {}
        self._persons: dict[str, set[int]] = {}  # by the 15 characters that are the id
        for each in listeners:
            self._persons.setdefault(each.crm_user_id[:15], set()).add(each.user_id)
            for topic in each.topics:
                name, _, aspect = topic.partition(":")
                self._listening.setdefault(name, set()).add(each.user_id)
                if aspect == "*" or ":" in aspect:
                    self._lists.setdefault(name, set()).add(each.user_id)

    def closely(self, move: Move) -> set[int]:
        """Whoever owns the record or is invited to it, and whoever holds a copy of it."""
        whose = {user for person in move.people for user in self._persons.get(person[:15], ())}
        return (whose | {*self._holders.get(move.id, ())}) & self._listening.get(move.object, set())

    def all(self, move: Move) -> set[int]:
        """They, and whoever watches a list to which the record may belong."""
        return self.closely(move) | self._lists.get(move.object, set())


def object_of(topic: str) -> str:
    return topic.partition(":")[0]


# --- for people


@dataclass(frozen=True, slots=True)
class Told:
    """How the feed of an organization does. `users`: those who listen. `age_seconds`: since the last round, None before
    the first. `moved`: records that it told of. `calls_today`: since midnight UTC."""

    state: str
    users: int
    age_seconds: int | None
    moved: int
    calls_today: int
    error: str

    @property
    def said(self) -> str:
        """The state in words."""
        return WORDS[self.state]

    @property
    def text(self) -> str:
        """All of it in words."""
        read = "never read" if self.age_seconds is None else f"read {self.age_seconds} s ago"
        why = f" ({self.error})" if self.error else ""
        return f"{self.said}{why}, {read}, {self.users} users, {self.calls_today} calls today"


def feeds(app: App, org_ids: Collection[int] | None = None) -> dict[int, Told]:
    """The feeds that there are, by organization: of these, or of all."""
    with app.store.reading() as unit:
        found = unit.org_feeds.all()
    return {
        org_id: _told(feed, users, app.clock())
        for org_id, (feed, users) in found.items()
        if org_ids is None or org_id in org_ids
    }


def _told(feed: OrgFeedView, users: int, now: datetime) -> Told:
    age = None if feed.read_at is None else int((now - feed.read_at).total_seconds())
    calls = feed.calls if feed.calls_on == now.date().isoformat() else 0
    is_late = feed.state in (FeedState.NEW, FeedState.ON) and now > (feed.good_until or feed.next_at + UNWANTED)
    return Told(LATE if is_late else feed.state, users, age, feed.moved, calls, feed.error_code)
