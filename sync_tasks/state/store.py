"""The unit of work: one short transaction, never open over a vendor call, with the repositories bound to it.

`store.fenced(run)` additionally proves inside the transaction that the run's lease still holds: a worker that lost it
gets `LostLeaseError` and can write nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from sync_tasks.state.access import Access
from sync_tasks.state.accounts import Accounts
from sync_tasks.state.breakers import Breakers
from sync_tasks.state.claims import Claims
from sync_tasks.state.configuration import Configuration
from sync_tasks.state.conflicts import Conflicts
from sync_tasks.state.consents import Consents
from sync_tasks.state.holds import Holds
from sync_tasks.state.intents import Intents
from sync_tasks.state.journal import Journal
from sync_tasks.state.linkings import Linkings
from sync_tasks.state.mail_files import MailFilesLedger
from sync_tasks.state.models import SyncRun, User
from sync_tasks.state.notifications import Notifications
from sync_tasks.state.org_feeds import OrgFeeds
from sync_tasks.state.overview import Overview
from sync_tasks.state.pairs import Pairs
from sync_tasks.state.personal import Personal
from sync_tasks.state.plans import Plans
from sync_tasks.state.pushes import Pushes
from sync_tasks.state.records import RunRef, RunState
from sync_tasks.state.refreshes import Refreshes
from sync_tasks.state.rollouts import Rollouts
from sync_tasks.state.runs import Runs
from sync_tasks.state.sealed import SealedValues
from sync_tasks.state.threads import Threads
from sync_tasks.state.trail import Trail
from sync_tasks.state.unresolved import UnresolvedPeople
from sync_tasks.state.workspace import Workspace


class LostLeaseError(Exception):
    """Somebody else works for this user now; whatever we were about to write is theirs to write."""


class Unit:
    """The repositories of one transaction."""

    def __init__(self, session: Session) -> None:
        self.accounts = Accounts(session)
        self.configuration = Configuration(session)
        self.rollouts = Rollouts(session)
        self.runs = Runs(session)
        self.breakers = Breakers(session)
        self.notifications = Notifications(session)
        self.pairs = Pairs(session)
        self.plans = Plans(session)
        self.trail = Trail(session)
        self.holds = Holds(session)
        self.conflicts = Conflicts(session)
        self.claims = Claims(session)
        self.unresolved = UnresolvedPeople(session)
        self.intents = Intents(session)
        self.linkings = Linkings(session)
        self.threads = Threads(session)
        self.mail_files = MailFilesLedger(session)
        self.sealed = SealedValues(session)
        self.consents = Consents(session)
        self.pushes = Pushes(session)
        self.org_feeds = OrgFeeds(session)
        self.journal = Journal(session)
        self.refreshes = Refreshes(session)
        self.personal = Personal(session)
        self.workspace = Workspace(session)
        self.access = Access(session)
        self.overview = Overview(session)


class Store:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reading = engine.execution_options(reading=True)

    @contextmanager
    def writing(self) -> Iterator[Unit]:
        """A transaction that commits when the block ends well."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield Unit(session)

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        """A transaction for looking only."""
        with Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield Unit(session)

    @contextmanager
    def fenced(self, run: RunRef, now: datetime) -> Iterator[Unit]:
        """A writing transaction for the holder of the run's lease; also the run's sign of life.

        Raises LostLeaseError when the token moved on or the run is no longer open.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            row = session.execute(
                select(User.lease_token, SyncRun.state)
                .join(SyncRun, SyncRun.user_id == User.id)
                .where(SyncRun.id == run.id)
                .with_for_update(of=User)
            ).one_or_none()
            if row is None or row.lease_token != run.token or row.state != RunState.OPEN:
                raise LostLeaseError(f"run {run.id} is no longer ours (token {run.token})")
            unit = Unit(session)
            unit.runs.touch(run.id, now)
            yield unit
