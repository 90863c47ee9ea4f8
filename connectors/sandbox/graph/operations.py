"""What can be asked of a mailbox, path by path: items of all kinds are listed, read, written and deleted alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from connectors.sandbox.ews import copies, meetings, series, writes, zones
from connectors.sandbox.ews.appointments import ROLES
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.items_ops import remove, tell_of_removal
from connectors.sandbox.ews.state import Folder
from connectors.sandbox.graph import contacts, delta, events, messages, odata, todo
from connectors.sandbox.graph.call import GraphCall, Json
from connectors.sandbox.graph.errors import GraphError, bad
from connectors.sandbox.graph.ids import Token
from connectors.sandbox.graph.odata import bears, known, selected

Answer = tuple[int, Any]
TELLING = "SendToAllAndSaveCopy"  # Graph knows no other way
LISTING = ("$select", "$expand", "$filter", "$top", "$skip", "$orderby", "$count")


@dataclass(frozen=True, slots=True)
class Type:
    """How the items of one type are told and read. `names`: all that can be selected or expanded."""

    name: str
    kinds: tuple[str, ...]
    told: Callable[[GraphCall, Stored], Json]
    read: Callable[[GraphCall, Values], Values]
    on_request: frozenset[str]


EVENT = Type(events.TYPE, (events.KIND,), events.told, events.read, events.ON_REQUEST)
MESSAGE = Type(messages.TYPE, messages.KINDS, messages.told, messages.read, messages.ON_REQUEST)
CONTACT = Type(contacts.TYPE, (contacts.KIND,), contacts.told, contacts.read, contacts.ON_REQUEST)
TASK = Type(todo.TYPE, (todo.KIND,), todo.told, todo.read, todo.ON_REQUEST)


# --- reading


def show(call: GraphCall, kind: Type, item: Stored) -> Json:
    """An item with what was asked for. Raises BadRequest for a property that it has not."""
    entity = kind.told(call, item)
    known(call.options, kind.name, frozenset(entity) | kind.on_request | _SOMETIMES)
    return selected(entity, call.options, on_request=kind.on_request)


# told only of some items
_SOMETIMES = frozenset(
    {"originalStart", "dueDateTime", "startDateTime", "completedDateTime", "reminderDateTime", "recurrence"}
)


def get(call: GraphCall, kind: Type, identifier: str, folder: Folder | None = None) -> Answer:
    item = call.item(identifier, *kind.kinds, folder=folder)
    return 200, {"@odata.context": call.context(f"{kind.name}/$entity"), **show(call, kind, item)}


def listed(call: GraphCall, kind: Type, folder: Folder) -> Answer:
    """A page of what stands in a folder."""
    call.options.allow(*LISTING)
    found = [item for item in call.store.items.inside(folder) if item.kind in kind.kinds]
    condition = call.options.given.get("$filter")
    if condition:
        if kind is TASK:
            raise bad("Tasks cannot be filtered by their links.", "ErrorInvalidUrlQueryFilter")
        wanted = {(name, value.lower()) for name, value in bears(condition)}
        found = [item for item in found if _borne(item) & wanted]
    return 200, paged(call, [show(call, kind, item) for item in _part(call, found)], len(found))


def of_conversation(call: GraphCall) -> Answer:
    """The mails of one conversation, in whatever folder they are."""
    call.options.allow(*LISTING)
    wanted = odata.conversation(call.options.given.get("$filter", ""))
    found = [
        item
        for folder in call.store.directory.folders(call.store.acting)
        for item in call.store.items.inside(folder)
        if item.kind in MESSAGE.kinds and (item.values.get("ConversationId") or {}).get("id") == wanted
    ]
    return 200, paged(call, [show(call, MESSAGE, item) for item in _part(call, found)], len(found))


def _borne(item: Stored) -> set[tuple[str, str]]:
    return {(name, str(held["value"]).lower()) for name, held in item.extended.items()}


def _part(call: GraphCall, found: list[Stored]) -> list[Stored]:
    return found[call.options.skip : call.options.skip + call.options.top]


def paged(call: GraphCall, value: list[Json], total: int) -> Json:
    """A page of a listing, with the link to the next one if there is more."""
    made: Json = {"@odata.context": call.context("Collection(entity)"), "value": value}
    after = call.options.skip + call.options.top
    if after < total:
        options = {**call.options.given, "$skip": str(after)}
        made["@odata.nextLink"] = f"{call.root}{call.path}?{urlencode(options)}"
    return made


def changed(call: GraphCall, kind: Type, folder: Folder) -> Answer:
    """A page of a delta query."""

    def tell(now: GraphCall, asked: Token) -> delta.Tell:
        # a token goes on with the options that it was given with
        query = replace(now, options=odata.read(urlencode(asked.options)))

        def told(step: Any, item: Stored | None) -> Any:
            if step.verb == "delete":
                yield delta.removed(now, step.item)
            elif item is not None and item.kind in kind.kinds:
                yield show(query, kind, item)

        return told

    options = ("$select",) if kind is CONTACT else ("$select", "$expand", "$top", "$filter", "$orderby")
    return 200, delta.page(call, folder, tell, *options)


def changed_view(call: GraphCall, folder: Folder) -> Answer:
    return 200, delta.page(call, folder, delta.view, "startDateTime", "endDateTime")


# --- writing


def create(call: GraphCall, kind: Type, folder: Folder) -> Answer:
    """Make an item. An event with a transaction id is made once."""
    values = kind.read(call, {})
    transaction = str(call.body.get("transactionId") or "")
    digest = hashlib.sha256(json.dumps(call.body, sort_keys=True).encode()).hexdigest()
    if transaction:
        known_item = _of_transaction(call, transaction, digest)
        if known_item is not None:
            return 201, show(call, kind, known_item)
        values["TransactionId"] = transaction
    finished = writes.finish(call.store, kind.kinds[0], _held(values), call.store.acting)
    made = call.store.items.create(folder, kind.kinds[0], finished)
    if kind is EVENT:
        made = meetings.invite(call.store, made)
    if transaction:
        call.store.sandbox.store.run(
            "INSERT OR REPLACE INTO graph_transaction VALUES (?, ?, ?, ?)", (made.mailbox, transaction, made.id, digest)
        )
    call.store.wrote(kind.kinds[0], "create")
    return 201, show(call, kind, call.store.items.get(made.id))


def _of_transaction(call: GraphCall, transaction: str, digest: str) -> Stored | None:
    row = call.store.sandbox.store.one(
        "SELECT item, digest FROM graph_transaction WHERE mailbox = ? AND id = ?", (call.store.acting.id, transaction)
    )
    if row is None:
        return None
    found = call.store.items.many([row["item"]], heavy=True).get(row["item"])
    if row["digest"] != digest or found is None:
        raise GraphError(409, "ErrorDuplicateTransactionId")
    return found


def update(call: GraphCall, kind: Type, identifier: str, folder: Folder | None = None) -> Answer:
    """Change an item. Of a meeting, all who are invited are told when something changed that concerns them."""
    item = call.item(identifier, *kind.kinds, folder=folder)
    call.unchanged(item)
    new = kind.read(call, item.values)
    if item.original and "Recurrence" in new:
        raise bad("An occurrence has no recurrence.", "ErrorPropertyValidationFailure")
    made = writes.rewrite(
        call.store, item, _held({**item.values, **new}), verb="read" if set(new) == {"IsRead"} else "update"
    )
    if kind is EVENT and any(item.values.get(name) != made.values.get(name) for name in (*_CONCERNING, *ROLES)):
        made = writes.tell_of_update(call.store, item, made, TELLING)
    call.store.wrote(item.kind, "update")
    return 200, show(call, kind, made)


def _held(values: Values) -> Values:
    """What the store keeps of values: of a list without entries nothing, as it never keeps one."""
    return {name: value for name, value in values.items() if value not in (None, [], {})}


_CONCERNING = tuple(name for name in copies.SHARED if name not in ("ReminderIsSet", "ReminderMinutesBeforeStart"))


def delete(call: GraphCall, kind: Type, identifier: str, folder: Folder | None = None) -> Answer:
    """Delete an item; a meeting is cancelled, or declined."""
    item = call.item(identifier, *kind.kinds, folder=folder)
    call.unchanged(item)
    if kind is EVENT:
        tell_of_removal(call.store, item, TELLING)
        item = call.item(identifier, *kind.kinds, folder=folder)  # telling may have written it
    remove(call.store, item, for_good=False)
    call.store.wrote(item.kind, "delete")
    return 204, None


def move(call: GraphCall, kind: Type, identifier: str, target: Folder, folder: Folder | None = None) -> Answer:
    item = call.item(identifier, *kind.kinds, folder=folder)
    made = call.store.items.move(item, target)
    call.store.wrote(item.kind, "move")
    return 201, show(call, kind, made)


def instances(call: GraphCall, identifier: str) -> Answer:
    """What takes place of a series between two moments."""
    call.options.allow("startDateTime", "endDateTime", *LISTING)
    master = call.item(identifier, *EVENT.kinds)
    try:
        start, end = (zones.moment(call.options.given[name]) for name in ("startDateTime", "endDateTime"))
    except (KeyError, ValueError):
        raise bad("startDateTime and endDateTime are needed.", "ErrorInvalidParameter") from None
    if not series.is_master(master):
        raise bad("Only a series has instances.", "ErrorInvalidRequest")
    found = list(series.view(master, start, end))
    return 200, paged(call, [show(call, EVENT, each) for each in _part(call, found)], len(found))
