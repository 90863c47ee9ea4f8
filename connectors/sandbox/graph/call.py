"""One call of Graph, alone or in a batch: for which mailbox, with which options, and what its ids name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.sandbox.ews import series, zones
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.items import Items, Stored
from connectors.sandbox.ews.state import Directory, Folder
from connectors.sandbox.graph import ids
from connectors.sandbox.graph.errors import GraphError, bad
from connectors.sandbox.graph.ids import IMMUTABLE, PLAIN
from connectors.sandbox.graph.odata import Options
from connectors.sandbox.graph.state import EVERYTHING, Caller, Tenants

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

Json = dict[str, Any]
_PREFERENCE = re.compile(r'([\w.-]+)\s*=\s*(?:"([^"]*)"|([^,;\s]+))')


@dataclass(frozen=True, slots=True)
class Preferences:
    immutable: bool = False
    zone: str = "UTC"
    text: bool = False
    page: int = 0  # entities in one answer, 0: as the service likes

    @classmethod
    def read(cls, header: str) -> Preferences:
        told = {match[1].lower(): match[2] or match[3] or "" for match in _PREFERENCE.finditer(header)}
        page = told.get("odata.maxpagesize", "")
        return cls(
            told.get("idtype", "").lower() == "immutableid", told.get("outlook.timezone", "UTC"),
            told.get("outlook.body-content-type", "").lower() == "text", int(page) if page.isdigit() else 0,
        )  # fmt: skip

    @property
    def applied(self) -> str:
        """The answer's header."""
        return ", ".join(
            [
                *(['IdType="ImmutableId"'] if self.immutable else []),
                f'outlook.timezone="{self.zone}"',
                *(['outlook.body-content-type="text"'] if self.text else []),
                *([f"odata.maxpagesize={self.page}"] if self.page else []),
            ]
        )


@dataclass(frozen=True, slots=True)
class GraphCall:
    """`store`: the same call to the store that both protocols share. `path`: below the root of the version, `root`: the
    address of that. `match`: the version on which a write depends."""

    store: Call
    options: Options
    prefer: Preferences
    root: str
    path: str
    body: Json = field(default_factory=dict)
    match: str = ""

    @property
    def letter(self) -> bytes:
        return IMMUTABLE if self.prefer.immutable else PLAIN

    # --- ids out

    def item_id(self, item: Stored) -> str:
        number = self.store.items.first(item.id) if self.prefer.immutable else item.id
        if not item.original:
            return ids.sealed(self.letter, item.mailbox, number)
        original = int(zones.moment(item.original).timestamp())
        epoch = int(item.values.get(series.EPOCH, 0))
        return ids.occurrence_id(self.letter, item.mailbox, number, epoch, original)

    def gone_id(self, number: int) -> str:
        """The id of an item that is not there any more."""
        first = self.store.items.first(number) if self.prefer.immutable else number
        return ids.sealed(self.letter, self.store.acting.id, first)

    # --- ids in

    def item(self, identifier: str, *kinds: str, folder: Folder | None = None) -> Stored:
        """The item of an id. Raises ErrorItemNotFound for one of another kind, or that stands in another folder."""
        named = ids.read(identifier)
        number = self.store.items.latest(named.number) if named.letter == IMMUTABLE else named.number
        found = self.store.items.get(number)
        if named.letter not in (PLAIN, IMMUTABLE) or found.mailbox != self.store.acting.id or found.kind not in kinds:
            raise GraphError(404, "ErrorItemNotFound")
        if folder is not None and found.folder != folder.id:
            raise GraphError(404, "ErrorItemNotFound")
        if named.original is None:
            return found
        if not series.is_master(found) or found.values.get(series.EPOCH, 0) != named.epoch:
            raise GraphError(404, "ErrorItemNotFound")
        return series.occurrence(found, zones.stamp(datetime.fromtimestamp(named.original, UTC)))

    def folder(self, identifier: str, folder_class: str, **well_known: str) -> Folder:
        """The folder of an id or a well-known name (`well_known`: name -> role). Raises ErrorItemNotFound."""
        directory = self.store.directory
        if identifier.lower() in well_known:
            return directory.distinguished(self.store.acting, well_known[identifier.lower()])
        named = ids.read(identifier)
        found = directory.folder(named.number) if named.letter == ids.FOLDER else None
        if found is None or found.mailbox != self.store.acting.id or not found.folder_class.startswith(folder_class):
            raise GraphError(404, "ErrorItemNotFound")
        return found

    def folder_id(self, folder: Folder | int) -> str:
        return ids.sealed(ids.FOLDER, self.store.acting.id, folder if isinstance(folder, int) else folder.id)

    def unchanged(self, item: Stored) -> None:
        """Raises ErrorIrresolvableConflict when the condition of the call does not hold."""
        if self.match not in ("", "*", ids.etag(item.version)):
            raise GraphError(412, "ErrorIrresolvableConflict")

    def context(self, of: str) -> str:
        return f"{self.root}/$metadata#{of}"


def open_call(
    sandbox: Sandbox, caller: Caller, who: str, permission: str, options: Options, headers: Mapping[str, str],
    root: str, path: str, body: Json,
) -> GraphCall:  # fmt: skip
    """The call to a user's mailbox. Raises ErrorInvalidUser, ErrorAccessDenied, ErrorInvalidTimeZone."""
    app, directory = caller.app, Directory(sandbox.store)
    address = caller.address if who == "me" else who
    mailbox = directory.find_mailbox(address) if address else None
    if mailbox is None or not Tenants(sandbox.store).holds(app.tenant, mailbox.address):
        raise GraphError(404, "ErrorInvalidUser")
    if not Tenants(sandbox.store).is_licensed(mailbox.address):
        raise GraphError(404, "MailboxNotEnabledForRESTAPI")
    if not (EVERYTHING in app.permissions or permission in app.permissions):
        raise GraphError(403, "ErrorAccessDenied")
    admitted = EVERYTHING in app.mailboxes or mailbox.address in app.mailboxes
    if not admitted or (caller.address and directory.find_mailbox(caller.address) != mailbox):
        raise GraphError(403, "ErrorAccessDenied", "Access to OData is disabled.")
    prefer = Preferences.read(headers.get("prefer", ""))
    if zones.zone(prefer.zone) is None:
        raise bad("The time zone is unknown.", "ErrorInvalidTimeZone")
    store = Call(sandbox, directory, Items(sandbox.store, sandbox.clock.now()), mailbox, None, "", "graph")
    return GraphCall(store, options, prefer, root, path, body, headers.get("if-match", ""))
