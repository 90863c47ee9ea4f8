"""Operations and plans: what a run wants to write, as data, before anything is written.

An operation is known by an id made of what it does, to what, with which values; never of when or in which run.
So a preview and the run that follows it plan the very same operations, and a plan can be compared by its ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mapping.model.codec import canonical
from mapping.model.item import Fields, ItemKind, Pending, Side, Value
from mapping.model.series import SEPARATOR


class Act(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"  # a deleted record comes back under its own id
    MARK = "mark"  # categories and our key on a mailbox item
    RELATE = "relate"  # a relation row beside a CRM record (EventRelation, EmailMessageRelation)
    UNRELATE = "unrelate"
    MOVE = "move"  # a mailbox item to another folder role
    ATTACH = "attach"  # an attachment of a mailbox item to a CRM record


class Step(StrEnum):
    """When an operation is applied; steps run in this order, each in batches by act and target."""

    ACCOUNTS = "1-accounts"
    PEOPLE = "2-people"
    REMADE = "2-remade"  # records that are made anew, because they cannot be edited, go first
    ROOMS = "2-rooms"  # rooms of meetings that move are given back before the meetings move
    RECORDS = "3-records"
    RELATIONS = "4-relations"
    ITEMS = "5-items"  # the mailbox side: creates, updates, marks
    FILES = "5-uploads"  # attachments: after the marks, which need not wait for them, and before anything is moved
    DELETES = "6-deletes"
    AFTERWARDS = "7-afterwards"  # what only makes sense once the rest is done: clearing marks, moving mail back


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an operation, for people: what it is now and what it will be."""

    name: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Operation:
    """One write. `target`: Salesforce object or folder role. `pair_key`: the pair whose state follows from it.
    `ref`/`version`: the thing written to, when it exists; `@` and an operation: what that makes, or a date of it.
    `agreed`: baseline marks that hold once it is done. `mails`: how many people the vendor would mail because of it.
    `rule`/`reason`: who asked for it."""

    act: Act
    side: Side
    kind: ItemKind
    target: str
    step: Step
    rule: str
    reason: str
    key: str = ""
    pair_key: str = ""
    ref: str = ""
    version: str = ""
    values: Fields = field(default_factory=dict)
    changes: tuple[FieldChange, ...] = ()
    agreed: Mapping[str, str] = field(default_factory=dict)
    mails: int = 0
    after: tuple[str, ...] = ()  # operations that must be done first, beyond those whose ids stand in the values

    @property
    def id(self) -> str:
        """24 hex digits of SHA-256 over what it does, to what, with which values."""
        what = (self.act.value, self.side.value, self.kind.value, self.target, self.key, self.ref)
        body = "\x1f".join(what).encode() + b"\x1f" + canonical(self.values)
        return hashlib.sha256(body).hexdigest()[:24]

    @property
    def requires(self) -> frozenset[str]:
        """Operations that must be done before this one."""
        found = set(self.after) | {v.operation for v in _leaves(self.values.values()) if isinstance(v, Pending)}
        if self.ref.startswith("@"):
            found.add(self.ref[1:].partition(SEPARATOR)[0])
        return frozenset(found)


# Within a step: records first, then what hangs on them.
_ACTS = (Act.RESTORE, Act.CREATE, Act.UPDATE, Act.MOVE, Act.RELATE, Act.UNRELATE, Act.MARK, Act.ATTACH, Act.DELETE)


def order(ops: Iterable[Operation]) -> list[Operation]:
    """The operations as they are applied: by step, needed ones before those that need them, then by act and target."""
    given = {op.id: op for op in ops}
    depths: dict[str, int] = {}

    def depth(ident: str) -> int:
        if ident not in depths:
            op = given[ident]
            near = [each for each in op.requires if each in given and given[each].step is op.step]
            depths[ident] = 1 + max(map(depth, near), default=-1)
        return depths[ident]

    ranked = sorted(given, key=lambda i: (given[i].step, depth(i), _ACTS.index(given[i].act), given[i].target))
    return [given[ident] for ident in ranked]


def check(ops: Sequence[Operation]) -> None:
    """Refuse a plan that cannot be carried out, or that makes what it then deletes. Raises ValueError."""
    steps = {op.id: op.step for op in ops}
    made = {(op.side, op.pair_key) for op in ops if op.act is Act.CREATE and op.pair_key}
    for op in ops:
        unknown = sorted(op.requires - steps.keys())
        if unknown:
            raise ValueError(f"operation {op.id} waits for {', '.join(unknown)}, which nobody plans")
        late = sorted(each for each in op.requires if steps[each] > op.step)
        if late:
            raise ValueError(f"operation {op.id} of step {op.step} waits for a later step: {', '.join(late)}")
        if op.act is Act.DELETE and (op.ref.startswith("@") or (op.side, op.pair_key) in made):
            raise ValueError(f"operation {op.id} deletes what the same plan creates")


def _leaves(values: Iterable[Value]) -> Iterator[Value]:
    for value in values:
        if isinstance(value, tuple):
            yield from _leaves(value)
        else:
            yield value
