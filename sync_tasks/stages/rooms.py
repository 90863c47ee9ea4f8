"""Planning for rooms: the one room of a meeting is booked in Salesforce as well, where it is known there by its name.

A room that is taken refuses the invitation and nothing else. When a meeting moves, Salesforce would refuse the whole
event if its room were taken then; so the room is given back first, and booked anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from mapping.merge.baseline import fingerprint
from mapping.merge.plan import Act, Operation, Step
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.model.reasons import Reason
from mapping.rules import rooms
from mapping.rules.attendees import invitee_rows
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.payload import id_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairView

RULE = "ROOM"


def known(ctx: StageContext, works: Iterable[Work]) -> dict[str, str]:
    """The ids of the rooms on the meetings of this run, by name. Costs a call only when there is a room."""
    if not ctx.settings.bool("rooms.link"):
        return {}
    items = [w.item for w in works if w.kind is ItemKind.EVENT and w.side is Side.MAILBOX and w.item is not None]
    names = sorted({name for item in items if (name := rooms.only_room(item))})
    return dict(ctx.crm.find_resources(names)) if names else {}


def book(draft: Draft, key: str, item: Item, event_id: str) -> None:
    """Plan the invitation of the room of a new event."""
    wanted = draft.rooms.get(rooms.only_room(item), "")
    if wanted:
        _book(draft, key, item.ref, event_id, wanted)


def rebook(draft: Draft, pair: PairView | None, key: str, item: Item, record: Item, *, moves: bool) -> None:
    """Plan what makes the booking agree with the meeting. What others have booked in Salesforce is theirs."""
    if not draft.ctx.settings.bool("rooms.link"):
        return
    wanted = draft.rooms.get(rooms.only_room(item), "")
    booked = {person: relation for relation, person, _ in invitee_rows(record) if person.startswith(rooms.PREFIX)}
    mine = pair.marks.get(rooms.MARK) if pair is not None else None
    for room, relation in booked.items():
        if mine == _mark(draft, room) and (moves or room != wanted):
            _give_back(draft, key, item.ref, relation)
            if room == wanted:
                _book(draft, key, item.ref, record.ref.id, wanted)
    if wanted and wanted not in booked:
        _book(draft, key, item.ref, record.ref.id, wanted)


def _book(draft: Draft, key: str, origin: ItemRef, event_id: str, room: str) -> None:
    draft.add(
        Operation(
            Act.RELATE, Side.CRM, ItemKind.EVENT, "EventRelation", Step.RELATIONS, RULE, Reason.ROOM_BOOKED.value,
            pair_key=key, values={"EventId": id_of(event_id), "RelationId": room, "Status": "Accepted"},
            agreed={rooms.MARK: _mark(draft, room)},
        ),
        origin,
    )  # fmt: skip


def _give_back(draft: Draft, key: str, origin: ItemRef, relation: str) -> None:
    draft.add(
        Operation(
            Act.UNRELATE, Side.CRM, ItemKind.EVENT, "EventRelation", Step.ROOMS, RULE, Reason.ROOM_BOOKED.value,
            pair_key=key, ref=relation, agreed={rooms.MARK: ""},
        ),
        origin,
    )  # fmt: skip


def _mark(draft: Draft, room: str) -> str:
    return fingerprint(draft.ctx.fingerprint_key, rooms.MARK, room)
