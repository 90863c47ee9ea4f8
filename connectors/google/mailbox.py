"""A mailbox of Google Workspace as the rest of the program sees it: the `Mailbox` protocol over Gmail, Calendar, Tasks
and People. Each service is asked once for all folders that it keeps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from connectors.calls import OnCall, nobody
from connectors.errors import ConnectorError, Fault, Scope
from connectors.google import calendar, checks, gmail, labels, people, tasks
from connectors.google.calendar import Calendar
from connectors.google.config import GoogleConfig, Service
from connectors.google.contents import contents
from connectors.google.gmail import Gmail
from connectors.google.line import Line
from connectors.google.people import People
from connectors.google.subscriptions import CalendarChannel, MailWatch
from connectors.google.tasks import Tasks
from connectors.protocols import Can, Changes, Check, Detail, Outcome, Write
from connectors.pushing import Feed, Subscriptions
from mapping.model.item import MORE_MAIL, Attachment, Item, ItemKind, ItemRef
from mapping.model.people import normalise
from mapping.rules.identity import PREFIX

log = logging.getLogger(__name__)

SERVICE_OF: Mapping[str, Service] = {
    calendar.ROLE: Service.CALENDAR, **dict.fromkeys(gmail.ROLES, Service.GMAIL),
    **dict.fromkeys((tasks.HOME, tasks.MANAGED), Service.TASKS),
    **dict.fromkeys((people.HOME, people.MANAGED), Service.PEOPLE),
}  # fmt: skip
KINDS: Mapping[ItemKind, Service] = {
    ItemKind.EVENT: Service.CALENDAR, ItemKind.EMAIL: Service.GMAIL, ItemKind.TASK: Service.TASKS,
    ItemKind.CONTACT: Service.PEOPLE,
}  # fmt: skip
# folders of ours, which stand under an id that has to be known
MANAGED: Mapping[str, Service] = {
    labels.MANAGED: Service.GMAIL, tasks.MANAGED: Service.TASKS, people.MANAGED: Service.PEOPLE,
}  # fmt: skip


class _Keeper(Protocol):
    """What the parts of the mailbox have in common."""

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> Mapping[ItemRef, Item | ConnectorError]: ...

    def write(self, writes: Sequence[Write]) -> list[Outcome]: ...


class GoogleMailbox:
    """Opening it sends nothing. `on_call` hears the name of every HTTP call just before it is sent.

    Raises ValueError when a colour is unknown."""

    can = frozenset({
        Can.SILENT_WRITE, Can.GROUP_MEETINGS, Can.CATEGORIES, Can.TASKS, Can.TASK_DELETIONS, Can.ATTACHMENTS,
        Can.MAIL_FOLDERS,
        Can.CONVERSATIONS, Can.PUSH,
    })  # fmt: skip
    batch_size = 50

    def __init__(self, config: GoogleConfig, on_call: OnCall = nobody) -> None:
        self.address = normalise(config.address)
        self._line = Line(config, on_call)
        self._services = config.services
        self._calendar = Calendar(self._line)
        self._gmail = Gmail(self._line)
        self._tasks = Tasks(self._line)
        self._people = People(self._line)
        self._keepers: Mapping[Service, _Keeper] = {
            Service.CALENDAR: self._calendar, Service.GMAIL: self._gmail, Service.TASKS: self._tasks,
            Service.PEOPLE: self._people,
        }  # fmt: skip

    def poll(self, cursors: Mapping[str, str]) -> None:
        """Each service tells of all its folders at once by itself, when the first of them is asked about."""

    def changes(self, folder: str, cursor: str | None) -> Changes:
        service = self._service(folder)
        if service is Service.CALENDAR:
            return self._calendar.changes(cursor)
        if service is Service.GMAIL:
            return self._gmail.changes(folder, cursor)
        return (self._tasks if service is Service.TASKS else self._people).changes(folder, cursor)

    def _service(self, role: str) -> Service:
        service = Service.GMAIL if role.startswith(MORE_MAIL) else SERVICE_OF.get(role)
        if service is None or service not in self._services:
            raise ConnectorError(Fault.NOT_FOUND, "there is no such folder role", scope=Scope.CONTAINER)
        return service

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> Mapping[ItemRef, Item | ConnectorError]:
        found: dict[ItemRef, Item | ConnectorError] = {}
        for kind, service in KINDS.items():
            wanted = list(dict.fromkeys(ref for ref in refs if ref.kind is kind))
            if wanted:
                found.update(self._keepers[service].read(wanted, detail))
        return found

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        return self._keepers[KINDS[writes[0].kind]].write(writes) if writes else []

    def folders(self, roles: Collection[str]) -> Mapping[str, str]:
        wanted = {MANAGED[role] for role in roles}
        if Service.GMAIL in self._services:
            self._gmail.labels.ensure()  # our labels are the categories, too
        if Service.TASKS in wanted:
            self._tasks.ensure()
        if Service.PEOPLE in wanted:
            self._people.ensure()
        return dict(self._line.folder_ids)

    def known_folders(self) -> frozenset[str]:
        there = {role for role, service in SERVICE_OF.items() if service in self._services}
        more = self._gmail.labels.further() if Service.GMAIL in self._services else {}
        return frozenset(role for role in there if role not in MANAGED or role in self._line.folder_ids).union(more)

    def mail_folders(self, wanted: Collection[str], without: Collection[str]) -> Mapping[str, str]:
        return self._gmail.labels.look_up(wanted, without) if Service.GMAIL in self._services else {}

    def find(self, keys: Iterable[str]) -> Mapping[str, ItemRef]:
        wanted = list(dict.fromkeys(keys))
        finders: Mapping[ItemKind, Callable[[Sequence[str]], Mapping[str, ItemRef]]] = {
            ItemKind.EVENT: self._calendar.find, ItemKind.TASK: self._tasks.find, ItemKind.CONTACT: self._people.find,
        }  # fmt: skip
        found: dict[str, ItemRef] = {}
        for kind, find in finders.items():
            # a key tells of what kind it is
            some = [key for key in wanted if key.startswith(PREFIX[kind])]
            if some and KINDS[kind] in self._services:
                found |= find(some)
        return found

    def conversations(self, ids: Iterable[str]) -> Mapping[str, tuple[ItemRef, ...]]:
        return self._gmail.conversations(list(dict.fromkeys(ids)))

    def pushes(self) -> Mapping[Feed, Subscriptions]:
        found: dict[Feed, Subscriptions] = {}
        if Service.CALENDAR in self._services:
            found[Feed.CALENDAR] = CalendarChannel(self._line)
        if Service.GMAIL in self._services and self._line.config.topic:
            found[Feed.MAIL] = MailWatch(self._line, self._line.config.topic)
        return found

    def contents(self, wanted: Sequence[tuple[ItemRef, Attachment]]) -> Iterator[bytes | ConnectorError]:
        return contents(self._line, wanted)

    def aliases(self) -> frozenset[str]:
        """What Gmail sends as for the user, or the one address that is known without Gmail."""
        told = self._gmail.aliases() if Service.GMAIL in self._services else []
        return frozenset({self.address, *map(normalise, told)}) - {""}

    def claimed_by(self) -> str:
        try:
            return self._people.claimed_by() if Service.PEOPLE in self._services else ""
        except ConnectorError as error:
            return _not_told(error)

    def claim(self, instance: str) -> None:
        """The name stands with our contact group. Without contacts there is no place for it, and no reason to fail."""
        try:
            if Service.PEOPLE in self._services:
                self._people.claim(instance)
        except ConnectorError as error:
            _not_told(error)

    def withdraw(self) -> None:
        if Service.GMAIL in self._services:
            self._gmail.labels.withdraw()
        self.claim("")

    def check(self) -> Iterator[Check]:
        return checks.check(self._line, self._services)


def _not_told(error: ConnectorError) -> str:
    if error.fault not in (Fault.FORBIDDEN, Fault.INVALID, Fault.NOT_FOUND):
        raise error
    log.warning("claim_refused fault=%s code=%s", error.fault.value, error.vendor_code)
    return ""
