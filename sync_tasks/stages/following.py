"""What became of items that vanished from a watched folder: moved, or deleted.

A mailbox gives an item that is moved a new id, so its old place tells of a deletion and its new one, if it is watched,
of something new. The key that we stamped on it goes along and tells that it is the same. The vendor is asked only when
something vanished, or when a key turned up on an item that is not its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import DELETED, Item, ItemKind, ItemRef, Side
from mapping.model.reasons import Reason
from mapping.rules import series
from mapping.rules.decision import Decision, Outcome
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.kinds import MIRRORED
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView


@dataclass(frozen=True, slots=True)
class Gone:
    """The item of a live pair that is not where it was. `because`: what it means if the item is nowhere else."""

    ref: ItemRef
    pair: PairView
    because: Decision | None = None

    @property
    def deleted(self) -> Work:
        return Work(Side.MAILBOX, self.ref.kind, self.ref, deleted=True, key=self.pair.key, decision=self.because)


def follow(ctx: StageContext, works: Iterable[Work], gone: Sequence[Gone]) -> list[Work]:
    """The works for what vanished. Of the works given, those of mere copies lose the key that they bear."""
    moved = _turned_up(ctx, works, {each.ref.id for each in gone})
    lost = [each for each in gone if each.pair.key not in moved]
    if not lost:
        return []
    places = ctx.mailbox.find(each.pair.key for each in lost)
    found: dict[ItemRef, Gone] = {}
    told: list[Work] = []
    for each in lost:
        place = places.get(each.pair.key)
        if place is None or place.container == DELETED or place.kind is not each.ref.kind:
            told.append(each.deleted)
        elif series.MARK in each.pair.marks:
            told.append(replace(each.deleted, decision=Decision(Outcome.RELEASE, Reason.MOVED_OUT, "DEL-4")))
        else:
            found[place] = each
    return told + _read(ctx, found)


def _read(ctx: StageContext, found: dict[ItemRef, Gone]) -> list[Work]:
    """The items that stand elsewhere now; what that means is for the rules to say."""
    answers = ctx.mailbox.read(list(found), Detail.HEAD) if found else {}
    told: list[Work] = []
    for ref, each in found.items():
        answer = answers.get(ref)
        if isinstance(answer, Item):
            told.append(Work(Side.MAILBOX, ref.kind, ref, item=answer))
        elif answer is None:
            told.append(each.deleted)
        else:
            ctx.item_failed(ref, answer)
    return told


def _turned_up(ctx: StageContext, works: Iterable[Work], vanished: set[str]) -> set[str]:
    """The keys whose items were moved to another watched folder. An item that bears the key of another one that is
    still there is a copy: it loses the key here, and is treated as the new item that it is."""
    bearers: dict[str, list[Work]] = {}
    for work in works:
        if work.item is not None and _is_stamped(work.item):
            bearers.setdefault(work.item.text(f.KEY), []).append(work)
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_key(ctx.user.id, bearers)
    owners = {key: pair for key, pair in pairs.items() if pair.state == PairState.LIVE and pair.mailbox_id}
    strangers = {
        key: others for key, pair in owners.items()
        if (others := [work for work in bearers[key] if work.ref.id != pair.mailbox_id])
    }  # fmt: skip
    staying = _still_there(ctx, (owners[key] for key in strangers), works, vanished)
    for key, others in strangers.items():
        for work in others[0 if key in staying else 1 :]:
            assert work.item is not None
            work.item = replace(work.item, fields={n: v for n, v in work.item.fields.items() if n != f.KEY})
            work.copied = True
    return strangers.keys() - staying


def _is_stamped(item: Item) -> bool:
    """Does it bear a key of its own? (An occurrence shows that of its series.)"""
    ours = item.ref.side is Side.MAILBOX and item.ref.kind in MIRRORED
    return ours and bool(item.text(f.KEY)) and not series.is_part(item)


def _still_there(
    ctx: StageContext, pairs: Iterator[PairView], works: Iterable[Work], vanished: set[str]
) -> frozenset[str]:  # fmt: skip
    """The keys of the pairs whose items are where they were."""
    told = {work.ref.id for work in works if work.side is Side.MAILBOX and not work.deleted}
    asked: dict[ItemRef, str] = {}
    staying: set[str] = set()
    for pair in pairs:
        if pair.mailbox_id in told:
            staying.add(pair.key)
        elif pair.mailbox_id not in vanished:
            asked[ItemRef(Side.MAILBOX, ItemKind(pair.kind), pair.mailbox_id, pair.folder)] = pair.key
    answers = ctx.mailbox.read(list(asked), Detail.HEAD) if asked else {}
    return frozenset(staying | {key for ref, key in asked.items() if ref in answers})
