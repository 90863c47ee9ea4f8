"""Operations and plans: what a run wants to write, as data, before anything is written.

An operation is known by an id made of what it does, to what, with which values; never of when or in which run.
So a preview and the run that follows it plan the very same operations, and a plan can be compared by its ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mapping.model.codec import canonical
from mapping.model.item import Fields, ItemKind, Pending, Side, Value


class Act(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MARK = "mark"  # categories and our key on a mailbox item
    RELATE = "relate"  # a relation row beside a CRM record (EventRelation, EmailMessageRelation)
    UNRELATE = "unrelate"
    MOVE = "move"  # a mailbox item to another folder role


class Step(StrEnum):
    """When an operation is applied; steps run in this order, each in batches by act and target."""

    ACCOUNTS = "1-accounts"
    PEOPLE = "2-people"
    RECORDS = "3-records"
    RELATIONS = "4-relations"
    ITEMS = "5-items"  # the mailbox side: creates, updates, marks
    DELETES = "6-deletes"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an operation, for people: what it is now and what it will be."""

    name: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Operation:
    """One write. `target`: Salesforce object or folder role. `pair_key`: the pair whose state follows from it.
    `ref`/`version`: the thing written to, when it exists. `agreed`: baseline marks that hold once it is done.
    `mails`: how many people the vendor would mail because of it. `rule`/`reason`: who asked for it."""

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
            found.add(self.ref[1:])
        return frozenset(found)


def _leaves(values: Iterable[Value]) -> Iterator[Value]:
    for value in values:
        if isinstance(value, tuple):
            yield from _leaves(value)
        else:
            yield value
