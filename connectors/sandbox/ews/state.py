"""Mailboxes, users and folders of the emulated Exchange server, in SQL."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass

from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.store import Row, Store

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS ews_mailbox (id INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT UNIQUE NOT NULL,"
        " name TEXT NOT NULL, timezone TEXT NOT NULL)"
    ),
    # contents of attachments; copies of an item share them
    "CREATE TABLE IF NOT EXISTS ews_blob (digest TEXT PRIMARY KEY, data BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS ews_alias (address TEXT PRIMARY KEY, mailbox INTEGER NOT NULL)",
    (
        "CREATE TABLE IF NOT EXISTS ews_user (name TEXT PRIMARY KEY, password TEXT NOT NULL, mailbox TEXT NOT NULL,"
        " impersonates TEXT NOT NULL)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS ews_folder (id INTEGER PRIMARY KEY AUTOINCREMENT, mailbox INTEGER NOT NULL,"
        " parent INTEGER, role TEXT NOT NULL, name TEXT NOT NULL, class TEXT NOT NULL, made INTEGER NOT NULL,"
        " version INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0)"
    ),
    "CREATE TABLE IF NOT EXISTS ews_folder_change (seq INTEGER PRIMARY KEY AUTOINCREMENT, folder INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS ews_folder_of ON ews_folder (mailbox, role)",
    (
        "CREATE TABLE IF NOT EXISTS ews_item (id INTEGER PRIMARY KEY AUTOINCREMENT, mailbox INTEGER NOT NULL,"
        " folder INTEGER NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL, created TEXT NOT NULL,"
        " modified TEXT NOT NULL, starts TEXT, ends TEXT, size INTEGER NOT NULL, doc TEXT NOT NULL,"
        " heavy TEXT NOT NULL)"
    ),
    "CREATE INDEX IF NOT EXISTS ews_item_in ON ews_item (folder, id)",
    "CREATE INDEX IF NOT EXISTS ews_item_when ON ews_item (folder, starts)",
    (
        "CREATE TABLE IF NOT EXISTS ews_property (item INTEGER NOT NULL, folder INTEGER NOT NULL, name TEXT NOT NULL,"
        " value TEXT NOT NULL)"
    ),
    "CREATE INDEX IF NOT EXISTS ews_property_of ON ews_property (item)",
    "CREATE INDEX IF NOT EXISTS ews_property_is ON ews_property (folder, name, value)",
    (
        "CREATE TABLE IF NOT EXISTS ews_change (seq INTEGER PRIMARY KEY AUTOINCREMENT, folder INTEGER NOT NULL,"
        " item INTEGER NOT NULL, verb TEXT NOT NULL, at TEXT NOT NULL)"
    ),
    # the first number of an item that was moved: Graph's immutable ids are made of it
    "CREATE TABLE IF NOT EXISTS ews_identity (item INTEGER PRIMARY KEY, first INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS ews_identity_of ON ews_identity (first)",
    # lines of the change log that are the two halves of a move
    "CREATE TABLE IF NOT EXISTS ews_move (gone INTEGER PRIMARY KEY, made INTEGER NOT NULL UNIQUE)",
    "CREATE TABLE IF NOT EXISTS ews_forgotten (folder INTEGER PRIMARY KEY, age INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS ews_change_in ON ews_change (folder, seq)",
    "CREATE INDEX IF NOT EXISTS ews_change_of ON ews_change (item, folder, seq)",
    (
        "CREATE TABLE IF NOT EXISTS ews_setting (folder INTEGER NOT NULL, name TEXT NOT NULL, part TEXT NOT NULL,"
        " value TEXT NOT NULL, PRIMARY KEY (folder, name, part))"
    ),
    (
        "CREATE TABLE IF NOT EXISTS ews_subscription (id TEXT PRIMARY KEY, mailbox INTEGER NOT NULL,"
        " folders TEXT NOT NULL, events TEXT NOT NULL, minutes INTEGER NOT NULL, expires TEXT NOT NULL,"
        " url TEXT NOT NULL, sent INTEGER NOT NULL)"
    ),
)

SERVICE_USER, SERVICE_PASSWORD = "svc-inbox-sync", "sandbox"
EVERYBODY = "*"

# role, parent role, display name, folder class
DEFAULTS = (
    ("root", "", "root", "IPF"),
    ("msgfolderroot", "root", "Top of Information Store", "IPF.Note"),
    ("inbox", "msgfolderroot", "Inbox", "IPF.Note"),
    ("sentitems", "msgfolderroot", "Sent Items", "IPF.Note"),
    ("deleteditems", "msgfolderroot", "Deleted Items", "IPF.Note"),
    ("calendar", "msgfolderroot", "Calendar", "IPF.Appointment"),
    ("contacts", "msgfolderroot", "Contacts", "IPF.Contact"),
    ("tasks", "msgfolderroot", "Tasks", "IPF.Task"),
    ("drafts", "msgfolderroot", "Drafts", "IPF.Note"),
    ("junkemail", "msgfolderroot", "Junk Email", "IPF.Note"),
    ("outbox", "msgfolderroot", "Outbox", "IPF.Note"),
)


@dataclass(frozen=True, slots=True)
class Mailbox:
    id: int
    address: str
    name: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Folder:
    """`role`: the distinguished name, empty for folders that people made."""

    id: int
    mailbox: int
    parent: int | None
    role: str
    name: str
    folder_class: str
    version: int


@dataclass(frozen=True, slots=True)
class FolderLine:
    """Last change of a folder: `seq` of it, `made` of its creation."""

    folder: Folder
    made: int
    seq: int
    gone: bool


@dataclass(frozen=True, slots=True)
class User:
    """Who signs in. `mailbox`: own mailbox address or empty. `impersonates`: addresses, or `*`."""

    name: str
    mailbox: str
    impersonates: frozenset[str]

    def may_be(self, mailbox: Mailbox) -> bool:
        return EVERYBODY in self.impersonates or mailbox.address in self.impersonates


class Directory:
    """Who and where: users, mailboxes with their aliases, folders."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def add_user(self, name: str, password: str, mailbox: str = "", impersonates: Iterable[str] = ()) -> None:
        allowed = json.dumps(sorted({address.lower() for address in impersonates}))
        self.store.run(
            "INSERT OR REPLACE INTO ews_user VALUES (?, ?, ?, ?)", (name.lower(), password, mailbox.lower(), allowed)
        )

    def sign_in(self, name: str, password: str) -> User | None:
        """The user of these credentials; a Windows domain before the name or none, both are accepted."""
        row = self.store.one("SELECT * FROM ews_user WHERE name = ?", (name.lower(),)) or self.store.one(
            "SELECT * FROM ews_user WHERE name = ?", (name.lower().rpartition("\\")[2],)
        )
        if row is None or not hmac.compare_digest(row["password"].encode(), password.encode()):
            return None
        return User(row["name"], row["mailbox"], frozenset(json.loads(row["impersonates"])))

    def add_mailbox(
        self, address: str, name: str = "", *, aliases: Iterable[str] = (), timezone: str = "UTC"
    ) -> Mailbox:
        """Make a mailbox with its default folders; an existing one keeps its content and takes the new properties."""
        address = address.strip().lower()
        if "@" not in address:
            raise ValueError(f"{address!r} is not an address")
        with self.store.transaction() as connection:
            connection.execute(
                "INSERT INTO ews_mailbox (address, name, timezone) VALUES (?, ?, ?) ON CONFLICT (address)"
                " DO UPDATE SET name = excluded.name, timezone = excluded.timezone",
                (address, name or address.partition("@")[0], timezone),
            )
            mailbox = self.mailbox(address)
            for alias in {address, *(alias.strip().lower() for alias in aliases)}:
                connection.execute("INSERT OR REPLACE INTO ews_alias VALUES (?, ?)", (alias, mailbox.id))
            if self.role(mailbox, "root") is None:
                made: dict[str, int] = {}
                for role, parent, title, folder_class in DEFAULTS:
                    folder = self._insert_folder(mailbox.id, made.get(parent), role, title, folder_class)
                    made[role] = folder
        return mailbox

    def mailbox(self, address: str) -> Mailbox:
        """By primary address or alias; ErrorNonExistentMailbox when there is none."""
        found = self.find_mailbox(address)
        if found is None:
            raise EwsError("ErrorNonExistentMailbox")
        return found

    def find_mailbox(self, address: str) -> Mailbox | None:
        wanted = address.strip().lower()
        row = self.store.one(
            "SELECT * FROM ews_mailbox WHERE address = ? OR id = (SELECT mailbox FROM ews_alias WHERE address = ?)",
            (wanted, wanted),
        )
        return None if row is None else Mailbox(row["id"], row["address"], row["name"], row["timezone"])

    def mailbox_by_id(self, number: int) -> Mailbox:
        row = self.store.one("SELECT * FROM ews_mailbox WHERE id = ?", (number,))
        if row is None:
            raise EwsError("ErrorNonExistentMailbox")
        return Mailbox(row["id"], row["address"], row["name"], row["timezone"])

    def mailboxes(self) -> list[Mailbox]:
        rows = self.store.all("SELECT * FROM ews_mailbox ORDER BY address")
        return [Mailbox(row["id"], row["address"], row["name"], row["timezone"]) for row in rows]

    def aliases(self, mailbox: Mailbox) -> list[str]:
        rows = self.store.all("SELECT address FROM ews_alias WHERE mailbox = ? ORDER BY address", (mailbox.id,))
        return [row["address"] for row in rows]

    def role(self, mailbox: Mailbox, role: str) -> Folder | None:
        row = self.store.one("SELECT * FROM ews_folder WHERE mailbox = ? AND role = ? AND gone = 0", (mailbox.id, role))
        return None if row is None else folder_of(row)

    def distinguished(self, mailbox: Mailbox, role: str) -> Folder:
        found = self.role(mailbox, role)
        if found is None:
            raise EwsError("ErrorFolderNotFound")
        return found

    def folder(self, number: int) -> Folder:
        row = self.store.one("SELECT * FROM ews_folder WHERE id = ? AND gone = 0", (number,))
        if row is None:
            raise EwsError("ErrorFolderNotFound")
        return folder_of(row)

    def folders(self, mailbox: Mailbox) -> list[Folder]:
        return [
            folder_of(row)
            for row in self.store.all(
                "SELECT * FROM ews_folder WHERE mailbox = ? AND gone = 0 ORDER BY id", (mailbox.id,)
            )
        ]

    def below(self, folder: Folder, *, deep: bool) -> list[Folder]:
        """Sub-folders, parents before children."""
        everything = self.folders(self.mailbox_by_id(folder.mailbox))
        found: list[Folder] = []
        parents = {folder.id}
        while parents:
            level = [each for each in everything if each.parent in parents]
            found.extend(level)
            parents = {each.id for each in level} if deep else set()
        return found

    def add_folder(self, parent: Folder, name: str, folder_class: str) -> Folder:
        """Make a folder; ErrorFolderExists when a sibling has the name."""
        with self.store.transaction():
            for sibling in self.below(parent, deep=False):
                if sibling.name.lower() == name.lower():
                    raise EwsError("ErrorFolderExists")
            return self.folder(self._insert_folder(parent.mailbox, parent.id, "", name, folder_class))

    def rename_folder(self, folder: Folder, name: str) -> Folder:
        with self.store.transaction() as connection:
            connection.execute(
                "UPDATE ews_folder SET name = ?, version = ? WHERE id = ?", (name, self._log(folder.id), folder.id)
            )
        return self.folder(folder.id)

    def drop_folder(self, folder: Folder) -> None:
        """Forget a folder; a tombstone stays for those who synchronise the hierarchy."""
        with self.store.transaction() as connection:
            connection.execute(
                "UPDATE ews_folder SET gone = 1, version = ? WHERE id = ?", (self._log(folder.id), folder.id)
            )

    def hierarchy_since(self, top: Folder, seq: int) -> list[FolderLine]:
        """Folders anywhere below `top` that changed after `seq`, in the order of their changes."""
        rows = self.store.all("SELECT * FROM ews_folder WHERE mailbox = ? ORDER BY version", (top.mailbox,))
        parents = {row["id"]: row["parent"] for row in rows}

        def inside(number: int | None) -> bool:
            number = parents.get(number) if number is not None else None
            return number is not None and (number == top.id or inside(number))

        return [
            FolderLine(folder_of(row), row["made"], row["version"], bool(row["gone"]))
            for row in rows
            if row["version"] > seq and inside(row["id"])
        ]

    def _insert_folder(self, mailbox: int, parent: int | None, role: str, name: str, folder_class: str) -> int:
        with self.store.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO ews_folder (mailbox, parent, role, name, class, made, version)"
                " VALUES (?, ?, ?, ?, ?, 0, 0)",
                (mailbox, parent, role, name, folder_class),
            )
            number = int(cursor.lastrowid or 0)
            seq = self._log(number)
            connection.execute("UPDATE ews_folder SET made = ?, version = ? WHERE id = ?", (seq, seq, number))
        return number

    def _log(self, folder: int) -> int:
        with self.store.transaction() as connection:
            return int(
                connection.execute("INSERT INTO ews_folder_change (folder) VALUES (?)", (folder,)).lastrowid or 0
            )


def folder_of(row: Row) -> Folder:
    return Folder(row["id"], row["mailbox"], row["parent"], row["role"], row["name"], row["class"], row["version"])


def set_up(store: Store) -> None:
    """Tables and the service account; repeatable on a store that has them already."""
    store.ensure(TABLES)
    if store.scalar("SELECT count(*) FROM ews_user") == 0:
        Directory(store).add_user(SERVICE_USER, SERVICE_PASSWORD, impersonates=[EVERYBODY])
