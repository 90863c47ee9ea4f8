"""Planning for meetings that several users share: taking part, handing over, telling the others to look again."""

from __future__ import annotations

from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Response, Side, Value
from mapping.model.reasons import Reason
from mapping.rules import attendees, marks, series
from mapping.rules.decision import is_marked
from mapping.rules.kinds import organizer_of
from mapping.rules.roles import GUEST, Leader, leads_by_right
from sync_tasks.stages.categorize import ends_at_of
from sync_tasks.stages.mirrored import categories_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.sharing import Sharing
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

ASKED = "asked"  # in the baseline of a guest's pair: he marked his copy, so the mark is kept


def join(draft: Draft, work: Work, sharing: Sharing, pair: PairView | None, theirs: Item | None) -> None:
    """Plan a guest's part: a pair on the leader's record, his mark if he asked for it, his answer (ROL-1, ROL-5)."""
    item, leader = work.item, sharing.leader
    assert item is not None and work.decision is not None
    if leader is None or not (leader.crm_id or series.is_master(item)):
        return
    asked = is_marked(item) or (pair is not None and ASKED in pair.marks)
    draft.pair(
        work.key, born=Side.MAILBOX.value, kind=ItemKind.EVENT.value, letter="E", role=GUEST, reason="",
        state=PairState.LIVE.value, mailbox_id=item.ref.id, folder=item.ref.container, crm_id=leader.crm_id,
        crm_object=leader.crm_object, ends_at=ends_at_of(item),
        marks={**({ASKED: "yes"} if asked else {}), **({series.MARK: "guest"} if series.is_master(item) else {})},
    )  # fmt: skip
    wanted = marks.mark_saved(categories_of(item))
    if asked and not series.is_part(item) and wanted != categories_of(item):
        values: dict[str, Value] = {f.CATEGORIES: wanted}
        draft.add(
            Operation(
                Act.MARK, Side.MAILBOX, ItemKind.EVENT, item.ref.container, Step.AFTERWARDS, "MRK-6",
                Reason.MARK_ADDED.value, pair_key=work.key, ref=item.ref.id, version=item.version, values=values,
                changes=(FieldChange(f.CATEGORIES, categories_of(item), wanted),),
            ),
            item.ref,
        )  # fmt: skip
    by_right = work.decision.reason is Reason.ORGANIZER_WRITES or leads_by_right(leader, organizer_of(item))
    if theirs is not None and not by_right:
        _answer(draft, leader, item, theirs)


def _answer(draft: Draft, leader: Leader, item: Item, theirs: Item) -> None:
    """The guest's own place on the list of a record that a fellow guest leads."""
    me = draft.ctx.user.crm_user_id
    if not me or me[:15] == theirs.text("OwnerId")[:15]:
        return
    status = attendees.crm_status(item.text(f.MY_RESPONSE) or Response.UNKNOWN)
    invitation = attendees.invitation_of(theirs, me)
    act, rule, reason, ref = Act.UPDATE, "STS-1", Reason.STATUS_CHANGED, ""
    values: dict[str, Value] = {"Status": status}
    if invitation is None:
        act, rule, reason = Act.RELATE, "ROL-5", Reason.COLLEAGUE_WRITES
        values |= {"EventId": leader.crm_id, "RelationId": me}
    elif invitation[1] == status:
        return
    else:
        ref = invitation[0]
    draft.add(
        Operation(
            act, Side.CRM, ItemKind.EVENT, "EventRelation", Step.RELATIONS, rule, reason.value, ref=ref, values=values
        ),
        item.ref, retrying=invitation is None,
    )  # fmt: skip


def nudge(draft: Draft, sharing: Sharing, reason: Reason) -> None:
    """Have everybody else who shares the meeting look at his copy in his next run."""
    for user_id, pair in sharing.others:
        draft.ask_other(user_id, ItemRef(Side.MAILBOX, ItemKind.EVENT, pair.mailbox_id, pair.folder), reason)
