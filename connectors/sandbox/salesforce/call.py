"""One call: who asks, in which org, and the moment that all of its writes are stamped with."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from connectors.sandbox.salesforce import orgs
from connectors.sandbox.salesforce.facts import ObjectFact, read_only
from connectors.sandbox.salesforce.ids import Minter
from connectors.sandbox.salesforce.values import show_moment
from connectors.sandbox.store import Store

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

RECYCLE_BIN = timedelta(days=15)
SERIES_CREATABLE_SINCE = 52  # API version


class State:
    """What is kept in memory beside the store; thrown away on reset."""

    def __init__(self, store: Store) -> None:
        self.minter = Minter(store)
        self.swept: dict[str, str] = {}  # org -> day up to which old activities were archived


_states: weakref.WeakKeyDictionary[Store, State] = weakref.WeakKeyDictionary()


def state_of(store: Store) -> State:
    found = _states.get(store)
    if found is None:
        found = _states.setdefault(store, State(store))
    return found


def forget(store: Store) -> None:
    _states.pop(store, None)


@dataclass
class Call:
    sandbox: Sandbox
    org: orgs.Org
    user: orgs.User
    base: str = ""  # scheme and authority that the client used
    version: str = "66.0"
    headers: Mapping[str, str] = field(default_factory=dict)  # by lower-case name
    writes: list[tuple[str, str]] = field(default_factory=list)  # (object, verb), counted when the transaction holds

    @property
    def store(self) -> Store:
        return self.sandbox.store

    @property
    def minter(self) -> Minter:
        return state_of(self.sandbox.store).minter

    @cached_property
    def now(self) -> datetime:
        """Taken once, at the start."""
        return self.sandbox.clock.now()

    @cached_property
    def stamp(self) -> str:
        return show_moment(self.now - timedelta(seconds=self.org.settings.commit_delay_seconds))

    @cached_property
    def bin_start(self) -> str:
        """Rows deleted before this moment are gone for good."""
        return show_moment(self.now - RECYCLE_BIN)

    @cached_property
    def archive_line(self) -> str:
        """Activities from before this moment are archived."""
        return show_moment(self.now - timedelta(days=self.org.settings.archive_after_days))

    @cached_property
    def objects(self) -> Mapping[str, ObjectFact]:
        """What this user sees of the org's objects: hidden fields are missing as if they were not there."""
        visible = self.org.settings.objects()
        if int(self.version.partition(".")[0]) < SERIES_CREATABLE_SINCE:
            visible = {**visible, "Event": read_only(visible["Event"], "Recurrence2PatternText")}
        hidden = (self.org.settings.fls_hidden or {}).get(self.user.username)
        if not hidden:
            return visible
        out = dict(visible)
        for name, names in hidden.items():
            if name in out:
                gone = {entry.lower() for entry in names}
                fields = {key: fact for key, fact in out[name].fields.items() if key.lower() not in gone}
                by_lower = {key.lower(): fact for key, fact in fields.items()}
                out[name] = replace(out[name], fields=fields, by_lower=by_lower)
        return out

    def find_object(self, name: str) -> ObjectFact | None:
        found = self.objects.get(name)
        if found is None:
            lowered = name.lower()
            found = next((fact for key, fact in self.objects.items() if key.lower() == lowered), None)
        return found

    def sees(self, name: str, row: Mapping[str, object]) -> bool:
        """Whether the user sees a stored row of the object."""
        private = name in self.org.settings.private_objects and "OwnerId" in row
        return self.user.view_all or not private or row["OwnerId"] == self.user.id

    def path(self, rest: str) -> str:
        return f"/services/data/v{self.version}/{rest}"

    def with_headers(self, headers: Mapping[str, str]) -> Call:
        """The same call with other headers (a part of a composite); writes are still counted together."""
        made = Call(self.sandbox, self.org, self.user, self.base, self.version, headers, self.writes)
        made.__dict__["now"] = self.now
        return made

    def settle(self) -> None:
        """Count what was written; called once the transaction is through."""
        for name, verb in self.writes:
            self.sandbox.ledger.write("salesforce", name, verb)
        self.writes.clear()
