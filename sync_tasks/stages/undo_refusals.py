"""What an undo leaves as it stands, and in which fields that differs from what the run had left there.

It is sealed in the undo's own journal and shredded with it. Of private items only the names of the fields are kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from mapping.model import fields as f
from mapping.model.codec import dumps, loads
from mapping.model.item import MISSING, Item, Side, Value
from mapping.model.reasons import Reason
from mapping.rules.decision import Outcome, is_private
from sync_tasks.stages.imaging import Images
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.undo_reading import Thing, same

RULE = "TOP-6"
# what servers write themselves, and what names things
_SERVERS = frozenset({
    "Id", "OwnerId", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp",
    f.KEY, f.UID, f.CREATED, f.MODIFIED, f.ITEM_CLASS, f.HTML,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """`run`: what the run left there; `now`: what stands there; both None where that is private."""

    field: str
    run: Value
    now: Value
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """`of`: side and id of the thing."""

    of: tuple[str, str]
    changes: tuple[Change, ...]

    def dump(self) -> bytes:
        told = [[each.field, each.is_private, dumps({"run": each.run, "now": each.now}).decode()]
                for each in self.changes]  # fmt: skip
        return json.dumps({"refused": self.of, "changes": told}).encode()


def changes(thing: Thing) -> list[Change]:
    """In what a thing differs from how the run left it. Of something that the run made and somebody added to it is
    that, when all that was written stands as it was."""
    now = thing.now
    if now is None:
        return []
    written = {name: value for name, value in thing.written.items() if name != "folder"}
    found = [
        Change(name, value, now.get(name))
        for name, value in written.items() if now.get(name) is not MISSING and not same(value, now.get(name))
    ]  # fmt: skip
    if found or not (thing.made and thing.objection is Reason.UNDO_CHANGED):
        return found
    return [
        Change(name, None, value)
        for name, value in now.fields.items()
        if value and isinstance(value, str | tuple) and name not in written.keys() | _SERVERS
    ]


def tell(draft: Draft, things: Sequence[Thing]) -> Images:
    """Decide on what is left, in the draft; returns the values that were found different, to be kept."""
    kept = Images()
    private = {each.key for each in things if each.key and _hides(each.now)}
    for each in things:
        reason = each.objection or (Reason.UNDO_FOUND if each.found else None)
        if reason is None:
            continue
        draft.decide(each.side, each.kind, each.id, each.key, Outcome.SKIP, reason, RULE)
        found = changes(each) if each.objection is not None else []
        if each.key in private or _hides(each.now):
            found = [Change(change.field, None, None, is_private=True) for change in found]
        if found:
            kept.refused[each.ops[0].op_id] = Refusal((each.side.value, each.id), tuple(found)).dump()
    return kept


def _hides(now: Item | None) -> bool:
    return now is not None and (is_private(now) if now.ref.side is Side.MAILBOX else now.get("IsPrivate") is True)


def read(blob: bytes) -> Refusal | None:
    """What `tell` kept; None for what an operation of the undo wrote over."""
    body = json.loads(blob)
    if "refused" not in body:
        return None
    side, ident = body["refused"]
    told = [(name, private, loads(values.encode())) for name, private, values in body["changes"]]
    return Refusal((side, ident), tuple(Change(n, values["run"], values["now"], p) for n, p, values in told))
