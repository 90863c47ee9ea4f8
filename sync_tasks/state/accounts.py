"""Organizations, users, their connections, credentials and settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from connectors.protocols import OrgShape
from mapping.model.item import Side
from mapping.rules.roles import Colleague
from mapping.rules.settings import Layer
from mapping.rules.standing import Around, Standing
from sync_tasks.state.configuration import Configuration, Scope
from sync_tasks.state.models import (
    MAY_RUN,
    AdminAudit,
    Connection,
    Credential,
    Organization,
    OrgMapping,
    SyncRun,
    User,
)
from sync_tasks.state.records import OrgView, RunState, UserView
from sync_tasks.state.types import insert_into

LEARNT = frozenset(
    {"folders", "profile_at", "own_zone", "tended_at", "mail_folders"}
)  # facts of a mailbox that runs have found out


# a part of where a user stands -> the column that keeps it
STANDING: Mapping[str, str] = {
    part.name: {"code": "suspended_code", "attempts": "suspended_attempts"}.get(part.name, part.name)
    for part in fields(Standing)
}


class Accounts:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- organizations

    def add_org(self, name: str, now: datetime) -> int:
        row = Organization(name=name, created_at=now, enabled=True)
        self._session.add(row)
        self._session.flush()
        return row.id

    def orgs(self) -> list[OrgView]:
        rows = self._session.scalars(select(Organization).order_by(Organization.name))
        return [OrgView(row.id, row.name, row.enabled, row.created_at, row.paused_at) for row in rows]

    def org(self, name: str) -> OrgView | None:
        return next((org for org in self.orgs() if org.name == name), None)

    def shape_at(self, org_id: int) -> datetime | None:
        """When the kept describe of the organization's Salesforce was read; None when there is none."""
        return self._session.scalars(select(Organization.shape_at).where(Organization.id == org_id)).one()

    def shape(self, org_id: int) -> dict[str, Any]:
        """The kept describe itself, which is large. Raises LookupError when there is none."""
        query = select(Organization.shape).where(Organization.id == org_id)
        kept: dict[str, Any] | None = self._session.scalars(query).one()
        if kept is None:
            raise LookupError(f"organization {org_id} has not been described")
        return kept

    def put_shape(self, org_id: int, shape: OrgShape, now: datetime) -> None:
        row = self._session.get_one(Organization, org_id)
        # by this moment processes tell whether what they hold is what is kept, so it is never the same twice
        after = row.shape_at + timedelta(microseconds=1) if row.shape_at is not None else now
        row.shape, row.shape_at = {each.name: getattr(shape, each.name) for each in fields(shape)}, max(now, after)

    # --- users

    def add_user(
        self, org_id: int, address: str, now: datetime, *, crm_user_id: str, shards: int, next_sync_at: datetime
    ) -> int:
        row = User(
            org_id=org_id, address=address, crm_user_id=crm_user_id, activated_at=_second(now),
            next_sync_at=next_sync_at, aliases=[], shard=0,
        )  # fmt: skip
        self._session.add(row)
        self._session.flush()
        row.shard = row.id % shards
        return row.id

    def add_users(
        self, org_id: int, addresses: Sequence[str], now: datetime, *, shards: int, due: Sequence[datetime],
        crm_user_ids: Sequence[str] | None = None,
    ) -> list[int]:  # fmt: skip
        """Many users at once, each with the moment of its first run, and who it is in Salesforce; returns their ids in
        the same order."""
        known = [""] * len(addresses) if crm_user_ids is None else crm_user_ids
        rows = [
            User(
                org_id=org_id,
                address=address,
                crm_user_id=crm_user_id,
                activated_at=_second(now),
                next_sync_at=first,
                aliases=[],
                shard=number % shards,
            )
            for number, (address, crm_user_id, first) in enumerate(zip(addresses, known, due, strict=True))
        ]
        self._session.add_all(rows)
        self._session.flush()
        return [row.id for row in rows]

    def users(self, org_id: int | None = None) -> list[UserView]:
        query = select(User, Organization).join(Organization, Organization.id == User.org_id).order_by(User.address)
        if org_id is not None:
            query = query.where(User.org_id == org_id)
        return [_user(user, org) for user, org in self._session.execute(query)]

    def colleagues(self, org_id: int, user_id: int) -> tuple[Colleague, ...]:
        """The other users of the organization."""
        told = (User.id, User.address, User.aliases, User.crm_user_id, User.suspended_at)
        query = (
            select(*told, and_(*MAY_RUN).label("enabled"))
            .join(Organization, Organization.id == User.org_id)
            .where(User.org_id == org_id, User.id != user_id)
            .order_by(User.address)
        )
        return tuple(
            Colleague(
                row.id, frozenset({row.address, *row.aliases}), bool(row.enabled), row.suspended_at, row.address,
                row.crm_user_id,
            )
            for row in self._session.execute(query)
        )  # fmt: skip

    def user(self, user_id: int) -> UserView:
        query = select(User, Organization).join(Organization, Organization.id == User.org_id).where(User.id == user_id)
        user, org = self._session.execute(query).one()
        return _user(user, org)

    def user_numbered(self, user_id: int) -> UserView | None:
        query = select(User, Organization).join(Organization, Organization.id == User.org_id).where(User.id == user_id)
        row = self._session.execute(query).first()
        return None if row is None else _user(row[0], row[1])

    def users_numbered(self, ids: Collection[int]) -> list[UserView]:
        query = select(User, Organization).join(Organization, Organization.id == User.org_id).where(User.id.in_(ids))
        return [_user(user, org) for user, org in self._session.execute(query.order_by(User.id))]

    def find_user(self, address: str) -> UserView | None:
        query = (
            select(User, Organization).join(Organization, Organization.id == User.org_id).where(User.address == address)
        )
        row = self._session.execute(query).first()
        return None if row is None else _user(row[0], row[1])

    def by_crm_user(self, org_id: int, crm_user_id: str) -> UserView | None:
        """Who of the organization this Salesforce user is. The 15 first characters of an id are the id."""
        query = (
            select(User, Organization)
            .join(Organization, Organization.id == User.org_id)
            .where(User.org_id == org_id, func.substr(User.crm_user_id, 1, 15) == crm_user_id[:15])
            .order_by(User.id)
        )
        row = self._session.execute(query).first() if crm_user_id else None
        return None if row is None else _user(row[0], row[1])

    def set_user(self, user_id: int, **values: Any) -> None:
        """Set columns of a user; unknown names are a programming error."""
        row = self._session.get_one(User, user_id)
        for name, value in values.items():
            if name not in User.__table__.columns:
                raise AttributeError(name)
            setattr(row, name, value)

    def set_org(self, org_id: int, **values: Any) -> None:
        """Set columns of an organization; unknown names are a programming error."""
        row = self._session.get_one(Organization, org_id)
        for name, value in values.items():
            if name not in Organization.__table__.columns:
                raise AttributeError(name)
            setattr(row, name, value)

    def restand(self, user_id: int, change: Callable[[Standing], Standing]) -> tuple[Standing, Standing]:
        """Change where a user stands, while nobody else does; returns how it was and how it is."""
        row = self._session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
        before = standing_of(row)
        after = change(before)
        for name, column in STANDING.items():
            setattr(row, column, getattr(after, name))
        self._session.flush()
        return before, after

    def is_suspended_for(self, org_id: int, code: str) -> bool:
        """Is anybody of the organization suspended for this reason?"""
        query = select(User.id).where(User.org_id == org_id, User.suspended_code == code).limit(1)
        return self._session.scalars(query).first() is not None

    def drop_user(self, user_id: int) -> None:
        """Forget a user with everything that is kept of him; the audit trail stays."""
        self._session.execute(delete(User).where(User.id == user_id))

    def force(self, user_id: int, now: datetime, floor: timedelta, *, asked: bool = False) -> datetime:
        """Ask for a run as soon as the floor since the last start allows; asking again changes nothing. Whoever is
        suspended for something that may pass is tried then, too. `asked`: it is a person who asks.

        While a run is open the wish is kept and served by one run after it. Returns the moment it becomes due.
        """
        row = self._session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
        due = max(now, row.last_started_at + floor) if row.last_started_at else now
        row.force_pending = True
        row.asked = row.asked or asked
        row.next_sync_at = min(row.next_sync_at, due) if row.next_sync_at > now else due
        row.probe_at = row.next_sync_at if row.probe_at is not None else None
        return row.next_sync_at

    def connected_to(self, vendor: str) -> list[int]:
        """The organizations that are connected to this vendor as a whole."""
        where = (Connection.vendor == vendor, Connection.user_id.is_(None))
        return list(self._session.scalars(select(Connection.org_id).where(*where).order_by(Connection.org_id)))

    def vendors_connected(self) -> list[tuple[int, str]]:
        """(organization, vendor) of all connections there are."""
        rows = self._session.execute(select(Connection.org_id, Connection.vendor).distinct())
        return sorted((org_id, vendor) for org_id, vendor in rows)

    def users_by_shard(self) -> dict[int, int]:
        """How many users stand in each shard; without those where there are none."""
        rows = self._session.execute(select(User.shard, func.count()).group_by(User.shard))
        return dict(rows.tuples().all())

    def read_to(self, user_id: int, read: Mapping[Side, datetime]) -> None:
        """These sides of the user were read to the end, as they were at these moments."""
        for side, moment in read.items():
            column = {Side.MAILBOX: User.mailbox_read_to, Side.CRM: User.crm_read_to}[side]
            earlier = or_(column.is_(None), column < moment)
            self._session.execute(update(User).where(User.id == user_id, earlier).values({column: moment}))

    def readings(self, user_id: int) -> tuple[datetime | None, datetime | None]:
        """Up to when the user's mailbox and Salesforce were read to the end."""
        row = self._session.execute(select(User.mailbox_read_to, User.crm_read_to).where(User.id == user_id)).one()
        return row.mailbox_read_to, row.crm_read_to

    def shared_connections(self, org_id: int) -> dict[str, dict[str, Any]]:
        """Facts of the connections of a whole organization, by vendor."""
        where = (Connection.org_id == org_id, Connection.user_id.is_(None))
        rows = self._session.scalars(select(Connection).where(*where).order_by(Connection.side))
        return {row.vendor: dict(row.facts) for row in rows}

    def open_runs(self) -> int:
        query = select(func.count()).select_from(SyncRun).where(SyncRun.state == RunState.OPEN)
        return self._session.scalar(query) or 0

    # --- connections and credentials

    def put_connection(self, org_id: int, user_id: int | None, side: str, vendor: str, facts: Mapping[str, Any]) -> int:
        row = self._connection(org_id, user_id, side)
        if row is None:
            row = Connection(org_id=org_id, user_id=user_id, side=side, vendor=vendor, facts=dict(facts))
            self._session.add(row)
        else:
            row.vendor, row.facts = vendor, dict(facts)
        self._session.flush()
        return row.id

    def own_connection(self, org_id: int, user_id: int, side: str, vendor: str) -> int:
        """The user's own connection at this vendor, which is made when there is none; its facts stay."""
        row = self._connection(org_id, user_id, side)
        if row is None:
            row = Connection(org_id=org_id, user_id=user_id, side=side, vendor=vendor, facts={})
            self._session.add(row)
        row.vendor = vendor
        self._session.flush()
        return row.id

    def add_facts(self, connection_id: int, facts: Mapping[str, Any]) -> None:
        """Note further facts of a connection; those of the same name are replaced."""
        row = self._session.get_one(Connection, connection_id)
        row.facts = {**row.facts, **facts}
        self._session.flush()

    def connection(self, org_id: int, user_id: int | None, side: str) -> tuple[int, str, dict[str, Any]] | None:
        """(id, vendor, facts) of the organization's connection with the user's own facts laid over it. The id is the
        user's own connection's when that holds credentials of its own."""
        theirs = or_(Connection.user_id.is_(None), Connection.user_id == user_id)
        rows = self._session.scalars(
            select(Connection).where(Connection.org_id == org_id, Connection.side == side, theirs)
        ).all()
        shared = next((row for row in rows if row.user_id is None), None)
        own = next((row for row in rows if row.user_id is not None), None)
        if shared is None and own is None:
            return None
        has_own = own is not None and self._has_credentials(own.id)
        facts = {**(shared.facts if shared else {}), **(own.facts if own else {})}
        holder = own if own is not None and (has_own or shared is None) else shared
        assert holder is not None
        return holder.id, holder.vendor, facts

    def has_own_credentials(self, org_id: int, user_id: int, side: str) -> bool:
        """Does the user sign in for himself on this side?"""
        own = self._connection(org_id, user_id, side)
        return own is not None and self._has_credentials(own.id)

    def has_own(self, org_id: int, user_id: int, side: str) -> bool:
        """Is there anything of the user's own in how he is connected on this side?"""
        return self._connection(org_id, user_id, side) is not None

    def _has_credentials(self, connection_id: int) -> bool:
        query = select(Credential.id).where(Credential.connection_id == connection_id).limit(1)
        return self._session.scalars(query).first() is not None

    def vendors(self, org_id: int, user_id: int) -> dict[str, str]:
        """The vendor on each side to which a user is connected; empty where he is not."""
        found = {side: self.connection(org_id, user_id, side) for side in ("mailbox", "crm")}
        return {side: "" if each is None else each[1] for side, each in found.items()}

    def remember_folders(self, org_id: int, user_id: int, folders: Mapping[str, str]) -> None:
        """Keep the vendor ids of a mailbox's managed folders with the user, so that a run need not ask for them."""
        self._remember(org_id, user_id, folders=dict(folders))

    def remember_profile(self, org_id: int, user_id: int, aliases: Iterable[str], zone: str, now: datetime) -> None:
        """Keep the further addresses of a user and his time zone, and when they were asked for."""
        user = self._session.get_one(User, user_id)
        user.aliases = sorted(set(aliases) - {user.address})
        self._remember(org_id, user_id, profile_at=now.isoformat(), own_zone=zone)

    def forget_mailbox(self, org_id: int, user_id: int) -> None:
        """Forget what was learnt of a user's mailbox; how to connect to it stays."""
        row = self._connection(org_id, user_id, "mailbox")
        if row is not None:
            row.facts = {name: fact for name, fact in row.facts.items() if name not in LEARNT}
            self._session.flush()

    def remember_tending(
        self, org_id: int, user_id: int, folders: Mapping[str, str], asked: Sequence[Sequence[str]], now: datetime
    ) -> None:
        """Keep the vendor ids of all folders that have a role, for which further mail folders was asked, and when."""
        told = [list(names) for names in asked]
        self._remember(org_id, user_id, folders=dict(folders), mail_folders=told, tended_at=now.isoformat())

    def learnt(self, org_id: int, user_id: int) -> dict[str, Any]:
        """What runs have found out about a mailbox: some of `LEARNT`."""
        row = self._connection(org_id, user_id, "mailbox")
        return {} if row is None else {name: fact for name, fact in row.facts.items() if name in LEARNT}

    def forget_profile(self, org_id: int, user_id: int | None) -> None:
        """Have the next run ask anew for the addresses of a user, or (None) of everybody in the organization."""
        whose = Connection.user_id.is_not(None) if user_id is None else Connection.user_id == user_id
        mailboxes = (Connection.org_id == org_id, Connection.side == "mailbox", whose)
        for row in self._session.scalars(select(Connection).where(*mailboxes)):
            row.facts = {name: fact for name, fact in row.facts.items() if name != "profile_at"}
        self._session.flush()

    def profile_asked_at(self, org_id: int, user_id: int) -> datetime | None:
        row = self._connection(org_id, user_id, "mailbox")
        told = row.facts.get("profile_at") if row is not None else None
        return datetime.fromisoformat(told) if told else None

    def _remember(self, org_id: int, user_id: int, **facts: Any) -> None:
        """Keep what was learnt of a user's mailbox."""
        row = self._connection(org_id, user_id, "mailbox")
        if row is None:
            shared = self._connection(org_id, None, "mailbox")
            vendor = shared.vendor if shared is not None else ""
            row = Connection(org_id=org_id, user_id=user_id, side="mailbox", vendor=vendor, facts={})
            self._session.add(row)
        row.facts = {**row.facts, **facts}
        self._session.flush()

    def _connection(self, org_id: int, user_id: int | None, side: str) -> Connection | None:
        mine = Connection.user_id.is_(None) if user_id is None else Connection.user_id == user_id
        return self._session.scalars(
            select(Connection).where(Connection.org_id == org_id, Connection.side == side, mine)
        ).one_or_none()

    def put_credential(self, connection_id: int, name: str, sealed: bytes, expires_at: datetime | None = None) -> None:
        """Keep a credential in place of what had its name; of several writers at once the last one stays."""
        row = insert_into(self._session, Credential).values(
            connection_id=connection_id, name=name, sealed=sealed, expires_at=expires_at
        )
        self._session.execute(
            row.on_conflict_do_update(
                index_elements=["connection_id", "name"], set_={"sealed": sealed, "expires_at": expires_at}
            )
        )

    def put_off(self, connection_id: int, name: str, ends: datetime) -> None:
        """A credential that is there is good until then."""
        this = (Credential.connection_id == connection_id, Credential.name == name)
        self._session.execute(update(Credential).where(*this).values(expires_at=ends))

    def forget_tokens(self, connection_id: int) -> None:
        """Drop the tokens kept for a connection, so that the next use logs in anew."""
        self._session.execute(
            delete(Credential).where(Credential.connection_id == connection_id, Credential.name.startswith("token:"))
        )

    def credentials(self, connection_id: int, names: Collection[str]) -> dict[str, bytes]:
        """Those of these credentials that there are, sealed."""
        rows = self._session.execute(
            select(Credential.name, Credential.sealed).where(
                Credential.connection_id == connection_id, Credential.name.in_(names)
            )
        )
        return {row.name: row.sealed for row in rows}

    def ending(self, connection_id: int, before: datetime) -> list[tuple[str, datetime]]:
        """The credentials of a connection that end before that moment: name and moment, the first to end first."""
        rows = self._session.execute(
            select(Credential.name, Credential.expires_at)
            .where(Credential.connection_id == connection_id, Credential.expires_at < before)
            .order_by(Credential.expires_at)
        )
        return [(row.name, row.expires_at) for row in rows]

    def connections_ending(self, before: datetime) -> list[tuple[int, int | None, str]]:
        """(organization, user or None for everybody, side) of the connections with a credential that ends before."""
        rows = self._session.execute(
            select(Connection.org_id, Connection.user_id, Connection.side)
            .join(Credential, Credential.connection_id == Connection.id)
            .where(Credential.expires_at < before)
            .distinct()
        )
        return [(row.org_id, row.user_id, row.side) for row in rows]

    # --- settings

    def put_setting(self, org_id: int, user_id: int | None, name: str, value: Any) -> None:
        """Set or, with None, unset a setting of the organization (no user) or of a user; nothing is noted of it."""
        scope = Scope(org_id) if user_id is None else Scope(org_id, "user", user_id)
        Configuration(self._session).put(scope, name, value)

    def settings(self, org_id: int, user_id: int | None) -> list[Layer]:
        """The layers that apply to a user or, with None, to the organization, weakest first."""
        return Configuration(self._session).layers(org_id, user_id)

    # --- mappings

    def mappings(self, org_id: int) -> dict[str, tuple[dict[str, Any], ...]]:
        """What the organization changed of the mapping tables, by kind."""
        rows = self._session.execute(select(OrgMapping.kind, OrgMapping.rows).where(OrgMapping.org_id == org_id))
        return {kind: tuple(changes) for kind, changes in rows}

    def put_mapping(self, org_id: int, kind: str, changes: Sequence[Mapping[str, Any]], now: datetime, by: str) -> None:
        """Set what the organization changes of a table; nothing at all takes everything back."""
        row = self._session.get(OrgMapping, (org_id, kind))
        if row is not None and not changes:
            self._session.delete(row)
        elif changes:
            row = row or OrgMapping(org_id=org_id, kind=kind)
            row.rows, row.changed_at, row.changed_by = [dict(each) for each in changes], now, by
            self._session.add(row)
        self._session.flush()

    # --- audit

    def audit(self, now: datetime, actor: str, action: str, subject: str, **detail: Any) -> None:
        self._session.add(AdminAudit(at=now, actor=actor, action=action, subject=subject, detail=detail))


def _second(moment: datetime) -> datetime:
    """Mailboxes tell in seconds when something was made: what is made right after this must not seem older."""
    return moment.replace(microsecond=0)


def _user(row: User, org: Organization) -> UserView:
    return UserView(
        row.id, row.org_id, org.name, row.address, row.crm_user_id, tuple(row.aliases), row.shard, row.activated_at,
        standing_of(row), Around(org.enabled, org.paused_at), row.held_at, row.next_sync_at, row.last_started_at,
        row.force_pending, row.lease_token, row.lease_until,
    )  # fmt: skip


def standing_of(row: User) -> Standing:
    """Where a user stands, as his row tells."""
    return Standing(**{name: getattr(row, column) for name, column in STANDING.items()})
