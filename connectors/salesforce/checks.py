"""Proving a connection step by step, each step with what to do when it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.errors import ConnectorError
from connectors.findings import finding_of
from connectors.protocols import Check, OrgShape
from connectors.salesforce.auth import Tokens
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.describe import NEEDED, OBJECTS
from connectors.salesforce.relations import are_shared
from connectors.salesforce.rivals import signs
from connectors.salesforce.soql import literal, select
from connectors.salesforce.wire import Query, Wire
from mapping.model.findings import Finding

_KEYED = ("Event", "Task", "EmailMessage")
_ONLY_BY_ID = "ContentDocumentLink"  # Salesforce refuses to tell any one of them
_LEFT_AT_LEAST = 0.1
_OTHERS = "events of others"
_ALL_DATA = ("PermissionsViewAllData", "PermissionsModifyAllData")

WORDS: Mapping[str, Finding] = {
    # of the log-in
    "invalid_client_id": Finding.CLIENT_UNKNOWN,
    "invalid_client": Finding.SECRET_WRONG,
    "invalid_client_credentials": Finding.SECRET_WRONG,
    "invalid_app_access": Finding.APP_NOT_APPROVED,
    "unauthorized_client": Finding.APP_NOT_APPROVED,
    "unsupported_grant_type": Finding.APP_NOT_APPROVED,
    "access_denied": Finding.APP_NOT_APPROVED,
    "CLIENT_NOT_ACCESSIBLE_FOR_USER": Finding.APP_NOT_APPROVED,
    "inactive_user": Finding.CRM_LOGIN_INACTIVE,
    "USER_SUSPENDED": Finding.CRM_LOGIN_INACTIVE,
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": Finding.PASSWORD_EXPIRED,
    "LOGIN_DURING_RESTRICTED_DOMAIN": Finding.CRM_NETWORK,
    "LOGIN_DURING_RESTRICTED_TIME": Finding.CRM_NETWORK,
    "no key": Finding.CERTIFICATE_WRONG,
    # of the API
    "API_DISABLED_FOR_ORG": Finding.CRM_API_OFF,
    "API_CURRENTLY_DISABLED": Finding.CRM_API_OFF,
    "REQUEST_LIMIT_EXCEEDED": Finding.CRM_API_SPENT,
}
# one code stands for all that is wrong with a grant, and which grant it is tells what is
_GRANTS: Mapping[str, Finding] = {
    "refresh_token": Finding.CONSENT_OVER,
    "private_key": Finding.APP_NOT_APPROVED,
    "": Finding.CRM_LOGIN_INACTIVE,
}
_EVENTS, _TASKS = "edit events", "edit tasks"
_RIGHTS: Mapping[str, tuple[str, Finding]] = {
    "PermissionsEditEvent": (_EVENTS, Finding.CRM_EDIT_EVENTS),
    "PermissionsEditTask": (_TASKS, Finding.CRM_EDIT_TASKS),
}


def check_connection(
    config: SalesforceConfig, tokens: Tokens, wire: Wire, read_shape: Callable[[], OrgShape], now: datetime
) -> Iterator[Check]:
    """Yields a line for every step; stops after the first without which the next cannot be tried."""
    try:
        token = tokens.fresh()
    except ConnectorError as error:
        yield Check("log-in", False, str(error), _refused(config, error))
        return
    yield Check("log-in", True, f"org {token.org_id or 'not told'}")
    try:
        yield _user(wire, token.user_id)
    except ConnectorError as error:
        yield Check("user", False, str(error), _refused(config, error))
        return
    yield _limits(wire)
    rights = _rights(wire)
    yield from rights
    try:
        shape = read_shape()
    except ConnectorError as error:
        yield Check("objects", False, str(error), finding_of(error, WORDS))
        return
    yield _objects(shape)
    yield _writable(shape, {check.name for check in rights if not check.ok})
    yield _key_field(config, shape)
    yield from _one_row_each(wire, shape)
    yield _others(wire, token.user_id)
    yield _shared(shape)
    try:
        yield from signs(wire, shape, config.key_field, now)
    except ConnectorError as error:
        yield Check("other synchronization", True, f"could not be looked for: {error}")


def check_user(wire: Wire, user_id: str) -> Check:
    """Is the user there for whom we synchronize, and active?"""
    statement = select(("Id", "IsActive"), "User", [f"Id = {literal(user_id)}"])
    rows = wire.queries([Query(statement)], "check.user")[0]
    if not rows:
        return Check("Salesforce user", False, user_id, Finding.CRM_USER_UNKNOWN)
    active = rows[0].get("IsActive") is True
    return Check("Salesforce user", active, user_id, None if active else Finding.CRM_USER_INACTIVE)


def _user(wire: Wire, user_id: str) -> Check:
    if not user_id:
        return Check("user", True, "the token does not tell its user")
    statement = select(("Id", "Username", "IsActive"), "User", [f"Id = {literal(user_id)}"])
    rows = wire.queries([Query(statement)], "check.user")[0]
    ok = bool(rows) and rows[0].get("IsActive") is True
    return Check("user", ok, user_id, None if ok else Finding.CRM_LOGIN_INACTIVE)


def _refused(config: SalesforceConfig, error: ConnectorError) -> Finding:
    if error.vendor_code != "invalid_grant":
        return finding_of(error, WORDS)
    grant = "private_key" if config.private_key else "refresh_token" if config.refresh_token else ""
    return _GRANTS[grant]


def _rights(wire: Wire) -> list[Check]:
    """What the user may do at all, whatever the fields say. An org that does not tell is taken at its fields' word."""
    try:
        access = wire.queries([Query(select(tuple(_RIGHTS), "UserPermissionAccess"))], "check.access")[0]
    except ConnectorError:
        return []
    held = {name for name in _RIGHTS if any(row.get(name) for row in access)}
    return [
        Check(name, True) if permission in held else Check(name, False, "not given", finding)
        for permission, (name, finding) in _RIGHTS.items()
    ]


def _shared(shape: OrgShape) -> Check:
    """A remark: what a meeting of several contacts then looks like is not wrong, but seldom what people expect."""
    if are_shared(shape):
        return Check("shared activities", True, "on")
    return Check("shared activities", True, "off: one contact an event", Finding.CRM_SHARED_ACTIVITIES)


def _others(wire: Wire, user_id: str) -> Check:
    """Does the user see what belongs to others? What he does not see never comes down, and nothing reports an error.
    View All Data is proof; without it, events of others that he sees show that sharing opens at least some (ROL-11)."""
    try:
        access = wire.queries([Query(select(_ALL_DATA, "UserPermissionAccess"))], "check.access")[0]
        lacking = [name for name in _ALL_DATA if not any(row.get(name) for row in access)]
        if _ALL_DATA[0] not in lacking:
            return Check(_OTHERS, True, "all" if not lacking else "all; changes those that sharing opens")
        foreign = [f"OwnerId != {literal(user_id)}"] if user_id else []
        seen = wire.queries([Query(select(("Id",), "Event", foreign, limit=1))], "check.access")[0]
    except ConnectorError as error:
        return Check(_OTHERS, True, f"could not be looked at: {error}")
    # seen or not, it is no more than sharing opens, of which the person who asks is told
    return Check(_OTHERS, bool(seen), "those that sharing opens" if seen else "none", Finding.CRM_SEES_LITTLE)


def _limits(wire: Wire) -> Check:
    try:
        limits: Any = wire.get("limits", "check.limits")
        daily = limits["DailyApiRequests"]
        left, most = int(daily["Remaining"]), int(daily["Max"])
    except ConnectorError as error:
        return Check("API limit", False, str(error), finding_of(error, WORDS))
    except (KeyError, TypeError, ValueError):
        return Check("API limit", True, "not told")
    ok = left > most * _LEFT_AT_LEAST
    return Check("API limit", ok, f"{left} of {most} calls left today", None if ok else Finding.CRM_API_SPENT)


def _objects(shape: OrgShape) -> Check:
    absent = [o for o in OBJECTS if not shape.has(o)]
    ok = not NEEDED.intersection(absent)
    return Check(
        "objects",
        ok,
        f"not visible: {', '.join(absent)}" if absent else "all",
        None if ok else Finding.CRM_OBJECT_HIDDEN,
    )


def _writable(shape: OrgShape, lacking: Collection[str]) -> Check:
    """May the fields be written? Without the right to edit at all nothing is said of them."""
    needed: Mapping[str, tuple[str, ...]] = {
        "Event": () if _EVENTS in lacking else ("Subject", "StartDateTime", "WhoId", "WhatId"),
        "Task": () if _TASKS in lacking else ("Subject", "ActivityDate", "Status"),
    }
    refused = [f"{o}.{f}" for o, fields in needed.items() if shape.has(o) for f in fields if not shape.can_create(o, f)]
    return Check("write access", not refused, ", ".join(refused), Finding.CRM_FIELD_READ_ONLY if refused else None)


def _key_field(config: SalesforceConfig, shape: OrgShape) -> Check:
    absent = [o for o in _KEYED if shape.has(o) and not shape.can_create(o, config.key_field)]
    detail = f"{config.key_field} not writable on {', '.join(absent)}" if absent else config.key_field
    return Check("key field", not absent, detail, Finding.CRM_KEY_FIELD if absent else None)


def _one_row_each(wire: Wire, shape: OrgShape) -> Iterator[Check]:
    readable = [o for o in OBJECTS if shape.has(o) and o != _ONLY_BY_ID]
    for start in range(0, len(readable), 5):
        group = readable[start : start + 5]
        parts = [wire.query_part(Query(select(("Id",), o, limit=1), deleted=True)) for o in group]
        try:
            answers = wire.composite(parts, "check.rows", reading=True)
        except ConnectorError as error:
            yield Check("read rows", False, str(error), Finding.CRM_OBJECT_HIDDEN)
            return
        for crm_object, answer in zip(group, answers, strict=True):
            try:
                wire.rows_of(answer, "check.rows")
            except ConnectorError as error:
                yield Check(f"read {crm_object}", False, str(error), Finding.CRM_OBJECT_HIDDEN)
            else:
                yield Check(f"read {crm_object}", True)
