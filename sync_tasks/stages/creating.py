"""People, companies, the records of mails and their links are made by one run of an organization at a time.

Two users may hear of the same stranger in the same second, and all who hold a mail share it. Whoever claims the name
first makes the record, with all that hangs on it. The other run takes a person who is there by now; else it leaves what
it has to its next run, which finds what was made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.errors import Fault
from connectors.protocols import Outcome
from mapping.merge.baseline import fingerprint
from mapping.merge.plan import Act
from mapping.model.item import ItemKind, Side
from mapping.rules.claims import claim_of
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.payload import Ready
from sync_tasks.state.claims import Answer
from sync_tasks.state.records import ClaimAnswer, OpState
from sync_tasks.state.store import Unit

NOTE = "looked"
BY_ANOTHER_RUN = "MADE_BY_ANOTHER_RUN"


def moment(ctx: StageContext) -> bytes:
    """What to keep as `NOTE`: the moment before it is asked who there is."""
    with ctx.store.reading() as unit:
        return unit.claims.now().isoformat().encode()


def claim(ctx: StageContext, unit: Unit, chunk: Sequence[Ready]) -> list[Ready]:
    """Those of the operations that this run may send, once their creations are claimed. Of the others those whose
    record has been made meanwhile are done with it; the rest wait for the next run."""
    names = {op.op_id: name for op, payload in chunk if (name := _name(ctx, (op, payload)))}
    if not names:
        return list(chunk)
    noted = ctx.load_note(NOTE)
    looked_at = datetime.fromisoformat((noted or b"").decode())
    answers = unit.claims.take(ctx.user.org_id, ctx.ref.id, names.values(), looked_at)
    mine, adopted = list[Ready](), dict[str, str]()
    for op, payload in chunk:
        answer = answers.get(names.get(op.op_id, ""), Answer(ClaimAnswer.YOURS))
        crm_object, crm_id = answer.made
        if answer.kind is ClaimAnswer.YOURS:
            mine.append((op, payload))
        elif crm_object == op.target and not op.pair_key:
            adopted[op.op_id] = crm_id
        else:
            unit.plans.failed(ctx.ref.id, op.op_id, BY_ANOTHER_RUN, OpState.WAITING)
            ctx.note_failure(unit, payload.origin, BY_ANOTHER_RUN, key=op.pair_key, at_once=True)
    unit.plans.done(ctx.ref.id, adopted)
    if len(mine) + len(adopted) < len(chunk):
        unit.accounts.set_user(ctx.user.id, force_pending=True)  # nobody should wait the whole interval for that
    return mine


def settle(ctx: StageContext, unit: Unit, chunk: Sequence[Ready], outcomes: Sequence[Outcome]) -> None:
    """Note what was made under a claim, and give back what Salesforce refused. What had no answer stays claimed."""
    made: dict[str, tuple[str, str]] = {}
    refused: list[str] = []
    for ready, outcome in zip(chunk, outcomes, strict=True):
        name = _name(ctx, ready)
        if name and outcome.error is None:
            made[name] = ready[0].target, outcome.id
        elif name and outcome.error and outcome.error.fault is not Fault.UNKNOWN:
            refused.append(name)
    if made:
        unit.claims.made(ctx.user.org_id, ctx.ref.id, made)
    if refused:
        unit.claims.release(ctx.user.org_id, ctx.ref.id, refused)


def _name(ctx: StageContext, ready: Ready) -> str:
    op, payload = ready
    if op.act not in (Act.CREATE, Act.RELATE) or op.side != Side.CRM:
        return ""
    name = payload.key if op.kind == ItemKind.EMAIL and payload.key else claim_of(op.target, payload.values)
    return fingerprint(ctx.org_fingerprint_key, "claim", name) if name else ""
