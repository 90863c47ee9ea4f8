"""Trying again on demand what failed or was left alone: single items, or all of a run. They are read anew with the next
run, and go through every rule with the settings and the program of now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from mapping.model.item import ItemKind, Side
from sync_tasks.bootstrap import App
from sync_tasks.services import scheduling
from sync_tasks.services.standing import CONSOLE
from sync_tasks.stages.kinds import MIRRORED
from sync_tasks.state.records import RetryView, UserView
from sync_tasks.state.store import Unit

REPLAYED = "replayed"  # why an item is looked at again, where nothing had failed


@dataclass(frozen=True, slots=True)
class Replayed:
    """An item that the next run of the user looks at. `due`: when that is."""

    user: str
    side: str
    kind: str
    ref: str
    due: datetime


def items(
    app: App, users: Collection[UserView], refs: Collection[str], keys: Collection[str], *, by: str = CONSOLE
) -> list[Replayed]:  # fmt: skip
    """Have the next run of each of these users look at the items that bear one of these names and are his."""
    return [each for user in users for each in _back(app, user, refs, keys, None, by)]


def run(app: App, user: UserView, run_id: int, *, by: str = CONSOLE) -> list[Replayed]:
    """Have the next run of the user look at everything that failed in that run, and did not go through since."""
    return _back(app, user, (), (), run_id, by)


def _back(
    app: App, user: UserView, refs: Collection[str], keys: Collection[str], run_id: int | None, by: str
) -> list[Replayed]:  # fmt: skip
    now = app.clock()
    with app.store.writing() as unit:
        if run_id is not None:
            found = unit.trail.replay_run(user.id, run_id, now)
        else:
            pairs = unit.pairs.by_key(user.id, keys).values()
            named = {*refs, *(pair.mailbox_id for pair in pairs), *(pair.crm_id for pair in pairs)}
            found = unit.trail.replay(user.id, named, now) or _unfailed(unit, user, named, now)
        for each in found:
            unit.accounts.audit(now, by, "item.replay", user.address, side=each.side, kind=each.kind, ref=each.ref)
    if not found:
        return []
    due = scheduling.force(app, user.id)
    return [Replayed(user.address, each.side, each.kind, each.ref, due) for each in found]


def _unfailed(unit: Unit, user: UserView, refs: Collection[str], now: datetime) -> list[RetryView]:
    """Items that did not fail, but are linked or were left alone: the next run reads them as if they had changed."""
    places = {pair.mailbox_id: (pair.kind, pair.folder) for pair in unit.pairs.by_mailbox(user.id, refs).values()}
    for issue in unit.trail.issues(user.id):
        if issue.ref in refs and issue.side == Side.MAILBOX and issue.kind == ItemKind.EVENT:
            places.setdefault(issue.ref, (issue.kind, MIRRORED[ItemKind.EVENT].folders[0]))
    for ref, (kind, folder) in places.items():
        unit.trail.retry_later(
            user.id, side=Side.MAILBOX.value, kind=kind, ref=ref, container=folder, reason=REPLAYED, not_before=now,
            attempts=0, run_id=0,
        )  # fmt: skip
    return list(unit.trail.retries_for(user.id, Side.MAILBOX.value, places).values())
