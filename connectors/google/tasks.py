"""Tasks: the user's first list, and ours.

There is no cursor: changes are told by when a task was updated, so that each reading goes back a little and passes over
what it knows already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.errors import ConnectorError, Fault, Scope
from connectors.google.batch import Batch, only
from connectors.google.codec_tasks import Notes, decode, encode
from connectors.google.config import Service
from connectors.google.line import Line
from connectors.google.multipart import Ask, Json
from connectors.google.times import moment
from connectors.protocols import Change, Changes, Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import DELETED, ELSEWHERE, Item, ItemKind, ItemRef, Side

LISTS = "/tasks/v1/users/@me/lists"
HOME, MANAGED = "tasks", "synced_tasks"
TITLE = "Salesforce tasks"
DEFAULT = "@default"
OVERLAP = timedelta(minutes=1)
_LISTED = {"showCompleted": True, "showHidden": True, "maxResults": 100}


@dataclass(slots=True)
class _Cursor:
    """`since`: when the youngest known task was updated. `seen`: etags of those updated shortly before that, by id."""

    since: str = ""
    seen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> _Cursor:
        try:
            since, seen = json.loads(text)
            return cls(str(since), {str(ident): str(etag) for ident, etag in seen.items()})
        except (ValueError, TypeError, AttributeError):
            raise ConnectorError(Fault.CURSOR_LOST, "this is no cursor", scope=Scope.CONTAINER) from None

    def text(self) -> str:
        return json.dumps([self.since, self.seen], sort_keys=True)

    def low(self) -> str:
        """From when on tasks are asked for; '' for all."""
        at = moment(self.since)
        return _stamp(at - OVERLAP) if at is not None else ""

    def after(self, told: Sequence[Json]) -> _Cursor:
        made = _Cursor(max((task["updated"] for task in told), default=self.since))
        made.since = max(made.since, self.since)
        low = made.low()
        made.seen = {task["id"]: task["etag"] for task in told if task["updated"] >= low}
        return made


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


class Tasks:
    def __init__(self, line: Line) -> None:
        self._line = line

    def _list(self, role: str) -> str:
        """Raises NOT_FOUND (container) for our list when it is not known. Tasks elsewhere name theirs by themselves."""
        if role in (HOME, ELSEWHERE):
            return DEFAULT
        found = self._line.folder_ids.get(role, "")
        if not found:
            raise ConnectorError(Fault.NOT_FOUND, "the mailbox has no such list", scope=Scope.CONTAINER)
        return found

    def _lists(self) -> list[Json]:
        ask = Ask("tasks.tasklists.list", "GET", LISTS, {"maxResults": 100})
        return [each for page in self._line.pages(Service.TASKS, ask) for each in page.get("items") or ()]

    def ensure(self) -> None:
        found = next((each["id"] for each in self._lists() if each["title"].casefold() == TITLE.casefold()), "")
        if not found:
            ask = Ask("tasks.tasklists.insert", "POST", LISTS, body={"title": TITLE})
            found = self._line.call(Service.TASKS, ask, writing=True)["id"]
        self._line.folder_ids[MANAGED] = found

    def changes(self, role: str, cursor: str | None) -> Changes:
        start = _Cursor() if cursor is None else _Cursor.read(cursor)
        low = start.low()
        params = {**_LISTED, "showDeleted": cursor is not None, **({"updatedMin": low} if low else {})}
        told: list[Json] = []
        try:
            for page in self._line.pages(Service.TASKS, _listing(self._list(role), params)):
                told += page.get("items") or ()
        except ConnectorError as error:
            if error.fault is Fault.NOT_FOUND:
                self._line.folder_ids.pop(role, None)
            raise
        found = [_change(role, task) for task in told if start.seen.get(task["id"]) != task["etag"]]
        return Changes(tuple(found), start.after(told).text(), complete=cursor is None)

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> dict[ItemRef, Item | ConnectorError]:  # noqa: ARG002
        known = [ref for ref in refs if ref.container in (HOME, ELSEWHERE, *self._line.folder_ids)]
        asks = [Ask("tasks.tasks.get", "GET", _at(self._list(ref.container), ref.id)) for ref in known]
        found: dict[ItemRef, Item | ConnectorError] = {}
        for ref, task in zip(known, self._line.batch(Service.TASKS, asks) if asks else (), strict=True):
            if isinstance(task, ConnectorError):
                if task.fault is not Fault.NOT_FOUND:
                    found[ref] = task
            elif not task.get("deleted"):
                found[ref] = Item(ref, task["etag"], decode(task))
        return found

    def find(self, keys: Sequence[str]) -> dict[str, ItemRef]:
        lists = [each["id"] for each in self._lists()]
        roles = {ident: role for role, ident in self._line.folder_ids.items() if role == MANAGED}
        asks = [_listing(each, {**_LISTED, "showDeleted": True}) for each in lists]
        found: dict[str, ItemRef] = {}
        for at, page in zip(lists, self._line.batch(Service.TASKS, asks, Scope.CONTAINER) if asks else (), strict=True):
            if isinstance(page, ConnectorError):
                raise page
            for task in page.get("items") or ():
                key = Notes.read(task.get("notes", "")).key
                role = DELETED if task.get("deleted") else roles.get(at, HOME if at == lists[0] else ELSEWHERE)
                if key in keys and (key not in found or found[key].container == DELETED):
                    ident = f"{at}/{task['id']}" if role == ELSEWHERE else task["id"]
                    found[key] = ItemRef(Side.MAILBOX, ItemKind.TASK, ident, role)
        return found

    # --- writing

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        batch = Batch(self._line, Service.TASKS, writes)
        if writes[0].verb is Verb.MOVE and writes[0].target == DELETED:
            self._bring_back(batch)
            return batch.outcomes()
        home = self._list(writes[0].target)
        match writes[0].verb:
            case Verb.CREATE:
                self._create(batch, home)
            case Verb.UPDATE:
                self._update(batch, home)
            case Verb.DELETE:
                self._delete(batch, home)
            case Verb.MOVE:
                self._move(batch, home)
        return batch.outcomes()

    def _create(self, batch: Batch, home: str) -> None:
        self._adopt(batch, home)
        made = batch.encoded(
            {at: {**batch.writes[at].values, f.KEY: batch.writes[at].key} for at in batch.open},
            lambda _, fields: encode(fields, {}),
        )
        asks = {
            at: Ask("tasks.tasks.insert", "POST", f"/tasks/v1/lists/{home}/tasks", body=_some(body))
            for at, body in made.items()
        }
        batch.send(asks, lambda _, task: Outcome(task["id"], task["etag"]))

    def _adopt(self, batch: Batch, home: str) -> None:
        """Settle the retried creates whose task is there: the key stands in the notes."""
        asked = {write.key: at for at, write in enumerate(batch.writes) if write.retrying and write.key}
        if not asked:
            return
        for page in self._line.pages(Service.TASKS, _listing(home, _LISTED)):
            for task in page.get("items") or ():
                at = asked.pop(Notes.read(task.get("notes", "")).key, None)
                if at is not None:
                    batch.settle(at, Outcome(task["id"], task["etag"], adopted=True))

    def _update(self, batch: Batch, home: str) -> None:
        writes = batch.writes
        present = _present(batch, home)
        made = batch.encoded(
            {at: writes[at].values for at in only(present, batch)}, lambda at, fields: encode(fields, present[at])
        )
        for at in [at for at, body in made.items() if not body]:
            batch.settle(at, Outcome(writes[at].id, present[at]["etag"]))
        asks = {
            at: Ask(
                "tasks.tasks.patch", "PATCH", _at(home, writes[at].id), body=made[at], condition=present[at]["etag"]
            )
            for at in only(made, batch)
        }  # fmt: skip
        batch.send(asks, lambda at, task: Outcome(writes[at].id, task["etag"]))

    def _delete(self, batch: Batch, home: str) -> None:
        writes = batch.writes
        asks = {
            at: Ask("tasks.tasks.delete", "DELETE", _at(home, write.id), condition=write.version)
            for at, write in enumerate(writes)
        }
        batch.send(asks, lambda at, _: Outcome(writes[at].id))
        batch.gone_is_fine()

    def _move(self, batch: Batch, home: str) -> None:
        writes = batch.writes
        present = _present(batch, home)
        asks = {
            at: Ask(
                "tasks.tasks.move", "POST", f"{_at(home, writes[at].id)}/move",
                {"destinationTasklist": self._list(str(writes[at].values.get("folder")))},
            )
            for at in only(present, batch)
        }  # fmt: skip
        batch.send(asks, lambda _, task: Outcome(task["id"], task["etag"]))

    def _bring_back(self, batch: Batch) -> None:
        """A task that is deleted still lies in its list, and says so."""
        asks = {
            at: Ask(
                "tasks.tasks.patch", "PATCH", _at(self._list(str(write.values.get("folder"))), write.id),
                body={"deleted": False},
            )
            for at, write in enumerate(batch.writes)
        }  # fmt: skip
        batch.send(asks, lambda _, task: Outcome(task["id"], task["etag"]))


def _present(batch: Batch, home: str) -> dict[int, Json]:
    """The tasks as they are; those that are gone or moved on are settled."""
    writes = batch.writes
    found = batch.present({at: Ask("tasks.tasks.get", "GET", _at(home, write.id)) for at, write in enumerate(writes)})
    for at, task in found.items():
        if task.get("deleted"):
            batch.fail(at, Fault.NOT_FOUND, "the task is gone")
        elif writes[at].version and writes[at].version != task["etag"]:
            batch.fail(at, Fault.STALE, "the task was changed since it was read")
    return found


def _some(body: Json) -> Json:
    return {name: value for name, value in body.items() if value is not None}


def _at(home: str, ident: str) -> str:
    """The path of a task; one in a list of the user's own has that in front of its id: `list/task`."""
    own, _, task = ident.rpartition("/")
    return f"/tasks/v1/lists/{own or home}/tasks/{task}"


def _listing(home: str, params: Mapping[str, object]) -> Ask:
    return Ask("tasks.tasks.list", "GET", f"/tasks/v1/lists/{home}/tasks", params)


def _change(role: str, task: Json) -> Change:
    ref = ItemRef(Side.MAILBOX, ItemKind.TASK, task["id"], role)
    if task.get("deleted"):
        return Change(ref, deleted=True)
    fields = decode(task)
    feed = {name: fields[name] for name in (f.KEY,) if name in fields}
    return Change(ref, item=Item(ref, task["etag"], feed))
