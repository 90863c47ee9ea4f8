"""What is kept sealed beside a planned operation: the values to write and what follows from success."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from mapping.merge.plan import Operation
from mapping.model.codec import dumps, loads
from mapping.model.item import Fields, ItemKind, ItemRef, Pending, Side, Value
from sync_tasks.state.records import OpView


@dataclass(frozen=True, slots=True)
class Origin:
    """Which item an operation is for: a failure is shown there. `retrying`: an earlier try may have happened."""

    ref: ItemRef
    retrying: bool = False


@dataclass(frozen=True, slots=True)
class Payload:
    """What is sealed beside an operation row: the values to write and what follows from success."""

    values: Fields
    agreed: Mapping[str, str]
    key: str
    version: str
    origin: ItemRef
    retrying: bool

    @classmethod
    def of(cls, op: Operation, origin: Origin) -> Payload:
        return cls(op.values, op.agreed, op.key, op.version, origin.ref, origin.retrying)

    def dump(self) -> bytes:
        o = self.origin
        body = {
            "values": dumps(self.values).decode(), "agreed": dict(self.agreed), "key": self.key,
            "version": self.version, "origin": [o.side.value, o.kind.value, o.id, o.container],
            "retrying": self.retrying,
        }  # fmt: skip
        return json.dumps(body).encode()

    @classmethod
    def load(cls, blob: bytes) -> Payload:
        body = json.loads(blob)
        side, kind, ref_id, container = body["origin"]
        return cls(
            loads(body["values"].encode()), body["agreed"], body["key"], body["version"],
            ItemRef(Side(side), ItemKind(kind), ref_id, container), body["retrying"],
        )  # fmt: skip


Ready = tuple[OpView, Payload]  # an operation whose values are all known


def filled(value: Value, results: Mapping[str, str]) -> Value:
    """A value with the ids that its operations yielded in place of the pending ones."""
    if isinstance(value, Pending):
        return results[value.operation]
    if isinstance(value, tuple):
        return tuple(filled(v, results) for v in value)
    return value


def id_of(record_id: str) -> str | Pending:
    """A person's id as a value: an existing id, or the operation that will yield it."""
    return Pending(record_id[1:]) if record_id.startswith("@") else record_id
