"""How the vendor says no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# status of an error code where it is not the usual 400
_STATUS = {
    "INVALID_SESSION_ID": 401,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "API_DISABLED_FOR_ORG": 403,
    "API_CURRENTLY_DISABLED": 403,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "METHOD_NOT_ALLOWED": 405,
    "PRECONDITION_FAILED": 412,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "UNSUPPORTED_API_VERSION": 410,
    "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}


class SfError(Exception):
    """An error of one request or one row. `fields`: those to blame; `extra`: further members of the body."""

    def __init__(
        self,
        code: str,
        message: str,
        fields: Sequence[str] | None = None,
        *,
        status: int = 0,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = list(fields) if fields is not None else None
        self.status = status or _STATUS.get(code, 400)
        self.extra = extra or {}

    def body(self) -> list[dict[str, Any]]:
        """The array that a single call answers with; `fields` only where the vendor has them."""
        entry: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = self.fields
        entry.update(self.extra)
        return [entry]

    def row(self) -> dict[str, Any]:
        """One row of a collection answer: no id, and `statusCode` instead of `errorCode`."""
        error = {"statusCode": self.code, "message": self.message, "fields": self.fields or [], **self.extra}
        return {"success": False, "errors": [error]}


class OAuthError(Exception):
    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status


def not_found(message: str = "The requested resource does not exist") -> SfError:
    return SfError("NOT_FOUND", message)


def cross_reference(field: str | None = None) -> SfError:
    return SfError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field] if field else [])


def integrity(message: str, fields: Sequence[str]) -> SfError:
    return SfError("FIELD_INTEGRITY_EXCEPTION", message, fields)
