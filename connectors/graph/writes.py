"""Writing to a mailbox: one verb, one folder, batches whose items succeed or fail each by itself.

Graph mails people of every meeting that is written: nothing in here decides that, and nothing can prevent it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph import codec_contacts, codec_tasks, moves
from connectors.graph.batch import Batch
from connectors.graph.feed import version
from connectors.graph.folders import items_of
from connectors.graph.line import Answer, Line, Request
from connectors.graph.searching import bearing
from connectors.graph.series_writes import complete, delete_occurrences, prepare, update_occurrences
from connectors.outlook.facts import KINDS, not_creatable
from connectors.outlook.occurrences import is_occurrence
from connectors.outlook.series_writes import without_series
from connectors.protocols import Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Fields, ItemKind, Series

_TRANSACTIONS = uuid.UUID("5c5f7a2e-0d2a-4b53-9d0b-6a2d0f0f6f52")


def apply(line: Line, writes: Sequence[Write]) -> list[Outcome]:
    """Apply writes of one verb and one target. Raises `ConnectorError` when nothing was written."""
    if not writes:
        return []
    return _VERBS[writes[0].verb](Batch(line, list(writes)))


# --- create


def _create(batch: Batch) -> list[Outcome]:
    line, writes = batch.line, batch.writes
    where = line.path(*items_of(line, writes[0].target))
    for at in not_creatable(writes):
        batch.fail(at, Fault.INVALID, "such items are not created in this folder")
    made = batch.encoded({at: _values(writes[at], new=True) for at in batch.open})
    _adopt(batch, [at for at in batch.open if writes[at].retrying])
    bodies = {at: _finished(writes[at], made[at]) for at in made if at in batch.open}
    batch.send({at: Request("POST", where, body) for at, body in bodies.items()}, _made)
    _repeat(batch, where, bodies)
    complete(batch)
    return batch.outcomes()


def _values(write: Write, *, new: bool = False) -> Fields:
    """What is written. A series says itself when it begins; a new item bears its key, but a task bears it elsewhere."""
    values = dict(write.values)
    if write.kind is ItemKind.TASK:
        values.pop(f.KEY, None)
    elif new and write.key:
        values[f.KEY] = write.key
    if isinstance(values.get(f.SERIES), Series):
        values.pop(f.SPAN, None)
    return values


def _finished(write: Write, body: dict[str, Any]) -> dict[str, Any]:
    """A new item with what makes its creation repeatable: the vendor's own means for events, our key for others."""
    match write.kind:
        case ItemKind.EVENT if write.key:
            return {**body, "transactionId": str(uuid.uuid5(_TRANSACTIONS, write.key))}
        case ItemKind.TASK if write.key:
            return {**body, codec_tasks.LINKS: [codec_tasks.link(write.key)]}
        case ItemKind.CONTACT:
            return codec_contacts.merged(body, {})
    return body


def _made(_: int, answer: Answer) -> Outcome:
    return Outcome(str(answer.body["id"]), version(answer.body))


def _adopt(batch: Batch, which: Sequence[int]) -> None:
    """Settle the creates whose item exists: one look-up for all of them."""
    asked = {batch.writes[at].key: at for at in which if batch.writes[at].key}
    if not asked:
        return
    for key, told in bearing(batch.line, batch.writes[0].target, tuple(asked)).items():
        if key in asked:
            batch.settle(asked[key], Outcome(str(told["id"]), version(told), adopted=True))


def _repeat(batch: Batch, where: str, bodies: dict[int, dict[str, Any]]) -> None:
    """An event's transaction id was used before: for the very event, or for one that is gone by now, in whose place the
    new one is made without such an id."""
    used = [
        at for at in bodies
        if (outcome := batch.outcome(at)) is not None and outcome.error is not None
        and outcome.error.fault is Fault.DUPLICATE
    ]  # fmt: skip
    if not used:
        return
    found = bearing(batch.line, batch.writes[0].target, [batch.writes[at].key for at in used])
    again: dict[int, Request] = {}
    for at in used:
        told = found.get(batch.writes[at].key)
        if told is not None:
            batch.settle(at, Outcome(str(told["id"]), version(told), adopted=True))
        else:
            body = {name: value for name, value in bodies[at].items() if name != "transactionId"}
            again[at] = Request("POST", where, body)
    batch.send(again, _made)


# --- update


def _update(batch: Batch) -> list[Outcome]:
    line, writes = batch.line, batch.writes
    single = [at for at, write in enumerate(writes) if is_occurrence(write.id)]
    prepared = prepare(batch)
    made = batch.encoded(
        {
            at: without_series(writes[at].values) if at in prepared.standing else _values(writes[at])
            for at in batch.open if at not in single
        }
    )  # fmt: skip
    known = prepared.known(writes, line.lineage)
    _lay_in(batch, made, known)
    linked = [at for at in made if at in batch.open and writes[at].kind is ItemKind.TASK and f.KEY in writes[at].values]
    for at in made:
        if not made[at] and at not in linked and at in batch.open:
            batch.settle(at, Outcome(writes[at].id, known.get(at, "")))
    requests = {
        at: Request("PATCH", batch.path(at), body, match=known.get(at, "") if writes[at].version else "")
        for at, body in made.items() if body and at in batch.open
    }  # fmt: skip
    batch.send(requests, lambda at, answer: _written(line, writes[at], known.get(at, ""), answer))
    _link(batch, linked)
    # after their masters, by whose patterns they are found
    update_occurrences(batch, single)
    complete(batch)
    return batch.outcomes()


def _lay_in(batch: Batch, made: dict[int, dict[str, Any]], known: dict[int, str]) -> None:
    """Contacts of which parts of lists and groups are written: those are laid into what is there, which costs one call
    for all of them."""
    parts = [
        at for at in made
        if batch.writes[at].kind is ItemKind.CONTACT and codec_contacts.needs_present(made[at])
    ]  # fmt: skip
    if not parts:
        return
    for at, answer in batch.present(parts, select=",".join(("id", *codec_contacts.GROUPS))).items():
        if batch.writes[at].version and version(answer.body) != known.get(at):
            batch.fail(at, Fault.STALE, "the item was changed since it was read")
            continue
        known[at] = version(answer.body)
        made[at] = codec_contacts.merged(made[at], answer.body)


def _written(line: Line, write: Write, before: str, answer: Answer) -> Outcome:
    after = version(answer.body)
    line.lineage.wrote(write.id, before, after)
    return Outcome(write.id, after)


def _link(batch: Batch, which: Sequence[int]) -> None:
    """Write the keys of tasks, whose link is a resource of its own, and learn the versions that come of it."""
    failed = {at for at in which if (outcome := batch.outcome(at)) is not None and outcome.error is not None}
    asked = [at for at in which if at not in failed]
    if not asked:
        return
    requests: dict[int, Request] = {}
    for at, answer in batch.present(asked, expand=codec_tasks.LINKS).items():
        link = codec_tasks.link_of(answer.body)
        request = _link_request(batch, at, str(link["id"]) if link else "", batch.writes[at].values[f.KEY])
        if request is None:
            batch.settle(at, Outcome(batch.writes[at].id, version(answer.body)))
        else:
            requests[at] = request
    batch.send(requests, lambda at, _: Outcome(batch.writes[at].id))
    done = [at for at in requests if (outcome := batch.outcome(at)) is not None and outcome.error is None]
    for at, answer in batch.present(done, select="id").items():
        batch.settle(at, Outcome(batch.writes[at].id, version(answer.body)))


def _link_request(batch: Batch, at: int, link: str, key: Any) -> Request | None:
    if key and link:
        return Request("PATCH", batch.path(at, codec_tasks.LINKS, link), codec_tasks.link(str(key)))
    if key:
        return Request("POST", batch.path(at, codec_tasks.LINKS), codec_tasks.link(str(key)))
    return Request("DELETE", batch.path(at, codec_tasks.LINKS, link)) if link else None


# --- delete, move


def _delete(batch: Batch) -> list[Outcome]:
    writes = batch.writes
    single = [at for at, write in enumerate(writes) if is_occurrence(write.id)]
    batch.only_current(at for at in batch.open if at not in single)
    delete_occurrences(batch, single)
    batch.send({at: Request("DELETE", batch.path(at)) for at in batch.open}, lambda at, _: Outcome(writes[at].id))
    batch.gone_is_fine()
    return batch.outcomes()


def _move(batch: Batch) -> list[Outcome]:
    roles = {write.values.get("folder") for write in batch.writes}
    if len(roles) != 1:
        raise ConnectorError(Fault.INVALID, "one call moves to one folder")
    folder = str(roles.pop())
    if folder not in KINDS:
        raise ConnectorError(Fault.NOT_FOUND, "there is no such folder role", scope=Scope.CONTAINER)
    for at, write in enumerate(batch.writes):
        if KINDS[folder] is not write.kind or write.kind is ItemKind.EVENT:
            batch.fail(at, Fault.INVALID, "Graph moves no such items there")
    batch.only_current(batch.open)
    moves.move(batch, folder)
    return batch.outcomes()


_VERBS: dict[Verb, Callable[[Batch], list[Outcome]]] = {
    Verb.CREATE: _create,
    Verb.UPDATE: _update,
    Verb.DELETE: _delete,
    Verb.MOVE: _move,
}
