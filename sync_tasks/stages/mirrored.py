"""What a kind of item adds to the one way in which all kinds are mirrored: its table, its folders, its own rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from connectors.protocols import Watch
from mapping.merge.fields import Merged
from mapping.merge.plan import FieldChange
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Side, Value
from mapping.model.reasons import Reason
from mapping.model.table import Table, Winner
from mapping.rules import appended, attendees, deletion, marks, scope
from mapping.rules.decision import Decision, Me, PairFacts
from mapping.rules.deletion import Fate, Trigger
from mapping.rules.description import keep_formatting
from mapping.rules.roles import Leader
from mapping.rules.settings import Effective
from mapping.tables.adjust import adjust
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.mapped import mapped
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView


@dataclass(frozen=True, slots=True)
class Extra:
    """What a kind adds to a write: values, baseline marks, how many people it would have mailed, who asked for it."""

    values: Mapping[str, Value] = field(default_factory=dict)
    agreed: Mapping[str, str] = field(default_factory=dict)
    mails: int = 0
    rule: str = ""
    reason: Reason | None = None

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        return tuple(FieldChange(name, None, value) for name, value in self.values.items())

    def __or__(self, other: Extra) -> Extra:
        """Both together; what asked for the first is told as the reason."""
        return Extra(
            {**self.values, **other.values}, {**self.agreed, **other.agreed}, self.mails + other.mails,
            self.rule or other.rule, self.reason or other.reason,
        )  # fmt: skip


NOTHING = Extra()


@dataclass(frozen=True, slots=True)
class Stakes:
    """What is known of a pair of which one side is to go."""

    pair: PairView
    table: Table
    ours: Item | None
    theirs: Item | None


class Mirrored(ABC):
    """One kind, or one object of a kind. The methods are the places where they differ; what stands here is what tasks
    and contacts do."""

    table: Table
    home: ClassVar[str]  # folder role where items born in Salesforce are made and saved ones stand
    elsewhere: ClassVar[tuple[str, ...]] = ()  # other folder roles that are read for marked items
    switch: ClassVar[str] = ""  # setting: is the kind mirrored at all; always when there is none
    conflict: ClassVar[str]  # setting: who prevails
    down: ClassVar[str]  # setting: are Salesforce's own shown in the mailbox
    scope: ClassVar[str] = ""  # setting: which records are the user's; those that he owns when there is none
    listed: ClassVar[str]  # the rule by which Salesforce tells of its records
    stamped: ClassVar[bool] = False  # must a record that is shown bear the key?
    rule: ClassVar[str] = "FLD-1"  # by which values travel
    shows: ClassVar[bool] = False  # is the mailbox a mere window on Salesforce, in which nothing can be lost?

    @property
    def kind(self) -> ItemKind:
        return self.table.kind

    @property
    def crm_object(self) -> str:
        return self.table.crm_object

    @property
    def folders(self) -> tuple[str, ...]:
        return (self.home, *self.elsewhere)

    def looked_at(self, _settings: Effective) -> tuple[str, ...]:
        """Those of the folders whose changes are read."""
        return self.folders

    def bears_marks(self, _settings: Effective) -> bool:
        """Do its items bear categories?"""
        return True

    def wanted(self, settings: Effective) -> bool:
        """Does the user mirror this kind? What he does not costs nothing, and stays as it is."""
        return not self.switch or settings.bool(self.switch)

    def is_shown(self, settings: Effective) -> bool:
        """Are Salesforce's own shown in the mailbox?"""
        return settings.bool(self.down)

    # --- which are ours

    def watch(self, ctx: StageContext, held: tuple[str, ...]) -> Watch | None:
        """What Salesforce is asked about; None for nothing."""
        scope = ctx.settings.text(self.scope) if self.scope else "mine"
        return Watch(self.kind.value, self.kind, self.crm_object, scope, held=held)

    def from_mailbox(self, ctx: StageContext, item: Item, known: PairFacts | None, _leader: Leader | None) -> Decision:
        return scope.from_mailbox(item, known, ctx.settings)

    @abstractmethod
    def from_crm(self, ctx: StageContext, item: Item, known: PairFacts | None) -> Decision: ...

    def is_kept_out(self, _item: Item, _settings: Effective) -> bool:
        """Is this saved item left as it is, whatever happens to its record?"""
        return False

    # --- how they are compared

    def delivered(self, settings: Effective) -> Table:
        """The table as the settings have it."""
        winner = Winner(settings.text(self.conflict))
        return adjust(self.table, [{"name": row.name, "winner": winner.value} for row in self.table.fields])

    def table_for(self, ctx: StageContext) -> Table:
        """The table as this organization has it, fitted to its describe."""
        return mapped(self.delivered(ctx.settings), ctx.mappings.get(self.kind, ()), ctx.shape).table

    def compares_body(self, _settings: Effective) -> bool:
        """Is the body compared whenever the item changed, rather than read once?"""
        return True

    def appended(self, ctx: StageContext, record: Item) -> str:
        """What is shown of a record below the text of its item (DSC-6)."""
        facts = ctx.shape.objects.get(self.crm_object, {})
        labels = {name: str(about.get("label", "")) for name, about in facts.items()}
        return appended.block(ctx.settings.list(f"{self.kind.value}s.appended"), labels, record.fields)

    def letter(self, _item: Item, born: Side, _me: Me) -> str:
        """The row of the table of deletions."""
        return "A" if born is Side.MAILBOX else "B"

    def fate(self, pair: PairView, trigger: Trigger, settings: Effective) -> tuple[Fate, str]:
        return deletion.plain_fate(self.kind, pair.letter or "A", trigger, settings)

    def spared(
        self, _draft: Draft, _case: Stakes, found: Fate, rule: str, _trigger: Trigger
    ) -> tuple[Fate, str, Reason | None]:  # fmt: skip
        """What becomes of a deletion that would destroy something: fate, rule, and the reason if it is another one."""
        return found, rule, None

    def authority(self, _settings: Effective) -> Side | None:
        """The side that is right wherever the two differ; None where both may edit."""
        return None

    def between(self, _draft: Draft, table: Table, ours: Item, _theirs: Item) -> Table:
        """The table for these two copies."""
        return keep_formatting(table, ours)

    def born(self, pair: PairView | None) -> Side:
        """On which side the two halves of something that was there on both came to be."""
        return Side.MAILBOX if pair is None else Side(pair.born)

    # --- what is written besides the rows of the table

    def marked(self, _ctx: StageContext, categories: tuple[str, ...]) -> tuple[str, ...]:
        """What a paired item bears, the user's own categories among it."""
        return marks.mark_saved(categories)

    def unmarked(self, _ctx: StageContext, categories: tuple[str, ...]) -> tuple[str, ...]:
        """What it bears once it is let go."""
        return marks.clear(categories)

    def shown(self, _draft: Draft, _pair: PairView | None, table: Table, item: Item) -> tuple[Table, Item, Extra]:
        """The item as Salesforce may see it, the table to compare it by, and columns to set besides."""
        return table, item, NOTHING

    def first_up(self, _draft: Draft, _work: Work, _item: Item) -> Extra:
        """Further columns of a new record."""
        return NOTHING

    def after_up(self, draft: Draft, key: str, letter: str, item: Item, made: str) -> None:  # noqa: B027  # mostly nothing
        """What hangs on the record that operation `made` creates."""

    def adopt(self, draft: Draft, key: str, ours: Work, theirs: Item) -> None:  # noqa: B027 - most lack nothing
        """Plan what a record lacks that was not made by us."""

    def first_down(self, _draft: Draft, _item: Item) -> Extra:
        """Further fields of a new mailbox item."""
        return NOTHING

    def merge_more(
        self, _draft: Draft, _pair: PairView | None, _key: str, _ours: Item, _theirs: Item, _merged: Merged
    ) -> Extra:
        """Plan what no row can tell (lists); returns what the mailbox item must be given."""
        return NOTHING

    def leave(self, draft: Draft, key: str, _pair: PairView, _theirs: Item | None, _rule: str, reason: Reason) -> None:
        """End only this user's part in something that others share."""
        draft.pair(key, state=PairState.RELEASED.value, reason=reason.value)


def told(draft: Draft, item: Item, names: Iterable[str]) -> tuple[Value, ...]:
    """The guests whom the server mails when these fields of a mailbox item are written, unless it is told not to."""
    return attendees.guests_told(item, names, draft.ctx.me.addresses)


def categories_of(item: Item) -> tuple[str, ...]:
    value = item.get(f.CATEGORIES)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, tuple) else ()
