"""What a world's runs ask of the mailboxes and send to Salesforce, whoever the vendor of the mailboxes is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from werkzeug.wrappers import Request, Response

from connectors.errors import ConnectorError
from connectors.protocols import Detail, Mailbox
from connectors.sandbox.salesforce import routes
from connectors.sandbox.server import Sandbox
from mapping.model.item import Item, ItemRef
from tests.support.world import World


@dataclass(slots=True)
class Overheard:
    """`bodies`: ids of items that were asked for with their bodies. `sent`: all requests to Salesforce, in one."""

    bodies: set[str] = field(default_factory=set)
    sent: bytes = b""

    def told(self, *words: str) -> list[str]:
        """Those of the words that were sent to Salesforce."""
        return [word for word in words if word.encode() in self.sent]


@contextmanager
def overhearing(world: World) -> Iterator[Overheard]:
    heard = Overheard()
    connector = world.mailboxes.connector
    read, handle = connector.read, routes.handle

    def reading(
        self: Mailbox, refs: Sequence[ItemRef], detail: Detail
    ) -> Mapping[ItemRef, Item | ConnectorError]:  # fmt: skip
        if detail is Detail.BODY:
            heard.bodies |= {ref.id for ref in refs}
        return read(self, refs, detail)

    def handling(request: Request, sandbox: Sandbox) -> Response:
        heard.sent += request.get_data(cache=True)
        return handle(request, sandbox)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connector, "read", reading)
        patch.setattr(routes, "handle", handling)
        yield heard
