"""Proving a connection step by step, each step with what to do when it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.errors import ConnectorError
from connectors.protocols import Check, OrgShape
from connectors.salesforce.auth import Tokens
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.describe import NEEDED, OBJECTS
from connectors.salesforce.rivals import signs
from connectors.salesforce.soql import literal, select
from connectors.salesforce.wire import Query, Wire

_KEYED = ("Event", "Task", "EmailMessage")
_ONLY_BY_ID = "ContentDocumentLink"  # Salesforce refuses to tell any one of them
_LEFT_AT_LEAST = 0.1
_OTHERS = "events of others"
_ALL_DATA = ("PermissionsViewAllData", "PermissionsModifyAllData")

_ADVICE_LOGIN = (
    "Check log-in host, client id and secret or key. The app must be installed in the org and the user approved for "
    "it; client credentials work on the My Domain host only and need a run-as user."
)
_ADVICE_USER = "The user of the connection must be active and have the permission API Enabled."
_ADVICE_LIMITS = "The org is close to its daily API limit: sync less often, or raise the limit."
_ADVICE_OBJECTS = "Give the user read access to these objects and their fields, for instance by the permission set."
_ADVICE_WRITE = "Give the user create and edit access: Edit Events, Edit Tasks, Access Activities."
_ADVICE_KEY = (
    "Deploy the field and its permission set (for Event and Task alike). Without the field creates are found again by "
    "a search, which costs more calls and cannot exclude every duplicate."
)
_ADVICE_OTHERS = (
    "Give the user of the connection the permissions View All Data and Modify All Data: events that he does not see "
    "are not shown to their owners until somebody assigns them anew."
)
_ADVICE_ROW = "The user can describe this object but not read it: check object and sharing permissions."


def check_connection(
    config: SalesforceConfig, tokens: Tokens, wire: Wire, read_shape: Callable[[], OrgShape], now: datetime
) -> Iterator[Check]:
    """Yields a line for every step; stops after the first without which the next cannot be tried."""
    try:
        token = tokens.current()
    except ConnectorError as error:
        yield Check("log-in", False, str(error), _ADVICE_LOGIN)
        return
    yield Check("log-in", True, f"org {token.org_id or 'not told'}")
    try:
        yield _user(wire, token.user_id)
    except ConnectorError as error:
        yield Check("user", False, str(error), _ADVICE_USER)
        return
    yield _limits(wire)
    try:
        shape = read_shape()
    except ConnectorError as error:
        yield Check("objects", False, str(error), _ADVICE_OBJECTS)
        return
    yield _objects(shape)
    yield _writable(shape)
    yield _key_field(config, shape)
    yield from _one_row_each(wire, shape)
    yield _others(wire, token.user_id)
    try:
        yield from signs(wire, shape, config.key_field, now)
    except ConnectorError as error:
        yield Check("other synchronization", True, f"could not be looked for: {error}")


def _user(wire: Wire, user_id: str) -> Check:
    if not user_id:
        return Check("user", True, "the token does not tell its user")
    statement = select(("Id", "Username", "IsActive"), "User", [f"Id = {literal(user_id)}"])
    rows = wire.queries([Query(statement)], "check.user")[0]
    ok = bool(rows) and rows[0].get("IsActive") is True
    return Check("user", ok, user_id, "" if ok else _ADVICE_USER)


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
    return Check(_OTHERS, bool(seen), "those that sharing opens" if seen else "none", _ADVICE_OTHERS)


def _limits(wire: Wire) -> Check:
    try:
        limits: Any = wire.get("limits", "check.limits")
        daily = limits["DailyApiRequests"]
        left, most = int(daily["Remaining"]), int(daily["Max"])
    except ConnectorError as error:
        return Check("API limit", False, str(error), _ADVICE_LIMITS)
    except (KeyError, TypeError, ValueError):
        return Check("API limit", True, "not told")
    ok = left > most * _LEFT_AT_LEAST
    return Check("API limit", ok, f"{left} of {most} calls left today", "" if ok else _ADVICE_LIMITS)


def _objects(shape: OrgShape) -> Check:
    absent = [o for o in OBJECTS if not shape.has(o)]
    ok = not NEEDED.intersection(absent)
    return Check("objects", ok, f"not visible: {', '.join(absent)}" if absent else "all", "" if ok else _ADVICE_OBJECTS)


def _writable(shape: OrgShape) -> Check:
    needed: Mapping[str, tuple[str, ...]] = {
        "Event": ("Subject", "StartDateTime", "WhoId", "WhatId"),
        "Task": ("Subject", "ActivityDate", "Status"),
    }
    refused = [f"{o}.{f}" for o, fields in needed.items() if shape.has(o) for f in fields if not shape.can_create(o, f)]
    return Check("write access", not refused, ", ".join(refused), _ADVICE_WRITE if refused else "")


def _key_field(config: SalesforceConfig, shape: OrgShape) -> Check:
    absent = [o for o in _KEYED if shape.has(o) and not shape.can_create(o, config.key_field)]
    detail = f"{config.key_field} not writable on {', '.join(absent)}" if absent else config.key_field
    return Check("key field", not absent, detail, _ADVICE_KEY if absent else "")


def _one_row_each(wire: Wire, shape: OrgShape) -> Iterator[Check]:
    readable = [o for o in OBJECTS if shape.has(o) and o != _ONLY_BY_ID]
    for start in range(0, len(readable), 5):
        group = readable[start : start + 5]
        parts = [wire.query_part(Query(select(("Id",), o, limit=1), deleted=True)) for o in group]
        try:
            answers = wire.composite(parts, "check.rows", reading=True)
        except ConnectorError as error:
            yield Check("read rows", False, str(error), _ADVICE_ROW)
            return
        for crm_object, answer in zip(group, answers, strict=True):
            try:
                wire.rows_of(answer, "check.rows")
            except ConnectorError as error:
                yield Check(f"read {crm_object}", False, str(error), _ADVICE_ROW)
            else:
                yield Check(f"read {crm_object}", True)
