"""EventRelation rows as invitees.

Sources: Object Reference, EventRelation (Status, IsInvitee and IsParent with Shared Activities). `Relation` is
polymorphic (User, Contact, Lead, Calendar) and shows name, e-mail and type of whoever it is, so that one query tells
all there is to know; a Calendar (a room) has no address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.protocols import OrgShape
from connectors.salesforce.codec import INVITEE_IDS, INVITEES, id18
from connectors.salesforce.describe import columns_of
from mapping.model.item import Attendee, Fields, Response, Role
from mapping.model.people import normalise

Row = Mapping[str, Any]

_PERSON = ("Relation.Name", "Relation.Email", "Relation.Type")
_RESPONSES = {"Accepted": Response.ACCEPTED, "Declined": Response.DECLINED}
_WITHDRAWN = "Uninvited"


def relation_columns(shape: OrgShape) -> list[str]:
    return [*columns_of(shape, "EventRelation"), *_PERSON]


def by_event(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Live rows by the id of their event."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if not row.get("IsDeleted"):
            found.setdefault(id18(str(row["EventId"])), []).append(row)
    return found


def invitee_fields(rows: Iterable[Row]) -> Fields:
    """The virtual fields of one event. With Shared Activities there are rows for Who and What too, which are
    links and not invitees, and a withdrawn invitation stays as a row: none of them is listed."""
    invited = [r for r in rows if invites(r)]
    people = [(normalise(_text(r, "Email")), r) for r in invited]
    attendees = [
        Attendee(
            address=address,
            name=_text(row, "Name"),
            role=Role.RESOURCE if _text(row, "Type") == "Calendar" else Role.REQUIRED,
            response=_RESPONSES.get(str(row.get("Status")), Response.NONE),
        )
        for address, row in people
        if address
    ]
    attendees.sort(key=lambda a: (a.address, a.name))
    ids = [(id18(str(r["Id"])), id18(str(r["RelationId"] or "")), address) for address, r in people]
    return {
        INVITEES: tuple(attendees),
        INVITEE_IDS: tuple(sorted(ids)),
    }


def invites(row: Row) -> bool:
    """Is somebody invited by this row?"""
    if row.get("IsDeleted") or row.get("IsWhat") or row.get("Status") == _WITHDRAWN:
        return False
    return row.get("IsInvitee") is not False


def _text(row: Row, name: str) -> str:
    relation = row.get("Relation")
    value = relation.get(name) if isinstance(relation, Mapping) else None
    return value if isinstance(value, str) else ""
