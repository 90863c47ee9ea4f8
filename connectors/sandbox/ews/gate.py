"""Who is calling and for which mailbox: Basic sign-in, impersonation, the zone of the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from connectors.sandbox.ews import zones
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError, EwsFault
from connectors.sandbox.ews.items import Items
from connectors.sandbox.ews.state import Directory, Mailbox, User
from connectors.sandbox.ews.wire import Node, attribute, child, children, text_of

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox


def sign_in(request: Request, directory: Directory) -> User | None:
    """The user of the Basic credentials, None when they are missing or wrong."""
    given = request.authorization
    if given is None or given.type != "basic":
        return None
    return directory.sign_in(given.username or "", given.password or "")


def open_call(sandbox: Sandbox, directory: Directory, user: User, header: Node | None) -> Call:
    """The call with its acting mailbox. Raises a fault when the impersonation is not possible."""
    mailbox = _impersonated(directory, user, header) if header is not None else None
    if mailbox is None and user.mailbox:
        mailbox = directory.find_mailbox(user.mailbox)
    name = _zone_name(header)
    return Call(sandbox, directory, Items(sandbox.store, sandbox.clock.now()), mailbox, zones.zone(name), name)


def _impersonated(directory: Directory, user: User, header: Node) -> Mailbox | None:
    node = child(header, "ExchangeImpersonation")
    if node is None:
        return None
    connecting = child(node, "ConnectingSID")
    address = next((text_of(each) for each in children(connecting)), "") if connecting is not None else ""
    try:
        mailbox = directory.mailbox(address)
    except EwsError as error:
        raise EwsFault(error.code, error.text) from error
    if not (user.may_be(mailbox) or user.mailbox == mailbox.address):
        raise EwsFault("ErrorImpersonateUserDenied")
    return mailbox


def _zone_name(header: Node | None) -> str:
    context = child(header, "TimeZoneContext") if header is not None else None
    definition = child(context, "TimeZoneDefinition") if context is not None else None
    return attribute(definition, "Id") if definition is not None else ""
