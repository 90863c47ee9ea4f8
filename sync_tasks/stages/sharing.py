"""Who else of the organization has a copy of a meeting: told by the pairs, which know all users of the organization."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mapping.model.item import Item, ItemKind, Side
from mapping.rules import roles
from mapping.rules.kinds import organizer_of
from mapping.rules.roles import Leader
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who else of the organization has a live pair for a key: the one who leads, and all of them with their pairs."""

    leader: Leader | None = None
    others: tuple[tuple[int, PairView], ...] = ()


def leading(ctx: StageContext, works: Iterable[Work]) -> dict[str, Leader]:
    """For each key of a calendar item the colleague whose live pair writes its record."""
    items = {w.key: w.item for w in works if w.side is Side.MAILBOX and w.kind is ItemKind.EVENT and w.item is not None}
    return {key: sharing.leader for key, sharing in sharings(ctx, items).items() if sharing.leader is not None}


def sharings(ctx: StageContext, items: Mapping[str, Item | None]) -> dict[str, Sharing]:
    """Who else of the organization shares the meetings with these keys."""
    addresses = {each.user_id: each.addresses for each in ctx.colleagues}
    if not items or not addresses:
        return {}
    with ctx.store.reading() as unit:
        holders = unit.pairs.holders(ctx.user.org_id, items)
    found: dict[str, Sharing] = {}
    for key, pairs in holders.items():
        others = tuple((user, pair) for user, pair in pairs if user != ctx.user.id and pair.state == PairState.LIVE)
        claims = [
            Leader(user, addresses.get(user, frozenset()), pair.crm_id, pair.crm_object)
            for user, pair in others
            if pair.role != roles.GUEST
        ]
        item = items[key]
        found[key] = Sharing(roles.choose(claims, "" if item is None else organizer_of(item)), others)
    return found
