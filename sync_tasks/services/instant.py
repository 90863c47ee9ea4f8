"""Runs asked for by what happens in a mailbox or in Salesforce, ahead of their time.

What a vendor tells is a hint: it only decides whether a run is asked for. Many hints ask for one run, our own writes
for none, and two runs that were asked for start at least as far apart as the organization wants.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Side
from mapping.model.notice import Notice
from mapping.rules import instant, scope
from mapping.rules.instant import Seen, Wish
from mapping.rules.settings import Effective
from sync_tasks.bootstrap import App
from sync_tasks.stages.categorize import facts
from sync_tasks.stages.kinds import Lineup
from sync_tasks.state.records import PairState, PairView, UserView

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """`due`: when the run that is asked for may start, None for none. `wishes`: what was made of each item, by id;
    empty when nobody needed to look."""

    due: datetime | None = None
    wishes: Mapping[str, Wish] = field(default_factory=dict)


def notified(app: App, user_id: int, notices: Iterable[Notice]) -> Heard:
    """Ask for a run when one of the notices is a reason to; of each item the last one counts.

    While a run is asked for already nothing is looked at. Else it costs one vendor call for all items that have to be.
    Raises ConnectorError or NotConnectedError when the mailbox cannot be asked; the regular run comes anyway.
    """
    with app.store.reading() as unit:
        user = unit.accounts.user(user_id)
    if user.status != "enabled":
        return Heard()
    if user.force_pending:
        return Heard(user.next_sync_at)
    settings = app.effective(user)
    last = {notice.ref.id: notice for notice in notices}
    wishes = _wishes(app, user, settings, list(last.values()))
    asking = [wish for wish in wishes.values() if wish.asks]
    log.info("notices_heard", extra={"user": user.id, "items": len(wishes), "asking": len(asking)})
    return Heard(_ask(app, user, settings) if asking else None, wishes)


def event_created(app: App, org_id: int, owner_id: str) -> datetime | None:
    """An event was created in Salesforce (INS-9): its owner's run is asked for, if it would show the event. Returns the
    moment when that may start."""
    with app.store.reading() as unit:
        user = unit.accounts.by_crm_user(org_id, owner_id)
    if user is None or user.status != "enabled":
        return None
    settings = app.effective(user)
    return _ask(app, user, settings) if settings.bool("events.down") else None


def _ask(app: App, user: UserView, settings: Effective) -> datetime:
    apart = timedelta(seconds=max(app.settings.force_floor_seconds, settings.int("instant.coalesce_seconds")))
    with app.store.writing() as unit:
        return unit.accounts.force(user.id, app.clock(), apart)


def _wishes(app: App, user: UserView, settings: Effective, notices: Sequence[Notice]) -> dict[str, Wish]:
    """What each item's notice asks for."""
    known = _Known.of(app, user, settings, notices)
    seen = {notice: known.seen(notice) for notice in notices}
    wishes = {n.ref.id: wish for n in notices if (wish := instant.judge_unread(seen[n], settings)) is not None}
    left = [notice for notice in notices if notice.ref.id not in wishes]
    if not left:
        return wishes
    answers = app.mailbox(user, asked=False).read([notice.ref for notice in left], Detail.HEAD)
    items = {ref: answer for ref, answer in answers.items() if isinstance(answer, Item)}
    known = _Known.of(app, user, settings, left, items.values())  # anew: a run may have ended its writing meanwhile
    company = app.company(user, settings)
    for notice in left:
        item = items.get(notice.ref)
        now = known.seen(notice, item)
        if item is not None and notice.ref.kind is ItemKind.EVENT and not now.own:
            decision = scope.event_from_mailbox(item, now.pair, company.book, company.me, settings, app.clock())
            now = replace(now, decision=decision)
        wishes[notice.ref.id] = instant.judge(now, settings)
    return wishes


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store knows of the items. `members`: pairs of the occurrences of a series, by the id of its master.
    `by_key`: pairs by the key that an item bears. `writing`: ids of items and keys of pairs that a run writes now."""

    settings: Effective
    pairs: Mapping[str, PairView]
    members: Mapping[str, Sequence[PairView]]
    by_key: Mapping[str, PairView]
    writing: frozenset[str]

    @classmethod
    def of(
        cls, app: App, user: UserView, settings: Effective, notices: Iterable[Notice], items: Iterable[Item] = ()
    ) -> _Known:
        ids = [notice.ref.id for notice in notices]
        keys = [key for item in items if (key := item.text(f.KEY))]
        with app.store.reading() as unit:
            pairs, by_key = unit.pairs.by_mailbox(user.id, ids), unit.pairs.by_key(user.id, keys)
            members, writing = unit.pairs.of_series(user.id, ids), unit.plans.writing(user.id, Side.MAILBOX)
        return cls(settings, pairs, members, by_key, writing)

    def seen(self, notice: Notice, item: Item | None = None) -> Seen:
        pair = self.pairs.get(notice.ref.id)
        return Seen(notice, facts(pair), self._is_own(notice, item), self._is_undone(notice, pair), item)

    def _is_own(self, notice: Notice, item: Item | None) -> bool:
        """Is a run writing the item now, or is it at a version that our write returned? What we created is known by its
        key until its id is."""
        if notice.ref.id in self.writing:
            return True
        version = item.version if item is not None else notice.version
        pairs = [self.pairs.get(notice.ref.id), *self.members.get(notice.ref.id, ())]
        if version and version in {pair.mailbox_version for pair in pairs if pair is not None}:
            return True
        key = item.text(f.KEY) if item is not None else ""
        made = self.by_key.get(key)
        return key in self.writing or (made is not None and made.state == PairState.PENDING and not made.mailbox_id)

    def _is_undone(self, notice: Notice, pair: PairView | None) -> bool:
        if notice.ref.kind is not ItemKind.EVENT:
            return False
        return Lineup(self.settings).of_item(notice.ref, pair).authority(self.settings) is Side.CRM
