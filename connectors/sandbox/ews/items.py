"""Items of all kinds in SQL, and the change log of every folder from which synchronisation reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.sandbox.ews import series, zones
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.fields import CLASSES, HEAVY
from connectors.sandbox.ews.ids import SyncState, item_id, occurrence_id
from connectors.sandbox.ews.state import Folder
from connectors.sandbox.store import Row, Store

Values = dict[str, Any]
# single values that are looked up often, besides categories and extended properties
LOOKED_UP = ("UID", "InternetMessageId", "ConversationTopic")


@dataclass(frozen=True, slots=True)
class Stored:
    """An item as it lies in the store. `values` lacks the heavy ones unless it was read with them. `extended` under
    the key `ExtendedProperty`: {canonical name: {"uri": attributes, "value": ..}}. `original`: of an occurrence, where
    it starts by the pattern; all else but its values is its master's."""

    id: int
    mailbox: int
    folder: int
    kind: str
    version: int
    created: str
    modified: str
    size: int
    values: Values
    original: str = ""

    @property
    def identifier(self) -> str:
        if not self.original:
            return item_id(self.mailbox, self.id)
        original = int(zones.moment(self.original).timestamp())
        return occurrence_id(self.mailbox, self.id, int(self.values.get(series.EPOCH, 0)), original)

    @property
    def extended(self) -> dict[str, Values]:
        found: dict[str, Values] = self.values.get("ExtendedProperty") or {}
        return found


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a synchronisation: `verb` create, update, read or delete."""

    verb: str
    item: int


class Items:
    """The content of all folders. Every write bumps the version and leaves a line in the folder's change log."""

    def __init__(self, store: Store, now: datetime) -> None:
        self.store = store
        self.now = zones.stamp(now)

    def create(self, folder: Folder, kind: str, values: Values, *, created: str = "", modified: str = "") -> Stored:
        values = {"ItemClass": CLASSES[kind], **values}
        light, heavy, size = _split(values)
        with self.store.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO ews_item (mailbox, folder, kind, version, created, modified, starts, ends, size, doc,"
                " heavy) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)",
                (
                    folder.mailbox,
                    folder.id,
                    kind,
                    created or self.now,
                    modified or self.now,
                    values.get("Start"),
                    values.get("End"),
                    size,
                    light,
                    heavy,
                ),
            )
            number = int(cursor.lastrowid or 0)
            version = self._log(folder.id, number, "create")
            connection.execute("UPDATE ews_item SET version = ? WHERE id = ?", (version, number))
            self._index(number, folder.id, values)
        return self.get(number)

    def get(self, number: int, *, heavy: bool = True) -> Stored:
        """ErrorItemNotFound when it is gone."""
        found = self.many([number], heavy=heavy).get(number)
        if found is None:
            raise EwsError("ErrorItemNotFound")
        return found

    def many(self, numbers: Iterable[int], *, heavy: bool = False) -> dict[int, Stored]:
        wanted = list(numbers)
        columns = "*" if heavy else "id, mailbox, folder, kind, version, created, modified, size, doc, '{}' AS heavy"
        found: dict[int, Stored] = {}
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            marks = ",".join("?" * len(part))
            for row in self.store.all(f"SELECT {columns} FROM ews_item WHERE id IN ({marks})", part):  # noqa: S608
                found[row["id"]] = stored(row)
        return found

    def replace(self, item: Stored, values: Values, *, verb: str = "update") -> Stored:
        """Write all values anew (an item read without its heavy ones must not be passed). An occurrence is written into
        its master."""
        if item.original:
            master = self.get(item.id)
            made = self.replace(master, series.changed(master.values, item, values), verb=verb)
            return series.occurrence(made, item.original)
        light, heavy, size = _split(values)
        with self.store.transaction() as connection:
            version = self._log(item.folder, item.id, verb)
            connection.execute(
                "UPDATE ews_item SET version = ?, modified = ?, starts = ?, ends = ?, size = ?, doc = ?, heavy = ?"
                " WHERE id = ?",
                (version, self.now, values.get("Start"), values.get("End"), size, light, heavy, item.id),
            )
            connection.execute("DELETE FROM ews_property WHERE item = ?", (item.id,))
            self._index(item.id, item.folder, values)
        return self.get(item.id)

    def delete(self, item: Stored) -> None:
        """Remove for good; an occurrence is taken out of its master."""
        if item.original:
            master = self.get(item.id)
            self.replace(master, series.cancelled(master.values, item.original))
            return
        with self.store.transaction() as connection:
            self._log(item.folder, item.id, "delete")
            connection.execute("DELETE FROM ews_property WHERE item = ?", (item.id,))
            connection.execute("DELETE FROM ews_item WHERE id = ?", (item.id,))

    def move(self, item: Stored, folder: Folder) -> Stored:
        """Into another folder: gone here, new there under a new id, as on the real server."""
        if item.original:
            raise EwsError("ErrorCalendarCannotMoveOrCopyOccurrence")
        with self.store.transaction() as connection:
            full = self.get(item.id)
            self.delete(full)
            gone = self.head(full.folder)
            made = self.create(folder, full.kind, full.values, created=full.created)
            connection.execute("INSERT INTO ews_move VALUES (?, ?)", (gone, made.version))
            connection.execute("INSERT INTO ews_identity VALUES (?, ?)", (made.id, self.first(full.id)))
            return made

    def first(self, number: int) -> int:
        """The number that an item had before it was moved for the first time; it may be gone by now."""
        found = self.store.scalar("SELECT first FROM ews_identity WHERE item = ?", (number,))
        return number if found is None else int(found)

    def latest(self, first: int) -> int:
        """The number that an item has now, by its first one."""
        found = self.store.scalar("SELECT max(item) FROM ews_identity WHERE first = ?", (first,))
        return first if found is None else int(found)

    def by_uid(self, folder: Folder, uid: str) -> list[Stored]:
        """The items of a folder with this iCalendar UID: one, or single occurrences of a series that share it."""
        rows = self.store.all(
            "SELECT item FROM ews_property WHERE folder = ? AND name = 'UID' AND value = ? ORDER BY item",
            (folder.id, uid),
        )
        return list(self.many((row["item"] for row in rows), heavy=True).values())

    def count(self, folder: Folder) -> int:
        return int(self.store.scalar("SELECT count(*) FROM ews_item WHERE folder = ?", (folder.id,)))

    def unread(self, folder: Folder) -> int:
        return int(
            self.store.scalar(
                "SELECT count(*) FROM ews_item WHERE folder = ? AND json_extract(doc, '$.IsRead') = 0", (folder.id,)
            )
        )

    def inside(self, folder: Folder, *, heavy: bool = True) -> Iterator[Stored]:
        numbers = [
            row["id"] for row in self.store.all("SELECT id FROM ews_item WHERE folder = ? ORDER BY id", (folder.id,))
        ]
        for at in range(0, len(numbers), 500):
            found = self.many(numbers[at : at + 500], heavy=heavy)
            yield from found.values()

    def head(self, folder: int) -> int:
        return int(self.store.scalar("SELECT coalesce(max(seq), 0) FROM ews_change WHERE folder = ?", (folder,)))

    def age(self, folder: int) -> int:
        return int(self.store.scalar("SELECT coalesce(max(age), 0) FROM ews_forgotten WHERE folder = ?", (folder,)))

    def forget(self, folder: int) -> None:
        """Nobody can read on any more from where the folder was read so far."""
        self.store.run("INSERT OR REPLACE INTO ews_forgotten VALUES (?, ?)", (folder, self.age(folder) + 1))

    def remembers(self, state: SyncState) -> bool:
        """False for a state from before the sandbox was reset, or of a past that was forgotten."""
        return state.head <= self.head(state.folder) and state.age == self.age(state.folder)

    def steps(self, state: SyncState, limit: int) -> tuple[list[Step], SyncState]:
        """The next page of changes, at most `limit`, and the state after it. Several changes of one item come as one:
        created and changed is created, created and gone again is nothing.

        The lines between `base` and `head` are told in the order of each item's last line; whether an item is new to
        the client is decided against `base`, so that a pass which takes many pages never tells an item twice."""
        if state.midway:
            base, at, head = state.base, state.at, state.head
        else:
            base = at = state.head
            head = self.head(state.folder)
        steps: list[Step] = []
        while at < head and len(steps) < limit:
            want = limit - len(steps)
            rows = self.store.all(_LAST_LINES, {"folder": state.folder, "at": at, "head": head, "want": want})
            alive = self._alive(row["item"] for row in rows)
            for row in rows:
                step = self._step(state.folder, row["item"], base, head, row["item"] in alive)
                if step is not None:
                    steps.append(step)
            at = rows[-1]["seq"] if len(rows) == want else head
        if at >= head or not self.store.one(_LAST_LINES, {"folder": state.folder, "at": at, "head": head, "want": 1}):
            base = at = head
        return steps, SyncState(state.folder, base, at, head, self.age(state.folder))

    def _step(self, folder: int, item: int, base: int, head: int, alive: bool) -> Step | None:
        rows = self.store.all(
            "SELECT DISTINCT verb FROM ews_change WHERE item = ? AND folder = ? AND seq > ? AND seq <= ?",
            (item, folder, base, head),
        )
        verbs = {row["verb"] for row in rows}
        if "delete" in verbs:
            return None if "create" in verbs else Step("delete", item)
        if not alive:  # it went after this pass began; the next pass tells
            return None
        return Step("create" if "create" in verbs else "update" if "update" in verbs else "read", item)

    def _alive(self, numbers: Iterable[int]) -> set[int]:
        wanted = list(numbers)
        marks = ",".join("?" * len(wanted))
        return {row["id"] for row in self.store.all(f"SELECT id FROM ews_item WHERE id IN ({marks})", wanted)}  # noqa: S608

    def _log(self, folder: int, item: int, verb: str) -> int:
        with self.store.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO ews_change (folder, item, verb, at) VALUES (?, ?, ?, ?)", (folder, item, verb, self.now)
            )
        return int(cursor.lastrowid or 0)

    def _index(self, number: int, folder: int, values: Values) -> None:
        rows = [(number, folder, "Categories", each.lower()) for each in values.get("Categories") or ()]
        rows += [(number, folder, name, values[name]) for name in LOOKED_UP if values.get(name)]
        if values.get("ConversationId"):
            rows.append((number, folder, "ConversationId", values["ConversationId"]["id"]))
        for name, extended in (values.get("ExtendedProperty") or {}).items():
            found = extended["value"]
            rows += [(number, folder, name, each) for each in (found if isinstance(found, list) else [found])]
        with self.store.transaction() as connection:
            connection.executemany("INSERT INTO ews_property VALUES (?, ?, ?, ?)", rows)


_LAST_LINES = """
SELECT c.seq, c.item FROM ews_change c WHERE c.folder = :folder AND c.seq > :at AND c.seq <= :head AND NOT EXISTS
 (SELECT 1 FROM ews_change d WHERE d.item = c.item AND d.folder = :folder AND d.seq > c.seq AND d.seq <= :head)
ORDER BY c.seq LIMIT :want
"""


def _split(values: Values) -> tuple[str, str, int]:
    light = {name: value for name, value in values.items() if name not in HEAVY and value is not None}
    heavy = {name: value for name, value in values.items() if name in HEAVY and value is not None}
    light_text, heavy_text = json.dumps(light), json.dumps(heavy)
    return light_text, heavy_text, len(light_text) + len(heavy_text)


def stored(row: Row) -> Stored:
    values = json.loads(row["doc"])
    values.update(json.loads(row["heavy"]))
    return Stored(
        row["id"],
        row["mailbox"],
        row["folder"],
        row["kind"],
        row["version"],
        row["created"],
        row["modified"],
        row["size"],
        values,
    )
