"""Contacts: all of the user's, and those among them that stand in our group.

A contact is in as many groups as people like, so ours is a label to them: who puts it on asks for the contact to be
saved. One listing tells of everything, and what it told is not asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.errors import ConnectorError, Fault, Scope
from connectors.google import beside
from connectors.google.batch import Batch, only
from connectors.google.codec_contacts import READ, decode, encode, kept_beside
from connectors.google.config import Service
from connectors.google.line import Line
from connectors.google.multipart import Ask, Json
from connectors.google.shared import Shared
from connectors.protocols import Change, Changes, Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import DELETED, Item, ItemKind, ItemRef, Side

HOME, MANAGED = "contacts", "synced_contacts"
GROUP = "Salesforce Contacts"
MY_CONTACTS = "contactGroups/myContacts"
CLAIM = "inboxSyncInstance"
_CONNECTIONS, _GROUPS = "/v1/people/me/connections", "/v1/contactGroups"
# not what the directory tells of the same people, which would be written into the contacts with the next edit
_OF_USER = {"sources": "READ_SOURCE_TYPE_CONTACT"}
_AT_ONCE = 200  # contacts that are read in one call
_MEMBERS_AT_ONCE = 1000  # that are put into a group in one call
_KEPT = 5000  # of a listing that are held until they are read


@dataclass(frozen=True, slots=True)
class _Feed:
    people: tuple[Json, ...]
    cursor: str
    left: frozenset[str]  # who stood in our group, if that is gone


class People:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._feed: Shared[_Feed] = Shared()
        self._told: dict[str, Json] = {}
        self._left: frozenset[str] = frozenset()

    # --- the group

    @property
    def _group(self) -> str:
        return self._line.folder_ids.get(MANAGED, "")

    def _groups(self) -> list[Json]:
        params = {"groupFields": "clientData,groupType,name,metadata", "pageSize": 1000}
        ask = Ask("people.contactGroups.list", "GET", _GROUPS, params)
        return [each for page in self._line.pages(Service.PEOPLE, ask) for each in page.get("contactGroups") or ()]

    def _ours(self) -> Json | None:
        return next((each for each in self._groups() if each.get("name", "").casefold() == GROUP.casefold()), None)

    def ensure(self) -> Json:
        group = self._ours()
        if group is None:
            body = {"contactGroup": {"name": GROUP}, "readGroupFields": "clientData,name"}
            ask = Ask("people.contactGroups.create", "POST", _GROUPS, body=body)
            group = self._line.call(Service.PEOPLE, ask, writing=True)
        self._line.folder_ids[MANAGED] = group["resourceName"]
        self._reunite(group["resourceName"])
        return group

    def _reunite(self, group: str) -> None:
        """Whoever deletes a group leaves its members, so they need not be made again: they are put into the new one."""
        left, self._left = sorted(self._left), frozenset()
        for start in range(0, len(left), _MEMBERS_AT_ONCE):
            body = {"resourceNamesToAdd": left[start : start + _MEMBERS_AT_ONCE]}
            ask = Ask("people.contactGroups.members.modify", "POST", f"/v1/{group}/members:modify", body=body)
            self._line.call(Service.PEOPLE, ask, writing=True)

    def claimed_by(self) -> str:
        kept = (self._ours() or {}).get("clientData") or ()
        return next((str(each.get("value", "")) for each in kept if each.get("key") == CLAIM), "")

    def claim(self, instance: str) -> None:
        group = self.ensure() if instance else self._ours()
        if group is None:
            return
        others = [each for each in group.get("clientData") or () if each.get("key") != CLAIM]
        kept = [*others, *([{"key": CLAIM, "value": instance}] if instance else [])]
        body = {
            "contactGroup": {"etag": group["etag"], "clientData": kept}, "updateGroupFields": "clientData",
            "readGroupFields": "name",
        }  # fmt: skip
        ask = Ask("people.contactGroups.update", "PUT", f"/v1/{group['resourceName']}", body=body)
        self._line.call(Service.PEOPLE, ask, writing=True)

    # --- changes

    def _role(self, person: Json) -> str:
        return MANAGED if self._group and self._group in _groups_of(person) else HOME

    def changes(self, role: str, cursor: str | None) -> Changes:
        if role == MANAGED and not self._group:
            raise _no_group()
        feed = self._feed.of(role, cursor or "", lambda: self._since(cursor))
        if role == MANAGED and feed.left:
            del self._line.folder_ids[MANAGED]
            self._left = feed.left
            raise _no_group()
        # nobody tells where something stood that is deleted: where ours stand, if there is such a place
        last = MANAGED if self._group else HOME
        found = []
        for person in feed.people:
            gone = bool((person.get("metadata") or {}).get("deleted"))
            if (last if gone else self._role(person)) != role:
                continue
            if not gone and person["resourceName"] in feed.left:
                continue  # it did not leave our group, the group went
            found.append(_change(role, person, gone=gone))
        return Changes(tuple(found), feed.cursor, complete=cursor is None)

    def _since(self, cursor: str | None) -> _Feed:
        params: Json = {"personFields": READ, **_OF_USER, "requestSyncToken": True, "pageSize": 1000}
        if cursor:
            params["syncToken"] = cursor
        ask = Ask("people.people.connections.list", "GET", _CONNECTIONS, params)
        people: list[Json] = []
        token = cursor or ""
        for page in self._line.pages(Service.PEOPLE, ask):
            people += page.get("connections") or ()
            token = str(page.get("nextSyncToken") or token)
        alive = [each for each in people if not (each.get("metadata") or {}).get("deleted")]
        self._told = {each["resourceName"]: each for each in alive[:_KEPT]}
        strayed = [each for each in alive if kept_beside(each).get(beside.KEY) and self._role(each) == HOME]
        if not (strayed and self._group) or self._group in {each["resourceName"] for each in self._groups()}:
            strayed = []
        return _Feed(tuple(people), token, frozenset(each["resourceName"] for each in strayed))

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> dict[ItemRef, Item | ConnectorError]:
        held = {ref.id: self._told.pop(ref.id) for ref in refs if ref.id in self._told}
        people = held | self._read([ref.id for ref in refs if ref.id not in held])
        deep = detail is Detail.BODY
        return {
            ref: Item(ref, version_of(people[ref.id]), decode(people[ref.id], deep=deep))
            for ref in refs
            if ref.id in people
        }

    def _read(self, names: Sequence[str]) -> dict[str, Json]:
        """Contacts by their resource names; those that are gone are left out."""
        found: dict[str, Json] = {}
        for start in range(0, len(names), _AT_ONCE):
            params = {"resourceNames": list(names[start : start + _AT_ONCE]), "personFields": READ, **_OF_USER}
            told = self._line.call(
                Service.PEOPLE, Ask("people.people.getBatchGet", "GET", "/v1/people:batchGet", params)
            )
            found |= {
                each["requestedResourceName"]: each["person"]
                for each in told.get("responses") or ()
                if "person" in each
            }
        return found

    def find(self, keys: Sequence[str]) -> dict[str, ItemRef]:
        params = {"personFields": "clientData,memberships,metadata", **_OF_USER, "pageSize": 1000}
        found: dict[str, ItemRef] = {}
        for page in self._line.pages(
            Service.PEOPLE, Ask("people.people.connections.list", "GET", _CONNECTIONS, params)
        ):
            for person in page.get("connections") or ():
                key = kept_beside(person).get(beside.KEY, "")
                if key in keys:
                    role = DELETED if (person.get("metadata") or {}).get("deleted") else self._role(person)
                    found[key] = ItemRef(Side.MAILBOX, ItemKind.CONTACT, person["resourceName"], role)
        return found

    # --- writing

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        batch = Batch(self._line, Service.PEOPLE, writes)
        if writes[0].target == MANAGED and not self._group:
            raise _no_group()
        verbs: Mapping[Verb, Callable[[Batch], None]] = {
            Verb.CREATE: self._create, Verb.UPDATE: self._update, Verb.DELETE: self._delete, Verb.MOVE: self._move,
        }  # fmt: skip
        verbs[writes[0].verb](batch)
        return batch.outcomes()

    def _create(self, batch: Batch) -> None:
        writes = batch.writes
        again = [write.key for write in writes if write.retrying and write.key]
        for key, ref in (self.find(again) if again else {}).items():
            there = self._read([ref.id])
            if ref.id in there:
                at = next(at for at, write in enumerate(writes) if write.key == key)
                batch.settle(at, Outcome(ref.id, version_of(there[ref.id]), adopted=True))
        made = batch.encoded(
            {at: {**writes[at].values, f.KEY: writes[at].key} for at in batch.open},
            lambda _, fields: encode(fields, {}),
        )
        groups = [MY_CONTACTS, *([self._group] if writes[0].target == MANAGED else [])]
        asks = {
            at: Ask(
                "people.people.createContact", "POST", "/v1/people:createContact", {"personFields": "metadata"},
                {name: entries for name, entries in body.items() if entries} | _memberships(groups),
            )
            for at, body in made.items()
        }  # fmt: skip
        batch.send(asks, lambda _, person: Outcome(person["resourceName"], version_of(person)))

    def _update(self, batch: Batch) -> None:
        writes, present = batch.writes, self._present(batch)
        made = batch.encoded(
            {at: writes[at].values for at in only(present, batch)}, lambda at, fields: encode(fields, present[at])
        )
        for at in [at for at, body in made.items() if not body]:
            batch.settle(at, Outcome(writes[at].id, version_of(present[at])))
        asks = {at: _updating(present[at], made[at]) for at in only(made, batch)}
        batch.send(asks, lambda _, person: Outcome(person["resourceName"], version_of(person)))

    def _move(self, batch: Batch) -> None:
        present = self._present(batch)
        asks: dict[int, Ask] = {}
        for at in only(present, batch):
            groups = [name for name in _groups_of(present[at]) if name != self._group]
            wanted = [*groups, *([self._group] if batch.writes[at].values.get("folder") == MANAGED else [])]
            asks[at] = _updating(present[at], _memberships(wanted or [MY_CONTACTS]))
        batch.send(asks, lambda _, person: Outcome(person["resourceName"], version_of(person)))

    def _delete(self, batch: Batch) -> None:
        present = self._present(batch)
        asks = {
            at: Ask("people.people.deleteContact", "DELETE", f"/v1/{batch.writes[at].id}:deleteContact")
            for at in only(present, batch)
        }
        batch.send(asks, lambda at, _: Outcome(batch.writes[at].id))
        batch.gone_is_fine()

    def _present(self, batch: Batch) -> dict[int, Json]:
        """The contacts as they are: an update writes whole lists. Those that are gone or moved on are settled."""
        people = self._read([write.id for write in batch.writes])
        found: dict[int, Json] = {}
        for at, write in enumerate(batch.writes):
            person = people.get(write.id)
            if person is None:
                batch.fail(at, Fault.NOT_FOUND, "the contact is gone")
            elif write.version and write.version != version_of(person):
                batch.fail(at, Fault.STALE, "the contact was changed since it was read")
            else:
                found[at] = person
        return found


def _updating(present: Json, body: Json) -> Ask:
    params = {"updatePersonFields": ",".join(sorted(body)), "personFields": "metadata"}
    path = f"/v1/{present['resourceName']}:updateContact"
    condition = {"metadata": {"sources": [_contact(present)]}}
    return Ask("people.people.updateContact", "PATCH", path, params, {**body, **condition})


def version_of(person: Json) -> str:
    """The etag of the contact. That of the person follows what was asked about, and the directory."""
    return str(_contact(person).get("etag") or person["etag"])


def _contact(person: Json) -> Json:
    sources = (person.get("metadata") or {}).get("sources") or ()
    found: Json = next((each for each in sources if each.get("type") == "CONTACT"), {})
    return {name: found[name] for name in ("type", "id", "etag") if name in found}


def _memberships(groups: Sequence[str]) -> Json:
    return {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": name}} for name in groups]}


def _groups_of(person: Json) -> list[str]:
    listed = (each.get("contactGroupMembership") or {} for each in person.get("memberships") or ())
    return [each["contactGroupResourceName"] for each in listed if "contactGroupResourceName" in each]


def _change(role: str, person: Json, *, gone: bool) -> Change:
    ref = ItemRef(Side.MAILBOX, ItemKind.CONTACT, person["resourceName"], role)
    if gone:
        return Change(ref, deleted=True)
    fields = decode(person, deep=False)
    feed = {name: fields[name] for name in (f.CATEGORIES, f.KEY) if name in fields}
    return Change(ref, item=Item(ref, version_of(person), feed))


def _no_group() -> ConnectorError:
    return ConnectorError(Fault.NOT_FOUND, "the mailbox has no such contact group", scope=Scope.CONTAINER)
