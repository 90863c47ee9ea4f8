"""What is mirrored: the kinds of items, the mailbox folders in which they stand, and the objects of their records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from mapping.merge.fields import Merged
from mapping.model import fields as f
from mapping.model.item import MORE_MAIL, Item, ItemKind, ItemRef, Side
from mapping.model.reasons import Reason
from mapping.model.table import Table
from mapping.rules import scope, scope_folders
from mapping.rules.accounts import choose_account
from mapping.rules.decision import Decision, PairFacts
from mapping.rules.deletion import Fate, Trigger
from mapping.rules.settings import Effective
from mapping.rules.shown_objects import shown_objects
from mapping.tables.adjust import adjust
from mapping.tables.contact import CONTACT, RECORD_URL
from mapping.tables.shown import ShownObject
from mapping.tables.task import TASK, without_states
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.mirrored import NOTHING, Extra, Mirrored, Stakes
from sync_tasks.stages.mirrored_events import Events
from sync_tasks.stages.mirrored_records import Records
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairView


class Tasks(Mirrored):
    table = TASK
    home: ClassVar[str] = "synced_tasks"
    elsewhere: ClassVar[tuple[str, ...]] = ("tasks",)
    switch: ClassVar[str] = "tasks.enabled"
    conflict: ClassVar[str] = "conflict.task"
    down: ClassVar[str] = "tasks.down"
    listed: ClassVar[str] = "TSK-3"

    def looked_at(self, settings: Effective) -> tuple[str, ...]:
        return self.folders if self.bears_marks(settings) else (self.home,)

    def bears_marks(self, settings: Effective) -> bool:
        return settings.bool("tasks.categories")

    def marked(self, ctx: StageContext, categories: tuple[str, ...]) -> tuple[str, ...]:
        return super().marked(ctx, categories) if self.bears_marks(ctx.settings) else categories

    def delivered(self, settings: Effective) -> Table:
        table = super().delivered(settings)
        return table if settings.bool("tasks.states") else without_states(table)

    def spared(
        self, draft: Draft, case: Stakes, found: Fate, rule: str, trigger: Trigger
    ) -> tuple[Fate, str, Reason | None]:
        """A recurring task is not deleted along with the record of one of its instances."""
        if found is Fate.DELETE_MAILBOX and case.ours is not None and case.ours.flag(f.IS_RECURRING):
            return Fate.RELEASE, "TSK-10", None
        return super().spared(draft, case, found, rule, trigger)

    def is_kept_out(self, item: Item, settings: Effective) -> bool:
        return scope_folders.refused(item, settings) is not None

    def from_crm(self, ctx: StageContext, item: Item, known: PairFacts | None) -> Decision:
        return scope.task_from_crm(item, known, ctx.me, ctx.settings, ctx.now())

    def first_down(self, _draft: Draft, item: Item) -> Extra:
        at = item.get("ReminderDateTime")
        return Extra({f.REMINDER_AT: at}) if item.flag("IsReminderSet") else NOTHING


class Contacts(Mirrored):
    table = CONTACT
    home: ClassVar[str] = "synced_contacts"
    elsewhere: ClassVar[tuple[str, ...]] = ("contacts",)
    switch: ClassVar[str] = "contacts.enabled"
    conflict: ClassVar[str] = "conflict.contact"
    down: ClassVar[str] = "contacts.down"
    listed: ClassVar[str] = "CON-2"
    scope: ClassVar[str] = "contacts.scope"

    def from_crm(self, ctx: StageContext, item: Item, known: PairFacts | None) -> Decision:
        return scope.contact_from_crm(item, known, ctx.me, ctx.settings)

    def between(self, draft: Draft, table: Table, ours: Item, theirs: Item) -> Table:
        """A page that the user noted on the card himself is not replaced by that of the record."""
        table = super().between(draft, table, ours, theirs)
        own = ours.text(f.WEB_PAGE) not in ("", theirs.text(RECORD_URL))
        return adjust(table, [{"name": f.WEB_PAGE, "remove": True}]) if own and table.row(f.WEB_PAGE) else table

    def merge_more(
        self, draft: Draft, pair: PairView | None, key: str, _ours: Item, theirs: Item, _merged: Merged
    ) -> Extra:
        """A colleague's contact that was adopted never was among those that are shown, so it cannot leave them."""
        if pair is None or pair.role == scope_folders.OUTSIDE:
            outside = scope_folders.lies_outside(theirs, draft.ctx.me, draft.ctx.settings)
            draft.pair(key, role=scope_folders.OUTSIDE if outside else "")
        return NOTHING

    def first_up(self, draft: Draft, _work: Work, item: Item) -> Extra:
        company = item.text(f.COMPANY).strip()
        account = choose_account(company, draft.accounts.get(company, ()))
        return Extra({"AccountId": account}) if account else NOTHING


# each kind with the object that stands for it in Salesforce
MIRRORED: Mapping[ItemKind, Mirrored] = {
    ItemKind.EVENT: Events(),
    ItemKind.TASK: Tasks(),
    ItemKind.CONTACT: Contacts(),
}
MAIL_FOLDERS = ("inbox", "sent", "emails")
KIND_OF_FOLDER: Mapping[str, ItemKind] = {
    **{folder: kind for kind, what in MIRRORED.items() for folder in what.folders},
    **dict.fromkeys(MAIL_FOLDERS, ItemKind.EMAIL),
}
ELSEWHERE = frozenset(folder for what in MIRRORED.values() for folder in what.elsewhere)
# folders of ours, made again when they are missing
MANAGED = frozenset({"emails", *(what.home for what in MIRRORED.values() if what.elsewhere)})


def kind_of(folder: str) -> ItemKind:
    """What stands in a folder, by its role."""
    return ItemKind.EMAIL if folder.startswith(MORE_MAIL) else KIND_OF_FOLDER[folder]


def watched(settings: Effective) -> list[str]:
    """The folders whose changes a user's runs read: one vendor call each."""
    ours = [what for what in MIRRORED.values() if what.wanted(settings)]
    return [*(folder for what in ours for folder in what.looked_at(settings)), *MAIL_FOLDERS]


def managed(settings: Effective) -> list[str]:
    """Those of them that are made when they are missing."""
    return [folder for folder in watched(settings) if folder in MANAGED]


class Lineup:
    """All that is mirrored for a user: each kind with an object of its own, and the objects that are only shown."""

    def __init__(self, settings: Effective) -> None:
        records = [Records(shown) for shown in shown_objects(settings.mappings("objects.shown"))]
        self._known: dict[tuple[ItemKind, str], Mirrored] = {
            (what.kind, what.crm_object): what for what in (*MIRRORED.values(), *records)
        }

    def __iter__(self) -> Iterator[Mirrored]:
        return iter(self._known.values())

    def of(self, kind: ItemKind, crm_object: str = "") -> Mirrored:
        """By the object of the record; what has no record yet goes by its kind. An object that the setting no longer
        names is one that is not shown."""
        if not crm_object:
            return MIRRORED[kind]
        if (kind, crm_object) not in self._known:
            self._known[kind, crm_object] = Records(ShownObject(crm_object), named=False)
        return self._known[kind, crm_object]

    def of_item(self, ref: ItemRef, pair: PairView | None) -> Mirrored:
        """By the item's pair, or by where it is itself."""
        known = pair.crm_object if pair is not None else ""
        return self.of(ref.kind, known or (ref.container if ref.side is Side.CRM else ""))

    def hidden(self, settings: Effective, held: Iterable[tuple[ItemKind, str]]) -> list[Mirrored]:
        """What stands in the mailbox (`held`: kind and object of it) and is no longer to be shown there."""
        every = [self.of(kind, crm_object) for kind, crm_object in held if kind in MIRRORED]
        return [what for what in every if what.wanted(settings) and not what.is_shown(settings)]
