"""Records of other objects that the calendar shows: Salesforce alone says what they are like."""

from __future__ import annotations

from typing import ClassVar

from connectors.protocols import Watch
from mapping.merge.fields import Merged
from mapping.model import fields as f
from mapping.model.item import ELSEWHERE, Item, ItemKind, Side
from mapping.model.table import Table
from mapping.rules import attendees, deletion, marks, scope
from mapping.rules.decision import Decision, Me, PairFacts
from mapping.rules.deletion import Fate, Trigger
from mapping.rules.roles import Leader
from mapping.rules.settings import Effective
from mapping.tables.describe import fit
from mapping.tables.shown import ShownObject, span_of, table_of
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.mirrored import Extra, Mirrored
from sync_tasks.stages.planning import Draft
from sync_tasks.state.records import PairView

FREE, BUSY = "free", "busy"


class Records(Mirrored):
    """One object, as the setting `objects.shown` names it; `named`: does it still?"""

    home: ClassVar[str] = "calendar"
    elsewhere: ClassVar[tuple[str, ...]] = (ELSEWHERE,)  # an item that was moved is brought back
    conflict: ClassVar[str] = "conflict.event"
    down: ClassVar[str] = "objects.down"
    listed: ClassVar[str] = "OBJ-2"
    rule: ClassVar[str] = "OBJ-1"
    shows: ClassVar[bool] = True

    def __init__(self, shown: ShownObject, *, named: bool = True) -> None:
        self._shown = shown
        self._named = named
        self.table = table_of(shown) if named else Table(ItemKind.EVENT, shown.object, ())

    def is_shown(self, settings: Effective) -> bool:
        return self._named and super().is_shown(settings)

    # --- which are ours

    def watch(self, ctx: StageContext, held: tuple[str, ...]) -> Watch | None:
        if not self.is_shown(ctx.settings):
            return None
        shown = self._shown
        return Watch(
            shown.object, self.kind, shown.object, shown.scope, shown.columns, shown.starts, shown.ends, shown.where,
            held, shown.owner,
        )  # fmt: skip

    def from_mailbox(self, ctx: StageContext, item: Item, known: PairFacts | None, _leader: Leader | None) -> Decision:
        return scope.record_from_mailbox(item, known, is_shown=self.is_shown(ctx.settings))

    def from_crm(self, ctx: StageContext, item: Item, known: PairFacts | None) -> Decision:
        shown = self._shown if self.is_shown(ctx.settings) else None
        return scope.record_from_crm(item, shown, known, ctx.me, ctx.settings, ctx.now())

    # --- how they are compared

    def table_for(self, ctx: StageContext) -> Table:
        fitted, _ = fit(self.table, ctx.shape.objects.get(self.crm_object, {}))
        return fitted

    def compares_body(self, _settings: Effective) -> bool:
        return bool(self._shown.description)

    def appended(self, _ctx: StageContext, _record: Item) -> str:
        return ""

    def letter(self, _item: Item, _born: Side, _me: Me) -> str:
        return "B"

    def born(self, _pair: PairView | None) -> Side:
        return Side.CRM

    def fate(self, _pair: PairView, trigger: Trigger, _settings: Effective) -> tuple[Fate, str]:
        return deletion.shown_fate(trigger)

    def authority(self, _settings: Effective) -> Side | None:
        return Side.CRM

    # --- what is written besides the rows of the table

    def marked(self, ctx: StageContext, categories: tuple[str, ...]) -> tuple[str, ...]:
        """The category of the object, and none that would ask for something."""
        category = self._category(ctx)
        kept = marks.clear(categories)
        return kept if marks.has(kept, category) else (*kept, category)

    def unmarked(self, ctx: StageContext, categories: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(each for each in marks.clear(categories) if not marks.has((each,), self._category(ctx)))

    def first_down(self, _draft: Draft, item: Item) -> Extra:
        """What lasts whole days does not block them. A reminder is the user's to set."""
        span = span_of(self._shown, item.fields)
        return Extra({f.SHOW_AS: FREE if span is not None and span.all_day else BUSY, f.REMINDER: None})

    def merge_more(
        self, _draft: Draft, _pair: PairView | None, _key: str, ours: Item, _theirs: Item, _merged: Merged
    ) -> Extra:
        """Nothing more than the table tells, but people whom the user invited may hear of it."""
        return Extra(mails=len(attendees.listed(ours)))

    def _category(self, ctx: StageContext) -> str:
        label = marks.named(ctx.shape.labels.get(self.crm_object, ""))
        return self._shown.category or (label if label and not marks.is_ours(label) else self.crm_object)
