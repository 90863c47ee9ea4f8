"""Refusals of Google in the two forms in which its services tell them."""

from __future__ import annotations

import json

from werkzeug.wrappers import Response

DOMAINS = {
    "rateLimitExceeded": "usageLimits", "userRateLimitExceeded": "usageLimits", "quotaExceeded": "usageLimits",
    "dailyLimitExceeded": "usageLimits", "accessNotConfigured": "usageLimits", "duplicate": "global",
    "fullSyncRequired": "calendar", "deleted": "global", "forbiddenForNonOrganizer": "calendar",
}  # fmt: skip
# the status that goes with a reason when only the reason is named
STATUSES = {
    "rateLimitExceeded": 403, "userRateLimitExceeded": 403, "quotaExceeded": 403, "dailyLimitExceeded": 403,
    "RESOURCE_EXHAUSTED": 429, "accessNotConfigured": 403, "insufficientPermissions": 403, "authError": 401,
    "notFound": 404, "deleted": 410, "fullSyncRequired": 410, "conditionNotMet": 412, "duplicate": 409,
    "backendError": 500, "failedPrecondition": 400, "EXPIRED_SYNC_TOKEN": 400, "FAILED_PRECONDITION": 400,
    "invalid_grant": 400, "unauthorized_client": 401, "invalid_client": 401,
}  # fmt: skip
# the reason that goes with a status when only the status is named
REASONS = {
    400: "badRequest", 401: "authError", 403: "forbidden", 404: "notFound", 409: "conflict", 410: "deleted",
    412: "conditionNotMet", 429: "rateLimitExceeded", 500: "backendError", 503: "backendError",
}  # fmt: skip
_WORDS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ABORTED",
    412: "FAILED_PRECONDITION", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
}  # fmt: skip


class GoogleError(Exception):
    """`reason`: the word of the older form; `info`: that of the newer one, where a service speaks it."""

    def __init__(self, status: int, reason: str, message: str = "", *, info: str = "") -> None:
        super().__init__(reason or info)
        self.status = status
        self.reason = reason
        self.message = message or reason or info
        self.info = info


def invalid(message: str) -> GoogleError:
    return GoogleError(400, "invalid", message)


def not_found() -> GoogleError:
    return GoogleError(404, "notFound", "Not Found")


def moved_on() -> GoogleError:
    return GoogleError(412, "conditionNotMet", "Precondition Failed")


def answer(error: GoogleError, headers: dict[str, str] | None = None) -> Response:
    told: dict[str, object] = {"code": error.status, "message": error.message}
    if error.info:
        told["status"] = _WORDS.get(error.status, "UNKNOWN") if error.info != "FAILED_PRECONDITION" else error.info
        told["details"] = [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": error.info, "domain": "googleapis.com"}
        ]
    else:
        domain = DOMAINS.get(error.reason, "global")
        told["errors"] = [{"domain": domain, "reason": error.reason, "message": error.message}]
        if error.status in _WORDS:
            told["status"] = _WORDS[error.status]
    return Response(json.dumps({"error": told}), error.status, headers, content_type="application/json; charset=UTF-8")
