"""A mailbox on an Exchange server as the rest of the program sees it: the `Mailbox` protocol over EWS."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from exchangelib.items import CalendarItem, Contact, Message, Task
from exchangelib.items.calendar_item import BaseMeetingItem
from exchangelib.properties import BaseItemId

from connectors.calls import OnCall, nobody
from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange import checks, claims, contents, wire
from connectors.exchange.codec import MODELS, READERS, decode, feed_names, needs
from connectors.exchange.conversations import conversations
from connectors.exchange.folders import DISTINGUISHED
from connectors.exchange.line import Line
from connectors.exchange.mail_folders import mail_folders
from connectors.exchange.marks import ensure_categories, ensure_folders, remove_categories
from connectors.exchange.occurrences import Occurrences
from connectors.exchange.searching import find
from connectors.exchange.session import ExchangeConfig
from connectors.exchange.subscriptions import PushSubscriptions
from connectors.exchange.writes import apply
from connectors.outlook.codec import names_at, names_of_occurrence
from connectors.outlook.facts import bare, kind_of
from connectors.outlook.occurrences import at_place, is_occurrence, placed
from connectors.protocols import Can, Change, Changes, Check, Detail, Outcome, Write
from connectors.pushing import Feed, Subscriptions
from mapping.model.item import Attachment, Item, ItemKind, ItemRef, Side
from mapping.model.people import normalise

# Bodies are large, and the server ends calls that take it a minute.
_CHUNKS = {Detail.HEAD: 100, Detail.BODY: 25}
_MODELS: tuple[tuple[type, ItemKind], ...] = (
    (CalendarItem, ItemKind.EVENT), (Message, ItemKind.EMAIL), (BaseMeetingItem, ItemKind.EMAIL),
    (Task, ItemKind.TASK), (Contact, ItemKind.CONTACT),
)  # fmt: skip


class ExchangeMailbox:
    """Opening it sends nothing. `on_call` hears the name of every EWS operation just before it is sent.

    Raises ValueError when the configured build or time zone makes no sense."""

    can = frozenset({
        Can.SILENT_WRITE, Can.GROUP_MEETINGS, Can.EVENT_MOVES, Can.CATEGORIES, Can.MAIL_REASONS, Can.INHERITED_MARKS,
        Can.FOLDERS, Can.TASKS, Can.RECURRING_TASKS, Can.PRIVATE_TASKS, Can.TASK_DELETIONS, Can.TASK_CATEGORIES,
        Can.TASK_STATES, Can.ATTACHMENTS, Can.MAIL_FOLDERS, Can.CONVERSATIONS, Can.TOPICS, Can.DATED_LOOKS,
        Can.WHOLE_LOOKS, Can.PUSH, Can.LOOK_FREELY,
    })  # fmt: skip
    batch_size = 50

    def __init__(self, config: ExchangeConfig, on_call: OnCall = nobody) -> None:
        self.address = normalise(config.address)
        self._access = config.access
        self._line = Line(config, on_call)

    def poll(self, cursors: Mapping[str, str]) -> None:
        """EWS tells of one folder in a call."""

    def changes(self, folder: str, cursor: str | None) -> Changes:
        line, kind = self._line, kind_of(folder)
        if kind is None:
            raise ConnectorError(Fault.NOT_FOUND, "there is no such folder role", scope=Scope.CONTAINER)
        where = line.folder(folder)
        fields = wire.paths(MODELS[kind], needs(kind, feed_names(kind)))
        service = wire.SyncFolderItems(account=line.account)
        found: dict[str, Change] = {}
        state, last = cursor, False
        while not last:
            page = self._page(service, where, fields, state)
            for verb, thing in page.changes:
                change = _change(folder, kind, verb, thing, wire.SyncFolderItems.DELETE)
                if change is not None:
                    # what comes later on supersedes, and takes its place at the end
                    found.pop(change.ref.id, None)
                    found[change.ref.id] = change
            state, last = page.state, page.last
        return Changes(tuple(found.values()), state or "", complete=cursor is None)

    def _page(self, service: Any, where: Any, fields: Any, state: str | None) -> wire.Page:
        page: wire.Page = self._line.call(lambda: service.page(where, fields, state), Scope.CONTAINER)
        return page

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> Mapping[ItemRef, Item | ConnectorError]:
        found: dict[ItemRef, Item | ConnectorError] = {}
        for kind in ItemKind:
            wanted = dict.fromkeys(ref for ref in refs if ref.kind is kind)
            whole = {ref: ref.id for ref in wanted if not is_occurrence(ref.id)}
            found.update(self._read(whole, kind, names_at(READERS[kind], detail), _CHUNKS[detail]))
            found.update(self._read_occurrences([ref for ref in wanted if ref not in whole], detail))
        return found

    def _read_occurrences(self, refs: Sequence[ItemRef], detail: Detail) -> dict[ItemRef, Item | ConnectorError]:
        there, wrong = placed(refs, Occurrences(self._line).places_of(ref.id for ref in refs))
        ids = {ref: place.id for ref, place in there.items()}
        names = names_of_occurrence(READERS[ItemKind.EVENT], detail)
        read = self._read(ids, ItemKind.EVENT, names, _CHUNKS[detail])
        return wrong | {ref: at_place(answer, there[ref]) for ref, answer in read.items()}

    def _read(
        self, ids: Mapping[ItemRef, str | BaseItemId], kind: ItemKind, names: Sequence[str], size: int
    ) -> dict[ItemRef, Item | ConnectorError]:
        """Read what the server knows under these ids; what is gone is left out."""
        if not ids:
            return {}
        line, fields = self._line, wire.paths(MODELS[kind], needs(kind, names))
        service = wire.GetItem(account=line.account)
        refs, found = list(ids), dict[ItemRef, Item | ConnectorError]()
        for start in range(0, len(refs), size):
            chunk = refs[start : start + size]
            answers = line.call(lambda chunk=chunk: service.items([ids[ref] for ref in chunk], fields))  # type: ignore[misc]
            for ref, answer in zip(chunk, line.matched(answers, len(chunk)), strict=True):
                if isinstance(answer, Exception):
                    error = line.fault(answer)
                    if error.fault is not Fault.NOT_FOUND:
                        found[ref] = error
                elif _kind_of(answer) is not kind:
                    found[ref] = ConnectorError(Fault.INVALID, "the item is of another kind", scope=Scope.ITEM)
                else:
                    found[ref] = Item(ref, answer.changekey, decode(answer, kind, names))
        return found

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        return apply(self._line, writes)

    def folders(self, roles: Collection[str]) -> Mapping[str, str]:
        ensure_folders(self._line, roles)
        ensure_categories(self._line)
        return dict(self._line.folder_ids)

    def mail_folders(self, wanted: Collection[str], without: Collection[str]) -> Mapping[str, str]:
        return mail_folders(self._line, wanted, without)

    def known_folders(self) -> frozenset[str]:
        return frozenset(DISTINGUISHED) | frozenset(self._line.folder_ids)

    def find(self, keys: Iterable[str]) -> Mapping[str, ItemRef]:
        found = {key: (role, item, _kind_of(item)) for key, (role, item) in find(self._line, keys).items()}
        return {
            key: ItemRef(Side.MAILBOX, kind, item.id, role)
            for key, (role, item, kind) in found.items() if kind is not None
        }  # fmt: skip

    def conversations(self, ids: Iterable[str]) -> Mapping[str, tuple[ItemRef, ...]]:
        return {
            each: tuple(ItemRef(Side.MAILBOX, ItemKind.EMAIL, ident, role) for ident, role in found)
            for each, found in conversations(self._line, ids).items()
        }

    def pushes(self) -> Mapping[Feed, Subscriptions]:
        return {Feed.CALENDAR: PushSubscriptions(self._line)}

    def contents(self, wanted: Sequence[tuple[ItemRef, Attachment]]) -> Iterator[bytes | ConnectorError]:
        return contents.contents(self._line, wanted)

    def aliases(self) -> frozenset[str]:
        """What the directory tells, or the one address that is known when it tells nothing."""
        service = wire.ResolveNames(account=self._line.account)
        try:
            entries = self._line.call(lambda: service.proxies(self.address), Scope.ITEM)
        except ConnectorError as error:
            if error.scope is not Scope.ITEM:
                raise
            return frozenset({self.address})
        people = [{normalise(bare(text)) for text in entry} for entry in entries]
        mine = next((person for person in people if self.address in person), set())
        return frozenset(mine | {self.address}) - {""}

    def claimed_by(self) -> str:
        return claims.claimed_by(self._line)

    def claim(self, instance: str) -> None:
        claims.claim(self._line, instance)

    def withdraw(self) -> None:
        remove_categories(self._line)
        claims.claim(self._line, "")

    def check(self) -> Iterator[Check]:
        return checks.check(self._line, self._access)


def _kind_of(item: Any) -> ItemKind | None:
    return next((kind for model, kind in _MODELS if isinstance(item, model)), None)


def _change(folder: str, kind: ItemKind, verb: str, thing: Any, deleted: str) -> Change | None:
    """A change worth telling: not the flipping of a read flag, and no item that is foreign to the folder."""
    if verb == deleted:
        return Change(ItemRef(Side.MAILBOX, kind, thing.id, folder), deleted=True)
    actual = None if isinstance(thing, tuple) else _kind_of(thing)
    # anything may lie in Deleted Items, and what went there from the calendar is of interest
    if actual is None or (actual is not kind and folder != "deleted"):
        return None
    ref = ItemRef(Side.MAILBOX, actual, thing.id, folder)
    return Change(ref, item=Item(ref, thing.changekey, decode(thing, actual, feed_names(actual))))
