"""What a user is kept informed of by Salesforce, and what becomes of a list that cannot be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from connectors.errors import ConnectorError
from connectors.protocols import Watch
from mapping.model.item import ItemKind, Side
from mapping.model.reasons import Reason
from mapping.rules.scope import Decision, Outcome
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.kinds import MIRRORED, Lineup
from sync_tasks.state.store import Unit
from sync_tasks.state.trail import WATCH

Held = Mapping[tuple[ItemKind, str], tuple[str, ...]]  # the records of live pairs, by kind and object

CURSOR = "crm:"
LONGEST = 60  # characters of a cursor's name; the name of an object may be as long

REASONS: Mapping[str, Reason] = {"LIST_VIEW_CAMPAIGN": Reason.LIST_BY_CAMPAIGN}


def watches(ctx: StageContext, lineup: Lineup, held: Held) -> list[Watch]:
    """Of everything that the user mirrors, once the mailbox has the folder for it."""
    wanted = [what for what in lineup if what.wanted(ctx.settings) and ctx.mailbox_has(what.home)]
    asked = (what.watch(ctx, held.get((what.kind, what.crm_object), ())) for what in wanted)
    return [watch for watch in asked if watch is not None]


def cursor_name(watch: Watch) -> str:
    return _cursor(watch.name)


def _cursor(name: str) -> str:
    full = CURSOR + name
    return full if len(full) <= LONGEST else full[: LONGEST - 9] + "-" + hashlib.sha256(full.encode()).hexdigest()[:8]


def forgotten(cursors: Mapping[str, str], asked: Sequence[Watch]) -> dict[str, str]:
    """The cursors of objects that are not asked about any more, emptied: their items leave the mailbox, so they have to
    be read from the start should they be shown again. Kinds that are switched off keep theirs, for their items stay."""
    kept = {cursor_name(watch) for watch in asked} | {_cursor(kind.value) for kind in MIRRORED}
    return {name: "" for name, value in cursors.items() if name.startswith(CURSOR) and value and name not in kept}


def note(
    ctx: StageContext, lineup: Lineup, unit: Unit, heard: Iterable[Watch],
    refused: Iterable[tuple[Watch, ConnectorError]],
) -> None:  # fmt: skip
    """Open an issue for each list that Salesforce refused, with the reason why, and close those of the lists that could
    be read."""
    unit.trail.close_issues(ctx.user.id, Side.CRM.value, [_ref(watch) for watch in heard], ctx.now())
    why = []
    for watch, error in refused:
        code = error.vendor_code or error.fault.value
        unit.trail.open_issue(
            ctx.user.id, ctx.ref.id, side=Side.CRM.value, kind=watch.kind.value, ref=_ref(watch), key="",
            code=code, fields=error.fields, now=ctx.now(),
        )  # fmt: skip
        rule = lineup.of(watch.kind, watch.object).listed
        decision = Decision(Outcome.SKIP, REASONS.get(code, Reason.LIST_REFUSED), rule)
        why.append(ctx.decision_row("fetch", Side.CRM, watch.kind, _ref(watch), "", decision, ctx.now()))
    unit.trail.decide(ctx.user.id, why)


def _ref(watch: Watch) -> str:
    return WATCH + watch.name
