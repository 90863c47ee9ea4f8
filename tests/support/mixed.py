"""One organization whose users have their mailboxes at different vendors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from connectors.sandbox.server import SandboxServer
from sync_tasks.bootstrap import secrets_of
from sync_tasks.state.records import UserView
from tests.support.kinds import KINDS, Handle, MailboxKind
from tests.support.world import World


class Mixed:
    """A `MailboxKind` that asks the one of the address, which is the first word of whatever is done with a mailbox.
    `kinds`: by address."""

    def __init__(self, kinds: Mapping[str, MailboxKind]) -> None:
        self._kinds = kinds

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        return lambda address, *more, **named: getattr(self._kinds[address], verb)(address, *more, **named)


class MixedWorld(World):
    """`vendors`: of the mailboxes, by address. Each user is connected to his by himself."""

    def __init__(
        self, server: SandboxServer, database_url: str, home: Path, vendors: Mapping[str, str], **more: Any
    ) -> None:  # fmt: skip
        super().__init__(server, database_url, home, **more)
        handle = Handle(server.url, self.control, self.control_get)
        made = {name: KINDS[name](handle) for name in sorted({*vendors.values()})}
        self._vendors = vendors
        self._connections = {name: kind.connection() for name, kind in made.items()}
        self.mailboxes = Mixed({address: made[name] for address, name in vendors.items()})

    def user(self, address: str = "ann@acme.example", **more: Any) -> UserView:
        user, vendor = super().user(address, **more), self._vendors[address]
        facts, secrets = self._connections[vendor]
        with self.app.store.writing() as unit:
            connection = unit.accounts.put_connection(user.org_id, user.id, "mailbox", vendor, facts)
            for name, value in secrets_of(vendor, secrets).items():
                unit.accounts.put_credential(connection, name, self.app.seal_secret(connection, name, value))
        return user
