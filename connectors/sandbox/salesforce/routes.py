"""The wire: /salesforce/services/..., sessions, sizes, quota, and the form of the answers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from connectors.sandbox.faults import Action
from connectors.sandbox.salesforce import admin, dumping, multi, oauth, orgs, permissions, rest, soap
from connectors.sandbox.salesforce.call import Call, forget
from connectors.sandbox.salesforce.errors import SfError, not_found
from connectors.sandbox.salesforce.rest import Answer, Part, UnknownRouteError

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

OLDEST, NEWEST = 31, 68
BIGGEST_HEAD = 16_384  # address and headers together
_SEASONS = ("Winter", "Spring", "Summer")
_DATA = re.compile(r"/salesforce/services/data/v(\d+)\.0(?:/(.*))?", re.DOTALL)
_OPERATIONS: tuple[tuple[str, str, str], ...] = (
    ("*", r"query/[^/]+", "sf.queryMore"),
    ("*", r"query", "sf.query"),
    ("*", r"queryAll(/[^/]+)?", "sf.queryAll"),
    ("*", r"limits(/.*)?", "sf.limits"),
    ("*", r"composite", "sf.composite"),
    ("*", r"composite/batch", "sf.batch"),
    ("*", r"composite/graph", "sf.graph"),
    ("POST", r"composite/sobjects", "sf.collections.create"),
    ("PATCH", r"composite/sobjects", "sf.collections.update"),
    ("PATCH", r"composite/sobjects/[^/]+/[^/]+", "sf.collections.upsert"),
    ("DELETE", r"composite/sobjects", "sf.collections.delete"),
    ("*", r"composite/sobjects/[^/]+", "sf.collections.retrieve"),
    ("*", r"sobjects", "sf.describeGlobal"),
    ("*", r"sobjects/[^/]+/describe", "sf.describe"),
    ("*", r"sobjects/[^/]+/listviews(/.*)?", "sf.listViews"),
    ("*", r"sobjects/[^/]+/updated", "sf.updated"),
    ("*", r"sobjects/[^/]+/deleted", "sf.deleted"),
    ("POST", r"sobjects/[^/]+", "sf.sobject.create"),
    ("GET", r"sobjects/[^/]+", "sf.sobject.basic"),
    ("GET", r"sobjects/[^/]+/.+", "sf.sobject.get"),
    ("HEAD", r"sobjects/[^/]+/.+", "sf.sobject.get"),
    ("DELETE", r"sobjects/[^/]+/.+", "sf.sobject.delete"),
    ("PATCH", r"sobjects/[^/]+/[^/]+", "sf.sobject.update"),
    ("*", r"sobjects/[^/]+/[^/]+/.+", "sf.sobject.upsert"),
    ("*", r"", "sf.resources"),
)
_FAULT_TEXT = {
    "REQUEST_LIMIT_EXCEEDED": "TotalRequests Limit exceeded.",
    "INVALID_SESSION_ID": "Session expired or invalid",
    "UNABLE_TO_LOCK_ROW": "unable to obtain exclusive access to this record",
    "QUERY_TIMEOUT": "Your query request was running for too long.",
    "SERVER_UNAVAILABLE": "The server is currently unavailable.",
}
_FAULT_CODES = {
    401: "INVALID_SESSION_ID",
    403: "REQUEST_LIMIT_EXCEEDED",
    500: "UNKNOWN_EXCEPTION",
    503: "SERVER_UNAVAILABLE",
}


def operation(request: Request) -> str:
    path = request.path.rstrip("/")
    if "/services/oauth2/" in path:
        return f"sf.oauth.{path.rpartition('/')[2]}"
    if path.endswith("/services/data"):
        return "sf.versions"
    if path.startswith("/salesforce/id/"):
        return "sf.identity"
    if path.startswith(soap.PREFIX):
        return "sf.soap"
    match = _DATA.fullmatch(path)
    below = (match[2] or "").strip("/") if match else None
    if below is not None:
        for method, pattern, name in _OPERATIONS:
            if method in ("*", request.method) and re.fullmatch(pattern, below):
                return name
    return "sf.unknown"


def handle(request: Request, sandbox: Sandbox) -> Response:
    path = request.path
    if path.startswith("/salesforce/services/oauth2/"):
        return oauth.handle(request, sandbox, path.removeprefix("/salesforce/services/oauth2/").strip("/"))
    if path.startswith("/salesforce/id/"):
        return oauth.handle(request, sandbox, "userinfo")
    if path.startswith(soap.PREFIX):
        return soap.handle(request, sandbox)
    if path.rstrip("/") == "/salesforce/services/data":
        return _json(200, [_version(number) for number in range(OLDEST, NEWEST + 1)])
    head = len(_address(request).encode())
    if head > BIGGEST_HEAD:
        return Response("<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>", 414, content_type="text/html")
    if head + sum(len(name) + len(value) + 4 for name, value in request.headers) > BIGGEST_HEAD:
        return Response(
            "<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too Large</pre>", 431, content_type="text/html"
        )
    match = _DATA.fullmatch(path)
    if match is None:
        return Response(f"salesforce: the sandbox does not serve {path}\n", 501)
    number = int(match[1])
    if number < OLDEST:
        return _failed(SfError("UNSUPPORTED_API_VERSION", "this version of the API is retired", status=410))
    if number > NEWEST:
        return _failed(not_found())
    return _data(request, sandbox, f"{number}.0")


def _address(request: Request) -> str:
    raw = request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI")
    return str(raw) if raw else request.full_path


def _raw_path(request: Request) -> str:
    """The path below the version, as it was sent: a key value may hold an encoded slash."""
    raw = _address(request).partition("?")[0]
    return re.sub(r"^.*?/services/data/v\d+\.0/?", "", raw)


def _version(number: int) -> dict[str, str]:
    # three releases a year; 66.0 is the Spring of 2026
    season = _SEASONS[(number - 65) % 3]
    year = 26 + (number - 65) // 3
    return {"label": f"{season} '{year % 100:02d}", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}


def _data(request: Request, sandbox: Sandbox, version: str) -> Response:
    found = oauth.session(request, sandbox)
    if found is None:
        return _failed(SfError("INVALID_SESSION_ID", "Session expired or invalid"))
    org, user = found
    headers = {name.lower(): value for name, value in request.headers}
    call = Call(sandbox, org, user, request.host_url.rstrip("/"), version, headers)
    if permissions.lacks(call, "ApiEnabled"):
        return _failed(SfError("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner"))
    used = _use(call)
    if used > org.settings.api_quota:
        return _failed(SfError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
    try:
        answer = _serve(request, call)
        call.settle()
    except SfError as error:
        answer = Answer(error.status, error.body())
    except UnknownRouteError:
        return Response(f"salesforce: the sandbox does not serve {request.path}\n", 501)
    response = _json(answer.status, answer.body, answer.headers)
    response.headers["Sforce-Limit-Info"] = f"api-usage={used}/{org.settings.api_quota}"
    return response


def _use(call: Call) -> int:
    """Count the call against the org's quota; answers how many that makes."""
    with call.store.transaction() as connection:
        connection.execute("UPDATE sf_org SET used = used + 1 WHERE key = ?", (call.org.key,))
        return rest.usage(call)[0]


def _serve(request: Request, call: Call) -> Answer:
    part = Part(request.method, _raw_path(request), request.args.to_dict())
    if request.method in ("POST", "PATCH", "PUT"):
        part.body, part.in_parts = _body(request), request.mimetype == "multipart/form-data"
    inner = multi.handle if part.steps[:1] == ["composite"] else rest.handle
    return inner(call, part)


def _body(request: Request) -> Any:
    kind = request.mimetype
    if kind == "multipart/form-data":
        return rest.multipart_body(request.form, request.files)
    if kind != "application/json":
        raise SfError("UNSUPPORTED_MEDIA_TYPE", f"Content type {kind or 'none'} is not supported")
    try:
        return json.loads(request.get_data())
    except ValueError as error:
        raise SfError("JSON_PARSER_ERROR", f"Unexpected character in the body: {error}") from None


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    if isinstance(body, bytes):
        return Response(body, status, headers=headers)
    if body is None:
        response = Response(b"", status, headers=headers)
        response.headers.pop("Content-Type", None)
        return response
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers=headers, content_type="application/json;charset=UTF-8")


def _failed(error: SfError) -> Response:
    return _json(error.status, error.body())


def fault(request: Request, sandbox: Sandbox, action: Action) -> Response:  # noqa: ARG001
    """A code of the vendor with its usual status, or a bare status with the code that belongs to it."""
    if "/oauth2/" in request.path:
        body = {"error": action.code or "unknown_error", "error_description": action.message or "retry your request"}
        return _json(action.status or 400, body)
    code = action.code or _FAULT_CODES.get(action.status, "UNKNOWN_EXCEPTION")
    message = action.message or _FAULT_TEXT.get(code, "An unexpected error occurred.")
    return _failed(SfError(code, message, status=action.status))


def reset(sandbox: Sandbox) -> None:
    """The default org with its integration user and client."""
    forget(sandbox.store)
    orgs.install(sandbox.store)
    if orgs.find_org(sandbox.store, orgs.DEFAULT_ORG) is None:
        org = orgs.create_org(sandbox.store, orgs.DEFAULT_ORG)
        admin.furnish(sandbox, org, orgs.DEFAULT_CLIENT, orgs.DEFAULT_SECRET)


def dump(sandbox: Sandbox, normalise: bool) -> Any:
    return {org.key: dumping.org_state(sandbox.store, org, normalise) for org in orgs.all_orgs(sandbox.store)}
