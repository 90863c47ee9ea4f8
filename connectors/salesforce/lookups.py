"""Reading records: by id, by key, by moment, and the people, rooms and opportunities that links are chosen from.

All of it is SOQL inside composite calls, as many statements a call as it takes. Rows come from `query`, which leaves
out deleted and archived records, except where records are read by id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.errors import ConnectorError, Scope
from connectors.protocols import Detail, OrgShape
from connectors.salesforce.codec import id18, item_of
from connectors.salesforce.composite import MOST_QUERIES, batched
from connectors.salesforce.deletes import SERIES
from connectors.salesforce.describe import columns_of, email_fields, kind_of
from connectors.salesforce.invitees import by_event, invitee_fields, relation_columns
from connectors.salesforce.soql import any_of, chunks, literal, one_of, select
from connectors.salesforce.wire import Query, Wire
from mapping.model.item import Item, ItemKind, ItemRef
from mapping.model.people import CrmUser, PersonRecord, normalise

Row = Mapping[str, Any]
Columns = Callable[[str], Sequence[str]]

_PERSON_COLUMNS = (
    "Id", "Name", "OwnerId", "AccountId", "LastActivityDate", "LastModifiedDate", "CreatedDate", "IsPersonAccount",
    "IsConverted",
)  # fmt: skip
# of the Contact that a Lead became, as it is today: it may have moved to another account, or be gone
_CONVERTED = tuple(f"ConvertedContact.{name}" for name in ("Id", "AccountId", "OwnerId", "IsDeleted"))

NO_CONDITIONS: Mapping[str, Sequence[str]] = {}


class Lookups:
    """Reads on one connection. `extra` names further columns of an object."""

    def __init__(self, wire: Wire, shape: OrgShape, extra: Columns) -> None:
        self._wire = wire
        self._shape = shape
        self._extra = extra

    def by_refs(self, refs: Sequence[ItemRef], detail: Detail) -> dict[ItemRef, Item | ConnectorError]:
        found: dict[ItemRef, Item | ConnectorError] = {}
        asked: dict[str, dict[str, ItemRef]] = {}
        for ref in refs:
            asked.setdefault(ref.container, {})[id18(ref.id)] = ref
        jobs = [(crm_object, chunk) for crm_object, by_id in asked.items() for chunk in chunks(by_id)]
        # An event takes two statements, so two chunks a call always fit under the limit of five.
        for batch in batched(jobs, MOST_QUERIES // 2):
            self._read_batch(batch, asked, detail, found)
        for ref in refs:  # one record named by its short and its long id is asked for once, and answered twice
            if (answer := found.get(asked[ref.container][id18(ref.id)])) is not None:
                found.setdefault(ref, answer)
        return found

    def _read_batch(
        self,
        jobs: list[tuple[str, list[str]]],
        asked: Mapping[str, Mapping[str, ItemRef]],
        detail: Detail,
        found: dict[ItemRef, Item | ConnectorError],
    ) -> None:
        parts = []
        readable = []
        for crm_object, ids in jobs:
            try:
                columns = columns_of(self._shape, crm_object, self._extra(crm_object), detail is Detail.BODY)
            except ConnectorError as error:
                found.update({asked[crm_object][i]: _for_item(error) for i in ids})
                continue
            readable.append((crm_object, ids))
            parts.append(self._wire.query_part(Query(select(columns, crm_object, [one_of("Id", ids)]), deleted=True)))
            if self._has_guests(crm_object):
                statement = select(relation_columns(self._shape), "EventRelation", [one_of("EventId", ids)])
                parts.append(self._wire.query_part(Query(statement)))
        if not parts:
            return
        answers = iter(self._wire.composite(parts, "read", reading=True))
        for crm_object, ids in readable:
            rows_answer = next(answers)
            guests_answer = next(answers) if self._has_guests(crm_object) else None
            refs = asked[crm_object]
            try:
                rows = self._wire.rows_of(rows_answer, "read")
                guests = by_event(self._wire.rows_of(guests_answer, "read")) if guests_answer else {}
            except ConnectorError as error:
                if error.scope is Scope.CONNECTION:
                    raise
                found.update({refs[i]: _for_item(error) for i in ids})
                continue
            for row in rows:
                record_id = id18(str(row["Id"]))
                if row.get("IsDeleted") or record_id not in refs:
                    continue
                ref = refs[record_id]
                item = item_of(row, crm_object, ref.kind, self._shape.objects[crm_object])
                if self._has_guests(crm_object):
                    item = item.with_fields(invitee_fields(guests.get(record_id, [])))
                found[ref] = item

    def _has_guests(self, crm_object: str) -> bool:
        return crm_object == "Event" and self._shape.has("EventRelation")

    def by_key(self, crm_object: str, field_name: str, keys: Iterable[str]) -> dict[str, Item]:
        asked = list(dict.fromkeys(k for k in keys if k))
        columns = columns_of(self._shape, crm_object, (*self._extra(crm_object), field_name), bodies=False)
        if not asked or field_name not in columns:
            return {}
        queries = [
            Query(select(columns, crm_object, [one_of(field_name, chunk)], order=("CreatedDate", "Id")))
            for chunk in chunks(asked)
        ]
        # Comparison in SOQL ignores case: an exact match wins, any other stands for its folded form.
        exact: dict[str, Item] = {}
        folded: dict[str, Item] = {}
        for rows in self._wire.queries(queries, f"find_by_key.{crm_object}"):
            for row in rows:
                item = item_of(row, crm_object, kind_of(crm_object), self._shape.objects[crm_object])
                exact.setdefault(str(row[field_name]), item)
                folded.setdefault(str(row[field_name]).casefold(), item)
        hits = {key: exact.get(key) or folded.get(key.casefold()) for key in asked}
        return {key: item for key, item in hits.items() if item is not None}

    def events_at(self, owner_id: str, starts: Iterable[datetime]) -> tuple[Item, ...]:
        columns = columns_of(self._shape, "Event", self._extra("Event"))
        moments = sorted(set(starts))
        queries = []
        for chunk in batched(moments, 1000):
            where = [f"OwnerId = {literal(owner_id)}", one_of("StartDateTime", chunk)]
            if self._shape.has("Event", "IsChild"):
                where.append("IsChild = false")
            queries.append(Query(select(columns, "Event", where, order=("CreatedDate", "Id"))))
        types = self._shape.objects["Event"]
        found = self._wire.queries(queries, "find_events")
        return tuple(item_of(row, "Event", ItemKind.EVENT, types) for rows in found for row in rows)

    def series(self, ids: Iterable[str]) -> dict[str, tuple[Item, ...]]:
        """Archived occurrences too: a series may have begun long ago."""
        columns = columns_of(self._shape, "Event", self._extra("Event"), bodies=False)
        if SERIES not in columns:
            return {}
        queries = []
        for chunk in chunks(id18(i) for i in ids if i):
            where = [one_of(SERIES, chunk), "IsRecurrence = false", "IsDeleted = false"]
            queries.append(Query(select(columns, "Event", where, ("StartDateTime", "Id")), deleted=True))
        found: dict[str, list[Item]] = {}
        for row in (row for rows in self._wire.queries(queries, "find_series") for row in rows):
            item = item_of(row, "Event", ItemKind.EVENT, self._shape.objects["Event"])
            found.setdefault(id18(str(row[SERIES])), []).append(item)
        return {series_id: tuple(items) for series_id, items in found.items()}

    def tasks_called(self, owner_id: str, subjects: Iterable[str]) -> tuple[Item, ...]:
        if not self._shape.has("Task"):
            return ()
        columns = columns_of(self._shape, "Task", self._extra("Task"))
        where = f"OwnerId = {literal(owner_id)}"
        queries = [
            Query(select(columns, "Task", [where, one_of("Subject", chunk)], order=("CreatedDate", "Id")))
            for chunk in chunks(subjects)
        ]
        types = self._shape.objects["Task"]
        found = self._wire.queries(queries, "find_tasks")
        return tuple(item_of(row, "Task", ItemKind.TASK, types) for rows in found for row in rows)

    def people(
        self, addresses: Iterable[str], only: Mapping[str, Sequence[str]] = NO_CONDITIONS
    ) -> dict[str, tuple[PersonRecord, ...]]:
        asked = sorted({n for a in addresses if (n := normalise(a))})
        objects = [o for o in ("Contact", "Lead", "User") if email_fields(self._shape, o)]
        most = max((len(email_fields(self._shape, o)) for o in objects), default=1)
        queries = []
        told = []
        for chunk in chunks(asked, repeats=most):
            for crm_object in objects:
                queries.append(Query(self._people_statement(crm_object, chunk, only.get(crm_object, ()))))
                told.append(crm_object)
        found: dict[str, list[PersonRecord]] = {}
        for crm_object, rows in zip(told, self._wire.queries(queries, "find_people"), strict=True):
            for row in rows:
                for person in self._persons(crm_object, row):
                    found.setdefault(person.address, []).append(person)
        return {a: tuple(_distinct(found[a])) for a in asked if a in found}

    def _people_statement(self, crm_object: str, addresses: Sequence[str], only: Sequence[str]) -> str:
        fields = self._shape.objects[crm_object]
        emails = email_fields(self._shape, crm_object)
        columns = [c for c in _PERSON_COLUMNS if c in fields]
        where = [any_of([one_of(e, addresses) for e in emails]), *(f"({condition})" for condition in only)]
        if crm_object == "Lead" and "ConvertedContactId" in fields:
            columns += _CONVERTED
        if crm_object == "User" and "IsActive" in fields:
            where.append("IsActive = true")
        return select([*columns, *emails], crm_object, where, order=("CreatedDate", "Id"))

    def _persons(self, crm_object: str, row: Row) -> Iterable[PersonRecord]:
        """One record for each address that the row carries; of a converted Lead, the Contact that it became."""
        became = row.get("ConvertedContact")
        if row.get("IsConverted") and (not isinstance(became, Mapping) or became.get("IsDeleted")):
            return
        for field_name in email_fields(self._shape, crm_object):
            if not (address := normalise(_text(row, field_name))):
                continue
            if row.get("IsConverted") and isinstance(became, Mapping):
                yield PersonRecord(
                    object="Contact",
                    id=id18(_text(became, "Id")),
                    address=address,
                    name=_text(row, "Name"),
                    account_id=id18(_text(became, "AccountId")),
                    owner_id=id18(_text(became, "OwnerId")),
                    primary=field_name == "Email",
                    converted=id18(_text(row, "Id")),
                )
            else:
                yield PersonRecord(
                    object=crm_object,
                    id=id18(_text(row, "Id")),
                    address=address,
                    name=_text(row, "Name"),
                    account_id=id18(_text(row, "AccountId")),
                    owner_id=id18(_text(row, "OwnerId")),
                    primary=field_name == "Email",
                    last_activity=_text(row, "LastActivityDate"),
                    modified=_text(row, "LastModifiedDate"),
                    created=_text(row, "CreatedDate"),
                    person_account=bool(row.get("IsPersonAccount")),
                )

    def user_id(self, address: str) -> str:
        """The one active user of an address, '' when there is none or the choice is not clear. Among several the
        one wins whose user name is the address."""
        wanted = normalise(address)
        if not wanted:
            return ""
        where = [any_of([one_of("Email", [wanted]), one_of("Username", [wanted])]), "IsActive = true"]
        statement = select(("Id", "Email", "Username"), "User", where, order=("Id",))
        rows = self._wire.queries([Query(statement)], "find_user")[0]
        named = [r for r in rows if normalise(_text(r, "Username")) == wanted]
        mailed = [r for r in rows if normalise(_text(r, "Email")) == wanted]
        for candidates in (mailed, named, [r for r in mailed if r in named]):
            if len(candidates) == 1:
                return id18(_text(candidates[0], "Id"))
        return ""

    def users(self) -> tuple[CrmUser, ...]:
        """All active users of the kind that people of the organization are; what of them is hidden stays empty."""
        told = {"Country": "Country", "ProfileId": "Profile.Name", "UserRoleId": "UserRole.Name"}
        columns = ("Id", "Name", "Email", *(c for field, c in told.items() if self._shape.has("User", field)))
        statement = select(columns, "User", ["IsActive = true", "UserType = 'Standard'"], order=("Name", "Id"))
        return tuple(
            CrmUser(
                id18(_text(row, "Id")), normalise(_text(row, "Email")), _text(row, "Name"), _text(row, "Country"),
                _name_of(row, "Profile"), _name_of(row, "UserRole"),
            )
            for row in self._wire.queries([Query(statement)], "users")[0]
        )  # fmt: skip

    def resources(self, names: Iterable[str]) -> dict[str, str]:
        """Ids of active resource calendars by the names asked for; a name that several bear is left out."""
        asked = {name: name.strip().casefold() for name in names if name.strip()}
        if not asked or not self._shape.has("Calendar", "Type"):
            return {}
        found: dict[str, list[str]] = {}
        of_resources = ["Type = 'Resource'", "IsActive = true"]
        statements = [
            select(("Id", "Name"), "Calendar", [*of_resources, one_of("Name", chunk)])
            for chunk in chunks(asked.values())
        ]
        for rows in self._wire.queries([Query(s) for s in statements], "find_resources"):
            for row in rows:
                found.setdefault(_text(row, "Name").strip().casefold(), []).append(id18(_text(row, "Id")))
        return {name: ids[0] for name, folded in asked.items() if len(ids := found.get(folded, [])) == 1}


def _distinct(people: Iterable[PersonRecord]) -> list[PersonRecord]:
    """A record whose address stands in two of its fields counts once, by the first (standard) one."""
    kept: dict[tuple[str, str], PersonRecord] = {}
    for person in people:
        kept.setdefault((person.object, person.id), person)
    return list(kept.values())


def _for_item(error: ConnectorError) -> ConnectorError:
    return ConnectorError(error.fault, error.detail, error.vendor_code, Scope.ITEM, error.retry_after, error.fields)


def _name_of(row: Row, relation: str) -> str:
    """The name of the record that a lookup leads to."""
    record = row.get(relation)
    return _text(record, "Name") if isinstance(record, Mapping) else ""


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
