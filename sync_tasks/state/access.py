"""Who may enter the web process, and as whom: grants, one-time links, sessions, tokens, failed tries. Secrets come in
hashed; whoever holds the store holds none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import Organization, WebGrant, WebLink, WebSession, WebToken, WebTry
from sync_tasks.state.types import insert_into


@dataclass(frozen=True, slots=True)
class GrantView:
    """`org`: the name of the organization, '' for the whole installation."""

    id: int
    address: str
    org_id: int | None
    org: str
    granted_at: datetime
    granted_by: str


@dataclass(frozen=True, slots=True)
class SessionView:
    address: str
    began_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenView:
    id: int
    address: str
    name: str
    made_at: datetime
    used_at: datetime | None
    expires_at: datetime


class Access:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- grants

    def grant(self, address: str, org_id: int | None, now: datetime, by: str) -> None:
        """Make somebody an administrator of the organization, or of everything; granting again changes nothing."""
        if not any(each.org_id == org_id for each in self.grants(address)):
            self._session.add(WebGrant(address=address, org_id=org_id, granted_at=now, granted_by=by))
            self._session.flush()

    def revoke(self, address: str) -> int:
        """Take all grants of an address back; how many there were."""
        return self._count(delete(WebGrant).where(WebGrant.address == address))

    def grants(self, address: str | None = None) -> list[GrantView]:
        """Those of an address, or all."""
        query = select(WebGrant, Organization.name).outerjoin(Organization, Organization.id == WebGrant.org_id)
        if address is not None:
            query = query.where(WebGrant.address == address)
        return [
            GrantView(row.id, row.address, row.org_id, name or "", row.granted_at, row.granted_by)
            for row, name in self._session.execute(query.order_by(WebGrant.address, WebGrant.id))
        ]

    # --- links

    def add_link(self, secret: str, address: str, expires_at: datetime) -> None:
        self._session.add(WebLink(secret=secret, address=address, expires_at=expires_at))

    def use_link(self, secret: str, now: datetime) -> str | None:
        """As whom the link logs in; None when there is none, or no more. It is gone afterwards, even for somebody who
        uses it at the same moment."""
        self._session.execute(delete(WebLink).where(WebLink.expires_at <= now))
        return self._session.scalars(
            delete(WebLink).where(WebLink.secret == secret).returning(WebLink.address)
        ).one_or_none()

    # --- sessions

    def add_session(self, secret: str, address: str, now: datetime, expires_at: datetime) -> None:
        self._session.execute(delete(WebSession).where(WebSession.expires_at <= now))
        self._session.add(WebSession(secret=secret, address=address, began_at=now, seen_at=now, expires_at=expires_at))

    def session(self, secret: str) -> SessionView | None:
        row = self._session.get(WebSession, secret)
        return None if row is None else SessionView(row.address, row.began_at, row.seen_at, row.expires_at)

    def touch_session(self, secret: str, now: datetime) -> None:
        self._session.execute(update(WebSession).where(WebSession.secret == secret).values(seen_at=now))

    def end_session(self, secret: str) -> None:
        self._session.execute(delete(WebSession).where(WebSession.secret == secret))

    def end_sessions_of(self, address: str) -> int:
        return self._count(delete(WebSession).where(WebSession.address == address))

    # --- tokens

    def add_token(self, secret: str, address: str, name: str, now: datetime, expires_at: datetime) -> int:
        row = WebToken(secret=secret, address=address, name=name, made_at=now, expires_at=expires_at)
        self._session.add(row)
        self._session.flush()
        return row.id

    def token(self, secret: str) -> TokenView | None:
        row = self._session.scalars(select(WebToken).where(WebToken.secret == secret)).one_or_none()
        return None if row is None else _token(row)

    def tokens(self, address: str | None = None) -> Sequence[TokenView]:
        """Those of an address, or all, the oldest first."""
        query = select(WebToken).order_by(WebToken.id)
        if address is not None:
            query = query.where(WebToken.address == address)
        return [_token(row) for row in self._session.scalars(query)]

    def touch_token(self, token_id: int, now: datetime) -> None:
        self._session.execute(update(WebToken).where(WebToken.id == token_id).values(used_at=now))

    def drop_token(self, token_id: int) -> bool:
        return self._count(delete(WebToken).where(WebToken.id == token_id)) > 0

    # --- failed tries

    def failures(self, origin: str, since: datetime) -> int:
        """How many tries from there have failed since then."""
        query = select(WebTry.failures).where(WebTry.origin == origin, WebTry.first_at > since)
        return self._session.scalars(query).one_or_none() or 0

    def failed(self, origin: str, now: datetime, since: datetime) -> None:
        """Note a failed try; counting begins anew after `since`."""
        self._session.execute(delete(WebTry).where(WebTry.first_at <= since))
        row = insert_into(self._session, WebTry).values(origin=origin, failures=1, first_at=now)
        self._session.execute(
            row.on_conflict_do_update(index_elements=["origin"], set_={"failures": WebTry.failures + 1})
        )

    def forgive(self, origin: str) -> None:
        self._session.execute(delete(WebTry).where(WebTry.origin == origin))

    def _count(self, statement: Any) -> int:
        return cast("CursorResult[Any]", self._session.execute(statement)).rowcount


def _token(row: WebToken) -> TokenView:
    return TokenView(row.id, row.address, row.name, row.made_at, row.used_at, row.expires_at)
