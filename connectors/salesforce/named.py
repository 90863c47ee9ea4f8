"""Business records: opportunities of accounts and of people, and what messages name by address, number or Message-ID.

Sources: SOQL reference (a semi-join may not stand beside OR, so what is found in two ways takes two statements);
Object Reference, EmailMessage (`MessageIdentifier` is an idLookup, `RelatedToId` the one business record) and Case
(`CaseNumber`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from connectors.protocols import OrgShape
from connectors.salesforce.codec import id18
from connectors.salesforce.soql import chunks, literal, one_of, select
from connectors.salesforce.wire import Query, Row, Wire
from mapping.model.people import BusinessRecord, Clues, LoggedMail, Named, OpportunityRecord, normalise, object_of

Conditions = Mapping[str, Sequence[str]]

_DEAL_COLUMNS = (
    "Id", "Name", "AccountId", "OwnerId", "IsClosed", "CloseDate", "CreatedDate", "LastModifiedDate",
    "LastActivityDate",
)  # fmt: skip
_OLDEST_FIRST = ("CreatedDate", "Id")
_RELATIONS = "(SELECT RelationId, RelationAddress, RelationType FROM EmailMessageRelations)"


def opportunities(
    wire: Wire, shape: OrgShape, account_ids: Iterable[str], contact_ids: Iterable[str],
    closing: tuple[date, date] | None, only: Conditions,
) -> tuple[OpportunityRecord, ...]:  # fmt: skip
    """Those of the accounts and those of the people, each once, the oldest first."""
    has_roles = shape.has("OpportunityContactRole")
    columns = [c for c in _DEAL_COLUMNS if shape.has("Opportunity", c)]
    if has_roles:
        columns.append("(SELECT ContactId FROM OpportunityContactRoles)")
    where = [f"({condition})" for condition in only.get("Opportunity", ())]
    if closing is not None:
        where += [f"CloseDate >= {literal(closing[0])}", f"CloseDate <= {literal(closing[1])}"]
    ways = [one_of("AccountId", chunk) for chunk in chunks(id18(a) for a in account_ids if a)]
    if has_roles:
        ways += [
            f"Id IN ({select(('OpportunityId',), 'OpportunityContactRole', [one_of('ContactId', chunk)])})"
            for chunk in chunks(id18(c) for c in contact_ids if c)
        ]
    queries = [Query(select(columns, "Opportunity", [way, *where], order=_OLDEST_FIRST)) for way in ways]
    rows = [row for result in wire.queries(queries, "find_opportunities") for row in result]
    found = {deal.id: deal for deal in map(_opportunity, rows)}
    return tuple(sorted(found.values(), key=lambda deal: (deal.created, deal.id)))


def _opportunity(row: Row) -> OpportunityRecord:
    return OpportunityRecord(
        id=id18(_text(row, "Id")),
        account_id=id18(_text(row, "AccountId")),
        owner_id=id18(_text(row, "OwnerId")),
        name=_text(row, "Name"),
        is_closed=bool(row.get("IsClosed")),
        close_date=_text(row, "CloseDate"),
        created=_text(row, "CreatedDate"),
        contact_ids=frozenset(
            id18(_text(r, "ContactId")) for r in _children(row, "OpportunityContactRoles") if r.get("ContactId")
        ),
        modified=_text(row, "LastModifiedDate"),
        last_activity=_text(row, "LastActivityDate"),
    )


def named(wire: Wire, shape: OrgShape, clues: Clues, key_field: str, only: Conditions) -> Named:
    """One statement an object for all that the messages name."""
    queries: list[Query] = []
    takers: list[Callable[[Row], None]] = []
    records: dict[str, BusinessRecord] = {}
    cases: dict[str, BusinessRecord] = {}
    mails: dict[str, LoggedMail] = {}

    def ask(columns: Sequence[str], crm_object: str, condition: str, take: Callable[[Row], None]) -> None:
        shown = [c for c in columns if c.startswith("(") or shape.has(crm_object, c)]
        where = [condition, *(f"({each})" for each in only.get(crm_object, ()))]
        queries.append(Query(select(shown, crm_object, where)))
        takers.append(take)

    def of_page(crm_object: str) -> Callable[[Row], None]:
        def take(row: Row) -> None:
            record = BusinessRecord(crm_object, id18(_text(row, "Id")))
            records[record.id[:15]] = record

        return take

    def of_number(row: Row) -> None:
        record_id, number = id18(_text(row, "Id")), _text(row, "CaseNumber")
        cases[number] = BusinessRecord("Case", record_id, number, bool(row.get("IsClosed")), _text(row, "CreatedDate"))

    def of_mail(row: Row) -> None:
        mail = _logged(row, key_field)
        mails.setdefault(mail.message_id, mail)

    for crm_object, ids in sorted(clues.ids.items()):
        if shape.has(crm_object):
            for chunk in chunks(id18(i) for i in sorted(ids)):
                ask(("Id",), crm_object, one_of("Id", chunk), of_page(crm_object))
    if shape.has("Case"):
        for chunk in chunks(sorted(clues.numbers)):
            ask(("Id", "CaseNumber", "IsClosed", "CreatedDate"), "Case", one_of("CaseNumber", chunk), of_number)
    if shape.has("EmailMessage", "MessageIdentifier"):
        columns = ("Id", "MessageIdentifier", "Incoming", "RelatedToId", key_field, _RELATIONS)
        for chunk in chunks(sorted(clues.message_ids)):
            ask(columns, "EmailMessage", one_of("MessageIdentifier", chunk), of_mail)
    for take, rows in zip(takers, wire.queries(queries, "find_named"), strict=True):
        for row in rows:
            take(row)
    return Named(records, cases, mails)


def _logged(row: Row, key_field: str) -> LoggedMail:
    people = (
        (
            normalise(_text(each, "RelationAddress")),
            object_of(_text(each, "RelationId")),
            id18(_text(each, "RelationId")),
        )
        for each in _children(row, "EmailMessageRelations")
        if each.get("RelationId") and each.get("RelationType") != "FromAddress"
    )
    return LoggedMail(
        message_id=_text(row, "MessageIdentifier"),
        incoming=bool(row.get("Incoming")),
        ours=bool(row.get(key_field)),
        what=id18(_text(row, "RelatedToId")),
        people=tuple(people),
    )


def _children(row: Row, name: str) -> Sequence[Mapping[str, Any]]:
    told = row.get(name)
    return tuple(told.get("records", ())) if isinstance(told, Mapping) else ()


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
