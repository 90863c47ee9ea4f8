"""The words of both sides: items, references, values, people.

An *item* is one event, task, contact or e-mail on either side. Mailbox items carry neutral field names (the
same for every mailbox vendor, listed in `mapping.model.fields`); CRM items carry the Salesforce API names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType


class Side(StrEnum):
    MAILBOX = "mailbox"
    CRM = "crm"

    @property
    def other(self) -> Side:
        return Side.CRM if self is Side.MAILBOX else Side.MAILBOX


class ItemKind(StrEnum):
    EVENT = "event"
    TASK = "task"
    CONTACT = "contact"
    EMAIL = "email"


class Response(StrEnum):
    """What an invitee answered, in the words that all mailboxes share."""

    UNKNOWN = "unknown"
    NONE = "none"
    TENTATIVE = "tentative"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ORGANIZER = "organizer"


class Role(StrEnum):
    REQUIRED = "required"
    OPTIONAL = "optional"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody behind an address. `address` is normalised (`mapping.model.people.normalise`)."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attendee:
    address: str
    name: str = ""
    role: Role = Role.REQUIRED
    response: Response = Response.UNKNOWN


class Form(StrEnum):
    """What an attachment is made of."""

    FILE = "file"
    ITEM = "item"  # a message or another item of its own; its content is told as `.eml`
    DRIVE = "drive"  # a file in the cloud of the mailbox, which the message shows and whose content can be had
    LINK = "link"  # a file somewhere in a cloud, of which the message holds only the address
    MAIL = "mail"  # not attached: the message itself, as `.eml`


@dataclass(frozen=True, slots=True)
class Attachment:
    """What hangs on a message, without its content. `id`: the vendor's, good as long as the message is not moved.
    `name`: as somebody sent it, so anything may stand in it. `size` in bytes, 0 when the vendor does not tell; the
    content may be a little smaller. `inline`: declared as part of the text, which may name it by its `content_id`."""

    id: str
    name: str
    type: str = ""
    size: int = 0
    form: Form = Form.FILE
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """When something happens. Timed: aware UTC datetimes, minute precision. All-day: dates, `end` exclusive."""

    start: datetime | date
    end: datetime | date

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    @property
    def days(self) -> int:
        """Calendar days of an all-day span (1 for a single day)."""
        return (_midnight(self.end) - _midnight(self.start)).days

    @property
    def minutes(self) -> int:
        if isinstance(self.start, datetime) and isinstance(self.end, datetime):
            return int((self.end - self.start).total_seconds() // 60)
        return self.days * 24 * 60


def _midnight(day: date) -> date:
    return day.date() if isinstance(day, datetime) else day


Original = datetime | date  # where an occurrence starts by its rule: aware UTC, or a date for all-day


@dataclass(frozen=True, slots=True)
class Moved:
    """An occurrence that differs from its master: `id` is its own id at the vendor, `span` where it stands now."""

    original: Original
    span: Span
    id: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """`rule`: the value of an RRULE (`FREQ=WEEKLY;BYDAY=MO`), `first`: the first occurrence. A timed series repeats at
    the same wall-clock time of `zone` (IANA name), an all-day one by dates (zone ''). `cancelled` and `moved` are
    sorted by original start."""

    rule: str
    first: Span
    zone: str = ""
    cancelled: tuple[Original, ...] = ()
    moved: tuple[Moved, ...] = ()

    @property
    def all_day(self) -> bool:
        return self.first.all_day


@dataclass(frozen=True, slots=True)
class Pending:
    """The id that an operation not yet applied will yield; the applier puts the real id in its place."""

    operation: str


class _Missing:
    """Absent is not empty: the side did not say, or cannot hold it."""

    _only: _Missing | None = None

    def __new__(cls) -> _Missing:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()

Scalar = str | int | bool | datetime | date | None
Value = Scalar | Person | Attendee | Attachment | Span | Series | Pending | _Missing | tuple["Value", ...]
Fields = Mapping[str, Value]


MORE_MAIL = "mail:"  # how the roles of further mail folders begin that somebody wants looked at
DELETED, ELSEWHERE = "deleted", "elsewhere"  # Deleted Items, and any folder of the user's own that is not looked at


@dataclass(frozen=True, slots=True)
class ItemRef:
    """Where an item lives. `container`: mailbox folder role (`calendar`, `inbox`, `sent`, `emails`, ...; `elsewhere`
    for a folder without a role) or the Salesforce object name (`Event`, `Task`, `EmailMessage`)."""

    side: Side
    kind: ItemKind
    id: str
    container: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """`version`: EWS ChangeKey, Graph/Google etag, Salesforce SystemModstamp (ISO)."""

    ref: ItemRef
    version: str
    fields: Fields = field(default_factory=lambda: MappingProxyType({}))

    def get(self, name: str, default: Value = MISSING) -> Value:
        return self.fields.get(name, default)

    def text(self, name: str) -> str:
        """The field as text; empty when absent."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        return self.fields.get(name) is True

    def with_fields(self, more: Fields) -> Item:
        return replace(self, fields={**self.fields, **more})
