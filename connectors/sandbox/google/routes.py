"""/google/...: names the operation, lets the caller in, hands over, answers JSON.

Below it stand the services as their discovery documents have them: `calendar/v3`, `gmail/v1`, `tasks/v1`, `people/v1`,
`drive/v3`, with `token` for tokens and `batch...` for many requests in one.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from werkzeug.wrappers import Request, Response

from connectors.sandbox import rounds
from connectors.sandbox.faults import Action, cutting
from connectors.sandbox.google import batch, calendar, channels, control, drive, gmail, oauth, people, tasks
from connectors.sandbox.google.call import Call, answered
from connectors.sandbox.google.errors import REASONS, STATUSES, GoogleError, answer
from connectors.sandbox.google.masks import masked, parse
from connectors.sandbox.google.state import TABLES, Directory, Docs, User

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

log = logging.getLogger(__name__)
PREFIX = "/google"
_TOKEN, _CERTS = "/token", "/oauth2/v3/certs"
Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    name: str
    handler: Handler


def _route(method: str, path: str, name: str, handler: Handler) -> Route:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", path)
    return Route(method, re.compile(pattern), name, handler)


_EVENTS = "/calendar/v3/calendars/primary/events"
_ANY_EVENTS = "/calendar/v3/calendars/{calendarId}/events"
_MAIL = "/gmail/v1/users/me"
_LISTS = "/tasks/v1/users/@me/lists"
_TASKS = "/tasks/v1/lists/{tasklist}/tasks"
ROUTES = (
    _route("GET", "/calendar/v3/users/me/calendarList", "calendar.calendarList.list", calendar.list_calendars),
    _route("GET", _ANY_EVENTS, "calendar.events.list", calendar.list_events),
    _route("POST", _EVENTS, "calendar.events.insert", calendar.insert_event),
    _route("POST", f"{_EVENTS}/watch", "calendar.events.watch", channels.watch_events),
    _route("POST", "/calendar/v3/channels/stop", "calendar.channels.stop", channels.stop_channel),
    _route("GET", f"{_ANY_EVENTS}/{{eventId}}", "calendar.events.get", calendar.get_event),
    _route("PATCH", f"{_ANY_EVENTS}/{{eventId}}", "calendar.events.patch", calendar.patch_event),
    _route("PUT", f"{_EVENTS}/{{eventId}}", "calendar.events.update", calendar.update_event),
    _route("DELETE", f"{_ANY_EVENTS}/{{eventId}}", "calendar.events.delete", calendar.delete_event),
    _route("GET", f"{_EVENTS}/{{eventId}}/instances", "calendar.events.instances", calendar.list_instances),
    _route("GET", f"{_MAIL}/profile", "gmail.users.getProfile", gmail.profile),
    _route("POST", f"{_MAIL}/watch", "gmail.users.watch", channels.watch_mail),
    _route("POST", f"{_MAIL}/stop", "gmail.users.stop", channels.stop_mail),
    _route("GET", f"{_MAIL}/history", "gmail.users.history.list", gmail.list_history),
    _route("GET", f"{_MAIL}/labels", "gmail.users.labels.list", gmail.list_labels),
    _route("POST", f"{_MAIL}/labels", "gmail.users.labels.create", gmail.create_label),
    _route("DELETE", f"{_MAIL}/labels/{{id}}", "gmail.users.labels.delete", gmail.delete_label),
    _route("GET", f"{_MAIL}/messages", "gmail.users.messages.list", gmail.list_messages),
    _route("GET", f"{_MAIL}/threads/{{id}}", "gmail.users.threads.get", gmail.get_thread),
    _route("POST", f"{_MAIL}/messages/batchModify", "gmail.users.messages.batchModify", gmail.batch_modify),
    _route("GET", f"{_MAIL}/messages/{{id}}", "gmail.users.messages.get", gmail.get_message),
    _route(
        "GET",
        f"{_MAIL}/messages/{{messageId}}/attachments/{{id}}",
        "gmail.users.messages.attachments.get",
        gmail.get_attachment,
    ),
    _route("POST", f"{_MAIL}/messages/{{id}}/modify", "gmail.users.messages.modify", gmail.modify),
    _route("GET", f"{_MAIL}/settings/sendAs", "gmail.users.settings.sendAs.list", gmail.list_send_as),
    _route("GET", _LISTS, "tasks.tasklists.list", tasks.list_lists),
    _route("POST", _LISTS, "tasks.tasklists.insert", tasks.insert_list),
    _route("GET", _TASKS, "tasks.tasks.list", tasks.list_tasks),
    _route("POST", _TASKS, "tasks.tasks.insert", tasks.insert_task),
    _route("GET", f"{_TASKS}/{{task}}", "tasks.tasks.get", tasks.get_task),
    _route("PATCH", f"{_TASKS}/{{task}}", "tasks.tasks.patch", tasks.patch_task),
    _route("DELETE", f"{_TASKS}/{{task}}", "tasks.tasks.delete", tasks.delete_task),
    _route("POST", f"{_TASKS}/{{task}}/move", "tasks.tasks.move", tasks.move_task),
    _route("GET", "/people/v1/people/me/connections", "people.people.connections.list", people.list_connections),
    _route("GET", "/people/v1/people:batchGet", "people.people.getBatchGet", people.batch_get),
    _route("POST", "/people/v1/people:createContact", "people.people.createContact", people.create_contact),
    _route("PATCH", "/people/v1/people/{id}:updateContact", "people.people.updateContact", people.update_contact),
    _route("DELETE", "/people/v1/people/{id}:deleteContact", "people.people.deleteContact", people.delete_contact),
    _route("GET", "/people/v1/contactGroups", "people.contactGroups.list", people.list_groups),
    _route("POST", "/people/v1/contactGroups", "people.contactGroups.create", people.create_group),
    _route("PUT", "/people/v1/contactGroups/{id}", "people.contactGroups.update", people.update_group),
    _route(
        "POST",
        "/people/v1/contactGroups/{id}/members:modify",
        "people.contactGroups.members.modify",
        people.modify_members,
    ),
    _route("GET", "/drive/v3/about", "drive.about.get", drive.about),
    _route("GET", "/drive/v3/files/{fileId}", "drive.files.get", drive.get_file),
)
SCOPES = {
    "calendar": "https://www.googleapis.com/auth/calendar", "gmail": "https://www.googleapis.com/auth/gmail.modify",
    "tasks": "https://www.googleapis.com/auth/tasks", "people": "https://www.googleapis.com/auth/contacts",
    "drive": "https://www.googleapis.com/auth/drive.readonly",
}  # fmt: skip
BATCHES = {
    "/batch/calendar/v3": "calendar", "/batch/gmail/v1": "gmail", "/batch": "tasks", "/people/batch": "people",
    "/batch/drive/v3": "drive",
}  # fmt: skip


_PAGES = {_TOKEN: "token", _CERTS: "certs", "/revoke": "revoke", "/o/oauth2/v2/auth": "authorize"}


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    for route in ROUTES:
        found = route.pattern.fullmatch(path) if route.method == method else None
        if found is not None:
            return route, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def operation(request: Request) -> str:
    path = _path(request)
    if path in _PAGES:
        return f"google.{_PAGES[path]}"
    if path in BATCHES:
        return f"google.{BATCHES[path]}.batch"
    found = find(request.method, path)
    return f"google.{found[0].name}" if found is not None else "google.unknown"


def _path(request: Request) -> str:
    # as it was sent: an id may hold what would part the path
    raw = str(request.environ.get("REQUEST_URI") or request.path).partition("?")[0]
    return raw.removeprefix(PREFIX)


def handle(request: Request, sandbox: Sandbox) -> Response:
    path = _path(request)
    if path == _TOKEN and request.method == "POST":
        return oauth.token(request, sandbox)
    if path == "/revoke" and request.method == "POST":
        return oauth.revoke(request, sandbox)
    if path == "/o/oauth2/v2/auth" and request.method == "GET":
        return oauth.authorize(request, sandbox)
    if path == _CERTS:
        return answered(oauth.certs())
    try:
        return _handled(request, sandbox, path)
    finally:
        rounds.start(sandbox)


def _handled(request: Request, sandbox: Sandbox, path: str) -> Response:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if path in BATCHES and request.method == "POST":

        def act(asked: batch.Part) -> Response:
            sandbox.ledger.part("google", f"google.{_named(asked)}")
            action = sandbox.faults.take(f"google.part.{_named(asked)}")
            if action is not None and action.answers:
                return refusal(action)
            with cutting(action):
                return serve(sandbox, bearer, asked.method, asked.path.removeprefix(PREFIX), asked.query,
                             asked.content, asked.headers)  # fmt: skip

        return batch.handle(request, act)
    query, content = request.query_string.decode(), request.get_data(cache=True)
    return serve(sandbox, bearer, request.method, path, query, content, dict(request.headers))


def _named(asked: batch.Part) -> str:
    found = find(asked.method, asked.path.removeprefix(PREFIX))
    return found[0].name if found is not None else "unknown"


def serve(
    sandbox: Sandbox, bearer: str, method: str, path: str, query: str, content: bytes, headers: Mapping[str, str]
) -> Response:
    """One request of a user who shows a token."""
    try:
        found = find(method, path)
        if found is None:
            raise GoogleError(404, "notFound", f"the sandbox has no {method} {path}")
        route, parts = found
        who = Directory(sandbox.store).bearer(bearer, time.time())
        if who is None:
            raise GoogleError(401, "authError", "Invalid Credentials")
        user, scopes = who
        if SCOPES[route.name.partition(".")[0]] not in scopes:
            raise GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        _served(Directory(sandbox.store), route.name.partition(".")[0], user)
        params = parse_qs(query, keep_blank_values=True)
        docs, condition = Docs(sandbox.store, user, sandbox.clock.now()), headers.get("If-Match", "")
        told = route.handler(Call(sandbox, docs, parts, params, content, condition, headers.get("Range", "")))
        if isinstance(told, Response):
            return told
        mask = parse(params["fields"][0]) if params.get("fields") else {}
        return answered(masked(told, mask) if told is not None else None)
    except GoogleError as error:
        return answer(error)
    except Exception:
        # a defect of the sandbox must look like one to the client, and must be found in the log
        log.exception("google_operation_failed")
        return answer(GoogleError(500, "backendError", "Backend Error"))


# how each service says that its API is not enabled, and that the user has no such service
_NOT_ENABLED = {
    "calendar": GoogleError(403, "accessNotConfigured"), "gmail": GoogleError(403, "accessNotConfigured"),
    "tasks": GoogleError(403, "accessNotConfigured", info="SERVICE_DISABLED"),
    "people": GoogleError(403, "accessNotConfigured", info="SERVICE_DISABLED"),
    "drive": GoogleError(403, "accessNotConfigured"),
}  # fmt: skip
_NOT_HIS = {
    "calendar": GoogleError(403, "notACalendarUser"), "gmail": GoogleError(400, "failedPrecondition"),
    "tasks": GoogleError(403, "forbidden"), "people": GoogleError(403, "forbidden"),
    "drive": GoogleError(403, "forbidden"),
}  # fmt: skip


def _served(directory: Directory, service: str, user: User) -> None:
    """Raises what the service refuses with when it is switched off."""
    if directory.is_off(service, None):
        raise _NOT_ENABLED[service]
    if directory.is_off(service, user):
        raise _NOT_HIS[service]


def fault(request: Request, sandbox: Sandbox, action: Action) -> Response:  # noqa: ARG001
    if _path(request) == _TOKEN:
        code = action.code or "internal_failure"
        return oauth.refused(oauth.TokenError(action.status or STATUSES.get(code, 400), code, action.message))
    return refusal(action)


def refusal(action: Action) -> Response:
    """A scripted fault: by the reason that it names, or by its status."""
    status = action.status or STATUSES.get(action.code, 400)
    reason = action.code or REASONS.get(status, "badRequest")
    info = reason if reason.isupper() else ""
    return answer(GoogleError(status, reason, action.message, info=info), dict(action.headers))


def reset(sandbox: Sandbox) -> None:
    sandbox.store.ensure((*TABLES, *channels.TABLES))


def dump(sandbox: Sandbox, normalise: bool) -> Any:
    return control.dump(sandbox, normalise=normalise)
