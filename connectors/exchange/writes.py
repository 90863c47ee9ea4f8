"""Writing to a mailbox: one verb, one folder, batches whose items succeed or fail each by itself, and never a mail.

Every call says SendToNone. Whether people are told is decided by the application, not as a side effect of syncing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange import display_names, wire
from connectors.exchange.batch import Batch
from connectors.exchange.codec import MODELS
from connectors.exchange.exceptions import complete
from connectors.exchange.line import Line
from connectors.exchange.properties import ATTRIBUTE
from connectors.exchange.rows import assembled
from connectors.exchange.series_writes import delete_occurrences, prepare, update_occurrences
from connectors.outlook.facts import not_creatable
from connectors.outlook.occurrences import is_occurrence
from connectors.outlook.series_writes import without_series
from connectors.protocols import Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Fields, ItemKind, Series


def apply(line: Line, writes: Sequence[Write]) -> list[Outcome]:
    """Apply writes of one verb and one target. Raises `ConnectorError` when nothing was written."""
    if not writes:
        return []
    return _VERBS[writes[0].verb](line, writes)


def _create(line: Line, writes: Sequence[Write]) -> list[Outcome]:
    batch = Batch(line, writes)
    folder = line.folder(writes[0].target)
    for at in not_creatable(writes):
        batch.fail(at, Fault.INVALID, "such items are not created in this folder")
    made = batch.encoded({at: _values(writes[at], f.KEY) for at in batch.open})
    _adopt(batch, folder)
    which = [at for at in made if at in batch.open]
    items = [_new(line, writes[at].kind, made[at]) for at in which]
    service = wire.CreateItem(account=line.account)
    batch.send(
        which, lambda: service.items(folder, items),
        lambda _, answer: Outcome() if answer is True else Outcome(answer.id, answer.changekey),
    )  # fmt: skip
    complete(batch)
    return batch.outcomes()


def _values(write: Write, *more: str) -> Fields:
    """What is written. A series says itself when it begins; `more` may name the key, which a new item bears."""
    values = {**write.values, f.KEY: write.key} if write.key and f.KEY in more else write.values
    begins = isinstance(values.get(f.SERIES), Series)
    return {name: value for name, value in values.items() if name != f.SPAN} if begins else values


def _new(line: Line, kind: ItemKind, contents: dict[str, Any]) -> Any:
    contents = contents | display_names.of_new(contents) if kind is ItemKind.CONTACT else contents
    return MODELS[kind](account=line.account, **assembled(MODELS[kind], contents))


def _adopt(batch: Batch, folder: Any) -> None:
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
    batch = Batch(line, writes)
    single = [at for at, write in enumerate(writes) if is_occurrence(write.id)]
    prepared = prepare(batch)
    made = batch.encoded(
        {
            at: without_series(writes[at].values) if at in prepared.standing else _values(writes[at])
            for at in batch.open if at not in single
        }
    )  # fmt: skip
    known = prepared.known(writes, line.lineage)
    for at in made:
        if not made[at]:
            batch.settle(at, Outcome(writes[at].id, known.get(at, "")))
    whole = [at for at in made if at in batch.open]
    _rename(batch, made, whole)
    conditional = {at: known[at] for at in whole if writes[at].version}
    unconditional = {at: known[at] for at in whole if at in known and at not in conditional}
    unconditional |= batch.versions(at for at in whole if at not in known)
    for versions, conflicts in ((conditional, "NeverOverwrite"), (unconditional, "AlwaysOverwrite")):
        which = list(versions)
        changes = [(_target(line, writes[at], versions[at], made[at]), tuple(made[at])) for at in which]
        service = wire.UpdateItem(account=line.account)
        batch.send(
            which,
            lambda service=service, changes=changes, conflicts=conflicts: service.items(changes, conflicts),  # type: ignore[misc]
            lambda at, answer, versions=versions: _moved(line, writes[at], versions[at], answer),  # type: ignore[misc]
        )
    # after their masters, by whose patterns they are counted
    update_occurrences(batch, single)
    complete(batch)
    return batch.outcomes()


def _rename(batch: Batch, made: dict[int, dict[str, Any]], which: Sequence[int]) -> None:
    """Contacts whose name changes are called anew in lists as well; their present names cost one call for all."""
    renamed = [
        at for at in which
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


def _moved(line: Line, write: Write, before: str, answer: Any) -> Outcome:
    if answer is True:
        return Outcome(write.id)
    outcome = Outcome(*answer)
    line.lineage.wrote(write.id, before, outcome.version)
    return outcome


def _delete(line: Line, writes: Sequence[Write]) -> list[Outcome]:
    batch = Batch(line, writes)
    single = [at for at, write in enumerate(writes) if is_occurrence(write.id)]
    batch.only_current(at for at in batch.open if at not in single)
    delete_occurrences(batch, single)
    which = batch.open
    service = wire.DeleteItem(account=line.account)
    batch.send(which, lambda: service.items([writes[at].id for at in which]), lambda at, _: Outcome(writes[at].id))
    batch.gone_is_fine()
    return batch.outcomes()


def _move(line: Line, writes: Sequence[Write]) -> list[Outcome]:
    batch = Batch(line, writes)
    roles = {write.values.get("folder") for write in writes}
    if len(roles) != 1:
        raise ConnectorError(Fault.INVALID, "one call moves to one folder")
    folder = line.folder(str(roles.pop()))
    for at, write in enumerate(writes):
        if is_occurrence(write.id):
            batch.fail(at, Fault.INVALID, "an occurrence stays with its series")
    batch.only_current(batch.open)
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
