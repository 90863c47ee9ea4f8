"""The two small protocols behind which every vendor stays, and the words they share.

*ref* says where an item lives, *version* changes with every write, *cursor* is where incremental reading goes on
(opaque text), *key* is our idempotency key: writing a create twice with one key leaves one record.

Both protocols raise `ConnectorError` with `Scope.CONNECTION` or `Scope.CONTAINER` when a whole call fails.
A failure of one item inside a batch is returned as its `Outcome`, never raised.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from connectors.errors import ConnectorError
from connectors.pushing import Feed, Subscriptions
from mapping.model.findings import FINDINGS, Finding
from mapping.model.item import Attachment, Fields, Item, ItemKind, ItemRef
from mapping.model.people import AccountRecord, Clues, CrmUser, Named, OpportunityRecord, PersonRecord, Restrictions


class Verb(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"  # a record out of the recycle bin, under its own id; of Salesforce only
    # to another mailbox folder: `values={"folder": role}`; the outcome tells the new id. Out of the bin a series takes
    # its exceptions along (`fields.SERIES`), for not every vendor keeps those of what is deleted
    MOVE = "move"


class Detail(StrEnum):
    """How much of an item to read."""

    HEAD = "head"  # every neutral field but body, html and headers
    BODY = "body"  # everything


class Can(StrEnum):
    """What an endpoint is able to do; a missing ability is a rule's input, not an `if` on the vendor's name."""

    SILENT_WRITE = "silent_write"  # can write a meeting without mailing its attendees
    GROUP_MEETINGS = "group_meetings"  # tells which meetings a group called, not a person
    EVENT_MOVES = "event_moves"  # brings events back that were moved to another calendar
    CATEGORIES = "categories"
    MAIL_REASONS = "mail_reasons"  # a mail can bear in words why it was not saved, not only that it was not
    INHERITED_MARKS = "inherited_marks"  # programs give a mail the marks of what it answers, or of its sender's contact
    FOLDERS = "folders"  # a mail stands in one folder; without them a label is folder and mark at once
    TASKS = "tasks"
    RECURRING_TASKS = "recurring_tasks"
    PRIVATE_TASKS = "private_tasks"  # tells which tasks are private
    TASK_DELETIONS = "task_deletions"  # tells which tasks were deleted, and deletes them
    TASK_CATEGORIES = "task_categories"  # tasks bear categories, as other items do
    TASK_STATES = "task_states"  # keeps more of a task's state than whether it is done
    ATTACHMENTS = "attachments"  # tells what hangs on a message, and gives its content
    MAIL_FOLDERS = "mail_folders"  # finds further folders of mail by their names
    DATED_LOOKS = "dated_looks"  # a look tells how old a mail is, before it is read
    WHOLE_LOOKS = "whole_looks"  # one look tells of all that changed, however much that is
    PUSH = "push"  # can tell an address of ours that something happened
    LOOK_FREELY = "look_freely"  # no quota of a day is used up by looking what happened
    CONVERSATIONS = "conversations"  # can list the messages of a conversation
    TOPICS = "topics"  # what has one subject is one conversation, though nothing says what it answers


EVERYTHING: Restrictions = {}  # no condition on any object

ONWARDS = "Onwards"
OWNER = "OwnerId"
ALIKE = "Alike"


@dataclass(frozen=True, slots=True)
class Write:
    """One write. `target`: folder role or Salesforce object. CREATE: `key` makes it idempotent, `retrying` says
    that an earlier try of this very write may have happened, so look before creating. UPDATE/DELETE/MOVE: `id`;
    `version` (when given) makes the write conditional: moved on -> Fault.STALE and nothing is written.
    A None value empties the field.

    A Classic series of Salesforce is created by an Event with `IsRecurrence` and its rule, and deleted as a whole by
    the id of that record; its occurrences are records of their own. DELETE of an occurrence with the value `ONWARDS`
    (True) deletes it and all later ones, of a Lightning series too.

    CREATE of a person or company with the value `ALIKE`: what to do when Salesforce warns that there is one like it.
    "reuse": take a record that it names, if that carries the same address (the outcome is `adopted`, and may be of
    another object); "save": write all the same, where the warning allows that. Otherwise it fails as DUPLICATE."""

    verb: Verb
    kind: ItemKind
    target: str
    id: str = ""
    version: str = ""
    key: str = ""
    values: Fields = field(default_factory=dict)
    retrying: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one write: `error` is None on success. `adopted`: an existing record with the key was found."""

    id: str = ""
    version: str = ""
    adopted: bool = False
    error: ConnectorError | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something moved at a vendor. `item` holds what the change feed itself told (often only version and key)."""

    ref: ItemRef
    deleted: bool = False
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything since a cursor. `complete`: this is the full content (no or lost cursor), so absence means gone.
    `more`: a vendor lets only so much be read at a time; what comes after this is told from the cursor on."""

    changes: tuple[Change, ...]
    cursor: str
    complete: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a connection check: what was tried, whether it held, and what was found. A finding that holds all the
    same is a remark."""

    name: str
    ok: bool
    detail: str = ""
    finding: Finding | None = None

    @property
    def advice(self) -> str:
        """What to do."""
        return FINDINGS[self.finding].cure if self.finding is not None else ""


class Endpoint(Protocol):
    can: frozenset[Can]
    batch_size: int  # most writes of one verb and target that `write` sends in one vendor call

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> Mapping[ItemRef, Item | ConnectorError]:
        """Read items, batched. A vanished ref is absent from the answer; an unreadable one maps to its error."""
        ...

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """Apply writes of ONE verb and ONE target, moves to ONE folder (at most `batch_size`), positionally answered.
        An outcome that the vendor did not tell (connection cut) is Fault.UNKNOWN for every write of that call."""
        ...

    def check(self) -> Iterable[Check]:
        """Prove the connection step by step: reachable, accepted, allowed, able to read what is needed."""
        ...


class Mailbox(Endpoint, Protocol):
    address: str

    def poll(self, cursors: Mapping[str, str]) -> None:
        """Says that `changes` of these folder roles will be asked next, each with its cursor. Whoever can ask about all
        of them in one vendor call does so now, and `changes` costs nothing then; whoever cannot does nothing."""
        ...

    def changes(self, folder: str, cursor: str | None) -> Changes:
        """Changes of one folder role since the cursor; costs one vendor call when nothing changed. The complete content
        of the calendar tells which of our keys are borne. Raises
        CURSOR_LOST (Scope.CONTAINER) when the cursor is of no use any more, NOT_FOUND when the folder is gone."""
        ...

    def folders(self, roles: Collection[str]) -> Mapping[str, str]:
        """Ensure that the managed folders of these roles exist (`emails`, `synced_tasks`, `synced_contacts`), and our
        categories, creating what is missing. Folder role -> vendor folder id for all managed folders known by now."""
        ...

    def mail_folders(self, wanted: Collection[str], without: Collection[str]) -> Mapping[str, str]:
        """The further mail folders that people name, with those below them: folder role (`MORE_MAIL` and something of
        20 characters at most in all, the same whenever it is asked for) -> vendor folder id. They can be read from then
        on. A name is that of a folder at the top or in the Inbox, a path (`Projects/Alpha`) begins at the top;
        `SyncArchiveFolder` is the folder to which programs archive, or what stands in none at all. Folders named in
        `without` are left out, with those below them, and so are drafts, junk and what is deleted. Costs one vendor
        call. Needs `Can.MAIL_FOLDERS`."""
        ...

    def known_folders(self) -> frozenset[str]:
        """The folder roles that can be read now without asking `folders` first. No vendor call."""
        ...

    def find(self, keys: Iterable[str]) -> Mapping[str, ItemRef]:
        """Where the items that bear our keys stand now, by key: asked for what vanished from its folder, to tell what
        was moved (to a folder role, or `elsewhere`) from what was deleted (`deleted`, or absent from the answer).
        Costs two or three vendor calls, however many keys are asked for."""
        ...

    def conversations(self, ids: Iterable[str]) -> Mapping[str, tuple[ItemRef, ...]]:
        """The messages of conversations, by the id that messages tell as `fields.CONVERSATION`: every one that lies in
        a folder with a role, with that role as its container; drafts and what is deleted are left out, and so is a
        conversation that is not there any more. Needs `Can.CONVERSATIONS`; without it a thread is saved from its mark
        on, but not what came before. One vendor call for many conversations where the vendor allows that."""
        ...

    def pushes(self) -> Mapping[Feed, Subscriptions]:
        """By which agreements an address of ours can be told what happens, by what that is about. No vendor call."""
        ...

    def contents(self, wanted: Sequence[tuple[ItemRef, Attachment]]) -> Iterator[bytes | ConnectorError]:
        """The contents of attachments of messages (of `Form.MAIL`: the message itself), in the order of `wanted`; what
        is gone or cannot be read yields its error in its place. Nothing is fetched before its turn comes, and small
        ones come several in a call, so that no more than a few MB, or one large attachment, are in memory. Raises,
        between two of them, what concerns the connection. Needs `Can.ATTACHMENTS`."""
        ...

    def aliases(self) -> frozenset[str]:
        """All addresses of this mailbox, normalised."""
        ...

    def claimed_by(self) -> str:
        """The installation that has set this mailbox up, by the name it left there; '' when none has, or nobody can
        tell."""
        ...

    def claim(self, instance: str) -> None:
        """Leave the name of the installation that sets this mailbox up."""
        ...

    def withdraw(self) -> None:
        """Take back what was set up: our entries in the list of categories, and the name that was left. Folders stay,
        because what lies in them is the user's."""
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """Records of one object that a user is kept informed of. `name`: what the caller calls it, and its cursor.

    `scope`: "mine" (owned by the user, who is named by the column `owner`), "all", or "view:ID" of a list view.
    `where`: a SOQL condition of an administrator, on top of the scope. Events are those of the user's calendar,
    whatever the scope.
    `columns`: for other objects than Event, Task and Contact the columns to read; besides them come Id,
    SystemModstamp, IsDeleted and OwnerId as far as the object has them, and the columns that date a record:
    `starts` (a date, or a date-time with `ends`).
    `held`: ids of the records that the caller keeps a copy of. While one of them is outside of the scope it is told
    with every poll, with the virtual `Left` (True); of an event the owner tells that it is somebody else's."""

    name: str
    kind: ItemKind
    object: str
    scope: str = "mine"
    columns: tuple[str, ...] = ()
    starts: str = ""
    ends: str = ""
    where: str = ""
    held: tuple[str, ...] = ()
    owner: str = OWNER


@dataclass(frozen=True, slots=True)
class CrmChanges:
    """What one watch has to tell, and where it goes on. `more`: this is not all, ask again from the cursor at once."""

    changes: tuple[Change, ...]
    cursor: str
    more: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A record that was made, changed, deleted or restored by somebody, and no more of it than whom it concerns.
    `people`: the users who own it, whose event it is about, or who are invited to it. `by`: who changed it last."""

    object: str
    id: str
    people: frozenset[str]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Moves:
    """What moved among the records of one object. `begins`: nothing can be told yet, but everything from here on.
    `lists`: the list views that can be followed, by their scope, with what they are about now."""

    moves: tuple[Move, ...]
    cursor: str
    begins: bool = False
    lists: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrgShape:
    """What this org is like, read from describes: objects -> field name -> describe of the field. `labels`: what people
    call the objects."""

    objects: Mapping[str, Mapping[str, Mapping[str, object]]]
    user_id: str
    org_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def has(self, crm_object: str, field_name: str = "") -> bool:
        fields = self.objects.get(crm_object)
        return fields is not None and (not field_name or field_name in fields)

    def can_create(self, crm_object: str, field_name: str) -> bool:
        return bool(self.objects.get(crm_object, {}).get(field_name, {}).get("createable"))


class Store(StrEnum):
    """As what a file is kept: as a File of which several records can show one, or below its one record."""

    FILE = "ContentVersion"
    ATTACHMENT = "Attachment"


@dataclass(frozen=True, slots=True)
class FileWrite:
    """A file to put on a record. `parent`: the record; `links`: further records that are to show it (`Store.FILE`).
    `owner`: the user to whom it will belong. `type`: its media type, '' when nobody knows. `retrying`: an earlier try
    of this very write may have happened."""

    store: Store
    name: str
    content: bytes = field(repr=False)
    parent: str = ""
    links: tuple[str, ...] = ()
    owner: str = ""
    type: str = ""
    retrying: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a file. `id`: of the document. `adopted`: the organization had this very content already.
    `unlinked`: how many records it could not be linked to, because it hangs on too many already."""

    id: str = ""
    adopted: bool = False
    unlinked: int = 0
    error: ConnectorError | None = None


class Crm(Endpoint, Protocol):
    def shape(self) -> OrgShape:
        """Describe the objects in use (cached by the caller between runs)."""
        ...

    def changes(
        self, watches: Sequence[Watch], owner_id: str, cursors: Mapping[str, str]
    ) -> Mapping[str, CrmChanges | ConnectorError]:
        """What changed for the user `owner_id` since the cursors, by name of the watch: ONE vendor call for all
        watches together when nothing changed (five statements fit into one; pages follow). A watch without a cursor
        is read from the start. One that fails (CURSOR_LOST among others) yields its error and the others still come;
        raises what concerns the connection.

        Event items carry the Salesforce columns plus the virtual `Invitees` (tuple[Attendee, ...], from
        EventRelation; the attendee's `name` is its display name), `InviteeIds` (tuple of (relation id, person id,
        address) tuples) and `Invited` (True: somebody else's event to which the user is invited)."""
        ...

    def topics(self, watches: Sequence[Watch]) -> tuple[str, ...] | None:
        """By what `moves` can be asked whether any of these watches has something to tell; None when only a poll of
        `changes` can say. No vendor call."""
        ...

    def moves(self, topics: Collection[str], cursors: Mapping[str, str]) -> Mapping[str, Moves | ConnectorError]:
        """What moved in the whole organization since the cursors, by object, as far as the account sees it: every
        record of which `changes` could tell any user something new by these topics. One vendor call for all of them
        when little moved. An object without a cursor begins; one that fails, or of which more moved than anybody would
        read, yields its error and begins with the next call. Raises what concerns the connection."""
        ...

    def unmoved(
        self, watches: Sequence[Watch], owner_id: str, cursors: Mapping[str, str], at: datetime, polls: int,
        lists: Mapping[str, str],
    ) -> Mapping[str, str] | None:  # fmt: skip
        """The cursors of a poll of `changes` at that moment, given that nothing which it could tell has moved since the
        last `polls` polls, which told nothing; None when that does not suffice to know. `lists`: see `Moves`. No vendor
        call."""
        ...

    def check_user(self, user_id: str) -> Check:
        """Is this Salesforce user there, and active? Raises ConnectorError."""
        ...

    def find_user(self, address: str) -> str:
        """The id of the one active user with this address, or ''."""
        ...

    def users(self) -> tuple[CrmUser, ...]:
        """All active users who are people of the organization itself, by name: one vendor call for each page of
        them."""
        ...

    def find_people(
        self, addresses: Iterable[str], only: Restrictions = EVERYTHING
    ) -> Mapping[str, tuple[PersonRecord, ...]]:
        """Everybody who carries one of the addresses: Contacts and Leads over all filterable email fields, active
        Users. In place of a converted Lead comes the Contact that it became. `only`: conditions that records must
        meet. Batched: one vendor call for all that fits."""
        ...

    def find_accounts(self, domains: Iterable[str]) -> Mapping[str, tuple[AccountRecord, ...]]:
        """Accounts by mail domain: through Website, and through the mail domain of their Contacts."""
        ...

    def find_accounts_by_name(self, names: Iterable[str]) -> Mapping[str, tuple[AccountRecord, ...]]:
        """By each name of a company the accounts that it may mean: those that bear it, contain it, or are named by
        some of its words, the oldest first. Upper and lower case are the same."""
        ...

    def find_resources(self, names: Iterable[str]) -> Mapping[str, str]:
        """Name of a room -> id of the one active resource calendar that bears it, whatever its case. The id is what
        an EventRelation takes; the only status there is Accepted, and the write fails when the room is taken."""
        ...

    def find_opportunities(
        self, account_ids: Iterable[str], contact_ids: Iterable[str] = (), *, closing: tuple[date, date] | None = None,
        only: Restrictions = EVERYTHING,
    ) -> tuple[OpportunityRecord, ...]:  # fmt: skip
        """Those of the accounts, and those in which one of the contacts has a role, each once. `closing`: the days
        between which they close, or closed. One vendor call for all that fits."""
        ...

    def find_named(self, clues: Clues, only: Restrictions = EVERYTHING) -> Named:
        """The records that messages name. What is deleted, hidden or of another object is left out. One vendor call
        for all that fits."""
        ...

    def web_hosts(self) -> frozenset[str]:
        """The hosts (with port, where there is one) of the pages on which people see records. No vendor call but a
        log-in."""
        ...

    def find_by_key(self, crm_object: str, field_name: str, keys: Iterable[str]) -> Mapping[str, Item]:
        """Records of an object by the value of a unique or idLookup field (our key, MessageIdentifier)."""
        ...

    def find_series(self, ids: Iterable[str]) -> Mapping[str, tuple[Item, ...]]:
        """The occurrences of Classic series, in the order of their starts and without their long texts, by the id of
        the series' own record. Nothing there tells where an occurrence started before it was moved."""
        ...

    def find_events(self, owner_id: str, starts: Iterable[datetime]) -> tuple[Item, ...]:
        """Events of an owner that start at one of the moments: the look before creating where there is no key field."""
        ...

    def find_tasks(self, owner_id: str, subjects: Iterable[str]) -> tuple[Item, ...]:
        """Tasks of an owner that have one of the subjects: the look before one is saved for the first time."""
        ...

    def store_files(self, files: Sequence[FileWrite]) -> list[Stored]:
        """Put files on records, positionally answered: one vendor call for each content that the organization does not
        have, and two or three for all of them to look for contents and to link. Storing twice leaves one."""
        ...
