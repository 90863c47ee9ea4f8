"""Copies of saved items. Who copies an item in Outlook copies our key and marks with it, but asked for nothing.

A copy is decided on as if it bore nothing of ours, and what it inherited is taken off it (MRK-7).
"""

from __future__ import annotations

from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import ItemKind, Side, Value
from mapping.model.reasons import Reason
from mapping.rules import marks
from mapping.rules.decision import Decision, Outcome
from sync_tasks.stages.mirrored import categories_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

_LEFT = frozenset({Outcome.SKIP, Outcome.WAIT})


def strip(work: Work) -> None:
    """Take our marks off a copy, in this run's eyes: the key it has lost already (see `following`)."""
    if work.copied and work.item is not None and work.kind is ItemKind.EVENT:
        work.item = work.item.with_fields({f.CATEGORIES: marks.clear(categories_of(work.item))})


def settled(work: Work, pair: PairView | None, decided: Decision) -> Decision:
    """What is decided about an item when it is a copy: one that is not saved for reasons of its own loses what it
    inherited. `pair`: that of the key which the item itself has; when it is saved, the two cannot be told apart."""
    if not work.copied or work.kind is not ItemKind.EVENT:
        return decided
    if pair is not None and pair.state == PairState.LIVE:
        return Decision(Outcome.SKIP, Reason.SAME_TWICE, "MRK-7")
    return Decision(Outcome.DISOWN, Reason.COPIED, "MRK-7") if decided.outcome in _LEFT else decided


def plan(draft: Draft, works: list[Work]) -> list[Work]:
    """Plan taking our marks off copies; returns the other works."""
    for work in works:
        if not _is_disowned(work) or work.item is None:
            continue
        values: dict[str, Value] = {f.CATEGORIES: work.item.get(f.CATEGORIES), f.KEY: None}
        draft.add(
            Operation(
                Act.MARK, Side.MAILBOX, work.kind, work.ref.container, Step.ITEMS, "MRK-7", Reason.COPIED.value,
                ref=work.ref.id, version=work.item.version, values=values,
                changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
            ),
            work.ref,
        )  # fmt: skip
    return [work for work in works if not _is_disowned(work)]


def _is_disowned(work: Work) -> bool:
    """Is it a copy that loses our marks? Messages that do are no copies; see `plan_emails`."""
    return work.outcome is Outcome.DISOWN and work.kind is not ItemKind.EMAIL
