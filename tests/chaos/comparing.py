"""Two end states of the sandbox side by side: what is missing, what is too much, what is there twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

State = Mapping[str, Any]
Seen = Callable[[str, Mapping[str, Any]], Mapping[str, Any] | None]

# made of ids or of chance, so that they differ between two worlds which hold the same
_PASSING = frozenset(
    {"InboxSync_Key__c", "ExtendedProperty", "inboxSyncKey", "UID", "ThreadIdentifier", "ConversationIndex"}
)
# whose run came first decides who owns the record of a stranger that two users met, and of which mail it tells
_BY_CHANCE = {"Lead": frozenset({"OwnerId", "Description"})}

# what may stand only once in Salesforce, by object
_ONCE = {
    "Event": (("InboxSync_Key__c",), ("Subject",)),
    "EmailMessage": (("InboxSync_Key__c",), ("MessageIdentifier",)),
    "Lead": (("Email",),),
    "Contact": (("Email",),),
    "Account": (("Website",), ("Name",)),
    "EventRelation": (("EventId", "RelationId"),),
    "EmailMessageRelation": (("EmailMessageId", "RelationId", "RelationType"),),
}
# and in a mailbox, by kind of item
_ONCE_IN_MAILBOX = {
    "CalendarItem": (("UID",), ("Subject",)), "Message": (("InternetMessageId",),), "calendar#event": (("summary",),),
}  # fmt: skip
_NOT_KEPT = ("deleteditems", "deleted")


def differences(reference: State, disturbed: State, seen: Seen) -> list[str]:
    """What the disturbed world lacks, and what it has beyond the reference, as far as things are `seen`."""
    wanted, found = Counter(_things(reference, seen)), Counter(_things(disturbed, seen))
    lost, extra = (sorted((one - other).keys()) for one, other in ((wanted, found), (found, wanted)))
    told = []
    for place, body in lost:
        twin = next((e for e in extra if e[0] == place and _subject(e[1]) == _subject(body)), None)
        if twin is None:
            told.append(f"lost: {place} {body}")
        else:
            extra.remove(twin)
            told.append(f"differs: {place} {_subject(body)}: {_apart(json.loads(body), json.loads(twin[1]))}")
    return told + [f"too much: {place} {body}" for place, body in extra]


def _subject(body: str) -> str:
    row = json.loads(body)
    return str(next((row[name] for name in ("Subject", "summary", "Email", "Name") if row.get(name)), ""))


def _apart(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    names = sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))
    return "; ".join(f"{n} {wanted.get(n)!r} is {found.get(n)!r}" for n in names)


def duplicates(state: State) -> list[str]:
    """Records that share what only one may have."""
    found = [
        f"twice: {name} {dict(zip(columns, values, strict=True))}"
        for name, sets in _ONCE.items()
        for columns in sets
        for values in _repeated(_crm(state).get(name, ()), columns)
    ]
    for address, folders in _mailboxes(state).items():
        kept = [item for name, items in folders.items() if not name.startswith(_NOT_KEPT) for item in items]
        for kind, sets in _ONCE_IN_MAILBOX.items():
            of_kind = [item for item in kept if item.get("kind") == kind]
            found += [f"twice: {address} {kind} {values}" for columns in sets for values in _repeated(of_kind, columns)]
    return found


def size(state: State) -> dict[str, int]:
    """How much there is to compare."""
    return dict(Counter(place for place, _ in _things(state, lambda _place, row: row)))


def _repeated(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    values = Counter(tuple(str(row[c]) for c in columns) for row in rows if all(row.get(c) for c in columns))
    return [value for value, times in values.items() if times > 1]


def _crm(state: State) -> Mapping[str, list[dict[str, Any]]]:
    """The records of the one organization, by object."""
    told: Mapping[str, Any] = state["salesforce"]
    return next(iter(told.values())) if "User" not in told else told


def _things(state: State, seen: Seen) -> Iterable[tuple[str, str]]:
    for name, rows in _crm(state).items():
        for row in rows:
            dropped = _BY_CHANCE.get(name, frozenset())
            shown = seen(name, {k: v for k, v in row.items() if k not in dropped})
            if shown is not None:
                yield name, _text(shown)
    for address, folders in _mailboxes(state).items():
        for role, items in folders.items():
            for item in items:
                shown = seen(f"{address} {role}", item)
                if shown is not None:
                    yield f"{address} {role}", _text(shown)


def _mailboxes(state: State) -> dict[str, dict[str, list[Mapping[str, Any]]]]:
    """What each mailbox holds, by folder: role or name at Exchange and in Microsoft 365, kind of thing at Google."""
    return {
        **state["ews"],
        **{address: dict(_folders(content)) for address, content in state["google"].items()},
    }


def _folders(content: Mapping[str, Any], below: str = "") -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    for name, held in content.items():
        if isinstance(held, Mapping):
            yield from _folders(held, f"{below}{name} ")
        else:
            yield below + name, [each if isinstance(each, Mapping) else {"Name": each} for each in held]


def _text(row: Mapping[str, Any]) -> str:
    return json.dumps(_lasting(row), sort_keys=True, ensure_ascii=False)


def _lasting(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _lasting(each) for name, each in value.items() if name not in _PASSING}
    return [_lasting(each) for each in value] if isinstance(value, list) else value
