"""Apply what a plan says of attachments: fetch some contents, store them, note what became of each.

A content is in memory between the two vendors and nowhere else. One that fails is an issue of its own: its mail stays
saved, and the next runs try what is left of it again. Before a file is stored Salesforce is asked whether it has it, so
a kill at any point leaves one.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import FileWrite, Store, Stored
from mapping.merge.baseline import fingerprint
from mapping.merge.plan import Step
from mapping.model.item import Attachment, ItemKind, Side
from mapping.model.reasons import Reason
from mapping.rules.files import MEGA, media_type
from mapping.rules.once import pair_key
from mapping.rules.scope import Decision, Outcome
from sync_tasks.stages import plan_files
from sync_tasks.stages.apply import put_off, sort_out
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.creating import BY_ANOTHER_RUN
from sync_tasks.stages.payload import Ready
from sync_tasks.state.records import ClaimAnswer, OpState, OpView
from sync_tasks.state.store import Unit

log = logging.getLogger(__name__)

# how long a mail waits after the n-th time that attachments of it failed; after the last they are given up
LADDER = (timedelta(0), timedelta(0), timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))

# What is fetched before it is stored: contents that are found in Salesforce together cost one look.
MOST_BYTES, MOST_TOGETHER = 16 * MEGA, 50
BIGGEST = 25 * MEGA

Result = Stored | Reason  # a reason: it is not to be stored after all
_ELSEWHERE = ConnectorError(Fault.STALE, "another run stores this content now", BY_ANOTHER_RUN, Scope.ITEM)


def run(ctx: StageContext) -> Mapping[str, int]:
    """Save the attachments of the plan that are not saved yet; returns counts.

    Raises ConnectorError when a vendor as a whole does not answer; what was stored stays stored and noted.
    """
    counts: Counter[str] = Counter()
    with ctx.store.reading() as unit:
        todo = unit.plans.open(ctx.ref.id, Step.FILES.value)
    ready, blocked = sort_out(ctx, todo)
    if blocked:
        with ctx.fenced() as unit:
            put_off(ctx, unit, blocked)
        counts["blocked"] += len(blocked)
    failed: set[str] = set()
    for chunk in _chunks(ready):
        with ctx.fenced() as unit:
            unit.plans.sending(ctx.ref.id, [op.op_id for op, _ in chunk])
        refusal = _note(ctx, chunk, _store(ctx, chunk), failed, counts)
        if refusal is not None:
            raise refusal
    if failed:
        _try_later(ctx, failed)
    return counts


def _chunks(ready: Sequence[Ready]) -> Iterator[list[Ready]]:
    """Attachments that are in memory together, those of one mail as near as they stand."""
    chunk: list[Ready] = []
    size = 0
    for entry in ready:
        own = _attachment(entry).size
        if chunk and (size + own > MOST_BYTES or len(chunk) == MOST_TOGETHER):
            yield chunk
            chunk, size = [], 0
        chunk.append(entry)
        size += own
    if chunk:
        yield chunk


def _store(ctx: StageContext, chunk: Sequence[Ready]) -> list[Result]:
    """Fetch, claim and store. One run of an organization at a time stores a content, as it makes records (FIL-8)."""
    contents = ctx.mailbox.contents([(payload.origin, _attachment((op, payload))) for op, payload in chunk])
    results: dict[int, Result] = {}
    writes: dict[int, FileWrite] = {}
    for place, (entry, content) in enumerate(zip(chunk, contents, strict=True)):
        if isinstance(content, ConnectorError):
            results[place] = Reason.FILE_GONE if content.fault is Fault.NOT_FOUND else Stored(error=content)
        elif not content:
            results[place] = Reason.FILE_EMPTY
        elif len(content) > BIGGEST:
            results[place] = Reason.FILE_TOO_LARGE
        else:
            writes[place] = _write(entry, content)
    names = {place: _name(ctx, write) for place, write in writes.items() if write.store is Store.FILE}
    for place in _taken(ctx, names):
        results[place] = Stored(error=_ELSEWHERE)
        del writes[place], names[place]
    stored = dict(zip(writes, ctx.crm.store_files(list(writes.values())) if writes else (), strict=True))
    _give_back(ctx, {place: (name, stored[place]) for place, name in names.items()})
    results |= stored
    return [results[place] for place in range(len(chunk))]


def _name(ctx: StageContext, write: FileWrite) -> str:
    """What a content is called among the claims of the organization; it tells nothing of it."""
    return fingerprint(ctx.org_fingerprint_key, "claim", f"file:{hashlib.sha256(write.content).hexdigest()}")


def _taken(ctx: StageContext, names: Mapping[int, str]) -> list[int]:
    """Claim these contents; returns the places of those that another run has."""
    if not names:
        return []
    with ctx.fenced() as unit:
        answers = unit.claims.take(ctx.user.org_id, ctx.ref.id, names.values(), unit.claims.now())
    return [place for place, name in names.items() if answers[name].kind is not ClaimAnswer.YOURS]


def _give_back(ctx: StageContext, stored: Mapping[int, tuple[str, Stored]]) -> None:
    """Say what became of claimed contents. What had no answer stays claimed until this run is over."""
    made = {name: (Store.FILE.value, told.id) for name, told in stored.values() if told.error is None}
    refused = {name for name, told in stored.values() if told.error and told.error.fault is not Fault.UNKNOWN}
    if made or refused - made.keys():
        with ctx.fenced() as unit:
            unit.claims.made(ctx.user.org_id, ctx.ref.id, made)
            unit.claims.release(ctx.user.org_id, ctx.ref.id, refused - made.keys())


def _write(entry: Ready, content: bytes) -> FileWrite:
    op, payload = entry
    values = payload.values
    links = values[plan_files.LINKS]
    return FileWrite(
        Store(op.target), str(values[plan_files.NAME]), content, str(values[plan_files.PARENT]),
        tuple(map(str, links)) if isinstance(links, tuple) else (), str(values[plan_files.OWNER]),
        media_type(_attachment(entry)), payload.retrying,
    )  # fmt: skip


def _attachment(entry: Ready) -> Attachment:
    content = entry[1].values[plan_files.CONTENT]
    assert isinstance(content, Attachment)
    return content


# --- outcomes


def _note(
    ctx: StageContext, chunk: Sequence[Ready], results: Sequence[Result], failed: set[str], counts: Counter[str]
) -> ConnectorError | None:  # fmt: skip
    """Write down what became of each; returns what the whole connection has to say against going on."""
    refusal: ConnectorError | None = None
    settled: dict[str, set[int]] = {}
    with ctx.fenced() as unit:
        for (op, payload), result in zip(chunk, results, strict=True):
            error = result.error if isinstance(result, Stored) else None
            if error is not None and error.scope is Scope.CONNECTION:
                refusal = error
            elif error is _ELSEWHERE:
                unit.plans.failed(ctx.ref.id, op.op_id, BY_ANOTHER_RUN, OpState.WAITING)
                unit.accounts.set_user(ctx.user.id, force_pending=True)  # it is there in a moment
                counts["files.waiting"] += 1
            elif error is not None:
                _complain(ctx, unit, op, payload.key, error)
                failed.add(op.pair_key)
                counts["files.failed"] += 1
            else:
                settled.setdefault(op.pair_key, set()).add(plan_files.number_of(payload.key))
                counts[_settle(ctx, unit, op, payload.key, result)] += 1
        _forget(ctx, unit, settled)
    return refusal


def _complain(ctx: StageContext, unit: Unit, op: OpView, ref: str, error: ConnectorError) -> None:
    """An issue of the attachment; its mail has none."""
    code = error.vendor_code or error.fault.value
    unit.plans.failed(ctx.ref.id, op.op_id, code)
    unit.trail.open_issue(
        ctx.user.id, ctx.ref.id, side=Side.MAILBOX.value, kind=ItemKind.EMAIL.value, ref=ref, key=op.pair_key,
        code=code, fields=error.fields, now=ctx.now(),
    )  # fmt: skip


def _settle(ctx: StageContext, unit: Unit, op: OpView, ref: str, result: Result) -> str:
    """An attachment that was stored, or one that there is no sense in trying again; what to count."""
    unit.trail.close_issues(ctx.user.id, Side.MAILBOX.value, [ref], ctx.now())
    if isinstance(result, Reason):
        unit.plans.failed(ctx.ref.id, op.op_id, result.value, OpState.SKIPPED)
        _decide(ctx, unit, op, ref, Decision(Outcome.SKIP, result, "FIL-3", {"limit": str(BIGGEST // MEGA)}))
        return "files.left"
    unit.plans.done(ctx.ref.id, {op.op_id: result.id})
    unit.journal.written(ctx.ref.id, {op.op_id: ""}, () if result.adopted else {op.op_id})
    if result.unlinked:
        log.warning("shared_content", extra={"file": result.id, "left_out": result.unlinked})
        detail = {"count": str(result.unlinked)}
        _decide(ctx, unit, op, ref, Decision(Outcome.SHARE, Reason.FILE_ON_MANY, "FIL-7", detail))
    return "files.linked" if result.adopted else "files.stored"


def _decide(ctx: StageContext, unit: Unit, op: OpView, ref: str, decision: Decision) -> None:
    row = ctx.decision_row("mirror", Side.MAILBOX, ItemKind.EMAIL, ref, op.pair_key, decision, ctx.now())
    unit.trail.decide(ctx.user.id, [row])


def _forget(ctx: StageContext, unit: Unit, settled: Mapping[str, set[int]]) -> None:
    """These attachments, by mail, are not left any more."""
    for key, held in unit.mail_files.of(ctx.user.org_id, settled).items():
        left = held.left - settled[key]
        unit.mail_files.keep(ctx.user.org_id, key, left, held.attempts, ctx.now() if left else None)
        if not left:
            _close(ctx, unit, key)


def _try_later(ctx: StageContext, keys: set[str]) -> None:
    """Put mails of which something failed on the ladder."""
    with ctx.fenced() as unit:
        for key, held in unit.mail_files.of(ctx.user.org_id, keys).items():
            again = ctx.now() + LADDER[held.attempts] if held.attempts < len(LADDER) else None
            unit.mail_files.keep(ctx.user.org_id, key, held.left, held.attempts + 1, again)
            if again is None:
                _close(ctx, unit, key)


def _close(ctx: StageContext, unit: Unit, key: str) -> None:
    unit.pairs.put(
        ctx.user.org_id, ctx.user.id, ctx.now(), [(pair_key(key), {"marks": {plan_files.MARK: plan_files.DONE}})]
    )
