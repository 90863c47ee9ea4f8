"""Writing to a mailbox: one verb, one folder, batches whose items succeed or fail each by itself, and never a mail.

Every call says SendToNone. Whether people are told is decided by the application, not as a side effect of syncing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange import display_names, wire
from connectors.exchange.codec import MODELS, UnwritableError, encode
from connectors.exchange.folders import KINDS
from connectors.exchange.line import Line
from connectors.exchange.properties import ATTRIBUTE
from connectors.exchange.rows import assembled
from connectors.protocols import Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Fields, ItemKind

_CREATABLE = (ItemKind.EVENT, ItemKind.TASK, ItemKind.CONTACT)


def apply(line: Line, writes: Sequence[Write]) -> list[Outcome]:
    """Apply writes of one verb and one target. Raises `ConnectorError` when nothing was written."""
    if not writes:
        return []
    return _VERBS[writes[0].verb](line, writes)


class _Batch:
    """The outcomes of a list of writes, found bit by bit."""

    def __init__(self, line: Line, writes: Sequence[Write]) -> None:
        self.line = line
        self.writes = writes
        self._outcomes: dict[int, Outcome] = {}
        self._told = False  # has a call that writes been answered?

    @property
    def open(self) -> list[int]:
        return [at for at in range(len(self.writes)) if at not in self._outcomes]

    def settle(self, at: int, outcome: Outcome) -> None:
        self._outcomes[at] = outcome

    def fail(self, at: int, fault: Fault, detail: str, *fields: str) -> None:
        self.settle(at, Outcome(error=ConnectorError(fault, detail, scope=Scope.ITEM, fields=fields)))

    def send(
        self, which: Sequence[int], action: Callable[[], Sequence[Any]], outcome: Callable[[int, Any], Outcome]
    ) -> None:
        """Send one call for some of the writes. A call that fails as a whole is raised, unless some of the batch is
        written already or may be: then each of its writes carries the error."""
        if not which:
            return
        try:
            answers = self.line.matched(self.line.call(action, writing=True), len(which), otherwise=Fault.UNKNOWN)
        except ConnectorError as error:
            if error.fault is not Fault.UNKNOWN and not self._told:
                raise
            for at in which:
                self.settle(at, Outcome(error=error))
            return
        self._told = True
        for at, answer in zip(which, answers, strict=True):
            failed = isinstance(answer, Exception)
            self.settle(at, self.line.failed(answer) if failed else outcome(at, answer))

    def outcomes(self) -> list[Outcome]:
        return [self._outcomes[at] for at in range(len(self.writes))]

    def encoded(self, values_of: Callable[[Write], Fields]) -> dict[int, dict[str, Any]]:
        """The open writes as exchangelib values; one that Exchange cannot take is settled as INVALID."""
        made: dict[int, dict[str, Any]] = {}
        for at in self.open:
            write = self.writes[at]
            try:
                made[at] = encode(write.kind, values_of(write), self.line.zone, self.line.version)
            except UnwritableError as error:
                self.fail(at, Fault.INVALID, "Exchange cannot take the value", error.name)
        return made

    def versions(self, which: Iterable[int]) -> dict[int, str]:
        """The current versions of some of the targets, in one call; those that are gone or unreadable are settled."""
        asked = list(which)
        if not asked:
            return {}
        ids = [self.writes[at].id for at in asked]
        service = wire.GetItem(account=self.line.account)
        answers = self.line.matched(self.line.call(lambda: service.items(ids, ())), len(ids))
        found: dict[int, str] = {}
        for at, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Exception):
                self.settle(at, Outcome(error=self.line.fault(answer)))
            elif answer is None:
                self.fail(at, Fault.INVALID, "this kind of item is not known")
            else:
                found[at] = answer.changekey
        return found

    def only_current(self) -> None:
        """Settle as STALE what moved on since its version. DeleteItem and MoveItem ignore the version, so it is
        compared just before them; a write in that moment is lost."""
        asked = [at for at in self.open if self.writes[at].version]
        for at, version in self.versions(asked).items():
            if version != self.writes[at].version:
                self.fail(at, Fault.STALE, "the item was changed since it was read")


def _create(line: Line, writes: Sequence[Write]) -> list[Outcome]:
    batch = _Batch(line, writes)
    folder = line.folder(writes[0].target)
    for at, write in enumerate(writes):
        if write.kind not in _CREATABLE or write.kind is not KINDS[write.target]:
            batch.fail(at, Fault.INVALID, "such items are not created in this folder")
    made = batch.encoded(lambda write: {**write.values, f.KEY: write.key} if write.key else write.values)
    _adopt(batch, folder)
    which = [at for at in made if at in batch.open]
    items = [_new(line, writes[at].kind, made[at]) for at in which]
    service = wire.CreateItem(account=line.account)
    batch.send(
        which, lambda: service.items(folder, items),
        lambda _, answer: Outcome() if answer is True else Outcome(answer.id, answer.changekey),
    )  # fmt: skip
    return batch.outcomes()


def _new(line: Line, kind: ItemKind, contents: dict[str, Any]) -> Any:
    contents = contents | display_names.of_new(contents) if kind is ItemKind.CONTACT else contents
    return MODELS[kind](account=line.account, **assembled(MODELS[kind], contents))


def _adopt(batch: _Batch, folder: Any) -> None:
    """Settle the retried creates whose item exists: one look-up for all of them."""
    asked = {batch.writes[at].key: at for at in batch.open if batch.writes[at].retrying and batch.writes[at].key}
    if not asked:
        return
    line, model = batch.line, MODELS[batch.writes[0].kind]
    service = wire.FindItem(account=line.account)
    found = line.call(lambda: service.by_key(folder, tuple(asked), wire.paths(model, (ATTRIBUTE,))), Scope.CONTAINER)
    for item in found:
        at = asked.pop(getattr(item, ATTRIBUTE, None) or "", None)
        if at is not None:
            batch.settle(at, Outcome(item.id, item.changekey, adopted=True))


def _update(line: Line, writes: Sequence[Write]) -> list[Outcome]:
    batch = _Batch(line, writes)
    made = batch.encoded(lambda write: write.values)
    for at in batch.open:
        if not made[at]:
            batch.settle(at, Outcome(writes[at].id, writes[at].version))
    _rename(batch, made)
    unconditional = batch.versions(at for at in batch.open if not writes[at].version)
    conditional = {at: writes[at].version for at in batch.open if writes[at].version}
    for versions, conflicts in ((conditional, "NeverOverwrite"), (unconditional, "AlwaysOverwrite")):
        which = list(versions)
        changes = [(_target(line, writes[at], versions[at], made[at]), tuple(made[at])) for at in which]
        service = wire.UpdateItem(account=line.account)
        batch.send(
            which,
            lambda service=service, changes=changes, conflicts=conflicts: service.items(changes, conflicts),  # type: ignore[misc]
            lambda at, answer: _moved(writes[at], answer),
        )
    return batch.outcomes()


def _rename(batch: _Batch, made: dict[int, dict[str, Any]]) -> None:
    """Contacts whose name changes are called anew in lists as well; their present names cost one call for all."""
    renamed = [
        at for at in batch.open
        if batch.writes[at].kind is ItemKind.CONTACT and not made[at].keys().isdisjoint(display_names.PARTS)
    ]  # fmt: skip
    if not renamed:
        return
    line, fields = batch.line, wire.paths(MODELS[ItemKind.CONTACT], (*display_names.PARTS, display_names.SHOWN))
    ids, service = [batch.writes[at].id for at in renamed], wire.GetItem(account=line.account)
    answers = line.matched(line.call(lambda: service.items(ids, fields)), len(ids))
    for at, answer in zip(renamed, answers, strict=True):
        if answer is not None and not isinstance(answer, Exception):
            made[at] |= display_names.renamed(answer, made[at])


def _target(line: Line, write: Write, version: str, contents: dict[str, Any]) -> Any:
    model = MODELS[write.kind]
    return model(account=line.account, id=write.id, changekey=version, **assembled(model, contents))


def _moved(write: Write, answer: Any) -> Outcome:
    return Outcome(write.id) if answer is True else Outcome(*answer)


def _delete(line: Line, writes: Sequence[Write]) -> list[Outcome]:
    batch = _Batch(line, writes)
    batch.only_current()
    which = batch.open
    service = wire.DeleteItem(account=line.account)
    batch.send(which, lambda: service.items([writes[at].id for at in which]), lambda at, _: Outcome(writes[at].id))
    return [
        Outcome(write.id) if outcome.error is not None and outcome.error.fault is Fault.NOT_FOUND else outcome
        for write, outcome in zip(writes, batch.outcomes(), strict=True)
    ]


def _move(line: Line, writes: Sequence[Write]) -> list[Outcome]:
    batch = _Batch(line, writes)
    roles = {write.values.get("folder") for write in writes}
    if len(roles) != 1:
        raise ConnectorError(Fault.INVALID, "one call moves to one folder")
    folder = line.folder(str(roles.pop()))
    batch.only_current()
    which = batch.open
    service = wire.MoveItem(account=line.account)
    batch.send(
        which, lambda: service.items([writes[at].id for at in which], folder),
        lambda _, answer: Outcome() if answer is True else Outcome(*answer),
    )  # fmt: skip
    return batch.outcomes()


_VERBS: dict[Verb, Callable[[Line, Sequence[Write]], list[Outcome]]] = {
    Verb.CREATE: _create,
    Verb.UPDATE: _update,
    Verb.DELETE: _delete,
    Verb.MOVE: _move,
}
