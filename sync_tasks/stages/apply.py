"""Apply a plan: take what is ready, in batches, write it, note each outcome. It decides nothing.

Around every batch: (1) one transaction marks it as being sent, (2) the vendor is called, (3) one transaction writes the
outcomes. A kill between any two of them leaves operations `sending`; whoever goes on sends them again, and says so, and
the endpoints look before they create. Nothing is written without the lease.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from connectors.errors import ConnectorError, Fault
from connectors.protocols import Endpoint, Outcome, Verb, Write
from mapping.merge.plan import Act, Step
from mapping.model.item import ItemKind, Side
from mapping.model.series import SEPARATOR
from mapping.rules import rooms
from mapping.rules.refusals import explained, is_beyond
from sync_tasks.stages import creating
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.payload import Payload, Ready, filled
from sync_tasks.state.records import OpState, OpView, PairState
from sync_tasks.state.store import Unit

VERBS = {
    Act.CREATE: Verb.CREATE,
    Act.RELATE: Verb.CREATE,
    Act.UPDATE: Verb.UPDATE,
    Act.MARK: Verb.UPDATE,
    Act.MOVE: Verb.MOVE,
    Act.DELETE: Verb.DELETE,
    Act.RESTORE: Verb.RESTORE,
    Act.UNRELATE: Verb.DELETE,
}

NEEDED = "NEEDED_WRITE_FAILED"
REPLACES = "replaces"  # agreed of a create: the record in whose place it comes, for all who have a pair with that

Note = tuple[str, Mapping[str, object]]  # a pair's key, and what is now known of it


def run(ctx: StageContext, steps: Sequence[Step]) -> Mapping[str, int]:
    """Apply the open operations of these steps in order; returns counts by side and act. What needs another operation
    of its own step is done in a further round of that step.

    Raises ConnectorError when a vendor as a whole does not answer; what was written stays written and noted.
    """
    counts: Counter[str] = Counter()
    for step in steps:
        while _round(ctx, step, counts):
            pass
    return counts


def _round(ctx: StageContext, step: Step, counts: Counter[str]) -> bool:
    """Do what can be done of a step now; returns whether some of it waited for that."""
    unknown = 0
    with ctx.store.reading() as unit:
        todo = unit.plans.open(ctx.ref.id, step.value)
    ready, blocked = sort_out(ctx, todo)
    if blocked:
        with ctx.fenced() as unit:
            put_off(ctx, unit, blocked)
        counts["blocked"] += len(blocked)
    for endpoint, chunk in _chunks(ctx, ready):
        unknown += _send(ctx, endpoint, chunk, counts)
    if unknown:
        raise ConnectorError(Fault.UNKNOWN, f"{unknown} writes had no answer")
    return 0 < len(ready) + len(blocked) < len(todo)


def sort_out(ctx: StageContext, todo: list[tuple[OpView, bytes]]) -> tuple[list[Ready], list[Ready]]:
    """Split into what can be sent, with all ids filled in, and what can't because something it needs failed. What needs
    another of these is in neither."""
    given = {op.op_id for op, _ in todo}
    needed = {op_id for op, _ in todo for op_id in op.requires}
    with ctx.store.reading() as unit:
        results = unit.plans.results(ctx.ref.id, needed)
    ready: list[Ready] = []
    blocked: list[Ready] = []
    for op, blob in todo:
        payload = Payload.load(ctx.box.open(blob))
        missing = set(op.requires) - results.keys()
        if missing:
            if not missing <= given:
                blocked.append((op, payload))
            continue
        values = {name: filled(value, results) for name, value in payload.values.items()}
        retrying = payload.retrying or op.state == OpState.SENDING
        ready.append(
            (
                _placed(op, results),
                Payload(values, payload.agreed, payload.key, payload.version, payload.origin, retrying),
            )
        )
    return ready, blocked


def _placed(op: OpView, results: Mapping[str, str]) -> OpView:
    """An operation on what another one makes: `@operation`, or a single date of the series that it makes."""
    made, parted, date = op.ref.removeprefix("@").partition(SEPARATOR)
    return replace(op, ref=f"{results[made]}{parted}{date}") if op.ref.startswith("@") and made in results else op


def _chunks(ctx: StageContext, ready: list[Ready]) -> Iterator[tuple[Endpoint, list[Ready]]]:
    """Batches of one side, verb and target (moves: to one folder), as large as the endpoint takes."""

    def lane(entry: Ready) -> tuple[str, str, str, str, bool]:
        op, payload = entry
        verb = VERBS[Act(op.act)]
        folder = str(payload.values.get("folder", "")) if verb is Verb.MOVE else ""
        return op.side, verb.value, op.target, folder, payload.retrying

    for (side, *_), group in groupby(sorted(ready, key=lane), key=lane):
        endpoint: Endpoint = ctx.mailbox if side == Side.MAILBOX else ctx.crm
        entries = list(group)
        for start in range(0, len(entries), endpoint.batch_size):
            yield endpoint, entries[start : start + endpoint.batch_size]


def _send(ctx: StageContext, endpoint: Endpoint, chunk: list[Ready], counts: Counter[str]) -> int:
    """One batch; returns how many of its writes have no known outcome."""
    with ctx.fenced() as unit:
        chunk = creating.claim(ctx, unit, chunk)
        unit.plans.sending(ctx.ref.id, [op.op_id for op, _ in chunk])
        unit.pairs.put(ctx.user.org_id, ctx.user.id, ctx.now(), _epitaphs(chunk))
    if not chunk:
        return 0
    outcomes = endpoint.write([_write(op, payload) for op, payload in chunk])
    unknown, results, notes = 0, dict[str, str](), list[Note]()
    versions, made = dict[str, str](), set[str]()
    with ctx.fenced() as unit:
        for (op, payload), outcome in zip(chunk, outcomes, strict=True):
            if outcome.error is None:
                results[op.op_id], versions[op.op_id] = outcome.id or op.ref, outcome.version
                # a create that finds its own key was ours, too
                if not outcome.adopted or (payload.key and payload.retrying):
                    made.add(op.op_id)
                if REPLACES in payload.agreed:
                    unit.pairs.replace(ctx.user.org_id, op.pair_key, payload.agreed[REPLACES], outcome.id)
                notes += _learnt(op, payload, outcome)
                counts[f"{op.side}.{op.act}"] += 1
            elif outcome.error.fault is Fault.UNKNOWN:
                unknown += 1
            elif is_beyond(op.rule, outcome.error.vendor_code):
                unit.plans.failed(ctx.ref.id, op.op_id, outcome.error.vendor_code, OpState.LEFT)
                counts["left"] += 1
            else:
                _failed(ctx, unit, op, payload, outcome.error)
                notes += [(key, {"reason": ""}) for key, _ in _epitaphs([(op, payload)])]
                counts["failed"] += 1
        unit.plans.done(ctx.ref.id, results)
        unit.journal.written(ctx.ref.id, versions, made)
        creating.settle(ctx, unit, chunk, outcomes)
        unit.pairs.put(ctx.user.org_id, ctx.user.id, ctx.now(), notes)
    return unknown


def _write(op: OpView, payload: Payload) -> Write:
    return Write(
        VERBS[Act(op.act)], ItemKind(op.kind), op.target, id=op.ref, version=payload.version, key=payload.key,
        values=payload.values, retrying=payload.retrying,
    )  # fmt: skip


def _epitaphs(chunk: Sequence[Ready]) -> list[Note]:
    """Why copies go, written on their pairs before they do. Should the answer never come, the next run finds the copy
    gone and the pair alive, and must not take our own deletion for somebody's (DEL-3)."""
    return [(op.pair_key, {"reason": op.reason}) for op, _ in chunk if op.act == Act.DELETE and op.pair_key]


# --- outcomes


def _learnt(op: OpView, payload: Payload, outcome: Outcome) -> list[Note]:
    """What the success of an operation says about its pair."""
    if not op.pair_key:
        return []
    act, values = Act(op.act), dict[str, object]()
    agreed = {name: value for name, value in payload.agreed.items() if name != REPLACES}
    if act in (Act.RELATE, Act.UNRELATE):
        name = "met" if act is Act.RELATE else "left"
        told: dict[str, object] = {name: [agreed["person"]]} if "person" in agreed else {}
        if rooms.MARK in agreed:
            told["marks"] = {rooms.MARK: agreed[rooms.MARK]}
        return [(op.pair_key, told)] if told else []
    marks = agreed
    if act is Act.DELETE:
        values = {"state": marks.pop("state", PairState.GONE.value), "reason": op.reason}
    elif op.side == Side.CRM:
        values = {"crm_id": outcome.id or op.ref, "crm_object": op.target}
        if act is Act.CREATE:
            values["state"] = PairState.LIVE.value
        if outcome.version:
            values["crm_version"] = outcome.version
    else:
        values = {"mailbox_id": outcome.id or op.ref, "mailbox_version": outcome.version}
        if act is Act.MOVE:
            values |= {"folder": str(payload.values.get("folder", "")), "unseen": True}
        if act is Act.CREATE:
            values |= {"folder": op.target, "state": PairState.LIVE.value, "unseen": True}
    if "state" in marks:
        values |= {"state": marks.pop("state"), "reason": op.reason}
    people = marks.pop("people", None)
    if people is not None:
        values["people"] = people.split()
    if marks:
        values["marks"] = marks
    return [(op.pair_key, values)]


def _failed(ctx: StageContext, unit: Unit, op: OpView, payload: Payload, error: ConnectorError) -> None:
    """One item's failure: an issue with its reason, and a place on the ladder. Everything else goes on."""
    known = explained(op.target, payload.values, error.vendor_code, error.fields)
    code = (known.value if known else error.vendor_code) or error.fault.value
    unit.plans.failed(ctx.ref.id, op.op_id, code)
    stale = error.fault is Fault.STALE
    ctx.note_failure(unit, payload.origin, code, error.fields, key=op.pair_key, at_once=stale)


def put_off(ctx: StageContext, unit: Unit, blocked: Sequence[Ready]) -> None:
    """What needed something that failed waits as long as that does: the item it is for is looked at again, too, even
    if the failure was noted on another item that needs the same."""
    codes = unit.plans.errors(ctx.ref.id, {op_id for op, _ in blocked for op_id in op.requires})
    for op, payload in blocked:
        code = next((codes[op_id] for op_id in sorted(op.requires) if op_id in codes), NEEDED)
        lost = code == creating.BY_ANOTHER_RUN
        unit.plans.failed(ctx.ref.id, op.op_id, code if lost else NEEDED, OpState.WAITING if lost else OpState.SKIPPED)
        origin = payload.origin
        found = unit.trail.retries_for(ctx.user.id, origin.side.value, [origin.id], kind=origin.kind.value)
        noted = found.get(origin.id)
        if noted is None or noted.run_id != ctx.ref.id:
            ctx.note_failure(unit, origin, code, key=op.pair_key, at_once=lost)
