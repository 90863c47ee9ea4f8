"""The parts that plans of items are made of: one item with its two copies, and each single write that it may need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Side, Span, Value
from mapping.model.reasons import Reason
from mapping.model.series import split_id
from mapping.model.table import Table
from mapping.rules import roles, series
from mapping.rules.columns import to_write
from mapping.rules.scope import Outcome
from sync_tasks.stages.categorize import ends_at
from sync_tasks.stages.mirrored import Mirrored, categories_of, told
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.series import seen_fingerprint
from sync_tasks.stages.sharing import Sharing
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView


@dataclass(frozen=True, slots=True)
class Case:
    """One item: its kind and table, its pair, if any, and what each side brought into this run."""

    what: Mirrored
    table: Table
    key: str
    pair: PairView | None
    mailbox: Work | None
    crm: Work | None

    @property
    def kind(self) -> ItemKind:
        return self.what.kind

    @property
    def live(self) -> bool:
        return self.pair is not None and self.pair.state == PairState.LIVE

    @property
    def record(self) -> Item | None:
        return None if self.crm is None else self.crm.item

    def sharing(self, draft: Draft) -> Sharing:
        return draft.sharings.get(self.key, Sharing())

    @property
    def promoted(self) -> bool:
        """Does nobody lead the record of this guest's meeting any more, so that his own run must?"""
        guest = self.pair is not None and self.pair.role == roles.GUEST
        return guest and self.mailbox is not None and self.mailbox.outcome is Outcome.MIRROR

    @property
    def retrying(self) -> bool:
        """An earlier run planned this create and never learned what became of it."""
        return self.pair is not None and self.pair.state == PairState.PENDING


def note_pair(
    draft: Draft, case: Case, born: Side, letter: str, item: Item, *,
    mailbox: ItemRef | None = None, crm: ItemRef | None = None, span: Value = None,
) -> None:  # fmt: skip
    """The pair row that is written before anything is created remotely."""
    when = item.get(f.SPAN) if span is None else span
    values: dict[str, object] = {
        "born": born.value, "kind": case.kind.value, "letter": letter, "role": "",
        "state": PairState.PENDING.value, "reason": "",
    }  # fmt: skip
    if isinstance(when, Span):
        horizon = draft.ctx.now() - timedelta(days=draft.ctx.settings.int("scope.past_days"))
        # marked by hand when it already lay outside the window: the window will not take it away again
        values |= {"ends_at": ends_at(when), "pinned": ends_at(when) < horizon}
    if mailbox is not None:
        # No version: only one that our own write returned may make a change an echo. What is merely planned may never
        # be written, and the item must be looked at again then.
        values |= {"mailbox_id": mailbox.id, "mailbox_version": "", "folder": mailbox.container, "crm_id": ""}
        if series.is_part(item):
            values["series"] = split_id(mailbox.id)[0]
            values["mailbox_seen_next"] = seen_fingerprint(draft.ctx, item)
    if crm is not None:
        values |= {"crm_id": crm.id, "crm_object": crm.container, "crm_version": "", "mailbox_id": "", "folder": ""}
    draft.pair(case.key, **values)


def stamp_record(draft: Draft, case: Case, item: Item) -> None:
    """An event's key follows its copies into other mailboxes, so the record must bear it. Those of tasks and contacts
    are made of the record's id and can always be made again."""
    ctx = draft.ctx
    if not case.what.stamped or item.text(ctx.key_field) == case.key:
        return
    if ctx.shape.can_create(case.what.crm_object, ctx.key_field):
        draft.add(
            Operation(
                Act.UPDATE, Side.CRM, case.kind, case.what.crm_object, Step.RECORDS, "IDN-8",
                Reason.KEY_STAMPED.value, pair_key=case.key, ref=item.ref.id, values={ctx.key_field: case.key},
            ),
            item.ref,
        )  # fmt: skip


def update_mailbox(
    draft: Draft, case: Case, item: Item, values: Mapping[str, Value], agreed: Mapping[str, str],
    rule: str, reason: Reason, *, act: Act = Act.UPDATE, step: Step = Step.ITEMS, after: tuple[str, ...] = (),
    changes: tuple[FieldChange, ...] = (), mails: int = 0,
) -> str:  # fmt: skip
    mails = max(mails, len(told(draft, item, values)))
    return draft.add(
        Operation(
            act, Side.MAILBOX, case.kind, item.ref.container, step, rule, reason.value, pair_key=case.key,
            ref=item.ref.id, version=item.version, values=dict(values), agreed=dict(agreed), after=after, mails=mails,
            changes=changes or tuple(FieldChange(name, item.get(name), value) for name, value in values.items()),
        ),
        item.ref,
    )  # fmt: skip


def bring_home(draft: Draft, case: Case, item: Item, after: tuple[str, ...]) -> None:
    """A saved item that stands outside the managed folder is moved into it, once all else is done (MRK-4)."""
    if item.ref.container not in case.what.elsewhere:
        draft.pair(case.key, folder=item.ref.container)
        return
    draft.add(
        Operation(
            Act.MOVE, Side.MAILBOX, case.kind, item.ref.container, Step.AFTERWARDS, "MRK-4", Reason.MOVED_HOME.value,
            pair_key=case.key, ref=item.ref.id, values={"folder": case.what.home}, after=after,
        ),
        item.ref,
    )  # fmt: skip


def clear_mark(draft: Draft, case: Case, item: Item, rule: str, reason: Reason, state: PairState) -> None:
    if series.is_part(item) or not case.what.bears_marks(draft.ctx.settings):
        draft.pair(case.key, state=state.value, reason=reason.value)
        return
    values = {f.CATEGORIES: case.what.unmarked(draft.ctx, categories_of(item))}
    agreed = {"state": state.value}
    update_mailbox(draft, case, item, values, agreed, rule, reason, act=Act.MARK, step=Step.AFTERWARDS)


def cancel(draft: Draft, case: Case, ref: ItemRef, rule: str, source: ItemRef) -> None:
    """The record stays and says what happened. Where it cannot say so, it is kept, and a person is told."""
    ctx = draft.ctx
    facts = ctx.shape.objects.get(ref.container, {})
    wanted = to_write(ctx.settings.list("deletion.cancel_instead"), facts, "updateable")
    if wanted.unfit:
        draft.pair(case.key, state=PairState.RELEASED.value, reason=Reason.CANCEL_UNFIT.value)
        draft.quarantine(case.key, ref, Reason.CANCEL_UNFIT)
        return
    draft.add(
        Operation(
            Act.UPDATE, Side.CRM, case.kind, ref.container, Step.DELETES, rule, Reason.CANCELLED_IN_CRM.value,
            pair_key=case.key, ref=ref.id, values=wanted.values, agreed={"state": PairState.GONE.value},
            changes=tuple(FieldChange(name, None, value) for name, value in wanted.values.items()),
        ),
        source,
    )  # fmt: skip


def delete(
    draft: Draft, case: Case, ref: ItemRef, rule: str, reason: Reason, state: PairState, source: ItemRef
) -> None:  # fmt: skip
    draft.add(
        Operation(
            Act.DELETE, ref.side, case.kind, ref.container, Step.DELETES, rule, reason.value,
            pair_key=case.key, ref=ref.id, agreed={"state": state.value}, mails=_cancelling(draft, case, ref),
        ),
        source,
    )  # fmt: skip


def _cancelling(draft: Draft, case: Case, ref: ItemRef) -> int:
    """How many people are to hear that a meeting is off. Of one that was not read the pair tells how many."""
    if ref.side is Side.CRM or case.kind is not ItemKind.EVENT:
        return 0
    item = case.mailbox.item if case.mailbox is not None else None
    if item is not None:
        return len(told(draft, item, (f.ATTENDEES,)))
    return len(case.pair.people) if case.pair is not None else 0
