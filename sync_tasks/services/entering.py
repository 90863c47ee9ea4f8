"""Who is there, and what that person may do. Every way in (session, one-time link, token) ends in a `Principal`, and
every page and every address of the REST interface asks that one object.

Roles are looked up each time and not written into sessions: whoever is no administrator any more is none at once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sync_tasks.bootstrap import App
from sync_tasks.state.overview import Reach
from sync_tasks.state.records import UserView
from sync_tasks.state.store import Unit

LOCAL_ADMIN = "local administrator"
LONGEST_NAME = 120  # what the audit has room for
LINK_LIVES = timedelta(minutes=15)
SESSION_IDLE, SESSION_LIVES = timedelta(hours=1), timedelta(hours=12)
TOUCH_AFTER = timedelta(minutes=1)  # a session's or token's last use is noted no more often than that
TOKEN_LIVES = timedelta(days=365)
MOST_FAILURES, LOCKED_FOR = 10, timedelta(minutes=15)
TOKEN_MARK = "isy_"  # noqa: S105  # so that a token that leaked is recognized as one


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"  # of one organization, or of several
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who is known. `name` is what the audit calls them. `reach`: whom they may see."""

    name: str
    address: str
    role: Role
    reach: Reach
    own: frozenset[int]  # the users that they are themselves

    @property
    def is_admin(self) -> bool:
        return self.role is not Role.USER

    def may_see(self, user: UserView) -> bool:
        return self.reach.holds(user.id, user.org_id)

    def may_administer(self, user: UserView) -> bool:
        return self.reach.everybody or user.org_id in self.reach.org_ids

    def is_self(self, user: UserView) -> bool:
        return user.id in self.own


class LockedError(Exception):
    """Too many tries have failed from there; for a while none is looked at."""


class RefusedError(Exception):
    """Nobody is known by this. The text is for the person who tried."""


def principal(unit: Unit, address: str) -> Principal | None:
    """Who this address is now; '' is the local administrator. None: nobody who may enter."""
    if not address:
        return Principal(LOCAL_ADMIN, "", Role.PLATFORM, Reach(everybody=True), frozenset())
    name = address[:LONGEST_NAME]
    grants = unit.access.grants(address)
    own = frozenset(unit.overview.ids_at(address))
    if any(grant.org_id is None for grant in grants):
        return Principal(name, address, Role.PLATFORM, Reach(everybody=True), own)
    if grants:
        orgs = frozenset(grant.org_id for grant in grants if grant.org_id is not None)
        return Principal(name, address, Role.ADMIN, Reach(org_ids=orgs, user_ids=own), own)
    return Principal(name, address, Role.USER, Reach(user_ids=own), own) if own else None


# --- one-time links


def make_link(app: App, address: str = "") -> str:
    """The secret of a link that logs in once, within `LINK_LIVES`."""
    secret = secrets.token_urlsafe(32)
    with app.store.writing() as unit:
        unit.access.add_link(_hashed(secret), address, app.clock() + LINK_LIVES)
        unit.accounts.audit(app.clock(), "console", "web.link", address or LOCAL_ADMIN)
    return secret


def log_in_link(app: App, base: str, address: str = "") -> str:
    """A whole link, below the address at which the pages are."""
    return f"{base}/login/link?token={make_link(app, address)}"


def use_link(app: App, secret: str, origin: str) -> str:
    """The secret of a new session. Raises RefusedError for a link that is not, or no longer, good, and LockedError."""
    _refuse_locked(app, origin)
    with app.store.writing() as unit:
        address = unit.access.use_link(_hashed(secret), app.clock())
    if address is None:
        _failed(app, origin)
        raise RefusedError("This link was used already, or is too old. Make a new one with `inbox-sync web link`.")
    return begin(app, address, origin, "link")


# --- sessions


def begin(app: App, address: str, origin: str, how: str) -> str:
    """The secret of a new session of somebody who has proved who they are. Raises RefusedError when nobody is known by
    the address."""
    secret = secrets.token_urlsafe(32)
    now = app.clock()
    with app.store.writing() as unit:
        found = principal(unit, address)
        if found is None:
            raise RefusedError(f"Nobody here has the address {address}. Ask an administrator to add you.")
        unit.access.add_session(_hashed(secret), address, now, now + SESSION_LIVES)
        unit.access.forgive(_hashed(origin))
        unit.accounts.audit(now, found.name, "web.log-in", found.name, how=how)
    return secret


def by_session(app: App, secret: str) -> Principal | None:
    """Whose session this is, unless it is over."""
    now = app.clock()
    with app.store.reading() as unit:
        found = unit.access.session(_hashed(secret))
        if found is None or now >= found.expires_at or now - found.seen_at >= SESSION_IDLE:
            return None
        who = principal(unit, found.address)
    if now - found.seen_at >= TOUCH_AFTER:
        with app.store.writing() as unit:
            unit.access.touch_session(_hashed(secret), now)
    return who


def end(app: App, secret: str) -> None:
    with app.store.writing() as unit:
        unit.access.end_session(_hashed(secret))


def form_token(session: str) -> str:
    """What every form of a session sends along. Who can't read the cookie can't make it, and it is of no use with any
    other session."""
    return hmac.new(session.encode(), b"form", hashlib.sha256).hexdigest()


# --- tokens of the REST interface


def add_token(app: App, address: str, name: str, *, by: str, lives: timedelta = TOKEN_LIVES) -> str:
    """A token that acts as the address does, or ('') as the local administrator. It can't be shown again. Raises
    RefusedError when nobody is known by the address."""
    secret = TOKEN_MARK + secrets.token_urlsafe(32)
    now = app.clock()
    with app.store.writing() as unit:
        found = principal(unit, address)
        if found is None:
            raise RefusedError(f"there is neither a user nor an administrator {address}")
        number = unit.access.add_token(_hashed(secret), address, name, now, now + lives)
        unit.accounts.audit(now, by, "token.add", found.name, token=number, name=name)
    return secret


def drop_token(app: App, number: int, *, by: str, address: str | None = None) -> bool:
    """Have a token end; `address`: only if it is theirs. False when there is no such token."""
    now = app.clock()
    with app.store.writing() as unit:
        found = next((each for each in unit.access.tokens(address) if each.id == number), None)
        if found is None:
            return False
        unit.access.drop_token(number)
        unit.accounts.audit(now, by, "token.drop", found.address or LOCAL_ADMIN, token=number, name=found.name)
    return True


def by_token(app: App, secret: str, origin: str) -> Principal | None:
    """Whose token this is; None when it is nobody's. Raises LockedError."""
    _refuse_locked(app, origin)
    now = app.clock()
    with app.store.reading() as unit:
        found = unit.access.token(_hashed(secret))
        who = None if found is None or now >= found.expires_at else principal(unit, found.address)
    if who is None or found is None:
        _failed(app, origin)
        return None
    if found.used_at is None or now - found.used_at >= TOUCH_AFTER:
        with app.store.writing() as unit:
            unit.access.touch_token(found.id, now)
    return who


# --- failed tries


def _refuse_locked(app: App, origin: str) -> None:
    with app.store.reading() as unit:
        if unit.access.failures(_hashed(origin), _since(app)) >= MOST_FAILURES:
            raise LockedError


def _failed(app: App, origin: str) -> None:
    with app.store.writing() as unit:
        unit.access.failed(_hashed(origin), app.clock(), _since(app))


def _since(app: App) -> datetime:
    return app.clock() - LOCKED_FOR


def _hashed(secret: str) -> str:
    """Our secrets are 256 random bits, so that one plain hash keeps them as well as a slow one would."""
    return hashlib.sha256(secret.encode()).hexdigest()
