"""Planning for saved mails for which a user chose other records.

A Task is edited; an EmailMessage cannot be, so it is deleted and made anew (RCD-13). What colleagues have too stays as
it is, and the user gets a copy (DUP-4), or it is linked anew for everybody (DUP-8).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model.item import Item, ItemKind, ItemRef, Side, Value
from mapping.model.reasons import Reason
from mapping.rules import mail_records, once
from mapping.rules.once import Relink
from mapping.rules.scope import Outcome
from sync_tasks.stages import intents, plan_files
from sync_tasks.stages.apply import REPLACES
from sync_tasks.stages.intents import Intent
from sync_tasks.stages.plan_records import TASK_OBJECT, create, linked
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

OWN_COPY = "copy"  # a pair bears this whose record is a copy for its user alone

Records = Mapping[str, ItemRef]  # by key of the pair, the record in question


def record_key(key: str, pair: PairView | None, user_id: int) -> str:
    """The key of the record that a pair of the user stands for."""
    return once.copy_key(key, user_id) if pair is not None and pair.marks.get(OWN_COPY) else key


class Relinks:
    """The mails of a run that are to hang on other records than they do. `intents_of`: what is chosen, by key of the
    pair. `adopted`: records that were found for mails which their user has not saved yet."""

    def __init__(
        self, draft: Draft, intents_of: Mapping[str, Intent], pairs: Mapping[str, PairView], adopted: Mapping[str, Item]
    ) -> None:
        self._draft = draft
        self._intents = intents_of
        self._pairs = pairs
        keys = _open(intents_of, pairs, adopted)
        others = _others(draft, keys)
        self._records = _records(keys, pairs, adopted, others)
        self._ways: dict[str, Relink] = {}
        for key, record in self._records.items():
            shared = any(pair.crm_id == record.id for pair in others.get(key, ()))
            way = self._way(record, shared=shared)
            # what his user has not saved yet is adopted as it is when another product has logged it
            if (key in pairs and pairs[key].state == PairState.LIVE) or (shared and way is not Relink.LEAVE):
                self._ways[key] = way
        self._copies = self._made_before([k for k, way in self._ways.items() if way is Relink.COPY])

    def __contains__(self, key: str) -> bool:
        return key in self._ways

    def plan(self, key: str, work: Work, item: Item) -> tuple[str, ...] | None:
        """Plan what becomes of one of them; the operations that save it. None: nothing, a person has to decide."""
        match self._ways[key]:
            case Relink.EDIT:
                return (self._edit(key, work, item),)
            case Relink.REMAKE:
                return self._remake(key, work, item)
            case Relink.COPY:
                return self._copy(key, work, item)
            case Relink.LEAVE:
                self._draft.decide(
                    Side.MAILBOX, ItemKind.EMAIL, item.ref.id, key, Outcome.SKIP, Reason.SAVED_BY_OTHERS, "DUP-4"
                )
                self._draft.quarantine(key, item.ref, Reason.SAVED_BY_OTHERS)
                return None

    def _way(self, record: ItemRef, *, shared: bool) -> Relink:
        ctx = self._draft.ctx
        keyed = ctx.shape.can_create(record.container, ctx.key_field)
        return once.relink(record.container, ctx.settings, shared=shared, keyed=keyed)

    def _made_before(self, keys: Collection[str]) -> Mapping[str, str]:
        """By key of the pair, the id of a copy that an earlier try made: it may be one for an earlier choice."""
        found: dict[str, str] = {}
        ctx = self._draft.ctx
        copies = {once.copy_key(key, ctx.user.id): key for key in keys}
        for crm_object in sorted({self._records[key].container for key in keys}):
            there = ctx.crm.find_by_key(crm_object, ctx.key_field, sorted(copies))
            found |= {copies[copy]: record.ref.id for copy, record in there.items()}
        return found

    # --- the ways

    def _edit(self, key: str, work: Work, item: Item) -> str:
        draft, intent, record = self._draft, self._intents[key], self._records[key]
        values: dict[str, Value] = linked(draft, item, work.links, TASK_OBJECT)
        values |= mail_records.typed(intent.values, draft.ctx.shape.objects.get(TASK_OBJECT, {}), "updateable")
        self._stand(key, record)
        edited = Operation(
            Act.UPDATE, Side.CRM, ItemKind.EMAIL, TASK_OBJECT, Step.RECORDS, "RCD-13", Reason.RELINKED.value,
            pair_key=key, ref=record.id, values=values, agreed={intents.MARK: str(intent.id)},
            changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
        )  # fmt: skip
        return draft.add(edited, item.ref)

    def _remake(self, key: str, work: Work, item: Item) -> tuple[str, ...]:
        """The record goes and comes again, for everybody who has it."""
        record, own = self._records[key], record_key(key, self._pairs.get(key), self._draft.ctx.user.id)
        self._draft.renewed.add(own)
        self._stand(key, record)
        gone = self._delete(record.container, record.id, item)
        return self._create(key, work, item, own, after=(gone,), agreed={REPLACES: record.id})

    def _copy(self, key: str, work: Work, item: Item) -> tuple[str, ...]:
        draft, record = self._draft, self._records[key]
        own = once.copy_key(key, draft.ctx.user.id)
        draft.decide(Side.MAILBOX, ItemKind.EMAIL, item.ref.id, key, Outcome.SHARE, Reason.COPIED_FOR_CHOICE, "DUP-4")
        before = self._copies.get(key)
        after = () if before is None else (self._delete(record.container, before, item),)
        draft.renewed.add(own)
        return self._create(key, work, item, own, after=after, agreed={OWN_COPY: "1"})

    def _create(
        self, key: str, work: Work, item: Item, own: str, *, after: tuple[str, ...], agreed: Mapping[str, str]
    ) -> tuple[str, ...]:  # fmt: skip
        made, related = create(
            self._draft, key, work, item, self._records[key].container, self._intents[key], retrying=True, after=after,
            record_key=own, agreed=agreed,
        )  # fmt: skip
        return (made, *related)

    def _delete(self, crm_object: str, ident: str, item: Item) -> str:
        gone = Operation(
            Act.DELETE, Side.CRM, ItemKind.EMAIL, crm_object, Step.REMADE, "RCD-13", Reason.RELINKED.value, ref=ident
        )
        return self._draft.add(gone, item.ref)

    def _stand(self, key: str, record: ItemRef) -> None:
        """Should it fail, the pair stands for the record as it is now."""
        self._draft.pair(key, crm_id=record.id, crm_object=record.container, state=PairState.LIVE.value)


def _open(
    chosen: Mapping[str, Intent], pairs: Mapping[str, PairView], adopted: Mapping[str, Item]
) -> list[str]:  # fmt: skip
    """Keys of the mails whose choice is not carried out yet. Of a mail that is not saved it counts what it is to hang
    on; it may hang there, because an earlier try of ours was not noted."""
    found = []
    for key, intent in chosen.items():
        is_saved = key in pairs and pairs[key].state == PairState.LIVE
        there = key in adopted and _hangs_on(adopted[key], intent.what)
        wanted = bool(intent.values) or intent.chooses if is_saved else intent.chooses and not there
        if wanted and not intents.is_done(intent, pairs.get(key)):
            found.append(key)
    return found


def _hangs_on(record: Item, business: str) -> bool:
    column = plan_files.BUSINESS[record.ref.container]
    return bool(business) and record.text(column)[:15] == business[:15]


def _records(
    keys: Collection[str],
    pairs: Mapping[str, PairView],
    adopted: Mapping[str, Item],
    others: Mapping[str, Sequence[PairView]],
) -> Records:
    """The records that stand for these mails: of those that are saved, and of those that somebody else has saved."""
    found: dict[str, ItemRef] = {}
    for key in keys:
        pair = pairs.get(key)
        theirs = next(iter(others.get(key, ())), None)
        if pair is not None and pair.state == PairState.LIVE:
            found[key] = ItemRef(Side.CRM, ItemKind.EMAIL, pair.crm_id, pair.crm_object)
        elif key in adopted:
            found[key] = adopted[key].ref
        elif theirs is not None:
            found[key] = ItemRef(Side.CRM, ItemKind.EMAIL, theirs.crm_id, theirs.crm_object)
    return found


def _others(draft: Draft, keys: Collection[str]) -> Mapping[str, Sequence[PairView]]:
    """What colleagues have saved of these mails, by key, the first of them first."""
    ctx = draft.ctx
    if not keys:
        return {}
    with ctx.store.reading() as unit:
        holders = unit.pairs.holders(ctx.user.org_id, keys)
    return {
        key: [pair for user, pair in held if user != ctx.user.id and pair.state == PairState.LIVE and pair.crm_id]
        for key, held in holders.items()
    }
