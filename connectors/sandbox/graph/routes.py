"""/graph/v1.0/... and the token endpoints of tenants: names the operation, lets the caller in, hands over, answers.

Parts of a batch are calls like any other, but for their faults: those are scripted as `graph-item.<operation>`.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from connectors.sandbox import rounds
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.items import Stored
from connectors.sandbox.ews.state import Folder
from connectors.sandbox.faults import Action, cutting
from connectors.sandbox.graph import (
    batch,
    control,
    messages,
    odata,
    operations,
    places,
    signin,
    state,
    subscriptions,
    todo,
)
from connectors.sandbox.graph.call import GraphCall, open_call
from connectors.sandbox.graph.errors import GraphError, bad, body, of
from connectors.sandbox.graph.operations import CONTACT, EVENT, MESSAGE, TASK, Answer, Type
from connectors.sandbox.graph.state import Caller

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

log = logging.getLogger(__name__)
ROOT = "/graph/v1.0"
_TOKEN = re.compile(r"/graph/([^/]+)/oauth2/v2\.0/token")
_SUBSCRIPTIONS = re.compile(r"/subscriptions(/[^/]+(/reauthorize)?)?")
_ON_SUBSCRIPTIONS = {
    "GET": "getSubscriptions", "POST": "createSubscription", "PATCH": "updateSubscription",
    "DELETE": "deleteSubscription",
}  # fmt: skip
_AUTHORIZE = re.compile(r"/graph/([^/]+)/oauth2/v2\.0/authorize")
_JSON = "application/json"
Handle = Callable[..., Answer]
Row = tuple[str, str, str, str, Handle]  # what a `Route` is made of, with its path as text


@dataclass(frozen=True, slots=True)
class Route:
    """`pattern`: of the path below the user, whose groups are what the handler gets."""

    name: str
    method: str
    pattern: re.Pattern[str]
    permission: str
    handle: Handle


def _in_folders(
    kind: Type,
    noun: str,
    path: str,
    folder: Callable[[GraphCall, str], Folder],
    permission: str,
    *,
    create: bool = True,
) -> Iterator[Row]:
    """What is done with items below the folder that the path names; `delta` stands before ids, which it looks like."""
    one = f"{path}/{{}}"
    yield (f"{noun.lower()}sDelta", "GET", f"{path}/delta", permission,
           lambda call, where: operations.changed(call, kind, folder(call, where)))  # fmt: skip
    yield (f"list{noun}s", "GET", path, permission,
           lambda call, where: operations.listed(call, kind, folder(call, where)))  # fmt: skip
    if create:
        yield (f"create{noun}", "POST", path, permission,
               lambda call, where: operations.create(call, kind, folder(call, where)))  # fmt: skip
    for verb, method, act in _ACTS:
        yield (f"{verb}{noun}", method, one, permission,
               lambda call, where, item, act=act: act(call, kind, item, folder(call, where)))  # fmt: skip


_ACTS = (
    ("get", "GET", operations.get), ("update", "PATCH", operations.update), ("delete", "DELETE", operations.delete),
)  # fmt: skip


def _routes() -> list[Route]:
    """`{}` stands for an id."""
    calendar, mail, contacts = "Calendars.ReadWrite", "Mail.ReadWrite", "Contacts.ReadWrite"
    tasks, settings, user = "Tasks.ReadWrite.All", "MailboxSettings.ReadWrite", "User.Read.All"
    main = places.calendar
    rows: list[Row] = [
        ("getUser", "GET", "", user, places.user),
        # calendars
        ("calendarViewDelta", "GET", "/calendar/calendarView/delta", calendar,
         lambda call: operations.changed_view(call, main(call))),
        ("calendarViewDelta", "GET", "/calendarView/delta", calendar,
         lambda call: operations.changed_view(call, main(call))),
        ("listCalendars", "GET", "/calendars", calendar, places.calendars),
        ("listEvents", "GET", "/calendar/events", calendar, lambda call: operations.listed(call, EVENT, main(call))),
        ("listEvents", "GET", "/calendars/{}/events", calendar,
         lambda call, where: operations.listed(call, EVENT, main(call, where))),
        ("createEvent", "POST", "/calendar/events", calendar,
         lambda call: operations.create(call, EVENT, main(call))),
        ("getEvent", "GET", "/calendar/events/{}", calendar,
         lambda call, item: operations.get(call, EVENT, item, main(call))),
        ("updateEvent", "PATCH", "/calendar/events/{}", calendar,
         lambda call, item: operations.update(call, EVENT, item, main(call))),
        ("deleteEvent", "DELETE", "/calendar/events/{}", calendar,
         lambda call, item: operations.delete(call, EVENT, item, main(call))),
        ("getEvent", "GET", "/events/{}", calendar, lambda call, item: operations.get(call, EVENT, item)),
        ("updateEvent", "PATCH", "/events/{}", calendar, lambda call, item: operations.update(call, EVENT, item)),
        ("deleteEvent", "DELETE", "/events/{}", calendar, lambda call, item: operations.delete(call, EVENT, item)),
        ("listInstances", "GET", "/events/{}/instances", calendar, operations.instances),
        # mails
        ("listMailFolders", "GET", "/mailFolders", mail, places.mail_folders),
        ("createMailFolder", "POST", "/mailFolders", mail, places.add_mail_folder),
        ("mailFoldersDelta", "GET", "/mailFolders/delta", mail, places.mail_folders_delta),
        ("getMailFolder", "GET", "/mailFolders/{}", mail, places.get_mail_folder),
        ("updateMailFolder", "PATCH", "/mailFolders/{}", mail, places.patch_mail_folder),
        *_in_folders(MESSAGE, "Message", "/mailFolders/{}/messages", places.mail_folder, mail, create=False),
        ("moveMessage", "POST", "/mailFolders/{}/messages/{}/move", mail, _move_message),
        ("getMime", "GET", r"/mailFolders/{}/messages/{}/\$value", mail, _mime),
        ("getAttachment", "GET", r"/mailFolders/{}/messages/{}/attachments/{}/\$value", mail, _attachment),
        ("findMessages", "GET", "/messages", mail, operations.of_conversation),
        ("getMessage", "GET", "/messages/{}", mail, lambda call, item: operations.get(call, MESSAGE, item)),
        # contacts
        ("listContactFolders", "GET", "/contactFolders", contacts, places.contact_folders),
        ("createContactFolder", "POST", "/contactFolders", contacts, places.add_contact_folder),
        *_in_folders(CONTACT, "Contact", "/contactFolders/{}/contacts", places.contact_folder, contacts),
        ("listContacts", "GET", "/contacts", contacts,
         lambda call: operations.listed(call, CONTACT, places.contact_folder(call, "contacts"))),
        ("getContact", "GET", "/contacts/{}", contacts, lambda call, item: operations.get(call, CONTACT, item)),
        ("updateContact", "PATCH", "/contacts/{}", contacts, lambda call, item: operations.update(call, CONTACT, item)),
        ("deleteContact", "DELETE", "/contacts/{}", contacts,
         lambda call, item: operations.delete(call, CONTACT, item)),
        # tasks
        ("listTaskLists", "GET", "/todo/lists", tasks, places.task_lists),
        ("createTaskList", "POST", "/todo/lists", tasks, places.add_task_list),
        *_in_folders(TASK, "Task", "/todo/lists/{}/tasks", places.task_list, tasks),
        ("createLink", "POST", "/todo/lists/{}/tasks/{}/linkedResources", tasks, _link),
        ("updateLink", "PATCH", "/todo/lists/{}/tasks/{}/linkedResources/{}", tasks, _change_link),
        ("deleteLink", "DELETE", "/todo/lists/{}/tasks/{}/linkedResources/{}", tasks, _change_link),
        # the list of categories
        ("listCategories", "GET", "/outlook/masterCategories", settings, places.categories),
        ("createCategory", "POST", "/outlook/masterCategories", settings, places.add_category),
        ("deleteCategory", "DELETE", "/outlook/masterCategories/{}", settings, places.drop_category),
    ]  # fmt: skip
    return [
        Route(name, method, re.compile(path.replace("{}", "([^/]+)")), permission, handle)
        for name, method, path, permission, handle in rows
    ]


def _move_message(call: GraphCall, where: str, item: str) -> Answer:
    target = places.mail_folder(call, str(call.body.get("destinationId") or ""))
    return operations.move(call, MESSAGE, item, target, places.mail_folder(call, where))


def _message(call: GraphCall, where: str, item: str) -> Stored:
    return call.item(item, *MESSAGE.kinds, folder=places.mail_folder(call, where))


def _mime(call: GraphCall, where: str, item: str) -> Answer:
    return 200, messages.whole(_message(call, where, item))


def _attachment(call: GraphCall, where: str, item: str, attachment: str) -> Answer:
    return 200, messages.content(call, _message(call, where, item), attachment)


def _link(call: GraphCall, where: str, item: str) -> Answer:
    task = call.item(item, todo.KIND, folder=places.task_list(call, where))
    values, made = todo.with_link(task, call.body)
    call.store.items.replace(task, values)
    return 201, made


def _change_link(call: GraphCall, where: str, item: str, link: str) -> Answer:
    task = call.item(item, todo.KIND, folder=places.task_list(call, where))
    values, changed = todo.changed_link(task, link, call.body or None)
    call.store.items.replace(task, values)
    return (200, changed) if call.body else (204, None)


ROUTES = _routes()
_USER = re.compile(r"/(?:(me)|users/([^/]+))(/.*|)")


def find(method: str, path: str) -> tuple[Route, str, tuple[str, ...]] | None:
    """The route of a path below the root, whose mailbox it is, and the ids in it."""
    match = _USER.fullmatch(path)
    if match is None:
        return None
    who, rest = match[1] or unquote(match[2]), match[3]
    for route in ROUTES:
        found = route.pattern.fullmatch(rest) if route.method == method else None
        if found is not None:
            return route, who, tuple(unquote(each) for each in found.groups())
    return None


# --- the vendor


def operation(request: Request) -> str:
    """`graph.token`, `graph.authorize`, `graph.batch`, or the name of a route."""
    if _TOKEN.fullmatch(request.path):
        return "graph.token"
    if _AUTHORIZE.fullmatch(request.path):
        return "graph.authorize"
    if request.path == f"{ROOT}/$batch":
        return "graph.batch"
    if _SUBSCRIPTIONS.fullmatch(request.path.removeprefix(ROOT)):
        return f"graph.{_ON_SUBSCRIPTIONS.get(request.method, 'unknown')}"
    found = find(request.method, request.path.removeprefix(ROOT))
    return f"graph.{found[0].name}" if found is not None else "graph.unknown"


def handle(request: Request, sandbox: Sandbox) -> Response:
    tenant = _TOKEN.fullmatch(request.path)
    if tenant is not None:
        return _token(request, sandbox, tenant[1])
    page = _AUTHORIZE.fullmatch(request.path)
    if page is not None:
        return signin.authorize(request, sandbox, page[1])
    if not request.path.startswith(f"{ROOT}/"):
        return Response("no such page\n", 404)
    root = request.host_url.rstrip("/") + ROOT
    try:
        caller = signin.caller(request, sandbox)
        given = _body(request)
        if request.path == f"{ROOT}/$batch":
            told = batch.run(given, lambda *part: _part(sandbox, caller, root, *part))
            return _answered(200, {}, told)
        path = request.path.removeprefix(ROOT)
        if _SUBSCRIPTIONS.fullmatch(path):
            status, told = subscriptions.serve(sandbox, caller, request.method, path, given)
            return _answered(status, {}, told)
        headers = {name.lower(): value for name, value in request.headers.items()}
        url = request.path.removeprefix(ROOT) + (f"?{request.query_string.decode()}" if request.query_string else "")
        return _answered(*_call(sandbox, caller, root, request.method, url, headers, given))
    except GraphError as error:
        return _refused(error, sandbox)
    finally:
        rounds.start(sandbox)


def _token(request: Request, sandbox: Sandbox, tenant: str) -> Response:
    try:
        return _answered(200, {"Cache-Control": "no-store"}, signin.token(request, sandbox, tenant))
    except signin.SignInError as error:
        return _answered(error.status, {}, error.body)


def _body(request: Request) -> Any:
    data = request.get_data(cache=True)
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        raise bad("The body is not JSON.", "RequestBodyRead") from None


def _part(
    sandbox: Sandbox, caller: Caller, root: str, method: str, url: str, headers: Mapping[str, str], given: Any
) -> batch.Part:
    """One part of a batch; whatever goes wrong with it is its own."""
    found = find(method, url.partition("?")[0])
    name = found[0].name if found is not None else "unknown"
    sandbox.ledger.part("graph", f"graph.{name}")
    action = sandbox.faults.take(f"graph-item.{name}")
    if action is not None and action.answers:
        error = _scripted(action)
        return error.status, error.headers, body(error, sandbox.clock.now())
    try:
        with cutting(action):
            status, told_headers, told = _call(sandbox, caller, root, method, url, headers, given)
        if isinstance(told, bytes):
            told = base64.b64encode(told).decode("ascii")  # what is not JSON
        return status, told_headers, told
    except GraphError as error:
        return error.status, error.headers, body(error, sandbox.clock.now())


def _call(
    sandbox: Sandbox, caller: Caller, root: str, method: str, url: str, headers: Mapping[str, str], given: Any
) -> batch.Part:
    path, _, query = url.partition("?")
    found = find(method, path)
    if found is None:
        raise bad(f"Resource not found for the segment of '{method} {path}'.")
    route, who, identifiers = found
    if given is not None and not isinstance(given, dict):
        raise bad("The body must be an object.", "RequestBodyRead")
    call = open_call(
        sandbox, caller, who, route.permission, odata.read(query), headers, root, path, given or {}
    )  # fmt: skip
    try:
        with sandbox.store.transaction():
            status, told = route.handle(call, *identifiers)
    except EwsError as error:
        raise of(error) from error
    except (GraphError, RecursionError):
        raise
    except Exception as error:
        # a defect of the sandbox must look like one to the client, and must be found in the log
        log.exception("graph_operation_failed")
        raise GraphError(500, "ErrorInternalServerError", "An internal server error occurred.") from error
    return status, {"Preference-Applied": call.prefer.applied}, told


def fault(request: Request, sandbox: Sandbox, action: Action) -> Response:
    if _TOKEN.fullmatch(request.path) and action.code:
        return _answered(action.status or 400, {}, {"error": action.code, "error_description": "", "error_codes": []})
    return _refused(_scripted(action), sandbox)


# the status that goes with a code, when a script names the code alone
_STATUS_OF = {
    "ApplicationThrottled": 429, "TooManyRequests": 429, "ServiceUnavailable": 503, "ErrorItemNotFound": 404,
    "ErrorAccessDenied": 403, "ErrorIrresolvableConflict": 412, "syncStateNotFound": 410, "resyncRequired": 410,
    "InvalidAuthenticationToken": 401, "MailboxNotEnabledForRESTAPI": 404, "ErrorDuplicateTransactionId": 409,
}  # fmt: skip
_CODE_OF = {401: "InvalidAuthenticationToken", 403: "ErrorAccessDenied", 410: "syncStateNotFound",
            412: "ErrorIrresolvableConflict", 429: "ApplicationThrottled", 503: "ServiceUnavailable"}  # fmt: skip


def _scripted(action: Action) -> GraphError:
    status = action.status or _STATUS_OF.get(action.code, 400)
    return GraphError(status, action.code or _CODE_OF.get(status, "UnknownError"), action.message, action.headers)


def reset(sandbox: Sandbox) -> None:
    state.set_up(sandbox.store)
    sandbox.store.ensure(subscriptions.TABLES)


def dump(sandbox: Sandbox, normalise: bool) -> Any:
    """What is this vendor's own; the mailboxes are in the dump of Exchange."""
    return control.dump(sandbox, normalise=normalise)


def _answered(status: int, headers: Mapping[str, str], told: Any) -> Response:
    if isinstance(told, bytes):
        return Response(told, status, headers=dict(headers), content_type="application/octet-stream")
    text = "" if told is None else json.dumps(told, ensure_ascii=False)
    return Response(text, status, headers=dict(headers), content_type=f"{_JSON}; charset=utf-8")


def _refused(error: GraphError, sandbox: Sandbox) -> Response:
    return _answered(error.status, error.headers, body(error, sandbox.clock.now()))
