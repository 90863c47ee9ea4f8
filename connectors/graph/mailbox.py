"""A mailbox in Microsoft 365 as the rest of the program sees it: the `Mailbox` protocol over Graph."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from connectors.calls import OnCall
from connectors.errors import ConnectorError, Scope
from connectors.graph import checks, claims, contents, feed
from connectors.graph.config import GraphConfig
from connectors.graph.conversations import conversations
from connectors.graph.folders import MANAGED, ensure, ensure_categories, remove_categories
from connectors.graph.line import AT_ONCE, Answer, Line, Request
from connectors.graph.mail_folders import mail_folders
from connectors.graph.reading import read
from connectors.graph.searching import find
from connectors.graph.subscriptions import ChangeNotifications
from connectors.graph.tokens import Keep
from connectors.graph.writes import apply
from connectors.outlook.facts import KINDS, bare
from connectors.protocols import Can, Changes, Check, Detail, Outcome, Write
from connectors.pushing import Feed, Subscriptions
from mapping.model.item import Attachment, Item, ItemRef
from mapping.model.people import normalise


class GraphMailbox:
    """Opening it sends nothing. `on_call` hears of every call just before it is sent; `keep` holds the access token
    between processes; `now` is the present moment. Raises ValueError for a cloud or time zone that nobody knows."""

    # whatever is written of a meeting, its attendees are mailed; To Do knows nothing private
    can = frozenset({
        Can.CATEGORIES, Can.MAIL_REASONS, Can.INHERITED_MARKS, Can.FOLDERS, Can.TASKS, Can.RECURRING_TASKS,
        Can.TASK_DELETIONS, Can.TASK_CATEGORIES, Can.TASK_STATES, Can.ATTACHMENTS, Can.MAIL_FOLDERS, Can.CONVERSATIONS,
        Can.TOPICS, Can.DATED_LOOKS, Can.WHOLE_LOOKS, Can.PUSH, Can.LOOK_FREELY,
    })  # fmt: skip
    batch_size = AT_ONCE

    def __init__(self, config: GraphConfig, keep: Keep, on_call: OnCall, now: Callable[[], datetime]) -> None:
        self.address = normalise(config.address)
        self._line = Line(config, keep, on_call, now)
        self._polled: dict[tuple[str, str], Answer | ConnectorError] = {}

    def poll(self, cursors: Mapping[str, str]) -> None:
        """One call asks the feeds of all folders; `changes` then takes the answers."""
        questions: dict[tuple[str, str], Request] = {}
        for role, cursor in cursors.items():
            try:
                questions[role, cursor] = feed.question(cursor)
            except ConnectorError:
                continue  # `changes` tells that
        answers = self._line.batch(list(questions.values()), Scope.CONTAINER)
        self._polled = dict(zip(questions, answers, strict=True))

    def changes(self, folder: str, cursor: str | None) -> Changes:
        first = self._polled.pop((folder, cursor or ""), None)
        if isinstance(first, ConnectorError):
            raise first
        return feed.changes(self._line, folder, cursor, first)

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> Mapping[ItemRef, Item | ConnectorError]:
        return read(self._line, refs, detail)

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        return apply(self._line, writes)

    def folders(self, roles: Collection[str]) -> Mapping[str, str]:
        ensure(self._line, roles)
        ensure_categories(self._line)
        return dict(self._line.folder_ids)

    def mail_folders(self, wanted: Collection[str], without: Collection[str]) -> Mapping[str, str]:
        return mail_folders(self._line, wanted, without)

    def known_folders(self) -> frozenset[str]:
        return (frozenset(KINDS) - frozenset(MANAGED)) | frozenset(self._line.folder_ids)

    def find(self, keys: Iterable[str]) -> Mapping[str, ItemRef]:
        return find(self._line, keys)

    def conversations(self, ids: Iterable[str]) -> Mapping[str, tuple[ItemRef, ...]]:
        return conversations(self._line, ids)

    def pushes(self) -> Mapping[Feed, Subscriptions]:
        return {Feed.CALENDAR: ChangeNotifications(self._line)}

    def contents(self, wanted: Sequence[tuple[ItemRef, Attachment]]) -> Iterator[bytes | ConnectorError]:
        return contents.contents(self._line, wanted)

    def aliases(self) -> frozenset[str]:
        """What the directory tells, or the one address that is known when it tells nothing."""
        wanted = self._line.path(select="mail,userPrincipalName,proxyAddresses")
        try:
            told = self._line.send(Request("GET", wanted), Scope.ITEM).body
        except ConnectorError as error:
            if error.scope is not Scope.ITEM:
                raise
            return frozenset({self.address})
        addresses = [told.get("mail"), *map(bare, told.get("proxyAddresses") or ())]
        return frozenset({self.address, *(normalise(each) for each in addresses if each)}) - {""}

    def claimed_by(self) -> str:
        return claims.claimed_by(self._line)

    def claim(self, instance: str) -> None:
        claims.claim(self._line, instance)

    def withdraw(self) -> None:
        remove_categories(self._line)
        claims.claim(self._line, "")

    def check(self) -> Iterator[Check]:
        return checks.check(self._line)
