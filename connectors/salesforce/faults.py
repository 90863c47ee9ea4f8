"""Vendor codes and HTTP statuses of Salesforce, in our words: the one table, and the readers of error bodies.

Sources: REST API guide (status codes, error bodies, composite and collections results), the enumerations StatusCode
and ExceptionCode of the partner WSDL, OAuth error answers. Only codes are matched, because messages come in the
user's language; from a message nothing is taken but record ids and names of limits, which are never translated.

Bodies come in three shapes: `[{"message", "errorCode", "fields"}]` (REST), `[{"statusCode", "message", "fields"}]`
(one row of a collections result), `{"error", "error_description"}` (OAuth). Gateways answer HTML; that has no code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.errors import ConnectorError, Fault, Scope

_SOON = timedelta(seconds=5)
_SHORTLY = timedelta(seconds=30)
_LATER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Known:
    """What a code means. `says`: our own words for it. `wide`: it concerns the whole connection, even when a single
    row reports it."""

    fault: Fault
    says: str
    wait: timedelta | None = None
    wide: bool = False


FAULTS: Mapping[str | int, Known] = {
    # session and log-in
    "INVALID_SESSION_ID": Known(Fault.AUTH_EXPIRED, "the session is not valid", wide=True),
    "INVALID_AUTH_HEADER": Known(Fault.AUTH_EXPIRED, "the session is not valid", wide=True),
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": Known(Fault.AUTH_REVOKED, "the password has expired", wide=True),
    "INVALID_LOGIN": Known(Fault.AUTH_REVOKED, "the log-in is refused", wide=True),
    "USER_SUSPENDED": Known(Fault.AUTH_REVOKED, "the user is suspended", wide=True),
    "API_DISABLED_FOR_ORG": Known(Fault.FORBIDDEN, "the API is not enabled for this user or org", wide=True),
    "API_CURRENTLY_DISABLED": Known(Fault.FORBIDDEN, "the API is switched off", wide=True),
    "LOGIN_DURING_RESTRICTED_DOMAIN": Known(Fault.FORBIDDEN, "this network may not log in", wide=True),
    "LOGIN_DURING_RESTRICTED_TIME": Known(Fault.FORBIDDEN, "log-in is restricted at this hour", wide=True),
    "CLIENT_NOT_ACCESSIBLE_FOR_USER": Known(Fault.FORBIDDEN, "the user may not use this app", wide=True),
    "TRIAL_EXPIRED": Known(Fault.FORBIDDEN, "the trial of this org has expired", wide=True),
    "ORG_INACTIVE": Known(Fault.FORBIDDEN, "the org is not active", wide=True),
    # the OAuth token endpoint
    "invalid_grant": Known(Fault.AUTH_REVOKED, "the grant is refused: connect again", wide=True),
    "invalid_client": Known(Fault.AUTH_REVOKED, "the client secret is refused", wide=True),
    "invalid_client_id": Known(Fault.AUTH_REVOKED, "the client id is unknown", wide=True),
    "invalid_client_credentials": Known(Fault.AUTH_REVOKED, "the client secret is refused", wide=True),
    "unauthorized_client": Known(Fault.AUTH_REVOKED, "the app may not use this flow", wide=True),
    "unsupported_grant_type": Known(Fault.AUTH_REVOKED, "the app may not use this flow", wide=True),
    "invalid_request": Known(Fault.AUTH_REVOKED, "the token request is refused", wide=True),
    "invalid_scope": Known(Fault.AUTH_REVOKED, "the scope is refused", wide=True),
    "inactive_user": Known(Fault.AUTH_REVOKED, "the user is not active", wide=True),
    "inactive_org": Known(Fault.AUTH_REVOKED, "the org is not active", wide=True),
    "access_denied": Known(Fault.AUTH_REVOKED, "access is denied", wide=True),
    "invalid_app_access": Known(Fault.FORBIDDEN, "an administrator has not approved the user for the app", wide=True),
    "rate_limit_exceeded": Known(Fault.THROTTLED, "too many log-ins", _LATER, wide=True),
    "unknown_error": Known(Fault.UNAVAILABLE, "log-in failed for the moment", _SHORTLY, wide=True),
    # slow down, come back
    "REQUEST_LIMIT_EXCEEDED": Known(Fault.THROTTLED, "the request limit of the org is reached", _LATER, wide=True),
    "EXCEEDED_MAX_CONCURRENT_REQUESTS": Known(Fault.THROTTLED, "too many calls at once", _SHORTLY, wide=True),
    "SERVER_UNAVAILABLE": Known(Fault.UNAVAILABLE, "the server is not available", wide=True),
    "UNKNOWN_EXCEPTION": Known(Fault.UNAVAILABLE, "the server failed"),
    "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE": Known(Fault.UNAVAILABLE, "switched off for a while", _LATER),
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": Known(
        Fault.UNAVAILABLE, "the org is in maintenance", _LATER, wide=True
    ),
    "ORG_IN_MAINTENANCE": Known(Fault.UNAVAILABLE, "the org is in maintenance", _LATER, wide=True),
    "ORG_LOCKED": Known(Fault.UNAVAILABLE, "the org is locked for the moment", _LATER, wide=True),
    "UNABLE_TO_LOCK_ROW": Known(Fault.UNAVAILABLE, "the record is being written by somebody else", _SOON),
    "REQUEST_RUNNING_TOO_LONG": Known(Fault.UNAVAILABLE, "the request took too long", _SHORTLY),
    "TXN_SECURITY_RUNTIME_EXCEPTION": Known(Fault.UNAVAILABLE, "a transaction policy failed", _LATER),
    "QUERY_TIMEOUT": Known(Fault.UNAVAILABLE, "the query took too long", _SHORTLY),
    "QUERY_TOO_COMPLICATED": Known(Fault.UNAVAILABLE, "the query is too complicated at this size", _SHORTLY),
    "OPERATION_TOO_LARGE": Known(Fault.UNAVAILABLE, "the query reaches too many records", _SHORTLY),
    "INVALID_QUERY_LOCATOR": Known(Fault.UNAVAILABLE, "the pages of the query have expired: ask again"),
    "PROCESSING_HALTED": Known(Fault.UNAVAILABLE, "not tried, because another part of the call failed"),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Known(Fault.UNAVAILABLE, "taken back, because another row failed"),
    # the thing is not there, or not ours
    "ENTITY_IS_DELETED": Known(Fault.NOT_FOUND, "the record is deleted"),
    "NOT_FOUND": Known(Fault.NOT_FOUND, "there is no such thing"),
    "INSUFFICIENT_ACCESS_OR_READONLY": Known(Fault.FORBIDDEN, "the user may not write this record"),
    "INSUFFICIENT_ACCESS": Known(Fault.FORBIDDEN, "the user may not do this"),
    "CANNOT_UPDATE_CONVERTED_LEAD": Known(Fault.FORBIDDEN, "a converted lead is read-only"),
    "ENTITY_IS_LOCKED": Known(Fault.FORBIDDEN, "an approval process has locked the record"),
    "DELETE_FAILED": Known(Fault.FORBIDDEN, "the record may not be deleted"),
    "STORAGE_LIMIT_EXCEEDED": Known(Fault.FORBIDDEN, "the storage of the org is full"),
    # this value is refused
    "REQUIRED_FIELD_MISSING": Known(Fault.INVALID, "a required field has no value"),
    "STRING_TOO_LONG": Known(Fault.INVALID, "a text is too long for its field"),
    "NUMBER_OUTSIDE_VALID_RANGE": Known(Fault.INVALID, "a number is out of range"),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Known(Fault.INVALID, "a validation rule of the org refuses the record"),
    "FIELD_INTEGRITY_EXCEPTION": Known(Fault.INVALID, "values that do not go together"),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Known(Fault.INVALID, "a value is not on the field's list"),
    "INVALID_EMAIL_ADDRESS": Known(Fault.INVALID, "an e-mail address is refused"),
    "INVALID_CROSS_REFERENCE_KEY": Known(Fault.INVALID, "it refers to a record that is not there"),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Known(
        Fault.INVALID, "it refers to a record that the user may not see or write"
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Known(Fault.INVALID, "a trigger of the org refuses the record"),
    "CANNOT_EXECUTE_FLOW_TRIGGER": Known(Fault.INVALID, "a flow of the org refuses the record"),
    "INACTIVE_OWNER_OR_USER": Known(Fault.INVALID, "the owner is not active"),
    "INVALID_FIELD": Known(Fault.INVALID, "a field is unknown or hidden"),
    "INVALID_FIELD_FOR_INSERT_UPDATE": Known(Fault.INVALID, "a field may not be written"),
    "INVALID_TYPE": Known(Fault.INVALID, "an object is unknown or hidden"),
    "INVALID_TYPE_ON_FIELD_IN_RECORD": Known(Fault.INVALID, "a value has the wrong type"),
    "MALFORMED_ID": Known(Fault.INVALID, "this is not an id"),
    "MALFORMED_QUERY": Known(Fault.INVALID, "the query is not understood"),
    "JSON_PARSER_ERROR": Known(Fault.INVALID, "the request is not understood"),
    "UNSUPPORTED_API_VERSION": Known(Fault.INVALID, "this API version is not served any more", wide=True),
    # it exists already
    "DUPLICATE_VALUE": Known(Fault.DUPLICATE, "another record has this unique value"),
    "DUPLICATE_EXTERNAL_ID": Known(Fault.DUPLICATE, "several records have this key"),
    "DUPLICATES_DETECTED": Known(Fault.DUPLICATE, "a duplicate rule of the org found a matching record"),
    # statuses, for answers that carry no code
    300: Known(Fault.DUPLICATE, "several records have this key"),
    301: Known(Fault.UNAVAILABLE, "the org has moved", _LATER, wide=True),
    302: Known(Fault.UNAVAILABLE, "the org has moved", _LATER, wide=True),
    307: Known(Fault.UNAVAILABLE, "the org has moved", _LATER, wide=True),
    308: Known(Fault.UNAVAILABLE, "the org has moved", _LATER, wide=True),
    400: Known(Fault.INVALID, "the request is refused"),
    401: Known(Fault.AUTH_EXPIRED, "the session is not valid", wide=True),
    403: Known(Fault.FORBIDDEN, "the user may not do this"),
    404: Known(Fault.NOT_FOUND, "there is no such thing"),
    405: Known(Fault.INVALID, "the resource does not take this method"),
    409: Known(Fault.STALE, "somebody else wrote in between"),
    410: Known(Fault.INVALID, "this API version is not served any more", wide=True),
    412: Known(Fault.STALE, "somebody else wrote in between"),
    414: Known(Fault.INVALID, "the request is too long"),
    415: Known(Fault.INVALID, "the request is not understood"),
    428: Known(Fault.INVALID, "the request lacks a condition"),
    429: Known(Fault.THROTTLED, "asked to slow down", _SHORTLY, wide=True),
    431: Known(Fault.INVALID, "the request is too long"),
    500: Known(Fault.UNAVAILABLE, "the server failed"),
    502: Known(Fault.UNAVAILABLE, "the server could not be reached behind its gateway", wide=True),
    503: Known(Fault.UNAVAILABLE, "the server is not available", wide=True),
    504: Known(Fault.UNAVAILABLE, "the server did not answer its gateway", wide=True),
}

# A delete that meets one of these has reached its aim.
GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})

# The describe we worked from is out of date.
SCHEMA_MOVED = frozenset({"INVALID_FIELD", "INVALID_TYPE", "INVALID_FIELD_FOR_INSERT_UPDATE"})

# After these a write may have happened: the server, or what stands before it, lost the answer.
OUTCOME_LOST = frozenset({500, 502, 504})

_OTHER_ROW = Known(Fault.INVALID, "the record is refused")
_OTHER_SERVER = Known(Fault.UNAVAILABLE, "the server failed", wide=True)
_RECORD_ID = re.compile(r"\b[a-zA-Z0-9]{5}0[a-zA-Z0-9]{9}(?:[A-Z0-5]{3})?\b|\b[a-zA-Z0-9]{18}\b|\b[a-zA-Z0-9]{15}\b")


def known(code: str, status: int) -> Known:
    """The meaning of a code; without a known code that of the status."""
    if code in FAULTS:
        return FAULTS[code]
    if status in FAULTS:
        return FAULTS[status]
    return _OTHER_SERVER if status >= 500 else _OTHER_ROW


def call_error(status: int, body: object, retry_after: timedelta | None = None) -> ConnectorError:
    """The error of a whole call (or of one part of a composite call) from its status and body, raw or parsed."""
    first = _first(body)
    code = _code(first)
    what = known(code, status)
    wait = what.wait
    if code == "REQUEST_LIMIT_EXCEEDED" and "ConcurrentRequests" in _text(first.get("message")):
        wait = _SHORTLY  # a moment's crowd, not the day's quota
    scope = Scope.CONNECTION if what.wide or what.fault is Fault.UNAVAILABLE else Scope.CONTAINER
    return ConnectorError(
        fault=what.fault,
        detail=what.says,
        vendor_code=code or f"HTTP_{status}",
        scope=scope,
        retry_after=retry_after or wait,
        fields=_fields(first),
        existing=existing_id(first) if what.fault is Fault.DUPLICATE else "",
    )


def part_error(status: int, body: object) -> ConnectorError:
    """The error of one reading part of a composite call that itself went well. The server answered the others, so
    what it failed to do concerns the part alone, unless the code speaks of the whole connection."""
    error = call_error(status, body)
    if error.scope is Scope.CONNECTION and not known(error.vendor_code, status).wide:
        error.scope = Scope.CONTAINER
    return error


def row_error(errors: object) -> ConnectorError:
    """The error of one row of a collections result, or of one record's own part of a composite call."""
    first = _first(errors)
    code = _code(first)
    what = known(code, 400)
    return ConnectorError(
        fault=what.fault,
        detail=what.says,
        vendor_code=code,
        scope=Scope.CONNECTION if what.wide else Scope.ITEM,
        retry_after=what.wait,
        fields=_fields(first),
        existing=existing_id(first) if what.fault is Fault.DUPLICATE else "",
    )


def existing_id(error: Mapping[str, object]) -> str:
    """The id of the record that stands in the way: of a duplicate rule's first match, else from the message of a
    unique field (`... on record with id: 00U...`; ids are not translated)."""
    result = error.get("duplicateResult")
    if isinstance(result, Mapping):
        for match in _dicts(result.get("matchResults")):
            for found in _dicts(match.get("matchRecords")):
                record = found.get("record")
                if isinstance(record, Mapping) and (record.get("Id") or record.get("id")):
                    return _text(record.get("Id") or record.get("id"))
    # The id closes the message; a word of just that length may stand before it, a digit in the key prefix tells.
    ids = [m for m in _RECORD_ID.findall(_text(error.get("message"))) if m[0].isdigit()]
    return ids[-1] if ids else ""


def names_field(errors: object, name: str) -> bool:
    """Whether the error is about this field: named in its `fields`, or, for unique fields, in its message."""
    first = _first(errors)
    if name in _fields(first):
        return True
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", _text(first.get("message")), re.IGNORECASE) is not None


def _first(body: object) -> Mapping[str, object]:
    if isinstance(body, bytes | str):
        try:
            body = json.loads(body)
        except ValueError:
            return {}
    if isinstance(body, Mapping):
        return body
    if isinstance(body, Sequence) and not isinstance(body, str) and body and isinstance(body[0], Mapping):
        return body[0]
    return {}


def _code(error: Mapping[str, object]) -> str:
    return _text(error.get("errorCode") or error.get("statusCode") or error.get("error"))


def _fields(error: Mapping[str, object]) -> tuple[str, ...]:
    names = error.get("fields")
    return tuple(n for n in names if isinstance(n, str)) if isinstance(names, list) else ()


def _dicts(value: object) -> list[Mapping[str, object]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
