"""`SalesforceCrm`: the `Crm` protocol, put together from its parts.

One object serves one task or thread at a time. The describe is read once, or taken from the caller who kept it; when
the vendor contradicts it (a field was removed or hidden since), it is read again and a reading call is repeated once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from connectors.errors import ConnectorError
from connectors.protocols import (
    EVERYTHING,
    Can,
    Check,
    Crm,
    CrmChanges,
    Detail,
    FileWrite,
    Moves,
    OrgShape,
    Outcome,
    Stored,
    Watch,
    Write,
)
from connectors.salesforce import accounts, moves, named
from connectors.salesforce.auth import TokenCache, Tokens
from connectors.salesforce.checks import check_connection, check_user
from connectors.salesforce.codec import RECORD_URL
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.describe import OBJECTS, read_shape
from connectors.salesforce.faults import SCHEMA_MOVED
from connectors.salesforce.feed import Feed
from connectors.salesforce.files import Files
from connectors.salesforce.lookups import Lookups
from connectors.salesforce.person_accounts import PERSON_ACCOUNT, write_person_accounts
from connectors.salesforce.session import plain_session
from connectors.salesforce.views import view_condition
from connectors.salesforce.wire import Wire
from connectors.salesforce.writes import Writer
from mapping.model.item import Item, ItemKind, ItemRef
from mapping.model.people import AccountRecord, Clues, CrmUser, Named, OpportunityRecord, PersonRecord, Restrictions
from mapping.rules.linking_clues import web_hosts

T = TypeVar("T")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SalesforceCrm(Crm):
    """`dropped` counts, as `Object.Field`, values that were not sent because the org does not let us write them."""

    can: frozenset[Can] = frozenset({Can.SILENT_WRITE, Can.TASKS})

    def __init__(
        self,
        config: SalesforceConfig,
        tokens: Tokens,
        shape: OrgShape | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._config = config
        self._tokens = tokens
        self._wire = Wire(config, tokens)
        self._shape = shape
        self._now = now
        self.batch_size = config.rows_per_call
        self.dropped: Counter[str] = Counter()
        self._views: dict[tuple[str, str], str] = {}

    @classmethod
    def connect(
        cls,
        config: SalesforceConfig,
        tokens: TokenCache | None = None,
        *,
        shape: OrgShape | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> SalesforceCrm:
        """A connection; nothing is called before it is used. `tokens` keeps access tokens between processes,
        `shape` is what an earlier connection's `shape()` told."""
        return cls(config, Tokens(config, plain_session(config), tokens), shape, now)

    @property
    def usage(self) -> tuple[int, int] | None:
        """API calls used and allowed in the org's 24 hours, as the last answer told."""
        return self._wire.session.usage

    # --- Endpoint

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> Mapping[ItemRef, Item | ConnectorError]:
        found = self._reading(lambda: self._lookups().by_refs(refs, detail)) if refs else {}
        return {ref: self._with_page(told) if isinstance(told, Item) else told for ref, told in found.items()}

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        if not writes:
            return []
        writer = Writer(self._wire, self._config, self.shape(), self.dropped, self._forget)
        if writes[0].target == PERSON_ACCOUNT:
            return write_person_accounts(self._wire, writes, writer.write)
        return writer.write(writes)

    def check(self) -> Iterator[Check]:
        return check_connection(self._config, self._tokens, self._wire, self._read_shape, self._now())

    # --- Crm

    def shape(self) -> OrgShape:
        return self._shape or self._read_shape()

    def changes(
        self, watches: Sequence[Watch], owner_id: str, cursors: Mapping[str, str]
    ) -> Mapping[str, CrmChanges | ConnectorError]:
        """See `feed.py` for what is read, and `cursor.py` for how it goes on."""
        fresh = self._shape is None
        self._describe([w.object for w in watches])
        told = self._reading(lambda: self._feed(owner_id).poll(watches, cursors, self._now()))
        moved = [w for w in watches if isinstance(e := told[w.name], ConnectorError) and e.vendor_code in SCHEMA_MOVED]
        if moved and not fresh:
            self._forget()
            told |= self._feed(owner_id).poll(moved, cursors, self._now())
        return {name: self._with_pages(answer) for name, answer in told.items()}

    def topics(self, watches: Sequence[Watch]) -> tuple[str, ...] | None:
        return moves.topics(watches, self.shape())

    def moves(self, topics: Collection[str], cursors: Mapping[str, str]) -> Mapping[str, Moves | ConnectorError]:
        """See `moves.py`. Two statements for the calendar and one for each other object; five fit into one call."""
        self._describe(topic.partition(":")[0] for topic in topics)
        return self._reading(
            lambda: moves.Lookout(self._wire, self._config.version, self.shape(), self._now()).moves(topics, cursors)
        )

    def unmoved(
        self, watches: Sequence[Watch], owner_id: str, cursors: Mapping[str, str], at: datetime, polls: int,
        lists: Mapping[str, str],
    ) -> Mapping[str, str] | None:  # fmt: skip
        return moves.unmoved(watches, owner_id, cursors, at, polls, lists)

    def find_people(
        self, addresses: Iterable[str], only: Restrictions = EVERYTHING
    ) -> Mapping[str, tuple[PersonRecord, ...]]:
        asked = tuple(addresses)
        return self._reading(lambda: self._lookups().people(asked, self._conditions(only)))

    def find_accounts(self, domains: Iterable[str]) -> Mapping[str, tuple[AccountRecord, ...]]:
        asked = tuple(domains)
        return self._reading(lambda: accounts.by_domain(self._wire, asked))

    def find_accounts_by_name(self, names: Iterable[str]) -> Mapping[str, tuple[AccountRecord, ...]]:
        asked = tuple(names)
        return self._reading(lambda: accounts.by_name(self._wire, asked))

    def find_resources(self, names: Iterable[str]) -> Mapping[str, str]:
        """Empty when the org does not show its calendars."""
        asked = tuple(names)
        return self._reading(lambda: self._lookups().resources(asked))

    def find_opportunities(
        self, account_ids: Iterable[str], contact_ids: Iterable[str] = (), *, closing: tuple[date, date] | None = None,
        only: Restrictions = EVERYTHING,
    ) -> tuple[OpportunityRecord, ...]:  # fmt: skip
        asked = tuple(account_ids), tuple(contact_ids)
        return self._reading(
            lambda: named.opportunities(self._wire, self.shape(), *asked, closing, self._conditions(only))
        )

    def find_named(self, clues: Clues, only: Restrictions = EVERYTHING) -> Named:
        if not clues:
            return Named()
        self._describe(clues.ids)
        key_field = self._config.key_field
        return self._reading(lambda: named.named(self._wire, self.shape(), clues, key_field, self._conditions(only)))

    def web_hosts(self) -> frozenset[str]:
        hosts = (urlsplit(self._tokens.current().instance_url).netloc, urlsplit(self._config.base_url).netloc)
        return frozenset().union(*(web_hosts(host) for host in hosts if host))

    def find_by_key(self, crm_object: str, field_name: str, keys: Iterable[str]) -> Mapping[str, Item]:
        """Empty when the org does not have the field."""
        asked = tuple(keys)
        return self._reading(lambda: self._lookups().by_key(crm_object, field_name, asked))

    def find_events(self, owner_id: str, starts: Iterable[datetime]) -> tuple[Item, ...]:
        asked = tuple(starts)
        return self._reading(lambda: self._lookups().events_at(owner_id, asked))

    def find_series(self, ids: Iterable[str]) -> Mapping[str, tuple[Item, ...]]:
        """Empty when the org knows no Classic series."""
        asked = tuple(ids)
        return self._reading(lambda: self._lookups().series(asked))

    def find_tasks(self, owner_id: str, subjects: Iterable[str]) -> tuple[Item, ...]:
        asked = tuple(subjects)
        return self._reading(lambda: self._lookups().tasks_called(owner_id, asked))

    def check_user(self, user_id: str) -> Check:
        return check_user(self._wire, user_id)

    def find_user(self, address: str) -> str:
        """The id of the one active user with this address, or ''."""
        return self._reading(lambda: self._lookups().user_id(address))

    def users(self) -> tuple[CrmUser, ...]:
        return self._reading(lambda: self._lookups().users())

    def store_files(self, files: Sequence[FileWrite]) -> list[Stored]:
        return Files(self._wire, self.shape()).store(files) if files else []

    # --- inside

    def _lookups(self) -> Lookups:
        return Lookups(self._wire, self.shape(), self._extra)

    def _conditions(self, only: Restrictions) -> Mapping[str, tuple[str, ...]]:
        """By object what its records must meet; what a list view says is asked for once."""
        for name, said in only.items():
            if said.get("view") and (name, said["view"]) not in self._views:
                self._views[name, said["view"]] = view_condition(self._wire, self._config.version, name, said["view"])
        return {
            name: tuple(c for c in (said.get("where"), self._views.get((name, said.get("view", "")))) if c)
            for name, said in only.items()
        }

    def _feed(self, owner_id: str) -> Feed:
        config = self._config
        return Feed(self._wire, config.version, self.shape(), owner_id, self._extra, config.first_days)

    def _extra(self, crm_object: str) -> tuple[str, ...]:
        return (*self._config.columns.get(crm_object, ()), self._config.key_field)

    def _read_shape(self) -> OrgShape:
        token = self._tokens.current()
        objects = dict.fromkeys((*OBJECTS, *self._config.columns))
        self._shape = read_shape(self._wire, self._config.version, token.user_id, token.org_id, objects)
        return self._shape

    def _describe(self, objects: Iterable[str]) -> None:
        """Adds to the describe what is watched besides the usual objects. What the org does not have stays absent."""
        shape = self.shape()
        if missing := sorted({name for name in objects if not shape.has(name)} - set(OBJECTS)):
            found = read_shape(self._wire, self._config.version, shape.user_id, shape.org_id, missing)
            self._shape = replace(
                shape, objects={**shape.objects, **found.objects}, labels={**shape.labels, **found.labels}
            )

    def _with_pages(self, told: CrmChanges | ConnectorError) -> CrmChanges | ConnectorError:
        if isinstance(told, ConnectorError):
            return told
        return replace(
            told, changes=tuple(c if c.item is None else replace(c, item=self._with_page(c.item)) for c in told.changes)
        )

    def _with_page(self, item: Item) -> Item:
        """A contact with the address of its page, which is shown on its card."""
        if item.ref.kind is not ItemKind.CONTACT:
            return item
        return item.with_fields({RECORD_URL: f"{self._tokens.current().instance_url}/{item.ref.id}"})

    def _forget(self) -> None:
        self._shape = None

    def _reading(self, call: Callable[[], T]) -> T:
        """A reading call, repeated once on a fresh describe when it failed because of an old one."""
        kept = self._shape
        try:
            return call()
        except ConnectorError as error:
            if kept is None or error.vendor_code not in SCHEMA_MOVED:
                raise
        self._forget()
        return call()
