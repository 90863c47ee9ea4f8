"""POST /ews/Exchange.asmx: names the operation, lets the caller in, hands over, answers SOAP."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from connectors.sandbox import rounds
from connectors.sandbox.ews import (
    attachments,
    control,
    conversations,
    folders_ops,
    items_ops,
    misc_ops,
    subscriptions,
    sync_ops,
    wire,
    writes,
)
from connectors.sandbox.ews.call import Operation
from connectors.sandbox.ews.errors import EwsError, EwsFault
from connectors.sandbox.ews.gate import open_call, sign_in
from connectors.sandbox.ews.state import Directory, set_up
from connectors.sandbox.faults import Action

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

log = logging.getLogger(__name__)
PATH = "/ews/exchange.asmx"
OPERATIONS: dict[str, Operation] = {
    "GetFolder": folders_ops.get_folder,
    "FindFolder": folders_ops.find_folder,
    "CreateFolder": folders_ops.create_folder,
    "UpdateFolder": folders_ops.update_folder,
    "DeleteFolder": folders_ops.delete_folder,
    "SyncFolderHierarchy": folders_ops.sync_folder_hierarchy,
    "SyncFolderItems": sync_ops.sync_folder_items,
    "FindItem": sync_ops.find_item,
    "GetConversationItems": conversations.get_conversation_items,
    "GetItem": items_ops.get_item,
    "GetAttachment": attachments.get_attachment,
    "CreateItem": writes.create_item,
    "UpdateItem": writes.update_item,
    "DeleteItem": items_ops.delete_item,
    "MoveItem": items_ops.move_item,
    "CopyItem": items_ops.copy_item,
    "SendItem": items_ops.send_item,
    "GetUserConfiguration": misc_ops.get_user_configuration,
    "CreateUserConfiguration": misc_ops.create_user_configuration,
    "UpdateUserConfiguration": misc_ops.update_user_configuration,
    "Subscribe": subscriptions.subscribe,
    "GetEvents": subscriptions.get_events,
    "Unsubscribe": subscriptions.unsubscribe,
    "ConvertId": misc_ops.convert_id,
    "ResolveNames": misc_ops.resolve_names,
}
_BODY = re.compile(rb"<(?:[\w.-]+:)?Body(?:\s[^>]*)?>\s*<(?:[\w.-]+:)?(\w+)")
_XML = "text/xml; charset=utf-8"


def operation(request: Request) -> str:
    """`ews.<Operation>`, looked up without parsing: this is counted before anything else happens."""
    found = _BODY.search(request.get_data(cache=True)[:65536])
    return f"ews.{found.group(1).decode('ascii', 'replace')}" if found else "ews.unknown"


def handle(request: Request, sandbox: Sandbox) -> Response:
    if request.path.lower() != PATH:
        return Response("no such page\n", 404)
    directory = Directory(sandbox.store)
    user = sign_in(request, directory)
    if user is None:
        return _unauthorized()
    if request.method != "POST":
        return Response("use POST\n", 405, {"Allow": "POST"})
    try:
        header, body = wire.header_and_body(wire.parse(request.get_data(cache=True)))
        do = OPERATIONS.get(wire.local(body))
        if do is None:
            raise EwsFault("ErrorInvalidOperation", f"The operation {wire.local(body)} is not available here.")
        answer = do(open_call(sandbox, directory, user, header), body)
    except EwsError as error:
        return _fault(error)
    except Exception:
        # a defect of the sandbox must look like one to the client, and must be found in the log
        log.exception("ews_operation_failed")
        return _fault(EwsFault("ErrorInternalServerError", "An internal server error occurred. The operation failed."))
    rounds.start(sandbox)
    return Response(wire.envelope(answer), content_type=_XML)


def fault(request: Request, sandbox: Sandbox, action: Action) -> Response:  # noqa: ARG001
    """A scripted fault. `ErrorServerBusy` tells its back-off: the seconds of a Retry-After header, or one."""
    if action.code:
        values = {}
        if action.code == "ErrorServerBusy":
            seconds = float(action.headers.get("Retry-After", "1"))
            values["BackOffMilliseconds"] = str(int(seconds * 1000))
        return _fault(EwsFault(action.code, action.message, values))
    if action.status == 401:
        return _unauthorized()
    return Response(action.message or f"scripted {action.status}\n", action.status, content_type="text/plain")


def reset(sandbox: Sandbox) -> None:
    set_up(sandbox.store)


def dump(sandbox: Sandbox, normalise: bool) -> Any:
    return control.dump(sandbox, normalise=normalise)


def _fault(error: EwsError) -> Response:
    return Response(wire.fault(error), 500, content_type=_XML)


def _unauthorized() -> Response:
    answer = Response("", 401)
    answer.headers.add("WWW-Authenticate", 'Basic realm="sandbox"')
    answer.headers.add("WWW-Authenticate", "NTLM")
    return answer
