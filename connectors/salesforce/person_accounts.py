"""Person accounts: one Account row that is a person, with a Contact behind it.

They are created as target `PersonAccount`; the outcome's id is the PersonContactId, because that, and not the Account's
id, is what WhoId and relations take.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from connectors.errors import ConnectorError
from connectors.protocols import Outcome, Write
from connectors.salesforce.codec import id18
from connectors.salesforce.soql import one_of, select
from connectors.salesforce.wire import Query, Wire

PERSON_ACCOUNT = "PersonAccount"


def write_person_accounts(
    wire: Wire, writes: Sequence[Write], write: Callable[[Sequence[Write]], list[Outcome]]
) -> list[Outcome]:
    """Creates as `Writer.write` does, on Account, in two more calls: the record type before, the contacts after."""
    record_type = _record_type(wire)
    extra = {"RecordTypeId": record_type} if record_type else {}
    outcomes = write([replace(w, target="Account", values={**w.values, **extra}) for w in writes])
    made = [o.id for o in outcomes if o.error is None and o.id]
    if not made:
        return outcomes
    statement = select(("Id", "PersonContactId"), "Account", [one_of("Id", made)])
    rows = wire.queries([Query(statement)], "write.look.PersonAccount")[0]
    contacts = {id18(row["Id"]): id18(row["PersonContactId"]) for row in rows if row.get("PersonContactId")}
    return [replace(o, id=contacts.get(id18(o.id), o.id)) if o.error is None and o.id else o for o in outcomes]


def _record_type(wire: Wire) -> str:
    """The record type that makes an Account a person; empty where the org does not show its record types, and the
    absence of a Name has to do."""
    where = ["SobjectType = 'Account'", "IsPersonType = true", "IsActive = true"]
    try:
        rows = wire.queries([Query(select(("Id",), "RecordType", where, order=("Id",)))], "record_type")[0]
    except ConnectorError as error:
        if error.vendor_code in ("INVALID_TYPE", "INVALID_FIELD"):
            return ""
        raise
    return id18(rows[0]["Id"]) if rows else ""
