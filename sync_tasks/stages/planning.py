"""The draft of a plan: operations, what is to be written about pairs, and decisions taken on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any

from connectors.protocols import Can
from mapping.merge.fields import Conflict
from mapping.merge.plan import Operation
from mapping.model.item import ItemKind, ItemRef, Side
from mapping.model.people import AccountRecord, PersonRecord
from mapping.model.reasons import CODES, Reason
from mapping.rules.scope import Decision, Outcome
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.payload import Origin
from sync_tasks.stages.sharing import Sharing
from sync_tasks.state.records import ConflictView, DecisionView
from sync_tasks.state.store import Unit


@dataclass(slots=True)
class Draft:
    ctx: StageContext
    people: Mapping[str, tuple[PersonRecord, ...]]
    accounts: Mapping[str, Sequence[AccountRecord]] = field(default_factory=dict)  # by the name of the company
    sharings: Mapping[str, Sharing] = field(default_factory=dict)  # by pair key: who else has a copy of the meeting
    conflicts: Mapping[str, Sequence[ConflictView]] = field(default_factory=dict)  # by pair key: those that are open
    disputes: dict[str, tuple[Conflict, ...]] = field(default_factory=dict)  # of each pair merged: left to a person
    kinds: dict[str, ItemKind] = field(default_factory=dict)  # of each pair merged
    adopted: Mapping[str, str] = field(default_factory=dict)  # by pair key: the record that a new item adopts
    rooms: Mapping[str, str] = field(default_factory=dict)  # the ids of rooms that Salesforce knows, by name
    unsent: int = 0  # mails to attendees that the mailbox does not send because we tell it so
    renewed: set[str] = field(default_factory=set)  # pair keys of mails whose record is made once more
    files: dict[str, set[int]] = field(default_factory=dict)  # by pair key: attachments to save, see `plan_files`
    operations: list[tuple[Operation, Origin]] = field(default_factory=list)
    decisions: list[DecisionView] = field(default_factory=list)
    _later: list[tuple[int, ItemRef, datetime, Reason]] = field(default_factory=list)
    _kept: list[tuple[str, ItemRef, Reason]] = field(default_factory=list)
    _failed: list[tuple[str, ItemRef, Reason]] = field(default_factory=list)
    _pairs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, operation: Operation, origin: ItemRef, *, retrying: bool = False) -> str:
        """Plan an operation on behalf of the item that asked for it; returns its id. Where the mailbox mails
        nobody when told so, nobody is mailed."""
        if operation.mails and self.is_silent:
            self.unsent += operation.mails
            operation = replace(operation, mails=0)
        self.operations.append((operation, Origin(origin, retrying)))
        return operation.id

    @property
    def is_silent(self) -> bool:
        """Does the mailbox write without mailing anybody?"""
        return Can.SILENT_WRITE in self.ctx.mailbox.can

    def pair(self, key: str, **values: Any) -> None:
        """Note what is to be written about a pair together with the plan; `marks` come together, by name."""
        noted = self._pairs.setdefault(key, {})
        if "marks" in values:
            values["marks"] = {**noted.get("marks", {}), **values["marks"]}
        noted.update(values)

    def dispute(self, key: str, kind: ItemKind, conflicts: Iterable[Conflict]) -> None:
        """Note of a pair that was merged which fields a person has to decide; perhaps none."""
        self.kinds[key] = kind
        self.disputes[key] = tuple(each for each in conflicts if each.won is None)

    @property
    def notes(self) -> Mapping[str, Mapping[str, Any]]:
        """What is to be written about pairs, by key."""
        return self._pairs

    def forget(self, keys: Collection[str], ids: Collection[str] = ()) -> None:
        """Drop all that was planned for these pairs, these operations, and whatever waits for one of them."""
        dropped = set(ids)
        kept = []
        for op, origin in self.operations:
            if op.pair_key in keys or op.id in dropped or op.requires & dropped:
                dropped.add(op.id)
            else:
                kept.append((op, origin))
        self.operations[:] = kept
        self.decisions[:] = [each for each in self.decisions if each.key not in keys]
        self._kept[:] = [each for each in self._kept if each[0] not in keys]
        self._failed[:] = [each for each in self._failed if each[0] not in keys]
        for key in keys:
            self._pairs.pop(key, None)
            self.disputes.pop(key, None)

    def write_pairs(self, unit: Unit) -> None:
        user = self.ctx.user
        unit.pairs.put(user.org_id, user.id, self.ctx.now(), list(self._pairs.items()))

    def look_again(self, ref: ItemRef, day: date, reason: Reason) -> None:
        """Have the item read on that day although nothing will have reported it."""
        self._later.append((self.ctx.user.id, ref, datetime.combine(day, time(), UTC), reason))

    def ask_other(self, user_id: int, ref: ItemRef, reason: Reason) -> None:
        """Have a colleague's next run read his copy of a meeting."""
        self._later.append((user_id, ref, self.ctx.now(), reason))

    def write_retries(self, unit: Unit) -> None:
        for user_id, ref, moment, reason in self._later:
            unit.trail.retry_later(
                user_id, side=ref.side.value, kind=ref.kind.value, ref=ref.id, container=ref.container,
                reason=reason.value, attempts=0, run_id=self.ctx.ref.id, not_before=moment,
            )  # fmt: skip

    def quarantine(self, key: str, ref: ItemRef, reason: Reason) -> None:
        """Leave something as it is, and tell a person, who has to decide."""
        self._kept.append((key, ref, reason))

    def fail(self, key: str, ref: ItemRef, reason: Reason) -> None:
        """Something cannot be planned now: tell a person, and try again later."""
        self._failed.append((key, ref, reason))

    def write_failures(self, unit: Unit) -> None:
        for key, ref, reason in self._kept:
            self.ctx.note_quarantined(unit, ref, CODES.get(reason, reason.value), key=key)
        for key, ref, reason in self._failed:
            self.ctx.note_failure(unit, ref, CODES.get(reason, reason.value), key=key)

    def decide(
        self, side: Side, kind: ItemKind, ref: str, key: str, outcome: Outcome, reason: Reason, rule: str, **detail: str
    ) -> None:
        decision = Decision(outcome, reason, rule, detail)
        self.decisions.append(self.ctx.decision_row("mirror", side, kind, ref, key, decision, self.ctx.now()))
