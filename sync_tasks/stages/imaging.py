"""Before-images: what a plan is about to overwrite or take away, kept sealed for a while so that `undo` can put it
back.

Nearly all of it was read to make the plan, so it costs no vendor call; the rest is read now. Kept is what operations
write over, and of what they delete all that was read. What a run makes needs no image of before, but what it wrote is
kept, to tell later whether somebody has changed it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from connectors.protocols import Detail, Endpoint
from mapping.merge.plan import Act, Operation
from mapping.model import fields as f
from mapping.model.codec import dumps, loads
from mapping.model.item import MISSING, Attendee, Fields, Item, ItemRef, Side
from mapping.rules.attendees import crm_status
from sync_tasks.security.keys import KEY_BYTES
from sync_tasks.security.vault import KeptBox, RunBox
from sync_tasks.stages import undo_series
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.payload import Origin
from sync_tasks.stages.undo_series import Parts
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairView
from sync_tasks.state.store import Unit

OVERWRITES = frozenset({Act.UPDATE, Act.MARK})
TAKES_AWAY = frozenset({Act.DELETE})

Planned = Sequence[tuple[Operation, Origin]]
Items = Mapping[tuple[Side, str], Item]


@dataclass(frozen=True, slots=True)
class Image:
    """`before`: what stood where the operation writes, None when nobody knows. `written`: what it wrote. `place`: the
    folder or object where the item stood. `pair`: the pair before the plan, None when there was none. `origin`: id of
    the item for which it was done. `parts`: of a series that is deleted, what single dates had of their own."""

    before: Fields | None
    written: Fields
    place: str
    origin: str
    pair: PairView | None
    parts: Parts = field(default_factory=dict)

    def dump(self) -> bytes:
        return json.dumps(
            {
                "before": None if self.before is None else dumps(self.before).decode(),
                "written": dumps(self.written).decode(), "place": self.place, "origin": self.origin,
                "pair": None if self.pair is None else _dump_pair(self.pair),
                "parts": {date: dumps(values).decode() for date, values in self.parts.items()},
            }
        ).encode()  # fmt: skip

    @classmethod
    def load(cls, blob: bytes) -> Image:
        body = json.loads(blob)
        return cls(
            None if body["before"] is None else loads(body["before"].encode()), loads(body["written"].encode()),
            body["place"], body["origin"], None if body["pair"] is None else _load_pair(body["pair"]),
            {date: loads(values.encode()) for date, values in body.get("parts", {}).items()},
        )  # fmt: skip


@dataclass(slots=True)
class Images:
    """The images of a plan, by operation, before they are written. `refused`: of an undo, by operation of the run that
    it does not take back, what it found changed there."""

    found: dict[str, Image] = field(default_factory=dict)
    refused: dict[str, bytes] = field(default_factory=dict)

    def keep(self, ctx: StageContext, unit: Unit) -> None:
        """Write them with the plan, in its transaction."""
        days = ctx.settings.int("undo.keep_days")
        told = {op_id: image.dump() for op_id, image in self.found.items()} | self.refused
        if not told or days <= 0:
            return
        wrapped = unit.journal.key(ctx.ref.id)
        if wrapped is None:
            wrapped = ctx.kept.seal(os.urandom(KEY_BYTES), context_of(ctx.ref.id))
        box = box_of(ctx.kept, ctx.ref.id, wrapped)
        sealed = {op_id: box.seal(blob, op_id.encode()) for op_id, blob in told.items()}
        unit.journal.keep(ctx.user.id, ctx.ref.id, wrapped, ctx.now() + timedelta(days=days), sealed)


def context_of(run_id: int) -> str:
    return f"journal:{run_id}"


def box_of(kept: KeptBox, run_id: int, wrapped: bytes) -> RunBox:
    return RunBox(kept.open(wrapped, context_of(run_id)))


def take(ctx: StageContext, planned: Planned, works: Iterable[Work], pairs: Mapping[str, PairView]) -> Images:
    """The images of planned operations. `works`: all that was read for the plan; `pairs`: as they were before it."""
    if ctx.preview or ctx.settings.int("undo.keep_days") <= 0 or not planned:
        return Images()
    items: dict[tuple[Side, str], Item] = {(w.side, w.ref.id): w.item for w in works if w.item is not None}
    items |= _read(ctx, planned, items)
    keys = {op.pair_key for op, _ in planned if op.pair_key} - pairs.keys()
    with ctx.store.reading() as unit:
        known = {**unit.pairs.by_key(ctx.user.id, keys), **pairs}
    gone = [items[op.side, op.ref] for op, _ in planned if op.act in TAKES_AWAY and (op.side, op.ref) in items]
    parts = undo_series.parts(ctx.mailbox, [each for each in gone if each.ref.side is Side.MAILBOX])
    found = Images()
    for op, origin in planned:
        item = items.get((op.side, op.ref))
        place = item.ref.container if item is not None else op.target
        before = _relation(op, items) if op.act is Act.UNRELATE else _before(op, item)
        own = parts.get(op.ref, {}) if op.act in TAKES_AWAY and op.side is Side.MAILBOX else {}
        image = Image(before, op.values, place, origin.ref.id, known.get(op.pair_key), own)
        found.found[op.id] = image
    return found


def _before(op: Operation, item: Item | None) -> Fields | None:
    """What stands where the operation writes; None when a part of it was not told. A key that is not told is none."""
    if op.act in TAKES_AWAY:
        return None if item is None else {name: v for name, v in item.fields.items() if v is not MISSING}
    if op.act not in OVERWRITES:
        return {}
    told = dict(item.fields) if item is not None else {c.name: c.before for c in op.changes}
    told = {name: value for name, value in told.items() if value is not MISSING}
    if f.KEY in op.values:
        told.setdefault(f.KEY, None)
    return {name: told[name] for name in op.values} if op.values.keys() <= told.keys() else None


def _relation(op: Operation, items: Items) -> Fields | None:
    """The link of a person to an event, as the event told it; None when it did not."""
    for (side, _), item in items.items():
        ids = item.get("InviteeIds") if side is Side.CRM else MISSING
        for told in ids if isinstance(ids, tuple) else ():
            if isinstance(told, tuple) and told[0] == op.ref:
                guests = item.get("Invitees")
                status = next(
                    (crm_status(g.response) for g in (guests if isinstance(guests, tuple) else ())
                     if isinstance(g, Attendee) and g.address == told[2]),
                    "New",
                )  # fmt: skip
                return {"EventId": item.ref.id, "RelationId": told[1], "Status": status}
    return None


def _read(ctx: StageContext, planned: Planned, items: Items) -> dict[tuple[Side, str], Item]:
    """What the plan writes to without having read it."""
    unknown: dict[Side, list[ItemRef]] = {}
    for op, _ in planned:
        acts = op.act in OVERWRITES or op.act in TAKES_AWAY
        if acts and not op.ref.startswith("@") and _before(op, items.get((op.side, op.ref))) is None:
            unknown.setdefault(op.side, []).append(ItemRef(op.side, op.kind, op.ref, op.target))
    endpoints: Mapping[Side, Endpoint] = {Side.MAILBOX: ctx.mailbox, Side.CRM: ctx.crm}
    found: dict[tuple[Side, str], Item] = {}
    for side, refs in unknown.items():
        for ref, answer in endpoints[side].read(list(dict.fromkeys(refs)), Detail.BODY).items():
            if isinstance(answer, Item):
                found[side, ref.id] = answer
    return found


def _dump_pair(pair: PairView) -> dict[str, object]:
    ends = pair.ends_at
    return {
        **asdict(pair), "marks": dict(pair.marks), "people": sorted(pair.people),
        "ends_at": None if ends is None else ends.isoformat(),
    }  # fmt: skip


def _load_pair(body: dict[str, object]) -> PairView:
    ends, people = body["ends_at"], body["people"]
    told = {
        "people": frozenset(people) if isinstance(people, list) else frozenset(),
        "ends_at": datetime.fromisoformat(ends) if isinstance(ends, str) else None,
    }
    return PairView(**{**body, **told})  # type: ignore[arg-type]
