"""Events: guests, privacy, and the description that is copied once."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from mapping.merge.baseline import Baseline
from mapping.merge.edits import Edits, edits
from mapping.merge.fields import Merged
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Attendee, Item, ItemKind, ItemRef, Person, Side, Value
from mapping.model.people import PersonRecord
from mapping.model.reasons import Reason
from mapping.model.table import Table
from mapping.rules import attendees, deletion, kinds, privacy, rooms, scope
from mapping.rules.attendees import AttendeePlan
from mapping.rules.columns import conditions, to_write
from mapping.rules.decision import Decision, Me, PairFacts, is_private
from mapping.rules.deletion import Fate, Trigger
from mapping.rules.description import carried, first_description
from mapping.rules.roles import Leader
from mapping.rules.settings import Effective
from mapping.tables.adjust import adjust, downwards
from mapping.tables.event import EVENT, reminder_minutes
from sync_tasks.stages import rooms as booking
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.mirrored import NOTHING, Extra, Mirrored, Stakes
from sync_tasks.stages.payload import id_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairView

RESETS_ANSWERS = frozenset({f.SPAN, f.LOCATION})  # rows whose change makes Salesforce forget who answered what


class Events(Mirrored):
    table = EVENT
    home: ClassVar[str] = "calendar"
    conflict: ClassVar[str] = "conflict.event"
    down: ClassVar[str] = "events.down"
    listed: ClassVar[str] = "ROL-10"
    stamped: ClassVar[bool] = True  # the key of an event follows its copies into other mailboxes

    def from_mailbox(self, ctx: StageContext, item: Item, known: PairFacts | None, leader: Leader | None) -> Decision:
        return scope.event_from_mailbox(item, known, ctx.book, ctx.me, ctx.settings, ctx.now(), leader)

    def from_crm(self, ctx: StageContext, item: Item, known: PairFacts | None) -> Decision:
        unwanted = conditions(ctx.settings.list("deletion.unsync_when"), ctx.shape.objects.get("Event", {})).values
        return scope.event_from_crm(item, known, ctx.me, ctx.settings, ctx.now(), unwanted)

    def delivered(self, settings: Effective) -> Table:
        table = super().delivered(settings)
        return table if settings.bool("description.safe") else adjust(table, [{"name": f.BODY, "direction": "both"}])

    def table_for(self, ctx: StageContext) -> Table:
        table = super().table_for(ctx)
        defaults = to_write(ctx.settings.list("defaults.event"), ctx.shape.objects.get("Event", {}), "createable")
        fixed = {column: value for column, value in defaults.values.items() if column not in table.columns}
        return replace(table, fixed={**table.fixed, **fixed})

    def compares_body(self, settings: Effective) -> bool:
        return (
            not settings.bool("description.safe")
            or settings.bool("description.carried")
            or bool(settings.list("events.appended"))
        )

    def letter(self, item: Item, born: Side, me: Me) -> str:
        return kinds.letter(item, born, me)

    def fate(self, pair: PairView, trigger: Trigger, settings: Effective) -> tuple[Fate, str]:
        if pair.series and trigger is Trigger.WINDOW:
            return Fate.RELEASE, "DEL-3"  # what took place stays in the series, wherever it was born
        return deletion.fate(
            pair.letter or "A", trigger, settings.text("deletion.events"), born=Side(pair.born),
            way=settings.text("events.way"),
        )  # fmt: skip

    def spared(
        self, draft: Draft, case: Stakes, found: Fate, rule: str, trigger: Trigger
    ) -> tuple[Fate, str, Reason | None]:
        ctx = draft.ctx
        people = attendees.listed(case.ours) if case.ours is not None else ()
        stake = deletion.Stake(
            case.pair.letter == "C" and not all(ctx.book.is_internal(each.address) for each in people),
            case.theirs is not None and is_read_only(case.theirs, ctx.settings),
            Edits() if case.theirs is None else
            edits(case.table, Baseline(case.pair.marks, ctx.fingerprint_key), case.theirs, ctx.shape.user_id),
        )  # fmt: skip
        return deletion.spared(found, rule, trigger, stake, ctx.settings)

    def between(self, draft: Draft, table: Table, ours: Item, theirs: Item) -> Table:
        table = super().between(draft, table, ours, theirs)
        return downwards(table) if is_read_only(theirs, draft.ctx.settings) else table

    def authority(self, settings: Effective) -> Side | None:
        return {"up": Side.MAILBOX, "down": Side.CRM}.get(settings.text("events.way"))

    # --- private ones

    def shown(self, draft: Draft, pair: PairView | None, table: Table, item: Item) -> tuple[Table, Item, Extra]:
        if rooms.rooms_of(item) and draft.ctx.settings.bool("rooms.read_location") and table.row(f.LOCATION):
            item = item.with_fields({f.LOCATION: rooms.place(item)})
            table = adjust(table, [{"name": f.LOCATION, "direction": "up"}])
        remembered = None if pair is None else pair.marks.get(privacy.MARK, "")
        if privacy.hides(item, draft.ctx.settings.text("private_mode"), remembered):
            # while it is hidden, nothing written in Salesforce may come back into the item
            rows = [{"name": name, "direction": "up"} for name in privacy.HIDDEN_ROWS if table.row(name)]
            forced = Extra(dict(privacy.HIDDEN), {privacy.MARK: ""}, rule="PRV-6", reason=Reason.REDACTED)
            return adjust(table, rows), privacy.hidden(item), forced
        if pair is None:
            return table, item, Extra(agreed={privacy.MARK: privacy.OPEN} if is_private(item) else {})
        if remembered == "" and privacy.MARK in pair.marks:
            return table, item, Extra(dict(privacy.SHOWN), {privacy.MARK: privacy.SHOWN_AGAIN})
        return table, item, NOTHING

    # --- the first time

    def first_up(self, draft: Draft, work: Work, item: Item) -> Extra:
        if work.decision is not None and work.decision.reason is Reason.PRIVATE_PLACEHOLDER:
            return NOTHING
        mine = kinds.organizer_of(item) in ("", *draft.ctx.me.addresses)
        return Extra({f.BODY: first_description(item, organizer_is_me=mine), **_links(work)})

    def adopt(self, draft: Draft, key: str, ours: Work, theirs: Item) -> None:
        lacking = {name: value for name, value in _links(ours).items() if not theirs.get(name)}
        if lacking:
            draft.add(
                Operation(
                    Act.UPDATE, Side.CRM, ItemKind.EVENT, "Event", Step.RECORDS, "IDN-1", Reason.ADOPTED.value,
                    pair_key=key, ref=theirs.ref.id, values=lacking,
                    changes=tuple(FieldChange(name, None, value) for name, value in lacking.items()),
                ),
                ours.ref,
            )  # fmt: skip

    def after_up(self, draft: Draft, key: str, letter: str, item: Item, made: str) -> None:
        if letter == "C":
            shared = draft.sharings.get(key) is not None  # a colleague's record may be taken over, guests and all
            for attendee in attendees.under_one_address(attendees.listed(item), draft.ctx.primary):
                _invite(draft, key, item.ref, "@" + made, attendee, retrying=shared)
            booking.book(draft, key, item, "@" + made)

    def first_down(self, draft: Draft, item: Item) -> Extra:
        ctx = draft.ctx
        values: dict[str, Value] = {}
        minutes = reminder_minutes(item.fields)
        if minutes is not None:
            values[f.REMINDER] = minutes
        open_to_all: dict[str, str] = {}
        if item.flag("IsPrivate"):
            values[f.SENSITIVITY] = "private"
            open_to_all[privacy.MARK] = privacy.OPEN  # its record is Salesforce's own, and stays as it is
        invitees = _invitees(draft, item)
        if not invitees:
            return Extra(values, open_to_all)
        people = " ".join(attendees.person_mark(ctx.fingerprint_key, a.address) for a in invitees)
        agreed = open_to_all | {"people": people}
        return Extra({**values, f.ATTENDEES: invitees}, agreed, len(invitees))

    # --- the list of guests

    def merge_more(
        self, draft: Draft, pair: PairView | None, key: str, ours: Item, theirs: Item, merged: Merged
    ) -> Extra:
        ctx = draft.ctx
        if pair is not None and privacy.hides(ours, "", pair.marks.get(privacy.MARK, "")):
            for relation, _, address in attendees.invitee_rows(theirs):
                _uninvite(draft, key, ours.ref, relation, ctx.primary.get(address, address), "PRV-6", Reason.REDACTED)
            return NOTHING
        if kinds.organizer_of(ours) in ("", *ctx.me.addresses) and not is_read_only(theirs, ctx.settings):
            moves = any(change.name == f.SPAN for change in merged.changes_crm)
            booking.rebook(draft, pair, key, ours, theirs, moves=moves)
        return self._guests(draft, pair, key, ours, theirs, merged) | _carry(draft, ours, theirs, merged)

    def _guests(self, draft: Draft, pair: PairView | None, key: str, ours: Item, theirs: Item, merged: Merged) -> Extra:
        ctx = draft.ctx
        if not ctx.settings.bool("attendees.continuous") or is_read_only(theirs, ctx.settings):
            return NOTHING
        people = pair.people if pair is not None else frozenset()
        moves = any(change.name in RESETS_ANSWERS for change in merged.changes_crm)
        lists = _merge_attendees(draft, key, ours, theirs, people, answers_lost=moves)
        if not lists.add_to_mailbox and not lists.remove_from_mailbox:
            return NOTHING
        gone = {a.address for a in lists.remove_from_mailbox}
        kept = [a for a in attendees.listed(ours) if ctx.primary.get(a.address, a.address) not in gone]
        listed = sorted([*kept, *lists.add_to_mailbox], key=lambda a: a.address)
        added = {attendees.person_mark(ctx.fingerprint_key, a.address) for a in lists.add_to_mailbox}
        left = {attendees.person_mark(ctx.fingerprint_key, a) for a in gone}
        return Extra(
            {f.ATTENDEES: tuple(listed)},
            {"people": " ".join(sorted((people | added) - left))},
            len(lists.add_to_mailbox),
            "ATT-1",
            Reason.ATTENDEES_CHANGED,
        )

    def leave(
        self, draft: Draft, key: str, pair: PairView, theirs: Item | None, rule: str, reason: Reason
    ) -> None:  # fmt: skip
        """The user's own invitation is declined; the event belongs to his colleague (DEL-6)."""
        super().leave(draft, key, pair, theirs, rule, reason)
        mine = draft.ctx.user.crm_user_id
        for relation, person, _ in attendees.invitee_rows(theirs) if theirs is not None else []:
            if mine and person[:15] == mine[:15]:
                draft.add(
                    Operation(
                        Act.UPDATE, Side.CRM, ItemKind.EVENT, "EventRelation", Step.RELATIONS, rule, reason.value,
                        ref=relation, values={"Status": "Declined"},
                    ),
                    ItemRef(Side.CRM, ItemKind.EVENT, pair.crm_id, pair.crm_object),
                )  # fmt: skip


def _links(work: Work) -> dict[str, Value]:
    """Whom and what a new record is about."""
    wanted = {} if work.links is None else {"WhoId": work.links.who, "WhatId": work.links.what}
    return {name: id_of(value) for name, value in wanted.items() if value}


def is_read_only(record: Item, settings: Effective) -> bool:
    return record.flag("IsArchived") and settings.bool("events.read_only_archived")


def _carry(draft: Draft, ours: Item, theirs: Item, merged: Merged) -> Extra:
    """The description, when it goes along with an edit made in Salesforce."""
    ctx = draft.ctx
    if not ctx.settings.bool("description.carried"):
        return NOTHING
    text = carried(ours, theirs, (change.name for change in merged.changes_mailbox))
    return NOTHING if text is None else Extra({f.BODY: text}, rule="DSC-3", reason=Reason.DESCRIPTION_CARRIED)


def _merge_attendees(
    draft: Draft, key: str, ours: Item, theirs: Item, people: frozenset[str], *, answers_lost: bool
) -> AttendeePlan:
    """Plan the list of invitees: relations in Salesforce, and what the mailbox's list must become."""
    ctx = draft.ctx
    organizer = ours.get(f.ORGANIZER)
    mine = not isinstance(organizer, Person) or organizer.address in ctx.me.addresses
    guests = attendees.under_one_address(attendees.listed(ours), ctx.primary)
    lists = attendees.merge_attendees(
        guests, _invitees(draft, theirs), people, ctx.fingerprint_key, organizer_is_me=mine,
        track_deleted=ctx.settings.bool("attendees.track_deleted"),
        authority=Events().authority(ctx.settings), answers_lost=answers_lost,
    )  # fmt: skip
    relations = _relations(draft, theirs)
    for attendee in lists.add_to_crm:
        _invite(draft, key, ours.ref, theirs.ref.id, attendee)
    for address in lists.remove_from_crm:
        if address in relations:
            _uninvite(draft, key, ours.ref, relations[address], address, "ATT-4", Reason.ATTENDEES_CHANGED)
    for address, status in lists.status_to_crm:
        if address in relations:
            draft.add(
                Operation(
                    Act.UPDATE, Side.CRM, ItemKind.EVENT, "EventRelation", Step.RELATIONS, "STS-1",
                    Reason.STATUS_CHANGED.value, ref=relations[address], values={"Status": status},
                ),
                ours.ref,
            )  # fmt: skip
    return lists


def _invite(
    draft: Draft, key: str, origin: ItemRef, event_id: str, attendee: Attendee, *, retrying: bool = False
) -> None:  # fmt: skip
    """A relation row for an attendee whom Salesforce knows; nobody else can be an invitee there."""
    ctx = draft.ctx
    record = attendees.invitee_record(draft.people.get(attendee.address, ()))
    colleague = ctx.company.by_address.get(attendee.address)
    if colleague is not None and colleague.crm_user_id:
        record = PersonRecord("User", colleague.crm_user_id, attendee.address)
    if record is None or (record.object != "User" and ctx.settings.bool("attendees.colleagues_only")):
        return
    draft.add(
        Operation(
            Act.RELATE, Side.CRM, ItemKind.EVENT, "EventRelation", Step.RELATIONS, "ATT-3",
            Reason.ATTENDEES_CHANGED.value, pair_key=key,
            values={
                "EventId": id_of(event_id), "RelationId": id_of(record.id),
                "Status": attendees.crm_status(attendee.response),
            },
            agreed={"person": attendees.person_mark(draft.ctx.fingerprint_key, attendee.address)},
        ),
        origin, retrying=retrying,
    )  # fmt: skip


def _uninvite(
    draft: Draft, key: str, origin: ItemRef, relation: str, address: str, rule: str, reason: Reason
) -> None:  # fmt: skip
    draft.add(
        Operation(
            Act.UNRELATE, Side.CRM, ItemKind.EVENT, "EventRelation", Step.RELATIONS, rule, reason.value,
            pair_key=key, ref=relation,
            agreed={"person": attendees.person_mark(draft.ctx.fingerprint_key, address)},
        ),
        origin,
    )  # fmt: skip


def _invitees(draft: Draft, item: Item) -> tuple[Attendee, ...]:
    """Whom Salesforce invites, as far as it is of concern, besides the user himself."""
    ctx, people = draft.ctx, attendees.invitees(item)
    if ctx.settings.bool("attendees.colleagues_only"):
        rows = attendees.invitee_rows(item)
        users = {address for _, person, address in rows if person.startswith(attendees.USER_PREFIX)}
        people = tuple(a for a in people if a.address in users)
    return attendees.under_one_address((a for a in people if a.address not in ctx.me.addresses), ctx.primary)


def _relations(draft: Draft, item: Item) -> dict[str, str]:
    """The relation rows of an event, by address."""
    primary = draft.ctx.primary
    return {primary.get(address, address): relation for relation, _, address in attendees.invitee_rows(item) if address}
