"""Invitations where activities are shared: one row says of a person both that the event is about him and that he is
invited.

Source: Object Reference, EventRelation (IsParent and IsInvitee; deleting the row of the first person clears or replaces
the event's WhoId). So inviting somebody the event is about means to say so on his row, and withdrawing an invitation
must leave the row that links him.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from connectors.protocols import OrgShape, Outcome, Verb, Write
from connectors.salesforce.codec import id18
from connectors.salesforce.results import Result
from connectors.salesforce.rows import Entry, entry_of
from connectors.salesforce.soql import one_of, select
from connectors.salesforce.wire import Query, Wire
from mapping.model.item import Fields

RELATION = "EventRelation"
_ANSWER = frozenset({"Status", "Response", "RespondedDate"})


def are_shared(shape: OrgShape) -> bool:
    """Is one relation of an event both link and invitation?"""
    return shape.has(RELATION, "IsParent") and shape.has(RELATION, "IsInvitee")


def invitations(entries: Iterable[Entry], results: dict[int, Result], shape: OrgShape) -> list[Entry]:
    """Updates that make invitees of those whose rows were there before."""
    adopted = [(e, o) for e in entries if isinstance(o := results.get(e.place), Outcome) and o.adopted and not o.error]
    return [
        _update(e, o.id, {"IsInvitee": True, **{n: v for n, v in e.write.values.items() if n in _ANSWER}}, shape)
        for e, o in adopted
    ]


def withdrawals(wire: Wire, entries: list[Entry], shape: OrgShape) -> list[Entry]:
    """Updates that take the place of deleting those rows which are links too."""
    where = [one_of("Id", [e.write.id for e in entries]), "IsParent = true"]
    rows = wire.queries([Query(select(("Id",), RELATION, where))], f"write.look.{RELATION}")[0]
    linked = {id18(row["Id"]) for row in rows}
    return [_update(e, e.write.id, {"IsInvitee": False}, shape) for e in entries if id18(e.write.id) in linked]


def _update(entry: Entry, record_id: str, values: Fields, shape: OrgShape) -> Entry:
    write = Write(Verb.UPDATE, entry.write.kind, RELATION, id=record_id, values=values)
    return entry_of(entry.place, write, shape, "", Counter())
