"""Agreements with vendors that they tell us what happens: made where that is wanted, renewed in time, given up.

Every user has a row a feed, and each row a moment at which somebody looks after it. Whoever does writes first what he
is about to do; if he dies, the moment comes again, and whatever the vendor made meanwhile posts to an address that
knows it is not meant.
"""

from __future__ import annotations

import logging
import random
import secrets
from datetime import timedelta

from connectors.errors import ConnectorError, Fault
from connectors.pushing import Agreed, Ear, Feed, Subscriptions
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.security.vault import push_context
from sync_tasks.services.hearing import hashed, secret_of, wants
from sync_tasks.state.records import PushState, PushView, UserView

log = logging.getLogger(__name__)

BATCH = 200
RETRIED = timedelta(minutes=5)  # work whose worker died is taken again
RECHECKED = timedelta(hours=2)  # whether somebody for whom it was not wanted wants it now
BACK_OFF = (timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=6))


def due(app: App) -> list[PushView]:
    """Those that somebody has to look after now; new users get their rows. Nobody is listened for without an address at
    which this installation can be reached."""
    if not app.settings.public_url:
        return []
    for feed in Feed:
        with app.store.reading() as unit:
            new = unit.pushes.users_without(feed, BATCH)
        if new:
            _begin(app, feed, new)
    with app.store.reading() as unit:
        return unit.pushes.due(app.clock(), BATCH)


def _begin(app: App, feed: Feed, users: list[int]) -> None:
    now = app.clock()
    with app.store.writing() as unit:
        for user_id in users:
            secret = secrets.token_urlsafe(32)
            address = hashed(secret)
            unit.pushes.begin(user_id, feed, address, app.vault.seal(secret.encode(), push_context(address)), now)


def tend(app: App, push_id: int) -> PushView | None:
    """Look after one that is due, unless somebody else does; how it stands then, None when it was not due."""
    now = app.clock()
    with app.store.writing() as unit:
        if not unit.pushes.take(push_id, now, now + RETRIED):
            return None
        push = unit.pushes.get(push_id)
        assert push is not None
        user = unit.accounts.user(push.user_id)
    wanted = _wanted(app, user, Feed(push.feed))
    if wanted is None:
        _leave(app, user, push)
    else:
        _agree(app, push, wanted)
    with app.store.reading() as unit:
        return unit.pushes.get(push_id)


def drop(app: App, user_id: int) -> list[PushView]:
    """Give up those of a user; how they stand then. Where they are wanted they are made anew with the next look after
    them."""
    with app.store.reading() as unit:
        user, mine = unit.accounts.user(user_id), unit.pushes.of(user_id)
    for push in mine:
        _leave(app, user, push)
    with app.store.reading() as unit:
        return unit.pushes.of(user_id)


def renew(app: App, user_id: int) -> list[PushView]:
    """Look after those of a user now, whatever their moment; how they stand then."""
    for feed in Feed:
        _begin(app, feed, [user_id])
    with app.store.writing() as unit:
        unit.pushes.hurry(user_id, app.clock())
        mine = unit.pushes.of(user_id)
    return [stands for push in mine if (stands := tend(app, push.id)) is not None]


def _wanted(app: App, user: UserView, feed: Feed) -> Subscriptions | None:
    """How the mailbox can be listened to; None when that is not wanted, or not possible."""
    if user.status != "enabled" or not app.settings.public_url:
        return None
    if not wants(app.effective(user), feed):
        return None
    try:
        return app.mailbox(user, asked=False).pushes().get(feed)
    except NotConnectedError:
        return None


def _agree(app: App, push: PushView, subscriptions: Subscriptions) -> None:
    now = app.clock()
    held = _held(push) if push.kind == subscriptions.kind else None
    with app.store.writing() as unit:
        unit.pushes.set(push.id, state=PushState.PENDING, kind=subscriptions.kind.value)
    ear = Ear(app.settings.public_url.rstrip("/"), secret_of(app, push))
    try:
        made = _renewed(subscriptions, held, ear, app) if held is not None else subscriptions.subscribe(ear, now)
    except ConnectorError as error:
        code = error.vendor_code or error.fault.value
        log.warning("subscribing_failed", extra={"user": push.user_id, "feed": push.feed, "code": code})
        pause = error.retry_after or BACK_OFF[min(push.failures, len(BACK_OFF) - 1)]
        with app.store.writing() as unit:
            unit.pushes.set(
                push.id, state=PushState.FAILING, failures=push.failures + 1, error_code=code[:80],
                tend_at=app.clock() + pause,
            )  # fmt: skip
        return
    with app.store.writing() as unit:
        unit.pushes.set(
            push.id, state=PushState.LIVE, vendor_id=made.id, resource=made.resource, expires_at=made.until,
            failures=0, error_code="", tend_at=app.clock() + _spread(made.renew_after),
        )  # fmt: skip
        if held is None or held.id != made.id:
            unit.pushes.set(push.id, recent=[made.mark] if made.mark else [])
        if push.kind and (held is None or held.id != made.id):
            # between the old agreement and the new one something may have happened that nobody told
            unit.pushes.set(push.id, look_at=app.clock())


def _renewed(subscriptions: Subscriptions, held: Agreed, ear: Ear, app: App) -> Agreed:
    try:
        return subscriptions.renew(held, ear, app.clock())
    except ConnectorError as error:
        if error.fault is not Fault.NOT_FOUND:
            raise
    return subscriptions.subscribe(ear, app.clock())


def _leave(app: App, user: UserView, push: PushView) -> None:
    held = _held(push)
    if held is not None:
        try:
            subscriptions = app.mailbox(user, asked=False).pushes().get(Feed(push.feed))
            if subscriptions is not None and subscriptions.kind == push.kind:
                subscriptions.drop(held)
        except (ConnectorError, NotConnectedError) as error:
            # it ends by itself, and until then posts to an address that refuses it
            log.info("dropping_failed", extra={"user": push.user_id, "error": type(error).__name__})
    with app.store.writing() as unit:
        unit.pushes.set(
            push.id, state=PushState.OFF, vendor_id="", resource="", expires_at=None, look_at=None, failures=0,
            error_code="", tend_at=app.clock() + _spread(RECHECKED),
        )  # fmt: skip


def _held(push: PushView) -> Agreed | None:
    if not push.vendor_id or push.expires_at is None:
        return None
    return Agreed(push.vendor_id, push.expires_at, RECHECKED, push.resource)


def _spread(least: timedelta) -> timedelta:
    """At least so long, and up to a tenth longer: what was begun together is not renewed together."""
    return least * random.uniform(1.0, 1.1)
