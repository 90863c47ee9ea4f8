"""Conflicts that a person settles: opened with the plan that met them, closed by the run that carried out the answer or
found both sides agreeing."""

from __future__ import annotations

import json
from collections.abc import Iterable

from mapping.model.codec import dumps
from mapping.model.item import Side
from mapping.model.reasons import CODES, Reason
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.planning import Draft
from sync_tasks.state.conflicts import by_key
from sync_tasks.state.records import ConflictView
from sync_tasks.state.store import Unit

NOTE = "disputes"


def known(ctx: StageContext) -> dict[str, list[ConflictView]]:
    """The user's open conflicts, by pair."""
    with ctx.store.reading() as unit:
        return by_key(unit.conflicts.open(ctx.user.id))


def answers(conflicts: Iterable[ConflictView]) -> dict[str, Side]:
    """Of each field that a person has decided, the side that is right."""
    return {each.field: Side(each.resolution) for each in conflicts if each.resolution}


def context_of(key: str, field: str) -> str:
    """What the sealed values of a conflict are bound to."""
    return f"conflict\0{key}\0{field}"


def keep(draft: Draft, unit: Unit) -> None:
    """Write, with the plan, what the merge left to a person, and leave a note of what it was given an answer to."""
    ctx, now = draft.ctx, draft.ctx.now()
    if not draft.conflicts and not any(draft.disputes.values()):
        return
    resolved: list[int] = []
    for key, disputes in draft.disputes.items():
        before = draft.conflicts.get(key, ())
        for each in disputes:
            values = ctx.kept.seal(dumps({"mailbox": each.mailbox, "crm": each.crm}), context_of(key, each.field))
            unit.conflicts.put(ctx.user.id, key, draft.kinds[key].value, each.field, each.baseline, values, now)
        waiting = {each.field for each in disputes}
        unit.conflicts.close([c.id for c in before if c.field not in waiting and not c.resolution], now)
        resolved += [c.id for c in before if c.resolution]
        if waiting:
            unit.trail.open_issue(
                ctx.user.id, ctx.ref.id, side=Side.MAILBOX.value, kind=draft.kinds[key].value, ref=key, key=key,
                code=CODES[Reason.CONFLICT_OPEN], fields=sorted(waiting), now=now,
            )  # fmt: skip
    ctx.save_note(unit, NOTE, json.dumps({"resolved": resolved, "keys": sorted(draft.conflicts)}).encode())


def settle(ctx: StageContext) -> None:
    """Close what is over now that everything is written: answers that were carried out, pairs that parted."""
    note = ctx.load_note(NOTE)
    if note is None:
        return
    told = json.loads(note)
    with ctx.fenced() as unit:
        failed = unit.plans.failed_keys(ctx.ref.id)
        done = [each.id for each in unit.conflicts.open(ctx.user.id) if each.key not in failed]
        unit.conflicts.close(sorted(set(done) & set(told["resolved"])), ctx.now())
        unit.conflicts.close_parted(ctx.user.id, ctx.now())
        over = set(told["keys"]) - {each.key for each in unit.conflicts.open(ctx.user.id)}
        unit.trail.close_issues(ctx.user.id, Side.MAILBOX.value, over, ctx.now())
