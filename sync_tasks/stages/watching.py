"""What a user is kept informed of by Salesforce, and what becomes of a list that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.errors import ConnectorError
from connectors.protocols import Watch
from mapping.model.item import ItemKind, Side
from mapping.model.reasons import Reason
from mapping.rules.scope import Decision, Outcome
from mapping.rules.scope_folders import OUTSIDE
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.kinds import MIRRORED
from sync_tasks.state.store import Unit

# the setting that says which records of a kind are the user's; of the others it is those that he owns
SCOPES: Mapping[ItemKind, str] = {ItemKind.CONTACT: "contacts.scope"}

REASONS: Mapping[str, Reason] = {"LIST_VIEW_CAMPAIGN": Reason.LIST_BY_CAMPAIGN}


def watches(ctx: StageContext) -> list[Watch]:
    """Of every kind that the user mirrors, once the mailbox has the folder for it."""
    wanted = {kind: what for kind, what in MIRRORED.items() if what.wanted(ctx.settings)}
    with ctx.store.reading() as unit:
        held = unit.pairs.records(ctx.user.id, [kind.value for kind in wanted], without=OUTSIDE)
    return [
        Watch(
            name=kind.value,
            kind=kind,
            object=what.crm_object,
            scope=ctx.settings.text(SCOPES[kind]) if kind in SCOPES else "mine",
            held=held.get(what.crm_object, ()),
        )
        for kind, what in MIRRORED.items()
        if what.wanted(ctx.settings) and ctx.mailbox_has(what.home)
    ]


def cursor_name(watch: Watch) -> str:
    return f"crm:{watch.name}"


def note(
    ctx: StageContext, unit: Unit, heard: Iterable[Watch], refused: Iterable[tuple[Watch, ConnectorError]]
) -> None:
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
        decision = Decision(Outcome.SKIP, REASONS.get(code, Reason.LIST_REFUSED), "CON-2")
        why.append(ctx.decision_row("fetch", Side.CRM, watch.kind, _ref(watch), "", decision, ctx.now()))
    unit.trail.forget_stage(ctx.ref.id, "fetch")
    unit.trail.decide(ctx.user.id, why)


def _ref(watch: Watch) -> str:
    return f"watch:{watch.name}"
