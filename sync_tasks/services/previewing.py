"""What the next run would do, field by field and with the values. Those are shown to who asked, and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mapping.merge.plan import FieldChange, Operation
from mapping.model.item import Pending
from sync_tasks.bootstrap import App
from sync_tasks.services import scheduling
from sync_tasks.services.waiting import plain
from sync_tasks.stages.mirror import PEOPLE_STEPS
from sync_tasks.state.records import PREVIEW, RunState, RunView, UserView

LONGEST = 400  # characters shown of a value


@dataclass(frozen=True, slots=True)
class Difference:
    """`before` is empty for what is new."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Preview:
    """`differences`: by the id of the operation, for the owner of the mailbox only."""

    run: RunView
    differences: dict[str, list[Difference]]


def preview(app: App, user: UserView, *, values: bool, by: str) -> Preview:
    """Plan the next run of a user and write nothing; that somebody looked is noted. Raises BusyError."""
    with app.store.writing() as unit:
        unit.accounts.audit(app.clock(), by, "user.preview", user.address)
    planned: list[Operation] = []
    run = scheduling.run_here(app, user.id, preview=True, on_plan=planned.extend)
    return Preview(run, {op.id: differences(op) for op in planned} if values else {})


class NoPlanError(ValueError):
    """There is no plan of this number that could be carried out; the text says why."""


def apply(
    app: App, run_id: int, *, by: str, on_stage: Callable[[str], None] | None = None
) -> RunView:  # fmt: skip
    """Run the user of a preview, and write only if just what it has told is planned again; the run is held otherwise,
    and has written nothing. Raises NoPlanError and BusyError."""
    with app.store.reading() as unit:
        told = unit.runs.get(run_id)
        if told is None or told.trigger != PREVIEW:
            raise NoPlanError(f"run {run_id} is no preview; `inbox-sync run USER --preview` makes one")
        if told.state != RunState.DONE:
            raise NoPlanError(f"preview {run_id} is {told.state}: there is no whole plan of it")
        expected = frozenset(op.op_id for op in unit.plans.all(run_id) if op.step not in PEOPLE_STEPS)
        user = unit.accounts.user(told.user_id)
    with app.store.writing() as unit:
        unit.accounts.audit(app.clock(), by, "user.apply", user.address, run=run_id)
    return scheduling.run_here(app, user.id, on_stage=on_stage, expected=expected)


def differences(op: Operation) -> list[Difference]:
    """What an operation changes; of one that says nothing of what was before, what it writes."""
    changes: Sequence[FieldChange] = op.changes or _written(op)
    return [shown_change(each) for each in changes]


def shown_change(change: FieldChange) -> Difference:
    """A change as people read it."""
    return Difference(change.name, _shown(change.before), _shown(change.after))


def _written(op: Operation) -> list[FieldChange]:
    return [FieldChange(name, None, value) for name, value in sorted(op.values.items())]


def _shown(value: object) -> str:
    if isinstance(value, Pending):
        return "(the new record)"
    if isinstance(value, Iterable) and not isinstance(value, str) and any(isinstance(v, Pending) for v in value):
        return "(new records)"
    text = plain(value)  # type: ignore[arg-type]  # whatever it is, a person reads it
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
